package cli_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/cli"
	"github.com/helios-sql/helios/internal/deploy/cfntest"
)

func TestTheDoctorNamesTheMissingActionAndPrintsThePolicy(t *testing.T) {
	c := newCloud(t)
	c.Fault(cfntest.Fault{Action: "ec2:AllocateAddress", Code: "UnauthorizedOperation", Message: "You are not authorized", Times: -1})
	var out, talk bytes.Buffer
	run := func(args ...string) int {
		out.Reset()
		talk.Reset()
		return cli.Main(t.Context(), args, strings.NewReader(""), &out, &talk)
	}
	require.Equal(t, 1, run("doctor", "--stream", "clicks"))
	require.Regexp(t, `make the address +missing +ec2:AllocateAddress +dry run`, out.String())
	require.Contains(t, out.String(), "missing: ec2:AllocateAddress on arn:aws:ec2:eu-central-1:123456789012:elastic-ip/*: You are not authorized")
	require.Contains(t, out.String(), "Not tested, since ")
	require.Contains(t, talk.String(), "1 permission missing")

	require.Zero(t, run("doctor", "--stream", "clicks", "--policy"), talk.String())
	var policy struct {
		Statement []struct {
			Action []string `json:"Action"`
		} `json:"Statement"`
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &policy))
	require.NotEmpty(t, policy.Statement)

	require.Equal(t, 2, run("doctor", "--for", "read"))
	require.Equal(t, 2, run("doctor", "--for", "everything"))
	require.Equal(t, 2, run("logs", "--since", "-1h"))
	c.Fault(cfntest.Fault{Action: "sts:GetCallerIdentity", Code: "ExpiredToken", Message: "The security token included in the request is expired", Times: -1})
	for _, command := range []string{"doctor", "status", "logs", "open"} {
		require.Equal(t, 3, run(command), command)
		require.Contains(t, talk.String(), "the AWS credentials have expired", command)
		require.Empty(t, out.String(), command)
	}
}
