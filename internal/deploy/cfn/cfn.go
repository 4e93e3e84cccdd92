// Package cfn makes, changes and removes stacks of CloudFormation: by change sets that are seen before they are executed, with
// every event told once and in order, and with the root cause when something fails. It never takes a waiter's word: what a stack
// is comes from its events and its status, what is left of it from its resources. It knows nothing of what is in a template.
package cfn

import (
	"context"
	"net"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Options of a Client. What is zero is chosen here.
type Options struct {
	Poll time.Duration // between two questions while something goes on: 3 s, less when an emulator on this machine is asked
	Wait time.Duration // for one operation of a stack: 90 min, more than any part of it may take
	// Flags are those that lead a command to a stack, with a space before them: for the commands that people are told. Without it
	// there are none.
	Flags func(stack string) string
}

// Client speaks with CloudFormation in one account and region.
type Client struct {
	api  *cloudformation.Client
	poll time.Duration
	wait time.Duration

	region string
	// flags is never nil.
	flags func(stack string) string
}

const (
	defaultPoll = 3 * time.Second
	localPoll   = 5 * time.Millisecond
	defaultWait = 90 * time.Minute
	callTime    = 2 * time.Minute // for one question, with all that it is asked again
	planTime    = 10 * time.Minute
	attempts    = 10 // at one question: a throttled account is waited for
)

// New makes a client. Whatever retries the given one makes, this one's are its own: it slows down when AWS asks for it, and says
// nothing of that.
func New(api *cloudformation.Client, o Options) *Client {
	c := &Client{poll: o.Poll, wait: o.Wait, flags: o.Flags, region: api.Options().Region}
	if c.poll == 0 {
		c.poll = defaultPoll
		if isLocal(aws.ToString(api.Options().BaseEndpoint)) {
			c.poll = localPoll
		}
	}
	if c.wait == 0 {
		c.wait = defaultWait
	}
	if c.flags == nil {
		c.flags = func(string) string { return "" }
	}
	c.api = cloudformation.New(api.Options(), func(o *cloudformation.Options) {
		o.Retryer = retry.NewAdaptiveMode(func(a *retry.AdaptiveModeOptions) {
			a.StandardOptions = append(a.StandardOptions, func(s *retry.StandardOptions) {
				s.MaxAttempts, s.MaxBackoff = attempts, min(retry.DefaultMaxBackoff, 5*c.poll)
				s.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(neverAgain)}, s.Retryables...)
			})
		})
	})
	return c
}

// Poll is how long the client waits between two questions.
func (c *Client) Poll() time.Duration { return c.poll }

// isLocal reports whether an endpoint is on this machine, where nobody is kept from work by being asked often.
func isLocal(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// neverAgain holds back what is asked in vain: a quota is no throttle, though it is called like one elsewhere.
func neverAgain(err error) aws.Ternary {
	if isQuota(err) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

// Stack is a stack as it stands.
type Stack struct {
	Name, ID       string
	Status, Reason string
	Parameters     map[string]string
	Outputs        map[string]string
	Tags           map[string]string
	Created        time.Time
	Updated        time.Time // zero: never
	Gone           time.Time // of those of Past: when it was deleted
}

// Describe looks a stack up by its name or ID. One that is deleted is found by its ID only.
func (c *Client) Describe(ctx context.Context, name string) (Stack, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	out, err := c.api.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	switch {
	case isMissing(err):
		return Stack{}, false, nil
	case err != nil:
		return Stack{}, false, c.explain(err, name, "stack %s cannot be looked up")
	case len(out.Stacks) == 0:
		return Stack{}, false, nil
	}
	return stackOf(out.Stacks[0]), true, nil
}

func stackOf(s types.Stack) Stack {
	stack := Stack{
		Name: aws.ToString(s.StackName), ID: aws.ToString(s.StackId),
		Status: string(s.StackStatus), Reason: tidy(aws.ToString(s.StackStatusReason)),
		Parameters: map[string]string{}, Outputs: map[string]string{}, Tags: map[string]string{},
		Created: aws.ToTime(s.CreationTime), Updated: aws.ToTime(s.LastUpdatedTime),
	}
	for _, p := range s.Parameters {
		stack.Parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	for _, o := range s.Outputs {
		stack.Outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	for _, t := range s.Tags {
		stack.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return stack
}

// Template gives a stack's template as it was sent.
func (c *Client) Template(ctx context.Context, name string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	out, err := c.api.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &name, TemplateStage: types.TemplateStageOriginal})
	if err != nil {
		return nil, c.explain(err, name, "the template of stack %s cannot be read")
	}
	return []byte(aws.ToString(out.TemplateBody)), nil
}

// Resource is what a stack has of AWS.
type Resource struct {
	LogicalID, PhysicalID, Type string
	Status, Reason              string
}

// Resources are all that a stack has or had, those that are deleted with them. A deleted stack is asked by its ID.
func (c *Client) Resources(ctx context.Context, name string) ([]Resource, error) {
	var all []Resource
	pages := cloudformation.NewListStackResourcesPaginator(c.api, &cloudformation.ListStackResourcesInput{StackName: &name})
	for pages.HasMorePages() {
		page, err := nextPage(ctx, pages.NextPage)
		if err != nil {
			return nil, c.explain(err, name, "the resources of stack %s cannot be listed")
		}
		for _, r := range page.StackResourceSummaries {
			all = append(all, Resource{
				LogicalID: aws.ToString(r.LogicalResourceId), PhysicalID: aws.ToString(r.PhysicalResourceId), Type: aws.ToString(r.ResourceType),
				Status: string(r.ResourceStatus), Reason: tidy(aws.ToString(r.ResourceStatusReason)),
			})
		}
	}
	return all, nil
}

// nextPage asks for a page within the time of one question.
func nextPage[P any](ctx context.Context, next func(context.Context, ...func(*cloudformation.Options)) (P, error)) (P, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return next(ctx)
}
