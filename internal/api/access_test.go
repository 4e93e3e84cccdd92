package api_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/api/apitest"
	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/schema"
)

// operation is a route as the description of the API has it.
type operation struct {
	method, path string
	role         auth.Role // that it says it needs
	body         bool
}

// operations are all that the server describes.
func operations(t *testing.T, h *house) []operation {
	t.Helper()
	var described struct {
		Paths map[string]map[string]struct {
			Role    string          `json:"x-helios-role"`
			Request json.RawMessage `json:"requestBody"`
		} `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(call(t, h, "GET", "/openapi.json", "", h.as(auth.Viewer)).Body.Bytes(), &described))
	var all []operation
	for _, path := range slices.Sorted(maps.Keys(described.Paths)) {
		for method, op := range described.Paths[path] {
			o := operation{method: strings.ToUpper(method), path: path, body: op.Request != nil}
			if op.Role != "" {
				var err error
				o.role, err = auth.ParseRole(op.Role)
				require.NoError(t, err)
			}
			all = append(all, o)
		}
	}
	require.Greater(t, len(all), 50)
	return all
}

// target is a path with names in it.
func (o operation) target(name string) string {
	return strings.NewReplacer("{name}", name, "{table}", name, "{id}", name, "{column}", "id").Replace(o.path)
}

func TestNobodyUsesARouteThatNeedsMoreThanTheirRole(t *testing.T) {
	h := closedHouse(t)
	tried := 0
	for _, o := range operations(t, h) {
		if o.role == auth.NoRole {
			continue
		}
		problem(t, call(t, h, o.method, o.target("clicks"), ""), 401, fault.SignIn)
		for role := auth.Viewer; role < o.role; role++ {
			tried++
			p := problem(t, call(t, h, o.method, o.target("clicks"), "", h.asOnce(role)), 403, fault.Forbidden)
			require.Contains(t, p["detail"], "role "+o.role.String())
		}
	}
	require.Greater(t, tried, 50)
	require.Empty(t, h.world.Calls())
	require.Empty(t, h.world.Filters())
	require.Empty(t, h.world.Added())
}

func TestARoleIsEnoughForItsRoutes(t *testing.T) {
	h := closedHouse(t)
	for _, o := range operations(t, h) {
		if o.role == auth.NoRole || strings.HasSuffix(o.path, "/tail") {
			continue
		}
		w := call(t, h, o.method, o.target("clicks"), "", h.asOnce(o.role))
		require.NotEqual(t, 401, w.Code, o.path)
		require.NotContains(t, w.Body.String(), `"code":"forbidden"`, "%s %s", o.method, o.path)
	}
}

// asOnce is as, with a token for each role that is made once.
func (h *house) asOnce(role auth.Role) string {
	h.t.Helper()
	if h.roles == nil {
		h.roles = map[auth.Role]string{}
	}
	if h.roles[role] == "" {
		h.roles[role] = h.token(auth.NewToken{Name: "once " + role.String(), Role: role})
	}
	return h.roles[role]
}

// twoTables is a world with what a limit hides.
func twoTables(t *testing.T) *house {
	t.Helper()
	scopes := &scoped{}
	h := closedHouse(t, func(d *api.Deps) {
		queries := query.New(scopes, query.Options{})
		d.Queries, d.Inspector = queries, query.NewInspector(queries, asking{})
	})
	h.scopes = scopes
	h.world.Sources = append(h.world.Sources, ingest.SourceStatus{Settings: ingest.Settings{Name: "orders", Table: "orders"}}, ingest.SourceStatus{Settings: ingest.Settings{Name: "another", Table: "orders"}})
	h.world.Tables = append(h.world.Tables, ingest.TableInfo{Table: schema.Table{Name: "orders"}})
	for _, table := range []string{"clicks", "orders"} {
		h.world.Reasons = append(h.world.Reasons, ingest.ReasonCount{Table: table})
		h.world.Groups = append(h.world.Groups, ingest.QuarantineGroup{Table: table})
	}
	return h
}

// scoped is an engine that keeps what statements may read.
type scoped struct {
	apitest.Engine
	last query.Scope
}

// asking is a language that asks the engine before it explains.
type asking struct{ language }

func (l asking) Explain(ctx context.Context, ask query.Ask, sql string, params any, analyze bool) (query.Plan, error) {
	_, _ = ask(ctx, sql, params) // what comes does not matter here
	return l.language.Explain(ctx, ask, sql, params, analyze)
}

// Check judges a statement.
func (e *scoped) Check(ctx context.Context, sql string, scope query.Scope) (query.Statement, error) {
	e.last = scope
	return e.Engine.Check(ctx, sql, scope)
}

func TestWhoIsLimitedToSomeTablesGoesThroughNoDoorToOthers(t *testing.T) {
	h := twoTables(t)
	limited := h.as(auth.Editor, "clicks")
	bodies := map[string]string{
		"POST /api/v1/tables/{table}/changes":     `{"kind":"ignore","path":["a"]}`,
		"POST /api/v1/quarantine/{table}/dry-run": `{"filter":{}}`,
		"POST /api/v1/quarantine/{table}/replay":  `{"all":true}`,
		"PATCH /api/v1/sources/{name}":            `{"retain":"30d"}`,
	}
	tried := 0
	for _, o := range operations(t, h) {
		if o.role > auth.Editor || (!strings.Contains(o.path, "{table}") && !strings.Contains(o.path, "{name}")) {
			continue
		}
		tried++
		body := bodies[o.method+" "+o.path]
		require.Equal(t, o.body, body != "", "%s %s needs a body here", o.method, o.path)
		there := call(t, h, o.method, o.target("orders"), body, limited)
		problem(t, there, 403, fault.Forbidden)
		not := call(t, h, o.method, o.target("absent"), body, limited)
		require.Equal(t, strings.ReplaceAll(there.Body.String(), "orders", "absent"), not.Body.String(), "whether there is one is not told: %s", o.path)
		if strings.Contains(o.path, "{table}") {
			require.NotEqual(t, http.StatusForbidden, call(t, h, o.method, o.target("CLICKS"), body, limited).Code, o.path)
		}
	}
	require.Equal(t, 20, tried)
	for _, c := range h.world.Calls() {
		require.NotContains(t, c, "orders")
	}
	for _, f := range h.world.Filters() {
		require.Equal(t, "CLICKS", f.Table)
	}
}

func TestWhoIsLimitedToSomeTablesIsToldOfNoOthers(t *testing.T) {
	h := twoTables(t)
	limited, free := h.as(auth.Editor, "clicks"), h.as(auth.Editor)
	for _, target := range []string{"/api/v1/sources", "/api/v1/tables", "/api/v1/quarantine", "/api/v1/quarantine-groups", "/api/v1/source-history", "/readyz"} {
		h.world.Sources[1].State, h.world.Sources[1].Error = ingest.SourceFailing, "orders fail"
		all := call(t, h, "GET", target, "", free).Body.String()
		require.Contains(t, all, "orders", target)
		some := call(t, h, "GET", target, "", limited).Body.String()
		require.NotContains(t, some, "orders", target)
		require.NotContains(t, some, "another", target)
		if target != "/readyz" {
			require.Contains(t, some, "clicks", target)
		}
	}
	for _, target := range []string{"/api/v1/quarantine?table=orders", "/api/v1/quarantine-groups?table=orders", "/api/v1/streams", "/api/v1/aws", "/metrics"} {
		problem(t, call(t, h, "GET", target, "", limited), 403, fault.Forbidden)
		require.Equal(t, 200, call(t, h, "GET", target, "", free).Code)
	}
	problem(t, call(t, h, "POST", "/api/v1/schema/predict", `{"events":[],"columns":[]}`, limited), 403, fault.Forbidden)
	for _, body := range []string{`{"stream":"s","table":"orders"}`, `{"stream":"s","table":"new"}`, `{"stream":"s","table":"clicks"}`} {
		problem(t, call(t, h, "POST", "/api/v1/sources", body, limited), 403, fault.Forbidden)
	}
	require.Empty(t, h.world.Added())
	problem(t, call(t, h, "POST", "/api/v1/sources", `{"stream":"s","table":"clicks"}`, free), 409, fault.Conflict)
}

func TestQueriesReadWhatWhoAsksMayRead(t *testing.T) {
	h := twoTables(t)
	for header, want := range map[string]query.Scope{
		h.as(auth.Analyst):             {System: true},
		h.as(auth.Analyst, "clicks"):   {Tables: []string{"clicks"}, System: true},
		h.session("admin@example.com"): {System: true, Audit: true},
	} {
		for target, body := range map[string]string{"/api/v1/query": `{"sql":"rows 1"}`, "/api/v1/sql/explain": `{"sql":"rows 1"}`} {
			h.scopes.last = query.Scope{}
			said(t, call(t, h, "POST", target, body, header), 200)
			require.Equal(t, want, h.scopes.last, target)
		}
	}
}

func TestATailEndsSoonAfterItsReaderMayNotSeeItAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := closedHouse(t)
		h.user("me@example.com", auth.Analyst)
		mine := h.session("me@example.com")
		ended := make(chan int)
		go func() { ended <- call(t, h, "GET", "/api/v1/sources/clicks/tail", "", mine).Code }()
		time.Sleep(10 * time.Minute)
		select {
		case <-ended:
			require.Fail(t, "the tail ended by itself")
		default:
		}
		said(t, call(t, h, "POST", "/api/v1/auth/sign-out", "", mine), 200)
		since := time.Now()
		require.Equal(t, 200, <-ended)
		require.LessOrEqual(t, time.Since(since), 15*time.Second)
	})
}
