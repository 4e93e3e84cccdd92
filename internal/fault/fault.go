// Package fault is the one vocabulary of errors: a stable code for programs, a sentence and a hint for people, and the
// cause. It is mapped once to an HTTP status (api) and once to an exit code (cli). It is not a place for control flow:
// packages keep their own sentinel errors for that.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Code is a stable, machine-readable name of a class of errors.
type Code string

// The codes. Each says what the caller can do about the error.
const (
	Invalid     Code = "invalid"     // the request is wrong: mend it
	NotFound    Code = "not_found"   // what was named does not exist
	Conflict    Code = "conflict"    // it exists already, or is in another state
	Refused     Code = "refused"     // understood, and not allowed: the query guard, the listen rule
	Forbidden   Code = "forbidden"   // understood, and not for this caller: a role, or a limit to some tables
	TooLarge    Code = "too_large"   // beyond a stated limit
	Timeout     Code = "timeout"     // a stated limit of time ran out
	Cancelled   Code = "cancelled"   // somebody stopped it
	Credentials Code = "credentials" // the cloud does not know or not allow the caller
	SignIn      Code = "sign_in"     // Helios does not know the caller: no account, session or token, or not this one
	TooMany     Code = "too_many"    // too often in too short a time: wait
	Network     Code = "network"     // an endpoint cannot be reached
	Environment Code = "environment" // this machine: a port, a directory, a file in use
	Unavailable Code = "unavailable" // not now: starting, stopping, overloaded
	Internal    Code = "internal"    // a defect of Helios
)

// Error is an error for people and programs. Message is a sentence without a final period, its cause included; Hint, when
// not empty, is the next thing to try; RetryAfter, when not zero, is when a program may try the same again by itself.
type Error struct {
	Code       Code
	Message    string
	Hint       string
	RetryAfter time.Duration
	cause      error
}

// New makes an error with a code and a formatted message; %w keeps a cause.
func New(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), cause: errors.Unwrap(err)}
}

// Error gives the message.
func (e *Error) Error() string { return e.Message }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// WithHint returns a copy of the error that carries the next thing to try.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// WithRetryAfter returns a copy of the error that says when the same may succeed. It is for what passes by itself, not for
// what would do harm again.
func (e *Error) WithRetryAfter(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// CodeOf is the code of the first Error in err's chain, or Internal when there is none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// HintOf is the hint of the first Error in err's chain, or "".
func HintOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Hint
	}
	return ""
}

// RetryAfterOf is when the first Error in err's chain may be tried again, or 0.
func RetryAfterOf(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}
