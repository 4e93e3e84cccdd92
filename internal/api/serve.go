package api

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

const (
	headTime  = 5 * time.Second // for the head of a request to arrive, and before that for TLS to be agreed on
	headBytes = 16 << 10        // of the head of a request; over HTTP/2 a client sends many of that size with few bytes

	mostStreams = 32               // requests at once on a connection of HTTP/2: tails and queries of a page among them
	pingEvery   = 30 * time.Second // how long a client of HTTP/2 may be silent before it is asked whether it is there
)

// Times of stopping.
const (
	politeTime = 500 * time.Millisecond // for answers to be sent to their end; also what a silent connection can cost
	stopTime   = 5 * time.Second        // for requests to notice that their context has ended: a query can be slow to
)

// Listening says how connections are taken.
type Listening struct {
	TLS    *tls.Config    // nil: they are plain
	Shared []netip.Prefix // addresses of proxies, from which many clients come
	Logger *slog.Logger
}

// Serve answers requests on a listener until ctx ends; then it ends every request's context, so that tails and queries end,
// waits until no request is at work any more, and returns nil. It closes the listener.
func Serve(ctx context.Context, l net.Listener, h http.Handler, o Listening) error {
	log := o.Logger
	requests, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	var working sync.WaitGroup
	srv := &http.Server{
		Handler: counted(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			working.Add(1)
			defer working.Done()
			h.ServeHTTP(w, r)
		})),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ConnContext:       withConnection,
		TLSConfig:         o.TLS,
		ReadHeaderTimeout: headTime,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    headBytes,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: mostStreams, SendPingTimeout: pingEvery, PingTimeout: writeTimeout, WriteByteTimeout: writeTimeout},
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // what clients do wrong
	}
	served := make(chan error, 1)
	go func() {
		if in := newGate(l, o.Shared, log); o.TLS != nil {
			served <- srv.ServeTLS(in, "", "") // the certificates are those of the configuration
		} else {
			served <- srv.Serve(in)
		}
	}()
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
