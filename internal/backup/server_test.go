package backup_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/backup/place"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// server is a data directory in use, with one source "shop" whose table has a column of each type.
type server struct {
	dir     string
	store   *duckdb.DB
	catalog *catalog.Catalog
	table   *schema.Table
	next    int // number of the next event
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := openServer(t, filepath.Join(t.TempDir(), "data"))
	s.table = &schema.Table{
		Name: "shop", Columns: schema.SystemColumns(), Evolve: schema.EvolveAdd,
		MaxDepth: schema.DefaultMaxDepth, MaxColumns: schema.DefaultMaxColumns, Ignore: [][]string{}, Version: 1,
	}
	for _, c := range []schema.Type{schema.BigInt, schema.HugeInt, schema.Double, schema.Boolean, schema.Varchar, schema.Date, schema.Timestamp, schema.UUID, schema.JSON} {
		name := "a " + strings.ToLower(string(c))
		s.table.Columns = append(s.table.Columns, schema.Column{Name: name, Type: c, Path: []string{name}})
	}
	require.NoError(t, s.store.CreateTable(t.Context(), s.table, "a test"))
	require.NoError(t, s.catalog.SaveSource(t.Context(), ingest.Settings{Name: "shop", Stream: "orders", Table: "shop"}))
	s.commit(t, &ingest.Batch{Begin: &event.StreamState{ARN: "arn:orders", CreatedAt: noon}})
	return s
}

// openServer opens a data directory.
func openServer(tb testing.TB, dir string) *server {
	tb.Helper()
	s := &server{dir: dir}
	var err error
	s.store, err = duckdb.Open(tb.Context(), dir, duckdb.Options{Threads: 2})
	require.NoError(tb, err)
	s.catalog, err = catalog.Open(tb.Context(), dir)
	require.NoError(tb, err)
	tb.Cleanup(func() { s.close(tb) })
	return s
}

func (s *server) close(tb testing.TB) {
	tb.Helper()
	if s.store != nil {
		require.NoError(tb, s.store.Close(context.Background()))
		require.NoError(tb, s.catalog.Close())
		s.store = nil
	}
}

func (s *server) commit(tb testing.TB, b *ingest.Batch) {
	tb.Helper()
	b.Source, b.Stream = "shop", "orders"
	require.NoError(tb, s.store.Commit(tb.Context(), []*ingest.Batch{b}))
}

// add commits n events that are ingested at a time, and moves the position past them. Every seventh is quarantined too.
func (s *server) add(tb testing.TB, n int, at time.Time) {
	tb.Helper()
	b := &ingest.Batch{Table: s.table, At: at, Rows: &columns.Rows{N: n, Vectors: make([]columns.Vector, len(s.table.Columns)), Bytes: int64(n)}}
	for i := range n {
		id := s.next + i
		for j, c := range s.table.Columns {
			v := &b.Rows.Vectors[j]
			v.Type = c.Type
			put(v, c.Name, id, at)
		}
		if id%7 == 0 {
			b.Rejected = append(b.Rejected, event.Rejected{
				Event:  event.Event{Record: &event.Record{ShardID: "shard-0", Sequence: sequence(id), ArrivedAt: at}, Index: int64(id), PartitionKey: "k", Data: []byte{0xff, 0, byte(id)}},
				Reason: event.TypeMismatch, Message: "no",
			})
		}
	}
	s.next += n
	b.Shards = []event.ShardState{{
		ShardID: "shard-0", Position: event.Position{Sequence: sequence(s.next), Taken: event.WholeRecord}, ArrivedAt: at, Start: event.Start{Kind: event.FromHorizon},
	}}
	s.commit(tb, b)
}

func sequence(n int) string { return fmt.Sprintf("4958%052d", n) }

// put adds the value that event id has in a column: some NULL, some at the ends of what the type can hold.
func put(v *columns.Vector, name string, id int, at time.Time) {
	null := !strings.HasPrefix(name, "_") && id%5 == 4
	v.Null = append(v.Null, null)
	switch v.Type {
	case schema.BigInt:
		v.Ints = append(v.Ints, []int64{int64(id), math.MaxInt64, math.MinInt64}[id%3])
	case schema.HugeInt:
		v.Huge = append(v.Huge, []columns.Int128{{Lo: uint64(id)}, {Hi: math.MaxInt64, Lo: math.MaxUint64}, {Hi: -1, Lo: 5}}[id%3])
	case schema.Double:
		v.Real = append(v.Real, []float64{float64(id) / 3, math.Copysign(0, -1), math.Inf(1), math.NaN()}[id%4])
	case schema.Boolean:
		v.Bools = append(v.Bools, id%2 == 0)
	case schema.Date:
		v.Ints = append(v.Ints, int64(id)-500_000)
	case schema.Timestamp:
		v.Ints = append(v.Ints, at.UnixMicro())
	case schema.UUID:
		v.UUIDs = append(v.UUIDs, [16]byte{byte(id), 1, 2, 3, 15: byte(id)})
	case schema.Varchar, schema.JSON:
		text := fmt.Sprintf("event %d", id)
		switch {
		case v.Type == schema.JSON:
			text = fmt.Sprintf(`{"id":%d, "very":"exactly as it is", "n":1.50}`, id)
		case name == schema.SequenceNumber:
			text = sequence(id)
		case id == 3:
			text = strings.Repeat("a long text, ünd möre. ", 100_000)
		case id%6 == 0:
			text = ""
		}
		v.Text = append(v.Text, text...)
		v.Ends = append(v.Ends, len(v.Text))
	}
}

// service makes backups of a server, in small ranges.
func (s *server) service(o backup.Options) *backup.Service {
	return backup.New(backup.WithRangeRows(s.deps(place.Open, o), 100))
}

func (s *server) deps(open backup.Opener, o backup.Options) backup.Deps {
	return backup.Deps{Store: s.store, Catalog: s.catalog, Open: open, Dir: s.dir, Version: "v1", Options: o}
}

func (s *server) backup(tb testing.TB, to string) backup.Backup {
	tb.Helper()
	b, err := s.service(backup.Options{}).Backup(tb.Context(), to)
	require.NoError(tb, err)
	require.NoDirExists(tb, filepath.Join(s.dir, backup.StagingDir))
	return b
}

// restore brings a backup into a new directory, and gives that.
func restore(tb testing.TB, from, id string) (dir string, err error) {
	tb.Helper()
	p, err := place.Open(tb.Context(), from)
	require.NoError(tb, err)
	dir = filepath.Join(tb.TempDir(), "it's [a] *new* one")
	_, err = backup.Restore(tb.Context(), options(p, dir, id))
	return dir, err
}

func options(p backup.Place, dir, id string) backup.RestoreOptions {
	return backup.RestoreOptions{Place: p, Dir: dir, ID: id, Store: duckdb.Restore, Catalog: catalog.File}
}

// dump is all that a closed data directory holds, as another program reads it: definitions and rows of all tables, and the
// sources.
func dump(tb testing.TB, dir string) string {
	tb.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(tb, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(tb.Context(), "ATTACH '"+strings.ReplaceAll(filepath.Join(dir, "helios.duckdb"), "'", "''")+"' AS d (READ_ONLY)")
	require.NoError(tb, err)
	var out bytes.Buffer
	query := func(text string) (rows [][]string) {
		result, err := db.QueryContext(tb.Context(), text)
		require.NoError(tb, err, text)
		defer result.Close()
		names, err := result.Columns()
		require.NoError(tb, err)
		for result.Next() {
			row, into := make([]sql.NullString, len(names)), make([]any, len(names))
			for i := range row {
				into[i] = &row[i]
			}
			require.NoError(tb, result.Scan(into...))
			var texts []string
			for _, v := range row {
				texts = append(texts, fmt.Sprintf("%t %s", v.Valid, v.String))
			}
			rows = append(rows, texts)
			fmt.Fprintf(&out, "%q\n", texts)
		}
		require.NoError(tb, result.Err())
		return rows
	}
	query("SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'd' AND NOT internal ORDER BY ALL")
	for _, t := range query("SELECT schema_name, table_name, sql FROM duckdb_tables() WHERE database_name = 'd' ORDER BY ALL") {
		query(fmt.Sprintf(`SELECT COLUMNS(*)::VARCHAR FROM d.%s."%s" ORDER BY ALL`, strings.TrimPrefix(t[0], "true "), strings.TrimPrefix(t[1], "true ")))
	}
	c, err := catalog.Open(tb.Context(), dir)
	require.NoError(tb, err)
	sources, err := c.Sources(tb.Context())
	require.NoError(tb, err)
	require.NoError(tb, c.Close())
	fmt.Fprintln(&out, sources)
	return out.String()
}

// files are the files below a directory, by name.
func files(tb testing.TB, dir string) map[string]int64 {
	tb.Helper()
	found := map[string]int64{}
	require.NoError(tb, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			name, _ := filepath.Rel(dir, path)
			found[name] = info.Size()
		}
		return err
	}))
	return found
}
