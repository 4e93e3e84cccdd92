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

func TestQuarantinedEventsAreGroupedByReasonAndFieldAndCountedOverTime(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 30, 0, 0, time.UTC)
	db, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{Threads: 1, MemoryLimit: 256 << 20, Now: func() time.Time { return now }})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close(t.Context())) }()
	tables := map[string]*schema.Table{}
	for _, name := range []string{"clicks", "orders"} {
		tables[name] = &schema.Table{Name: name, Columns: schema.SystemColumns(), Version: 1}
		require.NoError(t, db.CreateTable(t.Context(), tables[name], ""))
	}
	n := 0
	reject := func(table string, ago time.Duration, reason event.Reason, field string) {
		n++
		r := event.Rejected{
			Event: event.Event{Record: &event.Record{ShardID: "shard", Sequence: fmt.Sprint(n)}}, Reason: reason, Field: field, Message: ago.String(),
		}
		b := &ingest.Batch{Stream: "s", Table: tables[table], At: now.Add(-ago), Rejected: []event.Rejected{r}}
		require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{b}))
	}
	reject("clicks", 100*time.Hour, event.TypeMismatch, "a")
	reject("clicks", 23*time.Hour+30*time.Minute, event.TypeMismatch, "a") // when the first step begins
	reject("clicks", 23*time.Hour+31*time.Minute, event.TypeMismatch, "a") // the hour before it
	reject("clicks", 30*time.Minute, event.TypeMismatch, "a")
	reject("clicks", 0, event.TypeMismatch, "b")
	reject("orders", -time.Hour, event.MalformedJSON, "") // by a clock that was ahead
	reject("orders", 0, event.MalformedJSON, "")

	groups, err := db.QuarantineGroups(t.Context(), "", time.Hour)
	require.NoError(t, err)
	require.Len(t, groups, 3)
	a := groups[0]
	require.Equal(t, ingest.QuarantineGroup{
		Table: "clicks", Reason: event.TypeMismatch, Field: "a", Count: 4, First: now.Add(-100 * time.Hour), Last: now.Add(-30 * time.Minute), Example: "30m0s",
		OverTime: a.OverTime,
	}, a)
	require.Len(t, a.OverTime, 24)
	counts := map[time.Time]int64{}
	for _, tick := range a.OverTime {
		counts[tick.At] = tick.Count
	}
	hour := now.Truncate(time.Hour)
	require.Len(t, counts, 24)
	require.EqualValues(t, 1, counts[hour.Add(-23*time.Hour)])
	require.EqualValues(t, 1, counts[hour])
	require.Equal(t, a.OverTime[23].At, hour)
	require.Equal(t, "orders", groups[1].Table)
	require.EqualValues(t, 2, groups[1].OverTime[23].Count)
	require.Equal(t, "b", groups[2].Field)

	of, err := db.QuarantineGroups(t.Context(), "ORDERS", time.Hour)
	require.NoError(t, err)
	require.Equal(t, groups[1:2], of)
	_, err = db.QuarantineGroups(t.Context(), "none", time.Hour)
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
}
