package kinesis

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

// What reading needs, as IAM names it. Consumers are resources of their own, below their stream.
var (
	pollActions   = []string{"kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"}
	fanOutActions = []string{"kinesis:DescribeStreamConsumer", "kinesis:RegisterStreamConsumer", "kinesis:DeregisterStreamConsumer", "kinesis:SubscribeToShard"}
)

// denied explains that AWS does not allow an action on a resource, which is a stream by name or ARN, a role by its ARN, or ""
// for what only AWS's answer tells.
func (a *Account) denied(action, resource, what string, answer error) *fault.Error {
	said := answer.Error()
	if strings.Contains(said, "explicit deny") {
		return fault.New(fault.Credentials, "AWS does not allow %s on %s: %w", action, what, &ingest.DeniedError{Action: action, Cause: answer}).
			WithHint("A policy forbids it explicitly, maybe one of the organisation: allowing it elsewhere does not help, the denial must go.")
	}
	cause := &ingest.DeniedError{Action: action, Policy: a.policy(action, resource, said), Cause: answer}
	return fault.New(fault.Credentials, "AWS does not allow %s on %s: %w", action, what, cause).
		WithHint("Add the action %s to the policy of the role or user in use.", action)
}

type policyDocument struct {
	Version   string            `json:"Version"`
	Statement []policyStatement `json:"Statement"`
}

type policyStatement struct {
	Sid       string                       `json:"Sid"`
	Effect    string                       `json:"Effect"`
	Action    []string                     `json:"Action"`
	Resource  any                          `json:"Resource"` // one ARN, or several
	Condition map[string]map[string]string `json:"Condition,omitempty"`
}

// policy is the least that must be allowed so that the action, and what Helios does next to it, succeeds.
func (a *Account) policy(action, resource, said string) string {
	s := policyStatement{Sid: "Helios", Effect: "Allow", Action: []string{action}, Resource: "*"}
	switch {
	case slices.Contains(fanOutActions, action):
		stream := a.streamARN(resource, said)
		s.Action = slices.Concat(pollActions, fanOutActions)
		s.Resource = []string{stream, stream + "/consumer/helios-*"}
	case slices.Contains(pollActions, action):
		s.Action, s.Resource = pollActions, a.streamARN(resource, said)
	case strings.HasPrefix(action, "sts:"):
		s.Resource = cmp.Or(arnIn(said), resource, "*")
	case action == "kms:Decrypt":
		key := arnIn(said)
		if strings.Contains(key, ":kms:") {
			s.Resource = key
			break
		}
		s.Condition = map[string]map[string]string{"StringEquals": {"kms:ViaService": "kinesis." + a.region + ".amazonaws.com"}}
	}
	text, _ := json.MarshalIndent(policyDocument{Version: "2012-10-17", Statement: []policyStatement{s}}, "", "  ") // strings: it cannot fail
	return string(text)
}

var (
	resourceIn = regexp.MustCompile(`on resource: (arn:[^\s,]+)`)
	accountIn  = regexp.MustCompile(`User: arn:[^:]+:[^:]+::(\d{12}):`)
)

// arnIn is the ARN of the resource that AWS's answer names, or "".
func arnIn(said string) string {
	if m := resourceIn.FindStringSubmatch(said); m != nil {
		return strings.TrimRight(m[1], ".")
	}
	return ""
}

// streamARN is the ARN of a stream as well as it is known: as it was given, as AWS's answer names it, or by its name.
func (a *Account) streamARN(stream, said string) string {
	if strings.HasPrefix(stream, "arn:") {
		return stream
	}
	if arn, ok := a.arns.Load(stream); ok {
		return arn.(string)
	}
	if named, _, _ := strings.Cut(arnIn(said), "/consumer/"); strings.Contains(named, ":kinesis:") {
		return named
	}
	account := "*"
	if m := accountIn.FindStringSubmatch(said); m != nil {
		account = m[1]
	}
	partition := "aws"
	switch {
	case strings.HasPrefix(a.region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(a.region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return "arn:" + partition + ":kinesis:" + a.region + ":" + account + ":stream/" + cmp.Or(stream, "*")
}
