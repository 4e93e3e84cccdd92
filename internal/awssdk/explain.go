// Package awssdk is what all who use the SDK of AWS share, whatever the service: faults for people made of what AWS answers, and of
// that it does not answer, with what failed, why and what to do next; where credentials are from; connections that hold.
package awssdk

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/helios-sql/helios/internal/fault"
)

// Explain turns an error of the SDK into one for people. what failed is told first; an error that is explained already stays.
func Explain(err error, what string) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return explainAnswer(err, api, what)
	}
	if strings.Contains(err.Error(), "get credentials:") { // the SDK has no type for it
		return fault.New(fault.Environment, "%s: the AWS credentials cannot be renewed: %s", what, Shortest(err)).
			WithHint("sign in again, for example with `aws sso login`, and run the same command: it goes on where it was")
	}
	service := "AWS"
	if op, ok := errors.AsType[*smithy.OperationError](err); ok {
		service = op.Service()
	}
	name, lookup := errors.AsType[*net.DNSError](err)
	var netErr net.Error
	_, send := errors.AsType[*smithyhttp.RequestSendError](err)
	switch {
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Cancelled, "%s: %w", what, context.Canceled)
	case lookup && name.IsNotFound:
		return fault.New(fault.Environment, "%s: %s cannot be reached, since there is no host %s", what, service, name.Name).
			WithHint("check that the region is one of AWS, and that this machine can look names up")
	case send, errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr):
		return fault.New(fault.Environment, "%s: %s cannot be reached: %s", what, service, Shortest(err)).
			WithHint("check the network, proxies, the region, and AWS_ENDPOINT_URL if it is set")
	}
	return fault.New(fault.Unavailable, "%s: %w", what, err)
}

// explainAnswer is Explain for what AWS itself said.
func explainAnswer(err error, api smithy.APIError, what string) error {
	switch api.ErrorCode() {
	case "ExpiredTokenException", "ExpiredToken", "RequestExpired":
		return fault.New(fault.Environment, "%s: the AWS credentials have expired", what).
			WithHint("sign in again, for example with `aws sso login`, and run the same command: it goes on where it was")
	case "UnrecognizedClientException", "InvalidSignatureException", "InvalidClientTokenId", "SignatureDoesNotMatch",
		"InvalidAccessKeyId", "AuthFailure", "MissingAuthenticationToken", "IncompleteSignature", "OptInRequired":
		return fault.New(fault.Environment, "%s: AWS does not accept the credentials: %s", what, Saying(api)).
			WithHint("`aws sts get-caller-identity` shows whether they are valid, and whose they are")
	case "AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "AllAccessDisabled", "Forbidden":
		return fault.New(fault.Credentials, "%s: %s", what, Saying(api)).
			WithHint("`helios doctor` names each action that is missing, and prints a policy that allows it")
	}
	if _, throttled := retry.DefaultThrottleErrorCodes[api.ErrorCode()]; throttled {
		return fault.New(fault.Unavailable, "%s: AWS asks to slow down (%s)", what, Saying(api)).
			WithHint("wait a minute, then run the same command: it goes on where it was")
	}
	return fault.New(fault.Unavailable, "%s: %s%w", what, Saying(api), silent{err})
}

// silent keeps a cause whose words have been said.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }

// Saying is a service's own words, without the SDK's preamble of request ids.
func Saying(api smithy.APIError) string {
	if message := api.ErrorMessage(); message != "" {
		return strings.TrimSuffix(message, ".") + " (" + api.ErrorCode() + ")"
	}
	return api.ErrorCode()
}

// AnsweredWith reports whether AWS answered with one of these codes.
func AnsweredWith(err error, codes ...string) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	return slices.Contains(codes, api.ErrorCode())
}

// Shortest is the innermost of what the SDK puts around an error of the network, in one line.
func Shortest(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer came in time"
	}
	if send, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		return send.Err.Error()
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err.Error()
}

// Denied reports whether AWS does not allow the caller what was asked for.
func Denied(err error) bool {
	return AnsweredWith(err, "AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "AllAccessDisabled", "Forbidden")
}

// Throttled reports whether AWS asks to slow down.
func Throttled(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	_, throttled := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
	return throttled
}
