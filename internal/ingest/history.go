package ingest

import (
	"math/bits"
	"slices"
	"time"

	"github.com/helios-sql/helios/internal/schema"
)

// HistoryStep is the time that one point of a history is about.
const HistoryStep = 10 * time.Second

// HistorySpan is how far a history reaches back, as long as the worker has run.
const HistorySpan = 6 * time.Hour

// HistoryPoint is how a source did for a HistoryStep.
type HistoryPoint struct {
	At           time.Time `json:"at"`                // the beginning of the step
	EventsPerSec float64   `json:"events_per_second"` // committed, those quarantined included
	BytesPerSec  float64   `json:"bytes_per_second"`  // of records, as they came
	Quarantined  int64     `json:"quarantined"`
	LagMS        *int64    `json:"lag_ms,omitempty"`       // at the end of the step; absent if it was not known
	FreshnessMS  *int64    `json:"freshness_ms,omitempty"` // the median age of events, since they arrived, when they became queryable; absent if none did
}

// SourceHistory is how a source did.
type SourceHistory struct {
	Name   string         `json:"name"`
	Points []HistoryPoint `json:"points"` // oldest first
}

const historySteps = int64(HistorySpan / HistoryStep)

// step is a point as it is kept.
type step struct {
	events, bytes, quarantined int64
	lag, freshness             int64 // ms; -1 for none
}

// history keeps the last steps of a source, in at most a hundred kilobytes. It has no clock of its own: whoever adds to it or
// looks at it closes the steps that have ended meanwhile.
type history struct {
	number int64  // of the step under way, since 1970
	closed []step // a ring once it is full
	next   int    // where the ring goes on
	now    step
	ages   ages // of the events committed in the step under way

	recalled []Tick // what was quarantined in the hour before the first step
}

func newHistory(now time.Time) history { return history{number: stepOf(now)} }

func stepOf(at time.Time) int64 { return at.UnixNano() / int64(HistoryStep) }

// advance closes the steps before now. The lag that is known is that of the first of them: nobody has said anything since.
func (h *history) advance(now time.Time, lag func() *int64) {
	number := stepOf(now)
	if number <= h.number {
		return
	}
	h.now.lag, h.now.freshness = -1, h.ages.median()
	if known := lag(); known != nil {
		h.now.lag = *known
	}
	h.push(h.now)
	silent := min(number-h.number-1, historySteps)
	for range silent {
		h.push(step{lag: -1, freshness: -1})
	}
	h.number, h.now = number, step{}
	h.ages = ages{}
}

func (h *history) push(s step) {
	if int64(len(h.closed)) < historySteps {
		h.closed = append(h.closed, s)
		return
	}
	h.closed[h.next] = s
	h.next = (h.next + 1) % len(h.closed)
}

// last gives the last n steps that have ended, oldest first.
func (h *history) last(n int) []step {
	return slices.Concat(h.closed[h.next:], h.closed[:h.next])[max(0, len(h.closed)-n):]
}

// points gives what is known of a span, oldest first.
func (h *history) points(span time.Duration) []HistoryPoint {
	steps := h.last(int(span / HistoryStep))
	points := make([]HistoryPoint, len(steps))
	for i, s := range steps {
		points[i] = HistoryPoint{
			At:           time.Unix(0, (h.number-int64(len(steps)-i))*int64(HistoryStep)).UTC(),
			EventsPerSec: float64(s.events) / HistoryStep.Seconds(), BytesPerSec: float64(s.bytes) / HistoryStep.Seconds(),
			Quarantined: s.quarantined, LagMS: knownMillis(s.lag), FreshnessMS: knownMillis(s.freshness),
		}
	}
	return points
}

// quarantined counts the events of the last hour that were quarantined.
func (h *history) quarantined(now time.Time) int64 {
	n := h.now.quarantined
	for _, before := range h.recalled {
		if before.At.After(now.Add(-time.Hour)) {
			n += before.Count
		}
	}
	for _, s := range h.last(int(time.Hour / HistoryStep)) {
		n += s.quarantined
	}
	return n
}

func knownMillis(ms int64) *int64 {
	if ms < 0 {
		return nil
	}
	return &ms
}

// committed counts a batch that has just become queryable, and gives the number of its events. What is replayed came long
// ago, and was counted then.
func (h *history) committed(b *Batch, now time.Time) int64 {
	if len(b.Release) > 0 {
		return 0
	}
	rejected := int64(len(b.Rejected))
	h.now.quarantined += rejected
	for i := range b.Rejected {
		h.ages.add(now.Sub(b.Rejected[i].Record.ArrivedAt).Milliseconds())
	}
	total := rejected
	if b.Rows != nil {
		total += int64(b.Rows.N)
		at := now.UnixMicro()
		for _, arrived := range b.Rows.Vectors[arrivedColumn].Ints[:b.Rows.N] {
			h.ages.add((at - arrived) / 1000)
		}
	}
	h.now.events += total
	return total
}

// arrivedColumn is where every table has _arrived_at.
var arrivedColumn = slices.IndexFunc(schema.SystemColumns(), func(c schema.Column) bool { return c.Name == schema.ArrivedAt })

// ages counts ages in ms, to 6 % exact: sixteen buckets for each doubling.
type ages struct {
	counts [37 * 16]uint32 // up to 2^40 ms
	n      int64
}

func (a *ages) add(ms int64) {
	ms = min(max(ms, 0), 1<<40-1)
	e := max(bits.Len64(uint64(ms))-5, 0)
	a.counts[e*16+int(ms>>e)]++
	a.n++
}

// median is -1 for none.
func (a *ages) median() int64 {
	if a.n == 0 {
		return -1
	}
	left := (a.n + 1) / 2
	for i, count := range a.counts {
		if left -= int64(count); left <= 0 {
			e := max(i/16-1, 0)
			return int64(i-e*16)<<e + (1<<e)/2
		}
	}
	return -1
}
