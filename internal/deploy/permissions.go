package deploy

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/helios-sql/helios/internal/deploy/stack"
)

// Scope is whom and what permissions are for.
type Scope struct {
	Partition, Account, Region string
	Name                       string         // of the deployment
	Streams                    []stack.Stream // by ARN
	HostedZone                 string         // of Route 53; "": none is written to
	Caller                     string         // the user or role that asks, as IAM names it; "": it is none of these
}

// Grant is what a statement of a policy allows: actions of IAM, on what, on which condition, and what Helios needs them for. What is
// tried by the doctor and what is printed as a policy both come from lists of these, and from nothing else.
type Grant struct {
	Sid       string // of the statement; grants of one Sid become one statement
	For       string // what for, in words
	Actions   []string
	Resources []string
	Condition Condition // nil: none
}

// Condition is that of a statement: the operator, the key, the value.
type Condition map[string]map[string]string

// Reading is all that it takes to read the streams. Consumers, for fan-out, are resources of their own below their stream.
func Reading(s Scope) []Grant {
	var grants []Grant
	for _, stream := range s.Streams {
		name := nameOf(stream.ARN)
		grants = append(grants,
			Grant{
				Sid: "ReadStreams", For: "read the stream " + name, Resources: []string{stream.ARN},
				Actions: []string{"kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"},
			},
			Grant{
				Sid: "ReadByFanOut", For: "read the stream " + name + " by fan-out", Resources: []string{stream.ARN},
				Actions: []string{"kinesis:RegisterStreamConsumer"},
			},
			Grant{
				Sid: "ReadByFanOut", For: "read the stream " + name + " by fan-out", Resources: []string{consumersOf(stream.ARN)},
				Actions: []string{"kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard", "kinesis:DeregisterStreamConsumer"},
			})
		if stream.KMSKey != "" {
			grants = append(grants, Grant{
				Sid: "Decrypt", For: "read the stream " + name + ", which is encrypted", Resources: []string{stream.KMSKey},
				Actions:   []string{"kms:Decrypt"},
				Condition: Condition{"StringEquals": {"kms:ViaService": "kinesis." + regionOf(stream.ARN) + "." + s.suffix()}},
			})
		}
	}
	return grants
}

// Deploying is all that it takes to deploy, to look after a deployment and to take it away again: what the command line asks for
// itself, and what CloudFormation asks for with the same credentials, which are told by the handlers in the schema of each type of
// resource. What cannot be named before it is there is limited to the account, the region and the kind of resource; what ends or
// changes something is limited to what carries the deployment's tag.
func Deploying(s Scope) []Grant {
	return slices.Concat(s.stacks(), s.network(), s.machine(), s.identity(), s.storage(), s.watching(), s.domain(), s.operating(), s.streams())
}

func (s Scope) stacks() []Grant {
	return []Grant{
		{
			Sid: "Stack", For: "make, change and remove the stack", Resources: []string{s.arn("cloudformation", "stack/"+s.Name+"/*")},
			Actions: []string{
				"cloudformation:CreateChangeSet", "cloudformation:DescribeChangeSet", "cloudformation:ExecuteChangeSet", "cloudformation:DeleteChangeSet", "cloudformation:ListChangeSets",
				"cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents", "cloudformation:DescribeEvents", "cloudformation:ListStackResources", "cloudformation:GetTemplate",
				"cloudformation:CancelUpdateStack", "cloudformation:ContinueUpdateRollback", "cloudformation:DeleteStack",
			},
		},
		{
			Sid: "Look", For: "see what other deployments there are", Resources: []string{"*"},
			Actions: []string{"cloudformation:DescribeStacks", "s3:ListAllMyBuckets"},
		},
		{ // IAM knows no narrower resource for it
			Sid: "Look", For: "find what a stack that is gone has left", Resources: []string{"*"},
			Actions: []string{"cloudformation:ListStacks"},
		},
		{
			Sid: "Look", For: "choose streams and find the zone of a domain", Resources: []string{"*"},
			Actions: []string{"kinesis:ListStreams", "route53:ListHostedZones"},
		},
		{
			Sid: "Image", For: "find the newest Amazon Linux 2023", Actions: []string{"ssm:GetParameters"},
			Resources: []string{"arn:" + s.Partition + ":ssm:" + s.Region + "::parameter/aws/service/ami-amazon-linux-latest/*"},
		},
	}
}

// network is the VPC, which is not needed when there is one, and the firewall.
func (s Scope) network() []Grant {
	const what = "make the network"
	return []Grant{
		{
			Sid: "Look", For: "see what there is of the network and the instance", Resources: []string{"*"},
			Actions: []string{
				"ec2:DescribeAddresses", "ec2:DescribeAvailabilityZones", "ec2:DescribeIamInstanceProfileAssociations",
				"ec2:DescribeInstanceCreditSpecifications", "ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInternetGateways",
				"ec2:DescribeNetworkAcls", "ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups",
				"ec2:DescribeSnapshots", "ec2:DescribeSubnets", "ec2:DescribeTags", "ec2:DescribeVolumes", "ec2:DescribeVolumesModifications",
				"ec2:DescribeVpcs",
			},
		},
		{
			Sid: "Make", For: what, Resources: s.ec2("vpc"),
			Actions: []string{"ec2:CreateVpc", "ec2:ModifyVpcAttribute", "ec2:DescribeVpcAttribute"},
		},
		{Sid: "Make", For: what, Resources: s.ec2("internet-gateway"), Actions: []string{"ec2:CreateInternetGateway"}},
		{
			Sid: "Make", For: what, Resources: s.ec2("internet-gateway", "vpc"),
			Actions: []string{"ec2:AttachInternetGateway", "ec2:DetachInternetGateway"},
		},
		{Sid: "Make", For: what, Resources: s.ec2("route-table", "vpc"), Actions: []string{"ec2:CreateRouteTable"}},
		{Sid: "Make", For: what, Resources: s.ec2("route-table"), Actions: []string{"ec2:CreateRoute", "ec2:DeleteRoute", "ec2:ReplaceRoute"}},
		{
			Sid: "Make", For: what, Resources: s.ec2("route-table", "subnet"),
			Actions: []string{"ec2:AssociateRouteTable", "ec2:DisassociateRouteTable"},
		},
		{Sid: "Make", For: what, Resources: s.ec2("subnet", "vpc"), Actions: []string{"ec2:CreateSubnet"}},
		{Sid: "Make", For: what, Resources: s.ec2("subnet"), Actions: []string{"ec2:ModifySubnetAttribute"}},
		{Sid: "Make", For: "make the firewall", Resources: s.ec2("security-group", "vpc"), Actions: []string{"ec2:CreateSecurityGroup"}},
		{
			Sid: "Make", For: "make the firewall", Resources: s.ec2("security-group"),
			Actions: []string{
				"ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress",
			},
		},
		{
			Sid: "End", For: "remove the network", Condition: s.tagged(),
			Resources: s.ec2("vpc"), Actions: []string{"ec2:DeleteVpc"},
		},
		{Sid: "End", For: "remove the network", Condition: s.tagged(), Resources: s.ec2("internet-gateway"), Actions: []string{"ec2:DeleteInternetGateway"}},
		{Sid: "End", For: "remove the network", Condition: s.tagged(), Resources: s.ec2("route-table"), Actions: []string{"ec2:DeleteRouteTable"}},
		{Sid: "End", For: "remove the network", Condition: s.tagged(), Resources: s.ec2("subnet"), Actions: []string{"ec2:DeleteSubnet"}},
		{Sid: "End", For: "remove the firewall", Condition: s.tagged(), Resources: s.ec2("security-group"), Actions: []string{"ec2:DeleteSecurityGroup"}},
	}
}

// machine is the instance, its data volume and its address.
func (s Scope) machine() []Grant {
	run := append(s.ec2("instance", "network-interface", "security-group", "subnet", "volume"), "arn:"+s.Partition+":ec2:"+s.Region+"::image/*")
	return []Grant{
		{Sid: "Make", For: "start the instance", Resources: run, Actions: []string{"ec2:RunInstances"}},
		{
			Sid: "Make", For: "start the instance", Resources: s.ec2("instance"),
			Actions: []string{
				"ec2:AssociateIamInstanceProfile", "ec2:DescribeInstanceAttribute", "ec2:ModifyInstanceMaintenanceOptions", "ec2:MonitorInstances",
				"ec2:UnmonitorInstances",
			},
		},
		{Sid: "Make", For: "make the data volume", Resources: s.ec2("volume"), Actions: []string{"ec2:CreateVolume", "ec2:DescribeVolumeAttribute"}},
		{Sid: "Make", For: "make the data volume", Resources: s.ec2("instance", "volume"), Actions: []string{"ec2:AttachVolume"}},
		{Sid: "Make", For: "make the data volume", Resources: s.ec2("volume"), Actions: []string{"ec2:CreateSnapshot"}},
		{Sid: "Make", For: "keep a snapshot of the data volume", Resources: s.anyones("snapshot"), Actions: []string{"ec2:CreateSnapshot"}},
		{Sid: "Make", For: "make the address", Resources: s.ec2("elastic-ip"), Actions: []string{"ec2:AllocateAddress"}},
		{
			Sid: "Make", For: "make the address", Resources: s.ec2("elastic-ip", "instance", "network-interface"),
			Actions: []string{"ec2:AssociateAddress"},
		},
		{
			Sid: "Make", For: "make the address", Resources: s.ec2("elastic-ip", "network-interface"),
			Actions: []string{"ec2:DisassociateAddress"},
		},
		{
			Sid: "Make", For: "tag all of it", Actions: []string{"ec2:CreateTags", "ec2:DeleteTags"},
			Resources: append(s.ec2("elastic-ip", "instance", "internet-gateway", "route-table", "security-group", "subnet", "volume", "vpc"),
				s.anyones("snapshot")...),
		},
		{
			Sid: "End", For: "remove what was left behind", Condition: s.tagged(), Resources: s.ec2("network-interface"),
			Actions: []string{"ec2:DeleteNetworkInterface"},
		},
		{
			Sid: "End", For: "change and end the instance", Condition: s.tagged(), Resources: s.ec2("instance"),
			Actions: []string{"ec2:ModifyInstanceAttribute", "ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances"},
		},
		{
			Sid: "End", For: "change and remove the data volume", Condition: s.tagged(), Resources: s.ec2("volume"),
			Actions: []string{"ec2:DeleteVolume", "ec2:ModifyVolume"},
		},
		{
			Sid: "End", For: "change and remove the data volume", Condition: s.tagged(), Resources: s.ec2("instance", "volume"),
			Actions: []string{"ec2:DetachVolume"},
		},
		{Sid: "End", For: "give the address back", Condition: s.tagged(), Resources: s.ec2("elastic-ip"), Actions: []string{"ec2:ReleaseAddress"}},
		{
			Sid: "End", For: "remove its snapshots, with --purge", Condition: s.tagged(), Resources: s.anyones("snapshot"),
			Actions: []string{"ec2:DeleteSnapshot"},
		},
	}
}

// identity is the role of the instance. It can be passed to EC2 only.
func (s Scope) identity() []Grant {
	role := "arn:" + s.Partition + ":iam::" + s.Account + ":role/" + s.Name + "-Role-*"
	return []Grant{
		{
			Sid: "Role", For: "make the instance's role", Resources: []string{role},
			Actions: []string{
				"iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
				"iam:ListRolePolicies", "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
			},
		},
		{
			Sid: "PassRole", For: "give the instance its role", Resources: []string{role}, Actions: []string{"iam:PassRole"},
			Condition: Condition{"StringEquals": {"iam:PassedToService": "ec2." + s.suffix()}},
		},
		{
			Sid: "Profile", For: "give the instance its role",
			Resources: []string{"arn:" + s.Partition + ":iam::" + s.Account + ":instance-profile/" + s.Name + "-Profile-*"},
			Actions: []string{
				"iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:DeleteInstanceProfile", "iam:GetInstanceProfile",
				"iam:RemoveRoleFromInstanceProfile",
			},
		},
	}
}

// storage is the bucket of binaries, which is the command line's, and that of backups, which is the stack's.
func (s Scope) storage() []Grant {
	buckets := []string{"arn:" + s.Partition + ":s3:::" + ArtifactBucket(s.Account, s.Region), "arn:" + s.Partition + ":s3:::" + strings.ToLower(s.Name) + "-backupbucket-*"}
	return []Grant{
		{
			Sid: "Buckets", For: "make the buckets of binaries and of backups", Resources: buckets,
			Actions: []string{
				"s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:GetBucketLocation", "s3:GetBucketOwnershipControls", "s3:GetBucketPolicy",
				"s3:GetBucketPublicAccessBlock", "s3:GetBucketTagging", "s3:GetBucketVersioning", "s3:GetEncryptionConfiguration",
				"s3:GetLifecycleConfiguration", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions",
				"s3:PutBucketOwnershipControls", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning",
				"s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
			},
		},
		{
			Sid: "Objects", For: "put the binary there, and empty the buckets at the end", Resources: []string{buckets[0] + "/*", buckets[1] + "/*"},
			Actions: []string{"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:PutObject"},
		},
	}
}

// watching is the log group and the alarms.
func (s Scope) watching() []Grant {
	return []Grant{
		{Sid: "Look", For: "see what there is of logs", Resources: []string{"*"}, Actions: []string{"logs:DescribeLogGroups"}},
		{
			Sid: "Logs", For: "make the log group, and read it", Resources: []string{s.arn("logs", "log-group:"+s.Name+"-LogGroup-*:*")},
			Actions: []string{
				"logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:FilterLogEvents", "logs:GetDataProtectionPolicy",
				"logs:ListTagsForResource", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource",
			},
		},
		{
			Sid: "Alarms", For: "make the alarms", Resources: []string{s.arn("cloudwatch", "alarm:"+s.Name+"-Alarm*")},
			Actions: []string{
				"cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource", "cloudwatch:PutMetricAlarm",
				"cloudwatch:TagResource", "cloudwatch:UntagResource",
			},
		},
		{
			Sid: "Topic", For: "send the alarms by mail", Resources: []string{s.arn("sns", s.Name+"-AlarmTopic-*")},
			Actions: []string{
				"sns:CreateTopic", "sns:DeleteTopic", "sns:GetDataProtectionPolicy", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic",
				"sns:ListTagsForResource", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:UntagResource",
			},
		},
		{
			Sid: "Look", For: "send the alarms by mail", Resources: []string{"*"},
			Actions: []string{"sns:GetSubscriptionAttributes", "sns:Unsubscribe"},
		},
	}
}

// domain is the record of the domain, if there is one.
func (s Scope) domain() []Grant {
	if s.HostedZone == "" {
		return nil
	}
	return []Grant{
		{
			Sid: "Domain", For: "write the record of the domain", Resources: []string{"arn:" + s.Partition + ":route53:::hostedzone/" + s.HostedZone},
			Actions: []string{"route53:ChangeResourceRecordSets", "route53:GetHostedZone", "route53:ListResourceRecordSets"},
		},
		{
			Sid: "Domain", For: "write the record of the domain", Resources: []string{"arn:" + s.Partition + ":route53:::change/*"},
			Actions: []string{"route53:GetChange"},
		},
	}
}

// operating is what a deployment is asked for when it runs. A command can be sent to the deployment's instance and to no other.
func (s Scope) operating() []Grant {
	return []Grant{
		{
			Sid: "Ask", For: "ask the instance for the setup link", Actions: []string{"ssm:SendCommand"},
			Resources: []string{"arn:" + s.Partition + ":ssm:" + s.Region + "::document/AWS-RunShellScript"},
		},
		{
			Sid: "AskInstance", For: "ask the instance for the setup link", Actions: []string{"ssm:SendCommand"},
			Resources: s.ec2("instance"), Condition: s.tagged(),
		},
		{
			Sid: "Look", For: "ask the instance for the setup link", Resources: []string{"*"},
			Actions: []string{"ssm:GetCommandInvocation"},
		},
	}
}

// Examining is what the doctor needs to look at what can only be simulated: at the policies of who asks. Nothing else needs it.
func Examining(s Scope) []Grant {
	if s.Caller == "" {
		return nil
	}
	return []Grant{{
		Sid: "Examine", For: "let `helios doctor` simulate the rest", Resources: []string{s.Caller},
		Actions: []string{"iam:GetRole", "iam:SimulatePrincipalPolicy"},
	}}
}

// streams are looked at when they are deployed, and rid of the deployment's consumers when it goes.
func (s Scope) streams() []Grant {
	var grants []Grant
	for _, stream := range s.Streams {
		what := "connect the stream " + nameOf(stream.ARN) + ", and leave it as it was"
		grants = append(grants,
			Grant{
				Sid: "Streams", For: what, Resources: []string{stream.ARN},
				Actions: []string{"kinesis:DescribeStreamSummary", "kinesis:ListStreamConsumers"},
			},
			Grant{
				Sid: "Streams", For: what, Resources: []string{consumersOf(stream.ARN)},
				Actions: []string{"kinesis:DeregisterStreamConsumer"},
			})
	}
	return grants
}

// tagged limits a statement to what carries the deployment's tag.
func (s Scope) tagged() Condition {
	return Condition{"StringEquals": {"aws:ResourceTag/" + DeploymentTag: s.Name}}
}

// arn is that of something of the account in the region.
func (s Scope) arn(service, what string) string {
	return "arn:" + s.Partition + ":" + service + ":" + s.Region + ":" + s.Account + ":" + what
}

// ec2 are all things of these kinds in the account and the region.
func (s Scope) ec2(kinds ...string) []string {
	arns := make([]string, len(kinds))
	for i, kind := range kinds {
		arns[i] = s.arn("ec2", kind+"/*")
	}
	return arns
}

// anyones are all things of a kind in the region: the ARN of a snapshot names no account.
func (s Scope) anyones(kind string) []string {
	return []string{"arn:" + s.Partition + ":ec2:" + s.Region + "::" + kind + "/*"}
}

// consumersOf are the consumers of a stream that are Helios's: all that it registers begin so.
func consumersOf(stream string) string { return stream + "/consumer/helios-*" }

// nameOf is the name in a stream's ARN.
func nameOf(arn string) string {
	return arn[strings.LastIndexByte(arn, '/')+1:]
}

// regionOf is the region in an ARN.
func regionOf(arn string) string { return strings.Split(arn, ":")[3] }

// suffix is what the names of AWS's hosts end with.
func (s Scope) suffix() string {
	if s.Partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// ManagedPolicySize is the most that AWS takes in a managed policy, in characters other than white space.
const ManagedPolicySize = 6144

// Policy is a document of IAM that allows what the grants say and nothing else, as small as it can be.
func Policy(grants []Grant) json.RawMessage {
	type statement struct {
		Sid       string    `json:"Sid"`
		Effect    string    `json:"Effect"`
		Action    []string  `json:"Action"`
		Resource  []string  `json:"Resource"`
		Condition Condition `json:"Condition,omitempty"`
	}
	var statements []*statement
	for _, g := range grants {
		i := slices.IndexFunc(statements, func(s *statement) bool { return s.Sid == g.Sid })
		if i < 0 {
			i = len(statements)
			statements = append(statements, &statement{Sid: g.Sid, Effect: "Allow", Condition: g.Condition})
		}
		s := statements[i]
		s.Action = append(s.Action, g.Actions...)
		s.Resource = append(s.Resource, g.Resources...)
	}
	for _, s := range statements {
		slices.Sort(s.Action)
		s.Action, s.Resource = slices.Compact(s.Action), merged(s.Resource)
	}
	text, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements}) // of strings: it cannot fail
	return text
}

// merged are the resources, each once. All of several kinds of EC2 are all of the account's: which kinds are meant is in the
// actions, each of which knows some only.
func merged(arns []string) []string {
	kinds := map[string][]string{}
	for _, arn := range slices.Compact(slices.Sorted(slices.Values(arns))) {
		place := ""
		if strings.Contains(arn, ":ec2:") && !strings.Contains(arn, "::") {
			place = arn[:strings.LastIndexByte(arn, ':')+1]
		}
		kinds[place] = append(kinds[place], arn)
	}
	all := kinds[""]
	for place, of := range kinds {
		switch {
		case place == "":
		case len(of) > 1:
			all = append(all, place+"*/*")
		default:
			all = append(all, of...)
		}
	}
	slices.Sort(all)
	return all
}
