package deploy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/deploy/cfntest"
	"github.com/helios-sql/helios/internal/fault"
)

// account opens a session in an account of its own.
func account(t *testing.T) (*cfntest.Account, *deploy.Session) {
	t.Helper()
	a := cfntest.Start(t)
	for name, value := range a.Environment() {
		t.Setenv(name, value)
	}
	return a, session(t)
}

func session(t *testing.T) *deploy.Session {
	t.Helper()
	s, err := deploy.Open(t.Context(), deploy.Options{})
	require.NoError(t, err)
	return s
}

// always lets a service answer an action with an error however often it is asked.
func always(action, code, message string) cfntest.Fault {
	return cfntest.Fault{Action: action, Code: code, Message: message, Times: -1}
}

// readable gives the account a stream that can be read, and EC2 dry runs.
func readable(a *cfntest.Account) {
	a.Answer("kinesis:ListShards", func(*cfntest.Request) (any, error) {
		return map[string]any{"Shards": []any{map[string]any{"ShardId": "shardId-000000000000"}}}, nil
	})
	a.Answer("kinesis:GetShardIterator", func(*cfntest.Request) (any, error) { return map[string]any{"ShardIterator": "AAA"}, nil })
	a.Answer("kinesis:GetRecords", func(*cfntest.Request) (any, error) {
		return map[string]any{"Records": []any{}, "MillisBehindLatest": 0}, nil
	})
	a.Fault(always("kinesis:DescribeStreamConsumer", "ResourceNotFoundException", "no such consumer"))
	for _, action := range []string{"CreateVpc", "CreateInternetGateway", "CreateSecurityGroup", "RunInstances", "AllocateAddress"} {
		a.Fault(always("ec2:"+action, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."))
	}
}

// simulator lets IAM say of actions what decisions has, and of all others that they are allowed.
func simulator(a *cfntest.Account, asked *[]*cfntest.Request, decisions map[string]string) {
	a.Answer("iam:SimulatePrincipalPolicy", func(q *cfntest.Request) (any, error) {
		*asked = append(*asked, q)
		var results []cfntest.Fields
		for _, action := range q.List("ActionNames") {
			decision := decisions[action]
			if decision == "" {
				decision = "allowed"
			}
			results = append(results, cfntest.Fields{{Name: "EvalActionName", Value: action}, {Name: "EvalResourceName", Value: "*"}, {Name: "EvalDecision", Value: decision}})
		}
		return cfntest.Fields{{Name: "EvaluationResults", Value: results}, {Name: "IsTruncated", Value: "false"}}, nil
	})
}

var all = deploy.Examination{Name: "helios", Streams: []string{"clicks"}, Read: true, Deploy: true}

// outcomes are what came out of each check: its result, how, and why.
func outcomes(d deploy.Diagnosis) map[string]string {
	found := map[string]string{}
	for _, c := range d.Checks {
		found[c.Action] = strings.Join(strings.Fields(string(c.Result)+" "+c.How+" "+c.Why), " ")
	}
	return found
}

func TestTheDoctorNamesWhatIsMissingAndHowItKnows(t *testing.T) {
	a, s := account(t)
	a.Fault(always("kinesis:GetRecords", "AccessDeniedException", "no policy allows it"), always("ec2:AllocateAddress", "UnauthorizedOperation", "You are not authorized"))
	readable(a)
	var asked []*cfntest.Request
	simulator(a, &asked, map[string]string{"iam:CreateRole": "implicitDeny", "s3:CreateBucket": "explicitDeny"})

	d, err := s.Examine(t.Context(), all)
	require.NoError(t, err)
	found := outcomes(d)
	for action, want := range map[string]string{
		"kinesis:GetRecords":          "missing tried no policy allows it (AccessDeniedException)",
		"ec2:AllocateAddress":         "missing dry_run You are not authorized (UnauthorizedOperation)",
		"iam:CreateRole":              "missing simulated none of your policies allows it",
		"s3:CreateBucket":             "missing simulated a policy forbids it explicitly: that denial must go, allowing it elsewhere does not help",
		"kinesis:ListShards":          "ok tried",
		"kinesis:SubscribeToShard":    "ok simulated",
		"ec2:RunInstances":            "ok dry_run",
		"cloudformation:GetTemplate":  "ok tried",
		"cloudformation:DeleteStack":  "ok simulated",
		"iam:SimulatePrincipalPolicy": "ok simulated",
	} {
		require.Equal(t, want, found[action], action)
	}
	require.Equal(t, 4, d.Missing)
	require.Zero(t, d.Untested)
	require.Equal(t, []string{clicks}, d.Streams)
	require.Equal(t, cfntest.Caller, d.Caller)
	for action := range found {
		require.Contains(t, string(d.Policy), `"`+action+`"`)
	}
	require.True(t, slices.ContainsFunc(asked, func(q *cfntest.Request) bool {
		return slices.Contains(q.List("ActionNames"), "ec2:TerminateInstances") &&
			strings.Contains(q.Query.Encode(), "aws%3AResourceTag%2Fhelios%3Adeployment") &&
			q.Get("ResourceArns.member.1") == "arn:aws:ec2:eu-central-1:123456789012:instance/0"
	}), "what carries the tag is simulated with it")
}

func TestWhatCannotBeTestedIsNotClaimed(t *testing.T) {
	a, s := account(t)
	readable(a)
	a.Fault(always("iam:SimulatePrincipalPolicy", "AccessDenied", "no"))
	d, err := s.Examine(t.Context(), all)
	require.NoError(t, err)
	require.Zero(t, d.Missing)
	require.Equal(t, "not_tested you may not ask IAM about it (iam:SimulatePrincipalPolicy)", outcomes(d)["iam:CreateRole"])
	require.Equal(t, "ok dry_run", outcomes(d)["ec2:CreateVpc"])
}

func TestWhatIsMadeWhereDryRunsAreNotKnownIsRemovedAtOnce(t *testing.T) {
	a, s := account(t)
	made := map[string]func(id string) cfntest.Fields{
		"CreateVpc":             func(id string) cfntest.Fields { return within("vpc", "vpcId", id) },
		"CreateInternetGateway": func(id string) cfntest.Fields { return within("internetGateway", "internetGatewayId", id) },
		"AllocateAddress":       func(id string) cfntest.Fields { return cfntest.Fields{{Name: "allocationId", Value: id}} },
		"CreateSecurityGroup":   func(id string) cfntest.Fields { return cfntest.Fields{{Name: "groupId", Value: id}} },
		"RunInstances": func(id string) cfntest.Fields {
			return cfntest.Fields{{Name: "instancesSet", Value: []cfntest.Fields{{{Name: "instanceId", Value: id}}}}}
		},
	}
	for action, answer := range made {
		a.Answer("ec2:"+action, func(*cfntest.Request) (any, error) { return answer("made-by-" + action), nil })
	}
	removed := map[string]string{}
	for action, parameter := range map[string]string{
		"DeleteVpc": "VpcId", "DeleteInternetGateway": "InternetGatewayId", "ReleaseAddress": "AllocationId", "DeleteSecurityGroup": "GroupId", "TerminateInstances": "InstanceId.1",
	} {
		a.Answer("ec2:"+action, func(q *cfntest.Request) (any, error) {
			removed[q.Get(parameter)] = action
			return cfntest.Fields{{Name: "return", Value: "true"}}, nil
		})
	}
	d, err := s.Examine(t.Context(), all)
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"made-by-CreateVpc": "DeleteVpc", "made-by-CreateInternetGateway": "DeleteInternetGateway", "made-by-AllocateAddress": "ReleaseAddress",
		"made-by-CreateSecurityGroup": "DeleteSecurityGroup", "made-by-RunInstances": "TerminateInstances",
	}, removed)
	require.NotEqual(t, "ok dry_run", outcomes(d)["ec2:RunInstances"])
}

// within is an element with one in it.
func within(outer, inner, value string) cfntest.Fields {
	return cfntest.Fields{{Name: outer, Value: cfntest.Fields{{Name: inner, Value: value}}}}
}

func TestARoleIsSimulatedByItsOwnName(t *testing.T) {
	a, _ := account(t)
	readable(a)
	a.Answer("sts:GetCallerIdentity", func(*cfntest.Request) (any, error) {
		return cfntest.Fields{{Name: "Arn", Value: "arn:aws:sts::123456789012:assumed-role/Deployer/ann"}, {Name: "Account", Value: cfntest.ID}}, nil
	})
	const role = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/Deployer"
	a.Answer("iam:GetRole", func(*cfntest.Request) (any, error) {
		return cfntest.Fields{{Name: "Role", Value: cfntest.Fields{
			{Name: "Arn", Value: role}, {Name: "RoleName", Value: "Deployer"}, {Name: "Path", Value: "/"}, {Name: "RoleId", Value: "A"}, {Name: "CreateDate", Value: "2026-01-01T00:00:00Z"},
		}}}, nil
	})
	var asked []*cfntest.Request
	simulator(a, &asked, nil)
	d, err := session(t).Examine(t.Context(), all)
	require.NoError(t, err)
	require.Zero(t, d.Untested)
	for _, q := range asked {
		require.Equal(t, role, q.Get("PolicySourceArn"))
	}
	require.Contains(t, string(d.Policy), "arn:aws:iam::123456789012:role/*Deployer")
}

func TestCredentialsThatExpireEndTheExamination(t *testing.T) {
	a, s := account(t)
	readable(a)
	a.Fault(always("ec2:DescribeVpcs", "ExpiredToken", "The security token included in the request is expired"))
	_, err := s.Examine(t.Context(), all)
	require.Equal(t, fault.Environment, fault.CodeOf(err), err)
	require.ErrorContains(t, err, "have expired")
}

func TestReadingAloneAsksForNothingOfDeploying(t *testing.T) {
	a, s := account(t)
	readable(a)
	var asked []*cfntest.Request
	simulator(a, &asked, nil)
	d, err := s.Examine(t.Context(), deploy.Examination{Name: "helios", Streams: []string{"clicks"}, Read: true})
	require.NoError(t, err)
	for action := range outcomes(d) {
		require.Regexp(t, `^(kinesis:|iam:(GetRole|SimulatePrincipalPolicy)$)`, action)
	}
	require.NotContains(t, a.Asked(), "ec2:RunInstances")
}
