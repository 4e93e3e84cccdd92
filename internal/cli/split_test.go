package cli

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/client"
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
			require.Equal(t, c.whole, texts(whole))
			require.Equal(t, c.rest, rest.sql)
		})
	}
}

func texts(all []statement) (found []string) {
	for _, one := range all {
		found = append(found, one.sql)
	}
	return found
}

func TestSplitKnowsTheLineOnWhichAStatementBegins(t *testing.T) {
	whole, rest := split("\n-- SELECT 1\nSELECT 1;;\n\n/* SELECT\n2; */; SELECT\n2;\nSELECT 3")
	require.Equal(t, []statement{{"-- SELECT 1\nSELECT 1", 2}, {"SELECT\n2", 6}}, whole)
	require.Equal(t, statement{"SELECT 3", 8}, rest)
}

func FuzzSplitLosesNoCharacterButSpaceCommentsAndSemicolons(f *testing.F) {
	f.Add("SELECT ';' -- x\n; SELECT $$a$$ /* b */ E'\\''")
	f.Fuzz(func(t *testing.T, text string) {
		whole, rest := split(text)
		for _, one := range append(whole, rest) {
			require.Contains(t, text, one.sql)
			again, more := split(one.sql + "\n;")
			if one.sql != "" && len(again) > 0 {
				require.Equal(t, one.sql, again[0].sql)
				require.Empty(t, more.sql)
			}
		}
		require.LessOrEqual(t, len(strings.Join(texts(whole), ";"))+len(rest.sql), len(text))
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

func TestThePromptObeysCommandsInTheMiddleOfAStatement(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, r.Method+" "+r.URL.Path+" "+string(body))
		_, _ = io.WriteString(w, `{"tables":[{"name":"clicks"}],"columns":[{"name":"a"},{"name":"b"}],"rows":[["x","BIGINT"]]}`)
	}))
	defer server.Close()
	api, err := client.New(server.URL, client.Options{})
	require.NoError(t, err)
	defer api.Close()
	var out, talk bytes.Buffer
	s := &session{console: &console{out: &out, talk: &talk}, api: api, format: "table", remember: func(string) {}}
	for _, line := range []string{"SELECT", `\d`, `  \d quarantine.order;`, `\frob`, `\?`, "Help", ".5 +", "1;", ".tables"} {
		require.True(t, s.take(t.Context(), line), line)
	}
	require.Equal(t, []string{
		"GET /api/v1/tables ",
		`POST /api/v1/query {"sql":"SELECT column_name, column_type FROM (DESCRIBE quarantine.\"order\")"}`,
		`POST /api/v1/query {"sql":"SELECT\n.5 +\n1"}`,
	}, asked)
	require.Contains(t, out.String(), "clicks")
	require.Contains(t, talk.String(), `There is no command \frob`)
	require.Contains(t, talk.String(), "There is no command .tables; \\d lists the tables")
	require.Equal(t, 2, strings.Count(talk.String(), `\d quarantine.TABLE`), "once for each word for help")
	for _, word := range []string{"exit", "QUIT;", `\q`} {
		s.pending = "SELECT "
		require.False(t, s.take(t.Context(), word), word)
	}
}

func TestHintsPutCommandsIntoBackticks(t *testing.T) {
	for in, want := range map[string]string{
		"helios sources list shows those there are":   "`helios sources list` shows those there are",
		"see `helios sql --help`":                     "see `helios sql --help`",
		"remove it with helios sources remove clicks": "remove it with `helios sources remove clicks`",
		"start helios again":                          "start helios again",
		"name one of helios streams list":             "name one of `helios streams list`",
	} {
		require.Equal(t, want, quoteCommands(in))
	}
}
