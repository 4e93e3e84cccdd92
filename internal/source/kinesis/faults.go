package kinesis

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/helios-sql/helios/internal/fault"
)

// explain turns an error of the SDK into one for people: what was being done, why it failed and what to try. stream may be
// empty; the action is named as IAM names it.
func (a *Account) explain(err error, stream string) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	action := "kinesis:*"
	if op, ok := errors.AsType[*smithy.OperationError](err); ok {
		action = "kinesis:" + op.Operation()
	}
	what := "Kinesis"
	if stream != "" {
		what = "stream " + stream
	}

	var cred *credentialsError
	var api smithy.APIError
	var netErr net.Error
	var send *smithyhttp.RequestSendError
	var name *net.DNSError
	switch {
	case errors.As(err, &cred):
		return a.explainCredentials(cred.cause)
	case errors.As(err, &api):
		return a.explainAnswer(err, api, action, stream)
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Cancelled, "reading of %s was stopped: %w", what, context.Canceled)
	case errors.As(err, &name) && name.IsNotFound:
		return fault.New(fault.Network, "%s cannot be reached at %s: %w", what, a.endpoint, name).
			WithHint("Check that %s is a region of AWS, or the name in the endpoint, and that this machine can look names up.", a.region)
	case errors.As(err, &send), errors.As(err, &netErr):
		return fault.New(fault.Network, "%s cannot be reached at %s: %w", what, a.endpoint, shortest(err)).
			WithHint("Check the endpoint, the region, the network and proxies.")
	}
	return fault.New(fault.Unavailable, "%s failed for %s at %s: %w", action, what, a.endpoint, shortest(err))
}

// explainCredentials says why there are no credentials: none were found, or a role cannot be assumed.
func (a *Account) explainCredentials(cause error) error {
	op, calls := errors.AsType[*smithy.OperationError](cause)
	api, answers := errors.AsType[smithy.APIError](cause)
	if calls && answers && op.Service() == sts.ServiceID {
		action := "sts:" + op.Operation()
		if denies(api) {
			return a.denied(action, a.role, "the role", answered(api)).
				WithHint("Allow the action %s on the role for who you are, and let the trust policy of the role name you; `aws sts get-caller-identity` shows who that is.", action)
		}
		return a.explainAnswer(cause, api, action, "")
	}
	return fault.New(fault.Credentials, "no valid AWS credentials were found: %s", absence(cause)).
		WithHint("Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws sso login`; `aws sts get-caller-identity` shows who you are.")
}

func denies(api smithy.APIError) bool {
	switch api.ErrorCode() {
	case "AccessDeniedException", "AccessDenied", "UnauthorizedOperation":
		return true
	default:
		return false
	}
}

func (a *Account) explainAnswer(err error, api smithy.APIError, action, stream string) error {
	what := "Kinesis"
	if stream != "" {
		what = "stream " + stream
	}
	if denies(api) {
		return a.denied(action, stream, what, answered(api))
	}
	switch api.ErrorCode() {
	case "ResourceNotFoundException":
		return fault.New(fault.NotFound, "there is no %s at %s: %w", what, a.endpoint, answered(api)).
			WithHint("`helios streams list` shows the streams there are; those of another region or account need its connection.")
	case "KMSAccessDeniedException":
		return a.denied("kms:Decrypt", "", "the key that encrypts "+what, answered(api))
	case "ExpiredTokenException", "ExpiredToken", "RequestExpired":
		return fault.New(fault.Credentials, "the AWS credentials have expired: %w", answered(api)).
			WithHint("Sign in again, for example with `aws sso login`.")
	case "UnrecognizedClientException", "InvalidSignatureException", "InvalidClientTokenId", "SignatureDoesNotMatch",
		"MissingAuthenticationTokenException", "MissingAuthenticationToken", "IncompleteSignatureException", "OptInRequired":
		return fault.New(fault.Credentials, "AWS does not accept the credentials: %w", answered(api)).
			WithHint("`aws sts get-caller-identity` shows whether they are valid, and whose they are.")
	case "InvalidArgumentException", "ValidationException", "ValidationError", "SerializationException":
		return fault.New(fault.Invalid, "%s was refused for %s: %w", action, what, answered(api)).
			WithHint("Check the name or ARN of the stream.")
	}
	if isThrottle(err) {
		return fault.New(fault.Unavailable, "%s is throttled for %s: %w", action, what, answered(api)).
			WithHint("All who use the stream or the account share its limits: try again in a moment.").WithRetryAfter(time.Second)
	}
	return fault.New(fault.Unavailable, "%s failed for %s: %w", action, what, answered(api))
}

// answered is the service's own words, without the SDK's preamble of request ids.
type answer struct{ smithy.APIError }

func answered(api smithy.APIError) error { return answer{api} }

func (a answer) Error() string {
	if m := a.ErrorMessage(); m != "" {
		return a.ErrorCode() + ": " + m
	}
	return a.ErrorCode()
}

// shortest unwraps what the SDK puts around an error of the network.
func shortest(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op
	}
	if send, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		return send.Err
	}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return response.Err
	}
	return err
}

func isThrottle(err error) bool {
	var (
		throughput *types.ProvisionedThroughputExceededException
		limit      *types.LimitExceededException
		kms        *types.KMSThrottlingException
		api        smithy.APIError
	)
	if errors.As(err, &throughput) || errors.As(err, &limit) || errors.As(err, &kms) {
		return true
	}
	if errors.As(err, &api) {
		_, ok := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
		return ok
	}
	return false
}

func isNotFound(err error) bool {
	var missing *types.ResourceNotFoundException
	return errors.As(err, &missing)
}

func isInvalid(err error) bool {
	var invalid *types.InvalidArgumentException
	return errors.As(err, &invalid)
}

// isPermanent reports whether trying again would change nothing, as far as one can tell at the start of reading.
func isPermanent(err error) bool {
	switch fault.CodeOf(err) {
	case fault.NotFound, fault.Credentials, fault.Invalid, fault.Environment:
		return true
	default:
		return false
	}
}
