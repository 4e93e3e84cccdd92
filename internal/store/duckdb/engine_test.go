package duckdb_test

import (
	"context"
	"errors"
	"io"
	"math/big"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

func openStore(tb testing.TB) *duckdb.DB {
	tb.Helper()
	db, err := duckdb.Open(tb.Context(), tb.TempDir(), duckdb.Options{Threads: 2})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close(context.Background())) })
	return db
}

// runQuery checks and starts a statement.
func runQuery(ctx context.Context, db *duckdb.DB, text string, params any) (query.Rows, error) {
	s, err := db.Check(ctx, text, query.Everything())
	if err != nil {
		return nil, err
	}
	return db.Run(ctx, s, params)
}

// only is the one batch of a statement's result.
func only(t *testing.T, db *duckdb.DB, text string, params any) (query.Rows, arrow.RecordBatch) {
	t.Helper()
	rows, err := runQuery(t.Context(), db, text, params)
	require.NoError(t, err, text)
	t.Cleanup(func() { require.NoError(t, rows.Close()) })
	batch, err := rows.Next()
	require.NoError(t, err, text)
	_, err = rows.Next()
	require.ErrorIs(t, err, io.EOF)
	return rows, batch
}

// What DuckDB itself says of a value is the judge: types that become text must be spelled the same.
func TestTypesThatBecomeTextAreSpelledAsDuckDBDoes(t *testing.T) {
	db := openStore(t)
	for _, value := range []string{
		"340282366920938463463374607431768211455::UHUGEINT", "0::UHUGEINT",
		"'-123456789012345678901234567890123456789012345678901234567890'::BIGNUM", "0::BIGNUM", "'1'::BIGNUM", "'-1'::BIGNUM", "'256'::BIGNUM", "'-256'::BIGNUM",
		"'1'::BIT", "'0101011'::BIT", "'00000000'::BIT", "'1111111100000000111'::BIT",
		"'12:34:56.789+02'::TIMETZ", "'12:34:56-05:30'::TIMETZ", "'00:00:00+15:59:59'::TIMETZ", "'24:00:00-15:59:59'::TIMETZ", "'01:02:03.000001+00'::TIMETZ",
		"INTERVAL '0 seconds'", "INTERVAL '14 months 3 days 04:05:06.007'", "INTERVAL '-14 months -3 days -04:05:06.7'", "INTERVAL '1 year 1 month 1 day'",
		"INTERVAL '-1 month'", "INTERVAL '-1 day 00:00:01'", "INTERVAL '100 hours'", "INTERVAL '1 microsecond'", "INTERVAL '11 months'",
		"'b'::ENUM('a', 'b')", "TIME_NS '12:34:56.123456789'",
	} {
		_, batch := only(t, db, "SELECT "+value+", ("+value+")::VARCHAR", nil)
		got, want := batch.Column(0).ValueStr(0), batch.Column(1).ValueStr(0)
		require.Equal(t, want, got, value)
	}
}

// A value must come out the same wherever DuckDB keeps it: in a flat vector, a constant, a dictionary, inside lists that
// share elements or are out of order, among NULLs, over several chunks.
func TestValuesComeOutTheSameFromAnyVector(t *testing.T) {
	db := openStore(t)
	require.NoError(t, db.Exec(t.Context(), `
		CREATE TABLE many AS SELECT i, 'name ' || (i % 7) AS s, CASE WHEN i % 5 = 0 THEN NULL ELSE 'a longer text, number ' || i END AS l,
			CASE WHEN i % 3 = 0 THEN NULL WHEN i % 3 = 1 THEN [] ELSE [i, NULL, i + 1] END AS list,
			CASE WHEN i % 4 = 0 THEN NULL ELSE {'a': i, 'b': [{'c': 'x' || i}]} END AS st,
			arr,
			CASE WHEN i % 6 = 0 THEN NULL ELSE MAP {i: 'v' || i} END AS m,
			CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN union_value(n := i::INTEGER)::UNION(n INTEGER, t VARCHAR) ELSE union_value(t := 'u' || i)::UNION(n INTEGER, t VARCHAR) END AS u
		FROM range(10000) r(i) LEFT JOIN (SELECT j, [j, j + 1]::INTEGER[2] AS arr FROM range(10000) q(j) WHERE j % 4 <> 1) ON j = i ORDER BY i`))
	for _, columns := range []string{"s, l, list, st, arr, m", "[s, l] AS sl, {'l': l, 'list': list} AS x, [st, st] AS ss, [arr] AS aa, list_reverse(list) AS lr, [list, list] AS ll, [m] AS mm"} {
		for _, from := range []string{"FROM many", "FROM many WHERE i % 2 = 0", "FROM many ORDER BY hash(i)", "FROM many JOIN (SELECT i FROM many WHERE i % 10 = 3) USING (i)", "FROM many, (VALUES (1), (2)) v(k) WHERE i < 3000"} {
			// JSON made by DuckDB is the judge; it is made in a second column from the same row.
			rows, err := runQuery(t.Context(), db, "SELECT *, to_json(t)::VARCHAR FROM (SELECT "+columns+" "+from+") t", nil)
			require.NoError(t, err)
			n := 0
			for {
				batch, err := rows.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err)
				last := int(batch.NumCols()) - 1
				whole := array.RecordToStructArray(batch)
				for i := range int(batch.NumRows()) {
					var b strings.Builder
					writeAsDuckDB(&b, whole, i, last)
					require.Equal(t, batch.Column(last).ValueStr(i), b.String(), "%s %s", columns, from)
				}
				n += int(batch.NumRows())
				whole.Release()
				batch.Release()
			}
			require.NoError(t, rows.Close())
			require.NotZero(t, n)
		}
	}
	_, batch := only(t, db, "SELECT u FROM many WHERE i IN (0, 1, 2) ORDER BY i", nil)
	require.JSONEq(t, `[null, {"tag": "n", "n": 1, "t": null}, {"tag": "t", "n": null, "t": "u2"}]`, marshal(t, batch.Column(0)))
}

func marshal(t *testing.T, a arrow.Array) string {
	t.Helper()
	text, err := a.MarshalJSON()
	require.NoError(t, err)
	return string(text)
}

// writeAsDuckDB writes a value as to_json does: only the first n members of a struct, if n is not 0.
func writeAsDuckDB(b *strings.Builder, a arrow.Array, i, n int) {
	if a.IsNull(i) {
		b.WriteString("null")
		return
	}
	switch a := a.(type) {
	case *array.Map:
		b.WriteByte('{')
		from, to := a.ValueOffsets(i)
		for k := from; k < to; k++ {
			b.WriteString(strconv.Quote(a.Keys().ValueStr(int(k))) + ":")
			writeAsDuckDB(b, a.Items(), int(k), 0)
		}
		b.WriteByte('}')
	case *array.List:
		b.WriteByte('[')
		from, to := a.ValueOffsets(i)
		for k := from; k < to; k++ {
			if k > from {
				b.WriteByte(',')
			}
			writeAsDuckDB(b, a.ListValues(), int(k), 0)
		}
		b.WriteByte(']')
	case *array.Struct:
		b.WriteByte('{')
		fields := a.DataType().(*arrow.StructType).Fields()
		if n == 0 {
			n = len(fields)
		}
		for k := range n {
			if k > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Quote(fields[k].Name) + ":")
			writeAsDuckDB(b, a.Field(k), i, 0)
		}
		b.WriteByte('}')
	case *array.String:
		b.WriteString(strconv.Quote(a.Value(i)))
	default:
		b.WriteString(a.ValueStr(i))
	}
}

func TestColumnsKeepTheirNamesAndTypes(t *testing.T) {
	db := openStore(t)
	rows, batch := only(t, db, `SELECT 1 AS a, 2 AS a, 'x' AS " ", {'k': [1.5], 'Odd name': NULL::DATE} AS s, MAP {'a': 1} AS m, NULL AS n,
		[1, 2]::TINYINT[2] AS arr, '{}'::JSON AS j, [42]::VARIANT AS v, 1::HUGEINT AS h, now() AS t, 'b'::ENUM('a', 'b') AS e, [1::VARIANT] AS vs`, nil)
	require.Equal(t, []query.Column{
		{Name: "a", Type: "INTEGER"},
		{Name: "a", Type: "INTEGER"},
		{Name: " ", Type: "VARCHAR"},
		{Name: "s", Type: `STRUCT(k DECIMAL(2,1)[], "Odd name" DATE)`},
		{Name: "m", Type: "MAP(VARCHAR, INTEGER)"},
		{Name: "n", Type: "INTEGER"},
		{Name: "arr", Type: "TINYINT[2]"},
		{Name: "j", Type: "JSON"},
		{Name: "v", Type: "VARIANT"},
		{Name: "h", Type: "HUGEINT"},
		{Name: "t", Type: "TIMESTAMP WITH TIME ZONE"},
		{Name: "e", Type: "ENUM('a', 'b')"},
		{Name: "vs", Type: "VARIANT[]"},
	}, rows.Columns())
	require.Equal(t, "[42]", batch.Column(8).ValueStr(0))
	require.Equal(t, "[1]", batch.Column(12).ValueStr(0))
}

func TestParametersBindByPositionAndByName(t *testing.T) {
	db := openStore(t)
	huge := new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 100))
	_, batch := only(t, db, "SELECT ?, ?, ?, ?, ?::DOUBLE, ?::HUGEINT", []any{int64(-7), "ü\x00", nil, true, 1.5, huge})
	for i, want := range []string{"-7", "ü\x00", array.NullValueStr, "true", "1.5", huge.String()} {
		require.Equal(t, want, batch.Column(i).ValueStr(0))
	}
	_, batch = only(t, db, "SELECT $name, $second::INTEGER + 1, $name", map[string]any{"name": "x", "second": int64(1)})
	require.Equal(t, "x", batch.Column(2).ValueStr(0))
	_, batch = only(t, db, "SELECT $2, $1, $2", []any{"one", "two"})
	require.Equal(t, "two", batch.Column(0).ValueStr(0))
	_, batch = only(t, db, "SELECT count(*) FROM (VALUES (TIMESTAMP '2026-01-02')) t(seen) WHERE seen > $1", []any{"2026-01-01"})
	require.Equal(t, "1", batch.Column(0).ValueStr(0))
	for _, end := range []string{"; -- comment", ";;/* ; */ ", " -- ';", "\n; -- a\n-- b\n"} {
		_, batch = only(t, db, `SELECT 1::VARIANT AS v, E'a\';' || 'b;''' || $$;$$ /* ; */ AS s`+end, nil)
		require.Equal(t, "a';b;';", batch.Column(1).ValueStr(0), end)
	}
	_, batch = only(t, db, "SELECT $1, 1::VARIANT", []any{"cast"})
	require.Equal(t, "cast", batch.Column(0).ValueStr(0))

	for text, params := range map[string]any{
		"SELECT $1, $2": []any{"one"},
		"SELECT $1":     []any{"one", "two"},
		"SELECT $a":     map[string]any{"b": "x"},
		"SELECT 1":      []any{"one"},
		"SELECT $b":     nil,
	} {
		_, err := runQuery(t.Context(), db, text, params)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), "%s: %v", text, err)
	}
}

func TestAnErrorSaysWhereInTheStatementItIs(t *testing.T) {
	db := openShop(t)
	long := "SELECT '" + strings.Repeat("ä", 300) + "', "
	for text, near := range map[string]string{
		"SELEC 1":                                             "SELEC",
		"SELECT *\nFROM shop\nWHERE nope = 1":                 "nope",
		"SELECT 'ü', nope(1) FROM shop":                       "nope(",
		"SELECT * FROM nowhere_at_all":                        "nowhere",
		long + "nope FROM shop":                               "nope",
		long + "name + 1::DATE FROM shop, nope":               "nope",
		"EXPLAIN SELECT nope FROM shop":                       "nope",
		"explain /* x */ (format json) SELECT nope FROM shop": "nope",
		"-- ä\n\n  SELECT id, nope FROM shop":                 "nope",
		"SELECT nextval('x')":                                 "nextval",
		"SELECT name::DATE FROM shop":                         "::DATE",
	} {
		err := runThrough(t.Context(), db, text)
		var e *query.SQLError
		require.ErrorAs(t, err, &e, text)
		require.NotContains(t, e.Message, "LINE")
		require.GreaterOrEqual(t, e.Position, 0, "%s: %v", text, err)
		require.True(t, strings.HasPrefix(text[e.Position:], near), "%s: %s is at %q", text, e.Message, text[e.Position:])
	}
	err := runThrough(t.Context(), db, "SELECT error('mine')")
	require.EqualError(t, err, "mine")
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
}

func TestAStatementThatIsNoTextIsRefused(t *testing.T) {
	db := openStore(t)
	for _, text := range []string{"SELECT 1\x00; DROP TABLE x", "SELECT '\xff'", "", " -- nothing", "SELECT " + strings.Repeat("1,", 200_000) + "1"} {
		_, err := db.Check(t.Context(), text, query.Everything())
		require.Contains(t, []fault.Code{fault.Invalid, fault.TooLarge}, fault.CodeOf(err))
	}
}

func TestAContextEndsAQueryWhileItRunsAndWhileItIsRead(t *testing.T) {
	db := openStore(t)
	for _, text := range []string{
		"SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t",
		"SELECT * FROM range(100000000000)",
		"SELECT list(range ORDER BY hash(range)) FROM range(100000000)",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		rows, err := runQuery(ctx, db, text, nil)
		for err == nil {
			var batch arrow.RecordBatch
			if batch, err = rows.Next(); err == nil {
				batch.Release()
			}
		}
		require.ErrorIs(t, err, context.DeadlineExceeded, text)
		if rows != nil {
			require.NoError(t, rows.Close())
		}
		cancel()
	}
	// Its connection is as good as new.
	_, batch := only(t, db, "SELECT 1", nil)
	require.Equal(t, int64(1), batch.NumRows())
}

func TestClosingAResultHalfReadLeavesNothingBehind(t *testing.T) {
	db := openStore(t)
	for range 20 {
		rows, err := runQuery(t.Context(), db, "SELECT * FROM range(100000000000)", nil)
		require.NoError(t, err)
		_, err = rows.Next()
		require.NoError(t, err)
		require.NoError(t, rows.Close())
	}
}

// A result of 50 million rows is 400 MB; held whole it would show.
func TestALargeResultIsNotHeldInMemory(t *testing.T) {
	if _, err := os.Stat("/proc/self/statm"); err != nil {
		t.Skip("memory is measured on Linux only")
	}
	db := openStore(t)
	rows, err := runQuery(t.Context(), db, "SELECT range AS n, -range AS m FROM range(50000000)", nil)
	require.NoError(t, err)
	before, n, most := resident(t), int64(0), int64(0)
	for {
		batch, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		n += batch.NumRows()
		batch.Release()
		if n%(1<<22) < 2048 {
			most = max(most, resident(t))
		}
	}
	require.NoError(t, rows.Close())
	require.Equal(t, int64(50_000_000), n)
	require.Less(t, most-before, int64(200<<20))
}

func resident(t *testing.T) int64 {
	t.Helper()
	runtime.GC()
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	require.NoError(t, err)
	return pages * int64(os.Getpagesize())
}
