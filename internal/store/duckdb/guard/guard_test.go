package guard_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/store/duckdb/guard"
)

var rules = guard.Guard{Catalog: "db", Schemas: []string{"main", "quarantine", "helios"}}

// trees are those of the store's harmless statements.
func trees(tb testing.TB) []string {
	tb.Helper()
	text, err := os.ReadFile("testdata/trees.ndjson")
	require.NoError(tb, err)
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func TestTreesOfHarmlessStatementsAreAllowed(t *testing.T) {
	for _, tree := range trees(t) {
		_, err := rules.Check("", []byte(tree), query.Everything())
		require.NoError(t, err, tree)
	}
}

func TestARefusalSaysWhere(t *testing.T) {
	sql := "SELECT 1,\n  'ü', nextval('s')"
	_, err := rules.Check(sql, []byte(`{"statements":[{"node":{"type":"SELECT_NODE","select_list":[
		{"class":"FUNCTION","type":"FUNCTION","function_name":"NextVal","query_location":18}]}}]}`), query.Everything())
	require.Equal(t, fault.Refused, fault.CodeOf(err))
	var e *query.SQLError
	require.ErrorAs(t, err, &e)
	require.Equal(t, query.SQLError{Message: "nextval is not allowed: it moves a sequence", Position: 18, Line: 2, Column: 8}, *e)
}

func TestAParserErrorSaysWhere(t *testing.T) {
	_, err := rules.Check("SELEC 1", []byte(`{"error":true,"error_type":"parser","error_message":"syntax error","position":"0"}`), query.Everything())
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	var e *query.SQLError
	require.ErrorAs(t, err, &e)
	require.Equal(t, query.SQLError{Message: "syntax error", Position: 0, Line: 1, Column: 1}, *e)
}

func TestWhatTheGuardDoesNotKnowIsRefused(t *testing.T) {
	for _, node := range []string{
		`{"type":"INSERT_NODE"}`,
		`{"type":"SELECT_NODE","from_table":{"type":"COLUMN_DATA"}}`,
		`{"type":"SELECT_NODE","select_list":[{"class":"BOUND_FUNCTION"}]}`,
		`{"type":"SELECT_NODE","select_list":[{"class":"DEFAULT"}]}`,
		`{"type":"SELECT_NODE","from_table":{"type":"TABLE_FUNCTION"}}`,
		`{"type":"SELECT_NODE","from_table":{"type":"TABLE_FUNCTION","function":{"function_name":"brand_new"}}}`,
	} {
		_, err := rules.Check("", []byte(`{"statements":[{"node":`+node+`}]}`), query.Everything())
		require.Equal(t, fault.Refused, fault.CodeOf(err), node)
	}
}

func TestExplainIsTakenApart(t *testing.T) {
	for sql, want := range map[string][2]string{
		"SELECT 1":         {"", "SELECT 1"},
		"explain SELECT 1": {"EXPLAIN ", " SELECT 1"},
		" -- x\n/* /* */ */ Explain\tANALYZE FROM t": {"EXPLAIN ANALYZE ", " FROM t"},
		"EXPLAIN (FORMAT json) SELECT 1":             {"EXPLAIN (FORMAT json ) ", " SELECT 1"},
		"EXPLAIN (SELECT 1)":                         {"EXPLAIN ", " (SELECT 1)"},
		"EXPLAIN (ANALYZE 'x') SELECT 1":             {"EXPLAIN ", " (ANALYZE 'x') SELECT 1"},
		"'EXPLAIN' x":                                {"", "'EXPLAIN' x"},
		"EXPLAINX SELECT 1":                          {"", "EXPLAINX SELECT 1"},
		"/* EXPLAIN":                                 {"", "/* EXPLAIN"},
	} {
		prefix, rest := guard.Explain(sql)
		require.Equal(t, want, [2]string{prefix, rest}, sql)
	}
}

func TestAStatementIsNamedByItsKeyword(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT 'INSERT'; ":                       "SELECT",
		"SELECT 1; SELECT 2":                      "",
		"SELECT $$;$$; DROP TABLE x":              "DROP",
		"/* SELECT */ insert into x":              "INSERT",
		"WITH a AS (SELECT 1) UPDATE x SET a = 1": "UPDATE",
		"WITH a AS (SELECT 1) SELECT \"UPDATE\"":  "WITH",
		"SELECT $tag$ ; DROP $tag$":               "SELECT",
		"":                                        "",
	} {
		require.Equal(t, want, guard.Keyword(sql), sql)
	}
}

// A tree that is allowed holds no function and no table that is not, wherever it hides one.
func FuzzGuard(f *testing.F) {
	for _, tree := range trees(f) {
		f.Add(tree)
	}
	f.Fuzz(func(t *testing.T, tree string) {
		if _, err := rules.Check("", []byte(tree), query.Everything()); err != nil {
			return
		}
		var v struct {
			Statements []struct {
				Node any `json:"node"`
			} `json:"statements"`
		}
		require.NoError(t, json.NewDecoder(strings.NewReader(tree)).Decode(&v))
		require.Len(t, v.Statements, 1)
		every(v.Statements[0].Node, func(n map[string]any) {
			name, _ := n["function_name"].(string)
			name = strings.ToLower(name)
			if n["class"] == "FUNCTION" || n["class"] == "WINDOW" {
				require.NotEqual(t, "refused", guard.Verdict(false, name))
			}
			function, _ := n["function"].(map[string]any)
			if _, expression := n["class"]; n["type"] == "TABLE_FUNCTION" && !expression {
				name, _ := function["function_name"].(string)
				require.NotEqual(t, "refused", guard.Verdict(true, strings.ToLower(name)))
			}
		})
	})
}

// every visits all objects of a tree that are syntax.
func every(v any, do func(map[string]any)) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			every(e, do)
		}
	case map[string]any:
		if v["class"] == "CONSTANT" {
			return
		}
		do(v)
		for key, e := range v {
			if key == "function" { // of a table function: its name has been judged as such
				function, _ := e.(map[string]any)
				every(function["children"], do)
				continue
			}
			every(e, do)
		}
	}
}
