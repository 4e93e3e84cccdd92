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

		"ssm:GetParameters":        a.parameters,
		"ssm:SendCommand":          sendCommand,
		"ssm:GetCommandInvocation": setupLink,

		"route53:ListHostedZones": func(*Request) (any, error) {
			return Fields{{"HostedZones", []Fields{{{"HostedZone", Fields{{"Id", "/hostedzone/Z0EXAMPLE"}, {"Name", "example.com."}, {"CallerReference", "x"}}}}}}, {"IsTruncated", "false"}, {"MaxItems", "100"}}, nil
		},

		"route53:ListResourceRecordSets": a.records,

		"iam:GetRole":            a.known("AWS::IAM::Role", "RoleName", "Role"),
		"iam:GetInstanceProfile": a.known("AWS::IAM::InstanceProfile", "InstanceProfileName", "InstanceProfile"),

		"logs:FilterLogEvents":   func(*Request) (any, error) { return map[string]any{"events": []any{}}, nil },
		"logs:DescribeLogGroups": a.logGroups,

		"kinesis:DescribeStreamSummary": streamSummary,
		"kinesis:ListStreamConsumers":   func(*Request) (any, error) { return map[string]any{"Consumers": []any{}}, nil },
		"kinesis:ListStreams": func(*Request) (any, error) {
			return map[string]any{"StreamNames": []string{"clicks"}, "HasMoreStreams": false}, nil
		},
	}
	for action, answer := range a.cloudFormation() {
		all["cloudformation:"+action] = answer
	}
	for action, answer := range a.ec2() {
		all["ec2:"+action] = answer
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
	if r.def.kind == "AWS::S3::Bucket" {
		a.s3.tag(r.physical, tags)
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

// take removes what a stack has made; it gives the reason if its service refuses that.
func (a *Account) take(r *resource, withSnapshot bool) string {
	if r.def.kind == "AWS::S3::Bucket" {
		if reason := a.s3.take(r.physical); reason != "" {
			return reason
		}
	}
	for _, t := range a.things {
		if t.ID == r.physical && t.Type == r.def.kind && withSnapshot {
			a.things = append(a.things, &Thing{
				ID: "snap-" + a.name(), Type: snapshot, LogicalID: t.LogicalID, Stack: t.Stack, Tags: map[string]string{}, Properties: map[string]any{"VolumeId": t.ID},
			})
			break
		}
	}
	a.things = slices.DeleteFunc(a.things, func(t *Thing) bool { return t.ID == r.physical && t.Type == r.def.kind })
	return ""
}

// known is an action of IAM that looks something up by its name.
func (a *Account) known(kind, name, element string) Answer {
	return func(q *Request) (any, error) {
		for _, t := range a.of(kind) {
			if t.ID == q.Get(name) {
				return Fields{{element, Fields{{name, t.ID}, {"Arn", "arn:aws:iam::" + ID + ":" + lowerFirst(element) + "/" + t.ID}, {"Path", "/"}}}}, nil
			}
		}
		return nil, &Error{Code: "NoSuchEntity", Message: "The " + lowerFirst(element) + " with name " + q.Get(name) + " cannot be found.", Status: 404}
	}
}

func (a *Account) records(*Request) (any, error) {
	var members []Fields
	for _, t := range a.of("AWS::Route53::RecordSet") {
		members = append(members, Fields{{"ResourceRecordSet", Fields{{"Name", t.ID + "."}, {"Type", "A"}}}})
	}
	return Fields{{"ResourceRecordSets", members}, {"IsTruncated", "false"}, {"MaxItems", "100"}}, nil
}

func (a *Account) parameters(q *Request) (any, error) {
	var asked struct {
		Names []string `json:"Names"`
	}
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
	var asked struct {
		StreamName string `json:"StreamName"`
		StreamARN  string `json:"StreamARN"`
	}
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
