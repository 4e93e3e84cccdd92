package duckdb_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

func TestWhatWasQuarantinedSinceATimeIsCountedBySteps(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 30, 0, 0, time.UTC)
	db, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{Threads: 1, MemoryLimit: 256 << 20})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close(t.Context())) }()
	table := &schema.Table{Name: "clicks", Columns: schema.SystemColumns(), Version: 1}
	require.NoError(t, db.CreateTable(t.Context(), table, ""))
	for i, ago := range []time.Duration{2 * time.Hour, time.Hour, 59 * time.Minute, 59*time.Minute - 9*time.Second, 0} {
		r := event.Rejected{Event: event.Event{Record: &event.Record{ShardID: "shard", Sequence: fmt.Sprint(i)}}, Reason: event.Empty}
		b := &ingest.Batch{Stream: "s", Table: table, At: now.Add(-ago), Rejected: []event.Rejected{r}}
		require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{b}))
	}
	ticks, err := db.QuarantinedSince(t.Context(), "clicks", now.Add(-time.Hour), 10*time.Second)
	require.NoError(t, err)
	require.Equal(t, []ingest.Tick{{At: now.Add(-time.Hour), Count: 1}, {At: now.Add(-59 * time.Minute), Count: 2}, {At: now, Count: 1}}, ticks)
	_, err = db.QuarantinedSince(t.Context(), "none", now, time.Second)
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
}
