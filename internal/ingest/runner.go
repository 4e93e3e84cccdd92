package ingest

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/schema"
)

const (
	firstRetry  = time.Second
	longestWait = 30 * time.Second
	longestHere = 2 * time.Second // when it is this machine that fails: nobody else is bothered
	inferFrom   = 1000            // events that a schema is inferred from
)

// runner keeps one source running: it starts it, starts it again after what went wrong, pauses it, and answers for it.
type runner struct {
	service *Service
	name    string
	logger  *slog.Logger
	status  *status
	tails   *tails

	droppedRows, droppedEvents atomic.Int64

	unsaved bool       // the last run ended because the store did not take a batch; of the goroutine that runs
	control sync.Mutex // one of start, stop, replay at a time
	removed bool       // from the service, for who has waited for control meanwhile
	saving  sync.Mutex // one change of the settings at a time

	mu       sync.Mutex
	settings Settings
	stop     context.CancelFunc // nil while not running
	stopped  chan struct{}
	loop     *loop         // of the current run, nil between runs
	ready    chan struct{} // closed once the table exists, or the first run has failed or been stopped
}

func newRunner(s *Service, settings Settings) *runner {
	return &runner{
		service: s, name: settings.Name, settings: settings, logger: s.opt.Logger.With("source_name", settings.Name, "stream", settings.Stream),
		status: newStatus(s.opt.Now), tails: newTails(), ready: make(chan struct{}),
	}
}

func (r *runner) current() Settings {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.settings
}

func (r *runner) view() SourceStatus {
	v := r.status.view(r.current())
	v.Retention = r.service.retainer.view(r)
	return v
}

// dropped counts the rows, or the quarantined events, that left by age or size.
func (r *runner) dropped(quarantine bool) *atomic.Int64 {
	if quarantine {
		return &r.droppedEvents
	}
	return &r.droppedRows
}

// start begins to run the source, unless it runs already.
func (r *runner) start() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop != nil {
		return
	}
	ctx, cancel := context.WithCancel(r.service.ctx)
	r.stop, r.stopped = cancel, make(chan struct{})
	r.status.set(SourceStarting, nil)
	go r.run(ctx, r.stopped)
}

// halt ends the run and waits until all that it had handed over is committed.
func (r *runner) halt(as SourceState) {
	r.mu.Lock()
	stop, stopped := r.stop, r.stopped
	r.mu.Unlock()
	if stop != nil {
		stop()
		<-stopped
	}
	r.mu.Lock()
	r.stop = nil
	r.mu.Unlock()
	r.status.set(as, nil)
}

// run runs the source again and again until ctx ends.
func (r *runner) run(ctx context.Context, stopped chan<- struct{}) {
	defer close(stopped)
	defer r.settled()
	wait := firstRetry
	for {
		began := time.Now()
		err := r.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > longestWait {
			wait = firstRetry
		}
		r.settled()
		if r.status.set(SourceFailing, err) {
			r.logger.WarnContext(ctx, "source failed; it is tried again and again", "error", err)
		}
		_, r.unsaved = errors.AsType[*unsavedError](err)
		longest := longestWait
		if fault.CodeOf(err) == fault.Environment {
			longest = longestHere
		}
		timer := time.NewTimer(wait/2 + rand.N(wait/2))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		wait = min(2*wait, longest)
	}
}

// settled tells those who wait for the first run that there is something to see.
func (r *runner) settled() {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.ready:
	default:
		close(r.ready)
	}
}

// unsavedError is why the store did not take a batch.
type unsavedError struct{ error }

func (e *unsavedError) Unwrap() error { return e.error }

var errEnded = errors.New("the reader ended by itself")

// once runs the source from its committed state until ctx ends or something fails.
func (r *runner) once(ctx context.Context) error {
	settings := r.current()
	src, err := r.service.streams.Open(ctx, settings.Connection, settings.Stream, settings.consumer())
	if err != nil {
		return err
	}
	if err := r.ensureTable(ctx, src, settings); err != nil {
		return err
	}
	return r.withLoop(ctx, r.current(), func(ctx context.Context, l *loop, state event.StreamState) error {
		r.mu.Lock()
		r.loop = l
		r.mu.Unlock()
		defer func() {
			r.mu.Lock()
			r.loop = nil
			r.mu.Unlock()
		}()
		if !r.unsaved { // else it is still failing, until something is committed
			r.status.set(SourceReading, nil)
		}
		r.settled()
		group, ctx := errgroup.WithContext(ctx)
		group.Go(func() error {
			if err := src.Read(ctx, state, settings.From, l); err != nil {
				return err
			}
			return errEnded // only an error or the end of ctx ends a run
		})
		group.Go(func() error { return l.work(ctx) })
		return group.Wait()
	})
}

// withLoop makes a loop over the source's table as it is in the store, and a lane for it.
func (r *runner) withLoop(ctx context.Context, settings Settings, use func(context.Context, *loop, event.StreamState) error) error {
	s := r.service
	table, err := s.sink.Table(ctx, settings.Table)
	if err != nil {
		return err
	}
	table.Evolve, table.MaxDepth, table.MaxColumns = settings.Evolve, settings.MaxDepth, settings.MaxColumns
	if _, err := eventTime(settings.EventTime, table); err != nil {
		r.status.notice(Notice{Kind: NoticeEventTime, At: s.opt.Now().UTC(), Message: err.Error() + ": _arrived_at stands in for it."})
	}
	state, err := s.sink.StreamState(ctx, settings.Name)
	if err != nil {
		return err
	}
	laneCtx, lane := s.committer.Lane(ctx, func(b *Batch) {
		if r.status.committed(b) {
			r.logger.InfoContext(ctx, "source goes on")
		}
		s.retainer.count(b)
	})
	defer lane.Close()
	l := newLoop(settings, table, state, lane, r.status, r.tails, s.opt.Now)
	if err = l.ignoreAsSet(laneCtx); err == nil {
		err = use(laneCtx, l, state)
	}
	if cause := context.Cause(laneCtx); cause != nil && ctx.Err() == nil {
		return &unsavedError{cause} // the batch that failed, rather than what followed from it
	}
	return err
}

// ensureTable makes the source's table, from the columns that the person chose or else from a sample of the stream.
func (r *runner) ensureTable(ctx context.Context, src Source, settings Settings) error {
	s := r.service
	_, err := s.sink.Table(ctx, settings.Table)
	if err == nil || fault.CodeOf(err) != fault.NotFound {
		return err
	}
	columns, reason := settings.Columns, "columns chosen when the source was added"
	if len(columns) == 0 {
		sample, err := sampleStream(ctx, src, inferFrom, settings)
		if err != nil {
			return err
		}
		columns, reason = sample.Inference.Table.Columns, inferredReason(sample.Inference.Events)
		settings.MaxDepth = sample.Inference.Table.MaxDepth
		if err := r.remember(ctx, func(s *Settings) { s.MaxDepth = settings.MaxDepth }); err != nil {
			return err
		}
	}
	table, err := schema.NewTable(settings.Table, columns, settings.bounds())
	if err != nil {
		return err
	}
	return s.sink.CreateTable(ctx, table, reason)
}

// remember changes the settings and saves them.
func (r *runner) remember(ctx context.Context, change func(*Settings)) error {
	r.saving.Lock()
	defer r.saving.Unlock()
	settings := r.current()
	change(&settings)
	if err := r.service.registry.SaveSource(ctx, settings); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settings = settings
	return nil
}

// change makes changes to the settings, if they are any.
func (r *runner) change(ctx context.Context, changes Changes) error {
	r.control.Lock()
	defer r.control.Unlock()
	if r.removed {
		return unknown(r.name)
	}
	before, after := r.current(), r.current()
	changes.apply(&after)
	if before.consumer() != after.consumer() && !before.Paused { // it is read in another way, from where it is
		r.halt(SourceStarting)
		defer r.start()
	}
	if err := r.remember(ctx, changes.apply); err != nil {
		return err
	}
	r.service.retainer.wakeUp()
	return nil
}

// ignore lets the table ignore what is declared, if anything is. The table follows when the next run begins: at once.
func (r *runner) ignore(ctx context.Context, paths [][]string) error {
	r.control.Lock()
	defer r.control.Unlock()
	before := r.current()
	same := len(paths) == len(before.Ignore) && !slices.ContainsFunc(paths, func(p []string) bool { return !hasPath(before.Ignore, p) })
	if paths == nil || same || r.removed {
		return nil
	}
	r.halt(SourcePaused) // before anything is saved: a run saves settings too
	err := r.remember(ctx, func(s *Settings) { s.Ignore = paths })
	if !before.Paused {
		r.start()
	}
	return err
}

// replay tries quarantined events again.
func (r *runner) replay(ctx context.Context, f QuarantineFilter, p ReplayPage) (ReplayResult, error) {
	asked := ctx
	return within(ctx, r, func(ctx context.Context, l *loop) (ReplayResult, error) {
		return l.replay(ctx, asked, r.service.sink, f, p)
	})
}

// alter changes the table by hand. What is to be ignored is remembered first: should the server die before it is done, it is
// done by the next run.
func (r *runner) alter(ctx context.Context, a schema.Alteration) error {
	_, err := within(ctx, r, func(ctx context.Context, l *loop) (struct{}, error) {
		before := r.current().Ignore
		next, change, err := l.decoder.Table().Alter(a)
		if err != nil {
			return struct{}{}, err
		}
		if len(change.Path) == 0 {
			return struct{}{}, l.change(ctx, next, change)
		}
		if err := r.remember(ctx, func(s *Settings) { s.Ignore = next.Ignore }); err != nil {
			return struct{}{}, err
		}
		if err = l.change(ctx, next, change); err != nil {
			err = errors.Join(err, r.remember(context.WithoutCancel(ctx), func(s *Settings) { s.Ignore = before }))
		}
		return struct{}{}, err
	})
	return err
}

// within runs a function on the source's loop: between two deliveries while the source reads, on a loop of its own while it
// does not.
func within[T any](ctx context.Context, r *runner, do func(context.Context, *loop) (T, error)) (T, error) {
	r.control.Lock()
	defer r.control.Unlock()
	var none, result T
	if r.removed {
		return none, unknown(r.name)
	}
	r.mu.Lock()
	l, running, settings := r.loop, r.stop != nil, r.settings
	r.mu.Unlock()
	asked := ctx
	on := func(ctx context.Context, l *loop) (err error) {
		if asked.Err() != nil { // whoever asked has not waited for its turn
			return context.Cause(asked)
		}
		result, err = do(ctx, l)
		return err
	}
	switch {
	case l != nil:
		if err := l.call(ctx, func(ctx context.Context) error { return on(ctx, l) }); err != nil {
			return none, err // who has not waited for the end must not look at the result
		}
		return result, nil
	case running:
		said := cmp.Or(r.view().Error, "it is starting")
		return none, fault.New(fault.Unavailable, "source %s is not reading at the moment: %s", settings.Name, said).
			WithHint("pause it, or try again when it reads").WithRetryAfter(time.Second)
	default:
		err := r.withLoop(ctx, settings, func(ctx context.Context, l *loop, _ event.StreamState) error { return on(ctx, l) })
		return result, err
	}
}
