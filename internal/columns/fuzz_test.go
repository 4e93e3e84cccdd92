package columns_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/schema"
)

// settle decodes the documents, one per event, hands rows over after every batch of so many, and checks on the way what
// must always hold. It returns the final table, and for each document its values by column, nil for a rejected one.
func settle(t *testing.T, table *schema.Table, docs []string, batch int) (*schema.Table, []map[string]string) {
	t.Helper()
	d := columns.NewDecoder(table)
	all := make([]map[string]string, len(docs))
	var accepted []int
	var then []*schema.Table
	take := func() {
		rows, changes, now := d.Take()
		require.Equal(t, table.Version+len(changes), now.Version)
		for i, c := range changes {
			require.Equal(t, table.Version+i+1, c.Version)
		}
		table = now
		if rows == nil {
			require.Empty(t, accepted)
			return
		}
		require.Equal(t, len(accepted), rows.N)
		wellFormed(t, now, rows)
		for k, doc := range accepted {
			faithful(t, then[k], now, rows, k, docs[doc])
			all[doc] = map[string]string{}
			for i, c := range now.Columns {
				if v := value(&rows.Vectors[i], k); v != "NULL" {
					all[doc][c.Name] = v
				}
			}
		}
		accepted, then = accepted[:0], then[:0]
		columns.Release(rows)
	}
	for i, doc := range docs {
		before, n := d.Table(), d.Len()
		if rejected := d.Append(eventOf(i, doc), ingestedAt); rejected != nil {
			require.NotEmpty(t, rejected.Reason)
			require.NotEmpty(t, rejected.Message)
			require.Equal(t, before, d.Table(), "a rejected event changes nothing: %s", doc)
			require.Equal(t, n, d.Len())
		} else {
			accepted, then = append(accepted, i), append(then, d.Table())
		}
		if d.Len() >= batch {
			take()
		}
	}
	take()
	require.LessOrEqual(t, len(table.Columns), max(table.MaxColumns, 5))
	return table, all
}

// sameInAnyBatches checks that it does not matter after which events rows are handed over.
func sameInAnyBatches(t *testing.T, table *schema.Table, docs []string, batch int) {
	t.Helper()
	one, whole := settle(t, table, docs, len(docs)+1)
	other, parts := settle(t, table, docs, batch)
	require.Equal(t, one, other)
	require.Equal(t, whole, parts)
}

// document writes an object of a few names, so that documents agree and contradict each other.
func document(r *rand.Rand, depth int) string {
	var b strings.Builder
	b.WriteString("{")
	for i := range r.IntN(5) {
		if i > 0 {
			b.WriteString([]string{",", " , "}[r.IntN(2)])
		}
		name := []string{"a", "A", "b", `\u0061`, "a_b", "é", "", "_shard_id"}[r.IntN(8)]
		b.WriteString(`"` + name + `":` + []string{"", " "}[r.IntN(2)] + anyValue(r, depth))
	}
	b.WriteString("}")
	return b.String()
}

func anyValue(r *rand.Rand, depth int) string {
	if depth > 0 && r.IntN(3) == 0 {
		return document(r, depth-1)
	}
	values := []string{
		"null", "true", "false", "0", "-1", "1.0", "1.5", "1e3", "9007199254740993", "9223372036854775808", "18446744073709551616", "1e400", "0.1234567890123456789",
		`"x"`, `""`, `"\ud83d\ude00"`, `"2026-03-01"`, `"2026-03-01T10:00:00Z"`, `"2026-03-01 10:00:00"`, `"550e8400-e29b-41d4-a716-446655440000"`,
		"[]", `[1,{"a":1,"a":2}]`, "{}", `{"a":null}`,
	}
	return values[r.IntN(len(values))]
}

func TestBatchesDoNotChangeWhatBecomesOfEvents(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		docs := make([]string, 1+r.IntN(40))
		for i := range docs {
			docs[i] = document(r, 4)
		}
		o := schema.Options{MaxDepth: 1 + r.IntN(4), MaxColumns: 8 + r.IntN(40)}
		sameInAnyBatches(t, newTable(t, o, "a BIGINT", "b.a DATE"), docs, 1+r.IntN(5))
	}
}

func TestInferenceForetellsWhatWillBeQuarantined(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		docs := make([]string, 1+r.IntN(100))
		sample := make([][]byte, len(docs))
		common := document(r, 4) // so that fields are of one type nearly always, too
		for i := range docs {
			if docs[i] = common; r.IntN(20) == 0 {
				docs[i] = document(r, 4)
			}
			sample[i] = []byte(docs[i])
		}
		in := schema.Infer(sample, schema.Options{MaxDepth: 1 + r.IntN(4), MaxColumns: 5 + r.IntN(40)})
		table, values := settle(t, &in.Table, docs, 7)
		rejected := 0
		for _, v := range values {
			if v == nil {
				rejected++
			}
		}
		require.InDelta(t, float64(rejected)/float64(len(docs)), in.QuarantineShare, 1e-9, "seed %d", seed)
		require.Equal(t, columnNames(&in.Table), columnNames(table), "the sample asks for no column and no type that was not foreseen")
	}
}

func columnNames(table *schema.Table) (names []string) {
	for _, c := range table.Columns {
		names = append(names, c.Name+" "+string(c.Type))
	}
	return names
}

// FuzzDecode reads each line as an event, valid or not.
func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 7))
	for i := range byte(30) {
		var docs []string
		for range 4 {
			docs = append(docs, document(r, 3))
		}
		f.Add([]byte(strings.Join(docs, "\n")), i*9) // every option in some
	}
	f.Add([]byte("{\"a\":1}\n{\"a\":\xff}\n[1]\n{\"a\":1}x\n\n{\"b\":{\"a\":{\"a\":\"2026-03-01\"}}}\nnull\n{"), byte(9))
	f.Add([]byte(`{"a":"\u0000","b":{"a":"2026-02-29"},"c":-0.0,"d":1E+2,"e":{"é":{"":[{}]}}}`), byte(2))
	f.Fuzz(func(t *testing.T, text []byte, options byte) {
		var docs []string
		for line := range bytes.SplitSeq(text, []byte("\n")) {
			docs = append(docs, string(line))
		}
		o := schema.Options{MaxDepth: 1 + int(options&3), MaxColumns: 8 + int(options>>2&15)}
		if options&128 != 0 {
			o.Evolve = schema.EvolveFixed
		}
		table := newTable(t, o, "a BIGINT", "b.a DATE")
		sameInAnyBatches(t, table, docs, 1+int(options>>4&3))

		sample := make([][]byte, len(docs))
		for i, doc := range docs {
			sample[i] = []byte(doc)
		}
		in := schema.Infer(sample, o)
		require.True(t, in.QuarantineShare >= 0 && in.QuarantineShare <= 1)
		settle(t, &in.Table, docs, 2)
	})
}
