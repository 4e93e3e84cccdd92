package cfn

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/helios-sql/helios/internal/fault"
)

// Input is what a stack is to be.
type Input struct {
	Template    []byte
	TemplateURL string // in place of Template: an object in S3
	Parameters  map[string]string
	Tags        map[string]string
}

// ChangeSet is what CloudFormation would do to a stack.
type ChangeSet struct {
	Stack   string // its name
	StackID string
	ID      string
	Create  bool // the stack is not there yet
	Changes []Change
}

// Change is what would be done to a resource.
type Change struct {
	LogicalID, PhysicalID, Type string
	Action                      string   // Add, Modify, Remove, Dynamic
	Replacement                 string   // of a Modify: True, Conditional, False
	Details                     []string // of a Modify: "VolumeSize: 100 → 200"
}

// ErrNoChange says that a stack is already what it is to be.
var ErrNoChange = errors.New("nothing changes")

// Prepare lets CloudFormation find out what it would do, and waits for its answer. It gives ErrNoChange when that is nothing. A
// stack that cannot be changed as it stands is refused: see Stack.State.
func (c *Client) Prepare(ctx context.Context, name string, in Input) (*ChangeSet, error) {
	s, found, err := c.Describe(ctx, name)
	if err != nil {
		return nil, err
	}
	state := s.State()
	if found && state != Empty && state != Ready {
		return nil, c.Refusal(s)
	}
	cs := &ChangeSet{Stack: name, Create: !found || state == Empty}
	if err := c.ask(ctx, cs, in); err != nil {
		return nil, c.explain(err, name, "the changes of stack %s cannot be planned")
	}
	status, reason, err := c.answer(ctx, cs)
	if err != nil {
		return nil, err
	}
	if status != types.ChangeSetStatusFailed {
		return cs, nil
	}
	why := c.whyNot(ctx, cs, reason)
	if err := c.Discard(ctx, cs); err != nil {
		return nil, err
	}
	return nil, why
}

// ask sends what a stack is to be.
func (c *Client) ask(ctx context.Context, cs *ChangeSet, in Input) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	ask := &cloudformation.CreateChangeSetInput{
		StackName: &cs.Stack, ChangeSetName: aws.String(ours + strings.ToLower(rand.Text())), ClientToken: aws.String(rand.Text()),
		ChangeSetType: types.ChangeSetTypeUpdate,
		Capabilities:  []types.Capability{types.CapabilityCapabilityNamedIam},
		Description:   aws.String("made by helios"),
	}
	if cs.Create {
		ask.ChangeSetType = types.ChangeSetTypeCreate
	}
	if in.TemplateURL != "" {
		ask.TemplateURL = &in.TemplateURL
	} else {
		ask.TemplateBody = aws.String(string(in.Template))
	}
	for _, key := range sorted(in.Parameters) {
		ask.Parameters = append(ask.Parameters, types.Parameter{ParameterKey: &key, ParameterValue: aws.String(in.Parameters[key])})
	}
	for _, key := range sorted(in.Tags) {
		ask.Tags = append(ask.Tags, types.Tag{Key: &key, Value: aws.String(in.Tags[key])})
	}
	out, err := c.api.CreateChangeSet(ctx, ask)
	if err != nil {
		return err
	}
	cs.ID, cs.StackID = aws.ToString(out.Id), aws.ToString(out.StackId)
	return nil
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// answer waits until a change set is worked out, and reads it.
func (c *Client) answer(ctx context.Context, cs *ChangeSet) (types.ChangeSetStatus, string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, planTime, errTooLong)
	defer cancel()
	for {
		out, err := c.describeChangeSet(ctx, cs, nil)
		if err == nil && out.Status != types.ChangeSetStatusCreatePending && out.Status != types.ChangeSetStatusCreateInProgress {
			changes := out.Changes
			for out.NextToken != nil && err == nil {
				if out, err = c.describeChangeSet(ctx, cs, out.NextToken); err == nil {
					changes = append(changes, out.Changes...)
				}
			}
			if err == nil {
				cs.Changes = changesOf(changes)
				return out.Status, aws.ToString(out.StatusReason), nil
			}
		}
		if err == nil {
			err = c.pause(ctx)
		}
		switch {
		case errors.Is(context.Cause(ctx), errTooLong):
			return "", "", fault.New(fault.Timeout, "CloudFormation has not said in %s what would change in stack %s", planTime, cs.Stack).
				WithHint("run the same command again")
		case err != nil:
			return "", "", c.explain(err, cs.Stack, "the changes of stack %s cannot be planned")
		}
	}
}

func (c *Client) describeChangeSet(ctx context.Context, cs *ChangeSet, token *string) (*cloudformation.DescribeChangeSetOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return c.api.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{
		ChangeSetName: &cs.ID, StackName: &cs.StackID, IncludePropertyValues: aws.Bool(true), NextToken: token,
	})
}

func changesOf(changes []types.Change) []Change {
	var all []Change
	for _, change := range changes {
		r := change.ResourceChange
		if r == nil {
			continue
		}
		all = append(all, Change{
			LogicalID: aws.ToString(r.LogicalResourceId), PhysicalID: aws.ToString(r.PhysicalResourceId), Type: aws.ToString(r.ResourceType),
			Action: string(r.Action), Replacement: string(r.Replacement), Details: detailsOf(r.Details),
		})
	}
	return all
}

// detailsOf says what changes in a resource, each property once: CloudFormation tells a property anew for every reason it sees.
func detailsOf(details []types.ResourceChangeDetail) []string {
	var order []string
	values := map[string]string{}
	for _, d := range details {
		if d.Target == nil {
			continue
		}
		what := string(d.Target.Attribute)
		if d.Target.Name != nil {
			what = *d.Target.Name
		}
		if _, ok := values[what]; !ok {
			order = append(order, what)
			values[what] = ""
		}
		if d.Target.BeforeValue != nil || d.Target.AfterValue != nil {
			values[what] = fmt.Sprintf(": %s → %s", short(d.Target.BeforeValue), short(d.Target.AfterValue))
		}
	}
	for i, what := range order {
		order[i] = what + values[what]
	}
	return order
}

// short is a value in one line that can be read.
func short(given *string) string {
	if given == nil {
		return "none"
	}
	value := strings.Join(strings.Fields(strings.ReplaceAll(*given, "{{changeSet:KNOWN_AFTER_APPLY}}", "known then")), " ")
	if runes := []rune(value); len(runes) > 60 {
		return string(runes[:57]) + "..."
	}
	return value
}

// whyNot says why a change set could not be made.
func (c *Client) whyNot(ctx context.Context, cs *ChangeSet, reason string) error {
	// The two wordings are CloudFormation's own, for the same: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html
	if strings.Contains(reason, "didn't contain changes") || strings.Contains(reason, "No updates are to be performed") {
		return ErrNoChange
	}
	event := Event{Reason: tidy(reason), raw: reason}
	if found := c.validation(ctx, cs); found != nil {
		event = *found
	}
	d := diagnose(event)
	return fault.New(d.code, "%s; CloudFormation has changed nothing in stack %s", d.said, cs.Stack).WithHint("%s", d.hint("run the same command again"))
}

// validation is the first thing that CloudFormation found wrong before it did anything. A change set that failed so tells only that
// there are such; a name that is taken is one.
func (c *Client) validation(ctx context.Context, cs *ChangeSet) *Event {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	out, err := c.api.DescribeEvents(ctx, &cloudformation.DescribeEventsInput{ChangeSetName: &cs.ID, Filters: &types.EventFilter{FailedEvents: aws.Bool(true)}})
	if err != nil { // whoever may not ask that has still the change set's own words
		return nil
	}
	for _, e := range slices.Backward(out.OperationEvents) { // the newest comes first
		if reason := aws.ToString(e.ValidationStatusReason); reason != "" && e.ValidationFailureMode == types.HookFailureModeFail {
			return &Event{LogicalID: aws.ToString(e.LogicalResourceId), Type: aws.ToString(e.ResourceType), Reason: tidy(reason), raw: reason}
		}
	}
	return nil
}

const ours = "helios-" // with which the names of change sets begin that are made here

// Foreign is the name of a change set of a stack that was not made here, or "".
func (c *Client) Foreign(ctx context.Context, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	pages := cloudformation.NewListChangeSetsPaginator(c.api, &cloudformation.ListChangeSetsInput{StackName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", c.explain(err, name, "the change sets of stack %s cannot be listed")
		}
		for _, set := range page.Summaries {
			if made := aws.ToString(set.ChangeSetName); !strings.HasPrefix(made, ours) {
				return made, nil
			}
		}
	}
	return "", nil
}

// Discard removes a change set that is not executed, and the empty stack that came with it.
func (c *Client) Discard(ctx context.Context, cs *ChangeSet) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := c.api.DeleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{ChangeSetName: &cs.ID, StackName: &cs.StackID})
	if err != nil && !isMissing(err) {
		return c.explain(err, cs.Stack, "the plan for stack %s, which is not wanted any more, cannot be removed")
	}
	if !cs.Create {
		return nil
	}
	s, found, err := c.Describe(ctx, cs.StackID)
	if err != nil || !found || s.State() != Empty {
		return err
	}
	if _, err := c.api.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &cs.StackID}); err != nil {
		return c.explain(err, cs.Stack, "the empty stack %s, which came with a plan, cannot be removed")
	}
	return nil
}

// Execute carries a change set out and follows it to its end. Every event is told to watch once, in order. When the stack does not
// become what it was to be, the error is a *StackError. When ctx ends, CloudFormation goes on, and the error says so: see Watch and Cancel.
func (c *Client) Execute(ctx context.Context, cs *ChangeSet, watch func(Event)) (Stack, error) {
	after, err := c.newest(ctx, cs.StackID)
	if err != nil {
		return Stack{}, c.explain(err, cs.Stack, "the changes of stack %s cannot be begun")
	}
	if err := c.execute(ctx, cs); err != nil {
		return Stack{}, c.explain(err, cs.Stack, "the changes of stack %s cannot be begun")
	}
	s, told, err := c.follow(ctx, Stack{Name: cs.Stack, ID: cs.StackID}, after, watch)
	if err != nil {
		return s, err
	}
	return s, c.judge(s, told)
}

func (c *Client) execute(ctx context.Context, cs *ChangeSet) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := c.api.ExecuteChangeSet(ctx, &cloudformation.ExecuteChangeSetInput{
		ChangeSetName: &cs.ID, StackName: &cs.StackID, ClientRequestToken: aws.String(rand.Text()),
		// What is made and not finished is taken back, also what would be kept later: a first try leaves nothing behind.
		DisableRollback: aws.Bool(false), RetainExceptOnCreate: aws.Bool(true),
	})
	return err
}
