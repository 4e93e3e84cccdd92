package cfn

import "strings"

// State is what a stack's status means for those who want to do something with it.
type State string

// The states.
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
