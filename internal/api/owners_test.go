package api_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

func TestAViewerRunsSavedQueriesAndNoOthers(t *testing.T) {
	h := twoTables(t)
	said(t, call(t, h, "POST", "/api/v1/saved-queries", `{"name":"Bound","sql":"params","params":{"n":1,"m":2}}`, h.as(auth.Analyst)), 201)
	viewer := h.as(auth.Viewer, "clicks")
	got := said(t, call(t, h, "POST", "/api/v1/saved-queries/bound/run", `{"params":{"n":9007199254740993}}`, viewer), 200)
	bound := got["rows"].([]any)[0].([]any)[1].(string)
	require.Contains(t, bound, `"n":9007199254740993`)
	require.Contains(t, bound, `"m":2`)
	require.Equal(t, []string{"clicks"}, h.scopes.last.Tables, "the viewer's scope, not that of who saved it")
	require.Contains(t, call(t, h, "POST", "/api/v1/saved-queries/bound/run", `{}`, h.session("admin@example.com"), "Accept: text/csv").Body.String(), "id,name")
	problem(t, call(t, h, "POST", "/api/v1/saved-queries/none/run", `{}`, viewer), 404, fault.NotFound)
	problem(t, call(t, h, "POST", "/api/v1/saved-queries/bound/run", `{"sql":"rows 1"}`, viewer), 422, fault.Invalid)
	problem(t, call(t, h, "POST", "/api/v1/query", `{"sql":"rows 1"}`, viewer), 403, fault.Forbidden)
}

func TestTheHistoryIsOnesOwn(t *testing.T) {
	h := closedHouse(t)
	one, two, admin := h.as(auth.Analyst), h.as(auth.Editor), h.session("admin@example.com")
	for i, header := range []string{one, one, two, admin} {
		said(t, call(t, h, "POST", "/api/v1/query", `{"sql":"rows `+string(rune('1'+i))+`","history":true}`, header), 200)
	}
	list := func(query, header string) (sqls, ids []string) {
		for _, e := range said(t, call(t, h, "GET", "/api/v1/query-history"+query, "", header), 200)["entries"].([]any) {
			sqls, ids = append(sqls, e.(map[string]any)["sql"].(string)), append(ids, e.(map[string]any)["id"].(string))
		}
		return sqls, ids
	}
	own, ids := list("", one)
	require.Equal(t, []string{"rows 2", "rows 1"}, own)
	all, _ := list("?everybody=true", admin)
	require.Equal(t, []string{"rows 4", "rows 3", "rows 2", "rows 1"}, all)
	own, _ = list("", admin)
	require.Equal(t, []string{"rows 4"}, own)
	problem(t, call(t, h, "GET", "/api/v1/query-history?everybody=true", "", one), 403, fault.Forbidden)
	problem(t, call(t, h, "DELETE", "/api/v1/query-history/"+ids[0], "", two), 404, fault.NotFound)
	said(t, call(t, h, "DELETE", "/api/v1/query-history", "", two), 204)
	said(t, call(t, h, "DELETE", "/api/v1/query-history/"+ids[0], "", admin), 204)
	all, _ = list("?everybody=true", admin)
	require.Equal(t, []string{"rows 4", "rows 1"}, all)
}

func TestWhatRunsIsSeenAndCancelledByWhoStartedIt(t *testing.T) {
	h := closedHouse(t)
	one, two, admin := h.as(auth.Analyst), h.as(auth.Editor), h.session("admin@example.com")
	list := func(header string) []any {
		return said(t, call(t, h, "GET", "/api/v1/queries", "", header), 200)["queries"].([]any)
	}
	for _, canceller := range []string{one, admin} {
		answers := make(chan *httptest.ResponseRecorder)
		go func() {
			r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/query", strings.NewReader(`{"sql":"forever"}`))
			r.Host = "localhost"
			r.Header.Set("Content-Type", "application/json")
			name, value, _ := strings.Cut(one, ": ")
			r.Header.Set(name, value)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			answers <- w
		}()
		require.Eventually(t, func() bool { return len(h.world.Queries.Running()) == 1 }, 10*time.Second, time.Millisecond)
		id := h.world.Queries.Running()[0].ID
		require.Empty(t, list(two))
		require.Len(t, list(one), 1)
		require.Len(t, list(admin), 1)
		problem(t, call(t, h, "DELETE", "/api/v1/queries/"+id, "", two), 404, fault.NotFound)
		said(t, call(t, h, "DELETE", "/api/v1/queries/"+id, "", canceller), 204)
		problem(t, <-answers, 409, fault.Cancelled)
	}
}
