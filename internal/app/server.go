package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/store/duckdb"
	"github.com/helios-sql/helios/internal/supervise"
	"github.com/helios-sql/helios/internal/telemetry"
	"github.com/helios-sql/helios/internal/web"
)

// task is what a worker is told.
type task struct {
	Config config.Config
	Demo   string // URL of the demo's Kinesis, where its source reads from, else ""

	Started time.Time // when a person started the server: workers come and go
}

const (
	queriesStop = time.Second // for queries to heed their end when the server stops

	// answerTime is how long a worker that must end at once takes to send what its requests are to be told.
	answerTime = 200 * time.Millisecond
)

// GCPercent is how much garbage a worker may gather, as a share of what is in use: a third of what Go allows itself by default.
// What is on its way to a commit fills the heap under load, and holds few pointers, so that collecting three times as often costs
// little and saves a third of the heap (bench/load.go measures both).
const GCPercent = 30

// loggedSQL is how much of a statement the log takes, in bytes.
const loggedSQL = 1000

// databaseFault is the reason of a new start after DuckDB has given the database up.
const databaseFault = "database_fault"

// Work runs a server in a process that Serve or Demo has started, and returns when that process must end: in order when it is
// told to stop, at once when its supervisor is gone or the engine will not end. What goes wrong is told the supervisor.
func Work(ctx context.Context, talk io.Writer) error {
	return work(ctx, talk, func(context.Context, *server) {})
}

// work calls up once the server is ready; tests look inside.
func work(ctx context.Context, talk io.Writer, up func(context.Context, *server)) error {
	onlyOurs()
	s := &server{talk: talk, answered: make(chan struct{}), given: make(chan *supervise.AgainError, 1), up: up}
	worker, ctx, err := supervise.Join(ctx, &s.task)
	if err != nil {
		return err
	}
	s.worker = worker
	debug.SetGCPercent(GCPercent)
	if s.logger, err = telemetry.NewLogger(talk, s.Config.Log.Level, s.Config.Log.Format); err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- s.serve(ctx) }()
	select {
	case err := <-served:
		s.worker.End(err)
	case again := <-s.given:
		select {
		case <-s.answered:
		case <-time.After(answerTime):
		case <-s.worker.Alone:
		}
		s.worker.End(again) // the rest is left as it is: nothing that was committed is lost, and the engine may not end
	case <-s.worker.Alone:
	}
	return nil
}

// server is what is up while a server runs.
type server struct {
	task
	worker   *supervise.Worker
	talk     io.Writer
	logger   *slog.Logger
	store    *duckdb.DB
	catalog  *catalog.Catalog
	sources  *ingest.Service
	started  atomic.Bool
	answered chan struct{}              // closed when no request is open any more
	given    chan *supervise.AgainError // why the engine is given up
	up       func(context.Context, *server)
}

// serve starts the parts of a server in order, waits for the end of ctx, and stops them in the opposite order: first what
// people use, then what reads, then what commits, then what stores.
func (s *server) serve(ctx context.Context) (err error) {
	cfg := &s.Config
	declared, err := declarations(cfg.Sources)
	if err != nil {
		return err
	}
	boards, err := declaredBoards(cfg)
	if err != nil {
		return err
	}
	anew := len(s.worker.Restarts) == 0 // what people have changed since then must not be undone by whatever ends a worker
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	// 1. The store.
	if err := backup.CheckDir(cfg.Data); err != nil {
		return err
	}
	if err := takeAway(cfg.Data); err != nil {
		return err
	}
	s.store, err = duckdb.Open(ctx, cfg.Data, duckdb.Options{
		Threads: cfg.Store.Threads, MemoryLimit: cfg.Store.MemoryLimit, Logger: s.logger, Owner: os.Getppid(), LettingGo: lettingGo,
	})
	if err != nil {
		return stopped(ctx, err)
	}
	defer func() { err = errors.Join(err, s.store.Close(context.WithoutCancel(ctx))) }()
	if err := backup.CheckDir(cfg.Data); err != nil { // a restore may have begun before the directory was locked
		return err
	}

	// 2. The catalog.
	s.catalog, err = catalog.Open(ctx, cfg.Data)
	if err != nil {
		return stopped(ctx, err)
	}
	defer func() { err = errors.Join(err, s.catalog.Close()) }()
	if anew {
		if err := s.catalog.Declare(ctx, boards); err != nil {
			return stopped(ctx, err)
		}
	}
	history := catalog.NewHistory(s.catalog, s.logger)
	defer running(history.Run)()
	kept := catalog.NewAccounts(s.catalog)
	s.store.ShowAudit(kept)
	provider, rules, err := provider(&cfg.OIDC)
	if err != nil {
		return stopped(ctx, err)
	}
	accounts := auth.New(kept, auth.Options{Closed: cfg.Closed(), Retention: cfg.Audit.Retention, Logger: s.logger, Provider: provider, Rules: rules})
	defer running(accounts.Run)()
	if err := s.firstAccount(ctx, accounts); err != nil { // before anybody is let in
		return stopped(ctx, err)
	}

	// 3. The committer. It stops after the sources, when nothing is left to commit.
	metrics := telemetry.NewMetrics()
	metrics.Restarts(s.restarts())
	committer := ingest.NewCommitter(s.store, ingest.CommitterOptions{
		Group: cfg.Ingest.Group, QueueBytes: cfg.Ingest.QueueBytes, Logger: s.logger, Committed: metrics.Commit,
	})
	defer running(func(ctx context.Context) { committer.Run(ctx) })()

	// 4. The sources; they start last.
	streams := newStreams(s.logger)
	s.sources = ingest.NewService(s.store, committer, s.catalog, streams, ingest.Options{Shelf: s.store, Quarantined: s.store.QuarantinedSince, Logger: s.logger})
	defer s.sources.Stop()
	metrics.Sources(func() []telemetry.Source { return sourceMetrics(s.sources.List()) })
	metrics.Disk(func() (telemetry.Disk, bool) { return diskMetrics(s.sources.Disk()) })

	// 5. Queries, and who looks after them.
	queries := query.New(s.store, query.Options{
		Timeout: cfg.Query.Timeout, MaxTimeout: cfg.Query.MaxTimeout, MaxRows: cfg.Query.MaxRows, MaxConcurrent: cfg.Query.MaxConcurrent,
		OwnerConcurrent: cfg.Limits.QueriesAtOnce, OwnerPerMinute: cfg.Limits.QueriesPerMinute, OwnerBytes: cfg.Limits.ResultBytes,
	})
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), queriesStop)
		defer cancel()
		if left := queries.Close(ending); left != nil {
			s.logger.WarnContext(ctx, "the process ends without its last queries", "error", left)
		}
	}()
	metrics.RunningQueries(func() int { return len(queries.Running()) })
	limit, err := memoryBound(ctx, s.store)
	if err != nil {
		return stopped(ctx, err)
	}
	defer running(func(ctx context.Context) {
		if again := s.watch(ctx, queries, query.Bounds{Memory: supervise.Memory, Limit: limit}); again != nil {
			if err := s.store.Damage(); err != nil {
				stop(err) // a new process would not mend it
				return
			}
			s.given <- again
			stop(again)
		}
	})()

	// 6. Backups. One that is under way is given up.
	backups := newBackups(backup.Deps{Store: s.store, Catalog: s.catalog, Logger: s.logger}, cfg)
	defer running(backups.Run)()
	metrics.Backups(backups.metrics)

	// 7. The API. Its requests end first.
	reach, how, see, err := s.entrance()
	if err != nil {
		return stopped(ctx, err)
	}
	defer running(see)()
	handler := api.New(api.Deps{
		Sources: s.sources, Steering: s.sources, Mending: s.sources, Live: s.sources, Streams: streams, Tables: s.store, Queries: queries, Ready: s.ready, Declare: declare,
		Metrics: metrics.Handler(), Console: web.Handler(), Recorder: metrics, Logger: s.logger,
		SavedQueries: s.catalog, Dashboards: s.catalog, History: history, Inspector: query.NewInspector(queries, s.store),
		About:    func(ctx context.Context) (api.About, error) { return s.about(ctx, queries.Options()) },
		Accounts: accounts, Reach: reach, Backups: backups,
	})
	defer running(func(ctx context.Context) {
		defer close(s.answered)
		if err := api.Serve(ctx, s.worker.Listener, handler, how); err != nil {
			stop(err)
		}
	})()

	// 8. Reading.
	if s.Demo != "" {
		if err := s.moveDemo(ctx); err != nil {
			return stopped(ctx, err)
		}
	}
	if err := s.sources.Start(ctx); err != nil {
		return stopped(ctx, err)
	}
	if anew {
		if err := s.sources.Declare(ctx, declared); err != nil {
			return stopped(ctx, err)
		}
	}
	defer running(func(ctx context.Context) {
		s.cloudWatch(ctx, time.Minute, backups.newest)
	})()
	s.started.Store(true)
	s.worker.Ready()
	if anew && s.Demo == "" { // a link of before a new worker is good still, and a demo is for looking at
		if err := s.invite(ctx, accounts, s.talk); err != nil && ctx.Err() == nil { // a full disk, say, keeps nobody from reading
			s.logger.WarnContext(ctx, "there is no account, and the link that makes the first one could not be made: start the server again for another", "error", err)
		}
	}
	s.up(ctx, s)
	<-ctx.Done()
	return stopped(ctx, nil)
}

// stopped is why a server ends: what ended ctx if that was more than being told to stop, else err, unless it follows from that.
func stopped(ctx context.Context, err error) error {
	switch cause := context.Cause(ctx); {
	case ctx.Err() == nil:
		return err
	case !errors.Is(cause, context.Canceled):
		return cause
	case errors.Is(err, context.Canceled):
		return nil
	default:
		return err
	}
}

// ready says why queries cannot be taken yet, or nil.
func (s *server) ready() error {
	if !s.started.Load() {
		return fault.New(fault.Unavailable, "Helios is starting").WithRetryAfter(time.Second)
	}
	return nil
}

// restarts counts the new starts of the server's process by reason, those that never were among them: a counter is to be seen
// before it counts.
func (s *server) restarts() map[string]int64 {
	counts := map[string]int64{query.StuckQuery: 0, query.Memory: 0, databaseFault: 0, supervise.Failed: 0, supervise.Crash: 0}
	maps.Copy(counts, s.worker.Restarts)
	return counts
}

// watch waits for what only a new process mends, and answers all queries before it returns; nil when ctx ends.
func (s *server) watch(ctx context.Context, queries *query.Service, bounds query.Bounds) *supervise.AgainError {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer running(func(running context.Context) {
		select {
		case <-s.store.Broken():
			cancel()
		case <-running.Done():
		}
	})()
	harm := queries.Watch(ctx, bounds)
	if harm == nil {
		select {
		case <-s.store.Broken():
			queries.Abort()
			return &supervise.AgainError{Reason: databaseFault}
		default:
			return nil
		}
	}
	for _, q := range harm.Queries {
		s.logger.WarnContext(ctx, "the engine is ended because of a query",
			"reason", harm.Reason, "query_id", q.ID, "sql", strings.ToValidUTF8(q.SQL[:min(len(q.SQL), loggedSQL)], ""), "elapsed_ms", q.ElapsedMS)
	}
	return &supervise.AgainError{Reason: harm.Reason}
}

// memoryBound is how much memory the process may use before a query that runs is blamed, in bytes: a third more than what
// DuckDB counts of its own may be. By default that is four fifths of the machine's. Small limits, and small machines, leave
// room for the rest of Helios.
func memoryBound(ctx context.Context, store *duckdb.DB) (int64, error) {
	const rest = 512 << 20
	limit, err := store.MemoryLimit(ctx)
	return max(limit/3*4, limit+rest), err
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
		measured := s.Retention.MeasuredAt != nil
		m.Kept = []telemetry.Kept{keptMetrics("table", &s.Retention.Table, measured), keptMetrics("quarantine", &s.Retention.Quarantine, measured)}
		for k := range s.Shards {
			v := &s.Shards[k]
			shard := telemetry.Shard{ID: v.ShardID, Condition: string(v.Condition), Read: string(v.Read)}
			if v.Limits != nil {
				shard.Limits = &telemetry.Limits{Calls: v.Limits.Calls, Bytes: v.Limits.Bytes}
			}
			if v.LagMS != nil {
				shard.Lag = new(time.Duration(*v.LagMS) * time.Millisecond)
			}
			m.Shards = append(m.Shards, shard)
		}
		metrics = append(metrics, m)
	}
	return metrics
}

func keptMetrics(part string, k *ingest.Kept, measured bool) telemetry.Kept {
	m := telemetry.Kept{Part: part, Measured: measured, Rows: k.Rows, Bytes: k.Bytes, Dropped: k.Dropped}
	if k.Oldest != nil {
		m.Oldest = *k.Oldest
	}
	return m
}

func diskMetrics(d ingest.DiskStatus, measured bool) (telemetry.Disk, bool) {
	m := telemetry.Disk{Used: d.Used, Free: d.Free}
	if d.FullAt != nil {
		m.FullAt = *d.FullAt
	}
	return m, measured
}
