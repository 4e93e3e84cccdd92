package query

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/helios-sql/helios/internal/fault"
)

// NoLimit as Request.MaxRows asks for every row.
const NoLimit = -1

// Options are the limits of a Service; zero fields take the defaults.
type Options struct {
	Timeout       time.Duration // of a query that names none: 30 s
	MaxTimeout    time.Duration // the longest that a query may name: 10 min
	MaxRows       int64         // of a query that names none: 10,000
	MaxConcurrent int           // queries that run at once: 4
	MaxWaiting    int           // queries that wait for their turn, until their own deadline: 64

	// Of each owner by itself; who is nobody in particular has none of these limits.
	OwnerConcurrent int   // queries that run at once: one fewer than MaxConcurrent, so that others need not wait for theirs to end
	OwnerWaiting    int   // queries that wait for their turn: half of MaxWaiting
	OwnerPerMinute  int   // queries that are started: 600, all at once if need be
	OwnerBytes      int64 // of one result, as it is sent: 1 GiB
}

func (o Options) withDefaults() Options {
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.MaxTimeout = cmp.Or(o.MaxTimeout, max(o.Timeout, 10*time.Minute))
	o.MaxRows = cmp.Or(o.MaxRows, 10_000)
	o.MaxConcurrent = cmp.Or(o.MaxConcurrent, 4)
	o.MaxWaiting = cmp.Or(o.MaxWaiting, 64)
	o.OwnerConcurrent = min(cmp.Or(o.OwnerConcurrent, max(1, o.MaxConcurrent-1)), o.MaxConcurrent)
	o.OwnerWaiting = cmp.Or(o.OwnerWaiting, max(1, o.MaxWaiting/2))
	o.OwnerPerMinute = cmp.Or(o.OwnerPerMinute, 600)
	o.OwnerBytes = cmp.Or(o.OwnerBytes, 1<<30)
	return o
}

// Request is a query to run.
type Request struct {
	SQL     string
	Scope   Scope         // what it may read
	Owner   string        // who asks, as the caller tells people apart; "" for nobody in particular
	Params  any           // as ParseParams returns them
	MaxRows int64         // 0: the service's default; NoLimit: all
	Timeout time.Duration // 0: the service's default
}

// Running is a query that waits or runs.
type Running struct {
	ID         string    `json:"id"`
	SQL        string    `json:"sql"`
	StartedAt  time.Time `json:"started_at"`
	ElapsedMS  int64     `json:"elapsed_ms"`
	Rows       int64     `json:"rows"`       // delivered so far
	Waiting    bool      `json:"waiting"`    // for its turn
	Cancelling bool      `json:"cancelling"` // ended, and has not heeded it yet: it keeps its slot until then
	Owner      string    `json:"owner,omitempty" doc:"Who asked: user: or token: and the id; absent without accounts"`
}

// Service runs queries, within limits, each in a goroutine. Its methods may be called from several goroutines.
type Service struct {
	engine  Engine
	options Options

	mu      sync.Mutex
	turns   *turns
	results map[string]*Result // that wait or run
	closed  bool
	aborted chan struct{} // closed when every query is answered without waiting for the engine
}

// New makes a service of an engine.
func New(engine Engine, options Options) *Service {
	options = options.withDefaults()
	return &Service{
		engine: engine, options: options,
		turns:   newTurns(options),
		results: make(map[string]*Result), aborted: make(chan struct{}),
	}
}

// Options are the limits in force.
func (s *Service) Options() Options { return s.options }

// The causes by which a query's context ends.
var (
	errDeadline  = errors.New("deadline")
	errCancelled = errors.New("cancelled")
)

// Start judges and starts a query, and returns when its first rows are there (or it is known that there are none): what
// goes wrong before that is an error here, not in the middle of an answer. The caller closes the result. The deadline
// covers everything from here to Close: waiting for its turn, planning, running, and the time the caller takes to read.
// A query that is ended by it or by Cancel answers within a second, even when the engine does not heed it.
// Errors have the codes Invalid, Refused, Forbidden, Timeout, Cancelled (also when ctx ends), Unavailable (too many are waiting)
// and TooMany (of one owner).
func (s *Service) Start(ctx context.Context, req Request) (*Result, error) {
	limit := cmp.Or(req.Timeout, s.options.Timeout)
	maxRows := cmp.Or(req.MaxRows, s.options.MaxRows)
	switch {
	case strings.TrimSpace(req.SQL) == "":
		return nil, fault.New(fault.Invalid, "the statement is empty")
	case limit < 0 || limit > s.options.MaxTimeout:
		return nil, fault.New(fault.Invalid, "a query may run for up to %s, not %s", s.options.MaxTimeout, limit)
	case maxRows < NoLimit:
		return nil, fault.New(fault.Invalid, "max_rows must not be negative")
	}
	cancellable, cancel := context.WithCancelCause(ctx)
	deadline, stop := context.WithTimeoutCause(cancellable, limit, errDeadline)
	r := &Result{
		service: s, id: "q_" + strings.ToLower(rand.Text()[:16]), sql: req.SQL, owner: req.Owner, started: time.Now(), limit: limit, maxRows: maxRows,
		ended: deadline.Done(), cause: func() error { return context.Cause(deadline) }, cancel: cancel,
		release: func() { stop(); cancel(nil) },
		turn:    make(chan struct{}), out: make(chan arrow.RecordBatch), done: make(chan struct{}),
	}
	if err := s.add(r); err != nil {
		r.release()
		return nil, err
	}
	go r.work(deadline, req)
	if err := r.read(); err != nil {
		_ = r.Close() // what went wrong is told already
		return nil, err
	}
	return r, nil
}

// add lists a query that wants to run.
func (s *Service) add(r *Result) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		select {
		case <-s.aborted:
			return errRestarted
		default:
			return fault.New(fault.Unavailable, "Helios is stopping").WithRetryAfter(5 * time.Second)
		}
	}
	if err := s.turns.join(r, time.Now()); err != nil {
		return err
	}
	s.results[r.id] = r
	return nil
}

// remove takes a query off the list and gives back its place.
func (s *Service) remove(r *Result) {
	s.mu.Lock()
	s.turns.leave(r)
	delete(s.results, r.id)
	s.mu.Unlock()
	close(r.done)
}

// Running lists the queries that wait or run, oldest first.
func (s *Service) Running() []Running {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Running, 0, len(s.results))
	for _, r := range s.results {
		list = append(list, r.running())
	}
	slices.SortFunc(list, func(a, b Running) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// Cancel ends a query: its reader gets an error of code Cancelled. NotFound when no such query waits or runs.
func (s *Service) Cancel(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.results[id]
	if !ok {
		return fault.New(fault.NotFound, "no query %s is running", id)
	}
	r.cancel(errCancelled)
	return nil
}

// Close takes no more queries, ends those that run and waits for them. When ctx ends first it tells how many go on.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	left := slices.Collect(maps.Values(s.results))
	s.mu.Unlock()
	for _, r := range left {
		r.cancel(errCancelled)
	}
	for i, r := range left {
		select {
		case <-r.done:
		case <-ctx.Done():
			return fault.New(fault.Timeout, "up to %d queries were ended and do not heed it", len(left)-i)
		}
	}
	return nil
}
