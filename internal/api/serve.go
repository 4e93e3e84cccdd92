package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// stopTime is how long requests have to end after their context has ended.
const stopTime = time.Second

// Serve answers requests on a listener until ctx ends; then it ends every request's context, so that tails and queries end,
// waits for them for up to a second, and returns nil. It closes the listener.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	srv := &http.Server{
		Handler:           h,
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
	cancel()
	grace, done := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer done()
	if err := srv.Shutdown(grace); err != nil {
		_ = srv.Close() // what is left is cut off
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fault.New(fault.Environment, "cannot go on listening on %s: %w", l.Addr(), err)
	}
	return nil
}
