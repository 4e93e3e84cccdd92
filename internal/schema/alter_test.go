package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/schema"
)

func altered(t *testing.T) *schema.Table {
	t.Helper()
	table, err := schema.NewTable("t", []schema.Column{
		{Name: "n", Type: schema.BigInt, Path: []string{"n"}},
		{Name: "big", Type: schema.HugeInt, Path: []string{"big"}},
		{Name: "at", Type: schema.Timestamp, Path: []string{"at"}, Format: schema.EpochMilli},
		{Name: "text", Type: schema.Varchar, Path: []string{"text"}},
		{Name: "meta", Type: schema.JSON, Path: []string{"meta"}},
	}, schema.Options{MaxColumns: 10, Ignore: [][]string{{"user", "ssn"}}})
	require.NoError(t, err)
	table.Inexact["big"] = true
	return table
}

func TestATableIsAlteredByHand(t *testing.T) {
	before := altered(t)
	for name, c := range map[string]struct {
		asked  schema.Alteration
		column schema.Column
		ignore [][]string
	}{
		"a number to text":          {schema.Alteration{Kind: schema.Widened, Column: "N", Type: schema.Varchar}, schema.Column{Name: "n", Type: schema.Varchar, Path: []string{"n"}, Format: schema.Scalar}, before.Ignore},
		"a number to a double":      {schema.Alteration{Kind: schema.Widened, Column: "n", Type: schema.Double}, schema.Column{Name: "n", Type: schema.Double, Path: []string{"n"}}, before.Ignore},
		"a time to JSON":            {schema.Alteration{Kind: schema.Widened, Column: "at", Type: schema.JSON}, schema.Column{Name: "at", Type: schema.JSON, Path: []string{"at"}}, before.Ignore},
		"text to any scalar":        {schema.Alteration{Kind: schema.Widened, Column: "text", Type: schema.Varchar}, schema.Column{Name: "text", Type: schema.Varchar, Path: []string{"text"}, Format: schema.Scalar}, before.Ignore},
		"a column beyond the bound": {schema.Alteration{Kind: schema.Added, Path: []string{"user", "name"}, Type: schema.Date}, schema.Column{Name: "user_name", Type: schema.Date, Path: []string{"user", "name"}}, before.Ignore},
		"a column by its name":      {schema.Alteration{Kind: schema.Added, Column: "since", Path: []string{"x"}, Type: schema.Timestamp, Format: schema.EpochSecond}, schema.Column{Name: "since", Type: schema.Timestamp, Path: []string{"x"}, Format: schema.EpochSecond}, before.Ignore},
		"an ignored field":          {schema.Alteration{Kind: schema.Ignored, Path: []string{"n"}}, schema.Column{}, [][]string{{"user", "ssn"}, {"n"}}},
		"what is in one too":        {schema.Alteration{Kind: schema.Ignored, Path: []string{"user"}}, schema.Column{}, [][]string{{"user", "ssn"}, {"user"}}},
		"no ignored field":          {schema.Alteration{Kind: schema.Unignored, Path: []string{"user", "ssn"}}, schema.Column{}, [][]string{}},
	} {
		next, change, err := before.Alter(c.asked)
		require.NoError(t, err, name)
		require.Equal(t, altered(t), before, "a table is a value")
		require.Equal(t, 2, next.Version, name)
		require.Equal(t, c.ignore, next.Ignore, name)
		require.Equal(t, c.column, change.Column, name)
		require.Equal(t, "by hand", change.Reason)
		require.Equal(t, 2, change.Version)
		if c.column.Name != "" {
			got, ok := next.Column(c.column.Name)
			require.True(t, ok, name)
			require.Equal(t, c.column, got, name)
		} else {
			require.Equal(t, c.asked.Path, change.Path)
			require.Equal(t, before.Columns, next.Columns, "a column stays though its field is ignored")
		}
	}
}

func TestWhatWouldLoseSomethingIsNoAlteration(t *testing.T) {
	for name, c := range map[string]struct {
		asked schema.Alteration
		code  fault.Code
	}{
		"nothing":                       {schema.Alteration{}, fault.Invalid},
		"a column that is not there":    {schema.Alteration{Kind: schema.Widened, Column: "x", Type: schema.JSON}, fault.NotFound},
		"a system column":               {schema.Alteration{Kind: schema.Widened, Column: "_shard_id", Type: schema.JSON}, fault.Invalid},
		"an unknown type":               {schema.Alteration{Kind: schema.Widened, Column: "n", Type: "TEXT"}, fault.Invalid},
		"a narrower type":               {schema.Alteration{Kind: schema.Widened, Column: "big", Type: schema.BigInt}, fault.Conflict},
		"the type it has":               {schema.Alteration{Kind: schema.Widened, Column: "n", Type: schema.BigInt}, fault.Conflict},
		"integers that would round":     {schema.Alteration{Kind: schema.Widened, Column: "big", Type: schema.Double}, fault.Conflict},
		"JSON to text":                  {schema.Alteration{Kind: schema.Widened, Column: "meta", Type: schema.Varchar}, fault.Conflict},
		"a format of another type":      {schema.Alteration{Kind: schema.Widened, Column: "n", Type: schema.Double, Format: schema.EpochMilli}, fault.Invalid},
		"a column without a path":       {schema.Alteration{Kind: schema.Added, Column: "x", Type: schema.JSON}, fault.Invalid},
		"a second column of a field":    {schema.Alteration{Kind: schema.Added, Path: []string{"n"}, Type: schema.JSON}, fault.Conflict},
		"a column inside a JSON column": {schema.Alteration{Kind: schema.Added, Path: []string{"meta", "x"}, Type: schema.JSON}, fault.Conflict},
		"a column of an ignored field":  {schema.Alteration{Kind: schema.Added, Path: []string{"user", "ssn", "x"}, Type: schema.JSON}, fault.Conflict},
		"a name that is taken":          {schema.Alteration{Kind: schema.Added, Column: "TEXT", Path: []string{"x"}, Type: schema.JSON}, fault.Invalid},
		"scalar, but not text":          {schema.Alteration{Kind: schema.Added, Path: []string{"x"}, Type: schema.JSON, Format: schema.Scalar}, fault.Invalid},
		"ignored already":               {schema.Alteration{Kind: schema.Ignored, Path: []string{"user", "ssn", "x"}}, fault.Conflict},
		"nothing to ignore":             {schema.Alteration{Kind: schema.Ignored}, fault.Invalid},
		"not ignored":                   {schema.Alteration{Kind: schema.Unignored, Path: []string{"user"}}, fault.NotFound},
	} {
		_, _, err := altered(t).Alter(c.asked)
		require.Equal(t, c.code, fault.CodeOf(err), "%s: %v", name, err)
	}
}

func TestWhatIsIgnoredIsNotInferred(t *testing.T) {
	docs := [][]byte{[]byte(`{"a":1,"user":{"ssn":2,"name":"x"},"drop":{"deep":[1]}}`), []byte(`{"a":2,"drop":"text"}`)}
	in := schema.Infer(docs, schema.Options{Ignore: [][]string{{"drop"}, {"user", "ssn"}, {"drop"}}})
	require.Equal(t, [][]string{{"drop"}, {"user", "ssn"}}, in.Table.Ignore)
	var paths [][]string
	for _, c := range in.Table.Columns[len(schema.SystemColumns()):] {
		paths = append(paths, c.Path)
	}
	require.Equal(t, [][]string{{"a"}, {"user", "name"}}, paths)
	require.Zero(t, in.QuarantineShare)
}

func TestTheValuesOfAFieldTellTheTypeThatHoldsThem(t *testing.T) {
	for name, c := range map[string]struct {
		field string
		docs  []string
		want  schema.Type
		path  []string
	}{
		"numbers":              {"a", []string{`{"a":1}`, `{"a":2.5}`, `{"a":null}`, `{}`, `nonsense`}, schema.Double, []string{"a"}},
		"a date is only text":  {"a", []string{`{"a":"2026-01-01"}`}, schema.Varchar, []string{"a"}},
		"a complete timestamp": {"a", []string{`{"a":"2026-01-01T00:00:00Z"}`}, schema.Timestamp, []string{"a"}},
		"all sorts":            {"a", []string{`{"a":1}`, `{"a":"x"}`}, schema.JSON, []string{"a"}},
		"in an object":         {"a.b", []string{`{"a":{"b":true}}`, `{"a":{"b":false,"c":1}}`}, schema.Boolean, []string{"a", "b"}},
		"a name with a dot":    {"a.b", []string{`{"a.b":true}`, `{"a":{"b":"another field"}}`}, schema.Boolean, []string{"a.b"}},
		"nowhere":              {"a", []string{`{"a":null,"b":1}`}, schema.JSON, nil},
	} {
		var docs [][]byte
		for _, doc := range c.docs {
			docs = append(docs, []byte(doc))
		}
		v := schema.ValuesOf(docs, c.field)
		require.Equal(t, c.path, v.Path, name)
		require.Equal(t, c.want, v.Type(), name)
		require.Equal(t, v.Count, v.Fitting(schema.Column{Type: schema.JSON}))
	}
}
