package deploy

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/deploy/stack"
	"github.com/helios-sql/helios/internal/fault"
)

// Resolve finds out what wishes come to in this account: streams and their keys, the network, the hosted zone, the place of the
// data volume. What is not wished stays as it was before. binary is nil if the instance keeps its own.
func (s *Session) Resolve(ctx context.Context, w *Wishes, before Deployment, binary *Binary) (stack.Parameters, error) {
	p := defaults(w.Name)
	if before.Found {
		p = before.Parameters
		p.Absent = false
	}
	p.Name, p.Account, p.Region = w.Name, s.Account, s.Region
	w.over(&p)
	s.pin(&p, before)
	if binary != nil {
		p.Artifact = artifactOf(s.ArtifactBucket(), binary)
	}
	ctx, cancel := context.WithTimeout(ctx, 4*askTime)
	defer cancel()
	for _, step := range []func(context.Context, *Wishes, *stack.Parameters) error{s.findStreams, s.findNetwork, s.findSnapshot, s.findHostedZone} {
		if err := step(ctx, w, &p); err != nil {
			return p, err
		}
	}
	if before.Found && p.VolumeGiB < before.Parameters.VolumeGiB && p.SnapshotID == before.Parameters.SnapshotID {
		return p, fault.New(fault.Invalid, "the data volume has %d GiB and cannot shrink to %d", before.Parameters.VolumeGiB, p.VolumeGiB).
			WithHint("volumes of AWS only grow")
	}
	return p, p.Validate()
}

// pin keeps the image that an instance runs with: a newer one would replace the instance.
func (s *Session) pin(p *stack.Parameters, before Deployment) {
	switch {
	case !before.Found:
	case p.Arch != before.Parameters.Arch, before.Parameters.Absent, before.Stack.State() == cfn.Unborn:
		p.ImageID = ""
	case before.Stack.Outputs["ImageId"] != "":
		p.ImageID = before.Stack.Outputs["ImageId"]
	}
}

// Streams lists those of the account and region, for people to choose from.
func (s *Session) Streams(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var names []string
	pages := kinesis.NewListStreamsPaginator(s.Kinesis, &kinesis.ListStreamsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awssdk.Explain(err, "the streams of "+s.Region+" cannot be listed")
		}
		names = append(names, page.StreamNames...)
	}
	slices.Sort(names)
	return names, nil
}

// findStreams looks up the streams that are wished: those that become tables by flags, and those that the settings read. Each kind
// replaces what there was of it.
func (s *Session) findStreams(ctx context.Context, w *Wishes, p *stack.Parameters) error {
	var tables, read []stack.Stream
	for _, known := range p.Streams {
		if known.Table != "" {
			tables = append(tables, known)
		} else {
			read = append(read, known)
		}
	}
	var err error
	if w.Streams != nil {
		if tables, err = s.describe(ctx, w.Streams); err != nil {
			return err
		}
	}
	if w.Settings != nil {
		if read, err = s.describe(ctx, w.Settings.Streams); err != nil {
			return err
		}
	}
	all := slices.Clone(read)
	for _, t := range tables { // a stream that the settings read has its table by them
		if !slices.ContainsFunc(read, func(r stack.Stream) bool { return r.ARN == t.ARN }) {
			all = append(all, t)
		}
	}
	p.Streams = all
	return nil
}

func (s *Session) describe(ctx context.Context, wishes []StreamWish) ([]stack.Stream, error) {
	var all []stack.Stream
	for _, wish := range wishes {
		found, err := s.stream(ctx, wish)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(known stack.Stream) bool { return known.ARN == found.ARN }) && found.Table == "" {
			continue // two sources may read one stream
		}
		all = append(all, found)
	}
	return all, nil
}

// stream looks one stream up.
func (s *Session) stream(ctx context.Context, wish StreamWish) (stack.Stream, error) {
	ask, region := &kinesis.DescribeStreamSummaryInput{StreamName: &wish.Name}, cmp.Or(wish.Region, s.Region)
	if parsed, err := arn.Parse(wish.Name); err == nil {
		ask, region = &kinesis.DescribeStreamSummaryInput{StreamARN: &wish.Name}, parsed.Region
	}
	answer, err := s.Kinesis.DescribeStreamSummary(ctx, ask, func(o *kinesis.Options) { o.Region = region })
	switch {
	case awssdk.AnsweredWith(err, "ResourceNotFoundException"):
		return stack.Stream{}, fault.New(fault.NotFound, "there is no stream %s in %s", wish.Name, region).
			WithHint("`aws kinesis list-streams --region %s` shows those there are; a stream of another region or account is named by its ARN", region)
	case err != nil:
		return stack.Stream{}, awssdk.Explain(err, "the stream "+wish.Name+" cannot be looked at")
	}
	found := answer.StreamDescriptionSummary
	known := stack.Stream{ARN: aws.ToString(found.StreamARN), Table: wish.Table}
	if found.EncryptionType == kinesistypes.EncryptionTypeKms {
		if known.KMSKey, err = keyOf(known.ARN, aws.ToString(found.KeyId)); err != nil {
			return stack.Stream{}, err
		}
	}
	return known, nil
}

// keyOf is the ARN of a customer's key, and "" for the one that AWS keeps for Kinesis, which needs no leave.
func keyOf(stream, key string) (string, error) {
	name := key[strings.LastIndexByte(key, ':')+1:]
	if key == "" || name == "alias/aws/kinesis" {
		return "", nil
	}
	if strings.HasPrefix(name, "alias/") {
		return "", fault.New(fault.Invalid, "the stream %s is encrypted with the key %s, and leave to use a key cannot be given by an alias", stream, name).
			WithHint("`aws kms describe-key --key-id %s` names the key; give the stream its ARN with `aws kinesis start-stream-encryption`, which interrupts nobody", name)
	}
	if strings.HasPrefix(key, "arn:") {
		return key, nil
	}
	of, err := arn.Parse(stream)
	if err != nil {
		return "", fault.New(fault.Internal, "AWS gives a stream the ARN %q: %w", stream, err)
	}
	return "arn:" + of.Partition + ":kms:" + of.Region + ":" + of.AccountID + ":key/" + strings.TrimPrefix(name, "key/"), nil
}

// findNetwork finds the subnet and the zone that the instance and its volume are in.
func (s *Session) findNetwork(ctx context.Context, w *Wishes, p *stack.Parameters) error {
	if w.VPC != nil || w.Subnet != nil {
		if p.VPCID == "" && p.SubnetID == "" {
			return s.findZone(ctx, p)
		}
		return s.findSubnet(ctx, p)
	}
	return s.findZone(ctx, p)
}

// findSubnet checks that the subnet is one that the internet can reach, or finds the one that is.
func (s *Session) findSubnet(ctx context.Context, p *stack.Parameters) error {
	ask := &ec2.DescribeSubnetsInput{}
	if p.SubnetID != "" {
		ask.SubnetIds = []string{p.SubnetID}
	} else {
		ask.Filters = []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{p.VPCID}}}
	}
	found, err := s.EC2.DescribeSubnets(ctx, ask)
	if awssdk.AnsweredWith(err, "InvalidSubnetID.NotFound") {
		return fault.New(fault.NotFound, "there is no subnet %s in %s", p.SubnetID, s.Region).WithHint("`aws ec2 describe-subnets --region %s` shows those there are", s.Region)
	}
	if err != nil {
		return awssdk.Explain(err, "the subnets of the VPC cannot be listed")
	}
	var public []ec2types.Subnet
	for _, subnet := range found.Subnets {
		open, err := s.isPublic(ctx, subnet)
		if err != nil {
			return err
		}
		if open {
			public = append(public, subnet)
		}
	}
	switch {
	case p.SubnetID != "" && len(found.Subnets) == 1 && p.VPCID != "" && aws.ToString(found.Subnets[0].VpcId) != p.VPCID:
		return fault.New(fault.Invalid, "the subnet %s is in %s, not in %s", p.SubnetID, aws.ToString(found.Subnets[0].VpcId), p.VPCID).WithHint("leave --vpc out: the subnet says it")
	case p.SubnetID != "" && len(public) == 0:
		return fault.New(fault.Invalid, "the subnet %s is not public: its route table leads to no internet gateway", p.SubnetID).
			WithHint("name a public subnet, or leave --vpc and --subnet out for a VPC of Helios's own")
	case len(public) == 0:
		return fault.New(fault.NotFound, "the VPC %s has no public subnet in %s", p.VPCID, s.Region).WithHint("leave --vpc out for a VPC of Helios's own")
	case p.SubnetID == "" && len(public) > 1:
		names := make([]string, len(public))
		for i, subnet := range public {
			names[i] = aws.ToString(subnet.SubnetId) + " (" + aws.ToString(subnet.AvailabilityZone) + ")"
		}
		slices.Sort(names)
		return fault.New(fault.Invalid, "the VPC %s has several public subnets: %s", p.VPCID, strings.Join(names, ", ")).WithHint("choose one with --subnet")
	}
	p.VPCID, p.SubnetID, p.Zone = aws.ToString(public[0].VpcId), aws.ToString(public[0].SubnetId), aws.ToString(public[0].AvailabilityZone)
	return nil
}

// isPublic reports whether the route table of a subnet, its own or the VPC's main one, leads to an internet gateway.
func (s *Session) isPublic(ctx context.Context, subnet ec2types.Subnet) (bool, error) {
	for _, filters := range [][]ec2types.Filter{
		{{Name: aws.String("association.subnet-id"), Values: []string{aws.ToString(subnet.SubnetId)}}},
		{{Name: aws.String("vpc-id"), Values: []string{aws.ToString(subnet.VpcId)}}, {Name: aws.String("association.main"), Values: []string{"true"}}},
	} {
		tables, err := s.EC2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: filters})
		if err != nil {
			return false, awssdk.Explain(err, "the routes of "+aws.ToString(subnet.SubnetId)+" cannot be looked at")
		}
		for _, table := range tables.RouteTables {
			return slices.ContainsFunc(table.Routes, func(r ec2types.Route) bool {
				return aws.ToString(r.DestinationCidrBlock) == "0.0.0.0/0" && strings.HasPrefix(aws.ToString(r.GatewayId), "igw-")
			}), nil
		}
	}
	return false, nil
}

// findZone finds an availability zone that has instances of the type. Where the volume is already, it stays.
func (s *Session) findZone(ctx context.Context, p *stack.Parameters) error {
	answer, err := s.EC2.DescribeInstanceTypeOfferings(ctx, &ec2.DescribeInstanceTypeOfferingsInput{
		LocationType: ec2types.LocationTypeAvailabilityZone,
		Filters:      []ec2types.Filter{{Name: aws.String("instance-type"), Values: []string{p.InstanceType}}},
	})
	if awssdk.AnsweredWith(err, "UnauthorizedOperation", "AccessDenied") {
		return nil // AWS chooses
	}
	if err != nil {
		return awssdk.Explain(err, "where AWS has instances of the type "+p.InstanceType+" cannot be asked")
	}
	var zones []string
	for _, offering := range answer.InstanceTypeOfferings {
		if zone := aws.ToString(offering.Location); len(zone) == len(s.Region)+1 { // local zones have longer names and no gp3 volumes
			zones = append(zones, zone)
		}
	}
	switch {
	case p.Zone != "" && !slices.Contains(zones, p.Zone):
		return fault.New(fault.Invalid, "AWS has no instances of the type %s in the zone %s, where the subnet and the data volume are", p.InstanceType, p.Zone).
			WithHint("choose another --instance-type")
	case len(zones) == 0:
		return fault.New(fault.Invalid, "AWS has no instances of the type %s in %s", p.InstanceType, s.Region).WithHint("choose another --instance-type, or another --region")
	case p.Zone == "" && p.SubnetID == "":
		slices.Sort(zones)
		p.Zone = zones[0]
	}
	return nil
}

// findSnapshot checks the snapshot that the data volume begins with, and that there is room for it.
func (s *Session) findSnapshot(ctx context.Context, w *Wishes, p *stack.Parameters) error {
	if w.Snapshot == nil || *w.Snapshot == "" {
		return nil
	}
	answer, err := s.EC2.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{SnapshotIds: []string{p.SnapshotID}})
	if awssdk.AnsweredWith(err, "InvalidSnapshot.NotFound") || err == nil && len(answer.Snapshots) == 0 {
		return fault.New(fault.NotFound, "there is no snapshot %s in %s", p.SnapshotID, s.Region).
			WithHint("`aws ec2 describe-snapshots --owner-ids self --region %s` shows those there are", s.Region)
	}
	if err != nil {
		return awssdk.Explain(err, "the snapshot "+p.SnapshotID+" cannot be looked at")
	}
	size := int(aws.ToInt32(answer.Snapshots[0].VolumeSize))
	switch {
	case w.VolumeGiB == nil:
		p.VolumeGiB = max(p.VolumeGiB, size)
	case p.VolumeGiB < size:
		return fault.New(fault.Invalid, "the snapshot %s is of a volume of %d GiB, and --volume-size %d has no room for it", p.SnapshotID, size, p.VolumeGiB).
			WithHint("leave --volume-size out, or make it %d or more", size)
	}
	return nil
}

// findHostedZone finds the zone that a domain's record belongs into.
func (s *Session) findHostedZone(ctx context.Context, _ *Wishes, p *stack.Parameters) error {
	if p.Domain == "" {
		p.HostedZoneID = ""
		return nil
	}
	if p.HostedZoneID != "" {
		return nil // named, or found at the deployment before
	}
	var zone, best string
	pages := route53.NewListHostedZonesPaginator(s.Route53, &route53.ListHostedZonesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return awssdk.Explain(err, "the hosted zones of the account cannot be listed")
		}
		for _, z := range page.HostedZones {
			name := strings.TrimSuffix(aws.ToString(z.Name), ".")
			private := z.Config != nil && z.Config.PrivateZone
			if !private && (p.Domain == name || strings.HasSuffix(p.Domain, "."+name)) && len(name) > len(best) {
				best, zone = name, strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
			}
		}
	}
	if zone == "" {
		return fault.New(fault.NotFound, "no public hosted zone of Route 53 in this account has room for %s", p.Domain).
			WithHint("make one for its parent domain, name one with --hosted-zone, or leave --domain out: then the console has an address and a certificate of its own")
	}
	p.HostedZoneID = zone
	return nil
}
