package cfn

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/helios-sql/helios/internal/fault"
)

// Event is one step of an operation, of a resource or of the stack itself.
type Event struct {
	At                          time.Time
	LogicalID, PhysicalID, Type string
	Status, Reason              string
	OfStack                     bool   // the stack itself
	ID                          string // of the event: one that is told again, by another Watch, has the same

	raw string // the reason with all that AWS put around it
}

func eventOf(e types.StackEvent) Event {
	raw := aws.ToString(e.ResourceStatusReason)
	if raw == "" {
		raw = aws.ToString(e.HookStatusReason)
	}
	return Event{
		At: aws.ToTime(e.Timestamp), LogicalID: aws.ToString(e.LogicalResourceId), PhysicalID: aws.ToString(e.PhysicalResourceId),
		Type: aws.ToString(e.ResourceType), Status: string(e.ResourceStatus), Reason: tidy(raw),
		OfStack: aws.ToString(e.PhysicalResourceId) == aws.ToString(e.StackId),
		ID:      aws.ToString(e.EventId), raw: raw,
	}
}

// ends reports whether an event is the last of an operation: the stack itself comes to rest.
func (e Event) ends() bool {
	return e.OfStack && (strings.HasSuffix(e.Status, "_COMPLETE") || strings.HasSuffix(e.Status, "_FAILED"))
}

// separates reports whether what comes after an event is another operation.
func (e Event) separates() bool { return e.ends() || e.OfStack && e.Status == "REVIEW_IN_PROGRESS" }

// Cancelled reports whether a resource was given up because of something else: another one failed, or a person wanted it.
func (e Event) Cancelled() bool {
	return strings.HasSuffix(e.Status, "_FAILED") && strings.HasSuffix(strings.ToLower(e.Reason), "cancelled")
}

// failed reports whether an event tells of a resource that did not become what it was to be.
func (e Event) failed() bool { return !e.OfStack && strings.HasSuffix(e.Status, "_FAILED") }

const (
	// quietPolls is how often nothing new may be heard of a stack that rests until it is taken to have come to its end without
	// saying so. Its status may also be known later than its events.
	quietPolls = 5
	maxPages   = 50 // of the events of a stack that has lived long
)

var errTooLong = errors.New("it takes too long")

// newest is the ID of a stack's newest event: what comes after it belongs to what is done next. Clocks have no part in it.
func (c *Client) newest(ctx context.Context, id string) (string, error) {
	events, err := c.eventsUntil(ctx, id, func(Event) bool { return true })
	if err != nil || len(events) == 0 {
		return "", err
	}
	return events[0].ID, nil
}

// eventsUntil are a stack's events, oldest first, back to the newest one that last accepts, which is among them.
func (c *Client) eventsUntil(ctx context.Context, id string, last func(Event) bool) ([]Event, error) {
	var events []Event
	pages := cloudformation.NewDescribeStackEventsPaginator(c.api, &cloudformation.DescribeStackEventsInput{StackName: &id})
	for n := 0; pages.HasMorePages() && n < maxPages; n++ {
		page, err := nextPage(ctx, pages.NextPage)
		if err != nil {
			return nil, err
		}
		for _, e := range page.StackEvents { // the newest comes first
			event := eventOf(e)
			events = append(events, event)
			if last(event) {
				slices.Reverse(events)
				return events, nil
			}
		}
	}
	slices.Reverse(events)
	return events, nil
}

// follow tells every event after the one of the given ID until the stack rests, and gives them and the stack as it is then.
func (c *Client) follow(ctx context.Context, s Stack, after string, watch func(Event)) (Stack, []Event, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.wait, errTooLong)
	defer cancel()
	var told []Event
	known := map[string]bool{after: true}
	for quiet := 0; ; {
		events, err := c.eventsUntil(ctx, s.ID, func(e Event) bool { return e.ID == after })
		if err != nil {
			return s, told, c.broken(ctx, err, s)
		}
		fresh := 0
		for _, e := range events {
			if known[e.ID] {
				continue
			}
			known[e.ID] = true
			fresh++
			told = append(told, e)
			if watch != nil {
				watch(e)
			}
		}
		if quiet++; fresh > 0 {
			quiet = 0
		}
		if n := len(told); (n > 0 && told[n-1].ends()) || quiet >= quietPolls {
			now, err := c.again(ctx, s)
			if err != nil {
				return s, told, c.broken(ctx, err, s)
			}
			s = now
			if state := s.State(); state != Busy && state != Empty {
				return s, told, nil
			}
			if n > 0 && told[n-1].ends() && quiet >= quietPolls { // by now others may be doing something to it
				s.Status = told[n-1].Status
				return s, told, nil
			}
		}
		if err := c.pause(ctx); err != nil {
			return s, told, c.broken(ctx, err, s)
		}
	}
}

// again asks for a stack by its ID, which answers for deleted ones too. One that is not even known by that is deleted.
func (c *Client) again(ctx context.Context, s Stack) (Stack, error) {
	now, found, err := c.Describe(ctx, s.ID)
	if err != nil {
		return s, err
	}
	if !found {
		s.Status = "DELETE_COMPLETE"
		return s, nil
	}
	return now, nil
}

// pause waits until it is time to ask again.
func (c *Client) pause(ctx context.Context) error {
	timer := time.NewTimer(c.poll)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// broken is the error of a watch that came to no end.
func (c *Client) broken(ctx context.Context, err error, s Stack) error {
	switch {
	case errors.Is(context.Cause(ctx), errTooLong):
		return fault.New(fault.Timeout, "stack %s is still not at rest after %s; CloudFormation goes on with it", s.Name, c.wait).
			WithHint("run the same command again to follow it further, or look into the console of CloudFormation")
	case ctx.Err() != nil:
		return fault.New(fault.Cancelled, "stack %s is not watched any more, and CloudFormation goes on with it: %w", s.Name, ctx.Err()).
			WithHint("run the same command again: it goes on where it was")
	}
	return interrupted(c.explain(err, s.Name, "stack %s cannot be followed any further"), s.Name)
}

// Watch follows what goes on in a stack, whoever began it, from its beginning to its end. A stack that rests is given as it is. A
// stack that does not become what it was to be makes a *StackError.
func (c *Client) Watch(ctx context.Context, name string, watch func(Event)) (Stack, error) {
	s, found, err := c.Describe(ctx, name)
	switch {
	case err != nil:
		return Stack{}, err
	case !found:
		return Stack{}, fault.New(fault.NotFound, "there is no stack %s", name)
	case s.State() != Busy:
		return s, nil
	}
	before, err := c.eventsUntil(ctx, s.ID, Event.separates)
	if err != nil {
		return s, c.broken(ctx, err, s)
	}
	after := ""
	if len(before) > 0 && before[0].separates() {
		after = before[0].ID
	}
	s, told, err := c.follow(ctx, s, after, watch)
	if err != nil {
		return s, err
	}
	return s, c.judge(s, told)
}
