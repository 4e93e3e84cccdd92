package cfntest

import (
	"fmt"
	"slices"
	"strings"
)

// kind is what is known of a type of resources.
type kind struct {
	prefix string // of its IDs; "": the stack's name, the logical ID and something random
	// anew are the properties whose change makes CloudFormation replace the resource, as the reference of resource types tells:
	// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html. "*": all.
	anew string
	// perhaps are those that may.
	perhaps string
}

var kinds = map[string]kind{
	"AWS::EC2::VPC":                            {"vpc-", "CidrBlock", "InstanceTenancy"},
	"AWS::EC2::InternetGateway":                {"igw-", "", ""},
	"AWS::EC2::VPCGatewayAttachment":           {"", "VpcId", ""},
	"AWS::EC2::RouteTable":                     {"rtb-", "VpcId", ""},
	"AWS::EC2::Route":                          {"", "RouteTableId DestinationCidrBlock", ""},
	"AWS::EC2::Subnet":                         {"subnet-", "VpcId CidrBlock AvailabilityZone", ""},
	"AWS::EC2::SubnetRouteTableAssociation":    {"rtbassoc-", "SubnetId", ""},
	"AWS::EC2::SecurityGroup":                  {"sg-", "GroupDescription GroupName VpcId", ""},
	"AWS::EC2::Instance":                       {"i-", "ImageId AvailabilityZone SubnetId NetworkInterfaces KeyName", "UserData InstanceType BlockDeviceMappings"},
	"AWS::EC2::LaunchTemplate":                 {"lt-", "LaunchTemplateName", ""},
	"AWS::EC2::Volume":                         {"vol-", "AvailabilityZone SnapshotId Encrypted KmsKeyId", ""},
	"AWS::EC2::VolumeAttachment":               {"", "*", ""},
	"AWS::EC2::EIP":                            {"", "Domain NetworkBorderGroup", ""},
	"AWS::EC2::EIPAssociation":                 {"eipassoc-", "*", ""},
	"AWS::IAM::Role":                           {"", "RoleName Path", ""},
	"AWS::IAM::InstanceProfile":                {"", "InstanceProfileName Path", ""},
	"AWS::Route53::RecordSet":                  {"", "Name HostedZoneId HostedZoneName SetIdentifier", ""},
	"AWS::S3::Bucket":                          {"", "BucketName", ""},
	"AWS::S3::BucketPolicy":                    {"", "Bucket", ""},
	"AWS::Logs::LogGroup":                      {"", "LogGroupName", ""},
	"AWS::SNS::Topic":                          {"", "TopicName FifoTopic", ""},
	"AWS::SNS::Subscription":                   {"", "TopicArn Protocol Endpoint", ""},
	"AWS::CloudWatch::Alarm":                   {"", "AlarmName", ""},
	"AWS::CloudFormation::WaitConditionHandle": {"", "", ""},
	"AWS::CloudFormation::WaitCondition":       {"", "*", ""},
}

// needsCapability are the types that are made only for those who say that they know: they give permissions.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
func needsCapability(t *template) (plain, named bool) {
	for _, d := range t.resources {
		switch d.kind {
		case "AWS::IAM::Role", "AWS::IAM::InstanceProfile", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::User", "AWS::IAM::Group":
			plain = true
			properties, _ := d.properties.(map[string]any)
			for _, name := range []string{"RoleName", "InstanceProfileName", "ManagedPolicyName", "UserName", "GroupName"} {
				if properties[name] != nil {
					named = true
				}
			}
		}
	}
	return plain, named
}

// anew says whether a change of a property replaces a resource: Always, Conditionally or Never.
func anew(kindName, property string) string {
	k := kinds[kindName]
	switch {
	case k.anew == "*" || hasWord(k.anew, property):
		return "Always"
	case hasWord(k.perhaps, property):
		return "Conditionally"
	}
	return "Never"
}

func hasWord(words, word string) bool { return slices.Contains(strings.Fields(words), word) }

// physicalID makes the ID that a new resource gets.
func (a *Account) physicalID(s *stack, d *definition, properties map[string]any) string {
	for _, name := range []string{"BucketName", "LogGroupName", "RoleName", "AlarmName", "TopicName", "Name"} {
		if given, ok := properties[name].(string); ok && given != "" && !strings.HasPrefix(d.kind, "AWS::EC2::") {
			if d.kind == "AWS::SNS::Topic" {
				return "arn:aws:sns:" + Region + ":" + ID + ":" + given
			}
			return given
		}
	}
	own := s.name + "-" + d.id + "-" + strings.ToUpper(a.name()[:12])
	switch d.kind {
	case "AWS::EC2::EIP":
		a.serial++
		return fmt.Sprintf("203.0.113.%d", a.serial%256) // of the addresses that stand in documentation
	case "AWS::S3::Bucket":
		return strings.ToLower(own)
	case "AWS::SNS::Topic":
		return "arn:aws:sns:" + Region + ":" + ID + ":" + own
	case "AWS::CloudFormation::WaitConditionHandle":
		return "https://cloudformation-waitcondition-" + Region + ".s3." + Region + ".amazonaws.com/" + own
	}
	if prefix := kinds[d.kind].prefix; prefix != "" {
		return prefix + a.name()
	}
	return own
}

// attribute is what Fn::GetAtt gives.
func attribute(r *resource, name string) string {
	switch name {
	case "PublicIp":
		if r.def.kind == "AWS::EC2::EIP" {
			return r.physical
		}
		return "198.51.100.7"
	case "AllocationId":
		return allocation(r.physical)
	case "AvailabilityZone":
		return Region + "a"
	case "GroupId", "VpcId", "SubnetId", "VolumeId", "InstanceId", "InternetGatewayId", "RouteTableId":
		return r.physical
	case "Arn":
		switch r.def.kind {
		case "AWS::S3::Bucket":
			return "arn:aws:s3:::" + r.physical
		case "AWS::Logs::LogGroup":
			return "arn:aws:logs:" + Region + ":" + ID + ":log-group:" + r.physical + ":*"
		case "AWS::IAM::Role":
			return "arn:aws:iam::" + ID + ":role/" + r.physical
		case "AWS::IAM::InstanceProfile":
			return "arn:aws:iam::" + ID + ":instance-profile/" + r.physical
		}
	}
	return r.physical + "." + name
}
