package storetest

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/schema"
)

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func huge(text string) *big.Int {
	x, ok := new(big.Int).SetString(text, 10)
	if !ok {
		panic(text)
	}
	return x
}

func valuesComeBack(t *testing.T, s Store) {
	t.Helper()
	id := [16]byte{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00}
	highest := [16]byte{}
	for i := range highest {
		highest[i] = 0xff
	}
	long := strings.Repeat("日本語 and 🌞; ", 1<<20/22)
	tab := table("every", "b", schema.Boolean, "i", schema.BigInt, "h", schema.HugeInt, "r", schema.Double, "v", schema.Varchar,
		"d", schema.Date, "ts", schema.Timestamp, "u", schema.UUID, "j", schema.JSON)
	want := [][]any{
		{true, int64(math.MaxInt64), huge("170141183460469231731687303715884105727"), math.MaxFloat64, "", day(9999, 12, 31), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), highest, `{}`},
		{nil, nil, nil, nil, nil, nil, nil, nil, nil},
		{false, int64(math.MinInt64), huge("-170141183460469231731687303715884105728"), math.SmallestNonzeroFloat64, "with\x00nul", day(1, 1, 1), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), [16]byte{}, `[ 1,  {"a" : "<&>"}, 1e400 ]`},
		{true, int64(-1), huge("-1"), math.Copysign(0, -1), long, day(1969, 12, 31), time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC), id, `"` + long + `"`},
		{false, int64(0), huge("18446744073709551616"), 0.1, "twelve bytes", day(1970, 1, 1), time.Unix(0, 0).UTC(), id, `null`},
		{true, int64(1), huge("9223372036854775808"), -1.5e-300, "thirteen byte", day(2024, 2, 29), noon, id, `"\ud83d\ude00"`},
		{nil, int64(2), nil, 2.0, "🌞", nil, noon, nil, "{\"a\":\"\t\"}"},
	}
	create(t, s, tab)
	b := batch(tab)
	b.Rows = rows(tab, 0, want...)
	commit(t, s, b)

	check := func(s Store) {
		got := own(t, s, tab)
		require.Equal(t, want, got)
		zero, ok := got[3][3].(float64)
		require.True(t, ok)
		require.True(t, math.Signbit(zero), "-0.0 keeps its sign")
		require.Equal(t, [][]any{{"shard-0", sequence(0), "key", noon, noon}},
			query(t, s, "SELECT _shard_id, _sequence_number, _partition_key, _arrived_at, _ingested_at FROM every ORDER BY _sequence_number LIMIT 1"))
	}
	check(s)
	check(s.Reopen(t))
}

func manyRows(t *testing.T, s Store) {
	t.Helper()
	tab := table("many", "i", schema.BigInt, "v", schema.Varchar, "b", schema.Boolean)
	create(t, s, tab)
	var want [][]any
	for i := range 5000 {
		row := []any{int64(i), strings.Repeat("x", i%40), i%2 == 0}
		if i%7 == 0 {
			row[i%3] = nil
		}
		want = append(want, row)
	}
	// One batch crosses the chunks of any engine, the others end within one.
	for from, to := range map[int]int{0: 4500, 4500: 4501, 4501: 5000} {
		b := batch(tab)
		b.Rows = rows(tab, from, want[from:to]...)
		commit(t, s, b)
	}
	require.Equal(t, want, own(t, s, tab))
}

func schemaChanges(t *testing.T, s Store) {
	t.Helper()
	first := table("growing", "i", schema.BigInt, "d", schema.Date)
	create(t, s, first)
	b := batch(first)
	b.Rows = rows(first, 0, []any{int64(1) << 53, day(2024, 2, 29)}, []any{nil, nil}, []any{int64(-7), day(1, 1, 1)})
	commit(t, s, b)

	// Each step changes the table and writes rows that need the change, in one transaction.
	second, changes := changed(first, column("i", schema.HugeInt), column("new", schema.Varchar), column("j", schema.JSON))
	b = batch(second)
	b.Changes = changes
	b.Rows = rows(second, 3, []any{huge("18446744073709551616"), day(2025, 1, 1), "text", "[1]"})
	commit(t, s, b)

	third, changes := changed(second, column("i", schema.Double), column("d", schema.Timestamp))
	b = batch(third)
	b.Changes = changes
	b.Rows = rows(third, 4, []any{0.5, noon, nil, nil})
	another := batch(third)
	another.Rows = rows(third, 5, []any{0.25, nil, "last", nil})
	commit(t, s, b, another)

	check := func(s Store) {
		require.Equal(t, [][]any{
			{float64(int64(1) << 53), day(2024, 2, 29), nil, nil},
			{nil, nil, nil, nil},
			{-7.0, day(1, 1, 1), nil, nil},
			{18446744073709551616.0, day(2025, 1, 1), "text", "[1]"},
			{0.5, noon, nil, nil},
			{0.25, nil, "last", nil},
		}, own(t, s, third))
		loaded, err := s.Table(t.Context(), "growing")
		require.NoError(t, err)
		require.Empty(t, loaded.Inexact)
		loaded.Inexact = nil
		require.Equal(t, third, loaded)
		require.Equal(t, 6, loaded.Version)
	}
	check(s)
	check(s.Reopen(t))
}

func inexactIntegers(t *testing.T, s Store) {
	t.Helper()
	tab := table("numbers", "small", schema.BigInt, "big", schema.BigInt, "negative", schema.BigInt, "huge", schema.HugeInt, "nulls", schema.BigInt, "text", schema.Varchar)
	create(t, s, tab)
	loaded, err := s.Table(t.Context(), "numbers")
	require.NoError(t, err)
	require.Empty(t, loaded.Inexact)

	b := batch(tab)
	const limit = int64(1) << 53
	b.Rows = rows(tab, 0,
		[]any{limit, limit + 1, int64(0), huge("0"), nil, ""},
		[]any{-limit, int64(0), -limit - 1, huge("170141183460469231731687303715884105727"), nil, ""})
	commit(t, s, b)
	loaded, err = s.Table(t.Context(), "numbers")
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"big": true, "negative": true, "huge": true}, loaded.Inexact)
}

func tables(t *testing.T, s Store) {
	t.Helper()
	_, err := s.Table(t.Context(), "events")
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
	require.NoError(t, s.DropTable(t.Context(), "events"))

	tab := table("events", "i", schema.BigInt)
	tab.Columns[5].Path = []string{"deep", "i"}
	tab.Columns = append(tab.Columns, schema.Column{Name: "t", Type: schema.Timestamp, Format: schema.EpochMilli, Path: []string{"t"}})
	create(t, s, tab)
	loaded, err := s.Table(t.Context(), "events")
	require.NoError(t, err)
	loaded.Inexact = nil
	require.Equal(t, tab, loaded)

	err = s.CreateTable(t.Context(), table("Events"), "again")
	require.Equal(t, fault.Conflict, fault.CodeOf(err))

	b := batch(tab)
	b.Rows = rows(tab, 0, []any{int64(1), noon})
	b.Rejected = append(b.Rejected, rejected(1, 0, "type_mismatch", "raw"))
	commit(t, s, b)
	require.NoError(t, s.DropTable(t.Context(), "EVENTS"))
	require.Equal(t, fault.NotFound, fault.CodeOf(s.Commit(t.Context(), append(batches(), b))))

	other := table("events", "other", schema.Varchar)
	create(t, s, other)
	require.Zero(t, count(t, s, "events"))
	require.Zero(t, count(t, s, "quarantine.events"))
	b = batch(other)
	b.Rows = rows(other, 0, []any{"a"})
	commit(t, s, b)
	s = s.Reopen(t)
	require.Equal(t, [][]any{{"a"}}, own(t, s, other))
}

func names(t *testing.T, s Store) {
	t.Helper()
	for i, name := range []string{`it's "quoted"`, "данные", "🌞", "two words", "select", "quarantine", "helios", "main", "a.b", "semi;colon--", "{table}"} {
		t.Run(name, func(t *testing.T) {
			tab := table(name, name, schema.BigInt, "Column's "+name, schema.Varchar)
			create(t, s, tab)
			next, changes := changed(tab, column(name, schema.Double), column("new "+name, schema.JSON))
			b := batch(next)
			b.Source = name
			b.Changes = changes
			b.Rows = rows(next, 0, []any{0.5, name, nil})
			r := rejected(i, 0, "type_mismatch", name)
			b.Rejected = append(b.Rejected, r)
			b.Shards = append(b.Shards, state(name, 1))
			begin := started(name)
			commit(t, s, begin, b)
			require.Equal(t, [][]any{{0.5, name, nil}}, own(t, s, next))
			require.Equal(t, 1, count(t, s, "quarantine."+quote(name)))
			remembered, err := s.StreamState(t.Context(), name)
			require.NoError(t, err)
			require.Contains(t, remembered.Shards, state(name, 1))

			b = batch(next)
			b.Release = append(b.Release, keyOf(r))
			commit(t, s, b)
			require.Equal(t, 0, count(t, s, "quarantine."+quote(name)))
			require.NoError(t, s.DropTable(t.Context(), name))
		})
	}
	for _, name := range []string{"", "a\x00b", "\xff"} {
		err := s.CreateTable(t.Context(), table(name), "")
		require.Equal(t, fault.Invalid, fault.CodeOf(err), "%q", name)
	}
}
