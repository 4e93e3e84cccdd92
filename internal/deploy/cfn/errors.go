package cfn

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/helios-sql/helios/internal/fault"
)

// isMissing reports whether CloudFormation says that there is no such stack, which it does with the code of a wrong request.
func isMissing(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == "ValidationError" && strings.Contains(api.ErrorMessage(), "does not exist")
}

// explain turns an error of the SDK into one for people.
func explain(err error, what string, args ...any) error {
	return fault.New(fault.Unavailable, "%s: %w", fmt.Sprintf(what, args...), err)
}

// tidy is a reason as AWS gives it, without what only machines read.
func tidy(reason string) string { return strings.TrimSpace(reason) }
