package deploy

import (
	"context"
	"slices"
	"strings"

	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/deploy/stack"
	"github.com/helios-sql/helios/internal/fault"
)

// surveyPast finds what only CloudFormation's memory tells of, which is 90 days long: the data volumes that the stack once had, and
// those of the deleted stacks of its name, whose snapshots may not be marked yet, the streams that those read, and what they have left to itself.
func (s *Session) surveyPast(ctx context.Context, v *Survey) error {
	stacks, err := s.Stacks.Past(ctx, v.Name)
	if err != nil {
		return err
	}
	for _, old := range stacks {
		was, ours, err := s.remembered(ctx, old)
		if err != nil {
			return err
		}
		if !ours {
			continue
		}
		events, err := s.recall(ctx, v, old)
		if err != nil {
			return err
		}
		stays, err := s.leftByID(ctx, skipped(events), was.HostedZoneID)
		if err != nil {
			return err
		}
		v.Stays = append(v.Stays, stays...)
		for _, stream := range was.Streams {
			v.once = append(v.once, reading{stream.ARN, old.Created, old.Gone})
		}
	}
	if v.Stack.Name == "" {
		return nil
	}
	_, err = s.recall(ctx, v, v.Stack)
	return err
}

// remembered are the parameters that a deleted stack had, and whether it was one of Helios.
func (s *Session) remembered(ctx context.Context, old cfn.Stack) (stack.Parameters, bool, error) {
	text, err := s.Stacks.Template(ctx, old.ID)
	if fault.CodeOf(err) == fault.Conflict { // nothing was ever made of it, or it is forgotten since it was listed
		return stack.Parameters{}, false, nil
	}
	if err != nil {
		return stack.Parameters{}, false, err
	}
	p, err := stack.Read(text, nil)
	if err == nil {
		return p, true, nil
	}
	was, found, err := s.Stacks.Describe(ctx, old.ID) // one that a newer version made has the tag
	return stack.Parameters{}, found && was.Tags[DeploymentTag] == old.Name, err
}

// recall notes what a stack's events tell of its data volumes, and gives the events.
func (s *Session) recall(ctx context.Context, v *Survey, of cfn.Stack) ([]cfn.Event, error) {
	events, err := s.Stacks.History(ctx, of)
	for _, e := range events {
		v.had(e.LogicalID, e.PhysicalID)
	}
	return events, err
}

// skipped are the resources that a deleted stack has left to themselves, as whoever deleted it wanted.
func skipped(events []cfn.Event) []cfn.Resource {
	var all []cfn.Resource
	for _, e := range events {
		if e.Status == "DELETE_SKIPPED" && e.PhysicalID != "" {
			all = append(all, cfn.Resource{LogicalID: e.LogicalID, PhysicalID: e.PhysicalID, Type: e.Type, Status: e.Status})
		}
	}
	return all
}

// had notes a resource if it is or was the data volume.
func (v *Survey) had(logical, physical string) {
	if logical == "DataVolume" && strings.HasPrefix(physical, "vol-") && !slices.Contains(v.volumes, physical) {
		v.volumes = append(v.volumes, physical)
	}
}

// MarkReplaced marks the snapshots of the data volumes that a plan has replaced as the deployment's, so that they are found by its
// name. `helios destroy` finds them by itself as long as CloudFormation tells of the volumes, which it does for 90 days.
func (s *Session) MarkReplaced(ctx context.Context, p *Plan) error {
	if len(p.Replaced()) == 0 && !p.Before.Parameters.Absent {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, surveyTime)
	defer cancel()
	now, found, err := s.Stacks.Describe(ctx, p.After.Name)
	if err != nil || !found {
		return err
	}
	v := &Survey{Name: p.After.Name}
	if _, err := s.recall(ctx, v, now); err != nil {
		return err
	}
	resources, err := s.Stacks.Resources(ctx, now.ID)
	if err != nil {
		return err
	}
	for _, r := range resources { // a snapshot that somebody has made of the volume in use is theirs
		v.volumes = slices.DeleteFunc(v.volumes, func(id string) bool { return id == r.PhysicalID })
	}
	if err := s.findSnapshots(ctx, v); err != nil {
		return err
	}
	return s.MarkSnapshots(ctx, v)
}
