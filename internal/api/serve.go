package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// Times of stopping.
const (
	politeTime = 500 * time.Millisecond // for answers to be sent to their end; also what a silent connection can cost
	stopTime   = 5 * time.Second        // for requests to notice that their context has ended: a query can be slow to
)

// Serve answers requests on a listener until ctx ends; then it ends every request's context, so that tails and queries end,
// waits until no request is at work any more, and returns nil. It closes the listener.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	requests, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	var working sync.WaitGroup
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			working.Add(1)
			defer working.Done()
			h.ServeHTTP(w, r)
		}),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // what clients do wrong
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	select {
	case err := <-served:
		return fault.New(fault.Environment, "cannot go on listening on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	cancel(fault.New(fault.Unavailable, "Helios is stopping").WithHint("ask again when it runs").WithRetryAfter(5 * time.Second))
	polite, done := context.WithTimeout(context.WithoutCancel(ctx), politeTime)
	defer done()
	if err := srv.Shutdown(polite); err != nil {
		_ = srv.Close() // what is left is cut off
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fault.New(fault.Environment, "cannot go on listening on %s: %w", l.Addr(), err)
	}
	idle := make(chan struct{})
	go func() {
		working.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-time.After(stopTime):
		log.LogAttrs(ctx, slog.LevelWarn, "requests are at work still: the process ends without them")
	}
	return nil
}
