package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
)

func TestASampleTakesItsShareOfEveryRecordAndNoMore(t *testing.T) {
	s := newStream()
	for i := range 3 {
		s.put(strings.Repeat(fmt.Sprintf(`{"id":"%d","field_%d":1}`+"\n", i, i), 5000) + strings.Repeat("oops\n", 3))
	}
	service, _ := serving(t, s, newMemory(), &registry{})
	sample, err := service.SampleStream(t.Context(), ingest.Connection{}, "orders", ingest.SampleOptions{Limit: 60, MaxDepth: 3, MaxColumns: 500})
	require.NoError(t, err)
	require.Equal(t, 60, sample.Inference.Events)
	require.LessOrEqual(t, len(sample.Events), 60+3)
	require.Len(t, sample.Inference.Fields, 4, "the newest record is looked at too")

	sample, err = service.SampleStream(t.Context(), ingest.Connection{}, "orders", ingest.SampleOptions{Limit: 60, MaxDepth: 3, MaxColumns: 6})
	require.NoError(t, err)
	require.Len(t, sample.Inference.Table.Columns, 6, "as it would be made")
}

func TestTheCrumbsOfLargeRecordsDoNotKeepThemInMemory(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte("1" + strings.Repeat(" ", 16<<20)))
	require.NoError(t, err)
	require.NoError(t, z.Close())

	s, store := newStream(), newMemory()
	service, _ := serving(t, s, store, &registry{})
	_, err = service.Add(t.Context(), orders)
	require.NoError(t, err)
	before := heap()
	records := make([]string, 12)
	for i := range records {
		records[i] = packed.String()
	}
	s.put(records...)
	has := func() bool { return len(store.reasons("orders")) == len(records) }
	require.Eventually(t, has, time.Minute, 10*time.Millisecond)
	require.Contains(t, store.reasons("orders"), event.NotAnObject)
	require.Less(t, heap()-before, int64(64<<20), "12 records unpack to 16 MiB each, and leave a byte in quarantine")
}

func TestADeliveryThatIsGivenUpLeavesItsRoomToOthers(t *testing.T) {
	s, store := newStream(), &paging{memory: newMemory(), asked: make(chan struct{}), answer: make(chan struct{})}
	s.put(document("a"))
	service, _ := serving(t, s, store, &registry{})
	_, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	var replay sync.WaitGroup
	replay.Go(func() {
		_, _ = service.Replay(t.Context(), ingest.QuarantineFilter{Table: "orders"}, ingest.ReplayPage{})
	})
	<-store.asked // the loop takes nothing until this is answered
	require.Eventually(t, func() bool { return s.intake() != nil }, 10*time.Second, time.Millisecond)
	deliver := func(ctx context.Context, shard, data string) error {
		return s.intake().Deliver(ctx, ingest.Delivery{ShardID: shard, Records: []event.Record{{ShardID: shard, Sequence: "1", Data: []byte(data)}}})
	}
	full := error(nil)
	for i := 0; full == nil; i++ {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		full = deliver(ctx, fmt.Sprint("small-", i), "")
		cancel()
	}
	large := strings.Repeat(" ", 2<<20)
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		require.ErrorIs(t, deliver(ctx, "expired", large), context.DeadlineExceeded)
		cancel()
	}
	close(store.answer)
	replay.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, deliver(ctx, "large", large))
}

// paging is a memory whose first page of a quarantine waits for an answer.
type paging struct {
	*memory
	asked, answer chan struct{}
	once          sync.Once
}

func (p *paging) Quarantined(ctx context.Context, f ingest.QuarantineFilter, after *ingest.QuarantineKey, limit int) ([]ingest.Quarantined, error) {
	p.once.Do(func() { close(p.asked) })
	<-p.answer
	return p.memory.Quarantined(ctx, f, after, limit)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
