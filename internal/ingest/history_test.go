package ingest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

// now puts records that arrive at this moment.
func (s *stream) now(records ...string) {
	s.mu.Lock()
	at := time.Now().Add(-time.Duration(len(s.records)+1) * time.Second)
	s.created = at
	s.mu.Unlock()
	s.put(records...)
}

func TestTheHistoryOfASource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream()
		began := time.Now()
		service, stop := serving(t, s, newMemory(), &registry{})
		_, err := service.Add(t.Context(), orders)
		require.NoError(t, err)
		synctest.Wait()
		for range 20 { // in two steps
			s.now(document("a"), `{"id":`, document("b"))
			time.Sleep(time.Second)
		}
		s.intake().Observe(ingest.ShardStatus{ShardID: "shard-0", Condition: ingest.ShardReading, Lag: 7 * time.Second})
		time.Sleep(10 * time.Second)

		h, err := service.History("orders", time.Hour)
		require.NoError(t, err)
		require.Len(t, h.Points, 3, "the step under way is left out")
		for i := range 2 {
			p := h.Points[i]
			require.Equal(t, began.Add(time.Duration(i)*ingest.HistoryStep).UTC(), p.At)
			require.InDelta(t, 3, p.EventsPerSec, 1e-9)
			require.EqualValues(t, 10, p.Quarantined)
			require.InDelta(t, 2*len(document("a"))+len(`{"id":`), p.BytesPerSec, 1e-9)
			require.LessOrEqual(t, *p.FreshnessMS, int64(2000))
		}
		require.EqualValues(t, 7000, *h.Points[2].LagMS)
		require.Zero(t, h.Points[2].EventsPerSec)
		require.Nil(t, h.Points[2].FreshnessMS, "nothing became queryable")
		status, err := service.Get("orders")
		require.NoError(t, err)
		require.EqualValues(t, 20, status.QuarantinedLastHour)

		_, err = service.Pause(t.Context(), "orders")
		require.NoError(t, err)
		time.Sleep(7 * time.Hour)
		all := service.Histories(ingest.HistorySpan)
		require.Equal(t, "orders", all[0].Name)
		require.Len(t, all[0].Points, 2160, "six hours, and no more")
		require.Nil(t, all[0].Points[2159].LagMS, "nobody reads")
		require.Equal(t, time.Now().UTC().Truncate(ingest.HistoryStep), all[0].Points[2159].At.Add(ingest.HistoryStep))
		quarter := service.Histories(15 * time.Minute)
		require.Equal(t, all[0].Points[2160-90:], quarter[0].Points)
		status, err = service.Get("orders")
		require.NoError(t, err)
		require.Zero(t, status.QuarantinedLastHour)
		stop()
	})
}

func TestFreshnessIsTheMedianAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream()
		service, stop := serving(t, s, newMemory(), &registry{})
		_, err := service.Add(t.Context(), orders)
		require.NoError(t, err)
		synctest.Wait()
		for _, age := range []time.Duration{40 * time.Millisecond, 50 * time.Millisecond, 90 * time.Millisecond, time.Hour, 0} {
			s.mu.Lock()
			s.created = time.Now().Add(-age - time.Duration(len(s.records)+1)*time.Second)
			s.mu.Unlock()
			s.put(document("x"))
			synctest.Wait()
		}
		time.Sleep(ingest.HistoryStep)
		h, err := service.History("orders", time.Minute)
		require.NoError(t, err)
		require.InEpsilon(t, 50, *h.Points[0].FreshnessMS, 0.06)
		stop()
	})
}

func TestWhatIsReplayedDidNotComeJustNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream()
		service, stop := serving(t, s, newMemory(), &registry{})
		settings := orders
		settings.Evolve, settings.Columns = schema.EvolveFixed, []schema.Column{{Path: []string{"id"}, Type: schema.Varchar}}
		_, err := service.Add(t.Context(), settings)
		require.NoError(t, err)
		synctest.Wait()
		s.now(`{"id":"a","new":1}`)
		time.Sleep(48 * time.Hour)
		require.NoError(t, service.ChangeTable(t.Context(), "orders", schema.Alteration{Kind: schema.Ignored, Path: []string{"new"}}))
		result, err := service.Replay(t.Context(), ingest.QuarantineFilter{Table: "orders"}, ingest.ReplayPage{})
		require.NoError(t, err)
		require.EqualValues(t, 1, result.Rows)
		time.Sleep(ingest.HistoryStep)
		h, err := service.History("orders", ingest.HistoryStep)
		require.NoError(t, err)
		require.Len(t, h.Points, 1)
		require.Nil(t, h.Points[0].FreshnessMS)
		require.Zero(t, h.Points[0].EventsPerSec)
		status, err := service.Get("orders")
		require.NoError(t, err)
		require.EqualValues(t, 1, status.Counters.Rows)
		stop()
	})
}

func TestShardsAreShownWithWhatTheyDescendFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream()
		service, stop := serving(t, s, newMemory(), &registry{})
		_, err := service.Add(t.Context(), orders)
		require.NoError(t, err)
		synctest.Wait()
		s.put(document("a"))
		s.intake().Describe([]ingest.StreamShard{{ShardID: "shard-0", Parents: []string{"shard-9"}, FirstHash: "0", LastHash: "17", Open: true}})
		s.intake().Observe(ingest.ShardStatus{ShardID: "shard-0", Condition: ingest.ShardReading, Read: ingest.ReadPoll, Lag: time.Second})
		time.Sleep(time.Second)
		status, err := service.Get("orders")
		require.NoError(t, err)
		shard := status.Shards[0]
		require.Equal(t, []string{"shard-9"}, shard.Parents)
		require.Equal(t, "17", shard.LastHash)
		require.True(t, shard.Open)
		require.InDelta(t, .1, shard.EventsPerSec, 1e-9)
		require.InDelta(t, float64(len(document("a")))/10, shard.BytesPerSec, 1e-9)
		require.EqualValues(t, 1000, *shard.LagMS)

		status, err = service.Pause(t.Context(), "orders")
		require.NoError(t, err)
		require.Equal(t, ingest.ShardPaused, status.Shards[0].Condition)
		require.Nil(t, status.Shards[0].LagMS)
		require.Nil(t, status.Shards[0].Limits)
		require.Equal(t, "17", status.Shards[0].LastHash)
		stop()
	})
}

func TestWhatWasQuarantinedBeforeTheStartCountsForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known, store := &registry{}, newMemory()
		paused := orders
		paused.Name, paused.Paused = "orders", true
		require.NoError(t, known.SaveSource(t.Context(), paused))
		service := ingest.NewService(store, ingest.NewCommitter(store, ingest.CommitterOptions{}), known, newStream(), ingest.Options{
			Quarantined: func(_ context.Context, table string, since time.Time, step time.Duration) ([]ingest.Tick, error) {
				require.Equal(t, "orders", table)
				require.Equal(t, time.Now().Add(-time.Hour), since)
				require.Equal(t, ingest.HistoryStep, step)
				return []ingest.Tick{{At: since.Add(step), Count: 3}, {At: since.Add(30 * time.Minute), Count: 4}}, nil
			},
		})
		require.NoError(t, service.Start(t.Context()))
		defer service.Stop()
		for _, want := range []int64{7, 4, 0} {
			status, err := service.Get("orders")
			require.NoError(t, err)
			require.Equal(t, want, status.QuarantinedLastHour)
			time.Sleep(25 * time.Minute)
		}
	})
}
