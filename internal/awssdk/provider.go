package awssdk

import (
	"cmp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Provider says in words where the SDK's chain found credentials.
func Provider(c aws.Credentials) string {
	name, _, _ := strings.Cut(c.Source, ":")
	switch name {
	case "EnvConfigCredentials":
		return "environment variables"
	case "SharedConfigCredentials":
		return "the AWS configuration files"
	case "EC2RoleProvider":
		return "the role of this instance"
	case "CredentialsEndpointProvider":
		return "the role of this container"
	case "SSOProvider":
		return "IAM Identity Center"
	case "AssumeRoleProvider":
		return "a role that the profile names"
	case "WebIdentityCredentials":
		return "a web identity"
	case "ProcessProvider":
		return "a credential process"
	}
	return cmp.Or(name, "the AWS configuration")
}
