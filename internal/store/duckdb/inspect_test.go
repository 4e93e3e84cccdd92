package duckdb_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/store/duckdb"
	"github.com/helios-sql/helios/internal/store/duckdb/guard"
)

// inspector is one over a store with a table of 30 rows.
func inspector(t *testing.T) (*query.Inspector, *duckdb.DB) {
	t.Helper()
	db := openStore(t)
	column := func(name string, of schema.Type) schema.Column {
		return schema.Column{Name: name, Type: of, Path: []string{name}}
	}
	require.NoError(t, db.CreateTable(t.Context(), &schema.Table{
		Name: "Shop", Version: 1, Evolve: schema.EvolveAdd, MaxDepth: 3, MaxColumns: 500,
		Columns: append(schema.SystemColumns(), column("id", schema.BigInt), column("big", schema.HugeInt), column("price", schema.Double), column("kind", schema.Varchar),
			column("day", schema.Date), column("at", schema.Timestamp), column("doc", schema.JSON), column("ok", schema.Boolean), column("none", schema.Double), column(`od"d`, schema.Varchar)),
	}, "test"))
	require.NoError(t, db.Exec(t.Context(), `INSERT INTO db.main."Shop" SELECT 's', i::VARCHAR, 'k', TIMESTAMP '2026-01-01' + INTERVAL (i) SECOND, TIMESTAMP '2026-01-01',
		9007199254740993 + i, 170141183460469231731687303715884105600 + i, CASE i WHEN 7 THEN 'nan'::DOUBLE WHEN 8 THEN 'infinity'::DOUBLE ELSE i / 4 END,
		CASE WHEN i % 3 = 0 THEN 'view' WHEN i % 3 = 1 THEN NULL WHEN i = 29 THEN repeat('x', 2000) ELSE 'buy' END, DATE '2026-01-01' + i::INTEGER,
		CASE i WHEN 3 THEN 'infinity'::TIMESTAMP ELSE TIMESTAMP '2026-01-01 00:00:00.5' + INTERVAL (i) MINUTE END, '{"n": ' || (i % 2) || '}', i % 2 = 0, NULL, 'o' FROM range(30) t(i)`))
	return query.NewInspector(query.New(db, query.Options{}), db), db
}

func TestAColumnsStatisticsAreExact(t *testing.T) {
	i, _ := inspector(t)
	stats := func(column string) query.ColumnStatistics {
		got, err := i.Column(t.Context(), "", "shop", column)
		require.NoError(t, err, column)
		require.Nil(t, got.SampledRows)
		require.EqualValues(t, 30, got.Rows)
		counted := int64(0)
		for _, b := range got.Histogram {
			counted += b.Count
		}
		if got.Histogram != nil {
			require.LessOrEqual(t, len(got.Histogram), 20)
			require.Positive(t, counted)
		}
		return got
	}
	id := stats("ID")
	require.Equal(t, []string{"id", "BIGINT"}, []string{id.Name, id.Type})
	require.Equal(t, []string{"9007199254740993", "9007199254741022"}, []string{*id.Min, *id.Max})
	require.EqualValues(t, 30, id.Distinct)
	require.EqualValues(t, 30, counts(id))
	require.Equal(t, "9007199254741022", id.Examples[0], "the newest first")
	require.Len(t, id.Examples, 10)

	require.Equal(t, "170141183460469231731687303715884105629", *stats("big").Max)

	price := stats("price")
	require.Equal(t, "0.0", *price.Min)
	require.Equal(t, query.Bucket{From: "0", To: "0.3625", Count: 2}, price.Histogram[0])
	require.Equal(t, "7.25", price.Histogram[19].To)
	require.EqualValues(t, 28, counts(price), "what is no number or infinite has no place in a histogram")
	require.NotNil(t, price.Mean)

	kind := stats("kind")
	require.EqualValues(t, 10, kind.Nulls)
	require.EqualValues(t, 3, kind.Distinct)
	require.Equal(t, []query.ValueCount{{Value: "view", Count: 10}, {Value: "buy", Count: 9}, {Value: strings.Repeat("x", 1000) + "…", Count: 1}}, kind.Top)
	require.Equal(t, "buy", *kind.Min)
	require.Nil(t, kind.Histogram)

	day := stats("day")
	require.Equal(t, query.Bucket{From: "2026-01-01", To: "2026-01-03", Count: 2}, day.Histogram[0])
	at := stats("at")
	require.Equal(t, []string{"2026-01-01T00:00:00.5Z", "infinity"}, []string{*at.Min, *at.Max})
	require.Equal(t, "2026-01-01T00:00:00.5Z", at.Histogram[0].From)
	require.EqualValues(t, 29, counts(at))

	doc := stats("doc")
	require.Nil(t, doc.Min)
	require.Equal(t, query.ValueCount{Value: `{"n": 1}`, Count: 15}, doc.Top[0])
	require.EqualValues(t, 2, stats("ok").Distinct)
	require.Equal(t, "o", stats(`od"d`).Top[0].Value)
	none := stats("none")
	require.EqualValues(t, 30, none.Nulls)
	require.Empty(t, none.Top)
	require.NotNil(t, none.Top)

	_, err := i.Column(t.Context(), "", "shop", "nothing")
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
	_, err = i.Column(t.Context(), "", "nothing", "id")
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
}

func counts(s query.ColumnStatistics) (n int64) {
	for _, b := range s.Histogram {
		n += b.Count
	}
	return n
}

func TestOfALargeTableTheNewestMillionRowsAreLookedAt(t *testing.T) {
	i, db := inspector(t)
	require.NoError(t, db.Exec(t.Context(), `INSERT INTO db.main."Shop" (_shard_id, _arrived_at, id) SELECT 's', TIMESTAMP '2026-01-02', i FROM range(1000000) t(i)`))
	got, err := i.Column(t.Context(), "", "shop", "id")
	require.NoError(t, err)
	require.EqualValues(t, 1_000_030, got.Rows)
	require.EqualValues(t, 1_000_000, *got.SampledRows)
	require.EqualValues(t, 1_000_000, got.Distinct)
	require.Equal(t, []string{"0", "999999"}, []string{*got.Min, *got.Max})
	require.Equal(t, query.Bucket{From: "950000", To: "1000000", Count: 50_000}, got.Histogram[19])
}

func TestAPlanIsATree(t *testing.T) {
	i, _ := inspector(t)
	const statement = "SELECT kind, count(*) FROM shop WHERE id > $least GROUP BY kind ORDER BY 2 DESC"
	for _, analyze := range []bool{false, true} {
		got, err := i.Explain(t.Context(), query.Request{SQL: "EXPLAIN\n" + statement, Params: map[string]any{"least": int64(5)}}, analyze)
		require.NoError(t, err)
		require.Equal(t, "ORDER_BY", got.Plan.Operator)
		scan := &got.Plan
		for len(scan.Children) > 0 {
			scan = &scan.Children[0]
		}
		require.Equal(t, "Shop", scan.Detail["Table"])
		require.Contains(t, got.Text, "└─ ")
		require.Contains(t, got.Text, "Table: Shop")
		require.NotNil(t, scan.EstimatedRows)
		if analyze {
			require.EqualValues(t, 30, *scan.Rows)
			require.EqualValues(t, 4, *got.Plan.Rows)
			require.NotNil(t, got.ElapsedMS)
		} else {
			require.Nil(t, scan.Rows)
			require.Nil(t, got.ElapsedMS)
		}
		wire, err := json.Marshal(got)
		require.NoError(t, err)
		require.Contains(t, string(wire), `"children":[]`)
	}
}

func TestAnErrorOfAStatementThatIsToBeExplainedIsWhereThePersonWroteIt(t *testing.T) {
	i, _ := inspector(t)
	for sql, want := range map[string]struct {
		code     fault.Code
		position int
	}{
		"SELECT nothing FROM shop":               {fault.Invalid, 7},
		"explain analyze SELECT 1,\n nothing":    {fault.Invalid, 27},
		"SELECT read_text('/etc/passwd')":        {fault.Invalid, 7},
		"SELECT * FROM read_text('/etc/passwd')": {fault.Refused, 14},
		"SELEC 1":                                {fault.Invalid, 0},
	} {
		_, err := i.Explain(t.Context(), query.Request{SQL: sql}, true)
		require.Equal(t, want.code, fault.CodeOf(err), "%s: %v", sql, err)
		var at *query.SQLError
		require.ErrorAs(t, err, &at, sql)
		require.Equal(t, want.position, at.Position, sql)
	}
	_, err := i.Explain(t.Context(), query.Request{SQL: "DELETE FROM shop"}, true)
	require.Equal(t, fault.Refused, fault.CodeOf(err))
}

func TestTheDialectHasWhatQueriesMayUseAndNothingElse(t *testing.T) {
	i, db := inspector(t)
	got, err := i.Dialect(t.Context())
	require.NoError(t, err)
	require.Equal(t, "DuckDB", got.Engine)
	require.Regexp(t, `^\d+\.\d+\.\d+$`, got.Version)
	require.Contains(t, got.Keywords, "select")
	require.NotContains(t, got.Keywords, "insert")
	require.Contains(t, got.Types, "TIMESTAMP")
	require.Contains(t, got.Types, "JSON")
	seen := map[string]bool{}
	for _, f := range got.Functions {
		require.NotEqual(t, "refused", guard.Verdict(f.Kind == query.Table, strings.ToLower(f.Name)), f.Name)
		require.NotEmpty(t, f.Signatures, f.Name)
		require.False(t, seen[string(f.Kind)+f.Name], f.Name)
		seen[string(f.Kind)+f.Name] = true
	}
	n := slices.IndexFunc(got.Functions, func(f query.Function) bool { return f.Name == "date_trunc" })
	require.Contains(t, got.Functions[n].Signatures, "date_trunc(part VARCHAR, timestamp TIMESTAMP) → TIMESTAMP")
	require.NotEmpty(t, got.Functions[n].Description)
	require.NotEmpty(t, got.Functions[n].Example)
	for _, f := range []string{"scalarrange", "tablerange", "aggregatesum", "aggregaterow_number", "scalarjson_extract_string", "macrodate_add"} {
		require.True(t, seen[f], f)
	}
	for _, f := range []string{"tableread_csv", "scalarnextval", "scalar__internal_compress_string_uinteger"} {
		require.False(t, seen[f], f)
	}
	_, batch := only(t, db, "SELECT current_setting('TimeZone')", nil)
	require.Equal(t, "UTC", batch.Column(0).ValueStr(0))
}

func TestTimesAsTextsAreComparedInUTC(t *testing.T) {
	_, db := inspector(t) // whose _arrived_at is 00:00:00 to 00:00:29 on 2026-01-01
	params, err := query.ParseParams([]byte(`{"from": "2026-01-01T02:00:10+02:00", "to": "2026-01-01T00:00:19.5Z"}`))
	require.NoError(t, err)
	for _, where := range []string{
		"_arrived_at >= $from AND _arrived_at < $to",
		"_arrived_at BETWEEN $from AND $to",
		"_arrived_at::TIMESTAMPTZ >= $from AND _arrived_at::TIMESTAMPTZ < $to",
		"$from <= _arrived_at AND _arrived_at < $to::TIMESTAMP",
		"_arrived_at >= date_trunc('second', $from::TIMESTAMPTZ) AND _arrived_at < $to",
	} {
		_, batch := only(t, db, "SELECT count(*) FROM shop WHERE "+where, params)
		require.Equal(t, "10", batch.Column(0).ValueStr(0), where)
	}
}
