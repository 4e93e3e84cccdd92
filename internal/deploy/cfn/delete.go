package cfn

import (
	"context"

	"github.com/helios-sql/helios/internal/fault"
)

// Delete removes a stack and follows that to its end. What retain names by logical ID is left to itself, which CloudFormation
// allows only when a deletion has failed at it before. It gives the resources that are still there, as their deletion policy or
// retain wants it. When others are left the error is a *Failure which has them. No stack of that name: nothing is done.
func (c *Client) Delete(ctx context.Context, name string, retain []string, watch func(Event)) ([]Resource, error) {
	return nil, fault.New(fault.Unavailable, "stacks cannot be deleted yet")
}

// ContinueRollback takes up the undoing of an update that had failed (UPDATE_ROLLBACK_FAILED) and follows it to its end. What skip
// names by logical ID is left as it is.
func (c *Client) ContinueRollback(ctx context.Context, name string, skip []string, watch func(Event)) (Stack, error) {
	return Stack{}, fault.New(fault.Unavailable, "rollbacks cannot be continued yet")
}

// Cancel stops what goes on in a stack: an update is undone, a stack that is being created is deleted. It does not wait: see Watch.
func (c *Client) Cancel(ctx context.Context, name string) error {
	return fault.New(fault.Unavailable, "nothing can be cancelled yet")
}
