package cfn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
)

// StackError says that an operation of a stack did not come to its end as it should. As an error it tells the root cause first and
// what became of the stack; its hint (fault.HintOf) is the command to go on with.
type StackError struct {
	Stack     string
	Status    string     // of the stack now
	First     Event      // the root cause: what failed first and was not called off because of something else; zero: nothing did
	Undoing   Event      // what failed first while the operation was undone; zero: nothing
	Remaining []Resource // what is still there of a stack that was to be deleted

	cause *fault.Error
}

func (f *StackError) Error() string { return f.cause.Message }

// Unwrap gives the fault, which has a code and a hint.
func (f *StackError) Unwrap() error { return f.cause }

// Why tells of the last operation of a stack that rests why it failed; nil when it did not.
func (c *Client) Why(ctx context.Context, name string) (*StackError, error) {
	s, found, err := c.Describe(ctx, name)
	if err != nil || !found || s.State() == Busy || s.State() == Empty {
		return nil, err
	}
	ends := 0 // of the last operation, of those before whose undoing it may have been, and of the one before them
	events, err := c.eventsUntil(ctx, s.ID, func(e Event) bool {
		if e.separates() {
			ends++
		}
		return ends > 5
	})
	if err != nil {
		return nil, c.explain(err, name, "the events of stack %s cannot be read")
	}
	failure, failed := errors.AsType[*StackError](c.judge(s, lastOperation(events)))
	if failed && s.State() == DeleteFailed {
		if _, err = c.left(ctx, s, failure, true); errors.As(err, &failure) {
			return failure, nil
		}
	}
	return failure, err
}

// lastOperation are the events of the last thing done to a stack that rests. An undoing that was continued belongs to what was to be
// undone.
func lastOperation(events []Event) []Event {
	for i := len(events) - 2; i >= 0; i-- { // the last one is the end of it
		if events[i].separates() && began(events[i+1:]) != "UPDATE_ROLLBACK_IN_PROGRESS" {
			return events[i+1:]
		}
	}
	return events
}

// began is the status of the stack with which an operation began.
func began(events []Event) string {
	for _, e := range events {
		if e.OfStack {
			return e.Status
		}
	}
	return ""
}

// causes finds what failed first in an operation, and what failed first while it was undone.
func causes(events []Event) (first, undoing Event) {
	undo := false
	for _, e := range events {
		undo = undo || e.OfStack && strings.Contains(e.Status, "ROLLBACK")
		if !e.failed() || e.Cancelled() {
			continue
		}
		if undo && undoing.Status == "" {
			undoing = e
		}
		if !undo && first.Status == "" {
			first = e
		}
	}
	if first.Status == "" && undoing.Status != "" { // an undoing by itself
		return undoing, undoing
	}
	if first.Status == "" { // what is wrong with the whole is told of the stack itself
		for _, e := range events {
			if e.OfStack && e.Reason != "" && e.Reason != "User Initiated" && (e.ends() || strings.Contains(e.Status, "ROLLBACK")) {
				return e, undoing
			}
		}
	}
	return first, undoing
}

// judge is nil when an operation came to its end as it should, and a *StackError otherwise.
func (c *Client) judge(s Stack, events []Event) error {
	beginning := began(events)
	switch s.Status {
	case "CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE":
		return nil
	case "DELETE_COMPLETE":
		if beginning == "" || beginning == "DELETE_IN_PROGRESS" {
			return nil
		}
	case "UPDATE_ROLLBACK_COMPLETE":
		if beginning == "UPDATE_ROLLBACK_IN_PROGRESS" { // which was asked for
			return nil
		}
	}
	f := &StackError{Stack: s.Name, Status: s.Status}
	f.First, f.Undoing = causes(events)
	c.word(f)
	return f
}

// word makes the text and the hint of a failure.
func (c *Client) word(f *StackError) {
	flags := c.flags(f.Stack)
	cause := diagnosis{code: fault.Conflict, said: "the work on stack " + f.Stack + " was cancelled"}
	if f.First.Status != "" {
		cause = diagnose(f.First)
	}
	deploy, destroy := "`helios deploy"+flags+"`", "`helios destroy"+flags+"`"
	var became, next string
	switch f.Status {
	case "ROLLBACK_COMPLETE":
		became = fmt.Sprintf("CloudFormation has taken back what it had made; of stack %s only the name is left (%s)", f.Stack, f.Status)
		next = "go on with " + deploy + ", which knows what you said before"
	case "ROLLBACK_FAILED", "CREATE_FAILED":
		became = fmt.Sprintf("stack %s is half made (%s)", f.Stack, f.Status)
		next = "go on with " + deploy + ", which first removes what there is, or with " + destroy + ", which only does that"
	case "UPDATE_ROLLBACK_COMPLETE":
		became = "CloudFormation has put everything back as it was before"
		next = "run the same command again"
	case "UPDATE_ROLLBACK_FAILED":
		became = fmt.Sprintf("stack %s stands between what it was and what it was to be (%s)", f.Stack, f.Status)
		next = "go on with " + deploy + ", which first puts the rest back"
		if f.Undoing.Status != "" {
			next += fmt.Sprintf("; should %[1]s refuse for good, `aws cloudformation continue-update-rollback --stack-name %[2]s --resources-to-skip %[1]s --region %[3]s` leaves it as it is", f.Undoing.LogicalID, f.Stack, c.region)
		}
	case "DELETE_FAILED":
		became = fmt.Sprintf("stack %s is not wholly removed (%s)", f.Stack, f.Status)
		next = "go on with " + destroy
	case "DELETE_COMPLETE":
		became = "stack " + f.Stack + " is removed"
		next = deploy + " makes it anew"
		if len(f.Remaining) > 0 {
			became = "CloudFormation says that stack " + f.Stack + " is removed"
			next = "go on with " + destroy
		}
	default:
		became = fmt.Sprintf("stack %s is %s", f.Stack, f.Status)
		next = "`helios status" + flags + "` shows more"
	}
	message := cause.said + ". " + strings.ToUpper(became[:1]) + became[1:]
	hint := cause.hint(next)
	if f.Undoing.Status != "" && f.Undoing != f.First {
		undoing := diagnose(f.Undoing)
		message += ", since putting it back failed too: " + undoing.said
		if undoing.advice != "" {
			hint = undoing.advice + "; " + hint
		}
	}
	if len(f.Remaining) > 0 {
		message += "; still there: " + list(f.Remaining)
	}
	f.cause = fault.New(cause.code, "%s", message).WithHint("%s", hint)
}

// list names resources as AWS knows them.
func list(resources []Resource) string {
	names := make([]string, len(resources))
	for i, r := range resources {
		names[i] = r.LogicalID
		if r.PhysicalID != "" && r.PhysicalID != r.LogicalID {
			names[i] += " " + r.PhysicalID
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
