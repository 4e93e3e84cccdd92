package columns_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/schema"
)

var (
	arrivedAt  = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	ingestedAt = arrivedAt.Add(30 * time.Millisecond)
)

func eventOf(index int, doc string) *event.Event {
	record := &event.Record{ShardID: "shardId-000000000000", Sequence: fmt.Sprint(4900 + index), PartitionKey: "record key", ArrivedAt: arrivedAt}
	return &event.Event{Record: record, Index: int64(index), PartitionKey: "key", Data: []byte(doc)}
}

// newTable makes a table of "path TYPE" or "path TYPE format" columns, the path dot-separated.
func newTable(t *testing.T, o schema.Options, spec ...string) *schema.Table {
	t.Helper()
	var cols []schema.Column
	for _, s := range spec {
		f := append(strings.Fields(s), "")
		cols = append(cols, schema.Column{Path: strings.Split(f[0], "."), Type: schema.Type(f[1]), Format: schema.Format(f[2])})
	}
	table, err := schema.NewTable("t", cols, o)
	require.NoError(t, err)
	return table
}

// decode appends the documents, all of which must become rows, and takes them.
func decode(t *testing.T, d *columns.Decoder, docs ...string) (*columns.Rows, []schema.Change, *schema.Table) {
	t.Helper()
	for i, doc := range docs {
		rejected := d.Append(eventOf(i, doc), ingestedAt)
		require.Nil(t, rejected, "%s: %+v", doc, rejected)
	}
	return d.Take()
}

// show gives the columns of the fields as text, one line each: name TYPE: value | value.
func show(table *schema.Table, rows *columns.Rows) []string {
	var lines []string
	for i, c := range table.Columns {
		if c.System() {
			continue
		}
		values := make([]string, rows.N)
		for k := range values {
			values[k] = value(&rows.Vectors[i], k)
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s", c.Name, c.Type, strings.Join(values, " | ")))
	}
	return lines
}

// value gives a value as text, the same text for the same value of a wider type.
func value(v *columns.Vector, i int) string {
	if v.Null[i] {
		return "NULL"
	}
	switch v.Type {
	case schema.Boolean:
		return fmt.Sprint(v.Bools[i])
	case schema.BigInt:
		return fmt.Sprint(v.Ints[i])
	case schema.HugeInt:
		n := new(big.Int).Lsh(big.NewInt(v.Huge[i].Hi), 64)
		return n.Add(n, new(big.Int).SetUint64(v.Huge[i].Lo)).String()
	case schema.Double:
		r := new(big.Rat).SetFloat64(v.Real[i])
		if r.IsInt() {
			return r.Num().String()
		}
		return fmt.Sprint(v.Real[i])
	case schema.Date:
		return time.Unix(v.Ints[i]*86_400, 0).UTC().Format(time.RFC3339Nano)
	case schema.Timestamp:
		return time.UnixMicro(v.Ints[i]).UTC().Format(time.RFC3339Nano)
	case schema.UUID:
		return fmt.Sprintf("%x", v.UUIDs[i])
	default:
		return string(v.String(i))
	}
}

// wellFormed checks what every Rows promises: a vector for every column, of its type, with N entries.
func wellFormed(t *testing.T, table *schema.Table, rows *columns.Rows) {
	t.Helper()
	require.Len(t, rows.Vectors, len(table.Columns))
	for i := range rows.Vectors {
		v := &rows.Vectors[i]
		require.Equal(t, table.Columns[i].Type, v.Type)
		require.Len(t, v.Null, rows.N)
		n := map[schema.Type]int{
			schema.Boolean: len(v.Bools), schema.BigInt: len(v.Ints), schema.HugeInt: len(v.Huge), schema.Double: len(v.Real),
			schema.Varchar: len(v.Ends), schema.Date: len(v.Ints), schema.Timestamp: len(v.Ints), schema.UUID: len(v.UUIDs), schema.JSON: len(v.Ends),
		}
		require.Equal(t, rows.N, n[v.Type])
		require.Equal(t, rows.N, len(v.Bools)+len(v.Ints)+len(v.Huge)+len(v.Real)+len(v.UUIDs)+len(v.Ends), "only the slice of the type is used")
		if len(v.Ends) > 0 {
			require.Len(t, v.Text, v.Ends[len(v.Ends)-1])
		}
	}
}

// faithful compares row k with what encoding/json makes of the document: every value is in its column, and nothing is
// anywhere else. Which objects are flattened depends on the schema as it was just then.
func faithful(t *testing.T, then, table *schema.Table, rows *columns.Rows, k int, doc string) {
	t.Helper()
	parse := func(s string) (v any) {
		decoder := json.NewDecoder(strings.NewReader(s))
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(&v), s)
		return v
	}
	left := map[string]any{} // values by path, as far as flattened columns reach
	var flatten func(path string, v any)
	below := func(path string) bool {
		for _, c := range then.Columns {
			if strings.HasPrefix(strings.Join(c.Path, "\xff"), path+"\xff") {
				return true
			}
		}
		return false
	}
	isJSON := map[string]bool{}
	for _, c := range then.Columns {
		isJSON[strings.Join(c.Path, "\xff")] = c.Type == schema.JSON
	}
	flatten = func(path string, v any) {
		object, isObject := v.(map[string]any)
		depth := strings.Count(path, "\xff") + 1
		flat := isObject && (below(path) || depth < table.MaxDepth && !isJSON[path])
		switch {
		case flat:
			for name, member := range object {
				flatten(path+"\xff"+name, member)
			}
		case v != nil:
			left[path] = v
		}
	}
	for name, v := range parse(doc).(map[string]any) {
		flatten(name, v)
	}
	for i, c := range table.Columns {
		if c.System() {
			continue
		}
		vector := &rows.Vectors[i]
		path := strings.Join(c.Path, "\xff")
		want, has := left[path]
		delete(left, path)
		require.Equal(t, has, !vector.Null[k], "%s of %s", c.Name, doc)
		if !has {
			continue
		}
		got := value(vector, k)
		switch c.Type {
		case schema.JSON:
			require.Equal(t, want, parse(got), doc)
		case schema.BigInt, schema.HugeInt:
			exact, ok := new(big.Rat).SetString(string(want.(json.Number)))
			require.True(t, ok && exact.IsInt(), doc)
			require.Equal(t, exact.Num().String(), got, doc)
		case schema.Double:
			f, err := want.(json.Number).Float64()
			require.NoError(t, err)
			require.InDelta(t, f, vector.Real[k], 0, doc)
		case schema.Varchar:
			require.Equal(t, want, got, doc)
		case schema.Boolean:
			require.Equal(t, fmt.Sprint(want), got, doc)
		default:
			require.IsType(t, "", want, doc)
		}
	}
	require.Empty(t, left, "no value is lost: %s", doc)
}
