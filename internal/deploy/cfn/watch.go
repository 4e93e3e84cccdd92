package cfn

import (
	"context"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// Event is one step of an operation, of a resource or of the stack itself.
type Event struct {
	At                          time.Time
	LogicalID, PhysicalID, Type string
	Status, Reason              string
	OfStack                     bool // the stack itself
}

// Watch follows what goes on in a stack, whoever began it, from its beginning to its end. A stack that rests is given as it is.
func (c *Client) Watch(ctx context.Context, name string, watch func(Event)) (Stack, error) {
	return Stack{}, fault.New(fault.Unavailable, "stacks cannot be watched yet")
}
