package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/schema"
)

// repeat gives n documents, then those of the rest.
func repeat(n int, doc string, rest ...string) [][]byte {
	var docs [][]byte
	for range n {
		docs = append(docs, []byte(doc))
	}
	for _, r := range rest {
		docs = append(docs, []byte(r))
	}
	return docs
}

// columnsOf lists a table's columns but the system columns: name, type.
func columnsOf(table *schema.Table) string {
	var out []string
	for _, c := range table.Columns[len(schema.SystemColumns()):] {
		out = append(out, c.Name+" "+string(c.Type))
	}
	return strings.Join(out, ", ")
}

func TestInferenceChoosesTheNarrowestTypeThatLosesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		docs  [][]byte
		want  string
		share float64
	}{
		"one type each": {
			docs: repeat(1, `{"b":true,"i":1,"h":9223372036854775808,"f":0.5,"s":"x","d":"2026-03-01","t":"2026-03-01T10:00:00Z","u":"550e8400-e29b-41d4-a716-446655440000","a":[1]}`),
			want: "b BOOLEAN, i BIGINT, h HUGEINT, f DOUBLE, s VARCHAR, d DATE, t TIMESTAMP, u UUID, a JSON",
		},
		"integers that grow":                        {docs: repeat(3, `{"x":1}`, `{"x":-9223372036854775809}`), want: "x HUGEINT"},
		"integers and fractions":                    {docs: repeat(3, `{"x":1}`, `{"x":1.5}`), want: "x DOUBLE"},
		"fractions that are whole":                  {docs: repeat(3, `{"x":1.0}`), want: "x DOUBLE"},
		"whole fractions beside exact integers":     {docs: repeat(1, `{"x":9007199254740993}`, `{"x":1.0}`), want: "x BIGINT"},
		"fractions beside exact integers":           {docs: repeat(1, `{"x":9007199254740993}`, `{"x":1.5}`), want: "x JSON"},
		"few fractions beside exact integers":       {docs: repeat(97, `{"x":9007199254740993}`, `{"x":1.5}`, `{"x":1}`, `{"x":2}`), want: "x BIGINT", share: 0.01},
		"dates and times":                           {docs: repeat(1, `{"x":"2026-03-01"}`, `{"x":"2026-03-01 10:00:00"}`), want: "x TIMESTAMP"},
		"dates and words":                           {docs: repeat(99, `{"x":"2026-03-01"}`, `{"x":"soon"}`), want: "x VARCHAR"},
		"UUIDs and words":                           {docs: repeat(1, `{"x":"550e8400-e29b-41d4-a716-446655440000"}`, `{"x":""}`), want: "x VARCHAR"},
		"escaped dates":                             {docs: repeat(1, `{"x":"2026\u002d03-01"}`), want: "x DATE"},
		"epochs are numbers":                        {docs: repeat(1, `{"x":1700000000}`), want: "x BIGINT"},
		"a number too precise":                      {docs: repeat(1, `{"x":0.1234567890123456789}`), want: "x JSON"},
		"nearly all strings":                        {docs: repeat(95, `{"x":"a"}`, repeatString(5, `{"x":1}`)...), want: "x VARCHAR", share: 0.05},
		"too many that are not strings":             {docs: repeat(94, `{"x":"a"}`, repeatString(6, `{"x":1}`)...), want: "x JSON"},
		"null decides nothing":                      {docs: repeat(99, `{"x":null}`, `{"x":5}`), want: "x BIGINT"},
		"the last of two members counts":            {docs: repeat(1, `{"x":"a","x":1,"y":{"z":1},"y":{"w":1}}`), want: "x BIGINT, y_w BIGINT"},
		"flattened to three names":                  {docs: repeat(1, `{"a":{"b":{"c":1,"d":{"e":1}}}}`), want: "a_b_c BIGINT, a_b_d JSON"},
		"objects and scalars":                       {docs: repeat(1, `{"a":{"b":1}}`, `{"a":"x"}`), want: "a VARCHAR, a_b BIGINT"},
		"objects and arrays":                        {docs: repeat(1, `{"a":{"b":1}}`, `{"a":[{"b":1}]}`), want: "a JSON"},
		"objects and an empty array here and there": {docs: repeat(99, `{"a":{"b":1}}`, `{"a":[]}`), want: "a JSON, a_b BIGINT"},
		"names that collide":                        {docs: repeat(1, `{"user":{"id":1},"user_id":2,"User ID":3}`), want: "user_id BIGINT, user_id_2 BIGINT, User_ID_3 BIGINT"},
		"events rejected for two fields count once": {docs: repeat(98, `{"x":1,"y":1}`, `{"x":"a","y":"a"}`, `{"x":"a","y":1}`), want: "x BIGINT, y BIGINT", share: 0.02},
		"what is not an object is passed over":      {docs: repeat(1, `{"x":1}`, `[1]`, `{"x":`, ``, `{"x":"a"} x`), want: "x BIGINT"},
		"nothing":                                   {want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := schema.Infer(c.docs, schema.Options{})
			require.Equal(t, c.want, columnsOf(&in.Table))
			require.InDelta(t, c.share, in.QuarantineShare, 1e-9)
			_, err := schema.NewTable("t", in.Table.Columns, schema.Options{})
			require.NoError(t, err)
		})
	}
}

func repeatString(n int, doc string) []string {
	return strings.Split(strings.TrimSuffix(strings.Repeat(doc+"\n", n), "\n"), "\n")
}

func TestInferenceSaysWhatItSaw(t *testing.T) {
	docs := repeat(17, `{"price":1.5,"gone":null}`, `{"price":2,"empty":{}}`, `{"price":null,"note":"`+strings.Repeat("ü", 100)+`"}`, `{"price":"free"}`)
	in := schema.Infer(docs, schema.Options{})
	require.Equal(t, 20, in.Events)
	require.Equal(t, []schema.Field{
		{
			Path: []string{"price"}, Column: "price", Type: schema.JSON, Share: 0.95, Examples: []string{"1.5", "2", `"free"`},
			Seen: []schema.SeenType{{Type: schema.Double, Count: 17}, {Type: schema.BigInt, Count: 1}, {Type: schema.Varchar, Count: 1}},
		},
		{Path: []string{"gone"}, Seen: []schema.SeenType{}, Examples: []string{}},
		{Path: []string{"empty"}, Seen: []schema.SeenType{}, Examples: []string{}},
		{
			Path: []string{"note"}, Column: "note", Type: schema.Varchar, Share: 0.05, Seen: []schema.SeenType{{Type: schema.Varchar, Count: 1}},
			Examples: []string{`"` + strings.Repeat("ü", 78) + "…"},
		},
	}, in.Fields)
}

func TestTooManyColumnsMakeInferenceFlattenLess(t *testing.T) {
	doc := `{"id":1,"a":{"x":1,"y":{"p":1,"q":2,"r":3}}}`
	for room, want := range map[int]string{
		5: "id BIGINT, a_x BIGINT, a_y_p BIGINT, a_y_q BIGINT, a_y_r BIGINT",
		4: "id BIGINT, a_x BIGINT, a_y JSON",
		2: "id BIGINT, a JSON",
	} {
		in := schema.Infer(repeat(1, doc), schema.Options{MaxColumns: 5 + room})
		require.Equal(t, want, columnsOf(&in.Table))
		require.Equal(t, strings.Count(want, "_")+1 > 1, in.Table.MaxDepth > 1)
		require.Zero(t, in.QuarantineShare)
	}
}

func TestTheMostFrequentFieldsGetTheColumns(t *testing.T) {
	var docs [][]byte
	for i := range 100 {
		docs = append(docs, fmt.Appendf(nil, `{"rare%d":null,"rare":%s,"id":%d,"type":"x"}`, i, []string{"null", "1"}[i/90], i))
	}
	in := schema.Infer(docs, schema.Options{MaxColumns: 7})
	require.Equal(t, "id BIGINT, type VARCHAR", columnsOf(&in.Table))
	require.Equal(t, 1, in.Table.MaxDepth)
	require.InDelta(t, 0.1, in.QuarantineShare, 1e-9)
	require.Equal(t, "rare", in.Fields[1].Path[0])
	require.Empty(t, in.Fields[1].Column)
	require.InDelta(t, 0.1, in.Fields[1].QuarantineShare, 1e-9)
}

func TestInferenceTellsNoMoreFieldsApartThanATableCouldUse(t *testing.T) {
	var doc strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&doc, `,"u%d":{"n":1}`, i)
	}
	in := schema.Infer(repeat(9, `{"id":1}`, `{"id":2`+doc.String()+`}`), schema.Options{})
	require.Less(t, len(in.Fields), 50_000)
	require.Equal(t, "id", in.Table.Columns[5].Name)
	require.InDelta(t, 0.1, in.QuarantineShare, 1e-9)
}

func TestAFieldWhoseNameIsATextHasNoColumn(t *testing.T) {
	in := schema.Infer(repeat(3, `{"id":1}`, `{"id":2,"o":{"`+strings.Repeat("k", schema.MaxPath)+`":1}}`), schema.Options{})
	require.Equal(t, "id BIGINT", columnsOf(&in.Table))
	require.InDelta(t, 0.25, in.QuarantineShare, 1e-9)
}

func TestAPredictionTellsWhatBecomesOfEachField(t *testing.T) {
	docs := repeat(3, `{"id":1,"user":{"ssn":"a"},"at":"2026-03-01"}`, `{"id":"x","user":{"ssn":"b"},"new":1}`)
	in, err := schema.Predict(docs, []schema.Column{
		{Name: "number", Type: schema.BigInt, Path: []string{"id"}},
		{Name: "at", Type: schema.Date, Path: []string{"at"}},
	}, schema.Options{Ignore: [][]string{{"user", "ssn"}}, Evolve: schema.EvolveFixed})
	require.NoError(t, err)
	require.InDelta(t, 0.25, in.QuarantineShare, 1e-9)
	require.Equal(t, []schema.Field{
		{
			Path: []string{"id"}, Column: "number", Type: schema.BigInt, Share: 1, Examples: []string{"1", `"x"`}, QuarantineShare: 0.25,
			Seen: []schema.SeenType{{Type: schema.BigInt, Count: 3}, {Type: schema.Varchar, Count: 1}},
		},
		{Path: []string{"user", "ssn"}, Share: 1, Examples: []string{`"a"`, `"b"`}, Seen: []schema.SeenType{{Type: schema.Varchar, Count: 4}}},
		{Path: []string{"at"}, Column: "at", Type: schema.Date, Share: 0.75, Examples: []string{`"2026-03-01"`}, Seen: []schema.SeenType{{Type: schema.Date, Count: 3}}},
		{Path: []string{"new"}, Share: 0.25, Examples: []string{"1"}, Seen: []schema.SeenType{{Type: schema.BigInt, Count: 1}}, QuarantineShare: 0.25},
	}, in.Fields)

	_, err = schema.Predict(docs, []schema.Column{{Name: "a", Type: schema.BigInt, Path: []string{"id"}}, {Name: "A", Type: schema.BigInt, Path: []string{"at"}}}, schema.Options{})
	require.ErrorContains(t, err, `"A"`)
}

func TestAPredictionOfNothing(t *testing.T) {
	in, err := schema.Predict(nil, nil, schema.Options{})
	require.NoError(t, err)
	require.Zero(t, in.QuarantineShare)
	require.Empty(t, in.Fields)
}
