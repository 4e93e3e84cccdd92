package deploy

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/deploy/stack"
	"github.com/helios-sql/helios/internal/fault"
)

// Stage is a part of what Apply does, for those who watch.
type Stage string

// The stages.
const (
	Removing  Stage = "removing"  // what an earlier attempt left
	Making    Stage = "making"    // a new deployment
	Updating  Stage = "updating"  //
	Replacing Stage = "replacing" // the first of two updates: the old instance goes
)

// Apply carries a plan out. begin is called with each stage, watch with every event of CloudFormation. When ctx ends CloudFormation
// goes on with what it has begun.
func (s *Session) Apply(ctx context.Context, p *Plan, begin func(Stage), watch func(cfn.Event)) (cfn.Stack, error) {
	switch {
	case p.Create:
		if p.Before.Found {
			begin(Removing)
			if _, err := s.Stacks.Delete(ctx, p.After.Name, nil, watch); err != nil {
				return cfn.Stack{}, err
			}
		}
		return s.change(ctx, p.After, Making, begin, watch)
	case p.Changes == nil:
		return p.Before.Stack, nil
	case len(p.Replaced()) > 0:
		if err := s.Discard(ctx, p); err != nil {
			return cfn.Stack{}, err
		}
		without := p.After
		without.Absent = true
		s.halt(ctx, p.Before.Stack.Outputs["InstanceId"])
		if made, err := s.change(ctx, without, Replacing, begin, watch); err != nil {
			s.Wake(ctx, p.After.Name)
			return made, err
		}
		return s.change(ctx, p.After, Making, begin, watch)
	}
	begin(Updating)
	return s.Stacks.Execute(ctx, p.Changes, watch)
}

// Resume goes on with a plan of several operations after one of them was followed to its end by other means. Where nothing is left to
// be done it gives the stack as it is.
func (s *Session) Resume(ctx context.Context, p *Plan, begin func(Stage), watch func(cfn.Event)) (cfn.Stack, error) {
	now, err := s.Deployment(ctx, p.After.Name)
	if err != nil || now.Found && !now.Parameters.Absent {
		return now.Stack, err
	}
	return s.change(ctx, p.After, Making, begin, watch)
}

// change brings the stack to what parameters say, in one operation of CloudFormation.
func (s *Session) change(ctx context.Context, p stack.Parameters, stage Stage, begin func(Stage), watch func(cfn.Event)) (cfn.Stack, error) {
	template, err := stack.Template(p)
	if err != nil {
		return cfn.Stack{}, err
	}
	changes, err := s.Stacks.Prepare(ctx, p.Name, input(p, template))
	if err != nil {
		return cfn.Stack{}, err
	}
	if ctx.Err() != nil { // nothing has begun, so nothing is to be left
		if err := s.Discard(ctx, &Plan{Changes: changes}); err != nil {
			return cfn.Stack{}, err
		}
		return cfn.Stack{}, fault.New(fault.Cancelled, "nothing was begun: %w", ctx.Err())
	}
	begin(stage)
	return s.Stacks.Execute(ctx, changes, watch)
}

// Setup is how the first admin gets in.
type Setup struct {
	Link        string    `json:"link"` // the path, after the console's address
	ExpiresAt   time.Time `json:"expires_at"`
	Fingerprint string    `json:"fingerprint"` // of a certificate of Helios's own; "" of one that an authority gave
	Taken       bool      `json:"-"`           // there is an account already, so there is no link
}

const (
	agentTime   = 4 * time.Minute // the agent of Systems Manager says late that it is there
	commandTime = time.Minute     // for the command itself
	agentAsked  = 80              // times, at most

	// SetupCommand makes the link, on the instance.
	SetupCommand = "sudo -u helios /opt/helios/bin/helios users setup --data /var/lib/helios/data"
	taken        = "there is an account already" // what it says then: see package auth
)

// Setup asks the instance for the one-time link, by Run Command of Systems Manager, so that it stands in no log and no output of
// the stack. It is patient.
func (s *Session) Setup(ctx context.Context, instance string) (Setup, error) {
	ctx, cancel := context.WithTimeout(ctx, agentTime)
	defer cancel()
	missing := func(why string) error {
		return fault.New(fault.Unavailable, "the instance could not be asked for the link that makes the first account: %s", why).
			WithHint("ask it yourself: `aws ssm start-session --region %s --target %s`, and there `%s`", s.Region, instance, SetupCommand)
	}
	var id string
	for asked := 1; id == ""; asked++ {
		sent, err := s.SSM.SendCommand(ctx, &ssm.SendCommandInput{
			DocumentName: aws.String("AWS-RunShellScript"), InstanceIds: []string{instance}, TimeoutSeconds: aws.Int32(int32(commandTime.Seconds())),
			Comment:    aws.String("the link for the first account of Helios"),
			Parameters: map[string][]string{"commands": {SetupCommand + " --json"}, "executionTimeout": {"60"}},
		})
		switch {
		case err == nil:
			id = aws.ToString(sent.Command.CommandId)
		case awssdk.AnsweredWith(err, "InvalidInstanceId"): // the agent has not registered yet
			if asked == agentAsked || wait(ctx, s.Stacks.Poll()) != nil {
				return Setup{}, missing("its agent has not registered with Systems Manager yet")
			}
		default:
			return Setup{}, missing(awssdk.Explain(err, "Run Command failed").Error())
		}
	}
	for {
		answer, err := s.SSM.GetCommandInvocation(ctx, &ssm.GetCommandInvocationInput{CommandId: &id, InstanceId: &instance})
		switch {
		case awssdk.AnsweredWith(err, "InvocationDoesNotExist"): // yet
		case err != nil:
			return Setup{}, missing(awssdk.Explain(err, "Run Command failed").Error())
		case answer.Status == ssmtypes.CommandInvocationStatusSuccess:
			var setup Setup
			if err := json.Unmarshal([]byte(aws.ToString(answer.StandardOutputContent)), &setup); err != nil || !strings.HasPrefix(setup.Link, "/setup#") {
				return Setup{}, missing("its answer cannot be read")
			}
			return setup, nil
		case answer.Status != ssmtypes.CommandInvocationStatusPending && answer.Status != ssmtypes.CommandInvocationStatusInProgress && answer.Status != ssmtypes.CommandInvocationStatusDelayed:
			said := strings.TrimSpace(aws.ToString(answer.StandardErrorContent))
			if strings.Contains(said, taken) {
				return Setup{Taken: true}, nil
			}
			return Setup{}, missing(said + " (" + string(answer.Status) + ")")
		}
		if wait(ctx, s.Stacks.Poll()) != nil {
			return Setup{}, missing("no answer came in time")
		}
	}
}

// wait waits for so long, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
