package deploy

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"golang.org/x/sync/errgroup"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/deploy/stack"
	"github.com/helios-sql/helios/internal/fault"
)

// trial is a permission that shows itself when it is used, without anything being changed.
type trial struct {
	action, resource string // resource "": that of any grant
	how              string
	call             func(context.Context) error
	fine             []string // answers of those who may: that there is no such thing
	denied           bool     // the answer, whatever it is, says no
}

// trialsAtOnce is how many permissions are tried at a time: few, for all share the account's limits.
const trialsAtOnce = 4

// try tries what can be tried, and notes what came out.
func (s *Session) try(ctx context.Context, scope Scope, e Examination, checks []Check) error {
	var trials []trial
	if e.Deploy {
		trials = slices.Concat(s.looks(scope), s.dryRuns(ctx))
	}
	results := make([]error, len(trials))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(trialsAtOnce)
	for i, t := range trials {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(within, askTime)
			defer cancel()
			if results[i] = t.call(ctx); isFatal(results[i]) {
				return awssdk.Explain(results[i], "the permissions cannot be tried")
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, t := range trials {
		note(checks, t, results[i])
	}
	if e.Read {
		for _, stream := range scope.Streams {
			if err := s.tryStream(ctx, stream, checks); err != nil {
				return err
			}
		}
	}
	return nil
}

// note writes what a trial said to the checks that it is of.
func note(checks []Check, t trial, answer error) {
	for i := range checks {
		c := &checks[i]
		if c.Action != t.action || t.resource != "" && !slices.Contains(c.Resources, t.resource) {
			continue
		}
		switch {
		case answer == nil && t.how == DryRun:
			c.Why = "what answers here knows no dry runs"
		case answer == nil, awssdk.AnsweredWith(answer, t.fine...):
			c.Result, c.How = Allowed, t.how
		case t.denied, awssdk.Denied(answer), fault.CodeOf(answer) == fault.Credentials:
			c.Result, c.How, c.Why = Missing, t.how, words(answer)
		default: // the simulator may know
			c.Why = words(answer)
		}
	}
}

// ask makes a trial's call of a call of the SDK.
func ask[I, O, F any](call func(context.Context, *I, ...F) (O, error), in *I) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := call(ctx, in)
		return err
	}
}

// imageParameter names the newest image: of either architecture, the leave is the same.
const imageParameter = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"

// looks are calls that only read.
func (s *Session) looks(scope Scope) []trial {
	nobody := scope.Name + "-Role-0" // fits the names that CloudFormation gives, as the others below, and is none
	few := aws.Int32(5)
	trials := []trial{
		{action: "cloudformation:DescribeStacks", resource: scope.arn("cloudformation", "stack/"+scope.Name+"/*"), call: func(ctx context.Context) error {
			_, _, err := s.Stacks.Describe(ctx, scope.Name)
			return err
		}},
		{action: "cloudformation:DescribeStacks", resource: "*", call: ask(s.cloudFormation.DescribeStacks, &cloudformation.DescribeStacksInput{})},
		{action: "cloudformation:ListStacks", call: ask(s.cloudFormation.ListStacks, &cloudformation.ListStacksInput{})},
		{
			action: "cloudformation:GetTemplate", fine: []string{"ValidationError"},
			call: ask(s.cloudFormation.GetTemplate, &cloudformation.GetTemplateInput{StackName: &scope.Name}),
		},
		{
			action: "cloudformation:ListStackResources", fine: []string{"ValidationError"},
			call: ask(s.cloudFormation.ListStackResources, &cloudformation.ListStackResourcesInput{StackName: &scope.Name}),
		},
		{
			action: "cloudformation:DescribeStackEvents", fine: []string{"ValidationError"},
			call: ask(s.cloudFormation.DescribeStackEvents, &cloudformation.DescribeStackEventsInput{StackName: &scope.Name}),
		},
		{action: "ssm:GetParameters", call: ask(s.SSM.GetParameters, &ssm.GetParametersInput{Names: []string{imageParameter}})},
		{action: "ec2:DescribeAddresses", call: ask(s.EC2.DescribeAddresses, &ec2.DescribeAddressesInput{})},
		{action: "ec2:DescribeInstances", call: ask(s.EC2.DescribeInstances, &ec2.DescribeInstancesInput{MaxResults: few})},
		{action: "ec2:DescribeInstanceStatus", call: ask(s.EC2.DescribeInstanceStatus, &ec2.DescribeInstanceStatusInput{MaxResults: few})},
		{
			action: "ec2:DescribeInstanceTypeOfferings",
			call:   ask(s.EC2.DescribeInstanceTypeOfferings, &ec2.DescribeInstanceTypeOfferingsInput{MaxResults: few}),
		},
		{action: "ec2:DescribeAvailabilityZones", call: ask(s.EC2.DescribeAvailabilityZones, &ec2.DescribeAvailabilityZonesInput{})},
		{action: "ec2:DescribeTags", call: ask(s.EC2.DescribeTags, &ec2.DescribeTagsInput{MaxResults: few})},
		{action: "s3:ListAllMyBuckets", call: ask(s.S3.ListBuckets, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1)})},
		{action: "kinesis:ListStreams", call: ask(s.Kinesis.ListStreams, &kinesis.ListStreamsInput{Limit: aws.Int32(1)})},
		{action: "route53:ListHostedZones", call: ask(s.Route53.ListHostedZones, &route53.ListHostedZonesInput{MaxItems: aws.Int32(1)})},
		{action: "ec2:DescribeInternetGateways", call: ask(s.EC2.DescribeInternetGateways, &ec2.DescribeInternetGatewaysInput{MaxResults: few})},
		{action: "ec2:DescribeNetworkInterfaces", call: ask(s.EC2.DescribeNetworkInterfaces, &ec2.DescribeNetworkInterfacesInput{MaxResults: few})},
		{action: "ec2:DescribeRouteTables", call: ask(s.EC2.DescribeRouteTables, &ec2.DescribeRouteTablesInput{MaxResults: few})},
		{action: "ec2:DescribeSecurityGroups", call: ask(s.EC2.DescribeSecurityGroups, &ec2.DescribeSecurityGroupsInput{MaxResults: few})},
		{action: "ec2:DescribeSnapshots", call: ask(s.EC2.DescribeSnapshots, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, MaxResults: few})},
		{action: "ec2:DescribeSubnets", call: ask(s.EC2.DescribeSubnets, &ec2.DescribeSubnetsInput{MaxResults: few})},
		{action: "ec2:DescribeVolumes", call: ask(s.EC2.DescribeVolumes, &ec2.DescribeVolumesInput{MaxResults: few})},
		{action: "ec2:DescribeVpcs", call: ask(s.EC2.DescribeVpcs, &ec2.DescribeVpcsInput{MaxResults: few})},
		{
			action: "iam:GetRole", resource: "arn:" + scope.Partition + ":iam::" + scope.Account + ":role/" + scope.Name + "-Role-*",
			fine: []string{"NoSuchEntity"}, call: ask(s.IAM.GetRole, &iam.GetRoleInput{RoleName: &nobody}),
		},
		{
			action: "iam:ListRolePolicies", fine: []string{"NoSuchEntity"},
			call: ask(s.IAM.ListRolePolicies, &iam.ListRolePoliciesInput{RoleName: &nobody}),
		},
		{
			action: "iam:GetInstanceProfile", fine: []string{"NoSuchEntity"},
			call: ask(s.IAM.GetInstanceProfile, &iam.GetInstanceProfileInput{InstanceProfileName: aws.String(scope.Name + "-Profile-0")}),
		},
		{action: "s3:ListBucket", call: ask(s.S3.HeadBucket, &s3.HeadBucketInput{Bucket: aws.String(s.ArtifactBucket())})},
		{action: "logs:DescribeLogGroups", call: ask(s.Logs.DescribeLogGroups, &cloudwatchlogs.DescribeLogGroupsInput{Limit: few})},
		{
			action: "logs:FilterLogEvents", fine: []string{"ResourceNotFoundException"},
			call: ask(s.Logs.FilterLogEvents, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(scope.Name + "-LogGroup-0"), Limit: few}),
		},
	}
	if scope.HostedZone != "" {
		zone := &scope.HostedZone
		trials = append(trials,
			trial{action: "route53:GetHostedZone", call: ask(s.Route53.GetHostedZone, &route53.GetHostedZoneInput{Id: zone})},
			trial{action: "route53:ListResourceRecordSets", call: ask(s.Route53.ListResourceRecordSets, &route53.ListResourceRecordSetsInput{HostedZoneId: zone})})
	}
	for i := range trials {
		trials[i].how = Tried
	}
	return trials
}

// dryRunWorked is the answer of EC2 to a dry run of somebody who may.
const dryRunWorked = "DryRunOperation"

// dryRun is a trial of EC2 that makes something, unless it is asked for a dry run. What does not know dry runs, as emulators do not,
// makes it: that is removed at once.
func dryRun[O any](action string, create func(context.Context) (*O, error), remove func(context.Context, *O) error) trial {
	return trial{action: action, how: DryRun, fine: []string{dryRunWorked}, call: func(ctx context.Context) error {
		out, err := create(ctx)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTime)
		defer cancel()
		return remove(ctx, out)
	}}
}

// dryRuns ask EC2 whether it would make something. What would change or end what is there is not asked: it is not worth the risk
// that something other than EC2 answers, and does it.
func (s *Session) dryRuns(ctx context.Context) []trial {
	yes := aws.Bool(true)
	trials := []trial{
		dryRun("ec2:CreateVpc", func(ctx context.Context) (*ec2.CreateVpcOutput, error) {
			return s.EC2.CreateVpc(ctx, &ec2.CreateVpcInput{DryRun: yes, CidrBlock: aws.String("10.0.0.0/28")})
		}, func(ctx context.Context, out *ec2.CreateVpcOutput) error {
			if out.Vpc == nil {
				return nil
			}
			_, err := s.EC2.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: out.Vpc.VpcId})
			return err
		}),
		dryRun("ec2:CreateInternetGateway", func(ctx context.Context) (*ec2.CreateInternetGatewayOutput, error) {
			return s.EC2.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{DryRun: yes})
		}, func(ctx context.Context, out *ec2.CreateInternetGatewayOutput) error {
			if out.InternetGateway == nil {
				return nil
			}
			_, err := s.EC2.DeleteInternetGateway(ctx, &ec2.DeleteInternetGatewayInput{InternetGatewayId: out.InternetGateway.InternetGatewayId})
			return err
		}),
		dryRun("ec2:AllocateAddress", func(ctx context.Context) (*ec2.AllocateAddressOutput, error) {
			return s.EC2.AllocateAddress(ctx, &ec2.AllocateAddressInput{DryRun: yes, Domain: ec2types.DomainTypeVpc})
		}, func(ctx context.Context, out *ec2.AllocateAddressOutput) error {
			if out.AllocationId == nil {
				return nil
			}
			_, err := s.EC2.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: out.AllocationId})
			return err
		}),
		dryRun("ec2:CreateSecurityGroup", func(ctx context.Context) (*ec2.CreateSecurityGroupOutput, error) {
			return s.EC2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
				DryRun: yes, GroupName: aws.String("helios-doctor"), Description: aws.String("dry run of helios doctor"),
			})
		}, func(ctx context.Context, out *ec2.CreateSecurityGroupOutput) error {
			if out.GroupId == nil {
				return nil
			}
			_, err := s.EC2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: out.GroupId})
			return err
		}),
	}
	if image := s.image(ctx); image != "" {
		trials = append(trials, dryRun("ec2:RunInstances", func(ctx context.Context) (*ec2.RunInstancesOutput, error) {
			return s.EC2.RunInstances(ctx, &ec2.RunInstancesInput{
				DryRun: yes, ImageId: &image, InstanceType: ec2types.InstanceTypeT4gMedium, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			})
		}, func(ctx context.Context, out *ec2.RunInstancesOutput) error {
			ids := make([]string, len(out.Instances))
			for i := range out.Instances {
				ids[i] = aws.ToString(out.Instances[i].InstanceId)
			}
			if len(ids) == 0 {
				return nil
			}
			_, err := s.EC2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: ids})
			return err
		}))
	}
	return trials
}

// image is the newest image, for a dry run; "" if it cannot be learned.
func (s *Session) image(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	out, err := s.SSM.GetParameters(ctx, &ssm.GetParametersInput{Names: []string{imageParameter}})
	if err != nil || len(out.Parameters) == 0 {
		return ""
	}
	return aws.ToString(out.Parameters[0].Value)
}

// tryStream reads one record of a stream, as Helios would. For fan-out it asks for a consumer that is not there.
func (s *Session) tryStream(ctx context.Context, stream stack.Stream, checks []Check) error {
	ctx, cancel := context.WithTimeout(ctx, 2*askTime)
	defer cancel()
	there := func(o *kinesis.Options) { o.Region = regionOf(stream.ARN) }
	var fatal error
	worked := func(action, resource string, err error) bool {
		if isFatal(err) {
			fatal = awssdk.Explain(err, "the stream "+nameOf(stream.ARN)+" cannot be read")
			return false
		}
		note(checks, trial{action: action, resource: resource, how: Tried, fine: []string{"ResourceNotFoundException"}}, err)
		return err == nil
	}
	_, err := s.Kinesis.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamARN: &stream.ARN}, there)
	worked("kinesis:DescribeStreamSummary", stream.ARN, err)
	_, err = s.Kinesis.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{StreamARN: &stream.ARN, ConsumerName: aws.String("helios-doctor")}, there)
	worked("kinesis:DescribeStreamConsumer", consumersOf(stream.ARN), err)
	shards, err := s.Kinesis.ListShards(ctx, &kinesis.ListShardsInput{StreamARN: &stream.ARN, MaxResults: aws.Int32(1)}, there)
	if !worked("kinesis:ListShards", stream.ARN, err) || len(shards.Shards) == 0 {
		return fatal
	}
	iterator, err := s.Kinesis.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamARN: &stream.ARN, ShardId: shards.Shards[0].ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	}, there)
	if !worked("kinesis:GetShardIterator", stream.ARN, err) {
		return fatal
	}
	records, err := s.Kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{StreamARN: &stream.ARN, ShardIterator: iterator.ShardIterator, Limit: aws.Int32(1)}, there)
	if keyDenied := awssdk.AnsweredWith(err, "KMSAccessDeniedException"); keyDenied || err == nil && len(records.Records) > 0 {
		note(checks, trial{action: "kms:Decrypt", resource: stream.KMSKey, how: Tried, denied: keyDenied}, err)
		err = nil // Kinesis asks for the key when it has let the caller read
	}
	worked("kinesis:GetRecords", stream.ARN, err)
	return fatal
}
