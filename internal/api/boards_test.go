package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/api/apitest"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

// keeping is the API with a catalog of its own.
func keeping(t *testing.T) http.Handler {
	t.Helper()
	c, err := catalog.Open(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	w := world()
	w.Keep = func(d *api.Deps) {
		d.SavedQueries, d.Dashboards, d.History = c, c, catalog.NewHistory(c, slog.New(slog.DiscardHandler))
		d.Inspector = query.NewInspector(query.New(apitest.Engine{}, query.Options{}), language{})
		d.About = func(context.Context) (api.About, error) { return api.About{Version: "v1.2.3"}, nil }
	}
	return w.Handler()
}

// language answers with what it was asked.
type language struct{}

func (language) Dialect(context.Context) (query.Dialect, error) {
	return query.Dialect{Engine: "Test", Keywords: []string{"rows"}, Types: []string{}, Functions: []query.Function{}}, nil
}

func (language) Explain(_ context.Context, _ query.Ask, sql string, params any, analyze bool) (query.Plan, error) {
	return query.Plan{Text: fmt.Sprint(sql, params, analyze), Plan: query.PlanNode{Operator: "SCAN", Detail: map[string]string{}, Children: []query.PlanNode{}}}, nil
}

func (language) Column(_ context.Context, _ query.Ask, table, column string) (query.ColumnStatistics, error) {
	if table != "clicks" {
		return query.ColumnStatistics{}, fault.New(fault.NotFound, "there is no table %s", table)
	}
	return query.ColumnStatistics{Name: column, Top: []query.ValueCount{}, Examples: []string{}}, nil
}

// asked is the JSON of an answer of that status.
func asked(t *testing.T, h http.Handler, status int, method, path, body string) map[string]any {
	t.Helper()
	w := call(t, h, method, "/api/v1"+path, body)
	require.Equal(t, status, w.Code, "%s %s: %s", method, path, w.Body)
	var v map[string]any
	if w.Body.Len() > 0 {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
	}
	return v
}

const viewsQuery = `{"name":"Views by minute","sql":"SELECT $n","params":{"n":9007199254740993},"chart":{"kind":"line","x":"at","y":["views"]}}`

func TestAQueryIsSavedChangedAndDeleted(t *testing.T) {
	h := keeping(t)
	require.Empty(t, asked(t, h, 200, "GET", "/saved-queries", "")["saved_queries"])
	saved := asked(t, h, 201, "POST", "/saved-queries", viewsQuery)
	require.Equal(t, "views-by-minute", saved["id"])
	require.Empty(t, saved["description"])
	w := call(t, h, "GET", "/api/v1/saved-queries/views-by-minute", "")
	require.Contains(t, w.Body.String(), `"params":{"n":9007199254740993}`, "no digit is lost")

	changed := asked(t, h, 200, "PUT", "/saved-queries/views-by-minute", `{"name":"Other","sql":"SELECT 2"}`)
	require.Equal(t, []any{"views-by-minute", "Other", map[string]any{}, nil}, []any{changed["id"], changed["name"], changed["params"], changed["chart"]})
	asked(t, h, 404, "PUT", "/saved-queries/nothing", `{"name":"Other","sql":"SELECT 2"}`)
	for _, bad := range []string{`{"name":"x"}`, `{"name":"x","sql":"SELECT 1","chart":{"kind":"radar","y":[]}}`, `{"name":"","sql":"SELECT 1"}`} {
		problem(t, call(t, h, "POST", "/api/v1/saved-queries", bad), 422, fault.Invalid)
	}
	for _, bad := range []string{`{"name":"x","sql":" "}`, `{"name":"x","sql":"SELECT 1","params":{"n":{}}}`} {
		problem(t, call(t, h, "POST", "/api/v1/saved-queries", bad), 400, fault.Invalid)
	}
	asked(t, h, 204, "DELETE", "/saved-queries/views-by-minute", "")
	asked(t, h, 404, "GET", "/saved-queries/views-by-minute", "")
}

func TestADashboardIsSharedByTwoWhoCannotUndoEachOther(t *testing.T) {
	h := keeping(t)
	const panels = `"panels":[{"title":"Views","query":"views-by-minute","layout":{"x":0,"y":0,"w":6,"h":7}}]`
	p := problem(t, call(t, h, "POST", "/api/v1/dashboards", `{"title":"Shop",`+panels+`}`), 400, fault.Invalid)
	require.Contains(t, p["detail"], "views-by-minute")
	asked(t, h, 201, "POST", "/saved-queries", viewsQuery)
	made := asked(t, h, 201, "POST", "/dashboards", `{"title":"Shop","range":"15m","refresh_seconds":5,`+panels+`}`)
	require.Equal(t, []any{"shop", "15m", 5.0, 1.0}, []any{made["id"], made["range"], made["refresh_seconds"], made["revision"]})
	require.Equal(t, "views", made["panels"].([]any)[0].(map[string]any)["id"])

	asked(t, h, 200, "PUT", "/dashboards/shop", `{"revision":1,"title":"Mine","panels":[]}`)
	p = problem(t, call(t, h, "PUT", "/api/v1/dashboards/shop", `{"revision":1,"title":"Theirs","panels":[]}`), 409, fault.Conflict)
	require.NotEmpty(t, p["hint"])
	problem(t, call(t, h, "PUT", "/api/v1/dashboards/shop", `{"title":"No revision","panels":[]}`), 422, fault.Invalid)
	require.Equal(t, "Mine", asked(t, h, 200, "GET", "/dashboards/shop", "")["title"])

	asked(t, h, 200, "PUT", "/dashboards/shop", `{"revision":2,"title":"Shop",`+panels+`}`)
	p = problem(t, call(t, h, "DELETE", "/api/v1/saved-queries/views-by-minute", ""), 409, fault.Conflict)
	require.Contains(t, p["detail"], `"Shop"`)
	require.Len(t, asked(t, h, 200, "GET", "/dashboards", "")["dashboards"], 1)
	asked(t, h, 204, "DELETE", "/dashboards/shop", "")
	asked(t, h, 404, "GET", "/dashboards/shop/export", "")
}

func TestAnExportIsReadableAndImportedAsItIs(t *testing.T) {
	from, to := keeping(t), keeping(t)
	asked(t, from, 201, "POST", "/saved-queries", strings.Replace(viewsQuery, "$n", "$n WHERE 1 < 2", 1))
	asked(t, from, 201, "POST", "/dashboards", `{"title":"Shop","panels":[{"title":"Views","query":"views-by-minute","chart":{"kind":"table","y":[]},"layout":{"x":0,"y":0,"w":6,"h":7}}]}`)
	text := call(t, from, "GET", "/api/v1/dashboards/shop/export", "").Body.String()
	require.Contains(t, text, "\n  \"dashboards\": [\n")
	require.Contains(t, text, "SELECT $n WHERE 1 < 2")
	require.NotContains(t, text, "revision")
	require.NotContains(t, text, "_at\"")
	for range 2 {
		got := asked(t, to, 200, "POST", "/dashboards/import", text)
		require.Len(t, got["queries"], 1)
		require.InDelta(t, 1, got["dashboards"].([]any)[0].(map[string]any)["revision"], 0)
	}
	require.Equal(t, text, call(t, to, "GET", "/api/v1/dashboards/shop/export", "").Body.String())
	other := strings.Replace(text, "SELECT $n WHERE 1 < 2", "SELECT 2", 1)
	problem(t, call(t, to, "POST", "/api/v1/dashboards/import", other), 409, fault.Conflict)
	asked(t, to, 200, "POST", "/dashboards/import?replace=true", other)
	require.Equal(t, "SELECT 2", asked(t, to, 200, "GET", "/saved-queries/views-by-minute", "")["sql"])
}

func TestTheHistoryRemembersWhatWasAskedForAndNothingElse(t *testing.T) {
	h := keeping(t)
	require.Empty(t, asked(t, h, 200, "GET", "/query-history", "")["entries"])
	run := func(body, accept string) int64 {
		w := call(t, h, "POST", "/api/v1/query", body, "Accept: "+accept)
		return int64(w.Body.Len())
	}
	run(`{"sql":"rows 1"}`, "*/*")
	whole := run(`{"sql":"rows 3","history":true,"params":{"n":9007199254740993}}`, "text/csv")
	run(`{"sql":"write rows","history":true}`, "*/*")
	w := call(t, h, "POST", "/api/v1/query", `{"sql":"rows 2","history":true}`)
	var answer struct {
		Bytes int64 `json:"bytes"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	require.Positive(t, answer.Bytes)

	var list struct {
		Entries []query.Past `json:"entries"`
		Next    string       `json:"next"`
	}
	get := func(path string) {
		list.Entries, list.Next = nil, ""
		require.NoError(t, json.Unmarshal(call(t, h, "GET", "/api/v1/query-history"+path, "").Body.Bytes(), &list))
	}
	get("?limit=2")
	require.Len(t, list.Entries, 2)
	require.Equal(t, []any{"rows 2", "ok", int64(2), answer.Bytes}, []any{list.Entries[0].SQL, list.Entries[0].Outcome, list.Entries[0].Rows, list.Entries[0].Bytes})
	require.Equal(t, []any{"refused", "only reading is allowed"}, []any{list.Entries[1].Outcome, list.Entries[1].Error})
	get("?before=" + list.Next)
	require.Len(t, list.Entries, 1)
	require.Empty(t, list.Next)
	require.Equal(t, whole, list.Entries[0].Bytes)
	require.JSONEq(t, `{"n":9007199254740993}`, string(list.Entries[0].Params))
	get("?search=WRITE")
	require.Len(t, list.Entries, 1)
	asked(t, h, 204, "DELETE", "/query-history/"+list.Entries[0].ID, "")
	asked(t, h, 404, "DELETE", "/query-history/"+list.Entries[0].ID, "")
	asked(t, h, 204, "DELETE", "/query-history", "")
	get("")
	require.Empty(t, list.Entries)
}

func TestTheConsoleLearnsAboutSQLAndColumns(t *testing.T) {
	h := keeping(t)
	require.Equal(t, "Test", asked(t, h, 200, "GET", "/sql/dialect", "")["engine"])
	plan := asked(t, h, 200, "POST", "/sql/explain", `{"sql":"SELECT $n","params":{"n":1},"analyze":true}`)
	require.Equal(t, "SELECT $nmap[n:1] true", plan["text"])
	require.Equal(t, "id", asked(t, h, 200, "GET", "/tables/clicks/columns/id", "")["name"])
	require.Equal(t, `a/"b`, asked(t, h, 200, "GET", "/tables/clicks/columns/a%2F%22b", "")["name"])
	problem(t, call(t, h, "GET", "/api/v1/tables/nothing/columns/id", ""), 404, fault.NotFound)
	require.Equal(t, "v1.2.3", asked(t, h, 200, "GET", "/about", "")["version"])
}

func TestWhatHasTheSameLongNameCanBeChangedToo(t *testing.T) {
	h := keeping(t)
	name := strings.Repeat("x", 120)
	for range 2 {
		id := asked(t, h, 201, "POST", "/saved-queries", `{"name":"`+name+`","sql":"SELECT 1"}`)["id"].(string)
		require.Equal(t, "SELECT 2", asked(t, h, 200, "PUT", "/saved-queries/"+id, `{"name":"`+name+`","sql":"SELECT 2"}`)["sql"])
		panel := `{"title":"` + name + `","query":"` + id + `","layout":{"x":0,"y":0,"w":1,"h":1}}`
		d := asked(t, h, 201, "POST", "/dashboards", `{"title":"`+name+`","panels":[`+panel+`,`+panel+`]}`)
		id = d["id"].(string)
		for _, key := range []string{"id", "created_at", "updated_at"} {
			delete(d, key)
		}
		body, err := json.Marshal(d)
		require.NoError(t, err)
		asked(t, h, 200, "PUT", "/dashboards/"+id, string(body))
		asked(t, h, 200, "POST", "/dashboards/import", call(t, h, "GET", "/api/v1/dashboards/"+id+"/export", "").Body.String())
	}
}
