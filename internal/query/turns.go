package query

import (
	"slices"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// turns says whose query runs next. Every owner has a line of its own and the lines take turns, so that the many queries of one
// keep nobody else waiting for long. Its methods are called with the lock of its service held.
type turns struct {
	limits Options
	free   int // slots
	queued int // queries that wait, over all owners
	owners map[string]*owner
	lines  []*owner // those with queries that wait, in the order of their turns
	swept  time.Time
}

// owner is somebody who has run queries of late.
type owner struct {
	limited bool // nobody in particular is not
	waiting []*Result
	running int
	used    float64 // of the queries that it may run in a minute, as of at
	at      time.Time
}

func newTurns(limits Options) *turns {
	return &turns{limits: limits, free: limits.MaxConcurrent, owners: map[string]*owner{}}
}

// join lets a query run as soon as it is its turn, or says why it may not even wait for that.
func (t *turns) join(r *Result, now time.Time) error {
	t.sweep(now)
	o, known := t.owners[r.owner]
	if !known {
		o = &owner{limited: r.owner != "", at: now}
	}
	o.rest(t.limits, now)
	waits := t.free == 0 || len(o.waiting) > 0 || t.atLimit(o)
	switch {
	case waits && o.limited && len(o.waiting) >= t.limits.OwnerWaiting:
		return fault.New(fault.TooMany, "%d of your queries are running and %d are waiting", o.running, len(o.waiting)).
			WithHint("wait until some have ended, or cancel some; limits.queries_at_once says how many of each user and token run at once").WithRetryAfter(time.Second)
	case waits && t.queued >= t.limits.MaxWaiting && (!o.limited || len(o.waiting) > 0): // who has none there finds room for one
		return fault.New(fault.Unavailable, "%d queries are running and %d are waiting", t.limits.MaxConcurrent-t.free, t.queued).
			WithHint("try again in a moment, or cancel one of those that run").WithRetryAfter(time.Second)
	case o.limited && o.used+1 > float64(t.limits.OwnerPerMinute):
		over := o.used + 1 - float64(t.limits.OwnerPerMinute)
		return fault.New(fault.TooMany, "you have run %d queries within a minute", t.limits.OwnerPerMinute).
			WithHint("wait a moment; limits.queries_per_minute says how many each user and token may run").
			WithRetryAfter(max(time.Second, time.Duration(over/float64(t.limits.OwnerPerMinute)*float64(time.Minute))))
	}
	o.used++
	t.owners[r.owner] = o
	if len(o.waiting) == 0 {
		t.lines = append(t.lines, o)
	}
	o.waiting = append(o.waiting, r)
	t.queued++
	t.next()
	return nil
}

// leave takes a query out that has ended, or waits no more.
func (t *turns) leave(r *Result) {
	o := t.owners[r.owner]
	if r.admitted.Load() {
		t.free++
		o.running--
		t.next()
		return
	}
	i := slices.Index(o.waiting, r)
	o.waiting = slices.Delete(o.waiting, i, i+1)
	t.queued--
	if len(o.waiting) == 0 {
		i = slices.Index(t.lines, o)
		t.lines = slices.Delete(t.lines, i, i+1)
	}
}

// next gives free slots to those whose turn it is.
func (t *turns) next() {
	for t.free > 0 {
		i := slices.IndexFunc(t.lines, func(o *owner) bool { return !t.atLimit(o) })
		if i < 0 {
			return
		}
		o := t.lines[i]
		t.lines = slices.Delete(t.lines, i, i+1)
		r := o.waiting[0]
		o.waiting = slices.Delete(o.waiting, 0, 1)
		if len(o.waiting) > 0 {
			t.lines = append(t.lines, o) // behind all others
		}
		t.queued--
		t.free--
		o.running++
		r.admitted.Store(true)
		close(r.turn)
	}
}

func (t *turns) atLimit(o *owner) bool { return o.limited && o.running >= t.limits.OwnerConcurrent }

// sweep forgets those who have nothing running and might run as many in a minute as if they had never come.
func (t *turns) sweep(now time.Time) {
	if now.Sub(t.swept) < time.Minute {
		return
	}
	t.swept = now
	for name, o := range t.owners {
		if o.rest(t.limits, now); o.running == 0 && len(o.waiting) == 0 && o.used == 0 {
			delete(t.owners, name)
		}
	}
}

// rest gives an owner back what time has earned.
func (o *owner) rest(limits Options, now time.Time) {
	if since := now.Sub(o.at); since > 0 { // a clock that was set back gives nothing
		o.used = max(0, o.used-since.Minutes()*float64(limits.OwnerPerMinute))
		o.at = now
	}
}
