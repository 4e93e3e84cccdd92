package columns_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/schema"
)

func ignoring(paths ...[]string) schema.Options { return schema.Options{Ignore: paths} }

func TestAnIgnoredFieldIsReadOverWhateverItHolds(t *testing.T) {
	table := newTable(t, ignoring([]string{"debug"}, []string{"user", "ssn"}, []string{"n"}), "id BIGINT", "user.name VARCHAR", "n BIGINT")
	d := columns.NewDecoder(table)
	rows, changes, after := decode(t, d,
		`{"id":1,"debug":{"a":[1,{"b":null}]},"user":{"name":"Ann","ssn":"1-2"},"n":"not a number"}`,
		`{"debug":"x","id":2,"n":{"deep":{}},"user":{"ssn":{"x":1e999},"name":"Bob"}}`,
		`{"id":3,"deb\u0075g":1e999,"debug":2,"user":{"ssn":7}}`,
		`{"user":null,"debug":null,"n":null,"id":4}`)
	require.Empty(t, changes)
	require.Equal(t, table.Version, after.Version)
	wellFormed(t, after, rows)
	require.Equal(t, []string{"id BIGINT: 1 | 2 | 3 | 4", "user_name VARCHAR: Ann | Bob | NULL | NULL", "n BIGINT: NULL | NULL | NULL | NULL"}, show(after, rows))
	require.EqualValues(t, 1, d.DuplicateKeys())
}

func TestADocumentThatIsBrokenInsideAnIgnoredFieldIsStillNoDocument(t *testing.T) {
	d := columns.NewDecoder(newTable(t, ignoring([]string{"debug"}), "id BIGINT"))
	for _, doc := range []string{`{"id":1,"debug":[1,}`, `{"id":1,"debug":nul}`, `{"id":1,"debug":"` + "\xff" + `"}`, `{"id":1,"debug":01}`} {
		rejected := d.Append(eventOf(0, doc), ingestedAt)
		require.NotNil(t, rejected, doc)
		require.Equal(t, event.MalformedJSON, rejected.Reason)
	}
	require.Zero(t, d.Len())
}

func TestAFixedSchemaDoesNotRejectWhatIsIgnored(t *testing.T) {
	o := ignoring([]string{"extra"}, []string{"user", "ssn"}, []string{"meta", "trace"})
	o.Evolve = schema.EvolveFixed
	table := newTable(t, o, "id BIGINT", "meta JSON")
	d := columns.NewDecoder(table)
	rows, changes, after := decode(t, d,
		`{"id":1,"extra":{"x":1},"user":{"ssn":1}}`,
		`{"id":2,"meta":{ "trace":{"a":1}, "kept" : [1, 2],"more":{"trace":3}, "trace2":4 }}`,
		`{"id":3,"meta":{"trace":1}}`,
		`{"id":4,"meta":[{"trace":1}]}`,
		`{"id":5,"meta":{"a":1,"tr\u0061ce":2,"b":{"c":1}}}`)
	require.Empty(t, changes)
	require.Equal(t, []string{
		"id BIGINT: 1 | 2 | 3 | 4 | 5",
		`meta JSON: NULL | {"kept" : [1, 2],"more":{"trace":3},"trace2":4} | {} | [{"trace":1}] | {"a":1,"b":{"c":1}}`,
	}, show(after, rows))
	rejected := d.Append(eventOf(0, `{"id":6,"user":{"ssn":1,"name":"x"}}`), ingestedAt)
	require.Equal(t, event.UnknownField, rejected.Reason)
	require.Equal(t, "user.name", rejected.Field)
}

// What is ignored decides nothing about the rest: objects are taken apart as if it were not there.
func TestIgnoringAFieldLeavesTheShapeOfTheRest(t *testing.T) {
	docs := []string{`{"a":{"b":{"c":{"keep":1,"drop":2},"drop":3}},"list":[1]}`, `{"a":{"b":{"drop":1}}}`}
	for depth := 1; depth <= 4; depth++ {
		o := ignoring([]string{"a", "b", "c", "drop"}, []string{"a", "b", "drop"}, []string{"list", "drop"})
		o.MaxDepth = depth
		d := columns.NewDecoder(newTable(t, o))
		rows, _, table := decode(t, d, docs...)
		want := map[int][]string{
			1: {`a JSON: {"b":{"c":{"keep":1}}} | {"b":{}}`, `list JSON: [1] | NULL`},
			2: {`a_b JSON: {"c":{"keep":1}} | {}`, `list JSON: [1] | NULL`},
			3: {`a_b_c JSON: {"keep":1} | NULL`, `list JSON: [1] | NULL`},
			4: {`a_b_c_keep BIGINT: 1 | NULL`, `list JSON: [1] | NULL`},
		}[depth]
		require.Equal(t, want, show(table, rows), "depth %d", depth)

		// A decoder that begins with the table as it has become does the same.
		again, changes, after := decode(t, columns.NewDecoder(table), docs...)
		require.Empty(t, changes)
		require.Equal(t, want, show(after, again), "depth %d, again", depth)
	}
}

func TestTextOfAnyScalarTakesNumbersAndBooleansAsTheyAreWritten(t *testing.T) {
	d := columns.NewDecoder(newTable(t, schema.Options{}, "v VARCHAR scalar"))
	rows, changes, table := decode(t, d, `{"v":"te\u0078t"}`, `{"v":-1.50e3}`, `{"v":true}`, `{"v":null}`, `{"v":123456789012345678901234567890}`)
	require.Empty(t, changes)
	require.Equal(t, []string{"v VARCHAR: text | -1.50e3 | true | NULL | 123456789012345678901234567890"}, show(table, rows))
	rejected := d.Append(eventOf(0, `{"v":[1]}`), ingestedAt)
	require.Equal(t, event.TypeMismatch, rejected.Reason)
	require.Nil(t, columns.NewDecoder(table).Append(eventOf(0, `{"v":{"x":1}}`), ingestedAt), "an object is taken apart beside it")
}

func TestADecoderGoesOnWithATableThatWasChanged(t *testing.T) {
	d := columns.NewDecoder(newTable(t, schema.Options{}, "id BIGINT", "v BIGINT"))
	decode(t, d, `{"id":1,"id":2,"v":9007199254740993}`)
	next, _, err := d.Table().Alter(schema.Alteration{Kind: schema.Widened, Column: "v", Type: schema.Varchar})
	require.NoError(t, err)
	next, _, err = next.Alter(schema.Alteration{Kind: schema.Ignored, Path: []string{"x"}})
	require.NoError(t, err)
	d.Adopt(next)
	rows, changes, table := decode(t, d, `{"id":3,"v":"three","x":[]}`, `{"id":4,"v":4,"new":true}`)
	require.Len(t, changes, 1)
	require.Equal(t, next.Version+1, table.Version)
	wellFormed(t, table, rows)
	require.Equal(t, []string{"id BIGINT: 3 | 4", "v VARCHAR: three | 4", "new BOOLEAN: NULL | true"}, show(table, rows))
	require.EqualValues(t, 1, d.DuplicateKeys(), "they are counted on")
}

func TestIgnoredFieldsCostNoMemory(t *testing.T) {
	d := columns.NewDecoder(newTable(t, ignoring([]string{"debug"}, []string{"user", "ssn"}), "id BIGINT", "user.name VARCHAR"))
	e := eventOf(0, `{"id":1,"debug":{"a":[1,2,{"b":"c"}]},"user":{"ssn":"123-45","name":"Ann"}}`)
	take := func() {
		for range 5000 {
			if d.Append(e, ingestedAt) != nil {
				t.Fatal("rejected")
			}
		}
		rows, _, _ := d.Take()
		columns.Release(rows)
	}
	take()
	perEvent := testing.AllocsPerRun(5, take) / 5000
	require.Less(t, perEvent, 0.1)
}
