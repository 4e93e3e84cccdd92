//go:build interop

// Package interop judges Helios by clients and a server of other makers, which have never seen it: AWS's KCL and KPL against
// localkinesis, and Helios against ferrokinesis. install.sh brings them.
package interop

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/localkinesis"
)

const (
	tools  = "../.tools/interop" // where install.sh puts things
	binary = "../bin/helios"     // made by make build
)

func TestMain(m *testing.M) {
	install := exec.Command("sh", "install.sh")
	install.Stdout, install.Stderr = os.Stdout, os.Stderr
	if err := install.Run(); err != nil {
		os.Exit(1) // it has said why
	}
	os.Exit(m.Run())
}

// program is a running program of somebody else's, which ends with the test.
type program struct {
	t     *testing.T
	name  string
	stdin io.WriteCloser
	lines chan string // of its stdout, or of its stderr; closed when it has ended
	cmd   *exec.Cmd

	mu   sync.Mutex
	said []byte // on stderr, the end of it
}

// run starts a program. Nothing of the user's AWS settings reaches it.
func run(t *testing.T, name string, args ...string) *program {
	t.Helper()
	p := &program{t: t, name: filepath.Base(name), lines: make(chan string, 1<<16), cmd: exec.Command(name, args...)}
	p.cmd.Env = []string{
		"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "PYTHONUNBUFFERED=1",
		"AWS_EC2_METADATA_DISABLED=true",
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the KPL has a child of its own
	var err error
	p.stdin, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.cmd.Stderr = p
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			p.lines <- s.Text()
		}
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.stdin.Close()
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		for range p.lines { // until it has ended
		}
		if t.Failed() {
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Logf("%s said:\n%s", p.name, p.said)
		}
	})
	return p
}

// Write keeps the end of what the program says on stderr.
func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, b...)
	p.said = p.said[max(0, len(p.said)-16<<10):]
	return len(b), nil
}

func (p *program) saidSoFar() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.said)
}

// line is the next line of stdout; the test fails when none comes in time.
func (p *program) line(within time.Duration) string {
	p.t.Helper()
	select {
	case l, ok := <-p.lines:
		require.True(p.t, ok, "%s ended by itself", p.name)
		return l
	case <-time.After(within):
		require.FailNow(p.t, "nothing more is said", "by %s within %s", p.name, within)
		return ""
	}
}

// java runs one of the programs in clients.
func java(t *testing.T, source string, args ...string) *program {
	t.Helper()
	return run(t, "java", append([]string{
		"-Xmx512m", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", tools + "/java/*", "clients/" + source,
	}, args...)...)
}

// moto runs moto's server, for DynamoDB and CloudWatch, and gives its URL.
func moto(t *testing.T) string {
	t.Helper()
	p := run(t, tools+"/venv/bin/moto_server", "-H", "127.0.0.1", "-p", "0")
	url := ""
	require.Eventually(t, func() bool {
		_, after, found := strings.Cut(p.saidSoFar(), "Running on ")
		url, _, _ = strings.Cut(after, "\n")
		return found && strings.Contains(after, "\n")
	}, time.Minute, 50*time.Millisecond, "moto does not start")
	return strings.TrimSpace(url)
}

// local serves a localkinesis without TLS and with it.
func local(t *testing.T, opt localkinesis.Options) (s *localkinesis.Server, plain, secure net.Addr) {
	t.Helper()
	s = localkinesis.New(opt)
	cert, err := localkinesis.SelfSignedCertificate()
	require.NoError(t, err)
	listen := func() net.Listener {
		ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		return ln
	}
	a, b := listen(), listen()
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = s.Serve(ctx, a) })
	serving.Go(func() { _ = s.ServeTLS(ctx, b, cert) })
	t.Cleanup(func() {
		stop()
		serving.Wait()
	})
	return s, a.Addr(), b.Addr()
}

// helios runs the binary: a server on an address of its own.
func helios(t *testing.T) (api *client.Client, url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := ln.Addr().String()
	require.NoError(t, ln.Close())
	url = "http://" + address
	api, err = client.New(url, client.Options{})
	require.NoError(t, err)
	t.Cleanup(api.Close)
	p := run(t, binary, "serve", "--data", t.TempDir(), "--listen", address)
	require.Eventually(t, func() bool { return api.Ready(t.Context()) == nil }, time.Minute, 50*time.Millisecond, "%s", p.saidSoFar())
	return api, url
}

// connect adds a source that reads a stream of an endpoint from its horizon into a table of the stream's name.
func connect(t *testing.T, url, endpoint, stream string, more ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, append([]string{
		"sources", "add", stream, "--table", stream, "--from", "horizon", "--endpoint-url", endpoint, "--yes", "--url", url,
	}, more...)...)
	cmd.Env = []string{"HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true"}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// number runs SQL whose result is one whole number; -1 if it cannot be run at the moment.
func number(t *testing.T, api *client.Client, sql string) int {
	t.Helper()
	r, err := api.Query(t.Context(), client.QueryRequest{SQL: sql})
	if err != nil || len(r.Rows) != 1 {
		return -1
	}
	n := -1
	_, _ = fmt.Sscan(fmt.Sprint(r.Rows[0][0]), &n)
	return n
}

// post calls an AWS JSON API that looks at the name of the service in a signature, and no closer.
func post(ctx context.Context, url, target, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Amz-Target", target)
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	service := "kinesis"
	if strings.HasPrefix(target, "DynamoDB") {
		service = "dynamodb"
	}
	req.Header.Set("X-Amz-Date", time.Now().UTC().Format("20060102T150405Z"))
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/"+service+"/aws4_request, SignedHeaders=host;x-amz-date, Signature=0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", target, resp.Status, bytes.TrimSpace(answer))
	}
	return answer, nil
}
