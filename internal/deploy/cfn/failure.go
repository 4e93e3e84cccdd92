package cfn

import (
	"context"

	"github.com/helios-sql/helios/internal/fault"
)

// Failure says that an operation of a stack did not come to its end as it should. As an error it tells the root cause first and
// what became of the stack; its hint (fault.HintOf) is the command to go on with.
type Failure struct {
	Stack     string
	Status    string     // of the stack now
	First     Event      // the root cause: what failed first and was not called off because of something else
	Undoing   Event      // what failed first while the operation was undone; zero: nothing
	Remaining []Resource // what is still there of a stack that was to be deleted

	cause *fault.Error
}

func (f *Failure) Error() string { return f.cause.Message }

// Unwrap gives the fault, which has a code and a hint.
func (f *Failure) Unwrap() error { return f.cause }

// Why tells of the last operation of a stack that rests why it failed; nil when it did not.
func (c *Client) Why(ctx context.Context, name string) (*Failure, error) {
	return nil, fault.New(fault.Unavailable, "the events of a stack cannot be read yet")
}
