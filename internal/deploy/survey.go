package deploy

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/deploy/stack"
	"github.com/helios-sql/helios/internal/fault"
)

// Thing is something in the account that belongs to a deployment.
type Thing struct {
	Type string // as EC2 names it: instance, volume; or bucket, snapshot, consumer
	ID   string
	What string // for people
}

// Survey is all that there is of a deployment, and of earlier ones of its name.
type Survey struct {
	Name       string
	Stack      cfn.Stack // the zero one: there is none
	Parameters stack.Parameters
	Resources  []cfn.Resource // of the stack, that are there
	Consumers  []Thing        // of the streams, for enhanced fan-out; ID is their ARN
	Snapshots  []Thing        // of the data volume, now
	Buckets    []Thing        // of backups
	Loose      []Thing        // what is tagged with the name and in no stack
	Stays      []Thing        // what deleted stacks were made to keep, and is no concern of EC2's
	Last       bool           // no other deployment of the account and region uses the artifact bucket
	Artifacts  bool           // there is an artifact bucket

	volumes  []string  // that the deployment's stacks have or had
	unmarked []string  // of the snapshots, those without the deployment's tag
	once     []reading // what deleted stacks read
}

// reading is a stream that a deleted stack read, and how long that stack was there.
type reading struct {
	stream      string
	since, till time.Time
}

// Nothing reports whether there is nothing of the deployment.
func (v *Survey) Nothing() bool {
	return v.Stack.Name == "" && len(v.Consumers)+len(v.Snapshots)+len(v.Buckets)+len(v.Loose) == 0
}

// OnlyKept reports whether nothing is there but what a removal keeps.
func (v *Survey) OnlyKept() bool {
	return v.Stack.Name == "" && len(v.Consumers)+len(v.Loose) == 0 && (!v.Artifacts || !v.Last)
}

const surveyTime = 3 * time.Minute

// Survey looks for all that there is of a deployment: by its stack, and by tags when that is gone.
func (s *Session) Survey(ctx context.Context, name string) (*Survey, error) {
	ctx, cancel := context.WithTimeout(ctx, surveyTime)
	defer cancel()
	v := &Survey{Name: name}
	before, err := s.Deployment(ctx, name)
	if err != nil {
		return nil, err
	}
	v.Stack, v.Parameters = before.Stack, before.Parameters
	if v.Stack.Name != "" {
		all, err := s.Stacks.Resources(ctx, v.Stack.ID)
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			v.had(r.LogicalID, r.PhysicalID)
			if r.Status != "DELETE_COMPLETE" && r.PhysicalID != "" {
				v.Resources = append(v.Resources, r)
			}
		}
	}
	for _, step := range []func(context.Context, *Survey) error{s.surveyTags, s.surveyPast, s.findSnapshots, s.surveyBuckets, s.surveyOthers} {
		if err := step(ctx, v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// surveyTags finds what EC2 has with the deployment's tag. What is of the stack is not loose.
func (s *Session) surveyTags(ctx context.Context, v *Survey) error {
	owned := map[string]bool{}
	for _, r := range v.Resources {
		owned[r.PhysicalID] = true
		if r.Type != "AWS::EC2::EIP" {
			continue
		}
		// CloudFormation knows an address by itself, and its tags are those of its allocation.
		answer, err := s.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: []ec2types.Filter{{Name: aws.String("public-ip"), Values: []string{r.PhysicalID}}}})
		if err != nil {
			return awssdk.Explain(err, "the address "+r.PhysicalID+" cannot be looked at")
		}
		for _, address := range answer.Addresses {
			owned[aws.ToString(address.AllocationId)] = true
		}
	}
	pages := ec2.NewDescribeTagsPaginator(s.EC2, &ec2.DescribeTagsInput{Filters: []ec2types.Filter{
		{Name: aws.String("key"), Values: []string{DeploymentTag}}, {Name: aws.String("value"), Values: []string{v.Name}},
	}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return awssdk.Explain(err, "what belongs to "+v.Name+" cannot be listed")
		}
		for _, tag := range page.Tags {
			thing := Thing{Type: string(tag.ResourceType), ID: aws.ToString(tag.ResourceId)}
			if aws.ToString(tag.Key) != DeploymentTag || owned[thing.ID] {
				continue
			}
			owned[thing.ID] = true
			there, err := s.exists(ctx, &thing)
			switch {
			case err != nil:
				return awssdk.Explain(err, "whether the "+thing.Type+" "+thing.ID+" is there cannot be asked")
			case there && thing.Type == "snapshot":
				v.Snapshots = append(v.Snapshots, thing)
			case there:
				v.Loose = append(v.Loose, thing)
			}
		}
	}
	for _, thing := range slices.Clone(v.Loose) {
		if thing.Type == "vpc" {
			inside, err := s.inside(ctx, thing.ID)
			if err != nil {
				return awssdk.Explain(err, "what is in "+thing.ID+" cannot be listed")
			}
			v.Loose = append(v.Loose, inside...)
		}
	}
	return nil
}

func snapshotThing(s ec2types.Snapshot) Thing {
	return Thing{Type: "snapshot", ID: aws.ToString(s.SnapshotId), What: "a snapshot of the data volume, of " + aws.ToTime(s.StartTime).UTC().Format(time.DateOnly)}
}

// surveyBuckets finds the buckets of backups, which outlive their stacks, and that of executables.
func (s *Session) surveyBuckets(ctx context.Context, v *Survey) error {
	pages := s3.NewListBucketsPaginator(s.S3, &s3.ListBucketsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return awssdk.Explain(err, "the buckets of the account cannot be listed")
		}
		for _, b := range page.Buckets {
			name := aws.ToString(b.Name)
			v.Artifacts = v.Artifacts || name == s.ArtifactBucket()
			if !mayName(v.Name, name) {
				continue
			}
			ours, err := s.isTagged(ctx, name, v.Name)
			if err != nil {
				return err
			}
			if ours {
				v.Buckets = append(v.Buckets, Thing{Type: "bucket", ID: name, What: "the bucket of backups"})
			}
		}
	}
	return nil
}

const (
	mostBucketName = 63
	randomPart     = 13 // what CloudFormation puts at the end of a name, at most
)

// mayName reports whether CloudFormation may have named a bucket for the backups of a deployment: after the stack and the resource, in
// small letters. Of a stack's name it takes a part only where the whole is too long for a bucket.
func mayName(deployment, bucket string) bool {
	const resource = "-backupbucket-"
	head, _, ours := strings.Cut(bucket, resource)
	whole := strings.ToLower(deployment)
	tooLong := len(whole)+len(resource)+randomPart > mostBucketName
	return ours && (head == whole || tooLong && strings.HasPrefix(whole, head))
}

// isTagged reports whether a bucket of this account belongs to a deployment here. Not to know it is an error: the bucket would be
// left out of what there is. Buckets of other accounts are not in the account's list, so that a refusal is for the want of leave.
func (s *Session) isTagged(ctx context.Context, bucket, name string) (bool, error) {
	tags, err := s.S3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &bucket, ExpectedBucketOwner: &s.Account})
	switch {
	case awssdk.AnsweredWith(err, "NoSuchTagSet", "NoSuchBucket"):
		return false, nil
	case awssdk.AnsweredWith(err, elsewhere...):
		return false, nil
	case err != nil:
		return false, awssdk.Explain(err, "whether the bucket "+bucket+" is one of "+name+" cannot be asked (s3:GetBucketTagging)")
	}
	for _, tag := range tags.TagSet {
		if aws.ToString(tag.Key) == DeploymentTag && aws.ToString(tag.Value) == name {
			return true, nil
		}
	}
	return false, nil
}

// elsewhere are S3's answers of a bucket of another region, by status 301, 307 or 400.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var elsewhere = []string{"PermanentRedirect", "MovedPermanently", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}

// surveyOthers finds the other deployments of the account and region, and the consumers that the streams would keep.
func (s *Session) surveyOthers(ctx context.Context, v *Survey) error {
	shared := map[string]bool{}
	unknown := false
	v.Last = true
	pages := cloudformation.NewDescribeStacksPaginator(s.cloudFormation, &cloudformation.DescribeStacksInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return awssdk.Explain(err, "the stacks of "+s.Region+" cannot be listed")
		}
		for _, other := range page.Stacks {
			name := aws.ToString(other.StackName)
			ours := slices.ContainsFunc(other.Outputs, func(o cftypes.Output) bool { return aws.ToString(o.OutputKey) == "ConsoleURL" })
			tagged := slices.ContainsFunc(other.Tags, func(t cftypes.Tag) bool { return aws.ToString(t.Key) == DeploymentTag })
			if name == v.Name || other.StackStatus == cftypes.StackStatusDeleteComplete || !ours && !tagged {
				continue
			}
			d, err := s.Deployment(ctx, name)
			switch code := fault.CodeOf(err); {
			case err == nil:
			case code == fault.Conflict && !tagged: // somebody else's, which has an output of that name too
				continue
			case code == fault.Conflict, code == fault.Credentials: // of a newer version, or not to be read: so what it reads is not known
				unknown = true
			default:
				return err
			}
			v.Last = false
			for _, stream := range d.Parameters.Streams {
				shared[stream.ARN] = true
			}
		}
	}
	if unknown {
		return nil
	}
	var streams []string
	for _, stream := range v.Parameters.Streams {
		streams = append(streams, stream.ARN)
	}
	for _, r := range v.once {
		streams = append(streams, r.stream)
	}
	for _, stream := range slices.Compact(slices.Sorted(slices.Values(streams))) {
		if shared[stream] {
			continue
		}
		if err := s.surveyConsumers(ctx, v, stream); err != nil {
			return err
		}
	}
	return nil
}

// registered reports whether a consumer of a stream can be the deployment's: the stack reads the stream, or a deleted one did when
// the consumer was registered. Whoever reads it since then is somebody else.
func (v *Survey) registered(stream string, at time.Time) bool {
	return slices.ContainsFunc(v.Parameters.Streams, func(s stack.Stream) bool { return s.ARN == stream }) ||
		slices.ContainsFunc(v.once, func(r reading) bool { return r.stream == stream && !at.Before(r.since) && !at.After(r.till) })
}

// surveyConsumers finds the consumers of a stream that are named as Helios names its own: helios- and the source's name.
func (s *Session) surveyConsumers(ctx context.Context, v *Survey, stream string) error {
	region := s.Region
	if parsed, err := arn.Parse(stream); err == nil {
		region = parsed.Region
	}
	pages := kinesis.NewListStreamConsumersPaginator(s.Kinesis, &kinesis.ListStreamConsumersInput{StreamARN: &stream})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, func(o *kinesis.Options) { o.Region = region })
		if awssdk.AnsweredWith(err, "ResourceNotFoundException", "AccessDeniedException") {
			return nil // the stream is gone, or another account's
		}
		if err != nil {
			return awssdk.Explain(err, "the consumers of "+stream+" cannot be listed")
		}
		for _, c := range page.Consumers {
			named := strings.HasPrefix(aws.ToString(c.ConsumerName), "helios-") && c.ConsumerStatus != kinesistypes.ConsumerStatusDeleting
			if named && v.registered(stream, aws.ToTime(c.ConsumerCreationTimestamp)) {
				v.Consumers = append(v.Consumers, Thing{Type: "consumer", ID: aws.ToString(c.ConsumerARN), What: "the fan-out consumer " + aws.ToString(c.ConsumerName) + " of " + stream})
			}
		}
	}
	return nil
}
