package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/fault"
)

const stepTime = 10 * time.Minute // for one step of a removal: a snapshot of a large volume is not waited for

// Destroy removes what a survey found: the stack, what hangs loose, the consumers; with purge also snapshots and backups. What is
// kept is left. tell is called with each thing that is gone. Every step can be run again.
func (s *Session) Destroy(ctx context.Context, v *Survey, purge bool, watch func(cfn.Event), tell func(what string)) error {
	if v.Stack.Name != "" {
		if err := s.still(ctx, v, watch); err != nil {
			return err
		}
	}
	for _, c := range v.Consumers { // before the stack, which says best what streams there are to look at
		if err := s.deregister(ctx, c, tell); err != nil {
			return err
		}
	}
	if v.Stack.Name != "" {
		if err := s.destroyStack(ctx, v, watch); err != nil {
			return err
		}
	}
	if err := s.MarkSnapshots(ctx, v); err != nil {
		return err
	}
	// What CloudFormation left behind, be it that somebody made it do so, is found by its tag; and an instance that did not stop
	// in time may have registered consumers anew.
	rest := &Survey{Name: v.Name, Parameters: v.Parameters, once: v.once}
	for _, step := range []func(context.Context, *Survey) error{s.surveyTags, s.surveyOthers} {
		if err := step(ctx, rest); err != nil {
			return err
		}
	}
	for _, c := range rest.Consumers {
		if v.has(c) {
			continue // it is on its way
		}
		if err := s.deregister(ctx, c, tell); err != nil {
			return err
		}
		v.Consumers = append(v.Consumers, c)
	}
	if err := s.removeLoose(ctx, rest, purge, tell); err != nil {
		return err
	}
	if purge {
		if err := s.purge(ctx, v, tell); err != nil {
			return err
		}
	}
	if v.Last && v.Artifacts {
		if err := s.removeBucket(ctx, s.ArtifactBucket(), nil); err != nil {
			return err
		}
		tell("the bucket of executables, " + s.ArtifactBucket())
	}
	return nil
}

// still waits until the stack can be deleted, and stops its instance.
func (s *Session) still(ctx context.Context, v *Survey, watch func(cfn.Event)) error {
	switch v.Stack.State() {
	case cfn.Busy:
		if !strings.HasPrefix(v.Stack.Status, "DELETE") && v.Stack.Status != "CREATE_IN_PROGRESS" && v.Stack.Status != "ROLLBACK_IN_PROGRESS" {
			if _, err := s.Stacks.Watch(ctx, v.Stack.ID, watch); err != nil && ctx.Err() != nil {
				return err
			}
		}
	case cfn.Stuck: // can be deleted as it is
	default:
	}
	s.haltAll(ctx, v.Resources)
	return nil
}

// destroyStack removes the stack. What CloudFormation could not delete at first it often can a moment later: a dependency takes its
// time to vanish.
func (s *Session) destroyStack(ctx context.Context, v *Survey, watch func(cfn.Event)) error {
	_, err := s.Stacks.Delete(ctx, v.Name, nil, watch)
	if failure, ok := errors.AsType[*cfn.StackError](err); ok && failure.Status == "DELETE_FAILED" {
		_, err = s.Stacks.Delete(ctx, v.Name, nil, watch)
	}
	if err != nil {
		if _, found, asked := s.Stacks.Describe(ctx, v.Name); asked != nil || found {
			return err
		}
		// The stack is gone whatever was said of it; what it left is removed one by one, and told.
	}
	return s.findSnapshots(ctx, v)
}

// findSnapshots finds those that there are of the deployment's data volumes. One that is marked as another deployment's is not this
// one's.
func (s *Session) findSnapshots(ctx context.Context, v *Survey) error {
	for volumes := range slices.Chunk(v.volumes, mostFilterValues) {
		if err := s.findSnapshotsOf(ctx, v, volumes); err != nil {
			return err
		}
	}
	return nil
}

const mostFilterValues = 100 // EC2 takes 200

func (s *Session) findSnapshotsOf(ctx context.Context, v *Survey, volumes []string) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	answer, err := s.EC2.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, Filters: []ec2types.Filter{{Name: aws.String("volume-id"), Values: volumes}},
	})
	if err != nil {
		return awssdk.Explain(err, "the snapshots of "+strings.Join(volumes, ", ")+" cannot be listed")
	}
	for _, snapshot := range answer.Snapshots {
		made := snapshotThing(snapshot)
		of := deploymentOf(snapshot)
		if of != "" && of != v.Name || slices.ContainsFunc(v.Snapshots, func(t Thing) bool { return t.ID == made.ID }) {
			continue
		}
		if of == "" {
			v.unmarked = append(v.unmarked, made.ID)
		}
		v.Snapshots = append(v.Snapshots, made)
	}
	return nil
}

// MarkSnapshots marks the deployment's snapshots, so that they are found by its name when nothing tells of the volumes any more.
func (s *Session) MarkSnapshots(ctx context.Context, v *Survey) error {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	for _, id := range v.unmarked {
		err := s.tag(ctx, id, v.Name)
		if awssdk.AnsweredWith(err, "InvalidSnapshot.NotFound") { // somebody has just removed it
			v.Snapshots = slices.DeleteFunc(v.Snapshots, func(t Thing) bool { return t.ID == id })
		} else if err != nil {
			return awssdk.Explain(err, "the snapshot "+id+" cannot be marked as one of "+v.Name)
		}
	}
	v.unmarked = nil
	return nil
}

// deploymentOf is the name of the deployment that a snapshot is marked as one of.
func deploymentOf(snapshot ec2types.Snapshot) string {
	for _, tag := range snapshot.Tags {
		if aws.ToString(tag.Key) == DeploymentTag {
			return aws.ToString(tag.Value)
		}
	}
	return ""
}

func (s *Session) tag(ctx context.Context, id, name string) error {
	_, err := s.EC2.CreateTags(ctx, &ec2.CreateTagsInput{
		Resources: []string{id}, Tags: []ec2types.Tag{{Key: aws.String(DeploymentTag), Value: &name}, {Key: aws.String("Name"), Value: aws.String(name + "-data")}},
	})
	return err
}

// has reports whether a survey has found a consumer. One that is registered anew has another ARN.
func (v *Survey) has(c Thing) bool {
	return slices.ContainsFunc(v.Consumers, func(known Thing) bool { return known.ID == c.ID })
}

func (s *Session) deregister(ctx context.Context, c Thing, tell func(string)) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	stream, _, _ := strings.Cut(c.ID, "/consumer/")
	region := strings.Split(stream+":::", ":")[3]
	_, err := s.Kinesis.DeregisterStreamConsumer(ctx, &kinesis.DeregisterStreamConsumerInput{ConsumerARN: &c.ID}, func(o *kinesis.Options) { o.Region = region })
	if err != nil && !awssdk.AnsweredWith(err, "ResourceNotFoundException") {
		return awssdk.Explain(err, c.What+" cannot be removed")
	}
	tell(c.What)
	return nil
}

// purge removes what destroy keeps otherwise.
func (s *Session) purge(ctx context.Context, v *Survey, tell func(string)) error {
	for _, snapshot := range v.Snapshots {
		if _, err := s.EC2.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: &snapshot.ID}); err != nil && !awssdk.AnsweredWith(err, "InvalidSnapshot.NotFound") {
			return awssdk.Explain(err, "the snapshot "+snapshot.ID+" cannot be removed")
		}
		tell(snapshot.What + ", " + snapshot.ID)
	}
	for _, bucket := range v.Buckets {
		if err := s.removeBucket(ctx, bucket.ID, nil); err != nil {
			return err
		}
		tell(bucket.What + ", " + bucket.ID)
	}
	return nil
}

// Left is what is still there after a removal, and what is kept by intention.
func (s *Session) Left(ctx context.Context, v *Survey, purge bool) (kept, left []Thing, err error) {
	now, err := s.Survey(ctx, v.Name)
	if err != nil {
		return nil, nil, err
	}
	left = now.Loose
	if now.Stack.Name != "" {
		left = append(left, Thing{Type: "stack", ID: v.Name, What: "the stack, " + now.Stack.Status})
	}
	byID, err := s.leftByID(ctx, v.Resources, v.Parameters.HostedZoneID)
	if err != nil {
		return nil, nil, err
	}
	for _, thing := range append(byID, now.Stays...) {
		if !slices.Contains(left, thing) { // the stack of now is one of the deleted ones by now
			left = append(left, thing)
		}
	}
	for _, c := range now.Consumers {
		if !v.has(c) { // those that were removed may be listed for a moment
			left = append(left, c)
		}
	}
	if kept = slices.Concat(now.Snapshots, now.Buckets); purge {
		return nil, append(left, kept...), nil
	}
	return kept, left, nil
}

// Remains is the error of a removal that left something.
func (s *Session) Remains(name string, left []Thing) error {
	words := make([]string, len(left))
	for i, thing := range left {
		words[i] = thing.Type + " " + thing.ID
	}
	return fault.New(fault.Conflict, "of %s this is still there: %s", name, strings.Join(words, ", ")).
		WithHint("run `helios destroy%s` again in some minutes, since AWS may still be at it; what stays then is in use by something else, and goes when that does, or was kept by whoever removed the stack, and is removed by hand", s.Flags(name))
}

// order is that in which things must go: what uses others first.
var order = []string{"instance", "network-interface", "elastic-ip", "volume", "security-group", "subnet", "route-table", "internet-gateway", "vpc"}

// removeLoose removes what is tagged with the name and in no stack. Of a volume a snapshot is made first, unless all is purged.
func (s *Session) removeLoose(ctx context.Context, v *Survey, purge bool, tell func(string)) error {
	for _, kind := range order {
		for _, thing := range v.Loose {
			if thing.Type != kind {
				continue
			}
			if err := s.removeThing(ctx, v.Name, thing, purge, tell); err != nil {
				if awssdk.AnsweredWith(err, "DependencyViolation", "VolumeInUse") {
					continue // it is told as left
				}
				return awssdk.Explain(err, fmt.Sprintf("the %s %s, which was left behind, cannot be removed", thing.Type, thing.ID))
			}
		}
	}
	return nil
}
