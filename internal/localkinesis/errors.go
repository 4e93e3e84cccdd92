package localkinesis

import (
	"fmt"
	"net/http"
)

// The names of errors on the wire.
const (
	errInvalidArgument    = "InvalidArgumentException"
	errValidation         = "ValidationException"
	errSerialization      = "SerializationException"
	errUnknownOperation   = "UnknownOperationException"
	errResourceNotFound   = "ResourceNotFoundException"
	errResourceInUse      = "ResourceInUseException"
	errLimitExceeded      = "LimitExceededException"
	errExpiredIterator    = "ExpiredIteratorException"
	errExpiredNextToken   = "ExpiredNextTokenException"
	errThroughputExceeded = "ProvisionedThroughputExceededException"
	errDryRun             = "DryRunOperationException"
	errRequestTooLarge    = "RequestEntityTooLargeException"
)

// Error is an error of the API: its type on the wire and a sentence.
type Error struct {
	Type    string
	Message string
	status  int
}

func (e *Error) Error() string { return e.Type + ": " + e.Message }

func apiError(kind, format string, args ...any) *Error {
	return &Error{Type: kind, Message: fmt.Sprintf(format, args...), status: http.StatusBadRequest}
}

// constraint is what AWS answers when a member breaks its model, before the service looks at it.
func constraint(member string, value any, rule string, args ...any) *Error {
	return apiError(errValidation, "1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s",
		value, member, fmt.Sprintf(rule, args...))
}

// missing is what AWS answers when a required member is not there.
func missing(member string) *Error {
	return apiError(errValidation, "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

// inRange checks an optional number.
func inRange(member string, v *int64, low, high int64) error {
	switch {
	case v == nil:
		return nil
	case *v < low:
		return constraint(member, *v, "Member must have value greater than or equal to %d", low)
	case *v > high:
		return constraint(member, *v, "Member must have value less than or equal to %d", high)
	}
	return nil
}

func orDefault(v *int64, def int64) int64 {
	if v == nil {
		return def
	}
	return *v
}
