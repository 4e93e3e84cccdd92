// Package app wires Helios together. It is the only place that knows which source, store and catalog are in use, and it
// owns the order in which parts start and stop: each function here is to be read as that list. It is not a place for logic.
package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/store/duckdb"
	"github.com/helios-sql/helios/internal/telemetry"
)

// Addresses say where a running server is.
type Addresses struct {
	API     string // URL
	Kinesis string // URL of the demo's Kinesis, else ""
	Data    string // directory
}

// Options of a server.
type Options struct {
	Config config.Config
	Logger *slog.Logger
	Ready  func(Addresses) // called once all is up
}

// Serve runs a server until ctx ends, then stops it in order and returns nil.
func Serve(ctx context.Context, o Options) error {
	declared, err := declarations(o.Config.Sources)
	if err != nil {
		return err
	}
	return serve(ctx, o, func(ctx context.Context, s *server) error {
		if err := s.sources.Start(ctx); err != nil {
			return err
		}
		if err := s.sources.Declare(ctx, declared); err != nil {
			return err
		}
		s.announce()
		<-ctx.Done()
		return nil
	})
}

// server is what is up while a server runs.
type server struct {
	addresses Addresses
	store     *duckdb.DB
	catalog   *catalog.Catalog
	sources   *ingest.Service
	started   atomic.Bool
	tell      func(Addresses)
}

// ready says why queries cannot be taken yet, or nil.
func (s *server) ready() error {
	if !s.started.Load() {
		return fault.New(fault.Unavailable, "Helios is starting")
	}
	select {
	case <-s.store.Broken():
		return fault.New(fault.Unavailable, "the database had a fault and is opened again")
	default:
		return nil
	}
}

// announce says that all is up.
func (s *server) announce() {
	s.started.Store(true)
	s.tell(s.addresses)
}

const (
	restartPause = time.Second     // so that what breaks the database again and again does not keep the machine busy
	queriesStop  = time.Second     // for queries to heed their end when the server stops
	queriesBreak = 2 * time.Minute // … and when the database must be opened anew: one that goes on holds the old one open
)

// errBroken ends a server whose database must be opened anew.
var errBroken = errors.New("the database had a fault")

// serve runs a server, and starts it again when its database has had a fault: one query can do that, and must not end the
// ingestion. Every row that was committed is there again, and reading goes on behind it.
func serve(ctx context.Context, o Options, body func(context.Context, *server) error) error {
	var ready sync.Once
	tell := o.Ready
	o.Ready = func(a Addresses) { ready.Do(func() { tell(a) }) }
	for {
		err := serveOnce(ctx, &o, body)
		switch {
		case ctx.Err() != nil && errors.Is(err, ctx.Err()):
			return nil // it was stopped while it started
		case !errors.Is(err, errBroken):
			return err
		}
		o.Logger.WarnContext(ctx, "the server starts again on what is committed")
		select {
		case <-time.After(restartPause):
		case <-ctx.Done():
			return nil
		}
	}
}

// serveOnce starts the parts of a server in order, runs the body, and stops them in the opposite order: first what people
// use, then what reads, then what commits, then what stores. The body ends when ctx does or on an error.
func serveOnce(ctx context.Context, o *Options, body func(context.Context, *server) error) (err error) {
	cfg := &o.Config
	if err := config.CheckListen(cfg.Listen); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	// 1. The port, so that a second server is noticed before anything is touched.
	listener, err := listen(ctx, cfg.Listen, "--listen")
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	cfg.Listen = listener.Addr().String() // the same port when it starts again

	// 2. The store.
	store, err := duckdb.Open(ctx, cfg.Data, duckdb.Options{Threads: cfg.Store.Threads, MemoryLimit: cfg.Store.MemoryLimit, Logger: o.Logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	defer running(func(running context.Context) {
		select {
		case <-store.Broken():
			stop(errBroken)
		case <-running.Done():
		}
	})()

	// 3. The catalog.
	registry, err := catalog.Open(ctx, cfg.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, registry.Close()) }()

	// 4. The committer. It stops after the sources, when nothing is left to commit.
	metrics := telemetry.NewMetrics()
	committer := ingest.NewCommitter(store, ingest.CommitterOptions{
		Group: cfg.Ingest.Group, QueueBytes: cfg.Ingest.QueueBytes, Logger: o.Logger, Committed: metrics.Commit,
	})
	defer running(func(ctx context.Context) { committer.Run(ctx) })()

	// 5. The sources; the body starts them.
	streams := newStreams(o.Logger)
	sources := ingest.NewService(store, committer, registry, streams, ingest.Options{Logger: o.Logger})
	defer sources.Stop()
	metrics.Sources(func() []telemetry.Source { return sourceMetrics(sources.List()) })

	// 6. Queries and the API. Its requests end first.
	queries := query.New(store, query.Options{
		Timeout: cfg.Query.Timeout, MaxTimeout: cfg.Query.MaxTimeout, MaxRows: cfg.Query.MaxRows, MaxConcurrent: cfg.Query.MaxConcurrent,
	})
	defer func() { err = endQueries(ctx, queries, o.Logger, err) }()
	metrics.RunningQueries(func() int { return len(queries.Running()) })
	up := &server{addresses: Addresses{API: "http://" + cfg.Listen, Data: cfg.Data}, store: store, catalog: registry, sources: sources, tell: o.Ready}
	handler := api.New(api.Deps{
		Sources: sources, Steering: sources, Live: sources, Streams: streams, Tables: store, Queries: queries, Ready: up.ready,
		Metrics: metrics.Handler(), Recorder: metrics, Logger: o.Logger,
	})
	defer running(func(ctx context.Context) {
		if err := api.Serve(ctx, listener, handler, o.Logger); err != nil {
			stop(err)
		}
	})()

	err = body(ctx, up)
	select {
	case <-store.Broken():
		return errBroken // whatever followed from it
	default:
	}
	if cause := context.Cause(ctx); err == nil && fault.CodeOf(cause) == fault.Environment {
		return cause
	}
	return err
}

// endQueries ends what runs and waits for it. A process that ends can leave a query behind; a database that is to be
// opened again cannot: two instances must not have one file open.
func endQueries(ctx context.Context, queries *query.Service, log *slog.Logger, err error) error {
	broken := errors.Is(err, errBroken)
	wait := queriesStop
	if broken {
		wait = queriesBreak
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait)
	defer cancel()
	left := queries.Close(ctx)
	switch {
	case left == nil:
		return err
	case broken:
		return fault.New(fault.Internal, "the database cannot be opened again: %w", left).WithHint("start helios again: what was committed is safe")
	default:
		log.WarnContext(ctx, "the process ends without its last queries", "error", left)
		return err
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

// listen takes a port on this machine. The flag names the way to choose another.
func listen(ctx context.Context, address, flag string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fault.New(fault.Environment, "cannot listen on %s: another program uses that port", address).
			WithHint("stop it, or choose another port with %s", flag)
	}
	if err != nil {
		return nil, fault.New(fault.Environment, "cannot listen on %s: %w", address, err).WithHint("choose another address with %s", flag)
	}
	return listener, nil
}

func sourceMetrics(all []ingest.SourceStatus) []telemetry.Source {
	metrics := make([]telemetry.Source, 0, len(all))
	for i := range all {
		s := &all[i]
		m := telemetry.Source{
			Name: s.Settings.Name, State: string(s.State), Records: s.Counters.Records, Bytes: s.Counters.Bytes, Rows: s.Counters.Rows,
			Quarantined: s.Counters.Quarantined, DuplicateKeys: s.Counters.DuplicateKeys, SchemaChanges: s.Counters.SchemaChanges,
		}
		if s.NewestArrived != nil {
			m.NewestArrived = *s.NewestArrived
		}
		for k := range s.Shards {
			v := &s.Shards[k]
			shard := telemetry.Shard{ID: v.ShardID, Condition: string(v.Condition)}
			if v.LagMS != nil {
				shard.Lag = new(time.Duration(*v.LagMS) * time.Millisecond)
			}
			m.Shards = append(m.Shards, shard)
		}
		metrics = append(metrics, m)
	}
	return metrics
}
