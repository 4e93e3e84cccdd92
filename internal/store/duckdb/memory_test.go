package duckdb_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

// Without the memory that queries have taken, commits failed, rows that a failed COMMIT had left were written again, and
// the writer stayed in a transaction that nobody ended.
func TestQueriesThatTakeAllMemoryNeitherKeepRowsFromBeingCommittedNorDoubleThem(t *testing.T) {
	const commits, size = 12, 10_000
	dir := t.TempDir()
	begin := event.StreamState{CreatedAt: time.Now()}
	table := storefront()
	db := open(t, dir)
	require.NoError(t, db.CreateTable(t.Context(), table, ""))
	require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{{Source: "s", Begin: &begin}}))
	require.NoError(t, db.Close(context.Background()))
	for i, opened := 0, 0; i < commits; opened++ {
		require.Less(t, opened, 5*commits)
		i = commitBesideHungryQueries(t, dir, table, i, commits, size)
	}
	db = open(t, dir)
	count, err := db.Query(t.Context(), "SELECT count(*), count(DISTINCT _sequence_number) FROM storefront")
	require.NoError(t, err)
	require.Equal(t, [][]any{{int64(commits * size), int64(commits * size)}}, count)
	require.NoError(t, db.Close(context.Background()))
}

// commitBesideHungryQueries opens the store and commits from the i-th batch on, until all are there or the store is broken.
// It gives the number of those that are.
func commitBesideHungryQueries(t *testing.T, dir string, table *schema.Table, i, commits, size int) int {
	t.Helper()
	db, err := duckdb.Open(t.Context(), dir, duckdb.Options{Threads: 2, MemoryLimit: 80 << 20})
	require.NoError(t, err)
	state, err := db.StreamState(t.Context(), "s")
	require.NoError(t, err)
	if i < commits && len(state.Shards) == 1 && state.Shards[0].Position.Compare(taken(i)[0].Position) == 0 {
		i++ // it had taken place after all
	}
	ctx, stop := context.WithCancel(t.Context())
	var hungry sync.WaitGroup
	for _, text := range []string{
		"SELECT len(list(t)) FROM storefront t",
		"SELECT _sequence_number, event_id, list(page_url) AS l FROM storefront GROUP BY ALL ORDER BY l DESC LIMIT 10",
		"SELECT * FROM storefront ORDER BY page_url, session_id",
	} {
		hungry.Go(func() {
			for ctx.Err() == nil {
				_ = runThrough(ctx, db, text) // most lack memory
			}
		})
	}
	for ; i < commits; i++ {
		batch := &ingest.Batch{Source: "s", Stream: "s", Table: table, Rows: events(table, i*size, size), At: time.Now(), Shards: taken(i)}
		if err = db.Commit(t.Context(), []*ingest.Batch{batch}); err != nil {
			require.Equal(t, fault.Unavailable, fault.CodeOf(err), err)
			break
		}
	}
	stop()
	hungry.Wait()
	require.NoError(t, db.Close(context.Background()))
	return i
}
