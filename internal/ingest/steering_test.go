package ingest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

// sampling is a service whose only source, declared, waits for its sample.
func sampling(t *testing.T) (*ingest.Service, *registry) {
	t.Helper()
	s, known := newStream(), &registry{}
	s.gate = make(chan struct{})
	service, _ := serving(t, s, newMemory(), known)
	require.NoError(t, service.Declare(t.Context(), []ingest.Settings{orders}))
	<-s.more
	return service, known
}

func TestASourcePausedWhileItsStreamIsSampledStaysPaused(t *testing.T) {
	service, known := sampling(t)
	_, err := service.Pause(t.Context(), "orders")
	require.NoError(t, err)
	require.True(t, known.sources["orders"].Paused, "a run that ends does not save the settings of before")
}

func TestASourceRemovedWhileItsStreamIsSampledDoesNotComeBack(t *testing.T) {
	service, known := sampling(t)
	require.NoError(t, service.Remove(t.Context(), "orders", false))
	require.Empty(t, known.sources)
}

func TestAddingEndsWhenTheSourceIsPausedMeanwhile(t *testing.T) {
	s, known := newStream(), &registry{}
	s.gate = make(chan struct{})
	service, _ := serving(t, s, newMemory(), known)
	added := make(chan error, 1)
	go func() {
		_, err := service.Add(t.Context(), orders)
		added <- err
	}()
	require.Eventually(t, func() bool { _, err := service.Pause(t.Context(), "orders"); return err == nil }, 10*time.Second, time.Millisecond)
	require.NoError(t, <-added)
}

func TestWhatIsRemovedIsNotStartedByWhoCameTooLate(t *testing.T) {
	s, known := newStream(), &registry{}
	service, _ := serving(t, s, newMemory(), known)
	for range 200 {
		_, err := service.Add(t.Context(), orders)
		require.NoError(t, err)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { _, _ = service.Resume(t.Context(), "orders") })
			all.Go(func() { _, _ = service.Pause(t.Context(), "orders") })
			all.Go(func() {
				_, _ = service.Replay(t.Context(), ingest.QuarantineFilter{Table: "orders"}, ingest.ReplayPage{})
			})
		}
		all.Go(func() { require.NoError(t, service.Remove(t.Context(), "orders", true)) })
		all.Wait()
		require.Empty(t, service.List())
		require.Empty(t, known.sources)
	}
}

func TestAReplayEndsWhenTheRunThatItWaitsForDoes(t *testing.T) {
	for range 8 { // an ending run may take one more item, or not
		synctest.Test(t, func(t *testing.T) {
			store, beginning := newMemory(), make(chan struct{})
			store.refuse = func([]*ingest.Batch) error {
				<-beginning
				return errors.New("disk full")
			}
			service, _ := serving(t, newStream(), store, &registry{})
			_, err := service.Add(t.Context(), orders)
			require.NoError(t, err)
			synctest.Wait() // the stream's beginning is being committed
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			replayed := make(chan error, 1)
			go func() {
				_, err := service.Replay(ctx, ingest.QuarantineFilter{Table: "orders"}, ingest.ReplayPage{})
				replayed <- err
			}()
			synctest.Wait() // it stands in the queue behind that
			close(beginning)
			require.NotErrorIs(t, <-replayed, context.DeadlineExceeded)
		})
	}
}

func TestATableIsOnlyGoneOnWithByTheSourceThatFilledIt(t *testing.T) {
	s, store := newStream(), newMemory()
	s.put(document("a"))
	service, _ := serving(t, s, store, &registry{})
	_, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	has(t, store, "a")
	require.NoError(t, service.Remove(t.Context(), "orders", false))

	other := orders
	other.Name = "other"
	err = service.Declare(t.Context(), []ingest.Settings{other})
	require.Equal(t, fault.Conflict, fault.CodeOf(err), "it would read from the horizon what is in the table already: %v", err)
	other = orders
	other.Stream = "returns"
	err = service.Declare(t.Context(), []ingest.Settings{other})
	require.Equal(t, fault.Conflict, fault.CodeOf(err), "it would mix two streams: %v", err)
	require.Empty(t, service.List())

	require.NoError(t, service.Declare(t.Context(), []ingest.Settings{orders}))
	s.put(document("b"))
	has(t, store, "a", "b")
}

func TestPositionsWithoutTheirTableAreForgotten(t *testing.T) {
	s, store := newStream(), newMemory()
	s.put(document("a"))
	service, _ := serving(t, s, store, &registry{})
	_, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	has(t, store, "a")
	require.NoError(t, service.Remove(t.Context(), "orders", false))
	require.NoError(t, store.DropTable(t.Context(), "orders")) // a crash in the middle of removing both

	_, err = service.Add(t.Context(), orders)
	require.NoError(t, err)
	has(t, store, "a")
}

func TestAStreamThatIsThereAgainIsNotSaidToFail(t *testing.T) {
	s, store := newStream(), newMemory()
	service, _ := serving(t, s, store, &registry{})
	s.troubled = true
	_, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	s.put(document("a"))
	has(t, store, "a")
	status, err := service.Get("orders")
	require.NoError(t, err)
	require.Equal(t, ingest.SourceReading, status.State)
	require.Empty(t, status.Error)
}

func TestASourceThatIsRemovedTakesItsConsumerAlong(t *testing.T) {
	s, known := newStream(), &registry{}
	service, _ := serving(t, s, newMemory(), known)
	fanned := orders
	fanned.Read = ingest.ReadFanOut
	for _, settings := range []ingest.Settings{orders, fanned} {
		_, err := service.Add(t.Context(), settings)
		require.NoError(t, err)
		require.NoError(t, service.Remove(t.Context(), "orders", true))
	}
	require.Equal(t, []string{"helios-orders"}, s.retired, "a source that polls has none")

	s.stuck = fault.New(fault.Credentials, "its consumer stays").WithHint("remove it")
	_, err := service.Add(t.Context(), fanned)
	require.NoError(t, err)
	err = service.Remove(t.Context(), "orders", true)
	require.EqualError(t, err, "source orders is removed, but its consumer stays")
	require.Equal(t, fault.Credentials, fault.CodeOf(err))
	require.Equal(t, "remove it", fault.HintOf(err))
	require.Empty(t, service.List())
	require.Empty(t, known.sources)
}

func TestTheStatusTellsWhatPollingTakesOfTheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream()
		service, stop := serving(t, s, newMemory(), &registry{})
		_, err := service.Add(t.Context(), orders)
		require.NoError(t, err)
		synctest.Wait()
		polled := ingest.ShardStatus{
			ShardID: "shard-0", Condition: ingest.ShardReading, Read: ingest.ReadPoll, Fallback: "not permitted",
			Spent: ingest.Spent{Calls: 200 * time.Millisecond, Bytes: 50 * time.Millisecond},
		}
		for range 4 * 12 { // four reads a second
			s.intake().Observe(polled)
			time.Sleep(250 * time.Millisecond)
		}
		status, err := service.Get("orders")
		require.NoError(t, err)
		shard := status.Shards[0]
		require.Equal(t, ingest.ReadPoll, shard.Read)
		require.Equal(t, "not permitted", shard.Fallback)
		require.InDelta(t, .8, shard.Limits.Calls, 1e-9)
		require.InDelta(t, .2, shard.Limits.Bytes, 1e-9)

		s.intake().Observe(ingest.ShardStatus{ShardID: "shard-0", Condition: ingest.ShardReading, Read: ingest.ReadFanOut})
		status, err = service.Get("orders")
		require.NoError(t, err)
		require.Equal(t, ingest.ReadFanOut, status.Shards[0].Read)
		require.Nil(t, status.Shards[0].Limits)
		stop()
	})
}

func TestASourceOfATimeWithoutAChoiceIsReadAsIfItHadBeenAuto(t *testing.T) {
	known := &registry{}
	old := orders
	old.Name, old.Paused = "orders", true
	require.NoError(t, known.SaveSource(t.Context(), old))
	service, _ := serving(t, newStream(), newMemory(), known)
	status, err := service.Get("orders")
	require.NoError(t, err)
	require.Equal(t, ingest.ReadAuto, status.Settings.Read)
}

func TestASourceThatIsReadInAnotherWayGoesOnWhereItWas(t *testing.T) {
	s, store := newStream(), newMemory()
	known := &registry{}
	service, _ := serving(t, s, store, known)
	_, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	s.put(document("a"))
	has(t, store, "a")

	status, err := service.Change(t.Context(), "orders", ingest.Changes{Read: new(ingest.ReadFanOut)})
	require.NoError(t, err)
	require.Equal(t, ingest.ReadFanOut, status.Settings.Read)
	s.put(document("b"))
	has(t, store, "a", "b")
	require.Equal(t, "helios-orders", s.consumer)
	require.Empty(t, s.retired)

	s.stuck = fault.New(fault.Credentials, "its consumer stays")
	_, err = service.Change(t.Context(), "orders", ingest.Changes{Read: new(ingest.ReadPoll)})
	require.EqualError(t, err, "source orders is changed, but its consumer stays")
	require.Equal(t, []string{"helios-orders"}, s.retired)
	s.put(document("c"))
	has(t, store, "a", "b", "c")
	remembered, err := known.Sources(t.Context())
	require.NoError(t, err)
	require.Equal(t, ingest.ReadPoll, remembered[0].Read)

	_, err = service.Change(t.Context(), "orders", ingest.Changes{Read: new(ingest.ReadMode("push"))})
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
}

func TestTheEventTimeOfASourceIsATimestampOfItsTable(t *testing.T) {
	at := []schema.Column{{Name: "Ordered_At", Type: schema.Timestamp, Path: []string{"at"}}, {Name: "id", Type: schema.Varchar, Path: []string{"id"}}}
	s, store := newStream(), newMemory()
	service, _ := serving(t, s, store, &registry{})
	timed := orders
	timed.Columns = at
	for _, wrong := range []string{"id", "nothing"} {
		timed.EventTime = wrong
		_, err := service.Add(t.Context(), timed)
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
		require.Contains(t, fault.HintOf(err), "Ordered_At")
	}
	timed.EventTime = "ordered_at"
	status, err := service.Add(t.Context(), timed)
	require.NoError(t, err)
	require.Equal(t, "Ordered_At", status.Settings.EventTime, "by the name of the column")
	require.Empty(t, status.Notices)

	_, err = service.Change(t.Context(), "orders", ingest.Changes{EventTime: new("id")})
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	for given, want := range map[string]string{"": "", "_INGESTED_AT": schema.IngestedAt} {
		status, err = service.Change(t.Context(), "orders", ingest.Changes{EventTime: &given})
		require.NoError(t, err)
		require.Equal(t, want, status.Settings.EventTime)
	}

	require.NoError(t, service.Remove(t.Context(), "orders", true))
	inferred := orders
	inferred.EventTime = "soon"
	_, err = service.Add(t.Context(), inferred) // nobody knows the columns yet
	require.NoError(t, err)
	for range 2 {
		_, err = service.Pause(t.Context(), "orders")
		require.NoError(t, err)
		status, err = service.Resume(t.Context(), "orders")
		require.NoError(t, err)
	}
	has(t, store)
	require.Len(t, status.Notices, 1, "said once, however often it starts")
	require.Equal(t, ingest.NoticeEventTime, status.Notices[0].Kind)
}

func TestSettingsThatCannotBe(t *testing.T) {
	for name, change := range map[string]func(*ingest.Settings){
		"a role that is none":      func(s *ingest.Settings) { s.Connection.RoleARN = "reader" },
		"a user instead of a role": func(s *ingest.Settings) { s.Connection.RoleARN = "arn:aws:iam::123456789012:user/ann" },
	} {
		s := orders
		change(&s)
		_, err := s.Complete()
		require.Equal(t, fault.Invalid, fault.CodeOf(err), name)
		require.NotEmpty(t, fault.HintOf(err), name)
	}
	s := orders
	s.Connection.RoleARN = "arn:aws-us-gov:iam::123456789012:role/team/reader"
	_, err := s.Complete()
	require.NoError(t, err)
}
