package sourcetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
)

// recorder remembers what was delivered over several runs, as a store would, and which rules of the intake were broken.
type recorder struct {
	mu        sync.Mutex
	state     event.StreamState
	begins    int
	records   []event.Record // in the order of delivery
	ends      []end
	events    []Event // of the records
	statuses  map[string]ingest.ShardStatus
	seen      map[string]map[ingest.ShardCondition]string // with the text of the last
	fannedOut map[string]bool                             // shards that the run reads by fan-out
	described []ingest.StreamShard                        // last
	notices   []ingest.Notice
	broken    []string
	gate      chan struct{} // not nil: deliveries wait for it to be closed
	waiting   int           // deliveries at the gate
}

// end is the end of a shard, after so many records had been delivered in all.
type end struct {
	shard string
	after int
}

func newRecorder() *recorder {
	return &recorder{statuses: map[string]ingest.ShardStatus{}, seen: map[string]map[ingest.ShardCondition]string{}}
}

// run is the intake of one run of the source.
type run struct {
	*recorder
	busy  map[string]bool // shards being delivered
	ended bool
}

func (r *recorder) newRun() *run {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fannedOut = map[string]bool{}
	return &run{recorder: r, busy: map[string]bool{}}
}

// pushed counts the shards that are read by fan-out.
func (r *recorder) pushed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.fannedOut)
}

// lineage counts the shards, as they were described last, that are open, and those that descend from others.
func (r *recorder) lineage() (open, children int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.described {
		if s.Open {
			open++
		}
		if len(s.Parents) > 0 {
			children++
		}
	}
	return open, children
}

// status is how a shard is doing.
func (r *recorder) status(shard string) ingest.ShardStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.statuses[shard]
}

func (r *run) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
}

func (r *recorder) violate(format string, args ...any) {
	r.broken = append(r.broken, fmt.Sprintf(format, args...))
}

// Begin implements ingest.Intake.
func (r *run) Begin(_ context.Context, state event.StreamState) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !state.Started() || state.ARN == "" || len(state.Shards) == 0 {
		r.violate("Begin with an incomplete state: %+v", state)
	}
	r.begins++
	r.state = state
	return nil
}

// Deliver implements ingest.Intake.
func (r *run) Deliver(ctx context.Context, d ingest.Delivery) error {
	r.mu.Lock()
	gate := r.gate
	if r.busy[d.ShardID] {
		r.violate("two deliveries of %s at once", d.ShardID)
	}
	r.busy[d.ShardID] = true
	r.waiting++
	r.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting--
	r.busy[d.ShardID] = false
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.take(d)
	return nil
}

func (r *run) take(d ingest.Delivery) {
	if r.ended {
		r.violate("a delivery of %s after Read has returned", d.ShardID)
	}
	if !r.state.Started() {
		r.violate("a delivery of %s before Begin", d.ShardID)
	}
	if d.FirstHash == d.LastHash && len(d.Records) > 0 {
		r.violate("no hash key range for %s", d.ShardID)
	}
	i := slices.IndexFunc(r.state.Shards, func(s event.ShardState) bool { return s.ShardID == d.ShardID })
	if i < 0 {
		i = len(r.state.Shards)
		r.state.Shards = append(r.state.Shards, event.ShardState{ShardID: d.ShardID})
	}
	s := &r.state.Shards[i]
	if s.Finished {
		r.violate("a delivery of %s after its end", d.ShardID)
	}
	for _, rec := range d.Records {
		resumed := rec.Sequence == s.Position.Sequence && s.Position.Taken != event.WholeRecord
		switch c := event.CompareSequences(rec.Sequence, s.Position.Sequence); {
		case c < 0, c == 0 && !resumed:
			r.violate("%s of %s after %s", rec.Sequence, d.ShardID, s.Position.Sequence)
		case resumed && rec.Taken != s.Position.Taken, !resumed && rec.Taken != 0:
			r.violate("Taken is %d at %s, remembered was %+v", rec.Taken, rec.Sequence, s.Position)
		}
		if rec.ShardID != d.ShardID || rec.ArrivedAt.IsZero() || rec.PartitionKey == "" {
			r.violate("an incomplete record: %+v", rec)
		}
		s.Position = event.Position{Sequence: rec.Sequence, Taken: event.WholeRecord}
		s.ArrivedAt = rec.ArrivedAt
		var e Event
		if err := json.Unmarshal(rec.Data, &e); err != nil {
			r.violate("what was published came as %q", rec.Data)
		}
		r.records = append(r.records, rec)
		r.events = append(r.events, e)
	}
	if d.Finished {
		s.Finished = true
		r.ends = append(r.ends, end{d.ShardID, len(r.records)})
	}
}

// Describe implements ingest.Intake.
func (r *run) Describe(shards []ingest.StreamShard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.described = shards
}

// Observe implements ingest.Intake.
func (r *run) Observe(s ingest.ShardStatus) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.statuses[s.ShardID] = s
	delete(r.fannedOut, s.ShardID)
	if s.Read == ingest.ReadFanOut && s.Condition == ingest.ShardReading {
		r.fannedOut[s.ShardID] = true
	}
	if r.seen[s.ShardID] == nil {
		r.seen[s.ShardID] = map[ingest.ShardCondition]string{}
	}
	r.seen[s.ShardID][s.Condition] = ""
	if s.Err != nil {
		r.seen[s.ShardID][s.Condition] = s.Err.Error()
	}
}

// Notice implements ingest.Intake.
func (r *run) Notice(n ingest.Notice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notices = append(r.notices, n)
}

// hold makes deliveries wait until release is called.
func (r *recorder) hold() (release func()) {
	gate := make(chan struct{})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gate = gate
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.gate = nil
		close(gate)
	}
}

func (r *recorder) held() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting
}

// remembered is the state that a store would give to the next run.
func (r *recorder) remembered() event.StreamState {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state
	s.Shards = slices.Clone(s.Shards)
	return s
}

// rewind changes what is remembered of a shard, and forgets what was delivered.
func (r *recorder) rewind(change func(s *event.ShardState)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.state.Shards {
		change(&r.state.Shards[i])
	}
	r.records, r.events, r.ends = nil, nil, nil
}

func (r *recorder) brokenRules() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.broken)
}

// delivered gives the ids of the delivered events, each once.
func (r *recorder) delivered() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []string
	for _, e := range r.events {
		ids = append(ids, e.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (r *recorder) missing(ids []string) []string {
	have := r.delivered()
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		_, found := slices.BinarySearch(have, id)
		return found
	})
}

func (r *recorder) all() []event.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.records)
}

// keysInOrder reports the first key whose events were first delivered in another order than they were published in.
func (r *recorder) keysInOrder() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := map[string]int{}
	for _, e := range r.events {
		switch {
		case e.N == next[e.Key]:
			next[e.Key]++
		case e.N > next[e.Key]:
			return fmt.Errorf("event %d of %s came before event %d", e.N, e.Key, next[e.Key])
		}
	}
	return nil
}

// familyInOrder reports the first shard of which a record came before the end of one of its parents.
func (r *recorder) familyInOrder(parents map[string][]string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.records {
		for _, parent := range parents[r.records[i].ShardID] {
			ended := slices.ContainsFunc(r.ends, func(e end) bool { return e.shard == parent && e.after <= i })
			if !ended {
				return fmt.Errorf("a record of %s was delivered before the end of its parent %s", r.records[i].ShardID, parent)
			}
		}
	}
	return nil
}

func (r *recorder) condition(shard string) ingest.ShardCondition {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.statuses[shard].Condition
}

// was reports whether a shard has ever been in a condition, and the text of the last time.
func (r *recorder) was(shard string, c ingest.ShardCondition) (text string, ever bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, ever = r.seen[shard][c]
	return text, ever
}

func (r *recorder) noticed(kind ingest.NoticeKind) []ingest.Notice {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.notices), func(n ingest.Notice) bool { return n.Kind != kind })
}

func (r *recorder) beginnings() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.begins
}

func (r *recorder) summary() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprintf("delivered %d records, shards %+v, notices %v", len(r.records), r.statuses, r.notices)
}
