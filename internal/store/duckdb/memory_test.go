package duckdb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

const hungryCommits, hungryRows = 8, 10_000

// Without the memory that queries have taken, commits failed, rows that a failed COMMIT had left were written again, and
// the writer stayed in a transaction that nobody ended. It runs in processes of its own: DuckDB without memory can crash.
func TestQueriesThatTakeAllMemoryNeitherKeepRowsFromBeingCommittedNorDoubleThem(t *testing.T) {
	dir := t.TempDir()
	begin := event.StreamState{CreatedAt: time.Now()}
	db := open(t, dir)
	require.NoError(t, db.CreateTable(t.Context(), storefront(), ""))
	require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{{Source: "s", Begin: &begin}}))
	require.NoError(t, db.Close(context.Background()))
	for life := 0; ; life++ {
		require.Less(t, life, 10*hungryCommits)
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), hungryDir+"="+dir)
		complaint, err := cmd.CombinedOutput()
		if err == nil {
			t.Logf("the process was started %d times", life+1)
			break
		}
		exit, _ := errors.AsType[*exec.ExitError](err)
		require.NotNil(t, exit, err)
		require.NotEqual(t, complained, exit.ExitCode(), "%s", complaint)
	}
	db = open(t, dir)
	count, err := db.Query(t.Context(), "SELECT count(*), count(DISTINCT _sequence_number) FROM storefront")
	require.NoError(t, err)
	require.Equal(t, [][]any{{int64(hungryCommits * hungryRows), int64(hungryCommits * hungryRows)}}, count)
	require.NoError(t, db.Close(context.Background()))
}

// How a process ends that commits beside hungry queries, unless it crashes.
const (
	done = iota
	complained
	brokenDown = 10 // the store must be opened anew
)

// commitBesideHungryQueries goes on from the stored position.
func commitBesideHungryQueries(dir string) int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	complain := func(err error) int {
		fmt.Fprintln(os.Stderr, err)
		return complained
	}
	db, err := duckdb.Open(ctx, dir, duckdb.Options{Threads: 2, MemoryLimit: 80 << 20})
	if err != nil {
		return complain(err)
	}
	state, err := db.StreamState(ctx, "s")
	if err != nil {
		return complain(err)
	}
	i := 0
	for i < hungryCommits && len(state.Shards) == 1 && state.Shards[0].Position.Compare(taken(i)[0].Position) >= 0 {
		i++
	}
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
	table, ended := storefront(), done
	for ; i < hungryCommits && ended == done; i++ {
		rows := events(table, i*hungryRows, hungryRows)
		err := db.Commit(ctx, []*ingest.Batch{{Source: "s", Stream: "s", Table: table, Rows: rows, At: time.Now(), Shards: taken(i)}})
		switch {
		case fault.CodeOf(err) == fault.Unavailable:
			ended = brokenDown
		case err != nil:
			return complain(err)
		}
	}
	stop()
	hungry.Wait()
	if err := db.Close(context.Background()); err != nil {
		return complain(err)
	}
	return ended
}
