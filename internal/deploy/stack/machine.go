package stack

import (
	"fmt"
	"strconv"
)

const rootGiB = 16 // of the system volume

// machine is the instance and what hangs on it.
func machine(p Parameters) []resource {
	if p.Absent {
		return nil
	}
	ready := readyID(p)
	subnet, after := any(p.SubnetID), []string{"DefaultRoute", "SubnetRoutes"}
	if p.SubnetID == "" {
		subnet = ref("Subnet")
	} else {
		after = nil
	}
	if p.Domain != "" {
		after = append(after, "Record") // a certificate is asked for as soon as it boots
	}
	return []resource{
		{
			id: "Instance", kind: "AWS::EC2::Instance", after: after,
			what: fmt.Sprintf("An instance: %s (%s) with Amazon Linux 2023; no SSH and no key pair, people get onto it by Session Manager", p.InstanceType, p.Arch),
			settings: object{
				pair("ImageId", either("HasImage", ref("ImageId"), ref("Image"))), pair("InstanceType", ref("InstanceType")),
				pair("IamInstanceProfile", ref("Profile")), pair("SubnetId", subnet), pair("SecurityGroupIds", []any{attribute("Firewall", "GroupId")}),
				pair("MetadataOptions", object{
					pair("HttpEndpoint", "enabled"), pair("HttpTokens", "required"), pair("HttpPutResponseHopLimit", 1), pair("InstanceMetadataTags", "disabled"),
				}),
				pair("EbsOptimized", true),
				pair("BlockDeviceMappings", []object{{
					pair("DeviceName", "/dev/xvda"),
					pair("Ebs", object{pair("Encrypted", true), pair("VolumeType", "gp3"), pair("VolumeSize", rootGiB), pair("DeleteOnTermination", true)}),
				}}),
				pair("PropagateTagsToVolumeOnCreation", true),
				tags(p, ""),
				pair("UserData", object{pair("Fn::Base64", object{pair("Fn::Sub", text(userData(p, ready)))})}),
			},
		},
		{
			id: "DataVolumeAttachment", kind: "AWS::EC2::VolumeAttachment", what: "The data volume's place at the instance",
			settings: object{pair("Device", "/dev/sdf"), pair("InstanceId", ref("Instance")), pair("VolumeId", ref("DataVolume"))},
		},
		{
			id: "AddressAssociation", kind: "AWS::EC2::EIPAssociation", what: "The address's place at the instance",
			settings: object{pair("AllocationId", attribute("Address", "AllocationId")), pair("InstanceId", ref("Instance"))},
		},
	}
}

// readyID names the wait condition of a boot. CloudFormation waits for a new one only: all that the boot depends on is in its name.
func readyID(p Parameters) string { return "Ready" + bootID(p) }

func readiness(p Parameters) []resource {
	id := readyID(p)
	return []resource{
		{id: id + "Handle", kind: "AWS::CloudFormation::WaitConditionHandle", what: "A handle by which the instance reports how its boot went"},
		{
			id: id, kind: "AWS::CloudFormation::WaitCondition", what: "A wait until Helios is ready on the instance, or has said why it is not",
			after:    []string{"DataVolumeAttachment", "AddressAssociation"},
			settings: object{pair("Handle", ref(id+"Handle")), pair("Timeout", strconv.Itoa(int(bootTime.Seconds()))), pair("Count", 1)},
		},
	}
}
