package duckdb_test

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

// leak is what every row holds that is beyond the scope of the tests.
const leak = "LEAK"

var onlyShop = query.Scope{Tables: []string{"Shop"}, System: true, Audit: true}

// openTwo opens a store with a table that may be read and one that may not, all of one column.
func openTwo(tb testing.TB) *duckdb.DB {
	tb.Helper()
	db := openStore(tb)
	require.NoError(tb, db.Exec(tb.Context(), `
		CREATE TABLE shop (mark VARCHAR NOT NULL);
		INSERT INTO shop VALUES ('ant'), ('bee');
		CREATE TABLE quarantine.shop AS FROM shop;
		CREATE TABLE secret (mark VARCHAR NOT NULL);
		INSERT INTO secret VALUES ('LEAK');
		CREATE TABLE quarantine.secret AS FROM secret;
		CREATE TABLE tokens AS FROM secret;
		CREATE TABLE "éclair" AS FROM secret;
		CREATE VIEW peek AS FROM secret`))
	return db
}

// refused is the error of a statement that is judged by a scope.
func refused(t *testing.T, db *duckdb.DB, text string, scope query.Scope) *fault.Error {
	t.Helper()
	_, err := db.Check(t.Context(), text, scope)
	var e *fault.Error
	require.ErrorAs(t, err, &e, text)
	return e
}

func TestNoStatementReadsATableBeyondItsScope(t *testing.T) {
	db := openTwo(t)
	list := statements(t, "testdata/beyond.sql")
	require.GreaterOrEqual(t, len(list), 60)
	name := regexp.MustCompile(`(?i)secret`)
	for _, text := range list {
		// It is the scope that stops it: who may read everything, or both tables, runs it.
		require.NoError(t, runThrough(t.Context(), db, text), text)
		_, err := db.Check(t.Context(), text, query.Scope{Tables: []string{"shop", "secret"}})
		require.NoError(t, err, text)

		e := refused(t, db, text, onlyShop)
		require.Equal(t, fault.Forbidden, e.Code, "%s: %s", text, e.Message)
		require.Regexp(t, `^you may not read .*(?i:secret)`, e.Message, text)
		require.Equal(t, "you may read Shop", e.Hint)

		// It says the same of a table that does not exist.
		other := refused(t, db, name.ReplaceAllString(text, "absent"), onlyShop)
		require.Equal(t, fault.Forbidden, other.Code, text)
		require.Equal(t, name.ReplaceAllString(e.Message, "absent"), other.Message, text)
		var at, otherAt *query.SQLError
		require.ErrorAs(t, e, &at, text)
		require.ErrorAs(t, other, &otherAt, text)
		require.Equal(t, at.Position, otherAt.Position, text)
	}
}

func TestNobodyWithALimitLearnsOfOtherTables(t *testing.T) {
	db := openTwo(t)
	for _, text := range statements(t, "testdata/telling.sql") {
		require.NoError(t, runThrough(t.Context(), db, text), text)
		e := refused(t, db, text, onlyShop)
		if e.Code != fault.Refused || !strings.Contains(e.Message, "needs the bare name of one table") {
			require.Equal(t, fault.Forbidden, e.Code, "%s: %s", text, e.Message)
		}
	}
	// What may be read may be missing: DuckDB would propose what else there is.
	s, err := db.Check(t.Context(), "FROM secre", query.Scope{Tables: []string{"secre"}})
	require.NoError(t, err)
	_, err = db.Run(t.Context(), s, nil)
	require.EqualError(t, err, "Table with name secre does not exist!")
	require.Empty(t, fault.HintOf(err))
}

func TestWhatIsWithinTheScopeRuns(t *testing.T) {
	db := openTwo(t)
	for _, text := range statements(t, "testdata/within.sql") {
		out, err := output(t, db, text, onlyShop)
		require.NoError(t, err, text)
		require.NotContains(t, out, leak, text)
	}
	for _, params := range []any{[]any{"ant"}, []any{leak}} {
		s, err := db.Check(t.Context(), "SELECT count(*) FROM shop WHERE mark = $1", onlyShop)
		require.NoError(t, err)
		rows, err := db.Run(t.Context(), s, params)
		require.NoError(t, err)
		require.NoError(t, rows.Close())
	}
	require.Equal(t, fault.Refused, refused(t, db, "SELECT * FROM pragma_table_info($1)", onlyShop).Code)
	require.Equal(t, fault.Forbidden, refused(t, db, "SELECT $1 FROM secret", onlyShop).Code)
	require.Equal(t, fault.Forbidden, refused(t, db, "SELECT 1 FROM shop", query.Scope{Tables: []string{}}).Code)
	require.Equal(t, "you may read no table", refused(t, db, "FROM shop", query.Scope{Tables: []string{}}).Hint)
}

// To strings.ToLower the Kelvin sign is a k, and É an é; to DuckDB they are not.
func TestNamesAreTheSameToTheGuardAsToDuckDB(t *testing.T) {
	db := openTwo(t)
	for _, text := range []string{"WITH \"to\u212Aens\" AS (FROM shop) FROM tokens", `WITH "Éclair" AS (FROM shop) FROM "éclair"`} {
		out, err := output(t, db, text, query.Everything())
		require.NoError(t, err)
		require.Contains(t, out, leak, "DuckDB does not take the name for that of the CTE")
		require.Equal(t, fault.Forbidden, refused(t, db, text, onlyShop).Code, text)
	}
	require.Equal(t, fault.Forbidden, refused(t, db, `FROM "éclair"`, query.Scope{Tables: []string{"Éclair"}}).Code)
	require.False(t, query.Scope{Tables: []string{"tokens"}}.Allows("to\u212Aens"))
}

func TestAViewIsReadByWhoMayReadTheViewAlone(t *testing.T) {
	db := openTwo(t)
	require.Equal(t, fault.Forbidden, refused(t, db, "FROM peek", onlyShop).Code)
	require.Equal(t, fault.Forbidden, refused(t, db, "FROM peek", query.Scope{Tables: []string{"secret"}}).Code)
	out, err := output(t, db, "FROM peek", query.Scope{Tables: []string{"peek"}})
	require.NoError(t, err)
	require.Contains(t, out, leak)
}

func TestSystemTablesAreForWhoMayReadThem(t *testing.T) {
	db := openTwo(t)
	for text, scope := range map[string]query.Scope{
		"FROM helios.positions":                           {Audit: true},
		"FROM db.helios.tables":                           {},
		"SELECT (SELECT count(*) FROM Helios.Volumes)":    {Audit: true},
		"FROM helios.audit":                               {System: true},
		`FROM "HELIOS"."Audit"`:                           {System: true},
		"DESCRIBE helios.audit":                           {System: true},
		"WITH audit AS (FROM shop) FROM helios.audit":     {System: true},
		"FROM shop UNION ALL SELECT id FROM helios.audit": {},
	} {
		e := refused(t, db, text, scope)
		require.Equal(t, fault.Forbidden, e.Code, text)
		require.Empty(t, e.Hint)
		_, err := db.Check(t.Context(), text, query.Everything())
		require.NoError(t, err, text)
	}
	for _, text := range []string{"FROM secret", "SHOW TABLES", "FROM duckdb_tables()", "FROM pragma_storage_info('secret')", "FROM information_schema.tables"} {
		_, err := output(t, db, text, query.Scope{})
		require.NoError(t, err, text)
	}
	require.Equal(t, fault.Refused, refused(t, db, "FROM pragma_storage_info('helios.positions')", query.Scope{}).Code)
}

// A table that is allowed and missing must not stand for something of DuckDB's own, whose names the guard knows by how they
// begin.
func TestNoNameOfATableStandsForADescriptionOfDuckDBs(t *testing.T) {
	db := openTwo(t)
	views, err := db.Query(t.Context(), "SELECT DISTINCT view_name FROM duckdb_views() WHERE internal")
	require.NoError(t, err)
	require.Greater(t, len(views), 20)
	for _, row := range views {
		name := row[0].(string)
		for _, from := range []string{"FROM " + name, "FROM main." + name, "FROM db." + name, "FROM db.main." + name, "FROM quarantine." + name} {
			_, err := output(t, db, from, query.Scope{Tables: []string{name}})
			require.Error(t, err, from)
		}
	}
	require.NoError(t, db.Exec(t.Context(), "CREATE TABLE pg_orders AS FROM shop"))
	_, err = output(t, db, "FROM db.main.pg_orders", query.Scope{Tables: []string{"pg_orders"}})
	require.NoError(t, err)
	require.Equal(t, "write db.main.pg_orders", refused(t, db, "FROM pg_orders", query.Scope{Tables: []string{"pg_orders"}}).Hint)
}

// When this fails, judge the macro: may who is limited to some tables call it?
func TestMacrosThatReadDescriptionsOfTablesAreKnown(t *testing.T) {
	db := openTwo(t)
	macros, err := db.Query(t.Context(), `SELECT DISTINCT function_name FROM duckdb_functions()
		WHERE function_type = 'macro' AND macro_definition ILIKE '%from%' AND function_name <> 'format_type' ORDER BY ALL`) // which reads types
	require.NoError(t, err)
	require.Equal(t, [][]any{{"get_block_size"}, {"pg_get_constraintdef"}, {"pg_get_viewdef"}}, macros)
}

func TestQueriesAndPlansAreJudgedByTheScopeOfTheirRequest(t *testing.T) {
	db := openTwo(t)
	queries := query.New(db, query.Options{})
	inspector := query.NewInspector(queries, db)
	for _, analyze := range []bool{false, true} {
		_, err := inspector.Explain(t.Context(), query.Request{SQL: "FROM shop", Scope: onlyShop}, analyze)
		require.NoError(t, err)
		_, err = inspector.Explain(t.Context(), query.Request{SQL: "FROM secret", Scope: onlyShop}, analyze)
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
	}
	_, err := queries.Start(t.Context(), query.Request{SQL: "FROM secret", Scope: onlyShop})
	require.Equal(t, fault.Forbidden, fault.CodeOf(err))
	result, err := queries.Start(t.Context(), query.Request{SQL: "FROM shop", Scope: onlyShop})
	require.NoError(t, err)
	require.NoError(t, result.Close())
	require.NoError(t, queries.Close(t.Context()))
}

// output is all that a statement gives, as text.
func output(t *testing.T, db *duckdb.DB, text string, scope query.Scope) (string, error) {
	t.Helper()
	s, err := db.Check(t.Context(), text, scope)
	if err != nil {
		return "", err
	}
	return unjudged(t, db, s)
}

// unjudged runs a statement, whatever the guard thinks of it.
func unjudged(t *testing.T, db *duckdb.DB, s query.Statement) (string, error) {
	t.Helper()
	rows, err := db.Run(t.Context(), s, nil)
	if err != nil {
		return "", err
	}
	defer func() { require.NoError(t, rows.Close()) }()
	var b strings.Builder
	for {
		batch, err := rows.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return b.String(), nil
			}
			return "", err
		}
		for i, column := range batch.Columns() {
			for r := range column.Len() {
				fmt.Fprintf(&b, "%d: %s\n", i, column.ValueStr(r))
			}
		}
		batch.Release()
	}
}

// What passes the guard because it names no table must not tell either, by DuckDB's error, whether there is one.
func TestErrorsDoNotTellWhichTablesThereAre(t *testing.T) {
	db := openTwo(t)
	for _, text := range []string{
		"SELECT NULL::tokens", "SELECT NULL::main.tokens", "SELECT tokens(1)", "SELECT main.tokens(mark) FROM shop", "SELECT (1).tokens()", "SELECT 'a' COLLATE tokens",
		"SELECT tokens FROM shop", "SELECT tokens.mark FROM shop", "SELECT main.tokens.mark FROM shop", "SELECT db.main.tokens.mark FROM shop", "SELECT tokens.* FROM shop",
		"SELECT COLUMNS(tokens.*) FROM shop", "SELECT * FROM shop JOIN shop AS b USING (tokens)", "SELECT getvariable('tokens')",
		"SELECT * FROM tokens(1)", "SELECT * FROM main.tokens()", "SELECT * FROM shop ORDER BY tokens", "SELECT sum(mark) OVER tokens FROM shop", "SELECT has_table_privilege('tokens', 'SELECT')",
		"SELECT enum_range(NULL::tokens)", "SELECT in_search_path('db', 'tokens')", "SELECT $tokens", "SELECT list_aggregate([1], 'tokens')", "SELECT 'tokens'::REGCLASS",
	} {
		told := func(text string) string {
			out, err := output(t, db, text, onlyShop)
			return strings.ReplaceAll(fmt.Sprint(out, err), "absent", "tokens")
		}
		require.Equal(t, told(text), told(strings.ReplaceAll(text, "tokens", "absent")), text)
	}
}
