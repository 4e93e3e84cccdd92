package backup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/backup/place"
	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

// storefront makes events of the demo's shape: 13 columns.
func storefront(t *schema.Table, first, n int, at time.Time) *ingest.Batch {
	b := &ingest.Batch{Table: t, At: at, Rows: &columns.Rows{N: n, Vectors: make([]columns.Vector, len(t.Columns)), Bytes: int64(n)}}
	for j, c := range t.Columns {
		v := &b.Rows.Vectors[j]
		v.Type = c.Type
		v.Null = make([]bool, n)
		for i := first; i < first+n; i++ {
			switch c.Type {
			case schema.Timestamp:
				v.Ints = append(v.Ints, at.UnixMicro()+int64(i%50_000))
				if c.Name == schema.IngestedAt {
					v.Ints[len(v.Ints)-1] = at.UnixMicro()
				}
			case schema.BigInt:
				v.Ints = append(v.Ints, int64(1+i%7))
			case schema.Double:
				v.Real = append(v.Real, float64(i*7919%100_000)/100)
			default:
				v.Text = append(v.Text, storefrontText(c.Name, i)...)
				v.Ends = append(v.Ends, len(v.Text))
			}
		}
	}
	b.Shards = []event.ShardState{{ShardID: "shard-0", Position: event.Position{Sequence: sequence(first + n), Taken: event.WholeRecord}, ArrivedAt: at}}
	return b
}

func storefrontText(column string, i int) string {
	switch column {
	case schema.SequenceNumber:
		return sequence(i)
	case schema.ShardID:
		return "shardId-000000000000"
	case "event_type":
		return []string{"page_view", "search", "add_to_cart", "purchase"}[i%4]
	case "page_url":
		return fmt.Sprintf("https://shop.example/products/%d?utm_source=newsletter&position=%d", i%5000, i%97)
	case "country":
		return []string{"DE", "FR", "JP"}[i%3]
	case "tags":
		return fmt.Sprintf(`["new","sale",%d]`, i%10)
	default:
		return fmt.Sprintf("%s-%d", column, i*104729%1_000_000)
	}
}

// BenchmarkBackup makes a first backup of five million rows while events go on to be committed, 2,000 twenty times a second;
// then one more, of what has changed; then restores. It tells the longest commit, those of the ten seconds after a backup among
// them: what the snapshot held up is written into the file then.
func BenchmarkBackup(b *testing.B) {
	const rows, size = 5_000_000, 40_000
	for b.Loop() {
		s := openServer(b, filepath.Join(b.TempDir(), "data"))
		s.table = &schema.Table{Name: "shop", Columns: schema.SystemColumns(), Evolve: schema.EvolveAdd, MaxDepth: 3, MaxColumns: 100, Ignore: [][]string{}, Version: 1}
		for _, c := range []schema.Column{
			{Name: "event_type", Type: schema.Varchar},
			{Name: "user_id", Type: schema.Varchar},
			{Name: "session_id", Type: schema.Varchar},
			{Name: "page_url", Type: schema.Varchar},
			{Name: "country", Type: schema.Varchar},
			{Name: "price", Type: schema.Double},
			{Name: "quantity", Type: schema.BigInt},
			{Name: "tags", Type: schema.JSON},
		} {
			c.Path = []string{c.Name}
			s.table.Columns = append(s.table.Columns, c)
		}
		require.NoError(b, s.store.CreateTable(b.Context(), s.table, ""))
		s.commit(b, &ingest.Batch{Begin: &event.StreamState{CreatedAt: noon}})
		for ; s.next < rows; s.next += size {
			s.commit(b, storefront(s.table, s.next, size, noon.Add(time.Duration(s.next)*200*time.Microsecond)))
		}
		to := filepath.Join(b.TempDir(), "backups")
		beside := func(name string, do func()) time.Duration {
			stop, stopped := make(chan struct{}), sync.WaitGroup{}
			var worst time.Duration
			committed := 0
			stopped.Go(func() {
				tick := time.NewTicker(50 * time.Millisecond)
				defer tick.Stop()
				for {
					select {
					case <-stop:
						return
					case <-tick.C:
					}
					begin := time.Now()
					s.commit(b, storefront(s.table, s.next, 2000, time.Now()))
					s.next += 2000
					committed += 2000
					worst = max(worst, time.Since(begin))
				}
			})
			begin := time.Now()
			do()
			took := time.Since(begin)
			select { // what had to wait follows now
			case <-time.After(10 * time.Second):
			case <-b.Context().Done():
			}
			close(stop)
			stopped.Wait()
			b.Logf("%s: %v, %d rows committed beside it, the longest commit %v, memory peak %d MB", name, took, committed, worst, peak(b)>>20)
			return took
		}
		service := backup.New(s.deps(place.Open, backup.Options{}))
		run := func() {
			made, err := service.Backup(b.Context(), to)
			require.NoError(b, err)
			b.Logf("%d rows, %d MB, %d MB of them new", made.Rows, made.Bytes>>20, made.Uploaded>>20)
		}
		beside("nothing", func() {})
		took := beside("first backup", run)
		b.ReportMetric(rows/took.Seconds(), "backup-rows/s")
		beside("second backup", run)
		begin := time.Now()
		_, err := restore(b, to, "")
		require.NoError(b, err)
		b.Logf("restore: %v, memory peak %d MB", time.Since(begin), peak(b)>>20)
		b.ReportMetric(rows/time.Since(begin).Seconds(), "restore-rows/s")
		s.close(b)
	}
}

// peak is the most memory that the process ever had.
func peak(b *testing.B) int64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	kb, err := strconv.ParseInt(string(regexp.MustCompile(`VmHWM:\s+(\d+)`).FindSubmatch(status)[1]), 10, 64)
	require.NoError(b, err)
	return kb << 10
}
