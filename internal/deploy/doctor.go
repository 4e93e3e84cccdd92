package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/fault"
)

// Result is what came out of looking at a permission.
type Result string

// The results.
const (
	Allowed  Result = "ok"
	Missing  Result = "missing"
	Untested Result = "not_tested"
)

// How a permission was looked at.
const (
	Tried     = "tried"     // the call was made
	DryRun    = "dry_run"   // EC2 was asked whether it would do it
	Simulated = "simulated" // IAM was asked for what the caller's policies say
)

// Check is a permission that was looked at.
type Check struct {
	Action    string   `json:"action"`
	Resources []string `json:"resources"`
	For       string   `json:"for"`
	Result    Result   `json:"result"`
	How       string   `json:"how,omitempty"`
	Why       string   `json:"why,omitempty"` // AWS's words, or why it was not tested

	grant int
}

// Examination says what is to be looked at. Without streams it is those of the deployment of that name.
type Examination struct {
	Name         string
	Streams      []string // by name or ARN
	Read, Deploy bool
}

// Diagnosis is who somebody is and what they may do.
type Diagnosis struct {
	Account     string          `json:"account"`
	Region      string          `json:"region"`
	Caller      string          `json:"caller"`
	Credentials string          `json:"credentials"` // where they come from
	Name        string          `json:"name"`
	Streams     []string        `json:"streams"` // their ARNs
	Checks      []Check         `json:"checks"`
	Missing     int             `json:"missing"`
	Untested    int             `json:"not_tested"`
	Policy      json.RawMessage `json:"policy"`
}

// Prescribe gives the least policy that allows what an examination looks at. It needs no permission, but for the streams and the
// domain of a deployment, which are left out when they cannot be read.
func (s *Session) Prescribe(ctx context.Context, e Examination) (json.RawMessage, error) {
	scope, err := s.scope(ctx, e)
	if err != nil {
		return nil, err
	}
	return Policy(scope.grants(e)), nil
}

// Examine looks at each permission that reading the streams and deploying need. What can be tried without changing anything is
// tried, EC2 is asked for dry runs, of the rest IAM is asked what the caller's policies say, if the caller may ask that.
func (s *Session) Examine(ctx context.Context, e Examination) (Diagnosis, error) {
	scope, err := s.scope(ctx, e)
	if err != nil {
		return Diagnosis{}, err
	}
	grants := scope.grants(e)
	d := Diagnosis{
		Account: s.Account, Region: s.Region, Caller: s.Caller, Credentials: s.Credentials, Name: e.Name, Streams: []string{},
		Policy: Policy(grants),
	}
	for _, stream := range scope.Streams {
		d.Streams = append(d.Streams, stream.ARN)
	}
	for i, g := range grants {
		for _, action := range g.Actions {
			d.Checks = append(d.Checks, Check{Action: action, Resources: g.Resources, For: g.For, Result: Untested, grant: i})
		}
	}
	if err := s.try(ctx, scope, e, d.Checks); err != nil {
		return Diagnosis{}, err
	}
	if err := s.simulate(ctx, scope, grants, d.Checks); err != nil {
		return Diagnosis{}, err
	}
	for i := range d.Checks {
		switch d.Checks[i].Result {
		case Missing:
			d.Missing++
		case Untested:
			d.Untested++
		case Allowed:
		}
	}
	return d, nil
}

// grants are those that an examination looks at.
func (s Scope) grants(e Examination) []Grant {
	var grants []Grant
	if e.Read {
		grants = append(grants, Reading(s)...)
	}
	if e.Deploy {
		grants = append(grants, Deploying(s)...)
	}
	return append(grants, Examining(s)...)
}

// scope finds out what the permissions are for.
func (s *Session) scope(ctx context.Context, e Examination) (Scope, error) {
	scope := Scope{Partition: s.Partition, Account: s.Account, Region: s.Region, Name: e.Name, Caller: principal(s.Caller)}
	d, err := s.Deployment(ctx, e.Name)
	switch {
	case err == nil:
		scope.HostedZone = d.Parameters.HostedZoneID
		if len(e.Streams) == 0 {
			scope.Streams = d.Parameters.Streams
		}
	case fault.CodeOf(err) == fault.Environment, fault.CodeOf(err) == fault.Cancelled:
		return Scope{}, err
	default: // it is among what is examined
	}
	for _, name := range e.Streams {
		wish, err := ParseStream(name)
		if err != nil {
			return Scope{}, err
		}
		stream, err := s.stream(ctx, wish)
		switch {
		case err == nil:
		case fault.CodeOf(err) == fault.Credentials: // it is among what is examined
			stream.ARN = wish.Name
			if !strings.HasPrefix(wish.Name, "arn:") {
				stream.ARN = scope.arn("kinesis", "stream/"+wish.Name)
			}
		default:
			return Scope{}, err
		}
		scope.Streams = append(scope.Streams, stream)
	}
	return scope, nil
}

// principal is the user or role behind a caller, as IAM names it: of an assumed role STS tells no path, so that any is meant. Others
// than users and roles have no policies that could be read, and "" is their name.
func principal(caller string) string {
	parsed, err := arn.Parse(caller)
	if err != nil {
		return ""
	}
	if rest, ok := strings.CutPrefix(parsed.Resource, "assumed-role/"); ok && parsed.Service == "sts" {
		role, _, _ := strings.Cut(rest, "/")
		return "arn:" + parsed.Partition + ":iam::" + parsed.AccountID + ":role/*" + role
	}
	if parsed.Service == "iam" && strings.HasPrefix(parsed.Resource, "user/") {
		return caller
	}
	return ""
}

// simulate asks IAM for what is not tested yet.
func (s *Session) simulate(ctx context.Context, scope Scope, grants []Grant, checks []Check) error {
	source, why, err := s.policySource(ctx, scope)
	if err != nil {
		return err
	}
	for i, g := range grants {
		var open []*Check
		for c := range checks {
			if checks[c].grant == i && checks[c].Result == Untested {
				open = append(open, &checks[c])
			}
		}
		if len(open) == 0 {
			continue
		}
		var decisions map[string]types.PolicyEvaluationDecisionType
		if why == "" {
			decisions, err = s.decisions(ctx, source, g, open)
			switch {
			case isFatal(err):
				return awssdk.Explain(err, "the policies of the caller cannot be simulated")
			case awssdk.Denied(err):
				why = "you may not ask IAM about it (iam:SimulatePrincipalPolicy)"
			case err != nil:
				why = "IAM does not tell what your policies say: " + words(err)
			}
		}
		for _, check := range open {
			switch decisions[check.Action] {
			case types.PolicyEvaluationDecisionTypeAllowed:
				check.Result, check.How, check.Why = Allowed, Simulated, ""
			case types.PolicyEvaluationDecisionTypeExplicitDeny:
				check.Result, check.How, check.Why = Missing, Simulated, "a policy forbids it explicitly: that denial must go, allowing it elsewhere does not help"
			case types.PolicyEvaluationDecisionTypeImplicitDeny:
				check.Result, check.How, check.Why = Missing, Simulated, "none of your policies allows it"
			default:
				if check.Why == "" {
					check.Why = why
				}
			}
		}
	}
	return nil
}

// policySource is the ARN whose policies IAM is to read, or why there is none.
func (s *Session) policySource(ctx context.Context, scope Scope) (source, why string, err error) {
	switch {
	case strings.HasSuffix(s.Caller, ":root"):
		return "", "you are the account's root user, who may do everything that the organisation allows: use a user or a role instead", nil
	case scope.Caller == "":
		return "", "IAM knows no policies of " + s.Caller, nil
	case !strings.Contains(scope.Caller, ":role/*"):
		return scope.Caller, "", nil
	}
	_, role, _ := strings.Cut(scope.Caller, ":role/*")
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	out, err := s.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &role})
	switch {
	case err == nil:
		return aws.ToString(out.Role.Arn), "", nil
	case isFatal(err):
		return "", "", awssdk.Explain(err, "the role "+role+" cannot be read")
	}
	return "", "the role " + role + " cannot be read: " + words(err), nil
}

// decisions is what the simulator says of actions, by action: the worst of what it says of each resource. Where a grant has a
// pattern, one thing that fits is asked for.
func (s *Session) decisions(ctx context.Context, source string, g Grant, open []*Check) (map[string]types.PolicyEvaluationDecisionType, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*askTime)
	defer cancel()
	in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &source}
	for _, check := range open {
		in.ActionNames = append(in.ActionNames, check.Action)
	}
	for _, resource := range g.Resources {
		if resource != "*" {
			in.ResourceArns = append(in.ResourceArns, strings.ReplaceAll(resource, "*", "0"))
		}
	}
	in.ContextEntries = append(in.ContextEntries, contextEntry("aws:RequestedRegion", s.Region))
	for _, keys := range g.Condition {
		for key, value := range keys {
			in.ContextEntries = append(in.ContextEntries, contextEntry(key, value))
		}
	}
	decisions := map[string]types.PolicyEvaluationDecisionType{}
	worst := func(action string, decision types.PolicyEvaluationDecisionType) {
		if before := decisions[action]; before == "" || before == types.PolicyEvaluationDecisionTypeAllowed {
			decisions[action] = decision
		}
	}
	pages := iam.NewSimulatePrincipalPolicyPaginator(s.IAM, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, result := range page.EvaluationResults {
			action := aws.ToString(result.EvalActionName)
			if len(result.ResourceSpecificResults) == 0 {
				worst(action, result.EvalDecision)
			}
			for _, of := range result.ResourceSpecificResults {
				worst(action, of.EvalResourceDecision)
			}
		}
	}
	return decisions, nil
}

func contextEntry(key, value string) types.ContextEntry {
	return types.ContextEntry{ContextKeyName: &key, ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{value}}
}

// isFatal reports whether an error ends all asking: nobody listens any more, or AWS does not accept the credentials.
func isFatal(err error) bool {
	if err == nil {
		return false
	}
	_, answered := errors.AsType[smithy.APIError](err)
	code := fault.CodeOf(awssdk.Explain(err, ""))
	return code == fault.Cancelled || code == fault.Environment && answered
}

// words is what AWS said, or why it said nothing, in short.
func words(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return awssdk.Saying(api)
	}
	return awssdk.Shortest(err)
}
