//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheAPIDoesWhatItsDescriptionSays has schemathesis, from PyPI, send some thousand requests made from the description, valid
// ones and others, to a server with accounts: as an admin and as a viewer. foreign/schemathesis.toml says what it leaves out and why.
func TestTheAPIDoesWhatItsDescriptionSays(t *testing.T) {
	config, err := filepath.Abs("foreign/schemathesis.toml")
	require.NoError(t, err)
	making := exec.CommandContext(t.Context(), "foreign/venv.sh")
	var complaint bytes.Buffer
	making.Stderr = &complaint
	venv, err := making.Output()
	require.NoError(t, err, "the Python programs cannot be had: %s", complaint.String())

	kinesis := freeAddress(t)
	s := startWith(t, []string{
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "AWS_ENDPOINT_URL=http://" + kinesis, "AWS_MAX_ATTEMPTS=1",
	}, "demo", "--kinesis-listen", kinesis, "--data", t.TempDir())
	s.user("admin@example.com", "admin", password)
	tokens := map[string]string{"admin": s.token("fuzzer", "admin"), "viewer": s.token("onlooker", "viewer")}
	time.Sleep(1100 * time.Millisecond) // the server looks once a second whether the first account has been made beside it
	answer, description := s.ask("GET", "/openapi.json", "", bearer(tokens["viewer"]))
	require.Equal(t, 200, answer.StatusCode)
	file := filepath.Join(t.TempDir(), "openapi.json")
	require.NoError(t, os.WriteFile(file, []byte(description), 0o600))

	for _, role := range []string{"viewer", "admin"} {
		t.Run(role, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, filepath.Join(strings.TrimSpace(string(venv)), "bin", "schemathesis"), "--config-file", config,
				"run", file, "--url", s.url, "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "8", "--seed", "1", "--generation-database", "none",
				"--suppress-health-check", "all", "--continue-on-failure", "--request-timeout", "60", "--no-color", "--warnings", "off")
			cmd.Dir = filepath.Dir(file) // it leaves notes for itself
			cmd.Env = append(environment(), "HELIOS_TOKEN="+tokens[role], "PYTHONDONTWRITEBYTECODE=1")
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", tail(string(out), 12_000))
			t.Log(tail(string(out), 400))
		})
	}
	answer, _ = s.ask("GET", "/readyz", "")
	require.Equal(t, 200, answer.StatusCode)
	require.NotContains(t, s.log.String(), "a request failed for a reason of Helios's own")
}
