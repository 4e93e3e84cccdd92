// Package supervise keeps a worker process at work: this same program, started by itself, and started again when it ends
// without having been told to. The supervisor owns what must outlive a worker: the terminal, the signals and the listening
// socket, in whose backlog clients wait while there is no worker. It knows nothing of what a worker does.
//
// The two speak JSON over two pipes. The supervisor sends a hello with the task, and later a word to stop; the end of that
// pipe tells the worker that its supervisor is no more. The worker reports that it is ready, and why it ends.
package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

const (
	// stopTime is how long a worker may take to stop when it is told to, before it is killed: service managers wait ten
	// seconds and more, people far less. What is worth keeping is on disk by then.
	stopTime = 3500 * time.Millisecond

	// The first start after an end is at once. When the next worker ends before it was well for a while, the pause before
	// each further start doubles from the first to the longest.
	firstPause   = 100 * time.Millisecond
	longestPause = 10 * time.Second
	well         = 2 * time.Second
)

// The reasons of a new start that a supervisor finds by itself. A worker names others with AgainError.
const (
	Crash  = "crash"  // it ended without a word: a signal, a panic, the system's lack of memory
	Failed = "failed" // it reported an error that a new start may mend
)

// Options say what to run.
type Options struct {
	Args     []string     // of the worker, behind the path of this program
	Task     any          // what the worker has to do: it gets it as JSON
	Listener net.Listener // of TCP; handed to each worker
	Stderr   io.Writer    // takes what workers write to theirs
	Logger   *slog.Logger
	Ready    func() // called once, when the first worker is ready
}

// hello is what a worker is told at its start.
type hello struct {
	Task     any              `json:"task"`
	Restarts map[string]int64 `json:"restarts"` // so far, by reason
}

// report is what a worker says: that it is ready, or, last, why it ends.
type report struct {
	Ready   bool     `json:"ready,omitempty"`
	Again   string   `json:"again,omitempty"` // the reason for which it wants to be started again
	Failure *failure `json:"failure,omitempty"`
}

// failure is an error on its way from one process to another.
type failure struct {
	Code    fault.Code `json:"code"`
	Message string     `json:"message"`
	Hint    string     `json:"hint,omitempty"`
}

func (f *failure) err() error {
	err := fault.New(f.Code, "%s", f.Message)
	if f.Hint != "" {
		return err.WithHint("%s", f.Hint)
	}
	return err
}

// Run keeps a worker at work until ctx ends; then it has the worker stop in good order, or kills it if that takes too long,
// and returns nil. It returns early, with the worker's error, when the first worker fails before it is ready, and when a later
// one meets what a new start does not mend. A first worker that dies without a word is an error too.
func Run(ctx context.Context, o Options) error {
	socket, err := share(o.Listener)
	if err != nil {
		return err
	}
	defer func() { _ = socket.Close() }()
	program, err := self()
	if err != nil {
		return fault.New(fault.Environment, "this program's own file cannot be found: %w", err)
	}
	s := &supervisor{Options: o, program: program, socket: socket, restarts: map[string]int64{}}
	for pause := time.Duration(0); ; {
		life, err := s.live(ctx)
		if ctx.Err() != nil && life.ended == "" {
			return nil // it was stopped before it had begun
		}
		if err != nil {
			if !s.begun {
				return err
			}
			life.ended = err.Error() // the system lacks something now that it had before
		}
		if !life.ready.IsZero() && time.Since(life.ready) >= well {
			pause = 0
		}
		reason, err := s.judge(ctx, life)
		if err != nil || ctx.Err() != nil {
			return err
		}
		s.restarts[reason]++
		o.Logger.WarnContext(ctx, "the server's process ended and is started again", "reason", reason, "ended", life.ended, "pause", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
		pause = min(max(2*pause, firstPause), longestPause)
	}
}

// share gives the socket under a listener a name that a child can inherit.
func share(l net.Listener) (*os.File, error) {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("a listener of type %T cannot be handed to another process", l)
	}
	return tcp.File()
}

type supervisor struct {
	Options
	program  string
	socket   *os.File
	restarts map[string]int64 // by reason
	begun    bool             // a worker has been ready
}

// life is what became of one worker.
type life struct {
	ready time.Time // zero: it never was
	last  report
	ended string // as the system has it: "exit status 2", "signal: killed"
}

// live starts a worker and waits for its end. The error is that it could not be started.
func (s *supervisor) live(ctx context.Context) (life, error) {
	heard, control, err := os.Pipe()
	if err != nil {
		return life{}, cannotStart(err)
	}
	defer func() { _ = control.Close() }()
	reports, reporting, err := os.Pipe()
	if err != nil {
		return life{}, errors.Join(cannotStart(err), heard.Close())
	}
	defer func() { _ = reports.Close() }()

	cmd := exec.CommandContext(ctx, s.program, s.Args...)
	cmd.Args[0] = os.Args[0] // what a person sees in a list of processes
	cmd.Stderr = s.Stderr
	cmd.ExtraFiles = []*os.File{socketFD - 3: s.socket, controlFD - 3: heard, reportFD - 3: reporting}
	cmd.SysProcAttr = apart()
	greeted := make(chan struct{})
	cmd.Cancel = func() error {
		<-greeted
		return json.NewEncoder(control).Encode(stopWord)
	}
	cmd.WaitDelay = stopTime
	err = cmd.Start()
	if err = errors.Join(err, heard.Close(), reporting.Close()); err != nil { // the worker has its own by now
		return life{}, cannotStart(err)
	}
	// A worker that ends before it has read this says by its end why.
	_ = json.NewEncoder(control).Encode(hello{Task: s.Task, Restarts: s.restarts})
	close(greeted)

	var l life
	for decoder := json.NewDecoder(reports); ; { // to the end of the pipe, which is the worker's
		var r report
		if decoder.Decode(&r) != nil {
			break
		}
		if !r.Ready {
			l.last = r
			continue
		}
		l.ready = time.Now()
		if !s.begun {
			s.begun = true
			s.Ready()
		}
	}
	if err := cmd.Wait(); cmd.ProcessState == nil {
		return l, fault.New(fault.Internal, "the server's process cannot be watched: %w", err)
	}
	l.ended = cmd.ProcessState.String()
	return l, nil
}

func cannotStart(err error) error {
	return fault.New(fault.Environment, "the server's process cannot be started: %w", err)
}

// judge finds the reason for which the worker is to be started again, or the error that ends all. When ctx has ended, there is
// an error only if the worker told of one.
func (s *supervisor) judge(ctx context.Context, l life) (reason string, err error) {
	failed := l.last.Failure
	switch {
	case ctx.Err() != nil && failed != nil:
		return "", failed.err()
	case ctx.Err() != nil:
		if l.ended != "exit status 0" {
			s.Logger.WarnContext(ctx, "the server's process was ended before it had stopped in order: what was committed is safe", "ended", l.ended)
		}
		return "", nil
	case failed != nil && (!s.begun || !mends(failed.Code)):
		return "", failed.err()
	case failed != nil:
		s.Logger.ErrorContext(ctx, "the server failed", "error", failed.err())
		return Failed, nil
	case l.last.Again != "":
		return l.last.Again, nil
	case !s.begun:
		return "", fault.New(fault.Internal, "the server's process ended while it started: %s", l.ended).WithHint("what it wrote before may say why")
	default:
		return Crash, nil
	}
}

// mends tells whether a new start may get past an error of the code: not past what somebody must mend.
func mends(code fault.Code) bool { return code == fault.Internal || code == fault.Unavailable }
