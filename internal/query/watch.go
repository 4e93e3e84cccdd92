package query

import (
	"context"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

const (
	// overstay is how long a query may go on after its deadline or its cancelling, before the engine is ended with it. DuckDB
	// takes 0.5 to 0.8 s to heed an interrupt as a rule; what it folds into a constant while planning heeds none.
	overstay = 3 * time.Second

	// watchEvery is how often Watch looks. A query can fill memory at a few GB a second.
	watchEvery = 20 * time.Millisecond
)

// The reasons for which an engine is ended, as metrics name them.
const (
	StuckQuery = "stuck_query" // a query did not heed its end
	Memory     = "memory"      // a query took more memory than there is for it
)

// Bounds are those of the process that the engine runs in.
type Bounds struct {
	Memory func() int64 // that it has in use, in bytes
	Limit  int64        // beyond which a query has taken too much; the engine counts only a part of what it uses
}

// Harm is what a query did that only the end of the engine can undo.
type Harm struct {
	Reason  string
	Queries []Running // that did it; of several that run when memory ends, each may have
}

// Watch looks after the engine until ctx ends, and returns nil then. It returns early when a query does harm that cannot be
// stopped otherwise. All queries have been answered by then, and no more are taken: the process must end, since the engine
// may go on for ever.
func (s *Service) Watch(ctx context.Context, b Bounds) *Harm {
	look := time.NewTicker(watchEvery)
	defer look.Stop()
	ended := map[*Result]time.Time{} // when it was first seen that a query was to end
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
		if harm := s.look(b, ended); harm != nil {
			return harm
		}
	}
}

func (s *Service) look(b Bounds, ended map[*Result]time.Time) *Harm {
	s.mu.Lock()
	defer s.mu.Unlock()
	for r := range ended {
		if s.results[r.id] == nil {
			delete(ended, r)
		}
	}
	var stuck, admitted []*Result
	for _, r := range s.results {
		if r.admitted.Load() {
			admitted = append(admitted, r)
		}
		if r.cause() == nil {
			continue
		}
		if _, ok := ended[r]; !ok {
			ended[r] = time.Now()
		}
		if time.Since(ended[r]) > overstay {
			stuck = append(stuck, r)
		}
	}
	switch {
	case len(stuck) > 0:
		return s.abort(StuckQuery, stuck, fault.New(fault.Timeout, "the query did not heed its end: the engine had to be restarted").
			WithHint("narrow it, for instance by time"))
	case len(admitted) == 0 || b.Memory() <= b.Limit: // without a query there is nobody to blame
		return nil
	case len(admitted) == 1:
		return s.abort(Memory, admitted, fault.New(fault.TooLarge, "the query was stopped because it took more memory than there is for it").
			WithHint("let it return or group fewer rows"))
	default:
		return s.abort(Memory, admitted, fault.New(fault.Unavailable, "the engine was restarted because this query or one that ran beside it took more memory than there is").
			WithHint("run it again; if it is this one, let it return or group fewer rows"))
	}
}

var errRestarted = fault.New(fault.Unavailable, "the engine was restarted because of another query").
	WithHint("run it again in a moment").WithRetryAfter(time.Second)

// Abort answers all queries at once, without waiting for the engine, and takes no more.
func (s *Service) Abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abort("", nil, nil)
}

// abort does so, and gives those who are to blame an answer of their own. The caller holds mu.
func (s *Service) abort(reason string, blamed []*Result, answer error) *Harm {
	harm := &Harm{Reason: reason}
	for _, r := range blamed {
		r.verdict = answer
		harm.Queries = append(harm.Queries, r.running())
	}
	s.closed = true
	select {
	case <-s.aborted:
	default:
		close(s.aborted)
	}
	return harm
}
