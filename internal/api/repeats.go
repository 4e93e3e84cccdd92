package api

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/auth"
)

const (
	// repeatsFor is how long the runs of a query that somebody runs again are put together. A dashboard asks the same every few
	// seconds, and would fill the audit log.
	repeatsFor = 10 * time.Minute

	mostRepeats = 1000 // queries that are watched at once: each takes up to auditedSQL bytes
)

// repeats counts the queries that the same people run again.
type repeats struct {
	mu sync.Mutex
	of map[repeat]*repeated
}

// repeat is what two runs have in common.
type repeat struct {
	kind                        auth.Kind
	id, address, action, target string
	sql                         [sha256.Size]byte
}

// repeated are the runs after the first.
type repeated struct {
	since time.Time
	runs  int
	took  time.Duration
}

// again reports whether a query is one more run of another, which is then counted. Of the first it is to be told at once; those
// that follow within repeatsFor are given to told together, when that time is over.
func (r *repeats) again(e *auth.Entry, sql string, took time.Duration, told func(repeated)) bool {
	key := repeat{e.ActorKind, e.ActorID, e.Address, e.Action, e.Target, sha256.Sum256([]byte(sql))}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.of[key]; known != nil {
		known.runs++
		known.took += took
		return true
	}
	if len(r.of) >= mostRepeats {
		return false
	}
	if r.of == nil {
		r.of = map[repeat]*repeated{}
	}
	r.of[key] = &repeated{since: time.Now()}
	time.AfterFunc(repeatsFor, func() {
		r.mu.Lock()
		all := *r.of[key]
		delete(r.of, key)
		r.mu.Unlock()
		if all.runs > 0 {
			told(all)
		}
	})
	return false
}
