package ingest

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/unpack"
)

const (
	rateWindow  = 10 // seconds over which rates are means
	keptNotices = 20
)

// status is what is known of how a source is doing. It outlives the source's runs.
type status struct {
	now func() time.Time

	mu       sync.Mutex
	state    SourceState
	err      error
	shards   map[string]*shardRecord
	notices  []Notice
	counters Counters
	dupBase  int64 // duplicate keys counted by earlier runs
	events   meter
	bytes    meter
	newest   time.Time
	history  history
	lineage  map[string]StreamShard // as the stream described its shards last; nil before it has
}

type shardRecord struct {
	ShardStatus
	committed event.ShardState
	events    meter
	bytes     meter
	calls     meter // nanoseconds of Spent
	spent     meter
}

func newStatus(now func() time.Time) *status {
	return &status{now: now, state: SourceStarting, shards: map[string]*shardRecord{}, history: newHistory(now())}
}

// set changes the state, and reports whether that is news.
func (s *status) set(state SourceState, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	before, said := s.state, textOf(s.err)
	s.state, s.err = state, err
	if state == SourceStarting {
		s.dupBase = s.counters.DuplicateKeys
	}
	return s.state != before || textOf(err) != said
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (s *status) shard(id string) *shardRecord {
	r := s.shards[id]
	if r == nil {
		r = &shardRecord{ShardStatus: ShardStatus{ShardID: id, Condition: ShardWaiting}}
		s.shards[id] = r
	}
	return r
}

// remember takes over what the store holds, at the beginning of a run or of a stream made anew.
func (s *status) remember(state event.StreamState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != SourceFailing { // what fails may be the store
		s.err = nil // of the stream as a whole: it is there
	}
	s.shards = make(map[string]*shardRecord, len(state.Shards))
	for _, st := range state.Shards {
		s.settle(st)
	}
}

func (s *status) settle(st event.ShardState) {
	r := s.shard(st.ShardID)
	r.committed = st
	if st.Finished {
		r.Condition, r.Lag = ShardFinished, 0
	}
	if st.ArrivedAt.After(s.newest) {
		s.newest = st.ArrivedAt
	}
}

func (s *status) observe(o ShardStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	if o.ShardID == "" { // the stream as a whole
		s.err = o.Err
		return
	}
	r := s.shard(o.ShardID)
	r.ShardStatus = o
	r.calls.add(s.now(), int64(o.Spent.Calls))
	r.spent.add(s.now(), int64(o.Spent.Bytes))
}

func (s *status) notice(n Notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notices = slices.DeleteFunc(s.notices, func(said Notice) bool { // of a source that is started again and again
		return said.Kind == n.Kind && said.ShardID == n.ShardID && said.Message == n.Message
	})
	s.notices = append(s.notices, n)
	if len(s.notices) > keptNotices {
		s.notices = slices.Delete(s.notices, 0, 1)
	}
}

// describe takes over how the stream describes its shards.
func (s *status) describe(shards []StreamShard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lineage = make(map[string]StreamShard, len(shards))
	for _, sh := range shards {
		s.lineage[sh.ShardID] = sh
	}
}

// read counts what came in of a shard.
func (s *status) read(shard string, records int, bytes, events int64, c unpack.Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.tick()
	r := s.shard(shard)
	r.events.add(now, events)
	r.bytes.add(now, bytes)
	s.history.now.bytes += bytes
	s.counters.Records += int64(records)
	s.counters.Bytes += bytes
	s.counters.Control += c.Control
	s.counters.LeftToResend += c.LeftToResend
	s.bytes.add(now, bytes)
}

// decoded takes over the run's count of duplicate keys.
func (s *status) decoded(duplicateKeys int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counters.DuplicateKeys = s.dupBase + duplicateKeys
}

// committed counts a batch that is in the store, and reports whether the source was failing until then.
func (s *status) committed(b *Batch) (healed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.tick()
	s.counters.Quarantined += int64(len(b.Rejected))
	s.counters.SchemaChanges += int64(len(b.Changes))
	if b.Rows != nil {
		s.counters.Rows += int64(b.Rows.N)
	}
	s.events.add(now, s.history.committed(b, now))
	for _, st := range b.Shards {
		s.settle(st)
	}
	if s.state == SourceFailing {
		s.state, s.err, healed = SourceReading, nil, true
	}
	return healed
}

// view is the status for people.
func (s *status) view(settings Settings) SourceStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.tick()
	v := SourceStatus{
		Settings: settings, State: s.state, Counters: s.counters,
		Shards: make([]ShardView, 0, len(s.shards)), Notices: append([]Notice{}, s.notices...),
		EventsPerSec: s.events.rate(now), BytesPerSec: s.bytes.rate(now), NewestArrived: timeOrNil(s.newest),
		QuarantinedLastHour: s.history.quarantined(now),
	}
	err := s.err
	failing, open := 0, 0
	for _, id := range slices.Sorted(maps.Keys(s.shards)) {
		r := s.shards[id]
		v.Shards = append(v.Shards, s.shardView(r, now))
		if r.Condition == ShardFinished {
			continue
		}
		if r.Condition == ShardFailing && s.state != SourcePaused {
			failing++
			if err == nil {
				err = r.Err
			}
		}
		open++
	}
	v.Error, v.Advice = textOf(err), AdviceOf(err)
	if s.state == SourceReading && failing > 0 {
		v.Error = fmt.Sprintf("%d of %d shards cannot be read: %s", failing, open, v.Error)
		if failing == open {
			v.State = SourceFailing
		}
	}
	v.LagMS = s.lag()
	return v
}

// shardView is a shard for people.
func (s *status) shardView(r *shardRecord, now time.Time) ShardView {
	v := ShardView{
		ShardID: r.ShardID, Parents: []string{}, Open: r.Condition != ShardFinished,
		Condition: r.Condition, Sequence: r.committed.Position.Sequence, Taken: r.committed.Position.Taken,
		LagMS: r.lag(), EventsPerSec: r.events.rate(now), BytesPerSec: r.bytes.rate(now), LastArrivedAt: timeOrNil(r.committed.ArrivedAt),
		Error: textOf(r.Err), Read: r.Read, Fallback: r.Fallback, Limits: r.limits(now),
	}
	if v.Taken == event.WholeRecord {
		v.Taken = -1
	}
	if described, ok := s.lineage[r.ShardID]; ok {
		v.Parents = append(v.Parents, described.Parents...)
		v.FirstHash, v.LastHash, v.Open = described.FirstHash, described.LastHash, described.Open
	}
	if s.state == SourcePaused && r.Condition != ShardFinished { // what was observed last is not so any more
		v.Condition, v.LagMS, v.Error, v.Read, v.Fallback, v.Limits = ShardPaused, nil, "", "", "", nil
	}
	return v
}

// tick gives the time, and closes what of the history has ended.
func (s *status) tick() time.Time {
	now := s.now()
	s.history.advance(now, s.lag)
	return now
}

// points is the history of the last while.
func (s *status) points(span time.Duration) []HistoryPoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	return s.history.points(span)
}

// lag is the largest of the shards', nil if one of them is not known.
func (s *status) lag() *int64 {
	if s.state != SourceReading || s.err != nil {
		return nil
	}
	var lag time.Duration
	for _, r := range s.shards {
		if r.Condition == ShardFinished {
			continue
		}
		if r.lag() == nil {
			return nil
		}
		lag = max(lag, r.Lag)
	}
	return millis(lag)
}

// lag is how far behind the tip the shard's reader is, nil if that is not known: it waits, or cannot read.
func (r *shardRecord) lag() *int64 {
	if r.Condition == ShardWaiting || r.Condition == ShardFailing {
		return nil
	}
	return millis(r.Lag)
}

// limits is how much polling takes of the shard's limits, nil if it is not polled.
func (r *shardRecord) limits(now time.Time) *Limits {
	if r.Read != ReadPoll || r.Condition == ShardFinished {
		return nil
	}
	return &Limits{Calls: r.calls.rate(now) / float64(time.Second), Bytes: r.spent.rate(now) / float64(time.Second)}
}

func millis(d time.Duration) *int64 { return new(d.Milliseconds()) }

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// meter counts by the second, for a rate over the last rateWindow whole seconds.
type meter struct {
	second int64 // of the newest bucket
	counts [rateWindow + 1]int64
}

func (m *meter) add(now time.Time, n int64) {
	m.advance(now.Unix())
	m.counts[m.second%int64(len(m.counts))] += n
}

func (m *meter) advance(second int64) {
	size := int64(len(m.counts))
	for from := max(m.second+1, second-size+1); from <= second; from++ {
		m.counts[from%size] = 0
	}
	m.second = max(m.second, second)
}

func (m *meter) rate(now time.Time) float64 {
	m.advance(now.Unix())
	var sum int64
	for i, n := range m.counts {
		if int64(i) != m.second%int64(len(m.counts)) {
			sum += n
		}
	}
	return float64(sum) / rateWindow
}
