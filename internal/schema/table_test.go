package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/jsonscan"
	"github.com/helios-sql/helios/internal/schema"
)

func TestATableBeginsWithTheSystemColumns(t *testing.T) {
	table, err := schema.NewTable("t", nil, schema.Options{})
	require.NoError(t, err)
	require.Equal(t, &schema.Table{
		Name: "t", Columns: schema.SystemColumns(), Evolve: schema.EvolveAdd, MaxDepth: schema.DefaultMaxDepth,
		MaxColumns: schema.DefaultMaxColumns, Ignore: [][]string{}, Version: 1, Inexact: map[string]bool{},
	}, table)
}

func TestChosenColumnsKeepTheirNamesAndTheOthersGetOne(t *testing.T) {
	given := append(schema.SystemColumns(),
		schema.Column{Path: []string{"id"}, Type: schema.BigInt},
		schema.Column{Name: "ID", Path: []string{"user", "id"}, Type: schema.BigInt},
		schema.Column{Name: "at", Path: []string{"ts"}, Type: schema.Timestamp, Format: schema.EpochMilli})
	table, err := schema.NewTable("t", given, schema.Options{Evolve: schema.EvolveFixed, MaxDepth: 2, MaxColumns: 8})
	require.NoError(t, err)
	require.Len(t, table.Columns, 8)
	require.Equal(t, "id_2", table.Columns[5].Name)
	require.Equal(t, given[6:], table.Columns[6:])
}

func TestTablesThatCannotBeAreRefused(t *testing.T) {
	id := schema.Column{Path: []string{"id"}, Type: schema.BigInt}
	named := func(name string) schema.Column {
		return schema.Column{Name: name, Path: []string{name, "x"}, Type: schema.Varchar}
	}
	for name, c := range map[string]struct {
		columns []schema.Column
		options schema.Options
	}{
		"a path twice":              {columns: []schema.Column{id, id}},
		"a name twice, by case":     {columns: []schema.Column{named("a"), named("A")}},
		"the name of a system one":  {columns: []schema.Column{named("_SHARD_ID")}},
		"a name with a space":       {columns: []schema.Column{named("a b")}},
		"an unknown type":           {columns: []schema.Column{{Path: []string{"a"}, Type: "INTEGER"}}},
		"no type":                   {columns: []schema.Column{{Path: []string{"a"}}}},
		"an epoch that is a number": {columns: []schema.Column{{Path: []string{"a"}, Type: schema.BigInt, Format: schema.EpochMilli}}},
		"an unknown format":         {columns: []schema.Column{{Path: []string{"a"}, Type: schema.Timestamp, Format: "rfc822"}}},
		"more columns than allowed": {columns: []schema.Column{id}, options: schema.Options{MaxColumns: 5}},
		"an unknown policy":         {options: schema.Options{Evolve: "drop"}},
		"no depth":                  {options: schema.Options{MaxDepth: -1}},
		"no room":                   {options: schema.Options{MaxColumns: 4}},
	} {
		_, err := schema.NewTable("t", c.columns, c.options)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), name)
	}
}

func TestAChangeLeavesTheEarlierTableAsItWas(t *testing.T) {
	first, err := schema.NewTable("t", []schema.Column{{Path: []string{"n"}, Type: schema.BigInt}}, schema.Options{})
	require.NoError(t, err)
	second, added := first.Add([]string{"user", "name"}, schema.Varchar)
	third := second.Widen(5, schema.HugeInt)
	third.Inexact["n"] = true

	require.Equal(t, schema.Column{Name: "user_name", Type: schema.Varchar, Path: []string{"user", "name"}}, added)
	require.Equal(t, []int{1, 2, 3}, []int{first.Version, second.Version, third.Version})
	require.Equal(t, []int{6, 7, 7}, []int{len(first.Columns), len(second.Columns), len(third.Columns)})
	require.Equal(t, []schema.Type{schema.BigInt, schema.BigInt, schema.HugeInt}, []schema.Type{first.Columns[5].Type, second.Columns[5].Type, third.Columns[5].Type})
	require.Empty(t, second.Inexact)
	found, ok := third.Column("USER_NAME")
	require.True(t, ok)
	require.Equal(t, added, found)
	_, ok = third.Column("nobody")
	require.False(t, ok)
}

func TestOnlyTypesThatHoldEveryValueCanBeWidenedTo(t *testing.T) {
	all := []schema.Type{schema.Boolean, schema.BigInt, schema.HugeInt, schema.Double, schema.Varchar, schema.Date, schema.Timestamp, schema.UUID, schema.JSON}
	var widenings []string
	for _, from := range all {
		for _, to := range all {
			if schema.CanWiden(from, to) {
				widenings = append(widenings, string(from+" to "+to))
			}
		}
	}
	require.Equal(t, []string{"BIGINT to HUGEINT", "BIGINT to DOUBLE", "HUGEINT to DOUBLE", "DATE to TIMESTAMP"}, widenings)
}

func TestANewFieldIsTypedWithCaution(t *testing.T) {
	for value, want := range map[string]schema.Type{
		`true`: schema.Boolean, `1`: schema.BigInt, `9223372036854775808`: schema.HugeInt, `1.0`: schema.Double, `1e3`: schema.Double,
		`680564733841876926926749214863536422912`: schema.Double, `680564733841876926926749214863536422913`: schema.JSON,
		`0.1234567890123456789`: schema.JSON, `12345678901234567890.0`: schema.HugeInt,
		`"2026-03-01T12:00:00Z"`: schema.Timestamp, `"2026-03-01T12:00:00"`: schema.Varchar, `"2026-03-01"`: schema.Varchar,
		`"550e8400-e29b-41d4-a716-446655440000"`: schema.Varchar, `"x"`: schema.Varchar, `[1]`: schema.JSON, `{}`: schema.JSON,
	} {
		kind := jsonscan.KindAt([]byte(value), 0)
		content := []byte(value)
		if kind == jsonscan.String {
			content = content[1 : len(content)-1]
		}
		got := schema.NewFieldType(kind, content)
		require.Equal(t, want, got, value)
		require.True(t, schema.Fits(got, schema.ISO8601, kind, content), value)
	}
}
