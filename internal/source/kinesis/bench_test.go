package kinesis_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/localkinesis"
	"github.com/helios-sql/helios/internal/source/kinesis"
)

// stopwatch is an intake that takes the time of each record since the one it names.
type stopwatch struct {
	mu    sync.Mutex
	taken []time.Duration
	ready chan struct{} // closed when four shards are read as they should be
	want  ingest.ReadMode
	seen  map[string]bool
}

func (*stopwatch) Begin(context.Context, event.StreamState) error { return nil }
func (*stopwatch) Describe([]ingest.StreamShard)                  {}
func (*stopwatch) Notice(ingest.Notice)                           {}

func (w *stopwatch) Observe(s ingest.ShardStatus) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.Read == w.want && !w.seen[s.ShardID] {
		if w.seen[s.ShardID] = true; len(w.seen) == 4 {
			close(w.ready)
		}
	}
}

func (w *stopwatch) Deliver(_ context.Context, d ingest.Delivery) error {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range d.Records {
		w.taken = append(w.taken, now.Sub(time.Unix(0, int64(binary.BigEndian.Uint64(d.Records[i].Data)))))
	}
	return nil
}

// BenchmarkDelivery tells how long records are on the way from a put to the intake, at 1,000 a second on four shards of a
// localkinesis that keeps Kinesis' limits: each operation is one record.
func BenchmarkDelivery(b *testing.B) {
	for _, way := range []ingest.ReadMode{ingest.ReadPoll, ingest.ReadFanOut} {
		b.Run(string(way), func(b *testing.B) {
			server := localkinesis.New(localkinesis.Options{KeepLimits: true})
			listener := httptest.NewServer(server.Handler())
			defer listener.Close()
			require.NoError(b, server.CreateStream("orders", 4))
			account, err := kinesis.NewAccount(b.Context(), ingest.Connection{Endpoint: listener.URL}, slog.New(slog.DiscardHandler))
			require.NoError(b, err)
			w := &stopwatch{ready: make(chan struct{}), want: way, seen: map[string]bool{}}
			var o kinesis.Options
			if way == ingest.ReadFanOut {
				o.Consumer = "bench"
			}
			ctx, stop := context.WithCancel(b.Context())
			done := make(chan error, 1)
			go func() {
				done <- account.Source("orders", o).Read(ctx, event.StreamState{}, event.Start{Kind: event.FromHorizon}, w)
			}()
			<-w.ready
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			b.ResetTimer()
			for i := range b.N {
				<-tick.C
				data := make([]byte, 390)
				binary.BigEndian.PutUint64(data, uint64(time.Now().UnixNano()))
				_, err := server.PutRecords("orders", []localkinesis.Record{{PartitionKey: fmt.Sprint(i), Data: data}})
				require.NoError(b, err)
			}
			require.Eventually(b, func() bool {
				w.mu.Lock()
				defer w.mu.Unlock()
				return len(w.taken) >= b.N
			}, 10*time.Second, time.Millisecond)
			b.StopTimer()
			stop()
			require.NoError(b, <-done)
			slices.Sort(w.taken)
			at := func(share float64) float64 {
				return w.taken[int(share*float64(len(w.taken)-1))].Seconds() * 1000
			}
			b.ReportMetric(at(.5), "p50-ms")
			b.ReportMetric(at(.99), "p99-ms")
		})
	}
}
