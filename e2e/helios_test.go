//go:build e2e

// Package e2e drives the real binary as its users do: through its command line and its API, against streams that nobody
// here wrote.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/client"
)

const binary = "../bin/helios" // made by make build

func TestMain(m *testing.M) {
	build := exec.Command("go", "build", "-o", binary, "../cmd/helios")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "the binary does not build: %v\n%s", err, out)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// freeAddress is an address on loopback that nobody listens on at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().String()
}

// environment is that of the test without what would reach a real account.
func environment(extra ...string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "HELIOS_") {
			env = append(env, v)
		}
	}
	return append(append(env, "AWS_EC2_METADATA_DISABLED=true", "HOME="+os.TempDir()), extra...)
}

// output is what a run of a command gave.
type output struct {
	stdout, stderr string
	code           int
}

// helios runs a command to its end.
func helios(t *testing.T, env []string, args ...string) output {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = environment(env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return output{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// server is a running helios serve or helios demo.
type server struct {
	t    *testing.T
	env  []string
	args []string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	url  string
	log  bytes.Buffer
	*client.Client
}

// start runs helios serve or demo on an address of its own and waits until it is ready.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	return startWith(t, nil, args...)
}

// startWith is start with more variables in the server's environment.
func startWith(t *testing.T, env []string, args ...string) *server {
	t.Helper()
	address := freeAddress(t)
	s := &server{t: t, env: env, args: append(args, "--listen", address), url: "http://" + address}
	var err error
	s.Client, err = client.New(s.url, client.Options{})
	require.NoError(t, err)
	t.Cleanup(s.Client.Close)
	s.run()
	t.Cleanup(func() {
		s.kill()
		require.NotRegexp(t, `hls_\w{20}|`+password, s.log.String(), "a secret in the log")
		if t.Failed() {
			t.Logf("helios %v said:\n%s", s.args, tail(s.log.String(), 4000))
		}
	})
	return s
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

func (s *server) run() {
	s.t.Helper()
	s.cmd = exec.Command(binary, s.args...)
	s.cmd.Env = environment(s.env...)
	s.cmd.Stderr = &s.log
	require.NoError(s.t, s.cmd.Start())
	s.done = make(chan struct{})
	go func() {
		_ = s.cmd.Wait()
		close(s.done)
	}()
	deadline := time.Now().Add(time.Minute)
	for s.Ready(s.t.Context()) != nil {
		select {
		case <-s.done:
			require.FailNow(s.t, "helios ended by itself", "%s", s.log.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			s.kill()
			require.FailNow(s.t, "helios is not ready", "%s", s.log.String())
		}
	}
}

// kill ends the process at once, as a power cut would.
func (s *server) kill() { s.end(syscall.SIGKILL) }

// interrupt ends it as Ctrl-C does, and gives its exit code.
func (s *server) interrupt() int {
	s.end(os.Interrupt)
	return s.cmd.ProcessState.ExitCode()
}

func (s *server) end(signal os.Signal) {
	_ = s.cmd.Process.Signal(signal)
	select {
	case <-s.done:
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.done
		require.FailNow(s.t, "helios does not end", "%v", signal)
	}
}

// query runs SQL and gives the rows.
func (s *server) query(sql string) [][]any {
	s.t.Helper()
	r, err := s.Query(s.t.Context(), client.QueryRequest{SQL: sql, MaxRows: 1_000_000})
	require.NoError(s.t, err, sql)
	require.False(s.t, r.Truncated)
	return r.Rows
}

// number runs SQL whose result is one whole number; -1 if it cannot be run at the moment.
func (s *server) number(sql string) int {
	r, err := s.Query(s.t.Context(), client.QueryRequest{SQL: sql})
	if err != nil || len(r.Rows) != 1 {
		return -1
	}
	n := -1
	_, _ = fmt.Sscan(fmt.Sprint(r.Rows[0][0]), &n)
	return n
}

// data is the folder of foreign events, or "" in a lone clone.
func data(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("HELIOS_TEST_DATA")
	if dir == "" {
		t.Logf("foreign data left out: HELIOS_TEST_DATA is not set")
		return ""
	}
	return filepath.Join(dir, name)
}
