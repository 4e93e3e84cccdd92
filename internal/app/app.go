// Package app wires Helios together. It is the only place that knows which source, store and catalog are in use, and it
// owns the order in which parts start and stop: each function here is to be read as that list. It is not a place for logic.
//
// A server is two processes of one program. The first, which a person starts, supervises: Serve and Demo. The second does all
// the work, and is started again when it ends: Work.
package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"syscall"
	"time"

	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/supervise"
)

// Options of a server.
type Options struct {
	Config config.Config
	Worker []string  // the arguments that make this program call Work
	Talk   io.Writer // what workers log goes here too
	Logger *slog.Logger
	Ready  func(Addresses) // called once all is up
}

// Serve runs a server until ctx ends, then stops it in order and returns nil.
func Serve(ctx context.Context, o Options) error {
	onlyOurs()
	listener, err := o.listen(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	return o.supervise(ctx, listener, task{Config: o.Config})
}

// supervise keeps a worker at its task.
func (o *Options) supervise(ctx context.Context, listener net.Listener, t task) error {
	t.Started = time.Now().UTC()
	return supervise.Run(ctx, supervise.Options{
		Args: o.Worker, Task: t, Listener: listener, Stderr: o.Talk, Logger: o.Logger,
		Ready: func() { o.Ready(o.addresses(ctx, listener.Addr(), t.Demo)) },
	})
}

// listen takes the port of the API.
func (o *Options) listen(ctx context.Context) (net.Listener, error) {
	if err := o.Config.CheckNetwork(nil); err != nil {
		return nil, err
	}
	return listen(ctx, o.Config.Listen, "--listen")
}

const (
	// lettingGo is how long a server waits for one that is ending to let go of its port and its directory: a worker outlives a
	// supervisor that was killed by a moment.
	lettingGo = 2 * time.Second
	tryEvery  = 20 * time.Millisecond
)

// listen takes a port on this machine. The flag names the way to choose another.
func listen(ctx context.Context, address, flag string) (net.Listener, error) {
	patience := time.NewTimer(lettingGo)
	defer patience.Stop()
	for {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		switch {
		case err == nil:
			return listener, nil
		case !errors.Is(err, syscall.EADDRINUSE):
			return nil, fault.New(fault.Environment, "cannot listen on %s: %w", address, err).WithHint("choose another address with %s", flag)
		}
		select {
		case <-time.After(tryEvery):
		case <-patience.C:
			return nil, fault.New(fault.Environment, "cannot listen on %s: another program uses that port", address).
				WithHint("stop it, or choose another port with %s", flag)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// running runs an actor in a goroutine of its own and returns what stops it and waits for its end.
func running(actor func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		actor(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}
