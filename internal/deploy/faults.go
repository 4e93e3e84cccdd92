package deploy

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/fault"
)

// noCredentials says why there are none. At the end of the SDK's chain stands the instance's role: what it says only means that
// nothing else was found.
func noCredentials(err error, profile string) error {
	why := awssdk.Shortest(err)
	api, answered := errors.AsType[smithy.APIError](err)
	switch {
	case answered:
		why = awssdk.Saying(api)
	case strings.Contains(err.Error(), "IMDS"), errors.Is(err, context.DeadlineExceeded):
		why = "neither the environment, nor the configuration files, nor a role of this machine give any"
	}
	hint := "set AWS_PROFILE or name a profile with --profile, or run `aws sso login`; `aws sts get-caller-identity` shows who you are"
	if profile != "" {
		hint = "`aws sso login --profile " + profile + "` signs in, if the profile is one of IAM Identity Center; `aws sts get-caller-identity --profile " + profile + "` shows who you are"
	}
	return fault.New(fault.Environment, "there are no AWS credentials that can be used: %s", why).WithHint("%s", hint)
}
