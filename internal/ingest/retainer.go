package ingest

import (
	"context"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

const (
	surveyEvery = time.Minute
	surveyLimit = 30 * time.Second // for one survey, or one step

	// dropStep is how many events leave in one transaction, whose end commits wait for: a few milliseconds
	// (BenchmarkCommitBesideRetention). After each the retainer rests for restFactor times as long as it took.
	dropStep   = 5000
	restFactor = 2
	roundSteps = 100 // of one part, before it is the next one's turn
)

// retainer lets the oldest events leave that nobody wants kept, those of paused sources too. It measures once a minute, and
// goes on at once while there is more to do.
type retainer struct {
	service *Service
	shelf   Shelf
	wake    chan struct{} // settings have changed

	mu        sync.Mutex
	committed map[Part]Volume // since the last survey
	told      map[Part]Volume // what the survey under way was told of, nil between surveys
	survey    Survey
	at        time.Time // of the survey, zero before the first
	usage     []Usage   // of the last day, oldest first
	err       string
}

func newRetainer(s *Service, shelf Shelf) *retainer {
	return &retainer{service: s, shelf: shelf, wake: make(chan struct{}, 1), committed: map[Part]Volume{}}
}

// run surveys and drops until ctx ends.
func (r *retainer) run(ctx context.Context) {
	for {
		more, err := r.round(ctx)
		if ctx.Err() != nil {
			return
		}
		r.note(ctx, err)
		wait := surveyEvery
		if more && err == nil {
			wait = 0
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-r.wake:
		}
		timer.Stop()
	}
}

// note keeps what went wrong for people, and logs it when it is new.
func (r *retainer) note(ctx context.Context, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	r.mu.Lock()
	news := text != r.err
	r.err = text
	r.mu.Unlock()
	if news && err != nil {
		r.service.opt.Logger.WarnContext(ctx, "retention cannot do its work; it is tried again", "error", err, "hint", fault.HintOf(err))
	}
}

// wakeUp makes the retainer look at the settings again. It never blocks.
func (r *retainer) wakeUp() {
	if r == nil {
		return
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// count takes note of a batch that is in the store.
func (r *retainer) count(b *Batch) {
	if r == nil || b.Table == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	add := func(p Part, rows, bytes int64) {
		if rows > 0 {
			v := r.committed[p]
			r.committed[p] = Volume{Rows: v.Rows + rows, Bytes: v.Bytes + bytes}
		}
	}
	rows, rejects := Part{Table: b.Table.Name}, Part{Table: b.Table.Name, Quarantine: true}
	if b.Rows != nil {
		add(rows, int64(b.Rows.N), b.Rows.Bytes)
	}
	var rejected int64
	for i := range b.Rejected {
		rejected += int64(len(b.Rejected[i].Data))
	}
	add(rejects, int64(len(b.Rejected)), rejected)
	if !r.at.IsZero() && (r.unseen(rows) || r.unseen(rejects)) {
		r.wakeUp()
	}
}

// unseen reports whether the first rows of a part came after the survey, which tells nothing of it then.
func (r *retainer) unseen(p Part) bool {
	return r.survey.Parts[p].Rows == 0 && r.committed[p].Rows+r.told[p].Rows > 0
}

// round surveys the store once and lets leave what is due, or a part of it when that is much.
func (r *retainer) round(ctx context.Context) (more bool, err error) {
	survey, err := r.look(ctx)
	if err != nil {
		return false, err
	}
	now := r.service.opt.Now()
	for _, source := range r.service.runners() {
		rows := Part{Table: source.current().Table}
		rejected := Part{Table: rows.Table, Quarantine: true}
		clock := earlier(now, later(survey.Parts[rows].Newest, survey.Parts[rejected].Newest))
		for _, p := range []Part{rows, rejected} {
			left, err := r.trim(ctx, source, p, survey.Parts[p], clock)
			if err != nil {
				return false, err
			}
			more = more || left
		}
	}
	return more, nil
}

func (r *retainer) look(ctx context.Context) (Survey, error) {
	r.mu.Lock()
	committed := r.committed
	r.told, r.committed = committed, map[Part]Volume{}
	r.mu.Unlock()
	bounded, cancel := context.WithTimeout(ctx, surveyLimit)
	defer cancel()
	survey, err := r.shelf.Survey(bounded, committed)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = nil
	if err != nil {
		for p, v := range committed { // for the next survey
			r.committed[p] = Volume{Rows: r.committed[p].Rows + v.Rows, Bytes: r.committed[p].Bytes + v.Bytes}
		}
		return survey, err
	}
	r.survey, r.at = survey, r.service.opt.Now()
	r.usage = append(r.usage, Usage{At: r.at, Bytes: survey.Used})
	for len(r.usage) > 1 && (r.at.Sub(r.usage[0].At) > usageWindow || r.usage[0].At.After(r.at)) {
		r.usage = r.usage[1:]
	}
	return survey, nil
}

// trim lets leave what is due of a part, in steps, and tells whether there is more.
func (r *retainer) trim(ctx context.Context, source *runner, p Part, e Extent, clock time.Time) (more bool, err error) {
	var total int64
	for range roundSteps {
		if !r.service.has(source) { // its table is nobody's now, or already another's
			return false, nil
		}
		before, surplus := source.current().kept(p.Quarantine).due(e, clock) // settings may change meanwhile
		surplus -= total
		n := dropStep
		switch {
		case surplus > 0: // by size: whatever is oldest
			before, n = time.Time{}, int(min(surplus, dropStep))
		case before.IsZero() || !e.Oldest.Before(before):
			return false, nil
		}
		began := time.Now()
		bounded, cancel := context.WithTimeout(ctx, surveyLimit)
		gone, err := r.shelf.DropOldest(bounded, p, before, n)
		cancel()
		if err != nil {
			return false, err
		}
		total += int64(gone)
		source.dropped(p.Quarantine).Add(int64(gone))
		if gone < n {
			return false, nil
		}
		rest := time.NewTimer(restFactor * time.Since(began))
		select {
		case <-ctx.Done():
			rest.Stop()
			return false, ctx.Err()
		case <-rest.C:
		}
	}
	return true, nil
}

// kept is what a source's settings say of its table or quarantine, defaults filled in.
func (s Settings) kept(quarantine bool) Retain {
	if quarantine {
		return s.RetainQuarantine.or(DefaultQuarantineRetain)
	}
	return s.Retain.or(Retain{Forever: true})
}

// due is the age that is too old, zero for none, and how many of the oldest events are too many. Age counts back from clock.
func (r Retain) due(e Extent, clock time.Time) (before time.Time, surplus int64) {
	if r.Age > 0 && !clock.IsZero() {
		before = clock.Add(-r.Age)
	}
	if r.Bytes > 0 && e.Bytes > r.Bytes {
		surplus = e.Rows - int64(float64(e.Rows)*float64(r.Bytes)/float64(e.Bytes))
	}
	return before, surplus
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Retention is how much is kept of a source, as it was measured last.
type Retention struct {
	Table      Kept       `json:"table"`
	Quarantine Kept       `json:"quarantine"`
	Disk       DiskStatus `json:"disk"`
	MeasuredAt *time.Time `json:"measured_at"` // null until the table's first rows have been counted: then there are no numbers
	Error      string     `json:"error,omitempty"`
}

// Kept is how much of a table or quarantine is kept.
type Kept struct {
	Retain  Retain     `json:"retain"` // in force: as it was set, or the default
	Rows    int64      `json:"rows"`
	Bytes   int64      `json:"bytes"`     // on disk, about
	Oldest  *time.Time `json:"oldest_at"` // when the oldest row arrived, or was quarantined; null when there is none
	Dropped int64      `json:"dropped"`   // rows that left by age or size, since the server's start
}

// DiskStatus is the room that all tables of the server share.
type DiskStatus struct {
	Used        int64      `json:"used_bytes"`    // of the data file that hold something
	Free        int64      `json:"free_bytes"`    // that can still be written
	BytesPerDay *int64     `json:"bytes_per_day"` // by which Used grows; null until it has been observed for an hour
	Observed    int64      `json:"observed_s"`    // seconds for which Used has been observed: the last day at most
	FullAt      *time.Time `json:"full_at"`       // when Free is used up at that rate; null if not within ten years
}

// view is what people are told of a source.
func (r *retainer) view(source *runner) Retention {
	s := source.current()
	v := Retention{Table: Kept{Retain: s.kept(false)}, Quarantine: Kept{Retain: s.kept(true)}}
	if r == nil {
		return v
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	v.Error, v.Disk = r.err, Forecast(r.usage, r.survey.Free)
	rows := Part{Table: s.Table}
	if _, known := r.survey.Parts[rows]; !known || r.unseen(rows) {
		return v
	}
	v.MeasuredAt = timeOrNil(r.at)
	for p, k := range map[Part]*Kept{rows: &v.Table, {Table: s.Table, Quarantine: true}: &v.Quarantine} {
		e := r.survey.Parts[p]
		k.Rows, k.Bytes, k.Oldest, k.Dropped = e.Rows, e.Bytes, timeOrNil(e.Oldest), source.dropped(p.Quarantine).Load()
	}
	return v
}

// disk is what people are told of the disk, if it has been measured.
func (r *retainer) disk() (DiskStatus, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Forecast(r.usage, r.survey.Free), !r.at.IsZero()
}
