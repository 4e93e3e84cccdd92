package cfntest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// services are the answers of all services, by service and action. Another one is a line here, or Account.Answer in a test.
func (a *Account) services() map[string]Answer {
	all := map[string]Answer{
		"sts:GetCallerIdentity": func(*Request) (any, error) {
			return Fields{{"Arn", Caller}, {"UserId", "AIDAEXAMPLE"}, {"Account", ID}}, nil
		},

		"ec2:DescribeInstances":             a.instances,
		"ec2:DescribeInstanceStatus":        a.instanceStatus,
		"ec2:DescribeInstanceTypeOfferings": offerings,
		"ec2:DescribeVolumes":               a.listing("volumeSet", "VolumeId", "AWS::EC2::Volume", "volumeId", Field{"status", "in-use"}),
		"ec2:DescribeSnapshots":             a.listing("snapshotSet", "SnapshotId", snapshot, "snapshotId", Field{"status", "completed"}, Field{"volumeSize", "50"}),
		"ec2:DescribeVpcs":                  a.listing("vpcSet", "VpcId", "AWS::EC2::VPC", "vpcId", Field{"state", "available"}),
		"ec2:DescribeSubnets":               a.listing("subnetSet", "SubnetId", "AWS::EC2::Subnet", "subnetId", Field{"state", "available"}),
		"ec2:DescribeRouteTables":           a.listing("routeTableSet", "RouteTableId", "AWS::EC2::RouteTable", "routeTableId"),
		"ec2:DescribeInternetGateways":      a.listing("internetGatewaySet", "InternetGatewayId", "AWS::EC2::InternetGateway", "internetGatewayId"),
		"ec2:DescribeSecurityGroups":        a.listing("securityGroupInfo", "GroupId", "AWS::EC2::SecurityGroup", "groupId"),
		"ec2:DescribeAddresses":             a.listing("addressesSet", "PublicIp", "AWS::EC2::EIP", "publicIp"),
		"ec2:DescribeNetworkInterfaces":     a.listing("networkInterfaceSet", "NetworkInterfaceId", "", "networkInterfaceId"),
		"ec2:DeleteSnapshot":                a.deleteSnapshot,

		"ssm:GetParameters":        a.parameters,
		"ssm:SendCommand":          sendCommand,
		"ssm:GetCommandInvocation": setupLink,

		"route53:ListHostedZones": func(*Request) (any, error) {
			return Fields{{"HostedZones", []Fields{{{"HostedZone", Fields{{"Id", "/hostedzone/Z0EXAMPLE"}, {"Name", "example.com."}, {"CallerReference", "x"}}}}}}, {"IsTruncated", "false"}, {"MaxItems", "100"}}, nil
		},

		"logs:FilterLogEvents":   func(*Request) (any, error) { return map[string]any{"events": []any{}}, nil },
		"logs:DescribeLogGroups": a.logGroups,

		"kinesis:DescribeStreamSummary": streamSummary,
		"kinesis:ListStreams": func(*Request) (any, error) {
			return map[string]any{"StreamNames": []string{"clicks"}, "HasMoreStreams": false}, nil
		},
	}
	for action, answer := range a.cloudFormation() {
		all["cloudformation:"+action] = answer
	}
	return all
}

const snapshot = "AWS::EC2::Snapshot"

// add notes what a stack has made; it gives the reason if its service refuses that.
func (a *Account) add(s *stack, r *resource) string {
	if r.def.kind == "AWS::S3::Bucket" {
		if reason := a.s3.add(r.physical); reason != "" {
			return reason
		}
	}
	tags := map[string]string{"aws:cloudformation:stack-name": s.name, "aws:cloudformation:stack-id": s.id, "aws:cloudformation:logical-id": r.id}
	maps.Copy(tags, s.tags)
	own, _ := r.properties["Tags"].([]any)
	for _, one := range own {
		if tag, ok := one.(map[string]any); ok {
			tags[fmt.Sprint(tag["Key"])] = fmt.Sprint(tag["Value"])
		}
	}
	a.things = append(a.things, &Thing{ID: r.physical, Type: r.def.kind, LogicalID: r.id, Stack: s.name, Properties: r.properties, Tags: tags})
	return ""
}

// alter notes that a resource has changed.
func (a *Account) alter(r *resource) {
	for _, t := range a.things {
		if t.ID == r.physical && t.Type == r.def.kind {
			t.Properties = r.properties
		}
	}
}

// take removes what a stack has made; it gives the reason if its service refuses that. A snapshot of a volume has its tags.
func (a *Account) take(r *resource, withSnapshot bool) string {
	if r.def.kind == "AWS::S3::Bucket" {
		if reason := a.s3.take(r.physical); reason != "" {
			return reason
		}
	}
	for _, t := range a.things {
		if t.ID == r.physical && t.Type == r.def.kind && withSnapshot {
			a.things = append(a.things, &Thing{
				ID: "snap-" + a.name(), Type: snapshot, LogicalID: t.LogicalID, Stack: t.Stack, Tags: t.Tags, Properties: map[string]any{"VolumeId": t.ID},
			})
			break
		}
	}
	a.things = slices.DeleteFunc(a.things, func(t *Thing) bool { return t.ID == r.physical && t.Type == r.def.kind })
	return ""
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
				return nil, &Error{Code: "Invalid" + strings.TrimSuffix(ids, "Id") + "ID.NotFound", Message: "The ID '" + id + "' does not exist"}
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
			case property != "":
				return !slices.Contains(values, fmt.Sprint(t.Properties[property])) && !(name == "vpc-id" && slices.Contains(values, t.ID))
			}
			return false
		})
	}
	return all, nil
}

func (a *Account) instances(q *Request) (any, error) {
	found, err := a.filtered(q, "InstanceId", "AWS::EC2::Instance")
	if err != nil {
		return nil, err
	}
	var members []Fields
	for _, t := range found {
		members = append(members, Fields{{"reservationId", "r-1"}, {"ownerId", ID}, {"instancesSet", []Fields{{
			{"instanceId", t.ID}, {"imageId", text(t.Properties["ImageId"])}, {"instanceType", text(t.Properties["InstanceType"])},
			{"instanceState", Fields{{"code", "16"}, {"name", "running"}}}, {"launchTime", stamp(a.clock)}, {"tagSet", pairs(t.Tags, "key", "value")},
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

func (a *Account) parameters(q *Request) (any, error) {
	var asked struct{ Names []string }
	if err := json.Unmarshal(q.JSON, &asked); err != nil {
		return nil, &Error{Code: "ValidationException", Message: err.Error()}
	}
	found := []map[string]any{}
	for _, name := range asked.Names {
		found = append(found, map[string]any{"Name": name, "Type": "String", "Value": Image, "Version": 1})
	}
	return map[string]any{"Parameters": found, "InvalidParameters": []string{}}, nil
}

func sendCommand(*Request) (any, error) {
	return map[string]any{"Command": map[string]any{"CommandId": "11111111-2222-3333-4444-555555555555", "Status": "Pending"}}, nil
}

// setupLink is what Helios says on its instance when it is asked for the link of the first account.
func setupLink(*Request) (any, error) {
	said := `{"link":"/setup#one-time","expires_at":"2026-03-01T10:00:00Z","fingerprint":"AB:CD:EF"}`
	return map[string]any{"Status": "Success", "ResponseCode": 0, "StandardOutputContent": said, "StandardErrorContent": ""}, nil
}

func (a *Account) logGroups(q *Request) (any, error) {
	var asked struct {
		Prefix string `json:"logGroupNamePrefix"`
	}
	if err := json.Unmarshal(q.JSON, &asked); err != nil {
		return nil, &Error{Code: "InvalidParameterException", Message: err.Error()}
	}
	found := []map[string]any{}
	for _, t := range a.of("AWS::Logs::LogGroup") {
		if strings.HasPrefix(t.ID, asked.Prefix) {
			found = append(found, map[string]any{"logGroupName": t.ID})
		}
	}
	return map[string]any{"logGroups": found}, nil
}

// streamSummary knows every stream, unencrypted.
func streamSummary(q *Request) (any, error) {
	var asked struct{ StreamName, StreamARN string }
	if err := json.Unmarshal(q.JSON, &asked); err != nil {
		return nil, &Error{Code: "InvalidArgumentException", Message: err.Error()}
	}
	if asked.StreamARN == "" {
		asked.StreamARN = "arn:aws:kinesis:" + Region + ":" + ID + ":stream/" + asked.StreamName
	}
	return map[string]any{"StreamDescriptionSummary": map[string]any{
		"StreamName": asked.StreamARN[strings.LastIndexByte(asked.StreamARN, '/')+1:], "StreamARN": asked.StreamARN, "StreamStatus": "ACTIVE",
		"EncryptionType": "NONE", "OpenShardCount": 1, "RetentionPeriodHours": 24, "StreamCreationTimestamp": 1767225600, "EnhancedMonitoring": []any{},
	}}, nil
}
