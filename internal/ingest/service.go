package ingest

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/helios-sql/helios/internal/fault"
)

// Registry remembers the sources that people have added.
type Registry interface {
	Sources(ctx context.Context) ([]Settings, error)
	SaveSource(ctx context.Context, s Settings) error // adds it, or replaces the one of that name
	DeleteSource(ctx context.Context, name string) error
}

// Streams finds streams. Errors are *fault.Error: NotFound, Credentials, Network, Invalid.
type Streams interface {
	List(ctx context.Context, c Connection) ([]ListedStream, error)
	Describe(ctx context.Context, c Connection, stream string) (StreamDetail, error)
	// Open makes the reader of a stream; consumer is the name of its own consumer for fan-out, "" for one that only polls.
	Open(ctx context.Context, c Connection, stream, consumer string) (Source, error)
}

// Options of a Service.
type Options struct {
	Shelf Shelf // what retention works on; nil: nothing is measured, and all is kept
	// Quarantined, when set, counts the events of a table that were quarantined since a time, by steps: what was before this
	// process began, which it cannot know by itself.
	Quarantined func(ctx context.Context, table string, since time.Time, step time.Duration) ([]Tick, error)
	Logger      *slog.Logger
	Now         func() time.Time
}

// Service keeps the sources: it adds, starts, pauses, removes and describes them.
type Service struct {
	sink      Store
	committer *Committer
	registry  Registry
	streams   Streams
	opt       Options
	retainer  *retainer           // nil without a shelf
	trials    *semaphore.Weighted // of quarantined events, that go on at once
	running   sync.WaitGroup
	ctx       context.Context //nolint:containedctx // the scope of all runs: it ends with Stop
	cancel    context.CancelFunc

	adding sync.Mutex // one Add, Declare or Remove at a time
	mu     sync.Mutex
	byName map[string]*runner
}

// NewService makes a Service. Start starts what the registry knows; Stop must be called in any case.
func NewService(sink Store, committer *Committer, registry Registry, streams Streams, opt Options) *Service {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Service{
		sink: sink, committer: committer, registry: registry, streams: streams, opt: opt,
		ctx: ctx, cancel: cancel, byName: map[string]*runner{}, trials: semaphore.NewWeighted(trialsAtOnce),
	}
	if opt.Shelf != nil {
		s.retainer = newRetainer(s, opt.Shelf)
	}
	return s
}

// Start starts the sources that the registry knows, those paused excepted.
func (s *Service) Start(ctx context.Context) error {
	known, err := s.registry.Sources(ctx)
	if err != nil {
		return err
	}
	for _, settings := range known {
		s.launch(settings)
	}
	if s.retainer != nil {
		s.running.Go(func() { s.retainer.run(s.ctx) })
	}
	return nil
}

// stopGrace is how long Stop waits for what is queued. People and service managers are impatient, and a queue is long when
// the disk is slow.
const stopGrace = 500 * time.Millisecond

// Stop ends all sources and waits until what they had handed over is committed, or for a moment: the committer gives the
// rest up, to be read again.
func (s *Service) Stop() {
	s.cancel()
	impatient := time.AfterFunc(stopGrace, s.committer.GiveUp)
	defer impatient.Stop()
	var all sync.WaitGroup
	for _, r := range s.runners() {
		all.Go(func() {
			r.control.Lock()
			defer r.control.Unlock()
			r.halt(SourceStopped)
		})
	}
	all.Wait()
	s.running.Wait()
}

func (s *Service) launch(settings Settings) *runner {
	settings.Read = cmp.Or(settings.Read, ReadAuto) // a source that was added before there was a choice
	r := newRunner(s, settings)
	s.recall(r)
	s.mu.Lock()
	s.byName[settings.Name] = r
	s.mu.Unlock()
	if settings.Paused {
		r.status.set(SourcePaused, nil)
	} else {
		r.start()
	}
	return r
}

// recallTime bounds what recalling the last hour may cost a start.
const recallTime = time.Second

// recall lets a source's history know what was quarantined in the hour before.
func (s *Service) recall(r *runner) {
	if s.opt.Quarantined == nil {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, recallTime)
	defer cancel()
	ticks, err := s.opt.Quarantined(ctx, r.settings.Table, s.opt.Now().Add(-time.Hour), HistoryStep)
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		r.logger.WarnContext(ctx, "what was quarantined in the last hour is not known", "error", err)
	}
	r.status.history.recalled = ticks
}

func (s *Service) runners() []*runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*runner, 0, len(s.byName))
	for _, r := range s.byName {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *runner) int { return strings.Compare(a.name, b.name) })
	return all
}

func (s *Service) runner(name string) (*runner, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.byName[strings.ToLower(name)]; r != nil {
		return r, nil
	}
	return nil, unknown(name)
}

// has tells whether a source has not been removed.
func (s *Service) has(r *runner) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byName[r.name] == r
}

func unknown(name string) error {
	return fault.New(fault.NotFound, "there is no source %q", name).WithHint("helios sources list shows those there are")
}

// Add connects a stream to a table: it checks that the stream is there, remembers the source and starts it. It returns once
// the table exists. A table that was kept when its source was removed goes on where it stopped if it is the same stream.
func (s *Service) Add(ctx context.Context, settings Settings) (SourceStatus, error) {
	settings, err := settings.Complete()
	if err != nil {
		return SourceStatus{}, err
	}
	s.adding.Lock()
	defer s.adding.Unlock()
	if err := s.free(settings); err != nil {
		return SourceStatus{}, err
	}
	stream, err := s.streams.Describe(ctx, settings.Connection, settings.Stream)
	if err != nil {
		return SourceStatus{}, err
	}
	if err := s.adopt(ctx, &settings, stream.ARN); err != nil {
		return SourceStatus{}, err
	}
	if settings.EventTime, err = s.eventTime(ctx, settings.Table, settings.EventTime); err != nil {
		return SourceStatus{}, err
	}
	settings.CreatedAt = s.opt.Now().UTC()
	if err := s.registry.SaveSource(ctx, settings); err != nil {
		return SourceStatus{}, err
	}
	r := s.launch(settings)
	if settings.Paused {
		return r.view(), nil
	}
	select {
	case <-r.ready:
		// A first run that failed is not undone: the source is remembered, and shows why it fails.
		return r.view(), nil
	case <-ctx.Done():
		return r.view(), nil
	}
}

// Declare adds those of the sources that are not there yet, without waiting for their streams: what is declared in a file
// may come before the stream exists. Of those that are there it changes what may be changed, where the declaration says it.
func (s *Service) Declare(ctx context.Context, declared []Settings) error {
	s.adding.Lock()
	defer s.adding.Unlock()
	for _, settings := range declared {
		settings, err := settings.Complete()
		if err != nil {
			return err
		}
		if r, err := s.runner(settings.Name); err == nil {
			if err := errors.Join(r.change(ctx, settings.changes()), r.ignore(ctx, settings.Ignore)); err != nil {
				return err
			}
			continue
		}
		if err := s.free(settings); err != nil {
			return err
		}
		if err := s.adopt(ctx, &settings, settings.Stream); err != nil {
			return err
		}
		settings.CreatedAt = s.opt.Now().UTC()
		if err := s.registry.SaveSource(ctx, settings); err != nil {
			return err
		}
		s.launch(settings)
	}
	return nil
}

// free refuses names that another source has.
func (s *Service) free(settings Settings) error {
	for _, r := range s.runners() {
		other := r.current()
		if other.Name == settings.Name {
			return fault.New(fault.Conflict, "there is already a source %s: it reads stream %s", other.Name, other.Stream).WithHint("choose another name, or remove it with helios sources remove %s", other.Name)
		}
		if other.Table == settings.Table {
			return fault.New(fault.Conflict, "table %s belongs to source %s already", other.Table, other.Name).WithHint("choose another table")
		}
	}
	return nil
}

// adopt refuses a table that exists, unless it is what an earlier source of the same name has left of the same stream, which
// is given by its name or ARN. Positions without a table are of rows that are gone: they are forgotten. What the table ignores
// it goes on ignoring, unless the settings say something else.
func (s *Service) adopt(ctx context.Context, settings *Settings, stream string) error {
	table, err := s.sink.Table(ctx, settings.Table)
	if err != nil {
		if fault.CodeOf(err) == fault.NotFound {
			return s.sink.Forget(ctx, settings.Name)
		}
		return err
	}
	state, err := s.sink.StreamState(ctx, settings.Name)
	if err != nil {
		return err
	}
	if state.Started() && (state.ARN == stream || strings.HasSuffix(state.ARN, "/"+stream)) {
		if settings.Ignore == nil {
			settings.Ignore = table.Ignore
		}
		return nil
	}
	return fault.New(fault.Conflict, "table %s exists already, and holds events of another stream or source", settings.Table).
		WithHint("choose another table, or give the source the name that it had when it filled this one")
}

// List shows all sources, by name.
func (s *Service) List() []SourceStatus {
	all := []SourceStatus{}
	for _, r := range s.runners() {
		all = append(all, r.view())
	}
	return all
}

// Get shows one source; fault.NotFound if there is none.
func (s *Service) Get(name string) (SourceStatus, error) {
	r, err := s.runner(name)
	if err != nil {
		return SourceStatus{}, err
	}
	return r.view(), nil
}

// Pause stops reading until Resume, over restarts too. What has been read is committed when it returns.
func (s *Service) Pause(ctx context.Context, name string) (SourceStatus, error) {
	return s.steer(ctx, name, true)
}

// Resume goes on reading where Pause stopped.
func (s *Service) Resume(ctx context.Context, name string) (SourceStatus, error) {
	return s.steer(ctx, name, false)
}

func (s *Service) steer(ctx context.Context, name string, pause bool) (SourceStatus, error) {
	r, err := s.runner(name)
	if err != nil {
		return SourceStatus{}, err
	}
	r.control.Lock()
	defer r.control.Unlock()
	if r.removed {
		return SourceStatus{}, unknown(name)
	}
	if pause {
		r.halt(SourcePaused) // before anything is saved: a run saves settings too
	}
	err = r.remember(ctx, func(s *Settings) { s.Paused = pause })
	if !r.current().Paused {
		r.start()
	}
	return r.view(), err
}

// Change changes settings of a source, from now on and over restarts. Where the source is to be read in another way, what it
// has left in the stream's account by the old one is taken back; if that fails all is changed nevertheless, and the error says
// what is left.
func (s *Service) Change(ctx context.Context, name string, changes Changes) (SourceStatus, error) {
	r, err := s.runner(name)
	if err != nil {
		return SourceStatus{}, err
	}
	before := r.current()
	if changes.Read != nil && !changes.Read.valid() {
		return SourceStatus{}, fault.New(fault.Invalid, "read is %q", *changes.Read).WithHint("use auto, poll or fan_out")
	}
	if changes.EventTime != nil {
		column, err := s.eventTime(ctx, before.Table, *changes.EventTime)
		if err != nil {
			return SourceStatus{}, err
		}
		changes.EventTime = &column
	}
	err = r.change(ctx, changes)
	if now := r.current(); err == nil && now.consumer() == "" {
		err = s.retire(ctx, before, "changed")
	}
	return r.view(), err
}

// eventTime finds the column that is to say when events happened, as far as the table is there.
func (s *Service) eventTime(ctx context.Context, table, column string) (string, error) {
	if column == "" {
		return "", nil
	}
	t, err := s.sink.Table(ctx, table)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return column, nil
	case err != nil:
		return "", err
	}
	return eventTime(column, t)
}

// Remove ends a source and forgets it. Its table stays, to be queried and to be gone on with, unless dropTable is true:
// then table, quarantine and positions go too. What it has left in the stream's account is taken back; where that fails the
// source is removed nevertheless, and the error says what is left.
func (s *Service) Remove(ctx context.Context, name string, dropTable bool) error {
	r, err := s.runner(name)
	if err != nil {
		return err
	}
	removed, err := s.remove(ctx, r, dropTable)
	if removed {
		if left := s.retire(ctx, r.current(), "removed"); err == nil {
			err = left
		}
	}
	return err
}

// retire takes back what a source that was removed, or is read in another way, has left in the stream's account.
func (s *Service) retire(ctx context.Context, settings Settings, what string) error {
	if settings.consumer() == "" {
		return nil
	}
	source, err := s.streams.Open(ctx, settings.Connection, settings.Stream, settings.consumer())
	if err == nil {
		err = source.Retire(context.WithoutCancel(ctx))
	}
	if err != nil {
		return fault.New(fault.CodeOf(err), "source %s is %s, but %w", settings.Name, what, err).WithHint("%s", fault.HintOf(err))
	}
	return nil
}

func (s *Service) remove(ctx context.Context, r *runner, dropTable bool) (removed bool, err error) {
	s.adding.Lock()
	defer s.adding.Unlock()
	r.control.Lock()
	defer r.control.Unlock()
	if r.removed {
		return false, unknown(r.name)
	}
	r.halt(SourceStopped) // first: a run saves settings too
	settings := r.current()
	if err := s.registry.DeleteSource(ctx, settings.Name); err != nil {
		if !settings.Paused {
			r.start()
		}
		return false, err
	}
	r.removed = true
	s.mu.Lock()
	delete(s.byName, settings.Name)
	s.mu.Unlock()
	r.tails.close()
	if !dropTable {
		return true, nil
	}
	if err := s.sink.DropTable(ctx, settings.Table); err != nil {
		return true, err
	}
	return true, s.sink.Forget(ctx, settings.Name)
}

// Disk tells how full the disk is, and when it will be, if that has been measured.
func (s *Service) Disk() (v DiskStatus, measured bool) {
	if s.retainer == nil {
		return v, false
	}
	return s.retainer.disk()
}

// Tail shows the events of a source that match, as they are decoded, and every second how many there are. It returns when ctx
// ends, the source is removed, or a call of each fails.
func (s *Service) Tail(ctx context.Context, name string, t TailRequest, each func(TailItem) error) error {
	r, err := s.runner(name)
	if err != nil {
		return err
	}
	return r.tails.watch(ctx, t, each)
}

// History tells how a source did for the last while; fault.NotFound if there is none.
func (s *Service) History(name string, span time.Duration) (SourceHistory, error) {
	r, err := s.runner(name)
	if err != nil {
		return SourceHistory{}, err
	}
	return SourceHistory{Name: r.name, Points: r.status.points(span)}, nil
}

// Histories tells the same of all sources, by name.
func (s *Service) Histories(span time.Duration) []SourceHistory {
	all := []SourceHistory{}
	for _, r := range s.runners() {
		all = append(all, SourceHistory{Name: r.name, Points: r.status.points(span)})
	}
	return all
}

// Freshness tells how fresh the sources of the named tables are. Names that are no source's table are passed over.
func (s *Service) Freshness(tables []string) []Freshness {
	all := []Freshness{}
	for _, r := range s.runners() {
		settings := r.current()
		if !slices.Contains(tables, settings.Table) && !slices.Contains(tables, "quarantine."+settings.Table) {
			continue
		}
		v := r.status.view(settings) // without the retention, whose forecast every answer would have to wait for
		all = append(all, Freshness{Source: settings.Name, NewestArrived: v.NewestArrived, LagMS: v.LagMS})
	}
	return all
}
