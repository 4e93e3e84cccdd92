package cfn

import (
	"strings"

	"github.com/helios-sql/helios/internal/fault"
)

// State is what a stack's status means for those who want to do something with it.
type State string

// The states. What CloudFormation allows in each: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
const (
	Ready        State = "ready"         // it can be updated
	Busy         State = "busy"          // something goes on in it: see Client.Watch
	Empty        State = "empty"         // REVIEW_IN_PROGRESS: it has a name and nothing else; it can be created
	Unborn       State = "unborn"        // its creation failed: it can only be deleted, and created anew then
	Stuck        State = "stuck"         // an update failed and so did its undoing: see Client.ContinueRollback
	DeleteFailed State = "delete_failed" // it can only be deleted: try again, and retain what refuses
	Deleted      State = "deleted"
)

// State says what can be done with a stack.
func (s Stack) State() State {
	switch s.Status {
	case "REVIEW_IN_PROGRESS":
		return Empty
	case "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED":
		return Unborn
	case "UPDATE_ROLLBACK_FAILED":
		return Stuck
	case "DELETE_FAILED":
		return DeleteFailed
	case "DELETE_COMPLETE":
		return Deleted
	}
	if strings.HasSuffix(s.Status, "_IN_PROGRESS") {
		return Busy
	}
	return Ready
}

// Refusal says why a stack cannot be changed as it stands, and the command that leads on; nil when it can be.
func (c *Client) Refusal(s Stack) error {
	flags := c.flags(s.Name)
	var message, hint string
	switch s.State() {
	case Ready, Empty:
		return nil
	case Busy:
		message = "something is being done to stack %s already (%s)"
		hint = "`helios status" + flags + "` shows it; run the same command again when it is at its end"
	case Unborn:
		message = "stack %s could not be made (%s) and can only be removed"
		hint = "`helios deploy" + flags + "` removes it first, `helios destroy" + flags + "` only removes it"
	case Stuck:
		message = "an update of stack %s failed, and so did its undoing (%s)"
		hint = "`helios deploy" + flags + "` goes on with the undoing first"
	case DeleteFailed:
		message = "stack %s is half removed (%s) and can only be removed further"
		hint = "`helios destroy" + flags + "` goes on with that"
	case Deleted:
		message = "stack %s is removed (%s)"
		hint = "`helios deploy" + flags + "` makes it anew"
	}
	return fault.New(fault.Conflict, message, s.Name, s.Status).WithHint("%s", hint)
}
