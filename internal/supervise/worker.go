package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"

	"github.com/helios-sql/helios/internal/fault"
)

// The files that a worker inherits, behind the three standard ones.
const (
	socketFD = 3 + iota
	controlFD
	reportFD
)

// stopWord is what a supervisor says last.
const stopWord = "stop"

// Worker is the worker's end: what it was given, and how it answers. It is there as long as the process is.
type Worker struct {
	Listener net.Listener
	Restarts map[string]int64 // of the workers before this one, by reason
	Alone    <-chan struct{}  // closed when there is no supervisor any more: the process must end at once

	mu      sync.Mutex
	reports *json.Encoder
}

// AgainError is that of a worker that wants to be started again.
type AgainError struct{ Reason string }

// Error gives the reason.
func (a *AgainError) Error() string { return "to be started again: " + a.Reason }

// Join makes this process the worker of the one that started it, and reads its task. The context ends when the worker is to stop
// in order. When the system lacks memory, the worker is to be killed and not its supervisor.
func Join(ctx context.Context, task any) (*Worker, context.Context, error) {
	control := os.NewFile(controlFD, "control")
	decoder := json.NewDecoder(control)
	said := hello{Task: task}
	if err := decoder.Decode(&said); err != nil {
		return nil, nil, fault.New(fault.Invalid, "this command is not for people: the server starts it").WithHint("use `helios serve`")
	}
	socket := os.NewFile(socketFD, "socket")
	listener, err := net.FileListener(socket)
	if err = errors.Join(err, socket.Close()); err != nil {
		return nil, nil, fmt.Errorf("the socket that was handed over: %w", err)
	}
	keep(controlFD, reportFD)
	volunteer()
	stop, tell := context.WithCancel(ctx)
	alone := make(chan struct{})
	go func() {
		var word string
		if decoder.Decode(&word) == nil && word == stopWord {
			tell()
			_ = decoder.Decode(&word) // there is no other word: this waits for the end
		}
		close(alone)
	}()
	return &Worker{
		Listener: listener, Restarts: said.Restarts, Alone: alone, reports: json.NewEncoder(os.NewFile(reportFD, "reports")),
	}, stop, nil
}

// Ready tells the supervisor that the worker does its work.
func (w *Worker) Ready() { w.report(report{Ready: true}) }

// End tells the supervisor why the worker ends: nil in good order, *AgainError to be started again, any other for a failure. The
// process ends right after it.
func (w *Worker) End(err error) {
	if again, ok := errors.AsType[*AgainError](err); ok {
		w.report(report{Again: again.Reason})
	} else if err != nil {
		w.report(report{Failure: &failure{Code: fault.CodeOf(err), Message: err.Error(), Hint: fault.HintOf(err)}})
	}
}

func (w *Worker) report(r report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.reports.Encode(r) // without a supervisor the worker ends in any case
}
