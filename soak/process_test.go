//go:build soak

package soak

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/helios-sql/helios/internal/client"
)

const (
	binary    = "../bin/helios"
	startWait = time.Minute     // for a server to be ready
	stopWait  = 5 * time.Second // for a server to end in order, as promised
)

// process is the server under test: helios serve, and the worker that it supervises.
type process struct {
	*client.Client

	url  string
	args []string
	env  []string
	log  *os.File

	mu      sync.Mutex
	cmd     *exec.Cmd
	done    chan struct{} // closed when the process has ended
	started time.Time
}

func newProcess(dir string) (*process, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	p := &process{url: "http://" + address, args: []string{"serve", "--data", filepath.Join(dir, "data"), "--listen", address}}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "HELIOS_") {
			p.env = append(p.env, v)
		}
	}
	// With a bound on what DuckDB may keep in memory, growth beyond it is a leak.
	p.env = append(p.env, "AWS_EC2_METADATA_DISABLED=true", "AWS_ACCESS_KEY_ID=soak", "AWS_SECRET_ACCESS_KEY=soak",
		"HELIOS_STORE_MEMORY_LIMIT=256MiB", "HELIOS_LOG_FORMAT=text")
	if p.log, err = os.Create(filepath.Join(dir, "helios.log")); err != nil {
		return nil, err
	}
	p.Client, err = client.New(p.url, client.Options{})
	return p, err
}

// start starts the server. Wait until it is ready with ready.
func (p *process) start() error {
	cmd := exec.Command(binary, p.args...)
	cmd.Env, cmd.Stderr = p.env, p.log
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd, p.done, p.started = cmd, done, time.Now()
	return nil
}

func (p *process) running() (cmd *exec.Cmd, done chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd, p.done
}

var errEnded = errors.New("helios ended by itself")

// ready waits until the server takes queries.
func (p *process) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startWait, fmt.Errorf("helios is not ready after %s", startWait))
	defer cancel()
	_, done := p.running()
	for p.Ready(ctx) != nil {
		select {
		case <-done:
			return errEnded
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// kill ends the process of that number at once, as a power cut would.
func kill(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) }

// killServer kills the process that was started, and makes sure that none of its children survives it.
func (p *process) killServer() error {
	cmd, done := p.running()
	workers := children(cmd.Process.Pid)
	if err := kill(cmd.Process.Pid); err != nil {
		return fmt.Errorf("kill: %w", err)
	}
	<-done
	for deadline := time.Now().Add(stopWait); ; {
		left := 0
		for _, pid := range workers {
			if alive(pid) {
				left++
			}
		}
		if left == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d workers survive their killed supervisor", left)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// workers are the children of the process that was started.
func (p *process) workers() []int {
	cmd, _ := p.running()
	return children(cmd.Process.Pid)
}

// killWorker kills a child of the process that was started, and says whether there was one.
func (p *process) killWorker() bool {
	workers := p.workers()
	return len(workers) > 0 && kill(workers[0]) == nil
}

// list makes the worker write what its goroutines do to the log, which ends it.
func (p *process) list() {
	for _, pid := range p.workers() {
		_ = syscall.Kill(pid, syscall.SIGQUIT)
	}
}

// stop ends the server as a service manager does.
func (p *process) stop() (took time.Duration, err error) {
	cmd, done := p.running()
	begin := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("SIGTERM: %w", err)
	}
	select {
	case <-done:
	case <-time.After(3 * stopWait):
		_ = cmd.Process.Kill()
		<-done
		return time.Since(begin), fmt.Errorf("helios does not end within %s of SIGTERM", 3*stopWait)
	}
	took = time.Since(begin)
	switch code := cmd.ProcessState.ExitCode(); {
	case code != 0:
		return took, fmt.Errorf("exit code %d after SIGTERM", code)
	case took > stopWait:
		return took, fmt.Errorf("it took %s to end after SIGTERM", took)
	default:
		return took, nil
	}
}

// close makes sure that nothing runs any more.
func (p *process) close() {
	if cmd, done := p.running(); cmd != nil {
		_ = cmd.Process.Kill()
		<-done
	}
	p.Close()
	_ = p.log.Close()
}

// resources of the server and its children.
type resources struct {
	rss   int64 // bytes
	files int
}

func (p *process) resources() (r resources) {
	cmd, _ := p.running()
	for _, pid := range append(children(cmd.Process.Pid), cmd.Process.Pid) {
		dir := "/proc/" + strconv.Itoa(pid)
		status, _ := os.ReadFile(dir + "/status") // gone meanwhile, if it cannot be read
		for line := range strings.Lines(string(status)) {
			if text, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				kib, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "kB")), 10, 64)
				r.rss += kib << 10
			}
		}
		open, _ := os.ReadDir(dir + "/fd")
		r.files += len(open)
	}
	return r
}

// stat gives the state and the parent of a process; false if there is none.
func stat(pid int) (state string, parent int, ok bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", 0, false
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	parent, err = strconv.Atoi(fields[1])
	return fields[0], parent, err == nil
}

func alive(pid int) bool {
	state, _, ok := stat(pid)
	return ok && state != "Z"
}

func children(pid int) (found []int) {
	all, _ := os.ReadDir("/proc")
	for _, e := range all {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if state, parent, ok := stat(child); ok && parent == pid && state != "Z" {
			found = append(found, child)
		}
	}
	return found
}
