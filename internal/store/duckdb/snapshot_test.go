package duckdb_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

// texts commits rows with a text each, one a second.
func texts(t *testing.T, db *duckdb.DB, text string, first, n int) *schema.Table {
	t.Helper()
	table := &schema.Table{Name: "notes", Columns: append(schema.SystemColumns(), schema.Column{Name: "note", Type: schema.Varchar, Path: []string{"note"}}), Version: 1}
	if first == 0 {
		require.NoError(t, db.CreateTable(t.Context(), table, ""))
		require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{{Source: "s", Begin: &event.StreamState{CreatedAt: time.Now()}}}))
	}
	rows := &columns.Rows{N: n, Vectors: make([]columns.Vector, len(table.Columns))}
	for j, c := range table.Columns {
		v := &rows.Vectors[j]
		v.Type, v.Null = c.Type, make([]bool, n)
		for i := first; i < first+n; i++ {
			switch {
			case c.Type == schema.Timestamp:
				v.Ints = append(v.Ints, int64(i)*1_000_000)
				continue
			case c.Name == "note":
				v.Text = append(v.Text, text...)
			}
			v.Text = append(v.Text, fmt.Sprint(i)...)
			v.Ends = append(v.Ends, len(v.Text))
		}
	}
	require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{{Source: "s", Stream: "s", Table: table, Rows: rows, At: time.Now(), Shards: taken(first + n)}}))
	return table
}

func snapshot(t *testing.T, db *duckdb.DB) (backup.Snapshot, backup.Table) {
	t.Helper()
	s, err := db.Snapshot(t.Context())
	require.NoError(t, err)
	for _, table := range s.Tables() {
		if table.Kind == backup.Events {
			return s, table
		}
	}
	require.Fail(t, "no table")
	return nil, backup.Table{}
}

func TestASnapshotReadsBulkyTextsAFewAtATime(t *testing.T) {
	db := openStore(t)
	texts(t, db, strings.Repeat("x", 400<<10), 0, 200)
	s, table := snapshot(t, db)
	rows, err := s.Rows(t.Context(), table, backup.Span{From: 10_000_000, To: 190_000_000})
	require.NoError(t, err)
	read, most := int64(0), int64(0)
	for {
		batch, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		read, most = read+batch.NumRows(), max(most, batch.NumRows())
		batch.Release()
	}
	require.EqualValues(t, 180, read)
	require.LessOrEqual(t, most, int64(64<<20/(400<<10)))
	require.NoError(t, rows.Close())
	cells, err := s.Cells(t.Context(), table, backup.Always, time.Minute)
	require.NoError(t, err)
	require.Len(t, cells, 4)
	require.EqualValues(t, 20, cells[3].Rows)
	require.NoError(t, s.Close())
}

// One event must not make each backup after it read the whole table a few rows at a time.
func TestOnlyRowGroupsWithBulkyTextsAreReadAFewRowsAtATime(t *testing.T) {
	db := openStore(t)
	texts(t, db, "short", 0, 25_000)
	texts(t, db, strings.Repeat("x", 900<<10), 25_000, 3)
	texts(t, db, "short", 25_003, 25_000)
	s, table := snapshot(t, db)
	rows, err := s.Rows(t.Context(), table, backup.Span{From: 1_000_000, To: 50_002_000_000})
	require.NoError(t, err)
	read, batches := int64(0), 0
	for {
		batch, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if at := read + 1; at < 25_003 && at+batch.NumRows() > 25_000 { // the first row is not of the span
			require.LessOrEqual(t, batch.NumRows(), int64(64<<20/(900<<10)))
		}
		read += batch.NumRows()
		batches++
		batch.Release()
	}
	require.EqualValues(t, 50_001, read)
	require.Less(t, batches, 20_480/72+100, "more than one of three row groups is read so")
	require.NoError(t, rows.Close())
	cells, err := s.Cells(t.Context(), table, backup.Always, time.Hour)
	require.NoError(t, err)
	all := int64(0)
	for _, c := range cells {
		all += c.Rows
	}
	require.EqualValues(t, 50_003, all)
	require.NoError(t, s.Close())
}

func TestPrintsTellRowsApart(t *testing.T) {
	db := openStore(t)
	texts(t, db, "a", 0, 100)
	before, table := snapshot(t, db)
	defer func() { require.NoError(t, before.Close()) }()
	prints := func(s backup.Snapshot, table backup.Table) (all backup.Print) {
		cells, err := s.Cells(t.Context(), table, backup.Always, time.Second)
		require.NoError(t, err)
		seen := map[uint64]bool{}
		for _, c := range cells {
			require.False(t, seen[c.A] || seen[c.B] || c.A == c.B)
			seen[c.A], seen[c.B] = true, true
			all = all.Plus(c.Print)
		}
		return all
	}
	first := prints(before, table)
	require.EqualValues(t, 100, first.Rows)
	whole, err := before.Cells(t.Context(), table, backup.Always, time.Hour)
	require.NoError(t, err)
	require.Equal(t, []backup.Cell{{Span: backup.Span{From: 0, To: 3600_000_000}, Print: first}}, whole, "they add up, in whatever steps")

	// What is committed later is not of the snapshot, and a checkpoint and rows that leave and come change nothing for it.
	texts(t, db, "b", 100, 20)
	_, err = db.DropOldest(t.Context(), ingest.Part{Table: "notes"}, time.Time{}, 50)
	require.NoError(t, err)
	require.Equal(t, first, prints(before, table))
	after, table := snapshot(t, db)
	require.EqualValues(t, 70, prints(after, table).Rows)
	require.NoError(t, after.Close())
}
