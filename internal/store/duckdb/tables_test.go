package duckdb_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

func TestTablesTellTheirSizeTheirHistoryAndWhatIsInQuarantine(t *testing.T) {
	noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	db, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{Threads: 1, MemoryLimit: 256 << 20, Now: func() time.Time { return noon }})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close(t.Context())) }()

	first := storefront()
	require.NoError(t, db.CreateTable(t.Context(), first, "a person said so"))
	require.NoError(t, db.CreateTable(t.Context(), &schema.Table{Name: "Empty", Columns: schema.SystemColumns(), Version: 1}, "made before tables ignored fields"))
	second := *first
	second.Version = 2
	second.Columns = append(append([]schema.Column{}, first.Columns...), schema.Column{Name: "new", Type: schema.Date, Path: []string{"new"}})
	change := schema.Change{
		Kind: schema.Added, Version: 2, Column: second.Columns[len(first.Columns)], At: noon.Add(time.Minute), Reason: "a new field",
		ShardID: "shard", Sequence: "1", Index: 7,
	}
	rejected := func(index int64, reason event.Reason, message string) event.Rejected {
		return event.Rejected{Event: event.Event{Record: &event.Record{ShardID: "shard", Sequence: "1"}, Index: index}, Reason: reason, Message: message}
	}
	batches := []*ingest.Batch{
		{
			Stream: "s", Table: first, At: noon, Rows: events(first, 0, 3),
			Rejected: []event.Rejected{rejected(1, event.TypeMismatch, "older"), rejected(2, event.MalformedJSON, "broken")},
		},
		{Stream: "s", Table: &second, At: noon.Add(time.Hour), Changes: []schema.Change{change}, Rejected: []event.Rejected{rejected(3, event.TypeMismatch, "newer")}},
	}
	for _, b := range batches {
		require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{b}))
	}

	tables, err := db.Tables(t.Context())
	require.NoError(t, err)
	require.Equal(t, []ingest.TableInfo{
		{Table: schema.Table{Name: "Empty", Columns: schema.SystemColumns(), Ignore: [][]string{}, Version: 1}},
		{Table: second, Rows: 3, Quarantined: 3},
	}, tables)
	one, err := db.TableInfo(t.Context(), "STOREFRONT")
	require.NoError(t, err)
	require.Equal(t, tables[1], one)

	history, err := db.History(t.Context(), "storefront")
	require.NoError(t, err)
	require.Equal(t, []schema.Change{{Kind: schema.Created, Version: 1, At: noon, Reason: "a person said so"}, change}, history)

	for _, table := range []string{"", "storefront"} {
		reasons, err := db.QuarantineReasons(t.Context(), table)
		require.NoError(t, err)
		require.Equal(t, []ingest.ReasonCount{
			{Table: "storefront", Reason: event.TypeMismatch, Count: 2, First: noon, Last: noon.Add(time.Hour), Example: "newer"},
			{Table: "storefront", Reason: event.MalformedJSON, Count: 1, First: noon, Last: noon, Example: "broken"},
		}, reasons)
	}
	reasons, err := db.QuarantineReasons(t.Context(), "Empty")
	require.NoError(t, err)
	require.NotNil(t, reasons, "an empty list, not null, goes into JSON")
	require.Empty(t, reasons)

	for _, err := range []error{
		errorOf(db.TableInfo(t.Context(), "nowhere")), errorOf(db.History(t.Context(), "nowhere")), errorOf(db.QuarantineReasons(t.Context(), "nowhere")),
	} {
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
	}
}

func errorOf[T any](_ T, err error) error { return err }
