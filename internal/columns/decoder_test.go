package columns_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/schema"
)

func TestEveryTypeIsReadIntoItsVector(t *testing.T) {
	d := columns.NewDecoder(newTable(t, schema.Options{}, "b BOOLEAN", "i BIGINT", "h HUGEINT", "f DOUBLE", "s VARCHAR", "d DATE",
		"t TIMESTAMP", "es TIMESTAMP epoch_s", "em TIMESTAMP epoch_ms", "u UUID", "j JSON", "o.p.q BIGINT"))
	rows, changes, table := decode(
		t, d,
		`{"b":true,"i":-12,"h":170141183460469231731687303715884105727,"f":-0.25,"s":"plain","d":"2026-03-01","t":"2026-03-01T12:00:00.5+02:00",
		"es":1700000000.000001,"em":1.7e12,"u":"550e8400-e29b-41d4-a716-446655440000","j":{"k" : [1, {"l":null}]},"o":{"p":{"q":7}}}`,
		` { "b" : false , "i" : 1e3 , "h" : -1 , "f" : 1234567.125e-3 , "s" : "\u0000\ud83d\ude00\n" , "d" : "0001-01-01" , "t" : "2026-03-01" , "es" : -1 ,`+
			` "em" : 0 , "u" : "550E8400-E29B-41D4-A716-446655440000" , "j" : "x\u0020y" , "o" : { "p" : { "q" : 9223372036854775807 } } } `,
		`{"b":null,"o":{"p":null},"j":null,"unknown":null,"nothing":{"at":{}}}`,
		`{"j":1.50,"o":{"p":{"q":-9223372036854775808}},"i":999999999999999999,"f":123456789012345}`,
	)
	require.Empty(t, changes)
	wellFormed(t, table, rows)
	require.Equal(t, []string{
		"b BOOLEAN: true | false | NULL | NULL",
		"i BIGINT: -12 | 1000 | NULL | 999999999999999999",
		"h HUGEINT: 170141183460469231731687303715884105727 | -1 | NULL | NULL",
		"f DOUBLE: -0.25 | 1234.567125 | NULL | 123456789012345",
		"s VARCHAR: plain | \u0000😀\n | NULL | NULL",
		"d DATE: 2026-03-01T00:00:00Z | 0001-01-01T00:00:00Z | NULL | NULL",
		"t TIMESTAMP: 2026-03-01T10:00:00.5Z | 2026-03-01T00:00:00Z | NULL | NULL",
		"es TIMESTAMP: 2023-11-14T22:13:20.000001Z | 1969-12-31T23:59:59Z | NULL | NULL",
		"em TIMESTAMP: 2023-11-14T22:13:20Z | 1970-01-01T00:00:00Z | NULL | NULL",
		"u UUID: 550e8400e29b41d4a716446655440000 | 550e8400e29b41d4a716446655440000 | NULL | NULL",
		`j JSON: {"k" : [1, {"l":null}]} | "x\u0020y" | NULL | 1.50`,
		"o_p_q BIGINT: 7 | 9223372036854775807 | NULL | -9223372036854775808",
	}, show(table, rows))
}

func TestSystemColumnsSayWhereARowCameFrom(t *testing.T) {
	d := columns.NewDecoder(newTable(t, schema.Options{}))
	e := eventOf(3, `{}`)
	require.Nil(t, d.Append(e, ingestedAt))
	e.PartitionKey = "from an aggregate: \xff"
	require.Nil(t, d.Append(e, ingestedAt))
	require.Equal(t, 2, d.Len())
	occupied := d.Bytes()
	rows, _, _ := d.Take()
	require.Zero(t, d.Len())
	require.Zero(t, d.Bytes())
	require.EqualValues(t, 4, rows.Bytes)
	for _, v := range rows.Vectors {
		occupied -= int64(len(v.Null) + 8*len(v.Ints) + 8*len(v.Ends) + len(v.Text))
	}
	require.Equal(t, rows.Bytes, occupied, "what rows occupy is more than their documents")
	var got []string
	for i := range rows.Vectors {
		got = append(got, value(&rows.Vectors[i], 1))
	}
	require.Equal(t, []string{"shardId-000000000000", "4903", "from an aggregate: \ufffd", "2026-03-01T10:00:00Z", "2026-03-01T10:00:00.03Z"}, got)
	nothing, changes, _ := d.Take()
	require.Nil(t, nothing)
	require.Empty(t, changes)
}

func TestEventsThatDoNotFitAreRejectedWithTheReason(t *testing.T) {
	add, fixed := schema.Options{MaxColumns: 15}, schema.Options{Evolve: schema.EvolveFixed}
	spec := []string{
		"b BOOLEAN", "i BIGINT", "h HUGEINT", "f DOUBLE", "s VARCHAR", "d DATE", "t TIMESTAMP", "es TIMESTAMP epoch_s", "u UUID", "o.p.q BIGINT",
	}
	for _, c := range []struct {
		options schema.Options
		doc     string
		reason  event.Reason
		field   string
		message string
	}{
		{add, ``, event.MalformedJSON, "", "the document is not valid JSON: unexpected end at byte 0"},
		{add, `{"i":1`, event.MalformedJSON, "", "the document is not valid JSON: unexpected end at byte 6"},
		{add, `{"i":1}}`, event.MalformedJSON, "", "the document is not valid JSON: text after the end of the document at byte 7"},
		{add, `{"i":"x","j":01}`, event.MalformedJSON, "", "the document is not valid JSON: leading zero in a number at byte 14"},
		{add, `[{"i":1}]`, event.NotAnObject, "", "the document is valid JSON, but not an object"},
		{add, `{"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, event.TooDeep, "", "the document is nested deeper than 10000"},
		{add, `{"f":"free"}`, event.TypeMismatch, "f", `field f: string "free" does not fit DOUBLE`},
		{add, `{"o":{"p":{"q":1.5,"r":null}}, "i":true}`, event.TypeMismatch, "i", "field i: boolean true does not fit BIGINT"},
		{add, `{"i":"1"}`, event.TypeMismatch, "i", `field i: string "1" does not fit BIGINT`},
		{add, `{"h":1.5e-1,"s":1}`, event.TypeMismatch, "s", "field s: number 1 does not fit VARCHAR"},
		{add, `{"f":9007199254740993}`, event.TypeMismatch, "f", "field f: number 9007199254740993 does not fit DOUBLE"},
		{add, `{"f":1e999}`, event.TypeMismatch, "f", "field f: number 1e999 does not fit DOUBLE"},
		{add, `{"d":"2026-02-30"}`, event.TypeMismatch, "d", `field d: string "2026-02-30" does not fit DATE`},
		{add, `{"t":"2026-03-01T10:00:00.0000001Z"}`, event.TypeMismatch, "t", `field t: string "2026-03-01T10:00:00.0000001Z" does not fit TIMESTAMP`},
		{add, `{"t":1700000000}`, event.TypeMismatch, "t", "field t: number 1700000000 does not fit TIMESTAMP"},
		{add, `{"es":"2026-03-01T10:00:00Z"}`, event.TypeMismatch, "es", `field es: string "2026-03-01T10:00:00Z" does not fit TIMESTAMP`},
		{add, `{"es":0.0000001}`, event.TypeMismatch, "es", "field es: number 0.0000001 does not fit TIMESTAMP"},
		{add, `{"u":"550e8400"}`, event.TypeMismatch, "u", `field u: string "550e8400" does not fit UUID`},
		{add, `{"o":{"p":{"q":{"r":1}}}}`, event.TypeMismatch, "o.p.q", `field o.p.q: object {"r":1} does not fit BIGINT`},
		{add, `{"b":["` + strings.Repeat("ß", 100) + `"]}`, event.TypeMismatch, "b", `field b: array ["` + strings.Repeat("ß", 57) + "… does not fit BOOLEAN"},
		{add, `{"n":{"m":1}}`, event.TooManyColumns, "n.m", "field n.m would be column 16, and the table may have 15"},
		{add, `{"n":{"` + strings.Repeat("m", 1024) + `":1}}`, event.TooLarge, "n." + strings.Repeat("m", 1021) + "…", "the name of field n." + strings.Repeat("m", 57) + "… has 1025 bytes; the bound is 1024"},
		{fixed, `{"n":{"m":"x"}}`, event.UnknownField, "n.m", "field n.m has no column, and the schema is fixed"},
		{fixed, `{"i":9223372036854775808}`, event.TypeMismatch, "i", "field i: number 9223372036854775808 does not fit BIGINT"},
	} {
		table := newTable(t, c.options, spec...)
		d := columns.NewDecoder(table)
		e := eventOf(1, c.doc)
		require.Equal(t, &event.Rejected{Event: *e, Reason: c.reason, Field: c.field, Message: c.message}, d.Append(e, ingestedAt), c.doc)
		rows, changes, after := d.Take()
		require.Nil(t, rows)
		require.Empty(t, changes)
		require.Equal(t, table, after)
	}
}

func TestARejectedEventLeavesNoTrace(t *testing.T) {
	d := columns.NewDecoder(newTable(t, schema.Options{}, "a VARCHAR", "n BIGINT", "x.y DOUBLE", "j JSON"))
	for _, doc := range []string{
		`{"a":"gone","j":[1],"n":9223372036854775808,"new":1,"x":{"y":"bad"}}`,
		`{"a":"gone","n":9007199254740993,"x":{"y":true}}`,
		`{"a":"gone","n":1.5,"x":{"y":1,"z":2},"j":{"k":}}`,
	} {
		require.Nil(t, d.Append(eventOf(0, `{"a":"kept","n":1}`), ingestedAt))
		require.NotNil(t, d.Append(eventOf(1, doc), ingestedAt))
	}
	rows, changes, table := decode(t, d, `{"n":0.5}`)
	require.Equal(t, []string{
		"a VARCHAR: kept | kept | kept | NULL", "n DOUBLE: 1 | 1 | 1 | 0.5", "x_y DOUBLE: NULL | NULL | NULL | NULL", "j JSON: NULL | NULL | NULL | NULL",
	}, show(table, rows), "the integer that no DOUBLE holds was in a rejected event: the column could still be widened")
	require.Len(t, changes, 1)
	require.Equal(t, 2, table.Version)
}

func TestUnknownFieldsBecomeColumns(t *testing.T) {
	d := columns.NewDecoder(newTable(t, schema.Options{}, "id BIGINT"))
	rows, changes, table := decode(
		t, d,
		`{"id":1}`,
		`{"id":2,"user":{"name":"ann","tags":["a"],"home":{"at":{"lat":1.5}}},"seen":"2026-03-01T10:00:00Z"}`,
		`{"id":3,"user":{"Name":"bob"},"id_2":"x","day":"2026-03-01"}`,
	)
	wellFormed(t, table, rows)
	require.Equal(t, []string{
		"id BIGINT: 1 | 2 | 3",
		"user_name VARCHAR: NULL | ann | NULL",
		`user_tags JSON: NULL | ["a"] | NULL`,
		`user_home_at JSON: NULL | {"lat":1.5} | NULL`,
		"seen TIMESTAMP: NULL | 2026-03-01T10:00:00Z | NULL",
		"user_Name_2 VARCHAR: NULL | NULL | bob",
		"id_2 VARCHAR: NULL | NULL | x",
		"day VARCHAR: NULL | NULL | 2026-03-01",
	}, show(table, rows))
	require.Len(t, changes, 7)
	require.Equal(t, 8, table.Version)
	require.Equal(t, schema.Change{
		Kind: schema.Added, Version: 2, Column: schema.Column{Name: "user_name", Type: schema.Varchar, Path: []string{"user", "name"}},
		At: ingestedAt, Reason: `field user.name appeared, with the string "ann"`, ShardID: "shardId-000000000000", Sequence: "4901", Index: 1,
	}, changes[0])
}

func TestColumnsWidenOnlyWhileNothingIsLost(t *testing.T) {
	const exact, inexact, huge = "1", "9007199254740993", "170141183460469231731687303715884105727"
	for _, c := range []struct {
		typ    string
		docs   []string
		want   string
		reject string
	}{
		{"BIGINT", []string{exact, huge, exact}, "x HUGEINT: 1 | " + huge + " | 1", ""},
		{"BIGINT", []string{exact, "1.5"}, "x DOUBLE: 1 | 1.5", ""},
		{"BIGINT", []string{"1.0", "2e0"}, "x BIGINT: 1 | 2", ""},
		{"BIGINT", []string{inexact}, "x BIGINT: " + inexact, "1.5"},
		{"BIGINT", []string{exact, "18446744073709551616", "0.5"}, "x DOUBLE: 1 | 18446744073709551616 | 0.5", inexact},
		{"HUGEINT", []string{huge}, "x HUGEINT: " + huge, "1.5"},
		{"DATE", []string{`"2026-03-01"`, `"2026-03-01T10:00:00"`}, "x TIMESTAMP: 2026-03-01T00:00:00Z | 2026-03-01T10:00:00Z", `"soon"`},
		{"DATE", []string{`"2026-03-01"`}, "x DATE: 2026-03-01T00:00:00Z", `"soon"`},
		{"DOUBLE", []string{exact}, "x DOUBLE: 1", huge},
		{"BOOLEAN", []string{"true"}, "x BOOLEAN: true", "1"},
	} {
		d := columns.NewDecoder(newTable(t, schema.Options{}, "x "+c.typ))
		for i, v := range c.docs {
			require.Nil(t, d.Append(eventOf(i, `{"x":`+v+`}`), ingestedAt), c.want)
		}
		if c.reject != "" {
			r := d.Append(eventOf(9, `{"x":`+c.reject+`}`), ingestedAt)
			require.NotNil(t, r, c.want)
			require.Equal(t, event.TypeMismatch, r.Reason)
		}
		rows, _, table := d.Take()
		wellFormed(t, table, rows)
		require.Equal(t, []string{c.want}, show(table, rows))
	}
}

func TestThatAColumnHoldsAnInexactIntegerIsNotForgotten(t *testing.T) {
	before := newTable(t, schema.Options{}, "x BIGINT")
	d := columns.NewDecoder(before)
	_, _, table := decode(t, d, `{"x":9007199254740993}`)
	require.Equal(t, map[string]bool{"x": true}, table.Inexact)
	require.Empty(t, before.Inexact, "tables are values")
	require.NotNil(t, d.Append(eventOf(0, `{"x":0.5}`), ingestedAt))
	require.NotNil(t, columns.NewDecoder(table).Append(eventOf(0, `{"x":0.5}`), ingestedAt), "a decoder that begins with that table knows it too")

	_, changes, table := decode(t, d, `{"x":18446744073709551616}`)
	require.Equal(t, schema.HugeInt, table.Columns[5].Type)
	require.Equal(t, schema.BigInt, changes[0].From)
	require.Equal(t, "field x: number 18446744073709551616 does not fit BIGINT", changes[0].Reason)
	require.NotNil(t, d.Append(eventOf(0, `{"x":0.5}`), ingestedAt))
}

func TestOfMembersWithTheSameNameTheLastOneWins(t *testing.T) {
	d := columns.NewDecoder(newTable(t, schema.Options{}, "a BIGINT", "o.p BIGINT", "o.q BIGINT", "j JSON"))
	rows, changes, table := decode(
		t, d,
		`{"a":"not a number","a":1,"\u0061":2}`,
		`{"o":{"p":1,"p":2},"o":{"q":3}}`,
		`{"j":{"k":1, "l" : {"m":1,"m":[{"n":1,"n":2}]} , "\u006b":2}, "j2":null, "j2":null}`,
		`{"a":1,"a":null,"new":"x","new":null,"e":{"f":null,"f":null}}`,
	)
	require.Equal(t, []string{
		"a BIGINT: 2 | NULL | NULL | NULL", "o_p BIGINT: NULL | NULL | NULL | NULL", "o_q BIGINT: NULL | 3 | NULL | NULL",
		`j JSON: NULL | NULL | {"l" : {"m":[{"n":2}]} , "\u006b":2} | NULL`,
	}, show(table, rows))
	require.Empty(t, changes)
	require.EqualValues(t, 2+1+4+3, d.DuplicateKeys())
}

func TestRepeatedNamesAreFoundAmongMany(t *testing.T) {
	var members, nulls []string
	for i := range 40 {
		members = append(members, fmt.Sprintf(`"m%d":%d`, i, i))
		nulls = append(nulls, fmt.Sprintf(`"n%d":null`, i))
	}
	all, none := strings.Join(members, ","), strings.Join(nulls, ",")
	d := columns.NewDecoder(newTable(t, schema.Options{}, "j JSON"))
	rows, _, table := decode(t, d, `{"j":{`+all+`}}`, `{"j":{"m7":0,`+all+`}}`, `{`+none+`}`, `{"n7":null,`+none+`}`)
	require.Equal(t, []string{`j JSON: {` + all + `} | {` + all + `} | NULL | NULL`}, show(table, rows))
	require.EqualValues(t, 2, d.DuplicateKeys())
}

func TestFieldNamesAreComparedByTheirValue(t *testing.T) {
	d := columns.NewDecoder(newTable(t, schema.Options{}))
	rows, _, table := decode(
		t, d,
		`{"first":0,"a\\b":1,"q\"":2,"nl\n":3,"é":4}`,
		`{"first":0,"a\u005cb":1,"q\u0022":2,"nl\u000a":3,"\u00e9":4}`,
		`{"first":0,"a\\b":1,"q\"":2,"nl\n":3,"é":4}`,
		`{"first":0,"a\b":5}`,
	)
	require.Equal(t, []string{
		"first BIGINT: 0 | 0 | 0 | 0", "a_b BIGINT: 1 | 1 | 1 | NULL", "q_ BIGINT: 2 | 2 | 2 | NULL", "nl_ BIGINT: 3 | 3 | 3 | NULL",
		"é BIGINT: 4 | 4 | 4 | NULL", "a_ BIGINT: NULL | NULL | NULL | 5",
	}, show(table, rows))
}

func TestAFieldMayBeAnObjectInOneEventAndAScalarInTheNext(t *testing.T) {
	d := columns.NewDecoder(newTable(t, schema.Options{}, "s VARCHAR", "o.p BIGINT", "j JSON"))
	rows, _, table := decode(
		t, d,
		`{"s":{"t":1},"o":"x","j":{"k":1}}`,
		`{"s":"y","o":{"p":2,"r":3},"j":[]}`,
		`{"s":{},"o":null,"j":"z"}`,
		`{"o":{"p":4}}`,
	)
	require.Equal(t, []string{
		"s VARCHAR: NULL | y | NULL | NULL",
		"o_p BIGINT: NULL | 2 | NULL | 4",
		`j JSON: {"k":1} | [] | "z" | NULL`,
		"s_t BIGINT: 1 | NULL | NULL | NULL",
		"o VARCHAR: x | NULL | NULL | NULL",
		"o_r BIGINT: NULL | 3 | NULL | NULL",
	}, show(table, rows)[:6])
}

func TestDecodingAnEventThatFitsAllocatesNothing(t *testing.T) {
	docs := shopEvents(200)
	in := schema.Infer(docs, schema.Options{})
	d := columns.NewDecoder(&in.Table)
	e := eventOf(0, "")
	next := func() {
		e.Data = docs[d.Len()%len(docs)]
		if d.Append(e, ingestedAt) != nil {
			t.Fatal("rejected")
		}
	}
	require.Zero(t, testing.AllocsPerRun(5000, next), "but for the vectors' growth, which is less than one in an event")
}

func TestRealEventsOfAnotherMakerAllBecomeRows(t *testing.T) {
	folder := os.Getenv("HELIOS_TEST_DATA")
	if folder == "" {
		t.Skip("HELIOS_TEST_DATA is unset: foreign data left out")
	}
	f, err := os.Open(filepath.Join(folder, "github_events.ndjson"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	var docs []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		docs = append(docs, lines.Text())
	}
	require.NoError(t, lines.Err())
	require.Len(t, docs, 30)

	sample := make([][]byte, len(docs))
	for i, doc := range docs {
		sample[i] = []byte(doc)
	}
	in := schema.Infer(sample, schema.Options{})
	require.Zero(t, in.QuarantineShare)
	require.LessOrEqual(t, len(in.Table.Columns), schema.DefaultMaxColumns)
	d := columns.NewDecoder(&in.Table)
	rows, changes, table := decode(t, d, docs...)
	require.Empty(t, changes)
	wellFormed(t, table, rows)
	for k, doc := range docs {
		faithful(t, table, table, rows, k, doc)
	}
	created, ok := table.Column("created_at")
	require.True(t, ok)
	require.Equal(t, schema.Timestamp, created.Type)

	_, rejected := settle(t, newTable(t, schema.Options{}), docs, 7)
	require.NotContains(t, rejected, map[string]string(nil), "an empty table grows with them")
}
