package ingest_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

func position(shard, sequence string) []event.ShardState {
	return []event.ShardState{{ShardID: shard, Position: event.Position{Sequence: sequence, Taken: event.WholeRecord}}}
}

// committing runs a committer over a sink within the bubble of a synctest.
func committing(t *testing.T, sink ingest.Sink, opt ingest.CommitterOptions) *ingest.Committer {
	t.Helper()
	c := ingest.NewCommitter(sink, opt)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return c
}

// slow is a sink whose commits take a while.
type slow struct {
	*memory
	commit time.Duration
}

func (s slow) Commit(ctx context.Context, b []*ingest.Batch) error {
	time.Sleep(s.commit)
	return s.memory.Commit(ctx, b)
}

func TestAnIdleCommitterCommitsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		_, lane := committing(t, store, ingest.CommitterOptions{}).Lane(t.Context(), nil)
		defer lane.Close()
		for _, n := range []string{"1", "2", "3"} {
			require.NoError(t, lane.Submit(t.Context(), &ingest.Batch{Source: "s", Shards: position("a", n)}))
			synctest.Wait() // no time passes
			require.Equal(t, n, store.sequence("s"))
		}
	})
}

func TestUnderLoadBatchesShareATransactionAndNoneWaitsLongerThanTheGroupTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		_, lane := committing(t, slow{store, 30 * time.Millisecond}, ingest.CommitterOptions{}).Lane(t.Context(), nil)
		for range 300 { // one every millisecond, while a commit takes thirty
			require.NoError(t, lane.Submit(t.Context(), &ingest.Batch{Source: "s", Bytes: 100}))
			time.Sleep(time.Millisecond)
		}
		lane.Close()
		require.Less(t, len(store.commits), 300/30+2, "commits fill at most half of the time and share what came meanwhile")
		require.Greater(t, len(store.commits), 3, "and what came is not kept back for long")
		total := 0
		for _, c := range store.commits {
			total += len(c)
		}
		require.Equal(t, 300, total)
	})
}

func TestAQueueFullOfBytesHoldsUpWhoSubmits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		_, lane := committing(t, slow{store, time.Second}, ingest.CommitterOptions{QueueBytes: 1 << 20}).Lane(t.Context(), nil)
		defer lane.Close()
		big := func() *ingest.Batch { return &ingest.Batch{Source: "s", Bytes: 600 << 10} }
		require.NoError(t, lane.Submit(t.Context(), big()))
		ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, lane.Submit(ctx, big()), context.DeadlineExceeded, "the first is still being committed")
		require.NoError(t, lane.Submit(t.Context(), &ingest.Batch{Source: "s", Bytes: 50 << 20}), "one larger than the queue waits for an empty one")
	})
}

func TestABatchThatFailsTakesWhatFollowsInItsLaneWithItAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		broken := errors.New("disk full")
		store.refuse = func(batches []*ingest.Batch) error {
			for _, b := range batches {
				if b.Source == "bad" && b.Shards[0].Position.Sequence == "2" {
					return broken
				}
			}
			return nil
		}
		c := committing(t, slow{store, 10 * time.Millisecond}, ingest.CommitterOptions{})
		badCtx, bad := c.Lane(t.Context(), nil)
		goodCtx, good := c.Lane(t.Context(), nil)
		for _, n := range []string{"1", "2", "3"} {
			require.NoError(t, bad.Submit(t.Context(), &ingest.Batch{Source: "bad", Shards: position("a", n)}))
			require.NoError(t, good.Submit(t.Context(), &ingest.Batch{Source: "good", Shards: position("a", n)}))
		}
		<-badCtx.Done()
		require.ErrorIs(t, context.Cause(badCtx), broken)
		bad.Close()
		require.Equal(t, "1", store.sequence("bad"), "3 must not be committed over the gap")
		good.Close()
		require.Equal(t, "3", store.sequence("good"))
		require.NotErrorIs(t, context.Cause(goodCtx), broken)
	})
}

func TestABatchThatFailsWhileItsSourceIsStoppingStillTakesWhatFollowsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		store.refuse = func(batches []*ingest.Batch) error {
			for _, b := range batches {
				if b.Shards[0].Position.Sequence == "2" {
					return errors.New("disk full")
				}
			}
			return nil
		}
		ctx, stop := context.WithCancel(t.Context())
		_, lane := committing(t, slow{store, 10 * time.Millisecond}, ingest.CommitterOptions{}).Lane(ctx, nil)
		for _, n := range []string{"1", "2", "3"} {
			require.NoError(t, lane.Submit(ctx, &ingest.Batch{Source: "s", Shards: position("a", n)}))
		}
		stop()
		lane.Close()
		require.Equal(t, "1", store.sequence("s"), "3 must not be committed over the gap: the rows of 2 would be lost")
	})
}

func TestAServiceThatStopsDoesNotWaitForALongQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, store := newStream(), newMemory()
		disk := slow{store, 200 * time.Millisecond}
		c := committing(t, disk, ingest.CommitterOptions{GroupBytes: 1})
		service := ingest.NewService(disk, c, &registry{}, s, ingest.Options{})
		_, err := service.Add(t.Context(), orders)
		require.NoError(t, err)
		time.Sleep(time.Second)
		for i := range 100 {
			s.put(document(strconv.Itoa(i)))
			synctest.Wait()
		}
		began := time.Now()
		service.Stop()
		require.Less(t, time.Since(began), 2*time.Second)
		require.NotEmpty(t, store.ids("orders"))
		require.Equal(t, strconv.Itoa(len(store.ids("orders"))), store.sequence("orders"), "the rest is given up, without a gap")
	})
}

func TestABatchThatChangesItsTableBeginsATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		_, lane := committing(t, slow{store, 50 * time.Millisecond}, ingest.CommitterOptions{}).Lane(t.Context(), nil)
		table := &schema.Table{Name: "t"}
		for n := range 9 {
			b := &ingest.Batch{Source: "s", Table: table, Shards: position("a", string(rune('1'+n)))}
			if n%3 == 2 {
				b.Changes = []schema.Change{{Kind: schema.Added}}
			}
			require.NoError(t, lane.Submit(t.Context(), b))
		}
		lane.Close()
		for _, c := range store.commits {
			for i, b := range c {
				require.True(t, i == 0 || len(b.Changes) == 0, "rows of the older schema are in a transaction of their own")
			}
		}
	})
}
