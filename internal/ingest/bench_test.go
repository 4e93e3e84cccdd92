package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/demo"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
)

// BenchmarkSource drives a service with a source of four shards whose records are in memory and a store that forgets: what
// reading, unpacking, decoding and grouping cost, without the commits.
func BenchmarkSource(b *testing.B) {
	for _, c := range []struct {
		name string
		size int  // records a delivery
		gzip bool // of 20 events each
	}{{"records=10", 10, false}, {"records=1000", 1000, false}, {"records=100/gzip", 100, true}} {
		b.Run(c.name, func(b *testing.B) {
			s := &flood{size: c.size, begin: make(chan struct{}), each: 1}
			shop := demo.New(1, 200, time.Now)
			for range 20_000 {
				s.records = append(s.records, shop.Next(nil))
				s.bytes += int64(len(s.records[len(s.records)-1]))
			}
			s.bytes /= int64(len(s.records))
			if c.gzip {
				s.each = 20
				s.records = zipped(b, s.records, s.each)
			}
			store := &forgetful{memory: newMemory(), done: make(chan struct{})}
			committer := ingest.NewCommitter(store, ingest.CommitterOptions{})
			ctx, cancel := context.WithCancel(b.Context())
			var running sync.WaitGroup
			running.Go(func() { committer.Run(ctx) })
			service := ingest.NewService(store, committer, &registry{}, s, ingest.Options{})
			require.NoError(b, service.Start(b.Context()))
			_, err := service.Add(b.Context(), ingest.Settings{Stream: "storefront", Table: "storefront"})
			require.NoError(b, err)
			store.want, s.total = int64(b.N), int64(b.N)
			b.SetBytes(s.bytes)
			b.ReportAllocs()
			b.ResetTimer()
			close(s.begin)
			<-store.done
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			service.Stop()
			cancel()
			running.Wait()
		})
	}
}

// flood is a stream of four shards whose records never end.
type flood struct {
	stream
	records [][]byte
	bytes   int64 // of an event
	each    int   // events in a record
	size    int
	total   int64 // events
	begin   chan struct{}
}

// zipped makes records of so many events each.
func zipped(b *testing.B, events [][]byte, each int) [][]byte {
	b.Helper()
	var records [][]byte
	for batch := range slices.Chunk(events, each) {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, err := w.Write(bytes.Join(batch, []byte("\n")))
		require.NoError(b, err)
		require.NoError(b, w.Close())
		records = append(records, packed.Bytes())
	}
	return records
}

func (f *flood) Open(context.Context, ingest.Connection, string, string) (ingest.Source, error) {
	return f, nil
}

func (f *flood) Sample(context.Context, int) ([]event.Record, error) {
	var sample []event.Record
	for i, e := range f.records[:1000] {
		sample = append(sample, event.Record{ShardID: "shard-0", Sequence: fmt.Sprint(i + 1), Data: e})
	}
	return sample, nil
}

func (f *flood) Read(ctx context.Context, state event.StreamState, start event.Start, intake ingest.Intake) error {
	if !state.Started() {
		state = event.StreamState{ARN: "arn", CreatedAt: time.Unix(1, 0)}
		for i := range 4 {
			state.Shards = append(state.Shards, event.ShardState{ShardID: fmt.Sprint("shard-", i), Start: start})
		}
		if err := intake.Begin(ctx, state); err != nil {
			return err
		}
	}
	<-f.begin
	var shards sync.WaitGroup
	var sent atomic.Int64
	for _, shard := range state.Shards {
		shards.Go(func() {
			for at, n := 0, int64(f.size*f.each); sent.Add(n) < f.total*11/10+n; { // more than wanted: what is cut off takes the next line with it
				d := ingest.Delivery{ShardID: shard.ShardID}
				for range f.size {
					at++
					d.Records = append(d.Records, event.Record{
						ShardID: shard.ShardID, Sequence: fmt.Sprintf("49%054d", at), PartitionKey: "visitor-12345",
						ArrivedAt: time.UnixMilli(int64(at)), Data: f.records[at%len(f.records)],
					})
				}
				if intake.Deliver(ctx, d) != nil {
					return
				}
			}
		})
	}
	shards.Wait()
	<-ctx.Done()
	return nil
}

// forgetful is a store that counts the events it is given.
type forgetful struct {
	*memory
	got, want int64
	done      chan struct{}
}

func (f *forgetful) Commit(_ context.Context, batches []*ingest.Batch) error {
	before := f.got
	for _, b := range batches {
		f.got += int64(len(b.Rejected))
		if b.Rows != nil {
			f.got += int64(b.Rows.N)
		}
	}
	if f.want > 0 && before < f.want && f.got >= f.want {
		close(f.done)
	}
	return nil
}
