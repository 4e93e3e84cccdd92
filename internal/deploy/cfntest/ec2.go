package cfntest

import (
	"fmt"
	"slices"
	"strings"
)

// ec2 are the actions of EC2 that look at what stacks have made, and that remove what they left behind.
func (a *Account) ec2() map[string]Answer {
	return map[string]Answer{
		"DescribeInstances":             a.instances,
		"DescribeInstanceStatus":        a.instanceStatus,
		"DescribeInstanceTypeOfferings": offerings,
		"DescribeVolumes":               a.listing("volumeSet", "VolumeId", "AWS::EC2::Volume", "volumeId", Field{"status", "in-use"}),
		"DescribeSnapshots":             a.listing("snapshotSet", "SnapshotId", snapshot, "snapshotId", Field{"status", "completed"}, Field{"volumeSize", "50"}, Field{"startTime", "2026-03-01T09:00:00.000Z"}),
		"DescribeVpcs":                  a.listing("vpcSet", "VpcId", "AWS::EC2::VPC", "vpcId", Field{"state", "available"}),
		"DescribeSubnets":               a.listing("subnetSet", "SubnetId", "AWS::EC2::Subnet", "subnetId", Field{"state", "available"}),
		"DescribeRouteTables":           a.listing("routeTableSet", "RouteTableId", "AWS::EC2::RouteTable", "routeTableId"),
		"DescribeInternetGateways":      a.listing("internetGatewaySet", "InternetGatewayId", "AWS::EC2::InternetGateway", "internetGatewayId"),
		"DescribeSecurityGroups":        a.listing("securityGroupInfo", "GroupId", "AWS::EC2::SecurityGroup", "groupId"),
		"DescribeAddresses":             a.addresses,
		"DescribeNetworkInterfaces":     a.listing("networkInterfaceSet", "NetworkInterfaceId", "", "networkInterfaceId"),
		"DeleteSnapshot":                a.deleteSnapshot,

		"DescribeTags": a.describeTags,
		"CreateTags":   a.createTags,

		"StopInstances":         a.switching(true),
		"StartInstances":        a.switching(false),
		"TerminateInstances":    a.removing("InstanceId"),
		"DeleteVolume":          a.removing("VolumeId"),
		"DeleteSecurityGroup":   a.removing("GroupId"),
		"DeleteSubnet":          a.removing("SubnetId"),
		"DeleteRouteTable":      a.removing("RouteTableId"),
		"DeleteInternetGateway": a.removing("InternetGatewayId"),
		"DeleteVpc":             a.removing("VpcId"),
		"ReleaseAddress":        a.removing("AllocationId"),
	}
}

// tagged are the types that can be found by their tags, as EC2 names them.
var tagged = map[string]string{
	"AWS::EC2::Instance": "instance", "AWS::EC2::Volume": "volume", snapshot: "snapshot", "AWS::EC2::VPC": "vpc", "AWS::EC2::Subnet": "subnet",
	"AWS::EC2::SecurityGroup": "security-group", "AWS::EC2::InternetGateway": "internet-gateway", "AWS::EC2::RouteTable": "route-table",
	"AWS::EC2::EIP": "elastic-ip",
}

// id is what EC2 calls a thing by: an address by its allocation.
func (t *Thing) id() string {
	if t.Type == "AWS::EC2::EIP" {
		return allocation(t.ID)
	}
	return t.ID
}

func allocation(address string) string { return "eipalloc-" + strings.ReplaceAll(address, ".", "") }

func (a *Account) describeTags(q *Request) (any, error) {
	keys, values := []string{}, []string{}
	for n := 1; q.Query.Has(fmt.Sprintf("Filter.%d.Name", n)); n++ {
		given := q.List(fmt.Sprintf("Filter.%d.Value", n))
		switch q.Get(fmt.Sprintf("Filter.%d.Name", n)) {
		case "key":
			keys = given
		case "value":
			values = given
		default:
			return nil, &Error{Code: "InvalidParameterValue", Message: "cfntest knows the filters key and value only"}
		}
	}
	var members []Fields
	for _, t := range a.things {
		for _, key := range keys {
			if kind := tagged[t.Type]; kind != "" && slices.Contains(values, t.Tags[key]) {
				members = append(members, Fields{{"resourceId", t.id()}, {"resourceType", kind}, {"key", key}, {"value", t.Tags[key]}})
			}
		}
	}
	return Fields{{"tagSet", members}}, nil
}

func (a *Account) addresses(q *Request) (any, error) {
	var members []Fields
	wanted := q.List("AllocationId")
	for _, t := range a.of("AWS::EC2::EIP") {
		if len(wanted) == 0 || slices.Contains(wanted, t.id()) {
			members = append(members, Fields{{"publicIp", t.ID}, {"allocationId", t.id()}, {"domain", "vpc"}, {"tagSet", pairs(t.Tags, "key", "value")}})
		}
	}
	return Fields{{"addressesSet", members}}, nil
}

func (a *Account) createTags(q *Request) (any, error) {
	for _, id := range q.List("ResourceId") {
		at := slices.IndexFunc(a.things, func(t *Thing) bool { return t.id() == id })
		if at < 0 {
			return nil, &Error{Code: "InvalidID", Message: "The ID '" + id + "' is not valid"}
		}
		for n := 1; q.Query.Has(fmt.Sprintf("Tag.%d.Key", n)); n++ {
			a.things[at].Tags[q.Get(fmt.Sprintf("Tag.%d.Key", n))] = q.Get(fmt.Sprintf("Tag.%d.Value", n))
		}
	}
	return Fields{{"return", "true"}}, nil
}

// switching is an action that stops or starts instances.
func (a *Account) switching(off bool) Answer {
	return func(q *Request) (any, error) {
		found, err := a.filtered(q, "InstanceId", "AWS::EC2::Instance")
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			t.Stopped = off
		}
		return Fields{{"instancesSet", []Fields{}}}, nil
	}
}

// removing is an action that removes things by their IDs.
func (a *Account) removing(parameter string) Answer {
	return func(q *Request) (any, error) {
		ids := append(q.List(parameter), q.Get(parameter))
		a.things = slices.DeleteFunc(a.things, func(t *Thing) bool { return slices.Contains(ids, t.id()) })
		return Fields{{"return", "true"}}, nil
	}
}

// listing is a Describe action of EC2 for one type of things: all, or those of some IDs, or those that filters on tags and the VPC
// let through.
func (a *Account) listing(list, ids, kind, id string, more ...Field) Answer {
	return func(q *Request) (any, error) {
		var members []Fields
		found, err := a.filtered(q, ids, kind)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			fields := append(Fields{{id, t.ID}, {"tagSet", pairs(t.Tags, "key", "value")}}, more...)
			for _, name := range []string{"VpcId", "AvailabilityZone", "Size", "VolumeId"} {
				if value, ok := t.Properties[name].(string); ok && lowerFirst(name) != id {
					fields = append(fields, Field{lowerFirst(name), value})
				}
			}
			members = append(members, fields)
		}
		return Fields{{list, members}}, nil
	}
}

func (a *Account) filtered(q *Request, ids, kind string) ([]*Thing, error) {
	all := a.of(kind)
	if wanted := q.List(ids); len(wanted) > 0 {
		var found []*Thing
		for _, id := range wanted {
			at := slices.IndexFunc(all, func(t *Thing) bool { return t.ID == id })
			if at < 0 {
				return nil, &Error{Code: notFound(ids), Message: "The ID '" + id + "' does not exist"}
			}
			found = append(found, all[at])
		}
		all = found
	}
	for n := 1; q.Query.Has(fmt.Sprintf("Filter.%d.Name", n)); n++ {
		name := q.Get(fmt.Sprintf("Filter.%d.Name", n))
		values := q.List(fmt.Sprintf("Filter.%d.Value", n))
		all = slices.DeleteFunc(slices.Clone(all), func(t *Thing) bool {
			key, isTag := strings.CutPrefix(name, "tag:")
			property := ""
			switch name {
			case "vpc-id":
				property = "VpcId"
			case "volume-id":
				property = "VolumeId"
			}
			switch {
			case isTag:
				return !slices.Contains(values, t.Tags[key])
			case name == "attachment.vpc-id":
				return !slices.ContainsFunc(a.of("AWS::EC2::VPCGatewayAttachment"), func(at *Thing) bool {
					return at.Properties["InternetGatewayId"] == t.ID && slices.Contains(values, fmt.Sprint(at.Properties["VpcId"]))
				})
			case property != "":
				return !slices.Contains(values, fmt.Sprint(t.Properties[property])) && (name != "vpc-id" || !slices.Contains(values, t.ID))
			}
			return false
		})
	}
	return all, nil
}

// notFound is the code for an ID that EC2 does not know, which has a form of its own for some.
func notFound(ids string) string {
	switch ids {
	case "VolumeId", "SnapshotId", "GroupId":
		return "Invalid" + strings.TrimSuffix(ids, "Id") + ".NotFound"
	}
	return "Invalid" + strings.TrimSuffix(ids, "Id") + "ID.NotFound"
}

func (a *Account) instances(q *Request) (any, error) {
	found, err := a.filtered(q, "InstanceId", "AWS::EC2::Instance")
	if err != nil {
		return nil, err
	}
	var members []Fields
	for _, t := range found {
		state := Fields{{"code", "16"}, {"name", "running"}}
		if t.Stopped {
			state = Fields{{"code", "80"}, {"name", "stopped"}}
		}
		members = append(members, Fields{{"reservationId", "r-1"}, {"ownerId", ID}, {"instancesSet", []Fields{{
			{"instanceId", t.ID},
			{"imageId", text(t.Properties["ImageId"])},
			{"instanceType", text(t.Properties["InstanceType"])},
			{"instanceState", state},
			{"launchTime", stamp(a.clock)},
			{"tagSet", pairs(t.Tags, "key", "value")},
		}}}})
	}
	return Fields{{"reservationSet", members}}, nil
}

func (a *Account) instanceStatus(q *Request) (any, error) {
	found, err := a.filtered(q, "InstanceId", "AWS::EC2::Instance")
	if err != nil {
		return nil, err
	}
	var members []Fields
	for _, t := range found {
		ok := Fields{{"status", "ok"}}
		members = append(members, Fields{{"instanceId", t.ID}, {"instanceState", Fields{{"code", "16"}, {"name", "running"}}}, {"systemStatus", ok}, {"instanceStatus", ok}})
	}
	return Fields{{"instanceStatusSet", members}}, nil
}

func offerings(q *Request) (any, error) {
	var members []Fields
	for _, zone := range []string{"a", "b", "c"} {
		members = append(members, Fields{{"instanceType", q.Get("Filter.1.Value.1")}, {"locationType", "availability-zone"}, {"location", Region + zone}})
	}
	return Fields{{"instanceTypeOfferingSet", members}}, nil
}

func (a *Account) deleteSnapshot(q *Request) (any, error) {
	id := q.Get("SnapshotId")
	before := len(a.things)
	a.things = slices.DeleteFunc(a.things, func(t *Thing) bool { return t.ID == id && t.Type == snapshot })
	if len(a.things) == before {
		return nil, &Error{Code: "InvalidSnapshot.NotFound", Message: "The snapshot '" + id + "' does not exist."}
	}
	return Fields{{"return", "true"}}, nil
}
