//go:build e2e || keycloak

// Package oidc_test signs people in with OpenID Connect providers that others wrote, through the real binary and by what browsers
// send: with oidc-provider (npm) in each run of the end-to-end tests, and with Keycloak in make test-keycloak. What no honest provider
// does is in internal/oidc.
package oidc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	callback = "/api/v1/auth/oidc/callback"
	clientID = "helios"
	secret   = "a secret of the client, s3cret"
	password = "correct horse battery" // everybody's
)

// idp is a provider that runs for all tests. Its people are ada, an editor, bob, in no group that counts, and eve, an editor whose
// address nobody has verified. They are as they were again after each test.
type idp struct {
	issuer string
	gate   *gate

	setGroups func(t *testing.T, name string, groups ...string)
	setGone   func(t *testing.T, name string, gone bool)
	stop      func()
}

var (
	theIDP *idp   // of this run
	home   string // HOST:PORT of Helios, where it sends browsers back to
	binary string
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		home = l.Addr().String()
		_ = l.Close()
		dir, err := os.MkdirTemp("", "helios-oidc-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		binary = filepath.Join(dir, "helios")
		if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/helios").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "the binary does not build: %v\n%s", err, out)
			return 1
		}
		if theIDP, err = startIDP("http://" + home); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer theIDP.stop()
		return m.Run()
	}())
}

// provider is the provider, as it was at first once the test is over.
func provider(t *testing.T) *idp {
	t.Helper()
	t.Cleanup(func() {
		theIDP.gate.reopen(t)
		theIDP.setGone(t, "ada", false)
		theIDP.setGroups(t, "ada", "editors")
	})
	return theIDP
}

// helios is a server with accounts that knows the provider.
type helios struct {
	t   *testing.T
	dir string
	url string
	log *lockedBuffer
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// command runs helios to its end.
func (h *helios) command(stdin string, args ...string) string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append(args, "--data", h.dir)...)
	cmd.Env, cmd.Stdin = environment(), strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	require.NoError(h.t, err, "%s", out)
	return string(out)
}

func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "HELIOS_") {
			env = append(env, v)
		}
	}
	return append(env, "AWS_EC2_METADATA_DISABLED=true")
}

// serve runs a server whose first admin is root@example.com.
func serve(t *testing.T, p *idp) *helios {
	t.Helper()
	dir := t.TempDir()
	h := &helios{t: t, dir: filepath.Join(dir, "data"), url: "http://" + home, log: &lockedBuffer{}}
	file := filepath.Join(dir, "secret")
	require.NoError(t, os.WriteFile(file, []byte(secret+"\n"), 0o600))
	settings := filepath.Join(dir, "helios.yaml")
	require.NoError(t, os.WriteFile(settings, fmt.Appendf(nil, `oidc:
  issuer: %s
  client_id: %s
  client_secret_file: %s
  name: Example
  roles:
    - {group: admins, role: admin}
    - {group: editors, role: editor, tables: [orders]}
    - {domain: nowhere.example, role: viewer}
`, p.issuer, clientID, file), 0o600))
	h.command(password, "users", "add", "root@example.com", "--role", "admin", "--password-stdin")

	cmd := exec.Command(binary, "serve", "--listen", home, "--data", h.dir, "--config", settings)
	cmd.Env, cmd.Stderr = environment(), h.log
	require.NoError(t, cmd.Start())
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			<-done
			t.Error("helios did not end")
		}
		said := h.log.String()
		for _, hidden := range []string{secret, url.QueryEscape(secret), password, "eyJ", "code="} {
			require.NotContains(t, said, hidden, "a secret in the log")
		}
		if t.Failed() {
			t.Logf("helios said:\n%s", said)
		}
	})
	ready := time.Now().Add(time.Minute)
	for {
		res, err := http.Get(h.url + "/readyz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return h
			}
		}
		select {
		case <-done:
			require.FailNow(t, "helios ended by itself", "%s", h.log)
		case <-time.After(50 * time.Millisecond):
		}
		require.True(t, time.Now().Before(ready), "helios is not ready: %s", h.log)
	}
}

// signIn goes through the provider, and gives the page of Helios at the end.
func (b *browser) signIn() string {
	b.t.Helper()
	to := b.walk("http://"+b.home+"/api/v1/auth/oidc/start?return_to="+url.QueryEscape("/sql?tab=2"), anyPage)
	return to.RequestURI()
}

// call makes a request of the console, and gives the answer's status and JSON.
func (b *browser) call(method, path, body string) (int, map[string]any) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, "http://"+b.home+path, strings.NewReader(body))
	require.NoError(b.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := b.client.Do(req)
	require.NoError(b.t, err)
	defer res.Body.Close()
	var v map[string]any
	_ = json.NewDecoder(res.Body).Decode(&v) // not every answer has one
	return res.StatusCode, v
}

// me is who a browser is to Helios, nil if it must sign in.
func (b *browser) me() map[string]any {
	b.t.Helper()
	status, state := b.call(http.MethodGet, "/api/v1/auth/state", "")
	require.Equal(b.t, http.StatusOK, status)
	me, _ := state["me"].(map[string]any)
	return me
}
