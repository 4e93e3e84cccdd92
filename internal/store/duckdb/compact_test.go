package duckdb_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

func rowGroups(t *testing.T, db *duckdb.DB) int64 {
	t.Helper()
	found, err := db.Query(t.Context(), "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('storefront')")
	require.NoError(t, err)
	return found[0][0].(int64)
}

func TestCheckpointsLeaveRowGroupsAloneUntilTheyAreCompacted(t *testing.T) {
	db := open(t, t.TempDir())
	table := storefront()
	require.NoError(t, db.CreateTable(t.Context(), table, ""))
	for i := range 4 {
		b := &ingest.Batch{Table: table, Rows: events(table, i*1000, 1000), At: time.Now()}
		require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{b}))
		require.NoError(t, db.Checkpoint(t.Context()))
	}
	require.Equal(t, int64(4), rowGroups(t, db))
	b := &ingest.Batch{Table: table, Rows: events(table, 4000, 1000), At: time.Now()}
	require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{b}))
	require.NoError(t, db.Compact(t.Context()))
	require.Equal(t, int64(1), rowGroups(t, db))
	require.NoError(t, db.Close(t.Context()))
}

func TestBulkyTextsAreNoticedAndFoundAgain(t *testing.T) {
	bulky := make([]byte, 256<<10)
	for i := range bulky {
		bulky[i] = 'x'
	}
	for name, batch := range map[string]func(b *ingest.Batch){
		"in a row": func(b *ingest.Batch) {
			v := &b.Rows.Vectors[len(b.Rows.Vectors)-1]
			v.Text = append(append(append(v.Text, '"'), bulky...), '"')
			v.Ends[b.Rows.N-1] = len(v.Text)
		},
		"in the quarantine": func(b *ingest.Batch) {
			b.Rows = (*columns.Rows)(nil)
			b.Rejected = []event.Rejected{{Event: event.Event{Record: &event.Record{}, Data: bulky}, Reason: event.TypeMismatch}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			db := open(t, dir)
			table := storefront()
			require.NoError(t, db.CreateTable(t.Context(), table, ""))
			small := &ingest.Batch{Table: table, Rows: events(table, 0, 100), At: time.Now()}
			require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{small}))
			require.False(t, db.Bulky())
			b := &ingest.Batch{Table: table, Rows: events(table, 100, 100), At: time.Now()}
			batch(b)
			require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{b}))
			require.True(t, db.Bulky())
			require.NoError(t, db.Close(t.Context()))
			db = open(t, dir)
			require.True(t, db.Bulky())
			require.NoError(t, db.Close(t.Context()))
		})
	}
}
