package cfn

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/helios-sql/helios/internal/fault"
)

// Delete removes a stack and follows that to its end; one that is being deleted already is only followed. What retain names by
// logical ID is left to itself, which CloudFormation allows only when a deletion has failed at it before. It gives the resources
// that are still there, as their deletion policy or retain wants it. When others are left the error is a *StackError which has them. No
// stack of that name: nothing is done.
func (c *Client) Delete(ctx context.Context, name string, retain []string, watch func(Event)) ([]Resource, error) {
	s, found, err := c.Describe(ctx, name)
	if err != nil || !found || s.State() == Deleted {
		return nil, err
	}
	if s.Status == "DELETE_IN_PROGRESS" {
		s, err = c.Watch(ctx, s.ID, watch)
		failure, failed := errors.AsType[*StackError](err)
		switch {
		case err != nil && !failed:
			return nil, err
		case s.State() == Deleted: // it may have been cancelled while it was being made
			failure = nil
		}
		return c.left(ctx, s, failure, true)
	}
	after, err := c.newest(ctx, s.ID)
	if err != nil {
		return nil, c.explain(err, name, "stack %s cannot be deleted")
	}
	if err := c.remove(ctx, s.ID, retain); err != nil {
		if isWrong(err, "cannot be deleted while in status") {
			return nil, c.Refusal(s)
		}
		return nil, c.explain(err, name, "stack %s cannot be deleted")
	}
	s, told, err := c.follow(ctx, s, after, watch)
	if err != nil {
		return nil, err
	}
	failure, _ := errors.AsType[*StackError](c.judge(s, told))
	// moto 5.2.5 tells no events of resources, and would make those of a deleted stack anew when it is asked for them.
	resources := false
	for _, e := range told {
		resources = resources || !e.OfStack
	}
	return c.left(ctx, s, failure, resources)
}

func (c *Client) remove(ctx context.Context, id string, retain []string) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := c.api.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &id, RetainResources: retain, ClientRequestToken: aws.String(rand.Text())})
	return err
}

// left asks what there is still of a stack after its deletion, whatever its status says of that.
func (c *Client) left(ctx context.Context, s Stack, failure *StackError, ask bool) ([]Resource, error) {
	if !ask && failure == nil {
		return nil, nil
	}
	resources, err := c.Resources(ctx, s.ID)
	if err != nil && !isMissing(err) {
		return nil, err
	}
	var kept, remaining []Resource
	for _, r := range resources {
		switch r.Status {
		case "DELETE_COMPLETE":
		case "DELETE_SKIPPED":
			kept = append(kept, r)
		default:
			remaining = append(remaining, r)
		}
	}
	if failure == nil && len(remaining) == 0 {
		return kept, nil
	}
	if failure == nil {
		failure = &StackError{Stack: s.Name, Status: s.Status, First: Event{
			LogicalID: remaining[0].LogicalID, PhysicalID: remaining[0].PhysicalID, Type: remaining[0].Type,
			Status: "DELETE_FAILED", Reason: "it is still there",
		}}
	}
	failure.Remaining = remaining
	c.word(failure)
	return kept, failure
}

// ContinueRollback takes up the undoing of an update that had failed (UPDATE_ROLLBACK_FAILED) and follows it to its end. What skip
// names by logical ID is left as it is.
func (c *Client) ContinueRollback(ctx context.Context, name string, skip []string, watch func(Event)) (Stack, error) {
	s, found, err := c.Describe(ctx, name)
	switch {
	case err != nil:
		return s, err
	case !found || s.State() != Stuck:
		return s, fault.New(fault.Conflict, "stack %s has no undoing to go on with: it is %s", name, s.Status)
	}
	after, err := c.newest(ctx, s.ID)
	if err == nil {
		err = c.resume(ctx, s.ID, skip)
	}
	if err != nil {
		return s, c.explain(err, name, "the undoing of the update of stack %s cannot be taken up")
	}
	s, told, err := c.follow(ctx, s, after, watch)
	if err != nil {
		return s, err
	}
	return s, c.judge(s, told)
}

func (c *Client) resume(ctx context.Context, id string, skip []string) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := c.api.ContinueUpdateRollback(ctx, &cloudformation.ContinueUpdateRollbackInput{StackName: &id, ResourcesToSkip: skip, ClientRequestToken: aws.String(rand.Text())})
	return err
}

// Cancel stops what goes on in a stack: an update is undone, a stack that is being created is deleted. It does not wait: see Watch.
func (c *Client) Cancel(ctx context.Context, name string) error {
	s, found, err := c.Describe(ctx, name)
	if err != nil {
		return err
	}
	switch {
	case !found || s.State() != Busy:
		return fault.New(fault.Conflict, "nothing is being done to stack %s any more", name)
	case s.Status == "CREATE_IN_PROGRESS", s.Status == "ROLLBACK_IN_PROGRESS":
		err = c.remove(ctx, s.ID, nil)
	case s.Status == "UPDATE_IN_PROGRESS":
		err = c.stop(ctx, s.ID)
	default:
		return fault.New(fault.Conflict, "what is being done to stack %s cannot be stopped any more (%s)", name, s.Status).
			WithHint("`helios status%s` shows it", c.flags(name))
	}
	if err != nil {
		return c.explain(err, name, "what is being done to stack %s cannot be stopped")
	}
	return nil
}

func (c *Client) stop(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := c.api.CancelUpdateStack(ctx, &cloudformation.CancelUpdateStackInput{StackName: &id, ClientRequestToken: aws.String(rand.Text())})
	return err
}
