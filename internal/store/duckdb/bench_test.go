package duckdb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	driverpkg "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

// storefront is a table of events of about 388 bytes of JSON each.
func storefront() *schema.Table {
	t := &schema.Table{Name: "storefront", Columns: schema.SystemColumns(), Evolve: schema.EvolveAdd, MaxDepth: 3, MaxColumns: 500, Ignore: [][]string{}, Version: 1}
	for _, c := range []schema.Column{
		{Name: "event_id", Type: schema.UUID},
		{Name: "event_type", Type: schema.Varchar},
		{Name: "occurred_at", Type: schema.Timestamp},
		{Name: "user_id", Type: schema.BigInt},
		{Name: "session_id", Type: schema.Varchar},
		{Name: "product_id", Type: schema.Varchar},
		{Name: "price", Type: schema.Double},
		{Name: "quantity", Type: schema.BigInt},
		{Name: "page_url", Type: schema.Varchar},
		{Name: "referrer", Type: schema.Varchar},
		{Name: "country", Type: schema.Varchar},
		{Name: "returning", Type: schema.Boolean},
		{Name: "tags", Type: schema.JSON},
	} {
		c.Path = []string{c.Name}
		t.Columns = append(t.Columns, c)
	}
	return t
}

// events makes n rows of the storefront, the first of which is the first-th of its shard.
func events(t *schema.Table, first, n int) *columns.Rows {
	rows := &columns.Rows{N: n, Vectors: make([]columns.Vector, len(t.Columns)), Bytes: int64(n) * 388}
	for c := range t.Columns {
		v := &rows.Vectors[c]
		v.Type = t.Columns[c].Type
		for i := first; i < first+n; i++ {
			v.Null = append(v.Null, t.Columns[c].Name == "referrer" && i%3 == 0)
			switch v.Type {
			case schema.UUID:
				v.UUIDs = append(v.UUIDs, [16]byte{byte(i), byte(i >> 8), byte(i >> 16), 4: byte(i * 7), 15: byte(i * 31)})
			case schema.Timestamp:
				v.Ints = append(v.Ints, 1782900000000000+int64(i)*1000)
			case schema.BigInt:
				v.Ints = append(v.Ints, int64(i*7919%100000))
			case schema.Double:
				v.Real = append(v.Real, float64(i%10000)/100)
			case schema.Boolean:
				v.Bools = append(v.Bools, i%2 == 0)
			default:
				v.Text = append(v.Text, text(t.Columns[c].Name, i)...)
				v.Ends = append(v.Ends, len(v.Text))
			}
		}
	}
	return rows
}

func text(column string, i int) string {
	switch column {
	case schema.ShardID:
		return "shardId-000000000000"
	case schema.SequenceNumber:
		return fmt.Sprintf("4958%052d", i)
	case "event_type":
		return []string{"page_view", "search", "add_to_cart", "purchase"}[i%4]
	case "page_url":
		return fmt.Sprintf("https://shop.example/products/%d?utm_source=newsletter&position=%d", i%5000, i%97)
	case "country":
		return []string{"DE", "FR", "JP"}[i%3]
	case "tags":
		return `["new","sale",` + fmt.Sprint(i%10) + `]`
	default:
		return fmt.Sprintf("%s-%d", column[:4], i*104729%1000000)
	}
}

func taken(i int) []event.ShardState {
	return []event.ShardState{{
		ShardID:  "shardId-000000000000",
		Position: event.Position{Sequence: text(schema.SequenceNumber, i), Taken: event.WholeRecord},
		Start:    event.Start{Kind: event.FromHorizon},
	}}
}

// BenchmarkCommit commits rows and a position: the whole way into the file, checkpoints included. A group under load has about
// 40,000 rows.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{100, 1000, 10_000, 40_000} {
		b.Run(fmt.Sprintf("rows=%d", size), func(b *testing.B) {
			dir := b.TempDir()
			db := open(b, dir)
			t := storefront()
			require.NoError(b, db.CreateTable(b.Context(), t, ""))
			begin := event.StreamState{CreatedAt: time.Now()}
			require.NoError(b, db.Commit(b.Context(), []*ingest.Batch{{Source: "s", Begin: &begin}}))
			rows := make([]*columns.Rows, max(2, 40_000/size)) // more than a row group, which equal rows would fill too easily
			for i := range rows {
				rows[i] = events(t, i*size, size)
			}
			b.SetBytes(rows[0].Bytes)
			var longest time.Duration
			used := processorTime(b)
			for i := 0; b.Loop(); i++ {
				begin := time.Now()
				batch := &ingest.Batch{Source: "s", Stream: "s", Table: t, Rows: rows[i%len(rows)], At: begin, Shards: taken(i)}
				require.NoError(b, db.Commit(b.Context(), []*ingest.Batch{batch}))
				longest = max(longest, time.Since(begin))
			}
			stored := float64(size * b.N)
			b.ReportMetric(stored/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(longest.Milliseconds()), "ms-longest")
			require.NoError(b, db.Close(b.Context()))
			b.ReportMetric(float64((processorTime(b)-used).Nanoseconds())/1000/stored, "cpu-us/row")
			info, err := os.Stat(filepath.Join(dir, "helios.duckdb"))
			require.NoError(b, err)
			b.ReportMetric(float64(info.Size())/stored, "file-B/row")
		})
	}
}

// processorTime is what the process has used of all processors. It says more than the clock while others use them too.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkCommitBesideQueries commits 100 rows twenty times a second while a dashboard of heavy queries goes on over two
// million: promise 5 says that queries do not starve the ingestion.
func BenchmarkCommitBesideQueries(b *testing.B) {
	const panel = "SELECT user_id, country, count(*), sum(price), count(DISTINCT session_id) FROM storefront GROUP BY ALL ORDER BY 3 DESC LIMIT 100"
	for _, queries := range []int{0, 1, 4, 8} {
		b.Run(fmt.Sprintf("queries=%d", queries), func(b *testing.B) {
			db := openStore(b)
			t := storefront()
			require.NoError(b, db.CreateTable(b.Context(), t, ""))
			begin := event.StreamState{CreatedAt: time.Now()}
			require.NoError(b, db.Commit(b.Context(), []*ingest.Batch{{Source: "s", Begin: &begin}}))
			for i := range 40 {
				rows := events(t, i*50_000, 50_000)
				require.NoError(b, db.Commit(b.Context(), []*ingest.Batch{{Source: "s", Stream: "s", Table: t, Rows: rows, At: time.Now(), Shards: taken(i)}}))
			}
			ctx, stop := context.WithCancel(b.Context())
			var dashboard sync.WaitGroup
			var answered atomic.Int64
			for range queries {
				dashboard.Go(func() {
					for ctx.Err() == nil {
						if runThrough(ctx, db, panel) == nil {
							answered.Add(1)
						}
					}
				})
			}
			rows := events(t, 0, 100)
			var took []time.Duration
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for i := 40; b.Loop(); i++ {
				at := <-tick.C
				batch := &ingest.Batch{Source: "s", Stream: "s", Table: t, Rows: rows, At: at, Shards: taken(i)}
				require.NoError(b, db.Commit(b.Context(), []*ingest.Batch{batch}))
				took = append(took, time.Since(at))
			}
			stop()
			dashboard.Wait()
			slices.Sort(took)
			for name, share := range map[string]int{"p50": 50, "p99": 99, "longest": 100} {
				b.ReportMetric(float64(took[min(len(took)*share/100, len(took)-1)].Microseconds())/1000, "ms-"+name)
			}
			b.ReportMetric(float64(answered.Load())/b.Elapsed().Seconds(), "queries/s")
		})
	}
}

// BenchmarkAppendRow is the way not taken: the same rows through the driver's appender, row by row.
func BenchmarkAppendRow(b *testing.B) {
	const size = 10000
	connector, err := driverpkg.NewConnector(filepath.Join(b.TempDir(), "rows.duckdb"), nil)
	require.NoError(b, err)
	pool := sql.OpenDB(connector)
	conn, err := pool.Conn(b.Context())
	require.NoError(b, err)
	t := storefront()
	var definitions []string
	for i, c := range t.Columns {
		if c.Type == schema.JSON {
			t.Columns[i].Type = schema.Varchar // it would compact and escape JSON
		}
		definitions = append(definitions, `"`+c.Name+`" `+string(t.Columns[i].Type))
	}
	_, err = conn.ExecContext(b.Context(), "CREATE TABLE storefront ("+strings.Join(definitions, ", ")+")")
	require.NoError(b, err)
	rows := events(t, 0, size)
	b.SetBytes(rows.Bytes)
	for b.Loop() {
		_, err := conn.ExecContext(b.Context(), "BEGIN")
		require.NoError(b, err)
		require.NoError(b, conn.Raw(func(c any) error {
			appender, err := driverpkg.NewAppenderFromConn(c.(driver.Conn), "", "storefront")
			if err != nil {
				return err
			}
			row := make([]driver.Value, len(rows.Vectors))
			for i := range size {
				for c := range rows.Vectors {
					row[c] = boxed(&rows.Vectors[c], i)
				}
				if err := appender.AppendRow(row...); err != nil {
					return err
				}
			}
			return appender.Close()
		}))
		_, err = conn.ExecContext(b.Context(), "COMMIT")
		require.NoError(b, err)
	}
	b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "rows/s")
	require.NoError(b, conn.Close())
	require.NoError(b, pool.Close())
}

func boxed(v *columns.Vector, i int) driver.Value {
	if v.Null[i] {
		return nil
	}
	switch v.Type {
	case schema.UUID:
		return driverpkg.UUID(v.UUIDs[i])
	case schema.Timestamp:
		return time.UnixMicro(v.Ints[i])
	case schema.BigInt:
		return v.Ints[i]
	case schema.Double:
		return v.Real[i]
	case schema.Boolean:
		return v.Bools[i]
	default:
		return string(v.String(i))
	}
}
