package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stream is a stream of one shard, in memory: it is its own account, and reads like a real source from the position on.
type stream struct {
	mu       sync.Mutex
	created  time.Time
	records  []event.Record
	more     chan struct{}
	fail     error         // given by the next Read
	reading  ingest.Intake // of the Read under way
	troubled bool          // Read cannot reach the stream at first
	consumer string        // named by the last Open
	retired  []string      // consumers
	stuck    error         // given by Retire
	gate     chan struct{} // not nil: a sample is not taken before it is closed, or the run is stopped
}

func newStream() *stream {
	return &stream{created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), more: make(chan struct{}, 1)}
}

// put appends records; their sequence numbers count from 1.
func (s *stream) put(records ...string) {
	s.mu.Lock()
	for _, r := range records {
		n := len(s.records) + 1
		s.records = append(s.records, event.Record{
			ShardID: "shard-0", Sequence: fmt.Sprint(n), PartitionKey: "k", ArrivedAt: s.created.Add(time.Duration(n) * time.Second), Data: []byte(r),
		})
	}
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
}

func (s *stream) intake() ingest.Intake {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reading
}

func (s *stream) List(context.Context, ingest.Connection) ([]ingest.ListedStream, error) {
	return nil, nil
}

func (s *stream) Describe(_ context.Context, _ ingest.Connection, name string) (ingest.StreamDetail, error) {
	if name == "missing" {
		return ingest.StreamDetail{}, fault.New(fault.NotFound, "there is no stream %s", name)
	}
	return ingest.StreamDetail{StreamSummary: ingest.StreamSummary{Name: name, ARN: "arn:stream/" + name}}, nil
}

func (s *stream) Open(_ context.Context, _ ingest.Connection, _, consumer string) (ingest.Source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.consumer = consumer
	return s, nil
}

func (s *stream) Retire(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retired = append(s.retired, s.consumer)
	return s.stuck
}

func (s *stream) Sample(ctx context.Context, _ int) ([]event.Record, error) {
	if s.gate != nil {
		s.more <- struct{}{} // says that it waits
		select {
		case <-s.gate:
		case <-ctx.Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]event.Record{}, s.records...), nil
}

func (s *stream) Read(ctx context.Context, state event.StreamState, start event.Start, intake ingest.Intake) error {
	s.mu.Lock()
	fail := s.fail
	s.fail, s.reading = nil, intake
	s.mu.Unlock()
	if fail != nil {
		return fail
	}
	if s.troubled {
		intake.Observe(ingest.ShardStatus{Condition: ingest.ShardFailing, Err: errors.New("unreachable")})
	}
	if !state.Started() {
		state = event.StreamState{ARN: "arn:stream/orders", CreatedAt: s.created, Shards: []event.ShardState{{ShardID: "shard-0", Start: start}}}
		if err := intake.Begin(ctx, state); err != nil {
			return err
		}
	}
	at := state.Shards[0].Position
	for {
		s.mu.Lock()
		var d ingest.Delivery
		for _, r := range s.records {
			if c := event.CompareSequences(r.Sequence, at.Sequence); c > 0 || c == 0 && at.Taken != event.WholeRecord {
				d.Records = append(d.Records, r)
			}
		}
		s.mu.Unlock()
		d.ShardID = "shard-0"
		if n := len(d.Records); n > 0 {
			at = event.Position{Sequence: d.Records[n-1].Sequence, Taken: event.WholeRecord}
			if err := intake.Deliver(ctx, d); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.more:
		}
	}
}

// serving runs a service over a stream and a store.
func serving(t *testing.T, s *stream, store ingest.Store, known *registry) (service *ingest.Service, stop func()) {
	t.Helper()
	return servingWith(t, s, store, known, ingest.Options{})
}

func servingWith(t *testing.T, s *stream, store ingest.Store, known *registry, options ingest.Options) (service *ingest.Service, stop func()) {
	t.Helper()
	committer := ingest.NewCommitter(store, ingest.CommitterOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		committer.Run(ctx)
	}()
	service = ingest.NewService(store, committer, known, s, options)
	require.NoError(t, service.Start(t.Context()))
	stop = sync.OnceFunc(func() {
		service.Stop()
		cancel()
		<-done
	})
	t.Cleanup(stop)
	return service, stop
}

var orders = ingest.Settings{Stream: "orders", Table: "orders"}

func document(id string) string { return fmt.Sprintf(`{"id":%q,"n":1}`, id) }

func has(t *testing.T, store *memory, ids ...string) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) { require.Equal(c, ids, store.ids("orders")) }, 10*time.Second, 2*time.Millisecond)
}

func TestEventsOfAStreamBecomeRowsAndWhatCannotGoesToQuarantine(t *testing.T) {
	s, store := newStream(), newMemory()
	s.put(document("a"), document("b"))
	service, _ := serving(t, s, store, &registry{})
	added, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	require.Equal(t, "orders", added.Settings.Name)

	s.put(document("c")+"\n"+document("d")+"\noops\n", "", `{"id":"x","n":"many"}`)
	has(t, store, "a", "b", "c", "d")
	require.Equal(t, []event.Reason{event.Empty, event.MalformedJSON, event.TypeMismatch}, store.reasons("orders"))

	status, err := service.Get("orders")
	require.NoError(t, err)
	require.Equal(t, ingest.SourceReading, status.State)
	require.Equal(t, int64(5), status.Counters.Records)
	require.Equal(t, int64(4), status.Counters.Rows)
	require.Equal(t, int64(3), status.Counters.Quarantined)
	require.Equal(t, "5", status.Shards[0].Sequence)
	require.Equal(t, s.created.Add(5*time.Second), *status.NewestArrived)
	require.Equal(t, []ingest.Freshness{{Source: "orders", NewestArrived: status.NewestArrived}}, service.Freshness([]string{"orders", "other"}))
}

func TestAServiceStartedAgainGoesOnWhereItStopped(t *testing.T) {
	s, store, known := newStream(), newMemory(), &registry{}
	s.put(document("a"))
	service, stop := serving(t, s, store, known)
	_, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	has(t, store, "a")
	stop()

	s.put(document("b"))
	service, _ = serving(t, s, store, known)
	has(t, store, "a", "b")
	_, err = service.Add(t.Context(), orders)
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
}

func TestALargeRecordIsCommittedInPartsAndGoneOnWithInItsMiddle(t *testing.T) {
	const events, size = 60, 512 << 10 // 30 MiB in one record: several batches
	var record strings.Builder
	want := make([]string, events)
	for i := range want {
		want[i] = fmt.Sprintf("%03d", i)
		fmt.Fprintf(&record, `{"id":%q,"pad":%q}`+"\n", want[i], strings.Repeat("x", size))
	}
	s, store, known := newStream(), newMemory(), &registry{}
	service, stop := serving(t, s, store, known)
	commits := 0
	store.mu.Lock()
	store.refuse = func(b []*ingest.Batch) error { // the store breaks after the first part, for good
		if len(b[0].Shards) > 0 {
			if commits++; commits > 1 {
				return errors.New("disk full")
			}
		}
		return nil
	}
	store.mu.Unlock()
	_, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	s.put(record.String())
	require.Eventually(t, func() bool {
		status, _ := service.Get("orders")
		return status.State == ingest.SourceFailing && strings.Contains(status.Error, "disk full")
	}, 10*time.Second, time.Millisecond)
	stop()
	state, _ := store.StreamState(t.Context(), "orders")
	taken := state.Shards[0].Position.Taken
	require.Positive(t, taken)
	require.Less(t, taken, int64(events))
	require.Len(t, store.ids("orders"), int(taken), "the position says exactly what is there")

	store.refuse = nil
	serving(t, s, store, known)
	has(t, store, want...)
}

func TestASourceHealsByItselfFromWhatFailed(t *testing.T) {
	s, store := newStream(), newMemory()
	s.fail = fault.New(fault.Credentials, "no credentials")
	s.put(document("a"))
	service, _ := serving(t, s, store, &registry{})
	status, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	require.NotEqual(t, ingest.SourcePaused, status.State)
	has(t, store, "a")
}

func TestASourceWhoseShardsCannotBeReadIsFailingAndItsLagUnknown(t *testing.T) {
	s, store := newStream(), newMemory()
	s.put(document("a"))
	service, _ := serving(t, s, store, &registry{})
	_, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	has(t, store, "a")
	s.intake().Observe(ingest.ShardStatus{ShardID: "shard-0", Condition: ingest.ShardReading, Lag: 3 * time.Second})
	status, _ := service.Get("orders")
	require.Equal(t, ingest.SourceReading, status.State)
	require.Equal(t, int64(3000), *status.LagMS)

	denied := fault.New(fault.Credentials, "AWS does not allow it: %w", &ingest.DeniedError{Action: "kinesis:GetRecords", Policy: "{}", Cause: errors.New("denied")}).WithHint("add it")
	s.intake().Observe(ingest.ShardStatus{ShardID: "shard-0", Condition: ingest.ShardFailing, Err: denied})
	status, _ = service.Get("orders")
	require.Equal(t, ingest.SourceFailing, status.State)
	require.Equal(t, "1 of 1 shards cannot be read: AWS does not allow it: denied", status.Error)
	require.Equal(t, ingest.Advice{Hint: "add it", Action: "kinesis:GetRecords", Policy: "{}"}, status.Advice)
	require.Nil(t, status.LagMS)
	require.Nil(t, status.Shards[0].LagMS)
	require.Nil(t, service.Freshness([]string{"orders"})[0].LagMS)

	status, err = service.Pause(t.Context(), "orders")
	require.NoError(t, err)
	require.Empty(t, status.Error, "what is not read does not fail")
	require.Zero(t, status.Advice)
}

func TestAPausedSourceReadsNothingUntilItIsResumed(t *testing.T) {
	s, store, known := newStream(), newMemory(), &registry{}
	s.put(document("a"))
	service, stop := serving(t, s, store, known)
	_, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	has(t, store, "a")
	paused, err := service.Pause(t.Context(), "orders")
	require.NoError(t, err)
	require.Equal(t, ingest.SourcePaused, paused.State)
	stop()

	s.put(document("b"))
	service, _ = serving(t, s, store, known)
	status, err := service.Get("orders")
	require.NoError(t, err)
	require.Equal(t, ingest.SourcePaused, status.State, "a pause outlives a restart")
	_, err = service.Resume(t.Context(), "orders")
	require.NoError(t, err)
	has(t, store, "a", "b")
}

func TestReplayMovesWhatFitsNowFromQuarantineToTheTableOnce(t *testing.T) {
	for _, paused := range []bool{false, true} {
		t.Run(fmt.Sprintf("paused=%t", paused), func(t *testing.T) {
			s, store := newStream(), newMemory()
			s.put(document("a"))
			service, _ := serving(t, s, store, &registry{})
			fixed := orders
			fixed.Evolve = schema.EvolveFixed
			_, err := service.Add(t.Context(), fixed)
			require.NoError(t, err)
			s.put(`{"id":"b","new":1}`, `{"id":"c","new":2}`, "oops")
			require.Eventually(t, func() bool { return len(store.reasons("orders")) == 3 }, 10*time.Second, time.Millisecond)

			// Removed with its table kept, and added again with another policy: it goes on where it stopped.
			require.NoError(t, service.Remove(t.Context(), "orders", false))
			_, err = service.Add(t.Context(), orders)
			require.NoError(t, err)
			if paused {
				_, err := service.Pause(t.Context(), "orders")
				require.NoError(t, err)
			}
			result, err := service.Replay(t.Context(), ingest.QuarantineFilter{Table: "orders"}, ingest.ReplayPage{})
			require.NoError(t, err)
			require.Equal(t, ingest.ReplayResult{Matched: 3, Replayed: 2, Rows: 2, Rejected: 1}, result)
			require.Equal(t, []string{"a", "b", "c"}, store.ids("orders"))
			require.Equal(t, []event.Reason{event.MalformedJSON}, store.reasons("orders"))

			again, err := service.Replay(t.Context(), ingest.QuarantineFilter{Table: "orders"}, ingest.ReplayPage{})
			require.NoError(t, err)
			require.Equal(t, ingest.ReplayResult{Matched: 1, Rejected: 1}, again)
			if !paused {
				s.put(document("d"))
				has(t, store, "a", "b", "c", "d")
			}
		})
	}
}

func TestWhatCannotBeAddedIsRefusedBeforeAnythingIsRemembered(t *testing.T) {
	s, store, known := newStream(), newMemory(), &registry{}
	service, _ := serving(t, s, store, known)
	for name, c := range map[string]struct {
		settings ingest.Settings
		code     fault.Code
	}{
		"no stream":            {ingest.Settings{Table: "t"}, fault.Invalid},
		"no table":             {ingest.Settings{Stream: "s"}, fault.Invalid},
		"a missing stream":     {ingest.Settings{Stream: "missing", Table: "t"}, fault.NotFound},
		"a bad table name":     {ingest.Settings{Stream: "s", Table: "drop table"}, fault.Invalid},
		"an unknown policy":    {ingest.Settings{Stream: "s", Table: "t", Evolve: "maybe"}, fault.Invalid},
		"unknown aggregates":   {ingest.Settings{Stream: "s", Table: "t", Aggregates: "maybe"}, fault.Invalid},
		"unknown way to read":  {ingest.Settings{Stream: "s", Table: "t", Read: "fast"}, fault.Invalid},
		"an unknown type":      {ingest.Settings{Stream: "s", Table: "t", Columns: []schema.Column{{Name: "a", Type: "FLOAT7", Path: []string{"a"}}}}, fault.Invalid},
		"a negative max depth": {ingest.Settings{Stream: "s", Table: "t", MaxDepth: -1}, fault.Invalid},
	} {
		_, err := service.Add(t.Context(), c.settings)
		require.Equal(t, c.code, fault.CodeOf(err), "%s: %v", name, err)
	}
	require.Empty(t, known.sources)
	require.Empty(t, store.tables)
}

func TestATailShowsEventsAsTheyComeThatMatchItsFilter(t *testing.T) {
	s, store := newStream(), newMemory()
	service, _ := serving(t, s, store, &registry{})
	_, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	filter, err := ingest.ParseFilter([]string{"user.name=Zoë"})
	require.NoError(t, err)
	seen := make(chan ingest.SampleEvent, 10)
	ctx, cancel := context.WithCancel(t.Context())
	tail := make(chan error, 1)
	go func() {
		tail <- service.Tail(ctx, "orders", ingest.TailRequest{Filter: filter}, func(item ingest.TailItem) error {
			if item.Event != nil {
				seen <- *item.Event
			}
			return nil
		})
	}()
	require.Eventually(t, func() bool { // the tail may begin after some of these
		s.put(`{"id":"a","user":{"name":"Zo\u00eb"}}`, `{"id":"b","user":{"name":"Max"}}`, `{"id":"c","user":"Zoë"}`)
		return len(seen) > 0
	}, 10*time.Second, 5*time.Millisecond)
	require.Contains(t, (<-seen).Event, `"id":"a"`)
	cancel()
	require.NoError(t, <-tail)

	ended, watching := make(chan error, 1), make(chan struct{}, 10)
	go func() {
		ended <- service.Tail(t.Context(), "orders", ingest.TailRequest{}, func(ingest.TailItem) error {
			select {
			case watching <- struct{}{}:
			default:
			}
			return nil
		})
	}()
	require.Eventually(t, func() bool { s.put(document("d")); return len(watching) > 0 }, 10*time.Second, 5*time.Millisecond)
	require.NoError(t, service.Remove(t.Context(), "orders", true))
	require.NoError(t, <-ended, "a tail ends with its source")
	require.Empty(t, store.tables)
}
