package api_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/api/apitest"
	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

const password = "correct horse battery"

// house is the API with accounts.
type house struct {
	http.Handler
	t        *testing.T
	world    *apitest.World
	accounts *auth.Service
	machine  context.Context // of whoever has the data directory, as the tests are
	clock    *clock
	scopes   *scoped              // what queries may read, where a test asks for that
	roles    map[auth.Role]string // headers of asOnce
}

// clock is the system's, which tests can put forward.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// openHouse is the API of a server without accounts.
func openHouse(t *testing.T, changes ...func(*api.Deps)) *house {
	t.Helper()
	c, err := catalog.Open(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	h := &house{t: t, world: world(), clock: &clock{}, machine: auth.With(t.Context(), auth.Machine("root"))}
	log := slog.New(slog.DiscardHandler)
	h.accounts = auth.New(catalog.NewAccounts(c), auth.Options{Now: h.clock.Now, Cost: auth.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, Logger: log})
	h.world.Keep = func(d *api.Deps) {
		d.SavedQueries, d.Dashboards, d.History = c, c, catalog.NewHistory(c, log)
		d.Inspector = query.NewInspector(d.Queries.(*query.Service), language{})
		d.About = func(context.Context) (api.About, error) { return api.About{Version: "v1.2.3"}, nil }
		d.Accounts = h.accounts
		for _, change := range changes {
			change(d)
		}
	}
	h.Handler = h.world.Handler()
	return h
}

// closedHouse is the API of a server whose first account is admin@example.com.
func closedHouse(t *testing.T, changes ...func(*api.Deps)) *house {
	t.Helper()
	h := openHouse(t, changes...)
	h.user("admin@example.com", auth.Admin)
	return h
}

func (h *house) user(email string, role auth.Role, tables ...string) auth.User {
	h.t.Helper()
	u, err := h.accounts.AddUser(h.machine, auth.NewUser{Email: email, Role: role, Tables: tables, Password: password})
	require.NoError(h.t, err)
	return u
}

// session is the header of somebody who has signed in.
func (h *house) session(email string) string {
	h.t.Helper()
	in, err := h.accounts.SignIn(h.t.Context(), email, password)
	require.NoError(h.t, err)
	return "Cookie: helios=" + in.Secret
}

// token is the header of an API token that was made on the machine.
func (h *house) token(n auth.NewToken) string {
	h.t.Helper()
	_, secret, err := h.accounts.CreateToken(h.machine, n)
	require.NoError(h.t, err)
	return "Authorization: Bearer " + secret
}

// as is the header of a token with a role.
func (h *house) as(role auth.Role, tables ...string) string {
	h.t.Helper()
	return h.token(auth.NewToken{Name: role.String() + strings.Join(tables, ","), Role: role, Tables: tables})
}

// cookie is the cookie that an answer sets, nil if it sets none.
func cookie(t *testing.T, w *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	set := w.Result().Cookies()
	require.LessOrEqual(t, len(set), 1)
	if len(set) == 0 {
		return nil
	}
	return set[0]
}

// said is the JSON of an answer.
func said(t *testing.T, w *httptest.ResponseRecorder, status int) map[string]any {
	t.Helper()
	require.Equal(t, status, w.Code, w.Body)
	var v map[string]any
	if w.Body.Len() > 0 {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
	}
	return v
}

func TestWithoutAccountsEverybodyIsLetIn(t *testing.T) {
	h := openHouse(t)
	said(t, call(t, h, "GET", "/api/v1/tables", ""), 200)
	said(t, call(t, h, "POST", "/api/v1/sources/clicks/pause", ""), 200)
	said(t, call(t, h, "GET", "/api/v1/tables", "", "Authorization: Bearer nonsense"), 200)
}

func TestWithTheFirstAccountTheHouseIsClosed(t *testing.T) {
	h := openHouse(t)
	said(t, call(t, h, "GET", "/api/v1/tables", ""), 200)
	h.user("admin@example.com", auth.Admin)
	h.clock.Pass(time.Second) // another process may have added it
	for _, target := range []string{"/api/v1/tables", "/api/v1/about", "/metrics", "/openapi.json", "/api/v1/nowhere", "/api/v1/queries"} {
		w := call(t, h, "GET", target, "")
		p := problem(t, w, 401, fault.SignIn)
		require.NotEmpty(t, p["hint"])
		require.Equal(t, `Bearer realm="helios"`, w.Header().Get("WWW-Authenticate"))
	}
	problem(t, call(t, h, "PUT", "/api/v1/tables", ""), 401, fault.SignIn)
	problem(t, call(t, h, "HEAD", "/api/v1/tables", ""), 401, fault.SignIn)
	problem(t, call(t, h, "PUT", "/api/v1/auth/state", ""), 405, fault.Invalid)
	require.Empty(t, h.world.Calls())
	for _, target := range []string{"/healthz", "/readyz", "/", "/assets/x.js", "/setup"} {
		require.Equal(t, 200, call(t, h, "GET", target, "").Code, target)
	}
}

func TestWhoIsKnownIsLetIn(t *testing.T) {
	h := closedHouse(t)
	for name, header := range map[string]string{
		"a session":                     h.session("admin@example.com"),
		"a token":                       h.as(auth.Viewer),
		"a token, as some programs say": strings.Replace(h.as(auth.Analyst), "Bearer", "bearer", 1),
	} {
		t.Run(name, func(t *testing.T) {
			said(t, call(t, h, "GET", "/api/v1/tables", "", header), 200)
			problem(t, call(t, h, "GET", "/api/v1/nowhere", "", header), 404, fault.NotFound)
		})
	}
	for name, header := range map[string]string{
		"no session":                      "Cookie: helios=AAAA",
		"an empty session":                "Cookie: helios=",
		"no token":                        "Authorization: Bearer hls_1234",
		"another scheme":                  "Authorization: Basic YTpi",
		"the cookie of a server with TLS": strings.Replace(h.session("admin@example.com"), "helios=", "__Host-helios=", 1),
	} {
		t.Run(name, func(t *testing.T) {
			problem(t, call(t, h, "GET", "/api/v1/tables", "", header), 401, fault.SignIn)
		})
	}
}

func TestWhichSourcesFailIsToldToWhoIsKnownOnly(t *testing.T) {
	h := closedHouse(t)
	h.world.Sources[0].State, h.world.Sources[0].Error = "failing", "the disk is full"
	require.JSONEq(t, `{"status":"ok"}`, call(t, h, "GET", "/readyz", "").Body.String())
	require.JSONEq(t, `{"status":"ok"}`, call(t, h, "GET", "/readyz", "", "Cookie: helios=wrong").Body.String())
	require.Contains(t, call(t, h, "GET", "/readyz", "", h.as(auth.Viewer)).Body.String(), "the disk is full")
	require.JSONEq(t, `{"status":"ok"}`, call(t, h, "GET", "/readyz", "", h.as(auth.Editor, "orders")).Body.String())
}

func TestATokenEndsWithItsUserAndItsTime(t *testing.T) {
	h := closedHouse(t)
	u := h.user("me@example.com", auth.Analyst)
	in, err := h.accounts.SignIn(t.Context(), "me@example.com", password)
	require.NoError(t, err)
	_, secret, err := h.accounts.CreateToken(auth.With(t.Context(), in.Principal), auth.NewToken{Name: "mine", Role: auth.Analyst})
	require.NoError(t, err)
	mine := "Authorization: Bearer " + secret
	said(t, call(t, h, "GET", "/api/v1/tables", "", mine), 200)
	require.NoError(t, h.accounts.RemoveUser(h.machine, u.ID))
	problem(t, call(t, h, "GET", "/api/v1/tables", "", mine), 401, fault.SignIn)
	problem(t, call(t, h, "GET", "/api/v1/tables", "", "Cookie: helios="+in.Secret), 401, fault.SignIn)

	short := h.token(auth.NewToken{Name: "short", Role: auth.Viewer, ExpiresAt: h.clock.Now().Add(time.Hour)})
	said(t, call(t, h, "GET", "/api/v1/tables", "", short), 200)
	h.clock.Pass(time.Hour)
	p := problem(t, call(t, h, "GET", "/api/v1/tables", "", short), 401, fault.SignIn)
	require.Contains(t, p["detail"], "expired")
}

func TestASessionsSecretIsReplacedWhileItIsUsed(t *testing.T) {
	h := closedHouse(t)
	first := h.session("admin@example.com")
	require.Nil(t, cookie(t, call(t, h, "GET", "/api/v1/tables", "", first)))
	h.clock.Pass(16 * time.Minute)
	w := call(t, h, "GET", "/api/v1/tables", "", first)
	said(t, w, 200)
	fresh := cookie(t, w)
	require.NotNil(t, fresh)
	require.True(t, fresh.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, fresh.SameSite)
	require.False(t, fresh.Secure, "without TLS a browser would not take it")
	h.clock.Pass(10 * time.Minute) // while a long query holds the answer back, or after it was lost
	w = call(t, h, "GET", "/api/v1/tables", "", first)
	said(t, w, 200)
	require.Equal(t, fresh.Value, cookie(t, w).Value, "it is given until it is used")
	said(t, call(t, h, "GET", "/api/v1/tables", "", "Cookie: helios="+fresh.Value), 200)
	require.Nil(t, cookie(t, call(t, h, "GET", "/api/v1/tables", "", first)))
	h.clock.Pass(31 * time.Second)
	problem(t, call(t, h, "GET", "/api/v1/tables", "", first), 401, fault.SignIn)
	said(t, call(t, h, "GET", "/api/v1/tables", "", "Cookie: helios="+fresh.Value), 200)
}
