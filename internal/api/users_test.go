package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

// contextWithLocal is the context of a request on a connection to that address.
func contextWithLocal(r *http.Request, local net.Addr) context.Context {
	return context.WithValue(r.Context(), http.LocalAddrContextKey, local)
}

func TestAnAccountIsChangedAndRemoved(t *testing.T) {
	h := closedHouse(t)
	admin := h.session("admin@example.com")
	u := h.user("me@example.com", auth.Viewer, "clicks")
	mine := h.session("me@example.com")
	path := "/api/v1/users/" + u.ID
	for _, c := range []struct {
		body    string
		role    string
		limited bool
		tables  []any
	}{
		{`{}`, "viewer", true, []any{"clicks"}},
		{`{"tables":["orders","clicks"]}`, "viewer", true, []any{"clicks", "orders"}},
		{`{"limited":true,"tables":[]}`, "viewer", true, []any{}},
		{`{"limited":true}`, "viewer", true, []any{}},
		{`{"limited":false}`, "viewer", false, []any{}},
		{`{"role":null,"disabled":null,"tables":null}`, "viewer", false, []any{}},
	} {
		got := said(t, call(t, h, "PATCH", path, c.body, admin), 200)
		require.Equal(t, []any{c.role, c.limited, c.tables}, []any{got["role"], got["limited"], got["tables"]}, c.body)
	}
	problem(t, call(t, h, "PATCH", path, `{"limited":false,"tables":["a"]}`, admin), 400, fault.Invalid)
	problem(t, call(t, h, "PATCH", path, `{"role":"king"}`, admin), 422, fault.Invalid)
	said(t, call(t, h, "GET", "/api/v1/tables", "", mine), 200)
	said(t, call(t, h, "PATCH", path, `{"role":"editor"}`, admin), 200)
	problem(t, call(t, h, "GET", "/api/v1/tables", "", mine), 401, fault.SignIn)

	mine = h.session("me@example.com")
	require.Len(t, said(t, call(t, h, "GET", path+"/sessions", "", admin), 200)["sessions"], 1)
	said(t, call(t, h, "DELETE", path+"/sessions", "", admin), 204)
	problem(t, call(t, h, "GET", "/api/v1/tables", "", mine), 401, fault.SignIn)
	require.Len(t, said(t, call(t, h, "GET", "/api/v1/users", "", admin), 200)["users"], 2)
	require.Equal(t, "me@example.com", said(t, call(t, h, "GET", path, "", admin), 200)["email"])
	problem(t, call(t, h, "POST", "/api/v1/users", `{"email":"me@example.com","role":"viewer"}`, admin), 409, fault.Conflict)
	said(t, call(t, h, "DELETE", path, "", admin), 204)
	problem(t, call(t, h, "GET", path, "", admin), 404, fault.NotFound)

	me := said(t, call(t, h, "GET", "/api/v1/auth/state", "", admin), 200)["me"].(map[string]any)
	problem(t, call(t, h, "DELETE", "/api/v1/users/"+me["id"].(string), "", admin), 409, fault.Conflict)
}

func TestATokenIsMadeUsedAndRevoked(t *testing.T) {
	h := closedHouse(t)
	h.user("me@example.com", auth.Analyst)
	mine := h.session("me@example.com")
	problem(t, call(t, h, "POST", "/api/v1/tokens", `{"name":"n","role":"editor"}`, mine), 403, fault.Refused)
	until := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	made := said(t, call(t, h, "POST", "/api/v1/tokens", `{"name":"ci","role":"viewer","tables":["clicks"],"expires_at":"`+until+`"}`, mine), 201)
	require.Equal(t, "me@example.com", made["owner"])
	require.Equal(t, until, made["expires_at"])
	secret := made["secret"].(string)
	bearer := "Authorization: Bearer " + secret
	me := said(t, call(t, h, "GET", "/api/v1/auth/state", "", bearer), 200)["me"].(map[string]any)
	require.Equal(t, []any{"token", "ci", "viewer", true, []any{"clicks"}}, []any{me["kind"], me["name"], me["role"], me["limited"], me["tables"]})
	problem(t, call(t, h, "POST", "/api/v1/tokens", `{"name":"n","role":"viewer"}`, bearer), 403, fault.Refused)
	h.as(auth.Viewer)
	list := call(t, h, "GET", "/api/v1/tokens", "", mine)
	require.Len(t, said(t, list, 200)["tokens"], 1)
	require.NotContains(t, list.Body.String(), secret)
	require.Len(t, said(t, call(t, h, "GET", "/api/v1/tokens", "", h.session("admin@example.com")), 200)["tokens"], 2)

	said(t, call(t, h, "DELETE", "/api/v1/tokens/"+made["id"].(string), "", mine), 204)
	problem(t, call(t, h, "GET", "/api/v1/tables", "", bearer), 401, fault.SignIn)
	problem(t, call(t, h, "DELETE", "/api/v1/tokens/"+made["id"].(string), "", mine), 404, fault.NotFound)
}

func TestTheAuditLogIsSearchedAndExported(t *testing.T) {
	h := closedHouse(t)
	admin := having(t, h.signIn("admin@example.com"))
	for range 3 {
		call(t, h, "POST", "/api/v1/auth/sign-in", credentials("mallory@example.com", "a guess, or so"))
	}
	var ids []string
	next := ""
	for range 10 {
		page := said(t, call(t, h, "GET", "/api/v1/audit?action=sign_in&limit=2&before="+next, "", admin), 200)
		for _, e := range page["entries"].([]any) {
			ids = append(ids, e.(map[string]any)["id"].(string))
		}
		if next, _ = page["next"].(string); next == "" {
			break
		}
	}
	require.Len(t, ids, 4)
	for i := range ids[1:] {
		require.Greater(t, ids[i], ids[i+1])
	}
	entries := said(t, call(t, h, "GET", "/api/v1/audit?search=MALLORY", "", admin), 200)["entries"].([]any)
	require.Len(t, entries, 3)
	first := entries[0].(map[string]any)
	require.Equal(t, []any{"sign_in", "mallory@example.com", "sign_in", "192.0.2.1"}, []any{first["action"], first["target"], first["outcome"], first["address"]})
	require.Empty(t, said(t, call(t, h, "GET", "/api/v1/audit?until=2020-01-01T00:00:00Z", "", admin), 200)["entries"])

	for i := range 250 { // more than a page
		require.NoError(t, h.accounts.Record(t.Context(), auth.Entry{Action: "test", Target: strings.Repeat("x", i), Outcome: auth.OutcomeOK}))
	}
	w := call(t, h, "GET", "/api/v1/audit/export?action=test", "", admin)
	require.Equal(t, "application/x-ndjson", w.Header().Get("Content-Type"))
	require.Contains(t, w.Header().Get("Content-Disposition"), "attachment")
	lines := bufio.NewScanner(w.Body)
	left := 250
	for lines.Scan() {
		left--
		var e auth.Entry
		require.NoError(t, json.Unmarshal(lines.Bytes(), &e))
		require.Len(t, e.Target, left)
	}
	require.Zero(t, left)
}
