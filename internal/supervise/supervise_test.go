package supervise_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/supervise"
)

// TestMain makes this program what a test starts it as.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "worker":
			work()
		case "supervisor":
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err == nil {
				err = supervise.Run(context.Background(), options(listener, os.Args[2], func() { fmt.Println(listener.Addr()) }))
			}
			fmt.Println(err)
			os.Exit(1)
		}
	}
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // of the workers: they end often
	goleak.VerifyTestMain(m)
}

func options(listener net.Listener, task string, ready func()) supervise.Options {
	return supervise.Options{
		Args: []string{"worker"}, Task: task, Listener: listener, Stderr: os.Stderr, Logger: slog.New(slog.DiscardHandler), Ready: ready,
	}
}

// work answers each connection with its process id and what it knows of those before it, then does what it is asked to. What
// it does at its start is its task.
func work() {
	var task string
	w, stop, err := supervise.Join(context.Background(), &task)
	if err != nil {
		os.Exit(9)
	}
	switch {
	case task == "fail first":
		w.End(fault.New(fault.Environment, "the port is taken").WithHint("choose another"))
		os.Exit(0)
	case task == "die first":
		os.Exit(7)
	case task == "fail later" && len(w.Restarts) > 0:
		w.End(fault.New(fault.Environment, "the file is corrupt"))
		os.Exit(0)
	case task == "never stop":
		signal.Ignore(syscall.SIGTERM)
	}
	go func() {
		<-w.Alone
		os.Exit(0)
	}()
	context.AfterFunc(stop, func() {
		if task != "never stop" {
			w.End(nil)
			os.Exit(0)
		}
	})
	w.Ready()
	for {
		c, err := w.Listener.Accept()
		if err != nil {
			os.Exit(8)
		}
		fmt.Fprintln(c, os.Getpid(), w.Restarts)
		asked, _ := bufio.NewReader(c).ReadString('\n')
		switch strings.TrimSpace(asked) {
		case "crash":
			os.Exit(2)
		case "again":
			w.End(fmt.Errorf("so: %w", &supervise.AgainError{Reason: "tired"}))
			os.Exit(0)
		case "fail":
			w.End(errors.New("a defect"))
			os.Exit(0)
		}
		_ = c.Close()
	}
}

// say connects, gives the worker's process and what it knows, and asks it for something.
func say(t *testing.T, address, what string) (pid int, knows string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	require.NoError(t, err, "somebody listens always")
	defer func() { _ = c.Close() }()
	line, err := bufio.NewReader(c).ReadString('\n')
	require.NoError(t, err)
	_, _ = fmt.Fprintln(c, what)
	_, _ = io.ReadAll(c) // until the worker has heard it
	number, knows, _ := strings.Cut(strings.TrimSpace(line), " ")
	pid, err = strconv.Atoi(number)
	require.NoError(t, err)
	return pid, knows
}

// run supervises until stop is called, which gives the error.
func run(t *testing.T, task string) (address string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	ended := make(chan error, 1)
	go func() { ended <- supervise.Run(ctx, options(listener, task, func() {})) }()
	return listener.Addr().String(), func() error {
		cancel()
		return <-ended
	}
}

func TestAWorkerIsStartedAgainWhateverEndsItAndClientsWaitMeanwhile(t *testing.T) {
	address, stop := run(t, "")
	first, knows := say(t, address, "crash")
	require.Equal(t, "map[]", knows)
	second, knows := say(t, address, "again")
	require.NotEqual(t, first, second)
	require.Equal(t, "map[crash:1]", knows)
	_, knows = say(t, address, "fail")
	require.Equal(t, "map[crash:1 tired:1]", knows)
	fourth, knows := say(t, address, "")
	require.Equal(t, "map[crash:1 failed:1 tired:1]", knows)
	require.NoError(t, syscall.Kill(fourth, syscall.SIGKILL))
	fifth, knows := say(t, address, "")
	require.NotEqual(t, fourth, fifth)
	require.Equal(t, "map[crash:2 failed:1 tired:1]", knows)
	require.NoError(t, stop())
	require.ErrorIs(t, syscall.Kill(fifth, 0), syscall.ESRCH, "it has stopped")
}

func TestWhatANewStartDoesNotMendEndsTheSupervisor(t *testing.T) {
	for task, c := range map[string]struct {
		code       fault.Code
		says, hint string
	}{
		"fail first": {fault.Environment, "the port is taken", "choose another"},
		"die first":  {fault.Internal, "exit status 7", "before"},
		"fail later": {fault.Environment, "the file is corrupt", ""},
	} {
		t.Run(task, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer func() { _ = listener.Close() }()
			err = supervise.Run(t.Context(), options(listener, task, func() { say(t, listener.Addr().String(), "crash") }))
			require.Equal(t, c.code, fault.CodeOf(err))
			require.ErrorContains(t, err, c.says)
			require.Contains(t, fault.HintOf(err), c.hint)
		})
	}
}

func TestAWorkerThatDoesNotStopIsKilled(t *testing.T) {
	address, stop := run(t, "never stop")
	pid, _ := say(t, address, "")
	require.NoError(t, stop())
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
}

func TestAWorkerDiesWithItsSupervisor(t *testing.T) {
	cmd := exec.Command(os.Args[0], "supervisor", "never stop")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	address, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pid, _ := say(t, strings.TrimSpace(address), "")
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.Eventually(t, func() bool { return !alive(pid) }, time.Minute, 10*time.Millisecond)
}

// alive tells whether a process runs. One that has ended may stay in the list when nobody asks for its end.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	out, _ := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	state := strings.TrimSpace(string(out))
	return state != "" && !strings.HasPrefix(state, "Z")
}

func TestOnlyASupervisorCanStartAWorker(t *testing.T) {
	cmd := exec.Command(os.Args[0], "worker")
	require.Error(t, cmd.Run())
	require.Equal(t, 9, cmd.ProcessState.ExitCode())
}
