package deploy

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/deploy/stack"
	"github.com/helios-sql/helios/internal/fault"
)

// DeploymentTag marks all that belongs to a deployment; its value is the deployment's name.
const DeploymentTag = "helios:deployment"

// Plan is what would be done to a deployment.
type Plan struct {
	Before  Deployment
	After   stack.Parameters
	Binary  *Binary        // that would be uploaded; nil: the one that is there
	Changes *cfn.ChangeSet // of a deployment that can be updated; nil: it is made anew, or nothing changes
	Create  bool

	template []byte
}

// Plan finds out what would be done. For what is there already CloudFormation makes a change set, which Apply executes and Discard
// removes; of what is not there nothing is made, since that would leave an empty stack.
func (s *Session) Plan(ctx context.Context, before Deployment, after stack.Parameters, binary *Binary) (*Plan, error) {
	p := &Plan{Before: before, After: after, Binary: binary}
	var err error
	if p.template, err = stack.Template(after); err != nil {
		return nil, err
	}
	state := before.Stack.State()
	if p.Create = !before.Found || state == cfn.Unborn; p.Create {
		return p, nil
	}
	if state != cfn.Ready {
		return nil, s.Stacks.Refusal(before.Stack)
	}
	if binary == nil { // the instance would fetch what is gone
		switch there, err := s.has(ctx, after.Artifact); {
		case err != nil:
			return nil, err
		case !there:
			return nil, fault.New(fault.NotFound, "the executable of Helios %s, which %s runs, is not in the bucket %s any more", after.Artifact.Version, after.Name, after.Artifact.Bucket).
				WithHint("`helios upgrade%s` puts this program's version in its place, or name a build with --artifact", s.Flags(after.Name))
		}
	}
	if p.Changes, err = s.Stacks.Prepare(ctx, after.Name, input(after, p.template)); errors.Is(err, cfn.ErrNoChange) {
		return p, nil
	}
	return p, err
}

func input(p stack.Parameters, template []byte) cfn.Input {
	return cfn.Input{Template: template, Parameters: p.Values(), Tags: map[string]string{DeploymentTag: p.Name}}
}

// Discard removes what a plan has made in CloudFormation. It does so even when ctx has ended.
func (s *Session) Discard(ctx context.Context, p *Plan) error {
	if p.Changes == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTime)
	defer cancel()
	return s.Stacks.Discard(ctx, p.Changes)
}

// holding are the resources whose loss is one for the people who use the deployment.
var holding = []string{"Instance", "DataVolume", "BackupBucket"}

// Replaced are the changes that replace or remove the instance or what holds data.
func (p *Plan) Replaced() []cfn.Change {
	if p.Changes == nil {
		return nil
	}
	var all []cfn.Change
	for _, c := range p.Changes.Changes {
		if slices.Contains(holding, c.LogicalID) && (c.Action == "Remove" || Replaces(c)) {
			all = append(all, c)
		}
	}
	return all
}

// Replaces reports whether a change makes a resource anew. CloudFormation says "Conditional" of an instance whose user data or type
// changes, since that replaces one that has no EBS volume to start from; ours has one and is stopped and started.
func Replaces(c cfn.Change) bool {
	return c.Action == "Modify" && (c.Replacement == "True" || c.Replacement == "Conditional" && (c.LogicalID == "DataVolume" || c.LogicalID == "BackupBucket"))
}

// Refuse is the error of a plan that would replace what holds data, unless that is allowed; nil if it would not.
func (s *Session) Refuse(p *Plan) error {
	replaced := p.Replaced()
	if len(replaced) == 0 {
		return nil
	}
	what, why := wordsFor(p.After, replaced[0].LogicalID), ""
	if len(replaced[0].Details) > 0 {
		why = ", since it cannot change in place: " + replaced[0].Details[0]
	}
	hint := "leave the flag out that asks for it"
	if slices.ContainsFunc(replaced, func(c cfn.Change) bool { return c.LogicalID != "Instance" }) {
		hint += ", or add --allow-replacement: a snapshot of the old data volume is kept, and the new one begins " + p.beginning()
	} else {
		hint += ", or add --allow-replacement: the data volume stays, and Helios rests for some minutes while another instance is made"
	}
	return fault.New(fault.Refused, "%s would be replaced%s", what, why).WithHint("%s", hint)
}

// beginning is what a new data volume begins with. A snapshot that was named once stays in the deployment's parameters.
func (p *Plan) beginning() string {
	switch snapshot := p.After.SnapshotID; {
	case snapshot == "":
		return "empty unless --from-snapshot names a snapshot"
	case p.Before.Parameters.SnapshotID == snapshot:
		return "with what is in " + snapshot + ", as the old one did, unless --from-snapshot names another snapshot"
	default:
		return "with what is in " + snapshot
	}
}

// Warnings are what a person should know before saying yes, a sentence each.
func (p *Plan) Warnings() []string {
	all := stack.Warnings(p.After)
	var dropped []string
	for _, was := range p.Before.Parameters.Streams {
		if !slices.ContainsFunc(p.After.Streams, func(s stack.Stream) bool { return s.ARN == was.ARN }) {
			dropped = append(dropped, nameOf(was.ARN))
		}
	}
	if len(dropped) > 0 {
		all = slices.Insert(all, 0, "No longer read: "+strings.Join(dropped, ", ")+". Name every stream that is to be read, with --stream or in the settings.")
	}
	return all
}

// wordsFor is a resource in a few plain words.
func wordsFor(p stack.Parameters, id string) string {
	for _, item := range stack.Items(p) {
		if item.ID == id {
			words, _, _ := strings.Cut(item.What, ";")
			return words
		}
	}
	return id
}
