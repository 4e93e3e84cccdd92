package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplitCutsAtSemicolonsThatEndStatements(t *testing.T) {
	for _, c := range []struct {
		name, text string
		whole      []string
		rest       string
	}{
		{"nothing", "  \n", nil, ""},
		{"one, unfinished", "SELECT 1", nil, "SELECT 1"},
		{"one", "SELECT 1;\n", []string{"SELECT 1"}, ""},
		{"two and a rest", "SELECT 1; SELECT 2 ;SELECT", []string{"SELECT 1", "SELECT 2"}, "SELECT"},
		{"empty statements", ";; SELECT 1;;", []string{"SELECT 1"}, ""},
		{"in a string", "SELECT ';'; x", []string{"SELECT ';'"}, "x"},
		{"in a string with a quote", "SELECT 'it''s; so';", []string{"SELECT 'it''s; so'"}, ""},
		{"a backslash is nothing special", `SELECT '\'; x`, []string{`SELECT '\'`}, "x"},
		{"in an escape string", `SELECT E'\'; y'; x`, []string{`SELECT E'\'; y'`}, "x"},
		{"a name that ends with e", `SELECT 1 AS e, name'\'; x`, []string{`SELECT 1 AS e, name'\'`}, "x"},
		{"in a name", `SELECT "a;b" FROM t;`, []string{`SELECT "a;b" FROM t`}, ""},
		{"in a line comment", "SELECT 1 -- no; end\n;", []string{"SELECT 1 -- no; end"}, ""},
		{"in a block comment", "SELECT /* ; /* ; */ ; */ 1;", []string{"SELECT /* ; /* ; */ ; */ 1"}, ""},
		{"only a comment", "-- nothing here; really", nil, ""},
		{"a comment after the end", "SELECT 1; -- done", []string{"SELECT 1"}, ""},
		{"in dollar quotes", "SELECT $$;$$; x", []string{"SELECT $$;$$"}, "x"},
		{"in tagged dollar quotes", "SELECT $a$;$b$;$a$; x", []string{"SELECT $a$;$b$;$a$"}, "x"},
		{"parameters are no quotes", "SELECT $1; SELECT $name; SELECT $2$", []string{"SELECT $1", "SELECT $name"}, "SELECT $2$"},
		{"an open string", "SELECT 'a; b", nil, "SELECT 'a; b"},
		{"an open comment", "SELECT 1 /* ;", nil, "SELECT 1 /* ;"},
		{"other scripts", "SELECT 'ä;東' AS ü; x", []string{"SELECT 'ä;東' AS ü"}, "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole, rest := split(c.text)
			require.Equal(t, c.whole, whole)
			require.Equal(t, c.rest, rest)
		})
	}
}

func FuzzSplitLosesNoCharacterButSpaceCommentsAndSemicolons(f *testing.F) {
	f.Add("SELECT ';' -- x\n; SELECT $$a$$ /* b */ E'\\''")
	f.Fuzz(func(t *testing.T, text string) {
		whole, rest := split(text)
		for _, statement := range append(whole, rest) {
			require.Contains(t, text, statement)
			again, more := split(statement + "\n;")
			if statement != "" && len(again) > 0 {
				require.Equal(t, statement, again[0])
				require.Empty(t, more)
			}
		}
		require.LessOrEqual(t, len(strings.Join(whole, ";"))+len(rest), len(text))
	})
}

func TestHistoryKeepsAStatementInOneLineWithoutLineComments(t *testing.T) {
	require.Equal(t, "SELECT 1,  '-- no comment' FROM t", inOneLine("SELECT 1, -- one\n '-- no comment'\nFROM t"))
}

func TestThePromptCompletesNames(t *testing.T) {
	all := names{"storefront", "quarantine.storefront", "session_id"}
	endings, length := all.Do([]rune("SELECT * FROM quar"), 18)
	require.Equal(t, 4, length)
	require.Equal(t, [][]rune{[]rune("antine.storefront")}, endings)
	endings, _ = all.Do([]rune("SELECT s FROM t"), 8)
	require.Len(t, endings, 2)
	endings, _ = all.Do([]rune("SELECT "), 7)
	require.Empty(t, endings)
}
