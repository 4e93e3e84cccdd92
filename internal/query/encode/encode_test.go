package encode_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	_ "github.com/duckdb/duckdb-go/v2" // an independent reader of Parquet
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/query/encode"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

func service(tb testing.TB) *query.Service {
	tb.Helper()
	return serviceOf(tb, 2)
}

func serviceOf(tb testing.TB, threads int) *query.Service {
	tb.Helper()
	db, err := duckdb.Open(tb.Context(), tb.TempDir(), duckdb.Options{Threads: threads})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close(context.Background())) })
	return query.New(db, query.Options{})
}

func start(tb testing.TB, s *query.Service, text string) *query.Result {
	tb.Helper()
	res, err := s.Start(tb.Context(), query.Request{SQL: text, MaxRows: query.NoLimit})
	require.NoError(tb, err, text)
	return res
}

func write(tb testing.TB, s *query.Service, format, text string) []byte {
	tb.Helper()
	f, err := encode.ByName(format)
	require.NoError(tb, err)
	var b bytes.Buffer
	_, err = encode.Write(tb.Context(), &b, f, start(tb, s, text), nil)
	require.NoError(tb, err)
	return b.Bytes()
}

func TestTheAcceptHeaderChoosesTheFormat(t *testing.T) {
	for accept, want := range map[string]string{
		"":                                  "json",
		"*/*":                               "json",
		"application/json":                  "json",
		"text/csv":                          "csv",
		"text/csv;charset=utf-8, */*;q=0.1": "csv",
		"application/x-ndjson":              "ndjson",
		"application/vnd.apache.parquet":    "parquet",
		"application/vnd.apache.arrow.stream, application/json":      "json",
		"application/vnd.apache.arrow.stream, application/json;q=.5": "arrow",
		"application/json;q=0, application/*":                        "ndjson",
		"text/*":                                                     "csv",
		"text/html, application/xhtml+xml, */*;q=0.8":                "json",
	} {
		f, err := encode.ByAccept(accept)
		require.NoError(t, err, accept)
		require.Equal(t, want, f.Name, accept)
	}
	for _, accept := range []string{"text/html", "application/json;q=0", "nonsense"} {
		_, err := encode.ByAccept(accept)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), accept)
	}
}

// values are SQL values and what they are in JSON and in CSV.
var values = []struct{ sql, json, csv string }{
	{"true", "true", "true"},
	{"9007199254740991", "9007199254740991", "9007199254740991"},
	{"9007199254740992", `"9007199254740992"`, "9007199254740992"},
	{"-9223372036854775808", `"-9223372036854775808"`, "-9223372036854775808"},
	{"18446744073709551615::UBIGINT", `"18446744073709551615"`, "18446744073709551615"},
	{"1::UBIGINT", "1", "1"},
	{"(-128)::TINYINT", "-128", "-128"},
	{"1::HUGEINT", `"1"`, "1"},
	{"(-170141183460469231731687303715884105727 - 1)::HUGEINT", `"-170141183460469231731687303715884105728"`, "-170141183460469231731687303715884105728"},
	{"340282366920938463463374607431768211455::UHUGEINT", `"340282366920938463463374607431768211455"`, "340282366920938463463374607431768211455"},
	{"-0.05::DECIMAL(10, 2)", `"-0.05"`, "-0.05"},
	{"99999999999999999999999999999999999.999::DECIMAL(38, 3)", `"99999999999999999999999999999999999.999"`, "99999999999999999999999999999999999.999"},
	{"0.1::DOUBLE", "0.1", "0.1"},
	{"1e300::DOUBLE", "1e+300", "1e+300"},
	{"1e20::DOUBLE", "100000000000000000000", "100000000000000000000"},
	{"-0.0::DOUBLE", "-0", "-0"},
	{"0.1::FLOAT", "0.1", "0.1"},
	{"'NaN'::DOUBLE", `"NaN"`, "NaN"},
	{"'inf'::FLOAT", `"Infinity"`, "Infinity"},
	{"'-inf'::DOUBLE", `"-Infinity"`, "-Infinity"},
	{"'a \"quote\", a\nline and \\ ü 🦆 ' || chr(1)", `"a \"quote\", a\nline and \\ ü 🦆 \u0001"`, "\"a \"\"quote\"\", a\nline and \\ ü 🦆 \x01\""},
	{"''", `""`, `""`},
	{"NULL", "null", ""},
	{"'null'", `"null"`, "null"},
	{`'{"a": 12345678901234567890, "b": 1.10}'::JSON`, `{"a": 12345678901234567890, "b": 1.10}`, `"{""a"": 12345678901234567890, ""b"": 1.10}"`},
	{"'00112233-4455-6677-8899-aabbccddeeff'::UUID", `"00112233-4455-6677-8899-aabbccddeeff"`, "00112233-4455-6677-8899-aabbccddeeff"},
	{`'\xff\x00a'::BLOB`, `"/wBh"`, "/wBh"},
	{"DATE '2026-01-31'", `"2026-01-31"`, "2026-01-31"},
	{"DATE '0044-03-15 (BC)'", `"-0043-03-15"`, "-0043-03-15"},
	{"'infinity'::DATE", `"infinity"`, "infinity"},
	{"'-infinity'::TIMESTAMP", `"-infinity"`, "-infinity"},
	{"TIME '23:59:59.5'", `"23:59:59.5"`, "23:59:59.5"},
	{"TIME '24:00:00'", `"24:00:00"`, "24:00:00"},
	{"TIMESTAMP '2026-01-31 12:34:56.000789'", `"2026-01-31T12:34:56.000789Z"`, "2026-01-31T12:34:56.000789Z"},
	{"TIMESTAMPTZ '2026-01-31 12:34:56+02'", `"2026-01-31T10:34:56Z"`, "2026-01-31T10:34:56Z"},
	{"TIMESTAMP_NS '2026-01-31 12:34:56.123456789'", `"2026-01-31T12:34:56.123456789Z"`, "2026-01-31T12:34:56.123456789Z"},
	{"TIMESTAMP_S '1969-12-31 23:59:59'", `"1969-12-31T23:59:59Z"`, "1969-12-31T23:59:59Z"},
	{"TIMESTAMP_MS '12026-01-01 00:00:00.001'", `"+12026-01-01T00:00:00.001Z"`, "+12026-01-01T00:00:00.001Z"},
	{"INTERVAL '1 month 2 days 03:00:00'", `"1 month 2 days 03:00:00"`, "1 month 2 days 03:00:00"},
	{"'0101'::BIT", `"0101"`, "0101"},
	{"'a'::ENUM('a', 'b')", `"a"`, "a"},
	{"[1, NULL, 9007199254740993]", `[1,null,"9007199254740993"]`, `"[1,null,""9007199254740993""]"`},
	{"['NaN'::DOUBLE, 1.5]", `["NaN",1.5]`, `"[""NaN"",1.5]"`},
	{"[1, 2]::INTEGER[2]", "[1,2]", `"[1,2]"`},
	{"{'a': 1, 'b c': [DATE '2026-01-01'], 'j': '[1.0]'::JSON}", `{"a":1,"b c":["2026-01-01"],"j":[1.0]}`, `"{""a"":1,""b c"":[""2026-01-01""],""j"":[1.0]}"`},
	{"MAP {'k': 1, 'l': NULL}", `[{"key":"k","value":1},{"key":"l","value":null}]`, `"[{""key"":""k"",""value"":1},{""key"":""l"",""value"":null}]"`},
	{"union_value(n := 1)::UNION(n INTEGER, t VARCHAR)", `{"tag":"n","n":1}`, `"{""tag"":""n"",""n"":1}"`},
	{"[]", "[]", "[]"},
}

func TestValuesAreWrittenAsDocumented(t *testing.T) {
	s := service(t)
	for _, v := range values {
		text := "SELECT " + v.sql + " AS v"
		var answer struct {
			Rows [][]json.RawMessage `json:"rows"`
		}
		require.NoError(t, json.Unmarshal(write(t, s, "json", text), &answer), v.sql)
		require.Equal(t, v.json, string(answer.Rows[0][0]), v.sql)
		require.Equal(t, `{"v":`+v.json+"}\n", string(write(t, s, "ndjson", text)), v.sql)
		require.Equal(t, "v\r\n"+v.csv+"\r\n", string(write(t, s, "csv", text)), v.sql)
	}
}

func TestTheEnvelopeSaysWhatCannotBeSeenInTheRows(t *testing.T) {
	s := service(t)
	res, err := s.Start(t.Context(), query.Request{SQL: "SELECT range AS n, 'x' AS \"a\"\"b\", 1 AS n FROM range(5)", MaxRows: 2})
	require.NoError(t, err)
	f, err := encode.ByAccept("application/json")
	require.NoError(t, err)
	var b bytes.Buffer
	newest := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	size, err := encode.Write(t.Context(), &b, f, res, func() []ingest.Freshness {
		return []ingest.Freshness{{Source: "shop", NewestArrived: &newest, LagMS: new(int64(12))}}
	})
	require.NoError(t, err)
	require.EqualValues(t, len("\n[0,\"x\",1],\n[1,\"x\",1]"), size)
	require.JSONEq(t, fmt.Sprintf(`{"query_id": %q, "columns": [{"name": "n", "type": "BIGINT"}, {"name": "a\"b", "type": "VARCHAR"}, {"name": "n", "type": "INTEGER"}],
		"rows": [[0, "x", 1], [1, "x", 1]], "row_count": 2, "truncated": true, "elapsed_ms": %d, "bytes": %d,
		"freshness": [{"source": "shop", "newest_arrived_at": "2026-01-02T03:04:05Z", "lag_ms": 12}]}`, res.ID(), res.Elapsed().Milliseconds(), size), b.String())
	require.Contains(t, string(write(t, s, "json", "SELECT 1 WHERE false")), `"rows":[],"row_count":0,"truncated":false`)
}

func TestAnEmptyResultIsAWholeFile(t *testing.T) {
	s := service(t)
	const text = "SELECT 1 AS a, 'x' AS b, [1] AS c WHERE false"
	require.Equal(t, "a,b,c\r\n", string(write(t, s, "csv", text)))
	require.Empty(t, write(t, s, "ndjson", text))
	r, err := ipc.NewReader(bytes.NewReader(write(t, s, "arrow", text)))
	require.NoError(t, err)
	require.Equal(t, 3, r.Schema().NumFields())
	require.False(t, r.Next())
	require.NoError(t, r.Err())
	require.Equal(t, [][]string{{"0"}}, readParquet(t, write(t, s, "parquet", text), "SELECT count(*) FROM %s"))
}

func TestNamesThatRepeatBecomeUniqueWhereTheyMust(t *testing.T) {
	s := service(t)
	const text = "SELECT 1 AS a, 2 AS a_1, 3 AS a, 4 AS a"
	require.Equal(t, `{"a":1,"a_1":2,"a_2":3,"a_3":4}`+"\n", string(write(t, s, "ndjson", text)))
	require.Equal(t, "a,a_1,a,a\r\n1,2,3,4\r\n", string(write(t, s, "csv", text)))
	require.Equal(t, [][]string{{"1", "2", "3", "4"}}, readParquet(t, write(t, s, "parquet", text), "SELECT a, a_1, a_2, a_3 FROM %s"))
}

// readParquet reads a file with DuckDB's own reader.
func readParquet(t *testing.T, file []byte, text string) [][]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.parquet")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), fmt.Sprintf(text, "read_parquet('"+path+"')"))
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var all [][]string
	for rows.Next() {
		row, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		require.NoError(t, rows.Scan(into...))
		texts := make([]string, len(columns))
		for i, v := range row {
			texts[i] = v.String
			if !v.Valid {
				texts[i] = "NULL"
			}
		}
		all = append(all, texts)
	}
	require.NoError(t, rows.Err())
	return all
}

func TestAnIndependentReaderFindsInParquetWhatWasQueried(t *testing.T) {
	s := service(t)
	const columns = `i::TINYINT AS tiny, i AS big, i::UBIGINT AS ubig, -i::HUGEINT AS huge, (i / 8)::DOUBLE AS real, (i * 1.25)::DECIMAL(12, 2) AS small_dec, (i * 1.25)::DECIMAL(30, 4) AS large_dec,
		i % 2 = 0 AS flag, CASE WHEN i % 3 > 0 THEN 'text ' || i END AS text, ('x' || i)::BLOB AS blob, DATE '2026-01-01' + i::INTEGER AS day, TIME '01:02:03.000004' AS time,
		TIMESTAMP '2026-01-01 00:00:00.000001' + INTERVAL (i) HOUR AS ts, TIMESTAMPTZ '2026-01-01 00:00:00Z' AS tstz, TIMESTAMP_S '2026-01-01 00:00:01' AS ts_s,
		TIMESTAMP_MS '2026-01-01 00:00:00.001' AS ts_ms, TIMESTAMP_NS '2026-01-01 00:00:00.000000001' AS ts_ns,
		'00112233-4455-6677-8899-aabbccddeeff'::UUID AS id, CASE WHEN i % 4 > 0 THEN [i, NULL, i + 1] END AS list, {'a': i, 'b': {'c': 'x'}} AS st, MAP {'k': i} AS m, '{"a": 1}'::JSON AS doc, NULL AS nothing`
	const from = " FROM range(100) t(i)"
	file := write(t, s, "parquet", "SELECT "+columns+from)
	// The same values, read back by another program, must be the same text.
	list := strings.Fields("tiny big ubig huge real small_dec large_dec flag text blob day time ts tstz ts_s ts_ms ts_ns id list st m doc nothing")
	text := "SELECT " + strings.Join(list, "::VARCHAR, ") + "::VARCHAR FROM "
	got := readParquet(t, file, text+"%s")
	var exact bytes.Buffer
	format, err := encode.ByName("csv")
	require.NoError(t, err)
	format.Formulas = true
	_, err = encode.Write(t.Context(), &exact, format, start(t, s, text+"(SELECT "+columns+from+")"), nil)
	require.NoError(t, err)
	want := readCSV(t, exact.Bytes())
	for i := range want {
		want[i][3] = strings.TrimSuffix(want[i][3], ".0")
	}
	require.Len(t, got, 100)
	require.Equal(t, want, got)

	types := readParquet(t, file, "SELECT column_type FROM (DESCRIBE SELECT * FROM %s)")
	require.Equal(t, "[[TINYINT] [BIGINT] [UBIGINT] [DECIMAL(38,0)] [DOUBLE] [DECIMAL(12,2)] [DECIMAL(30,4)] [BOOLEAN] [VARCHAR] [BLOB] [DATE] [TIME] [TIMESTAMP] "+
		"[TIMESTAMP WITH TIME ZONE] [TIMESTAMP] [TIMESTAMP] [TIMESTAMP_NS] [UUID] [BIGINT[]] [STRUCT(a BIGINT, b STRUCT(c VARCHAR))] [MAP(VARCHAR, BIGINT)] [JSON] [INTEGER]]", fmt.Sprint(types))
}

func readCSV(t *testing.T, file []byte) [][]string {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	require.NoError(t, err)
	for _, row := range all {
		for i, v := range row {
			if v == "" {
				row[i] = "NULL"
			}
		}
	}
	return all[1:]
}

func TestAnIndependentReaderFindsAllRowGroups(t *testing.T) {
	s := service(t)
	file := write(t, s, "parquet", "SELECT i, 'row ' || i AS s FROM range(300000) t(i)")
	require.Equal(t, [][]string{{"300000", "300000", "44999850000", "3"}},
		readParquet(t, file, "SELECT count(*), count(DISTINCT s), sum(i)::VARCHAR, (SELECT count(DISTINCT row_group_id) FROM parquet_metadata('"+keep(t, file)+"')) FROM %s"))
}

func keep(t *testing.T, file []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kept.parquet")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	return path
}

func TestArrowHoldsEveryRow(t *testing.T) {
	s := service(t)
	r, err := ipc.NewReader(bytes.NewReader(write(t, s, "arrow", "SELECT i, 'row ' || i AS s, [i] AS l FROM range(10000) t(i)")))
	require.NoError(t, err)
	n := int64(0)
	for r.Next() {
		n += r.RecordBatch().NumRows()
	}
	require.NoError(t, r.Err())
	require.EqualValues(t, 10_000, n)
}

// failing is a writer that breaks after some bytes.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestAReaderThatLeavesEndsTheQuery(t *testing.T) {
	s := service(t)
	for _, f := range encode.Formats() {
		_, err := encode.Write(t.Context(), &failing{left: 10_000}, f, start(t, s, "SELECT * FROM range(1000000)"), nil)
		require.ErrorIs(t, err, io.ErrClosedPipe, f.Name)
		require.Empty(t, s.Running())
	}
}

func TestAQueryThatFailsInTheMiddleLeavesNoFileThatLooksWhole(t *testing.T) {
	// One thread: of several, one that was interrupted because another failed may be heard first (duckdb/duckdb#25902).
	s := serviceOf(t, 1)
	for _, f := range encode.Formats() {
		var b bytes.Buffer
		_, err := encode.Write(t.Context(), &b, f, start(t, s, "SELECT CASE WHEN i < 900000 THEN i ELSE error('late') END AS n FROM range(1000000) t(i)"), nil)
		var e *fault.Error
		require.ErrorAs(t, err, &e, f.Name)
		require.Equal(t, "late", e.Message, f.Name)
		switch f.Name {
		case "json":
			require.False(t, json.Valid(b.Bytes()))
		case "parquet":
			require.False(t, bytes.HasSuffix(b.Bytes(), []byte("PAR1")) && b.Len() > 4)
		}
	}
}

func TestFilesThatCannotHoldANumberSaySoInsteadOfHoldingAnother(t *testing.T) {
	s := service(t)
	for _, f := range encode.Formats() {
		const largest = "170141183460469231731687303715884105727"
		var b bytes.Buffer
		_, err := encode.Write(t.Context(), &b, f, start(t, s, "SELECT "+largest+"::HUGEINT AS huge"), nil)
		if f.Name == "parquet" || f.Name == "arrow" {
			require.Equal(t, fault.Invalid, fault.CodeOf(err), f.Name)
			require.ErrorContains(t, err, `"huge"`)
		} else {
			require.NoError(t, err)
			require.Contains(t, b.String(), largest)
		}
	}
}

// BenchmarkExport writes a million rows of thirteen columns; MB are those of the output.
func BenchmarkExport(b *testing.B) {
	db, err := duckdb.Open(b.Context(), b.TempDir(), duckdb.Options{Threads: 2})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close(context.Background())) })
	s := query.New(db, query.Options{})
	const text = `SELECT 'shardId-00000000000' || (i % 4) AS _shard_id, i::HUGEINT * 1000003 AS _sequence_number, 'key-' || (i % 1000) AS _partition_key,
		TIMESTAMP '2026-01-01' + INTERVAL (i) MILLISECOND AS _arrived_at, TIMESTAMP '2026-01-01' + INTERVAL (i) MILLISECOND AS _ingested_at,
		['view', 'search', 'add_to_cart', 'purchase'][1 + i % 4] AS event_type, 'sess-' || md5((i // 20)::VARCHAR) AS session_id, i % 5000 AS product_id,
		(i % 10000) / 100.0 AS price, i % 5 AS quantity, i % 2 = 0 AS member, 'https://example.com/p/' || (i % 5000) || '?ref=mail' AS referrer,
		CASE WHEN i % 3 = 0 THEN 'Mozilla/5.0 (X11; Linux x86_64)' END AS agent FROM range(1000000) t(i)`
	for _, f := range encode.Formats() {
		b.Run(f.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var n counter
				_, err := encode.Write(b.Context(), &n, f, start(b, s, text), nil)
				require.NoError(b, err)
				b.SetBytes(int64(n))
			}
		})
	}
}

// counter counts what is written.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
