package stack_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy/stack"
)

// grants are the actions of a policy document, each with the resources that it is allowed on.
func grants(t *testing.T, document any) map[string][]string {
	t.Helper()
	text, err := json.Marshal(document)
	require.NoError(t, err)
	var read struct {
		Version   string `json:"Version"`
		Statement []struct {
			Sid       string                         `json:"Sid"`
			Effect    string                         `json:"Effect"`
			Action    []string                       `json:"Action"`
			Resource  []string                       `json:"Resource"`
			Condition map[string]map[string][]string `json:"Condition"`
		} `json:"Statement"`
	}
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, "2012-10-17", read.Version)
	all := map[string][]string{}
	for _, s := range read.Statement {
		require.Equal(t, "Allow", s.Effect)
		require.Regexp(t, "^[A-Za-z0-9]+$", s.Sid)
		for _, action := range s.Action {
			all[action] = append(all[action], s.Resource...)
			switch action {
			case "kms:Decrypt":
				require.Equal(t, map[string]map[string][]string{"StringEquals": {"kms:ViaService": {"kinesis.eu-central-1.amazonaws.com", "kinesis.eu-west-1.amazonaws.com"}}}, s.Condition)
			case "s3:ListBucket":
				require.Equal(t, map[string]map[string][]string{"StringLike": {"s3:prefix": {"helios/*"}}}, s.Condition)
			}
		}
	}
	return all
}

func TestTheInstanceMayDoWhatHeliosCallsAndNothingElse(t *testing.T) {
	p := aDeployment()
	p.Streams = []stack.Stream{{ARN: orders, KMSKey: ordersKey}, {ARN: clicks, KMSKey: clicksKey}}
	streams := []string{orders, clicks}
	consumers := []string{orders + "/consumer/helios-*", clicks + "/consumer/helios-*"}
	backups := []string{"arn:aws:s3:::helios-backupbucket-*/helios/*"}
	logs := []string{"arn:aws:logs:eu-central-1:123456789012:log-group:helios-LogGroup-*:*"}
	want := map[string][]string{
		"kinesis:DescribeStreamSummary": streams, "kinesis:ListShards": streams, "kinesis:GetShardIterator": streams, "kinesis:GetRecords": streams,
		"kinesis:RegisterStreamConsumer": streams, "kinesis:DescribeStreamConsumer": consumers, "kinesis:SubscribeToShard": consumers, "kinesis:DeregisterStreamConsumer": consumers,
		"kms:Decrypt":   {ordersKey, clicksKey},
		"s3:ListBucket": {"arn:aws:s3:::helios-backupbucket-*"}, "s3:PutObject": backups, "s3:DeleteObject": backups, "s3:AbortMultipartUpload": backups,
		"s3:GetObject":         append(slices.Clone(backups), "arn:aws:s3:::helios-artifacts-123456789012-eu-central-1/helios/sha256/*"),
		"logs:CreateLogStream": logs, "logs:PutLogEvents": logs,
		"ssm:UpdateInstanceInformation":    {"arn:aws:ec2:eu-central-1:123456789012:instance/*"},
		"ssmmessages:CreateControlChannel": {"*"}, "ssmmessages:CreateDataChannel": {"*"}, "ssmmessages:OpenControlChannel": {"*"}, "ssmmessages:OpenDataChannel": {"*"},
	}
	got := grants(t, stack.PolicyDocument(p))
	require.Equal(t, want, got)

	unconfined := stack.Unconfined(p)
	for action, resources := range got {
		require.NotContains(t, action, "*")
		reason, known := unconfined[action]
		require.Equal(t, known, slices.Contains(resources, "*"), "%s on everything, and why", action)
		require.Equal(t, known, reason != "")
	}
}

// The document that is printed and the one in the template are the same, with references resolved.
func TestThePolicyInTheTemplateIsTheOneThatIsShown(t *testing.T) {
	p := aDeployment()
	p.Streams = []stack.Stream{{ARN: orders, KMSKey: ordersKey}, {ARN: clicks, KMSKey: clicksKey}}
	role := at(parse(t, template(t, p)), "Resources", "Role", "Properties").(map[string]any)
	require.NotContains(t, role, "ManagedPolicyArns")
	require.Len(t, role["Policies"], 1)
	require.Equal(t, []any{map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": sub("ec2.${AWS::URLSuffix}")}, "Action": "sts:AssumeRole"}}, at(role, "AssumeRolePolicyDocument", "Statement"))
	require.Equal(t, grants(t, stack.PolicyDocument(p)), grants(t, resolved(at(role, "Policies", 0, "PolicyDocument"))))
}

// resolved is a part of a template with its references as CloudFormation resolves them.
func resolved(part any) any {
	switch v := part.(type) {
	case map[string]any:
		if text, ok := v["Fn::Sub"].(string); ok {
			return strings.NewReplacer(
				"${AWS::Partition}", "aws", "${AWS::Region}", "eu-central-1", "${AWS::AccountId}", "123456789012", "${AWS::URLSuffix}", "amazonaws.com",
				"${BackupBucket.Arn}", "arn:aws:s3:::helios-backupbucket-*", "${LogGroup.Arn}", "arn:aws:logs:eu-central-1:123456789012:log-group:helios-LogGroup-*:*",
			).Replace(text)
		}
		all := maps.Clone(v)
		for key := range all {
			all[key] = resolved(all[key])
		}
		return all
	case []any:
		all := slices.Clone(v)
		for i := range all {
			all[i] = resolved(all[i])
		}
		return all
	}
	return part
}
