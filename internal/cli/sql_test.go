package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const query = "POST /api/v1/query"

const mixed = `{"query_id":"q1","columns":[{"name":"name","type":"VARCHAR"},{"name":"n","type":"BIGINT"},{"name":"share","type":"DECIMAL(10,2)"},
	{"name":"tags","type":"BIGINT[]"},{"name":"data","type":"JSON"},{"name":"ok","type":"BOOLEAN"}],
	"rows":[["東京",1,0.50,[1,2],"{\"a\":1}",true],["a<b",9007199254740991,12.25,null,null,false],["two\nlines \u001b[2J","9223372036854775807",null,[],{"x":1},null]],
	"row_count":3,"truncated":true,"elapsed_ms":12,"freshness":[{"source":"empty","newest_arrived_at":null,"lag_ms":0}]}`

func TestSQLPrintsATableWithExactNumbersAndASummaryOnStandardError(t *testing.T) {
	serve(t, map[string]answer{query: {body: mixed}})
	got := helios(t, "", "sql", "SELECT 1")
	require.Zero(t, got.code, got.talk)
	golden(t, "sql_table", got.out+"--- standard error\n"+got.talk)
}

func TestTimesOfAColumnHaveAsManyDigitsAsTheLongest(t *testing.T) {
	serve(t, map[string]answer{query: {body: `{"columns":[{"name":"at","type":"TIMESTAMP"},{"name":"whole","type":"TIMESTAMP WITH TIME ZONE"},{"name":"text","type":"VARCHAR"}],
		"rows":[["2026-03-01T12:00:57.87Z","2026-03-01T12:00:57Z","12:00:00.5"],["2026-03-01T12:00:57.749Z",null,"12:00:00.25"],["2026-03-01T12:00:58Z","2026-03-01T12:00:58Z","x"],["infinity",null,null]]}`}})
	got := helios(t, "", "sql", "SELECT 1")
	require.Contains(t, got.out, "2026-03-01T12:00:57.870Z  2026-03-01T12:00:57Z  12:00:00.5\n")
	require.Contains(t, got.out, "2026-03-01T12:00:58.000Z  2026-03-01T12:00:58Z  x\n")
	require.Contains(t, got.out, "\ninfinity ")
}

func TestSQLSendsLimitsAndParametersAsTheyAreMeant(t *testing.T) {
	server := serve(t, map[string]answer{query: {body: `{"columns":[],"rows":[]}`}})
	got := helios(t, "", "sql", "SELECT $a", "--max-rows", "5", "--timeout", "1500ms", "-p", "n=9223372036854775807", "-p", "text=a=b",
		"-p", "zeros=007", "-p", `quoted="7"`, "-p", "none=null", "-p", "yes=true", "-p", "list=[1]", "-p", "empty=")
	require.Zero(t, got.code, got.talk)
	require.JSONEq(t, `{"sql":"SELECT $a","max_rows":5,"timeout_ms":1500,"params":{"n":9223372036854775807,"text":"a=b","zeros":"007","quoted":"7",
		"none":null,"yes":true,"list":"[1]","empty":""}}`, server.saw()[0].body)
	require.Contains(t, server.saw()[0].body, `"n":9223372036854775807`, "not rounded")
}

func TestAStatementMayBeginWithAComment(t *testing.T) {
	server := serve(t, map[string]answer{query: {body: `{"columns":[],"rows":[]}`}})
	for _, statement := range []string{"-- comment\nSELECT 1", "--a b=c\nSELECT 1", "-- x"} {
		helios(t, "", "sql", statement, "--max-rows", "5")
	}
	require.Len(t, server.saw(), 2, "a comment alone is no statement")
	require.JSONEq(t, `{"sql":"-- comment\nSELECT 1","max_rows":5}`, server.saw()[0].body)
	got := helios(t, "", "sql", "SELECT 1", "--max-rows=x y")
	require.Contains(t, got.talk, `--max-rows "x y" is not a whole number`)
}

func TestAPlanIsPrintedAsItIsDrawn(t *testing.T) {
	serve(t, map[string]answer{query: {body: `{"columns":[{"name":"explain_key","type":"VARCHAR"},{"name":"explain_value","type":"VARCHAR"}],
		"rows":[["physical_plan","┌───┐\n│ a\u001b │\n└───┘\n"]],"row_count":1}`}})
	require.Equal(t, "┌───┐\n│ a\\u001b │\n└───┘\n", helios(t, "", "sql", "EXPLAIN SELECT 1").out)
}

func TestAnErrorInAFileSaysFileAndLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "q.sql")
	require.NoError(t, os.WriteFile(file, []byte("\n-- a note\nSELECT\n  FORM t;\n"), 0o600))
	serve(t, map[string]answer{query: problem(422, `"code":"invalid","detail":"no","line":3,"column":3,"position":20`)})
	got := helios(t, "", "sql", "--file", file)
	require.Equal(t, "helios: "+file+":4: no.\n4 |   FORM t\n      ^\n", got.talk)
	serve(t, map[string]answer{query: problem(504, `"code":"timeout","detail":"too slow"`)})
	require.Equal(t, "helios: "+file+":2: too slow.\n", helios(t, "", "sql", "--file", file).talk)
}

func TestSQLRunsTheStatementsOfAFileOrOfStandardInput(t *testing.T) {
	server := serve(t, map[string]answer{query: {body: `{"columns":[{"name":"a","type":"BIGINT"}],"rows":[[1]],"row_count":1}`}})
	file := filepath.Join(t.TempDir(), "report.sql")
	require.NoError(t, os.WriteFile(file, []byte("SELECT ';';\n-- a note\nSELECT 2"), 0o600))
	require.Zero(t, helios(t, "", "sql", "--file", file).code)
	require.Zero(t, helios(t, "SELECT 3;", "sql").code)
	require.Zero(t, helios(t, "SELECT 4", "sql", "-f", "-").code)
	var sent []string
	for _, r := range server.saw() {
		sent = append(sent, r.body)
	}
	require.Equal(t, []string{`{"sql":"SELECT ';'"}`, `{"sql":"-- a note\nSELECT 2"}`, `{"sql":"SELECT 3"}`, `{"sql":"SELECT 4"}`}, sent)
}

func TestSQLPassesOtherFormatsThroughUntouched(t *testing.T) {
	trailers := map[string]string{"Helios-Row-Count": "2000", "Helios-Truncated": "true"}
	server := serve(t, map[string]answer{query: {media: "text/csv", body: "a,b\r\n1,\"x\x1b\"\r\n", trailers: trailers}})
	for format, media := range map[string]string{
		"csv": "text/csv", "ndjson": "application/x-ndjson", "json": "application/json", "parquet": "application/vnd.apache.parquet",
	} {
		got := helios(t, "", "sql", "SELECT 1", "--format", format)
		require.Zero(t, got.code, got.talk)
		require.Equal(t, "a,b\r\n1,\"x\x1b\"\r\n", got.out)
		require.Contains(t, got.talk, "Only the first 2,000 rows are there")
		all := server.saw()
		require.Equal(t, media, all[len(all)-1].accept)
	}
	require.Zero(t, helios(t, "", "sql", "--format", "csv", "--keep-formulas", "SELECT 1").code)
	sent := server.saw()
	require.JSONEq(t, `{"sql":"SELECT 1","formulas":"keep"}`, sent[len(sent)-1].body)
	require.JSONEq(t, `{"sql":"SELECT 1"}`, sent[0].body)
	require.Equal(t, 2, helios(t, "", "sql", "--format", "json", "--keep-formulas", "SELECT 1").code)
	require.Zero(t, helios(t, "", "sql", "--json", "SELECT 1").code)
	all := server.saw()
	require.Equal(t, "application/json", all[len(all)-1].accept)
}

func TestSQLWritesNoParquetToATerminalAndNoTwoResultsIntoOneFile(t *testing.T) {
	server := serve(t, nil)
	for _, got := range []result{
		heliosOnTerminal(t, "", "sql", "--format", "parquet", "SELECT 1"),
		helios(t, "", "sql", "--format", "parquet", "SELECT 1; SELECT 2"),
	} {
		require.Equal(t, 2, got.code)
		require.Contains(t, got.talk, "> result.parquet")
	}
	require.Empty(t, server.saw())
}

func TestSQLErrorsPointAtThePlace(t *testing.T) {
	for _, c := range []struct {
		name, sql, members, want string
	}{
		{
			"in the second line, behind a tab and wide characters", "SELECT 1\n\t, '東京' FORM t", `"line":2,"column":9,"position":20`,
			"helios: syntax error at or near \"FORM\". See the manual.\n2 |  , '東京' FORM t\n              ^\n",
		},
		{
			"at the end", "SELECT", `"line":1,"column":7,"position":6`,
			"helios: syntax error at or near \"FORM\". See the manual.\n1 | SELECT\n          ^\n",
		},
		{
			"nowhere that is there", "SELECT", `"line":7,"column":1,"position":99`,
			"helios: syntax error at or near \"FORM\". See the manual.\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			serve(t, map[string]answer{query: problem(422, `"code":"invalid","detail":"syntax error\n  at or near \"FORM\"","hint":"see the manual",`+c.members)})
			got := helios(t, "", "sql", c.sql)
			require.Equal(t, 1, got.code)
			require.Equal(t, c.want, got.talk)
		})
	}
}

func TestSQLShowsTheSurroundingsOfAPlaceInALongLine(t *testing.T) {
	long := ""
	for range 60 {
		long += "abcdefghi "
	}
	serve(t, map[string]answer{query: problem(422, `"code":"invalid","detail":"no","position":300,"line":1,"column":301`)})
	golden(t, "sql_long_line", helios(t, "", "sql", long).talk)
}
