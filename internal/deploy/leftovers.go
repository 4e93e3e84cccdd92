package deploy

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/deploy/cfn"
)

// removeThing removes one thing that hangs loose.
func (s *Session) removeThing(ctx context.Context, name string, thing Thing, purge bool, tell func(string)) error {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	var err error
	switch id := &thing.ID; thing.Type {
	case "instance":
		err = s.terminate(ctx, thing.ID)
	case "network-interface":
		_, err = s.EC2.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: id})
	case "elastic-ip":
		_, err = s.EC2.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: id})
	case "volume":
		if !purge {
			if err = s.keepSnapshot(ctx, thing.ID, name); err != nil {
				return err
			}
		}
		_, err = s.EC2.DeleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: id})
	case "security-group":
		_, err = s.EC2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: id})
	case "subnet":
		_, err = s.EC2.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: id})
	case "route-table":
		err = s.removeRoutes(ctx, thing.ID)
	case "internet-gateway":
		err = s.removeGateway(ctx, thing.ID)
	case "vpc":
		_, err = s.EC2.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: id})
	}
	if err != nil && !isGone(err) {
		return err
	}
	tell("the " + thing.Type + " " + thing.ID + ", which was left behind")
	return nil
}

// exists asks whether a thing is there: tags may tell of what is gone, of instances for about an hour.
func (s *Session) exists(ctx context.Context, thing *Thing) (bool, error) {
	ids := []string{thing.ID}
	var err error
	switch thing.Type {
	case "instance":
		var answer *ec2.DescribeInstancesOutput
		if answer, err = s.EC2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: ids}); err == nil {
			return !terminated(answer), nil
		}
	case "snapshot":
		var answer *ec2.DescribeSnapshotsOutput
		if answer, err = s.EC2.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{SnapshotIds: ids}); err == nil {
			if len(answer.Snapshots) > 0 {
				*thing = snapshotThing(answer.Snapshots[0])
			}
			return len(answer.Snapshots) > 0, nil
		}
	case "network-interface":
		_, err = s.EC2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: ids})
	case "elastic-ip":
		_, err = s.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{AllocationIds: ids})
	case "volume":
		var answer *ec2.DescribeVolumesOutput
		if answer, err = s.EC2.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: ids}); err == nil {
			return slices.ContainsFunc(answer.Volumes, stays), nil
		}
	case "security-group":
		_, err = s.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: ids})
	case "subnet":
		_, err = s.EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: ids})
	case "route-table":
		_, err = s.EC2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{RouteTableIds: ids})
	case "internet-gateway":
		_, err = s.EC2.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{InternetGatewayIds: ids})
	case "vpc":
		_, err = s.EC2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: ids})
	}
	if isGone(err) {
		return false, nil
	}
	return err == nil, err
}

// stays reports whether a volume is there and does not go by itself: that of a system, which carries its instance's tags, does.
func stays(v ec2types.Volume) bool {
	gone := v.State == ec2types.VolumeStateDeleting || v.State == ec2types.VolumeStateDeleted
	return !gone && !slices.ContainsFunc(v.Attachments, func(a ec2types.VolumeAttachment) bool { return aws.ToBool(a.DeleteOnTermination) })
}

func terminated(answer *ec2.DescribeInstancesOutput) bool {
	for _, reservation := range answer.Reservations {
		for _, instance := range reservation.Instances {
			if instance.State != nil && instance.State.Name != ec2types.InstanceStateNameTerminated {
				return false
			}
		}
	}
	return true
}

// inside is what a VPC of Helios's own holds without any tag, and without which it cannot go: what people put there they tag.
func (s *Session) inside(ctx context.Context, vpc string) ([]Thing, error) {
	var all []Thing
	tables, err := s.EC2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{vpc}}}})
	if err != nil {
		return nil, err
	}
	for _, table := range tables.RouteTables {
		main := slices.ContainsFunc(table.Associations, func(a ec2types.RouteTableAssociation) bool { return aws.ToBool(a.Main) })
		if !main && len(table.Tags) == 0 {
			all = append(all, Thing{Type: "route-table", ID: aws.ToString(table.RouteTableId)})
		}
	}
	gateways, err := s.EC2.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{Filters: []ec2types.Filter{{Name: aws.String("attachment.vpc-id"), Values: []string{vpc}}}})
	if err != nil {
		return nil, err
	}
	for _, gateway := range gateways.InternetGateways {
		if len(gateway.Tags) == 0 {
			all = append(all, Thing{Type: "internet-gateway", ID: aws.ToString(gateway.InternetGatewayId)})
		}
	}
	return all, nil
}

// isGone reports whether EC2 does not know what was to be removed, which it says of each kind by a code of its own.
func isGone(err error) bool {
	return awssdk.AnsweredWith(err, "InvalidInstanceID.NotFound", "InvalidNetworkInterfaceID.NotFound", "InvalidAllocationID.NotFound",
		"InvalidVolume.NotFound", "InvalidGroup.NotFound", "InvalidSubnetID.NotFound", "InvalidRouteTableID.NotFound",
		"InvalidInternetGatewayID.NotFound", "InvalidVpcID.NotFound", "InvalidSnapshot.NotFound")
}

func (s *Session) terminate(ctx context.Context, id string) error {
	if _, err := s.EC2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}}); err != nil {
		return err
	}
	// What it used can be removed only then; whether it really went is asked at the end.
	return ec2.NewInstanceTerminatedWaiter(s.EC2).Wait(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}}, stepTime)
}

// keepSnapshot makes a snapshot of a volume and waits for it, since the volume goes next.
func (s *Session) keepSnapshot(ctx context.Context, volume, name string) error {
	made, err := s.EC2.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{
		VolumeId: &volume, Description: aws.String("the data volume of Helios " + name),
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSnapshot, Tags: []ec2types.Tag{
			{Key: aws.String(DeploymentTag), Value: &name}, {Key: aws.String("Name"), Value: aws.String(name + "-data")},
		}}},
	})
	if err != nil {
		return err
	}
	return ec2.NewSnapshotCompletedWaiter(s.EC2).Wait(ctx, &ec2.DescribeSnapshotsInput{SnapshotIds: []string{aws.ToString(made.SnapshotId)}}, stepTime)
}

func (s *Session) removeRoutes(ctx context.Context, id string) error {
	tables, err := s.EC2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{RouteTableIds: []string{id}})
	if err != nil {
		return err
	}
	for _, table := range tables.RouteTables {
		for _, a := range table.Associations {
			if aws.ToBool(a.Main) {
				continue
			}
			if _, err := s.EC2.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: a.RouteTableAssociationId}); err != nil {
				return err
			}
		}
	}
	_, err = s.EC2.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &id})
	return err
}

func (s *Session) removeGateway(ctx context.Context, id string) error {
	gateways, err := s.EC2.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{InternetGatewayIds: []string{id}})
	if err != nil {
		return err
	}
	for _, gateway := range gateways.InternetGateways {
		for _, a := range gateway.Attachments {
			if _, err := s.EC2.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: &id, VpcId: a.VpcId}); err != nil {
				return err
			}
		}
	}
	_, err = s.EC2.DeleteInternetGateway(ctx, &ec2.DeleteInternetGatewayInput{InternetGatewayId: &id})
	return err
}

// leftByID looks for what a stack had and EC2's tags do not tell of: whoever removed the stack may have kept it.
func (s *Session) leftByID(ctx context.Context, resources []cfn.Resource, zone string) ([]Thing, error) {
	ctx, cancel := context.WithTimeout(ctx, surveyTime)
	defer cancel()
	var left []Thing
	for _, r := range resources {
		there, err := false, error(nil)
		id := r.PhysicalID
		switch r.Type {
		case "AWS::IAM::Role":
			_, err = s.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &id})
			there = err == nil
		case "AWS::IAM::InstanceProfile":
			_, err = s.IAM.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &id})
			there = err == nil
		case "AWS::Logs::LogGroup":
			there, err = s.hasLogGroup(ctx, id)
		case "AWS::Route53::RecordSet":
			there, err = s.hasRecord(ctx, zone, id)
		}
		if err != nil && !awssdk.AnsweredWith(err, "NoSuchEntity", "NoSuchHostedZone", "ResourceNotFoundException") {
			return nil, awssdk.Explain(err, "whether "+id+" is gone cannot be asked")
		}
		if there {
			left = append(left, Thing{Type: strings.ToLower(r.LogicalID), ID: id})
		}
	}
	return left, nil
}

func (s *Session) hasLogGroup(ctx context.Context, name string) (bool, error) {
	groups, err := s.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	if err != nil {
		return false, err
	}
	for _, group := range groups.LogGroups {
		if aws.ToString(group.LogGroupName) == name {
			return true, nil
		}
	}
	return false, nil
}

func (s *Session) hasRecord(ctx context.Context, zone, domain string) (bool, error) {
	records, err := s.Route53.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &zone, StartRecordName: &domain, MaxItems: aws.Int32(1)})
	if err != nil {
		return false, err
	}
	for _, record := range records.ResourceRecordSets {
		if strings.TrimSuffix(aws.ToString(record.Name), ".") == strings.TrimSuffix(domain, ".") {
			return true, nil
		}
	}
	return false, nil
}
