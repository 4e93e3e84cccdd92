package backup

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// Options say when backups are made by themselves, and where.
type Options struct {
	To    string        // "": none by themselves
	Every time.Duration // used with To
	Keep  int           // how many backups stay in a place; 0: all
}

// Deps is what a service works with.
type Deps struct {
	Store   Store
	Catalog Catalog
	Open    Opener
	Dir     string // the data directory, in which files are staged: no place may be inside of it
	Version string // of Helios
	Logger  *slog.Logger
	Now     func() time.Time // nil: time.Now
	Options Options

	// Done is told of each backup that ended, how many bytes it wrote and whether it failed, unless it was stopped; nil: nobody.
	Done func(written int64, err error)

	most  int64         // rows of a range, in tests; 0: rangeRows
	round time.Duration // in tests; 0: roundTime
}

const (
	// openTime bounds how long a place may take to be looked at.
	openTime = time.Minute

	// retryAfter is how long after a failure the schedule tries again, if that is sooner than the next backup.
	retryAfter = 5 * time.Minute
)

// Service makes backups, one at a time.
type Service struct {
	deps  Deps
	asked chan job // what Start asks of Run

	mu      sync.Mutex
	active  bool // whether Run runs
	running *progress
	last    *Backup
	failed  *Failed
	next    time.Time
}

// job is a backup to be made. Its progress has been claimed.
type job struct {
	place Place
	of    *progress
}

// New makes a service. It does nothing until Run or Backup is called.
func New(deps Deps) *Service {
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	return &Service{deps: deps, asked: make(chan job, 1)}
}

// Run makes the backups of the schedule and those that Start asks for, until ctx ends; then it gives up the one under way.
// First it removes what a backup has staged that was killed.
func (s *Service) Run(ctx context.Context) {
	if err := cleanStaging(s.deps.Dir); err != nil {
		s.deps.Logger.WarnContext(ctx, "what a backup has staged stays", "error", err)
	}
	s.begin(ctx)
	defer s.end()
	timer := time.NewTimer(s.wait())
	defer timer.Stop()
	due := timer.C
	if s.deps.Options.To == "" {
		due = nil
	}
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-s.asked:
			_, _ = s.do(ctx, j) // Status tells how it went
		case <-due:
			s.scheduled(ctx)
			timer.Reset(s.wait())
		}
	}
}

// begin learns from the scheduled place when the last backup was made: workers come and go.
func (s *Service) begin(ctx context.Context) {
	s.mu.Lock()
	s.active, s.next = true, s.deps.Now()
	s.mu.Unlock()
	if s.deps.Options.To == "" {
		return
	}
	newest, err := s.newest(ctx)
	if err != nil {
		s.deps.Logger.WarnContext(ctx, "the place of the scheduled backups cannot be read", "place", s.deps.Options.To, "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if newest != nil {
		s.last, s.next = newest, newest.At.Add(s.deps.Options.Every)
		if latest := s.deps.Now().Add(s.deps.Options.Every); s.next.After(latest) { // a clock was set back
			s.next = latest
		}
	}
}

// newest is the newest backup of the scheduled place that can be used, nil if there is none.
func (s *Service) newest(ctx context.Context) (*Backup, error) {
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	p, err := s.Open(ctx, "")
	if err != nil {
		return nil, err
	}
	ids, err := backupIDs(ctx, p)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	id := ids[len(ids)-1]
	m, err := readManifest(ctx, p, id)
	if err != nil {
		return nil, err
	}
	b := m.backup(p, id)
	return &b, nil
}

func (s *Service) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = false
	select {
	case <-s.asked: // nobody will make it
		s.running = nil
	default:
	}
}

// wait is how long it is until the next backup.
func (s *Service) wait() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next.Sub(s.deps.Now())
}

// scheduled makes the backup that is due.
func (s *Service) scheduled(ctx context.Context) {
	o := &s.deps.Options
	j, err := s.prepare(ctx, "")
	if err == nil {
		_, err = s.do(ctx, j)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = s.deps.Now().Add(o.Every)
	if err != nil {
		s.next = s.deps.Now().Add(min(o.Every, retryAfter))
	}
}

// Start lets Run make a backup to a place, or to the scheduled one for "". What is wrong with the place is told at once;
// fault.Conflict while one is under way.
func (s *Service) Start(ctx context.Context, to string) error {
	s.mu.Lock()
	active := s.active
	s.mu.Unlock()
	if !active {
		return fault.New(fault.Unavailable, "backups cannot be made yet").WithHint("try again in a moment").WithRetryAfter(time.Second)
	}
	j, err := s.prepare(ctx, to)
	if err != nil {
		return err
	}
	s.asked <- j // there is room: only one is claimed at a time
	return nil
}

// Backup makes a backup to a place, or to the scheduled one for "", and waits for its end: for a server that rests.
func (s *Service) Backup(ctx context.Context, to string) (Backup, error) {
	j, err := s.prepare(ctx, to)
	if err != nil {
		return Backup{}, err
	}
	return s.do(ctx, j)
}

// prepare opens a place, makes sure that it can be used, and claims the service for the one backup that may be under way. That the
// scheduled place cannot be used is a failure to tell everybody of; of another, whoever named it is told alone.
func (s *Service) prepare(ctx context.Context, to string) (job, error) {
	j := job{of: &progress{started: s.deps.Now().UTC()}}
	scheduled := to == ""
	if scheduled {
		to = s.deps.Options.To
	}
	j.of.to = to
	err := s.claim(j.of)
	if err != nil {
		return job{}, err
	}
	opening, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	if j.place, err = s.Open(opening, to); err == nil {
		_, err = backupIDs(opening, j.place)
	}
	switch {
	case err != nil && scheduled:
		return job{}, s.finish(ctx, j.of, nil, err)
	case err != nil:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running = nil
		return job{}, err
	}
	return j, nil
}

func (s *Service) claim(of *progress) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return fault.New(fault.Conflict, "a backup to %s is under way", s.running.to).WithHint("wait for its end: GET /api/v1/backups tells how far it is")
	}
	s.running = of
	return nil
}

func (s *Service) do(ctx context.Context, j job) (Backup, error) {
	b, err := makeBackup(ctx, &s.deps, j.place, j.of)
	return b, s.finish(ctx, j.of, &b, err)
}

// finish takes down how a backup went.
func (s *Service) finish(ctx context.Context, of *progress, b *Backup, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = nil
	switch {
	case err == nil:
		s.last, s.failed = b, nil
	case ctx.Err() != nil:
		return fault.New(fault.Cancelled, "the backup to %s was stopped: %w", of.to, ctx.Err())
	default:
		s.failed = &Failed{At: s.deps.Now().UTC(), To: of.to, Message: err.Error()}
		s.deps.Logger.ErrorContext(ctx, "no backup was made", "place", of.to, "error", err)
	}
	if s.deps.Done != nil {
		s.deps.Done(of.uploaded.Load(), err)
	}
	return err
}

// Status tells what there is, what is under way and what failed.
func (s *Service) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := Status{Last: s.last, Failed: s.failed}
	if o := &s.deps.Options; o.To != "" {
		status.Schedule = &Schedule{To: o.To, Every: o.Every.String(), Keep: o.Keep, NextAt: s.next.UTC()}
	}
	if r := s.running; r != nil {
		status.Running = &Running{To: r.to, StartedAt: r.started, RowsDone: r.done.Load(), Rows: r.rows.Load(), Uploaded: r.uploaded.Load()}
	}
	return status
}

// Open opens a place as this service would: "" is the scheduled one.
func (s *Service) Open(ctx context.Context, to string) (Place, error) {
	if to == "" {
		to = s.deps.Options.To
	}
	p, err := s.deps.Open(ctx, to)
	if err != nil {
		return nil, err
	}
	return p, apart(p, s.deps.Dir)
}

// apart refuses a place in the data directory, which a disk takes along when it is lost, and which a restore would need to be
// empty; and one that the data directory is in: what no backup names is removed from a place.
func apart(p Place, dataDir string) error {
	d, ok := p.(interface{ Dir() string })
	if !ok {
		return nil
	}
	place, err := resolved(d.Dir())
	if err != nil {
		return err
	}
	data, err := resolved(dataDir)
	if err != nil {
		return err
	}
	if below(place, data) || below(data, place) {
		return fault.New(fault.Invalid, "the place for backups %s and the data directory %s are one in the other", d.Dir(), dataDir).
			WithHint("choose a directory apart, on another disk if there is one")
	}
	return nil
}

// resolved is a path without symbolic links; what does not exist yet is where it would be.
func resolved(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fault.New(fault.Environment, "the directory %s cannot be found: %w", path, err)
	}
	if found, err := filepath.EvalSymlinks(abs); err == nil {
		return found, nil
	}
	above := filepath.Dir(abs)
	if above == abs {
		return abs, nil
	}
	above, err = resolved(above)
	return filepath.Join(above, filepath.Base(abs)), err
}

func below(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
