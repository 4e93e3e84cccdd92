package cfn

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/fault"
)

// isMissing reports whether CloudFormation says that there is no such stack, which it does with the code of a wrong request.
func isMissing(err error) bool { return isWrong(err, "does not exist") }

// isWrong reports whether CloudFormation refused a request with these words. It has one code for many mistakes.
func isWrong(err error, words string) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == "ValidationError" && strings.Contains(api.ErrorMessage(), words)
}

// isQuota tells a quota of the account from being asked to slow down, which in other services has the same code.
func isQuota(err error) bool {
	_, ok := errors.AsType[*types.LimitExceededException](err)
	return ok
}

// explain turns an error of the SDK into one for people.
func (c *Client) explain(err error, stack, what string) error {
	if _, done := errors.AsType[*fault.Error](err); done {
		return err
	}
	what = fmt.Sprintf(what, stack)
	if isQuota(err) {
		return fault.New(fault.Conflict, "%s: the account may not have another stack in this region", what).
			WithHint("remove one that nobody needs, or ask for more under CloudFormation in the console of Service Quotas")
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		switch api.ErrorCode() {
		case "ValidationError", "InsufficientCapabilitiesException", "AlreadyExistsException", "TokenAlreadyExistsException":
			return fault.New(fault.Conflict, "%s: %s", what, awssdk.Saying(api))
		case "InvalidChangeSetStatus", "ChangeSetNotFound":
			return fault.New(fault.Conflict, "%s: the stack has changed since the plan was made", what).
				WithHint("run the same command again: it makes a new plan")
		case "OperationInProgressException":
			return fault.New(fault.Conflict, "%s: something else is being done to it", what).
				WithHint("`helios status%s` shows what; run the same command again afterwards", c.flags(stack))
		}
	}
	return awssdk.Explain(err, what)
}

// interrupted says of an error while something was followed that CloudFormation goes on all the same.
func interrupted(err error, stack string) error {
	return fault.New(fault.CodeOf(err), "%w. CloudFormation goes on with stack %s all the same", err, stack).
		WithHint("%s", hintAgain(err))
}

// hintAgain is the hint of an error, with the advice to run the command again if it lacks that.
func hintAgain(err error) string {
	hint, again := fault.HintOf(err), "run the same command again: it goes on where it was"
	switch {
	case hint == "":
		return again
	case strings.Contains(hint, "same command"):
		return hint
	}
	return hint + "; then " + again
}
