package cfn

import (
	"context"
	"errors"

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
	return nil, fault.New(fault.Unavailable, "change sets cannot be made yet")
}

// Discard removes a change set that is not executed, and the empty stack that came with it.
func (c *Client) Discard(ctx context.Context, cs *ChangeSet) error {
	return fault.New(fault.Unavailable, "change sets cannot be removed yet")
}

// Execute carries a change set out and follows it to its end. Every event is told to watch once, in order. When the stack does not
// become what it was to be, the error is a *Failure. When ctx ends, CloudFormation goes on, and the error says so: see Watch and Cancel.
func (c *Client) Execute(ctx context.Context, cs *ChangeSet, watch func(Event)) (Stack, error) {
	return Stack{}, fault.New(fault.Unavailable, "change sets cannot be executed yet")
}
