package stack

import (
	"fmt"

	"github.com/goccy/go-yaml"
)

// resource is one of the template. What it says for people stands in the template as a comment, and in plans.
type resource struct {
	id, kind string
	what     string
	when     string // condition of the template
	after    []string
	kept     string // what becomes of it when it goes: Snapshot, Retain, or Delete, which is said of what holds something
	accepted []exception
	settings object
}

// exception is a finding of checkov that is not mended, and why.
type exception struct{ finding, reason string }

// body is the resource as the template has it.
func (r resource) body() object {
	b := object{pair("Type", r.kind)}
	if r.when != "" {
		b = append(b, pair("Condition", r.when))
	}
	if len(r.after) > 0 {
		b = append(b, pair("DependsOn", r.after))
	}
	if r.kept != "" {
		b = append(b, pair("DeletionPolicy", r.kept), pair("UpdateReplacePolicy", r.kept))
	}
	if len(r.accepted) > 0 {
		skip := each(r.accepted, func(e exception) object { return object{pair("id", e.finding), pair("comment", e.reason)} })
		b = append(b, pair("Metadata", object{pair("checkov", object{pair("skip", skip)})}))
	}
	if len(r.settings) > 0 {
		b = append(b, pair("Properties", r.settings))
	}
	return b
}

// tags are those of all resources that take any. what tells those of one deployment from each other.
func tags(p Parameters, what string) yaml.MapItem {
	name := p.Name
	if what != "" {
		name += "-" + what
	}
	return pair("Tags", []object{
		{pair("Key", "Name"), pair("Value", name)},
		{pair("Key", "helios:deployment"), pair("Value", p.Name)},
	})
}

// resources are all of the template, in the order in which they are read best.
func resources(p Parameters) []resource {
	var all []resource
	all = append(all, network(p)...)
	all = append(all, identity(p)...)
	all = append(all, storage(p)...)
	all = append(all, machine(p)...)
	all = append(all, alarms(p)...)
	if !p.Absent {
		all = append(all, readiness(p)...)
	}
	return all
}

// network is where the instance stands, and who reaches it.
func network(p Parameters) []resource {
	var all []resource
	vpc := any(p.VPCID)
	if p.VPCID == "" {
		vpc = ref("Vpc")
		all = ownNetwork(p)
	}
	var in []object
	for _, cidr := range p.AllowCIDRs {
		in = append(in, object{pair(cidrKey(cidr), cidr), pair("IpProtocol", "tcp"), pair("FromPort", 443), pair("ToPort", 443), pair("Description", "the console and the API")})
	}
	// Amazon's own name servers, time and instance metadata are link-local or beside security groups: only what a VPC of somebody
	// else's may use instead, name servers of its own, needs a rule.
	out := []object{{pair("CidrIp", everybody), pair("IpProtocol", "tcp"), pair("FromPort", 443), pair("ToPort", 443), pair("Description", "AWS, packages, and who gives certificates")}}
	if p.VPCID != "" {
		for _, private := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} {
			for _, protocol := range []string{"udp", "tcp"} {
				out = append(out, object{pair("CidrIp", private), pair("IpProtocol", protocol), pair("FromPort", 53), pair("ToPort", 53), pair("Description", "name servers of the VPC")})
			}
		}
	}
	all = append(all, resource{
		id: "Firewall", kind: "AWS::EC2::SecurityGroup", what: "A firewall (security group): in, port 443 from the allowed networks; out, port 443",
		settings: object{
			pair("GroupDescription", "Helios: the console and API from allowed networks"), // another would replace it
			pair("VpcId", vpc), pair("SecurityGroupIngress", in), pair("SecurityGroupEgress", out), tags(p, ""),
		},
	}, resource{
		id: "Address", kind: "AWS::EC2::EIP", what: "A public IPv4 address that stays the same",
		settings: object{pair("Domain", "vpc"), tags(p, "")},
	})
	if p.VPCID == "" {
		all[len(all)-1].after = []string{"GatewayAttachment"}
	}
	if p.Domain != "" {
		all = append(all, resource{
			id: "Record", kind: "AWS::Route53::RecordSet", what: "A DNS record that leads " + p.Domain + " to the address",
			settings: object{
				pair("HostedZoneId", p.HostedZoneID), pair("Name", p.Domain), pair("Type", "A"), pair("TTL", "60"), pair("ResourceRecords", []any{ref("Address")}),
			},
		})
	}
	return all
}

func cidrKey(cidr string) string {
	if isIPv6(cidr) {
		return "CidrIpv6"
	}
	return "CidrIp"
}

func ownNetwork(p Parameters) []resource {
	const block = "10.71.0.0/24"
	subnet := object{pair("VpcId", ref("Vpc")), pair("CidrBlock", block), pair("MapPublicIpOnLaunch", false), tags(p, "")}
	if p.Zone != "" {
		subnet = append(object{pair("AvailabilityZone", ref("Zone"))}, subnet...)
	}
	return []resource{
		{
			id: "Vpc", kind: "AWS::EC2::VPC", what: "A network (VPC) of its own",
			settings: object{pair("CidrBlock", block), pair("EnableDnsSupport", true), pair("EnableDnsHostnames", true), tags(p, "")},
		},
		{id: "InternetGateway", kind: "AWS::EC2::InternetGateway", what: "An internet gateway", settings: object{tags(p, "")}},
		{
			id: "GatewayAttachment", kind: "AWS::EC2::VPCGatewayAttachment", what: "The gateway's place in the network",
			settings: object{pair("VpcId", ref("Vpc")), pair("InternetGatewayId", ref("InternetGateway"))},
		},
		{id: "RouteTable", kind: "AWS::EC2::RouteTable", what: "A route table", settings: object{pair("VpcId", ref("Vpc")), tags(p, "")}},
		{
			id: "DefaultRoute", kind: "AWS::EC2::Route", what: "A route to the internet", after: []string{"GatewayAttachment"},
			settings: object{pair("RouteTableId", ref("RouteTable")), pair("DestinationCidrBlock", everybody), pair("GatewayId", ref("InternetGateway"))},
		},
		{id: "Subnet", kind: "AWS::EC2::Subnet", what: "A subnet for the instance; nothing in it is given a public address by itself", settings: subnet},
		{
			id: "SubnetRoutes", kind: "AWS::EC2::SubnetRouteTableAssociation", what: "The routes of the subnet",
			settings: object{pair("SubnetId", ref("Subnet")), pair("RouteTableId", ref("RouteTable"))},
		},
	}
}

// identity is what the instance may do.
func identity(p Parameters) []resource {
	return []resource{
		{
			id: "Role", kind: "AWS::IAM::Role", what: "A role, by which the instance may do what it has to, and nothing else",
			settings: object{
				pair("Description", "The instance of Helios "+p.Name),
				pair("AssumeRolePolicyDocument", object{pair("Version", policyVersion), pair("Statement", []object{{
					pair("Effect", "Allow"), pair("Principal", object{pair("Service", sub("ec2.${AWS::URLSuffix}"))}), pair("Action", "sts:AssumeRole"),
				}})}),
				pair("Policies", []object{{pair("PolicyName", "helios"), pair("PolicyDocument", policy(p))}}),
				tags(p, ""),
			},
		},
		{id: "Profile", kind: "AWS::IAM::InstanceProfile", what: "An instance profile, which gives the instance that role", settings: object{pair("Roles", []any{ref("Role")})}},
	}
}

// storage is what holds data: the volume, backups and logs.
func storage(p Parameters) []resource {
	zone := ref("Zone")
	if p.Zone == "" {
		zone = attribute("Subnet", "AvailabilityZone")
	}
	return []resource{
		{
			id: "DataVolume", kind: "AWS::EC2::Volume", kept: "Snapshot",
			what: fmt.Sprintf("A data volume of %d GiB, encrypted, for all tables; a snapshot of it stays when it goes", p.VolumeGiB),
			settings: object{
				pair("AvailabilityZone", zone), pair("Encrypted", true), pair("VolumeType", "gp3"), pair("Size", ref("VolumeSize")),
				pair("SnapshotId", either("HasSnapshot", ref("SnapshotId"), noValue)), tags(p, "data"),
			},
		},
		{
			id: "BackupBucket", kind: "AWS::S3::Bucket", kept: "Retain", what: "A bucket for backups, private and encrypted; it stays when the rest goes",
			accepted: []exception{{"CKV_AWS_18", "Access is seen in CloudTrail's data events, where the account wants it. Access logs would need another bucket."}},
			settings: object{
				pair("BucketEncryption", object{pair("ServerSideEncryptionConfiguration", []object{{pair("ServerSideEncryptionByDefault", object{pair("SSEAlgorithm", "AES256")})}})}),
				pair("PublicAccessBlockConfiguration", object{
					pair("BlockPublicAcls", true), pair("BlockPublicPolicy", true), pair("IgnorePublicAcls", true), pair("RestrictPublicBuckets", true),
				}),
				pair("OwnershipControls", object{pair("Rules", []object{{pair("ObjectOwnership", "BucketOwnerEnforced")}})}),
				pair("VersioningConfiguration", object{pair("Status", "Enabled")}),
				pair("LifecycleConfiguration", object{pair("Rules", []object{
					{
						pair("Id", "what-was-removed-goes-after-30-days"), pair("Status", "Enabled"),
						pair("NoncurrentVersionExpiration", object{pair("NoncurrentDays", 30)}), pair("ExpiredObjectDeleteMarker", true),
					},
					{
						pair("Id", "broken-uploads-go-after-2-days"), pair("Status", "Enabled"),
						pair("AbortIncompleteMultipartUpload", object{pair("DaysAfterInitiation", 2)}),
					},
				})}),
				tags(p, "backups"),
			},
		},
		{
			id: "BackupBucketPolicy", kind: "AWS::S3::BucketPolicy", kept: "Retain", what: "A policy of that bucket, which refuses plain HTTP; it stays with it",
			settings: object{
				pair("Bucket", ref("BackupBucket")),
				pair("PolicyDocument", object{pair("Version", policyVersion), pair("Statement", []object{{
					pair("Sid", "OnlyTLS"), pair("Effect", "Deny"), pair("Principal", "*"), pair("Action", "s3:*"),
					pair("Resource", []any{attribute("BackupBucket", "Arn"), sub("${BackupBucket.Arn}/*")}),
					pair("Condition", object{pair("Bool", object{pair("aws:SecureTransport", "false")})}),
				}})}),
			},
		},
		{
			id: "LogGroup", kind: "AWS::Logs::LogGroup", kept: "Delete", what: fmt.Sprintf("A log group for what the service writes, kept for %s", count(p.LogRetentionDays, "day")),
			accepted: []exception{{"CKV_AWS_158", "CloudWatch Logs encrypts with its own key. Helios logs neither events nor secrets."}},
			settings: object{pair("RetentionInDays", ref("LogRetention")), tags(p, "")},
		},
	}
}
