package schema_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/schema"
)

func TestColumnNamesAreValidAndUnique(t *testing.T) {
	table, err := schema.NewTable("t", nil, schema.Options{})
	require.NoError(t, err)
	long := strings.Repeat("é", 70)
	for _, c := range []struct{ path, want string }{
		{"user.id", "user_id"},
		{"user_id", "user_id_2"},
		{"User ID", "User_ID_3"},
		{"user_id_2", "user_id_2_2"},
		{"eventType", "eventType"},
		{"EVENTTYPE", "EVENTTYPE_2"},
		{"", "_"},
		{"7days", "_7days"},
		{"a-b/c$d", "a_b_c_d"},
		{"größe", "größe"},
		{"GRÖSSE", "GRÖSSE"},
		{"Größe", "Größe_2"},
		{"µs", "µs"}, // micro sign and Greek letter are the same but for their case
		{"μs", "μs_2"},
		{"s", "s"},
		{"ſ", "ſ_2"},
		{"価格", "価格"},
		{"٣", "_٣"},
		{"x\u0000\ufffdy", "x__y"},
		{"_shard_id", "_shard_id_2"},
		{"_Arrived_At", "_Arrived_At_2"},
		{"RowID", "RowID_2"},
		{"\"; DROP TABLE t; --", "___DROP_TABLE_t____"},
		{long, strings.Repeat("é", 60)},
		{long + "x", strings.Repeat("é", 59) + "_2"},
	} {
		var column schema.Column
		table, column = table.Add(strings.Split(c.path, "."), schema.Varchar)
		require.Equal(t, c.want, column.Name, c.path)
	}
	for i, c := range table.Columns {
		for _, other := range table.Columns[:i] {
			require.False(t, strings.EqualFold(c.Name, other.Name), "%s and %s", c.Name, other.Name)
		}
		require.LessOrEqual(t, len(c.Name), 120)
	}
}

func TestTableNames(t *testing.T) {
	for _, name := range []string{"storefront", "T", "a_1", "groups", "history", strings.Repeat("x", 63)} {
		require.NoError(t, schema.ValidTableName(name), name)
	}
	for _, name := range []string{"", "_x", "1a", "a-b", "a.b", "größe", "a b", strings.Repeat("x", 64), "Main", "helios", "QUARANTINE", "information_schema"} {
		err := schema.ValidTableName(name)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), name)
		require.NotEmpty(t, fault.HintOf(err), name)
	}
}
