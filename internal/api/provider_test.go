package api_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/oidc"
	"github.com/helios-sql/helios/internal/oidc/oidctest"
)

const (
	startPath    = "/api/v1/auth/oidc/start"
	callbackPath = "/api/v1/auth/oidc/callback"
)

// providedHouse is the API of a server that knows a provider, and whose first account is admin@example.com.
func providedHouse(t *testing.T, reach api.Reach) (*house, *oidctest.Server) {
	t.Helper()
	p := oidctest.Start(t)
	c, err := catalog.Open(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	accounts := auth.New(catalog.NewAccounts(c), auth.Options{
		Cost: auth.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, Logger: slog.New(slog.DiscardHandler), Rules: []auth.Rule{{Group: "staff", Role: auth.Viewer}},
		Provider: oidc.New(oidc.Options{Issuer: p.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.Secret, Name: "Example", GroupsClaim: "groups"}),
	})
	h := openHouse(t, func(d *api.Deps) { d.Accounts, d.Reach = accounts, reach })
	h.accounts = accounts
	h.user("admin@example.com", auth.Admin)
	return h, p
}

// set is the cookie of a name that an answer sets.
func set(t *testing.T, w *httptest.ResponseRecorder, name string) *http.Cookie {
	t.Helper()
	for _, c := range w.Result().Cookies() {
		if c.Name == name {
			return c
		}
	}
	require.FailNow(t, "the cookie is not set", "%s: %v", name, w.Header())
	return nil
}

// gone is where an answer sends a browser.
func gone(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	require.Equal(t, 302, w.Code, w.Body)
	return w.Header().Get("Location")
}

func TestABrowserGoesToTheProviderAndComesBackSignedIn(t *testing.T) {
	h, p := providedHouse(t, api.Reach{})
	state := said(t, call(t, h, "GET", "/api/v1/auth/state", ""), 200)
	require.Equal(t, map[string]any{"name": "Example"}, state["oidc"])
	require.Equal(t, []any{"password", "oidc"}, state["methods"])

	w := call(t, h, "GET", startPath+"?return_to=%2Fsql%3Ftab%3D2", "", "Sec-Fetch-Site: same-origin")
	pending := set(t, w, "helios_sign_in")
	require.True(t, pending.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, pending.SameSite)
	require.WithinDuration(t, time.Now().Add(10*time.Minute), pending.Expires, time.Minute)
	back := p.Visit(t, gone(t, w))
	require.Equal(t, "http://127.0.0.1:8080"+callbackPath, "http://"+back.Host+back.Path)

	before := h.session("admin@example.com")
	back.RawQuery += "&session_state=what-some-providers-add"
	w = call(t, h, "GET", back.RequestURI(), "", "Sec-Fetch-Site: cross-site", before+"; helios_sign_in="+pending.Value)
	require.Equal(t, "/sql?tab=2", gone(t, w))
	require.Empty(t, set(t, w, "helios_sign_in").Value)
	mine := "Cookie: helios=" + set(t, w, "helios").Value
	require.NotEqual(t, before, mine)
	problem(t, call(t, h, "GET", "/api/v1/tables", "", before), 401, fault.SignIn) // the session of before has ended
	me := said(t, call(t, h, "GET", "/api/v1/auth/state", "", mine), 200)["me"].(map[string]any)
	require.Equal(t, "ada@example.com", me["name"])
	require.Equal(t, "Example", me["provider"])

	admin := h.session("admin@example.com")
	for _, u := range said(t, call(t, h, "GET", "/api/v1/users", "", admin), 200)["users"].([]any) {
		user := u.(map[string]any)
		if user["email"] == "admin@example.com" {
			require.NotContains(t, user, "provider")
			continue
		}
		require.Equal(t, "Example", user["provider"])
		require.Equal(t, false, user["has_password"])
		refused := problem(t, call(t, h, "POST", "/api/v1/users/"+user["id"].(string)+"/reset-link", "", admin), 403, fault.Refused)
		require.Contains(t, refused["detail"], "Example")
	}

	w = call(t, h, "POST", "/api/v1/auth/sign-out", "", mine)
	to, err := url.Parse(said(t, w, 200)["continue_at"].(string))
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:8080/sign-in", to.Query().Get("post_logout_redirect_uri"))
	require.NotEmpty(t, to.Query().Get("id_token_hint"))
	require.Len(t, p.Revoked, 1)
	problem(t, call(t, h, "GET", "/api/v1/tables", "", mine), 401, fault.SignIn)
}

func TestOnlyTheWayBackFromTheProviderMayComeFromAnotherSite(t *testing.T) {
	h, _ := providedHouse(t, api.Reach{})
	for _, site := range []string{"cross-site", "same-site"} {
		require.Equal(t, "/sign-in?error=expired", gone(t, call(t, h, "GET", callbackPath+"?state=a&code=b", "", "Sec-Fetch-Site: "+site)))
		for _, request := range []string{
			"GET " + startPath, "GET /api/v1/auth/state", "GET /api/v1/tables", "POST " + callbackPath, "GET " + callbackPath + "/", "GET " + callbackPath + "/../state",
			"HEAD " + callbackPath,
		} {
			method, path, _ := strings.Cut(request, " ")
			require.Equal(t, 403, call(t, h, method, path, "", "Sec-Fetch-Site: "+site).Code, request)
		}
	}
	problem(t, call(t, h, "GET", callbackPath+"?state=a", "", "Host: evil.example.com"), 403, fault.Refused)
	for headers, want := range map[string]int{
		"Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document": 302, "Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: iframe": 403,
		"Sec-Fetch-Mode: no-cors|Sec-Fetch-Dest: image": 403, "Sec-Fetch-Mode: cors|Sec-Fetch-Dest: empty": 403, "Origin: https://evil.example": 403,
	} {
		require.Equal(t, want, call(t, h, "GET", callbackPath+"?state=a&code=b", "", append(strings.Split(headers, "|"), "Sec-Fetch-Site: cross-site")...).Code, headers)
	}
}

func TestASignInLeadsNowhereElse(t *testing.T) {
	h, p := providedHouse(t, api.Reach{})
	for to, want := range map[string]string{
		"/":                              "/",
		"/sql?q=SELECT%201#line-2":       "/sql?q=SELECT%201#line-2",
		"/a//b":                          "/a//b",
		"":                               "/",
		"//evil.example.com":             "/",
		"///evil.example.com":            "/",
		`/\evil.example.com`:             "/",
		`\\evil.example.com`:             "/",
		"/\t/evil.example.com":           "/",
		"/\n/evil.example.com":           "/",
		"/\r\nSet-Cookie: helios=x":      "/",
		" //evil.example.com":            "/",
		"https://evil.example.com/":      "/",
		"https:evil.example.com":         "/",
		"javascript:alert(1)":            "/",
		"evil.example.com":               "/",
		"sql":                            "/",
		"/sql é":                         "/",
		"/%zz":                           "/",
		"/api/v1/auth/oidc/start":        "/",
		"/" + strings.Repeat("a", 1800):  "/",
		"http://127.0.0.1:8080/sql":      "/",
		"//127.0.0.1:8080@evil.example/": "/",
	} {
		w := call(t, h, "GET", startPath+"?return_to="+url.QueryEscape(to), "")
		pending := set(t, w, "helios_sign_in")
		require.Less(t, len(pending.String()), 4096, "browsers keep no more")
		back := p.Visit(t, gone(t, w))
		w = call(t, h, "GET", back.RequestURI(), "", "Cookie: helios_sign_in="+pending.Value)
		require.Equal(t, want, gone(t, w), "%q", to)
	}
}

func TestTheProviderSendsBrowsersToTheAddressThatPeopleUse(t *testing.T) {
	redirected := func(h *house, headers ...string) (string, []*http.Cookie) {
		w := call(t, h, "GET", startPath, "", headers...)
		to, err := url.Parse(gone(t, w))
		require.NoError(t, err)
		return to.Query().Get("redirect_uri"), w.Result().Cookies()
	}
	h, _ := providedHouse(t, api.Reach{PublicURL: "https://helios.example.com", Hosts: []string{"helios.example.com"}})
	to, _ := redirected(h, "Host: 127.0.0.1:9")
	require.Equal(t, "https://helios.example.com"+callbackPath, to)

	h, _ = providedHouse(t, api.Reach{Hosts: []string{"helios.example.com"}, Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	to, cookies := redirected(h, "Host: helios.example.com", "X-Forwarded-Proto: https")
	require.Equal(t, "https://helios.example.com"+callbackPath, to)
	require.Equal(t, "__Host-helios_sign_in", cookies[0].Name)
	require.True(t, cookies[0].Secure)
}

func TestWithoutAProviderNobodyIsSentToOne(t *testing.T) {
	h := closedHouse(t)
	require.NotContains(t, said(t, call(t, h, "GET", "/api/v1/auth/state", ""), 200), "oidc")
	problem(t, call(t, h, "GET", startPath, ""), 404, fault.NotFound)
	require.Equal(t, "/sign-in?error=expired", gone(t, call(t, h, "GET", callbackPath+"?state=a&code=b", "")))
}

func TestAProviderThatFailsIsToldOnTheSignInPage(t *testing.T) {
	h, p := providedHouse(t, api.Reach{})
	p.Set(func(s *oidctest.Server) { s.Deny = "access_denied" })
	w := call(t, h, "GET", startPath, "")
	back := p.Visit(t, gone(t, w))
	require.Equal(t, "/sign-in?error=denied", gone(t, call(t, h, "GET", back.RequestURI(), "", "Cookie: helios_sign_in="+set(t, w, "helios_sign_in").Value)))

	h, p = providedHouse(t, api.Reach{})
	p.Set(func(s *oidctest.Server) { s.Down = true })
	require.Equal(t, "/sign-in?error=provider", gone(t, call(t, h, "GET", startPath, "")))
	said(t, h.signIn("admin@example.com"), 200) // with a password
}

func TestOneAddressCannotBeginSignInsWithoutEnd(t *testing.T) {
	h, _ := providedHouse(t, api.Reach{})
	for range 100 {
		if w := call(t, h, "GET", startPath, ""); w.Code != 302 {
			problem(t, w, 429, fault.TooMany)
			require.NotEmpty(t, w.Header().Get("Retry-After"))
			return
		}
	}
	require.Fail(t, "nobody was told to wait")
}
