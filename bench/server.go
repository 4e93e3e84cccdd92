package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/localkinesis"
)

// server is Helios as people run it: the binary, with its defaults.
type server struct {
	*client.Client
	url  string
	cmd  *exec.Cmd
	said *bytes.Buffer // on its standard error, complete once it has ended
	done chan struct{} // closed when nothing more is said
}

const (
	startPatience = time.Minute
	stopPatience  = 20 * time.Second
)

var apiLine = regexp.MustCompile(`API\s+(http://\S+)`)

// serve starts the binary on a data directory and waits until it answers.
func (b *bench) serve(ctx context.Context, dir string) (*server, error) {
	cmd := exec.CommandContext(ctx, b.helios, "serve", "--listen", "127.0.0.1:0", "--data", dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopPatience
	cmd.Env = []string{"HELIOS_LOG_LEVEL=warn", "AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=bench", "AWS_EC2_METADATA_DISABLED=true"}
	for _, v := range config.Variables() {
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "HELIOS_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	talk, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w; make build makes it", b.helios, err)
	}
	s := &server{cmd: cmd, said: &bytes.Buffer{}, done: make(chan struct{})}
	found := make(chan string, 1)
	go func() {
		defer close(s.done)
		lines := bufio.NewScanner(io.TeeReader(talk, s.said))
		for lines.Scan() {
			if at := apiLine.FindStringSubmatch(lines.Text()); at != nil {
				select {
				case found <- at[1]:
				default:
				}
			}
		}
	}()
	select {
	case s.url = <-found:
	case <-s.done:
		return nil, errors.Join(fmt.Errorf("the server did not start: %s", s.said), s.stop())
	case <-time.After(startPatience):
		return nil, errors.Join(errors.New("the server does not start"), s.stop())
	}
	if s.Client, err = client.New(s.url, client.Options{}); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	for begin := time.Now(); ; {
		if err = s.Ready(ctx); err == nil {
			return s, nil
		}
		if ctx.Err() != nil || time.Since(begin) > startPatience {
			return nil, errors.Join(err, s.stop())
		}
		wait(ctx, 10*time.Millisecond)
	}
}

// stop ends the server in order.
func (s *server) stop() error {
	if s.Client != nil {
		s.Close()
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	impatient := time.AfterFunc(stopPatience, func() { _ = s.cmd.Process.Kill() })
	defer impatient.Stop()
	<-s.done
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("the server: %w: %s", err, s.said)
	}
	return nil
}

// connect adds a source. It does without the client's types, so that an older server is only told what it knows.
func (s *server) connect(ctx context.Context, stream, endpoint, read string) error {
	source := map[string]string{"stream": stream, "table": stream, "endpoint": endpoint, "region": "us-east-1"}
	if read != readPoll {
		source["read"] = read // polling is what happens without
	}
	body, err := json.Marshal(source)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/api/v1/sources", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Timeout: startPatience}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 == 2 {
		return nil
	}
	var problem struct {
		Detail string `json:"detail"`
		Errors []struct {
			Message  string `json:"message"`
			Location string `json:"location"`
		} `json:"errors"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&problem); err != nil {
		return fmt.Errorf("add the source: %s", resp.Status)
	}
	for _, e := range problem.Errors {
		problem.Detail += ": " + e.Message + " (" + e.Location + ")"
	}
	return fmt.Errorf("add the source: %s", problem.Detail)
}

// The ways to read a stream.
const (
	readPoll   = "poll"
	readFanOut = "fan_out"
)

var readNames = map[string]string{readPoll: "polling", readFanOut: "fan-out"}

// withKinesis runs a local Kinesis in this process while do goes on.
func withKinesis(ctx context.Context, o localkinesis.Options, do func(k *localkinesis.Server, endpoint string) error) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	k := localkinesis.New(o)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- k.Serve(serving, listener) }()
	err = do(k, "http://"+listener.Addr().String())
	stop()
	return errors.Join(err, <-served)
}

// wait waits for d or the end of ctx.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
