// Package storetest is the conformance suite that every store passes: what ingest.Store promises, shown by committing
// batches and reading back what became of them.
package storetest

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

// Store is a store under test.
type Store struct {
	ingest.Store
	// Query runs one SELECT and gives its rows: nil, bool, int64, *big.Int (HUGEINT), float64, string, []byte, time.Time
	// (DATE, TIMESTAMP; in UTC) or [16]byte (UUID).
	Query func(ctx context.Context, sql string) ([][]any, error)
	// Reopen closes the store and opens it again.
	Reopen func(t *testing.T) Store
}

// Run puts the stores that open makes, each empty, to the test. Open arranges that they are closed when the test ends.
func Run(t *testing.T, open func(t *testing.T) Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, s Store)
	}{
		{"values of every type come back as they were", valuesComeBack},
		{"rows of many chunks keep their order and their nulls", manyRows},
		{"columns are added and widened under the rows that are there", schemaChanges},
		{"integers that a double cannot hold are told", inexactIntegers},
		{"a failing batch takes the whole transaction with it", atomicity},
		{"rows for another version of the table are refused", staleRows},
		{"positions come back, and never move backwards", positions},
		{"a batch that comes again adds nothing", comesAgain},
		{"a beginning replaces all that was remembered", beginnings},
		{"quarantined events are listed page by page, by key", quarantinePages},
		{"released events leave the quarantine once", releases},
		{"quarantined events are found by what is wrong with them, counted and deleted", found},
		{"what is deleted cannot be released", deletedBeforeRelease},
		{"columns become text and JSON by hand, under the rows that are there", widenedByHand},
		{"fields are ignored, and not any more", ignoring},
		{"tables are made, dropped and made again", tables},
		{"any name will do", names},
		{"batches of several sources share a transaction", severalSources},
		{"readers see rows and positions together", readersBesideCommits},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

var noon = time.Date(2026, 7, 1, 12, 0, 0, 123456000, time.UTC)

// table is a table of system columns and some others, which are given as a name and a type.
func table(name string, nameTypes ...any) *schema.Table {
	t := &schema.Table{
		Name: name, Columns: schema.SystemColumns(), Evolve: schema.EvolveAdd,
		MaxDepth: schema.DefaultMaxDepth, MaxColumns: schema.DefaultMaxColumns, Ignore: [][]string{}, Version: 1,
	}
	for i := 0; i < len(nameTypes); i += 2 {
		name := nameTypes[i].(string)
		t.Columns = append(t.Columns, schema.Column{Name: name, Type: nameTypes[i+1].(schema.Type), Path: []string{name}})
	}
	return t
}

// rows makes the vectors of rows for a table. Of each row the system columns are made up: its sequence number is `first`
// and its place among them.
func rows(t *schema.Table, first int, values ...[]any) *columns.Rows {
	r := &columns.Rows{N: len(values), Vectors: make([]columns.Vector, len(t.Columns)), Bytes: int64(len(values))}
	for i, c := range t.Columns {
		r.Vectors[i].Type = c.Type
	}
	for i, row := range values {
		for j, value := range append([]any{"shard-0", sequence(first + i), "key", noon, noon}, row...) {
			add(&r.Vectors[j], value)
		}
	}
	return r
}

func add(v *columns.Vector, value any) {
	v.Null = append(v.Null, value == nil)
	switch v.Type {
	case schema.Boolean:
		x, _ := value.(bool)
		v.Bools = append(v.Bools, x)
	case schema.BigInt:
		x, _ := value.(int64)
		v.Ints = append(v.Ints, x)
	case schema.Date:
		x, _ := value.(time.Time)
		v.Ints = append(v.Ints, x.Unix()/86400)
	case schema.Timestamp:
		x, _ := value.(time.Time)
		v.Ints = append(v.Ints, x.UnixMicro())
	case schema.HugeInt:
		x, _ := value.(*big.Int)
		v.Huge = append(v.Huge, int128(x))
	case schema.Double:
		x, _ := value.(float64)
		v.Real = append(v.Real, x)
	case schema.UUID:
		x, _ := value.([16]byte)
		v.UUIDs = append(v.UUIDs, x)
	case schema.Varchar, schema.JSON:
		x, _ := value.(string)
		v.Text = append(v.Text, x...)
		v.Ends = append(v.Ends, len(v.Text))
	default:
		panic(fmt.Sprintf("no such type: %s", v.Type))
	}
}

func int128(x *big.Int) columns.Int128 {
	if x == nil {
		return columns.Int128{}
	}
	var word big.Int
	lo := word.And(x, new(big.Int).SetUint64(1<<64-1)).Uint64()
	return columns.Int128{Hi: word.Rsh(x, 64).Int64(), Lo: lo}
}

// sequence makes a sequence number of the usual length.
func sequence(n int) string {
	return fmt.Sprintf("4958%052d", n)
}

// state is a shard of which everything up to sequence n has been taken.
func state(shard string, n int) event.ShardState {
	return event.ShardState{
		ShardID:   shard,
		Position:  event.Position{Sequence: sequence(n), Taken: event.WholeRecord},
		ArrivedAt: noon,
		Start:     event.Start{Kind: event.FromHorizon},
	}
}

func rejected(n, index int, reason event.Reason, raw string) event.Rejected {
	return event.Rejected{
		Event: event.Event{
			Record:       &event.Record{ShardID: "shard-0", Sequence: sequence(n), PartitionKey: "key", ArrivedAt: noon},
			Index:        int64(index),
			PartitionKey: "key",
			Data:         []byte(raw),
		},
		Reason:  reason,
		Field:   "user.id",
		Message: "this will not do",
	}
}

func keyOf(r event.Rejected) ingest.QuarantineKey {
	return ingest.QuarantineKey{ShardID: r.Record.ShardID, Sequence: r.Record.Sequence, Index: r.Index}
}

func batch(t *schema.Table) *ingest.Batch {
	return &ingest.Batch{Source: "source", Stream: "stream", Table: t, At: noon}
}

func create(t *testing.T, s Store, tables ...*schema.Table) {
	t.Helper()
	for _, table := range tables {
		require.NoError(t, s.CreateTable(t.Context(), table, "because"))
	}
}

func commit(t *testing.T, s Store, batches ...*ingest.Batch) {
	t.Helper()
	require.NoError(t, s.Commit(t.Context(), batches))
}

// started is a batch that begins a stream with one shard.
func started(source string) *ingest.Batch {
	return &ingest.Batch{Source: source, Begin: &event.StreamState{
		ARN: "arn:" + source, CreatedAt: noon,
		Shards: []event.ShardState{{ShardID: "shard-0", Start: event.Start{Kind: event.FromHorizon}}},
	}}
}

func query(t *testing.T, s Store, sql string) [][]any {
	t.Helper()
	result, err := s.Query(t.Context(), sql)
	require.NoError(t, err)
	return result
}

// count is the number of rows of a table.
func count(t *testing.T, s Store, table string) int {
	t.Helper()
	n, ok := query(t, s, "SELECT count(*) FROM "+table)[0][0].(int64)
	require.True(t, ok)
	return int(n)
}

// own gives the rows of a table without its system columns, JSON as text, in the order in which they came.
func own(t *testing.T, s Store, table *schema.Table) [][]any {
	t.Helper()
	var names []string
	for _, c := range table.Columns[len(schema.SystemColumns()):] {
		name := quote(c.Name)
		if c.Type == schema.JSON {
			name = "CAST(" + name + " AS VARCHAR)"
		}
		names = append(names, name)
	}
	return query(t, s, "SELECT "+strings.Join(names, ", ")+" FROM "+quote(table.Name)+" ORDER BY _sequence_number")
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func quarantined(t *testing.T, s Store, f ingest.QuarantineFilter) []ingest.Quarantined {
	t.Helper()
	list, err := s.Quarantined(t.Context(), f, nil, 1000)
	require.NoError(t, err)
	return list
}

// changed gives a table as it is after changes to it, and the changes.
func changed(t *schema.Table, columns ...schema.Column) (*schema.Table, []schema.Change) {
	next := *t
	next.Columns = append([]schema.Column{}, t.Columns...)
	var changes []schema.Change
	for _, c := range columns {
		next.Version++
		change := schema.Change{Kind: schema.Added, Version: next.Version, Column: c, At: noon, Reason: "it came", ShardID: "shard-0", Sequence: sequence(1)}
		for i := range next.Columns {
			if next.Columns[i].Name == c.Name {
				change.Kind, change.From = schema.Widened, next.Columns[i].Type
				next.Columns[i] = c
			}
		}
		if change.Kind == schema.Added {
			next.Columns = append(next.Columns, c)
		}
		changes = append(changes, change)
	}
	return &next, changes
}

func column(name string, typ schema.Type) schema.Column {
	return schema.Column{Name: name, Type: typ, Path: []string{name}}
}
