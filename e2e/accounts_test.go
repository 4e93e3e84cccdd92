//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// withInput runs a command whose standard input is a text.
func withInput(t *testing.T, input string, args ...string) output {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = environment()
	cmd.Stdin = strings.NewReader(input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // its exit code says it
	return output{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// dataDir is the server's directory.
func (s *server) dataDir() string {
	for i, a := range s.args {
		if a == "--data" {
			return s.args[i+1]
		}
	}
	s.t.Fatal("the server has no --data")
	return ""
}

// user adds an account on the machine, while the server runs.
func (s *server) user(email, role, password string) {
	s.t.Helper()
	added := withInput(s.t, password+"\n", "users", "add", email, "--role", role, "--data", s.dataDir(), "--password-stdin")
	require.Zero(s.t, added.code, added.stderr)
}

// token makes an API token on the machine, while the server runs.
func (s *server) token(name, role string, more ...string) string {
	s.t.Helper()
	made := helios(s.t, nil, append([]string{"tokens", "create", name, "--role", role, "--data", s.dataDir()}, more...)...)
	require.Zero(s.t, made.code, made.stderr)
	return strings.TrimSpace(made.stdout)
}

// ask sends a request with headers "Name: value" and gives the answer with all of its body.
func (s *server) ask(method, path, body string, headers ...string) (*http.Response, string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(s.t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return resp, string(text)
}

// bearer is the header that a token is sent in.
func bearer(token string) string { return "Authorization: Bearer " + token }

// asJSON is a value as the body of a request.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// password is that of the accounts that tests make.
const password = "correct horse battery staple"
