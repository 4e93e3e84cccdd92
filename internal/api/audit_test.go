package api_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

// told are the entries of the audit log whose action begins so, the oldest first.
func (h *house) told(action string) []auth.Entry {
	h.t.Helper()
	page, _, err := h.accounts.SearchAudit(h.machine, auth.AuditSearch{Limit: 1000})
	require.NoError(h.t, err)
	var all []auth.Entry
	for _, e := range page {
		if strings.HasPrefix(e.Action, action) {
			all = append([]auth.Entry{e}, all...)
		}
	}
	return all
}

func detail(t *testing.T, e auth.Entry) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal(e.Detail, &v))
	return v
}

func TestWhatIsChangedStandsInTheAuditLog(t *testing.T) {
	h := closedHouse(t)
	u := h.user("me@example.com", auth.Editor)
	mine := having(t, h.signIn("me@example.com"))
	for _, c := range []struct{ request, body, action, target, outcome, detail string }{
		{"POST /api/v1/sources", `{"stream":"s","table":"t"}`, "source.add", "t", "ok", `{"stream":"s","table":"t"}`},
		{"POST /api/v1/sources", `{"stream":"s","table":"clicks"}`, "source.add", "clicks", "conflict", `{"stream":"s","table":"clicks"}`},
		{"PATCH /api/v1/sources/clicks", `{"retain":"30d"}`, "source.change", "clicks", "ok", `{"change":{"retain":"30d"}}`},
		{"POST /api/v1/sources/clicks/pause", "", "source.pause", "clicks", "ok", ""},
		{"POST /api/v1/sources/nothing/resume", "", "source.resume", "nothing", "not_found", ""},
		{"DELETE /api/v1/sources/clicks?drop_table=true", "", "source.remove", "clicks", "ok", `{"drop_table":true}`},
		{"POST /api/v1/tables/clicks/changes", `{"kind":"ignore","path":["a"]}`, "table.change", "clicks", "ok", `{"change":{"kind":"ignore","path":["a"]}}`},
		{"POST /api/v1/tables/clicks/changes", `{"kind":"nonsense"}`, "table.change", "clicks", "invalid", ""},
		{"DELETE /api/v1/quarantine/clicks?reason=empty", "", "quarantine.delete", "clicks", "ok", `{"reason":"empty","field":null,"search":"","deleted":3}`},
		{"POST /api/v1/quarantine/clicks/replay", `{"all":true}`, "quarantine.replay", "clicks", "ok", `{"matched":3,"replayed":2}`},
		{"GET /api/v1/quarantine/clicks?reason=empty&search=a", "", "quarantine.read", "clicks", "ok", `{"reason":"empty","field":null,"search":"a"}`},
		{"GET /api/v1/quarantine/nothing", "", "quarantine.read", "nothing", "not_found", `{"reason":"","field":null,"search":""}`},
		{"GET /api/v1/tables/clicks/columns/id", "", "column.read", "clicks", "ok", `{"column":"id"}`},
		{"POST /api/v1/saved-queries", `{"name":"Mine","sql":"rows 1"}`, "saved_query.add", "mine", "ok", `{"sql":"rows 1"}`},
		{"DELETE /api/v1/saved-queries/mine", "", "saved_query.delete", "mine", "ok", ""},
		{"POST /api/v1/dashboards", `{"title":"Shop","panels":[]}`, "dashboard.add", "shop", "ok", `{"title":"Shop"}`},
		{"DELETE /api/v1/dashboards/shop", "", "dashboard.delete", "shop", "ok", ""},
		{"POST /api/v1/users", `{"email":"a@example.com","role":"admin"}`, "access.refused", "POST /api/v1/users", "forbidden", ""},
	} {
		method, target, _ := strings.Cut(c.request, " ")
		before := len(h.told(c.action))
		call(t, h, method, target, c.body, mine)
		all := h.told(c.action)
		require.Len(t, all, before+1, c.request)
		e := all[before]
		require.Equal(t, []string{"user", u.ID, "me@example.com", "192.0.2.1", c.action, c.target, c.outcome},
			[]string{string(e.ActorKind), e.ActorID, e.Actor, e.Address, e.Action, e.Target, e.Outcome}, c.request)
		if c.detail == "" {
			require.Empty(t, e.Detail, c.request)
		} else {
			require.JSONEq(t, c.detail, string(e.Detail), c.request)
		}
	}
	before := len(h.told(""))
	for _, target := range []string{"/api/v1/sources", "/api/v1/tables/clicks", "/api/v1/quarantine", "/api/v1/quarantine-groups", "/api/v1/users", "/api/v1/dashboards"} {
		call(t, h, "GET", target, "", mine)
	}
	require.Len(t, h.told(""), before, "looking is not told of")
}

func TestTheAuditLogAndRefusalsSayWhoseTokenActed(t *testing.T) {
	h := closedHouse(t)
	h.user("viv@example.com", auth.Editor)
	made := said(t, call(t, h, "POST", "/api/v1/tokens", `{"name":"laptop","role":"analyst"}`, having(t, h.signIn("viv@example.com"))), 201)
	laptop := "Authorization: Bearer " + made["secret"].(string)
	me := said(t, call(t, h, "GET", "/api/v1/auth/state", "", laptop), 200)["me"].(map[string]any)
	require.Equal(t, []any{"laptop", "viv@example.com"}, []any{me["name"], me["owner"]})
	said(t, call(t, h, "POST", "/api/v1/query", `{"sql":"rows 3"}`, laptop), 200)
	refused := problem(t, call(t, h, "POST", "/api/v1/sources", `{"stream":"s","table":"t"}`, laptop), 403, fault.Forbidden)
	require.Contains(t, refused["detail"], "your token laptop has the role analyst")
	said(t, call(t, h, "DELETE", "/api/v1/tokens/"+made["id"].(string), "", laptop), 204)

	var acted []string
	for _, e := range h.told("") {
		if e.ActorKind == auth.KindToken {
			require.Equal(t, made["id"], e.ActorID)
			require.Equal(t, "viv@example.com (token laptop)", e.Actor)
			acted = append(acted, e.Action)
		}
	}
	require.Equal(t, []string{"query.run", "source.add", "token.revoke"}, acted)
	found, _, err := h.accounts.SearchAudit(h.machine, auth.AuditSearch{Text: "viv@example.com", Action: "query.run"})
	require.NoError(t, err)
	require.Len(t, found, 1)

	nobodys := h.token(auth.NewToken{Name: "ci", Role: auth.Viewer})
	require.NotContains(t, said(t, call(t, h, "GET", "/api/v1/auth/state", "", nobodys), 200)["me"], "owner")
	refused = problem(t, call(t, h, "POST", "/api/v1/sources", `{"stream":"s","table":"t"}`, nobodys), 403, fault.Forbidden)
	require.Contains(t, refused["detail"], "the token ci has the role viewer")
	all := h.told("source.add")
	require.Equal(t, "ci", all[len(all)-1].Actor)
}

func TestEveryQueryStandsInTheAuditLogWithItsText(t *testing.T) {
	h := closedHouse(t)
	one := h.as(auth.Analyst)
	long := "rows 1 " + strings.Repeat("é", 10_000)
	for _, c := range []struct{ target, body, accept, action, outcome, sql string }{
		{"/query", `{"sql":"rows 3"}`, "*/*", "query.run", "ok", "rows 3"},
		{"/query", `{"sql":"rows 3","params":{"n":"a value of somebody's"}}`, "text/csv", "query.export", "ok", "rows 3"},
		{"/query", `{"sql":"write x"}`, "*/*", "query.run", "refused", "write x"},
		{"/query", `{"sql":"rows 3 then FAIL"}`, "*/*", "query.run", "invalid", "rows 3 then FAIL"},
		{"/query", `{"sql":"` + long + `"}`, "*/*", "query.run", "ok", long[:8<<10-1]},
		{"/sql/explain", `{"sql":"rows 1","analyze":true}`, "*/*", "query.explain", "ok", "rows 1"},
		{"/sql/explain", `{"sql":"rows 1"}`, "*/*", "", "", ""},
	} {
		before := len(h.told("query."))
		call(t, h, "POST", "/api/v1"+c.target, c.body, one, "Accept: "+c.accept)
		all := h.told("query.")
		if c.action == "" {
			require.Len(t, all, before)
			continue
		}
		require.Len(t, all, before+1)
		e := all[before]
		require.Equal(t, []string{c.action, c.outcome, "analyst"}, []string{e.Action, e.Outcome, e.Actor})
		require.Equal(t, c.sql, detail(t, e)["sql"])
		require.NotContains(t, string(e.Detail), "somebody's")
	}
	said(t, call(t, h, "POST", "/api/v1/saved-queries", `{"name":"Mine","sql":"rows 2"}`, one), 201)
	said(t, call(t, h, "POST", "/api/v1/saved-queries/mine/run", `{}`, h.as(auth.Viewer)), 200)
	all := h.told("query.")
	last := all[len(all)-1]
	require.Equal(t, []string{"mine", "viewer"}, []string{last.Target, last.Actor})
	require.InDelta(t, 2, detail(t, last)["rows"], 0)
}

func TestWhatAPageAsksAgainAndAgainIsToldTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := closedHouse(t)
		one, two := h.as(auth.Analyst), h.as(auth.Editor)
		ask := func(sql, header string) { call(t, h, "POST", "/api/v1/query", `{"sql":"`+sql+`"}`, header) }
		for range 5 {
			ask("rows 2", one)
		}
		ask("rows 2", two)
		ask("rows 3", one)
		require.Len(t, h.told("query."), 3, "the first runs, at once")
		ask("write x", one)
		ask("write x", one)
		require.Len(t, h.told("query."), 5, "what fails, each time")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		all := h.told("query.")
		require.Len(t, all, 6)
		last := all[5]
		require.Equal(t, []string{"query.run", "ok", "analyst"}, []string{last.Action, last.Outcome, last.Actor})
		require.Equal(t, "rows 2", detail(t, last)["sql"])
		require.InDelta(t, 4, detail(t, last)["runs"], 0)
		ask("rows 2", one)
		require.Len(t, h.told("query."), 7, "then it begins anew")
		time.Sleep(10 * time.Minute)
	})
}

func TestAnOpenHouseHasNobodyToTellOf(t *testing.T) {
	h := openHouse(t)
	said(t, call(t, h, "POST", "/api/v1/query", `{"sql":"rows 3"}`), 200)
	said(t, call(t, h, "POST", "/api/v1/sources/clicks/pause", ""), 200)
	require.Empty(t, h.told(""))
}

func TestNoSecretIsInTheAuditLog(t *testing.T) {
	h := closedHouse(t)
	admin := having(t, h.signIn("admin@example.com"))
	u := said(t, call(t, h, "POST", "/api/v1/users", `{"email":"me@example.com","role":"analyst"}`, admin), 201)
	made := said(t, call(t, h, "POST", "/api/v1/users/"+u["id"].(string)+"/reset-link", "", admin), 201)["path"].(string)
	_, secret, _ := strings.Cut(made, "#")
	said(t, call(t, h, "POST", "/api/v1/auth/reset", `{"secret":"`+secret+`","password":"`+password+`"}`), 204)
	token := said(t, call(t, h, "POST", "/api/v1/tokens", `{"name":"ci","role":"viewer"}`, admin), 201)["secret"].(string)
	call(t, h, "GET", "/api/v1/tables", "", "Authorization: Bearer "+token)
	call(t, h, "POST", "/api/v1/auth/sign-in", credentials(password, "typed into the wrong field"))
	all, err := json.Marshal(h.told(""))
	require.NoError(t, err)
	require.Greater(t, len(h.told("")), 6)
	for _, s := range []string{secret, token, password, strings.TrimPrefix(admin, "Cookie: helios="), "wrong field"} {
		require.NotContains(t, string(all), s)
	}
}
