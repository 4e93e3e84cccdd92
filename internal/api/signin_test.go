package api_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

func credentials(email, password string) string {
	return fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)
}

// signIn signs somebody in over HTTP.
func (h *house) signIn(email string, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	return call(h.t, h, "POST", "/api/v1/auth/sign-in", credentials(email, password), headers...)
}

// having is the header of who has the cookie that an answer set.
func having(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	c := cookie(t, w)
	require.NotNil(t, c, w.Body)
	return "Cookie: " + c.Name + "=" + c.Value
}

func TestSigningInAndOut(t *testing.T) {
	h := closedHouse(t)
	require.NotContains(t, said(t, call(t, h, "GET", "/api/v1/auth/state", ""), 200), "me")
	w := h.signIn("admin@example.com")
	me := said(t, w, 200)["me"].(map[string]any)
	require.Equal(t, "admin@example.com", me["name"])
	require.Equal(t, "admin", me["role"])
	c := cookie(t, w)
	require.Equal(t, "helios", c.Name)
	require.Equal(t, "/", c.Path)
	require.Empty(t, c.Domain)
	require.True(t, c.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, c.SameSite)
	require.NotContains(t, w.Body.String(), c.Value)
	mine := having(t, w)
	state := said(t, call(t, h, "GET", "/api/v1/auth/state", "", mine), 200)
	require.Equal(t, me, state["me"])
	require.Equal(t, true, state["accounts"])
	said(t, call(t, h, "GET", "/api/v1/tables", "", mine), 200)

	w = call(t, h, "POST", "/api/v1/auth/sign-out", "", mine)
	said(t, w, 200)
	require.Empty(t, cookie(t, w).Value)
	require.True(t, cookie(t, w).Expires.Before(time.Now()))
	problem(t, call(t, h, "GET", "/api/v1/tables", "", mine), 401, fault.SignIn)
	require.NotContains(t, said(t, call(t, h, "GET", "/api/v1/auth/state", "", mine), 200), "me")
	said(t, call(t, h, "POST", "/api/v1/auth/sign-out", ""), 200)
}

func TestAnOpenHouseSaysSo(t *testing.T) {
	state := said(t, call(t, openHouse(t), "GET", "/api/v1/auth/state", ""), 200)
	require.Equal(t, false, state["accounts"])
	require.Equal(t, "open", state["me"].(map[string]any)["kind"])
	require.Equal(t, "admin", state["me"].(map[string]any)["role"])
}

func TestASignInSaysNothingOfWhichAccountsThereAre(t *testing.T) {
	h := closedHouse(t)
	wrong := call(t, h, "POST", "/api/v1/auth/sign-in", credentials("admin@example.com", "not the password"))
	problem(t, wrong, 401, fault.SignIn)
	require.Nil(t, cookie(t, wrong))
	for _, email := range []string{"nobody@example.com", "no address", ""} {
		require.Equal(t, wrong.Body.String(), call(t, h, "POST", "/api/v1/auth/sign-in", credentials(email, password)).Body.String())
	}
}

func TestPasswordsCannotBeTriedOverAndOver(t *testing.T) {
	h := closedHouse(t)
	var last *httptest.ResponseRecorder
	for range 30 {
		if last = call(t, h, "POST", "/api/v1/auth/sign-in", credentials("admin@example.com", "a guess, or so")); last.Code == 429 {
			break
		}
		problem(t, last, 401, fault.SignIn)
	}
	problem(t, last, 429, fault.TooMany)
	wait, err := strconv.Atoi(last.Header().Get("Retry-After"))
	require.NoError(t, err)
	require.Positive(t, wait)
	problem(t, h.signIn("admin@example.com"), 429, fault.TooMany) // the right one neither
	h.clock.Pass(time.Duration(wait) * time.Second)
	said(t, h.signIn("admin@example.com"), 200)
}

func TestOneAddressCannotTryManyAccountsAndNoHeaderMakesItAnother(t *testing.T) {
	h := closedHouse(t)
	refused := 0
	for i := range 40 {
		w := call(t, h, "POST", "/api/v1/auth/sign-in", credentials(fmt.Sprintf("user%d@example.com", i), "a guess, or so"),
			fmt.Sprintf("X-Forwarded-For: 198.51.100.%d", i))
		if w.Code == 429 {
			refused++
		}
	}
	require.Positive(t, refused)
}

func TestASessionThatSomebodyPlantedIsNotTheOneOfASignIn(t *testing.T) {
	h := closedHouse(t)
	h.user("mallory@example.com", auth.Viewer)
	for name, planted := range map[string]string{
		"one that is made up":         "Cookie: helios=chosen-by-somebody-else",
		"one of the attacker's":       having(t, h.signIn("mallory@example.com")),
		"one of the user's of before": having(t, h.signIn("admin@example.com")),
	} {
		t.Run(name, func(t *testing.T) {
			w := h.signIn("admin@example.com", planted)
			said(t, w, 200)
			require.NotEqual(t, planted, having(t, w))
			problem(t, call(t, h, "GET", "/api/v1/tables", "", planted), 401, fault.SignIn)
			me := said(t, call(t, h, "GET", "/api/v1/auth/state", "", having(t, w)), 200)["me"].(map[string]any)
			require.Equal(t, "admin@example.com", me["name"])
		})
	}
}

func TestPagesOfOtherSitesDoNothingWithSomebodysSession(t *testing.T) {
	h := closedHouse(t)
	mine := h.session("admin@example.com")
	for name, headers := range map[string][]string{
		"another origin":                    {"Origin: https://evil.example"},
		"another origin, in a browser":      {"Sec-Fetch-Site: cross-site", "Origin: https://evil.example"},
		"another port, in a browser":        {"Sec-Fetch-Site: same-site", "Origin: http://127.0.0.1:3000"},
		"a name that leads to this machine": {"Host: evil.example:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, line := range []string{
				"sources/clicks/pause", "auth/sign-out", "auth/sign-in " + credentials("admin@example.com", password), `query {"sql":"rows 1"}`,
				`tokens {"name":"n","role":"admin"}`,
			} {
				target, body, _ := strings.Cut("/api/v1/"+line, " ")
				problem(t, call(t, h, "POST", target, body, append(headers, mine)...), 403, fault.Refused)
			}
		})
	}
	problem(t, call(t, h, "POST", "/api/v1/query", `{"sql":"rows 1"}`, mine, "Content-Type: text/plain"), 415, fault.Invalid)
	require.Empty(t, h.world.Calls())
	said(t, call(t, h, "GET", "/api/v1/tables", "", mine), 200)
}

func TestTheServerAnswersToItsNamesOnly(t *testing.T) {
	h := openHouse(t, func(d *api.Deps) { d.Reach.Hosts = []string{"helios.example.com"} })
	at := func(host string, local net.Addr) int {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/tables", nil)
		r.Host = host
		if local != nil {
			r = r.WithContext(contextWithLocal(r, local))
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	wired := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 10), Port: 8080}
	for host, want := range map[string]int{
		"helios.example.com": 200, "HELIOS.example.com:8443": 200, "localhost:8080": 200, "127.0.0.1": 200, "[::1]:8080": 200,
		"192.0.2.10:8080": 200, "[::ffff:192.0.2.10]:8080": 200,
		"192.0.2.11:8080": 403, "evil.example": 403, "helios.example.com.evil.example": 403, "evil.helios.example.com": 403, "": 403,
	} {
		require.Equal(t, want, at(host, wired), host)
	}
	require.Equal(t, 403, at("192.0.2.10:8080", nil))
}

func TestOverTLSTheCookieIsForThisHostAlone(t *testing.T) {
	h := closedHouse(t, func(d *api.Deps) { d.Reach.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	signIn := func(from, proto string) *http.Cookie {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/auth/sign-in", strings.NewReader(credentials("admin@example.com", password)))
		r.Host, r.RemoteAddr = "localhost", from
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Forwarded-Proto", proto)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		said(t, w, 200)
		return cookie(t, w)
	}
	for from, proto := range map[string]string{"192.0.2.1:99": "https", "10.1.2.3:99": "http"} {
		c := signIn(from, proto)
		require.Equal(t, "helios", c.Name)
		require.False(t, c.Secure)
	}
	c := signIn("10.1.2.3:99", "https")
	require.Equal(t, "__Host-helios", c.Name)
	require.True(t, c.Secure)
	require.Equal(t, "/", c.Path)
	require.Empty(t, c.Domain)

	over := func(cookie string) int {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "https://localhost/api/v1/tables", nil)
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	require.Equal(t, 200, over("__Host-helios="+c.Value))
	require.Equal(t, 401, over("helios="+c.Value), "a neighbour without TLS could have planted it")
}

func TestWhereARequestComesFromIsBelievedOfProxiesAlone(t *testing.T) {
	h := closedHouse(t, func(d *api.Deps) { d.Reach.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.1:99", "198.51.100.1", "192.0.2.1"},
		{"10.0.0.1:99", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:99", "203.0.113.9, 198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:99", "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"},
		{"10.0.0.1:99", "", "10.0.0.1"},
		{"10.0.0.1:99", "nonsense", "10.0.0.1"},
		{"[::ffff:10.0.0.1]:99", "2001:db8::1", "2001:db8::1"},
		{"10.0.0.1:99", "203.0.113.9:1, 198.51.100.1:5678", "198.51.100.1"},
		{"10.0.0.1:99", "203.0.113.9, [2001:db8::7]:443, 10.0.0.2:80", "2001:db8::7"},
		{"10.0.0.1:99", "[2001:db8::8]", "2001:db8::8"},
		{"10.0.0.1:99", "203.0.113.9, 198.51.100.1:port", "10.0.0.1"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/auth/sign-in", strings.NewReader(credentials("admin@example.com", password)))
		r.Host, r.RemoteAddr = "localhost", c.peer
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Forwarded-For", c.forwarded)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		said(t, w, 200)
		page, _, err := h.accounts.SearchAudit(h.machine, auth.AuditSearch{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, c.want, page[0].Address, "%+v", c)
	}
}

func TestTheFirstAccountIsMadeWithTheLinkOnce(t *testing.T) {
	h := openHouse(t)
	made, err := h.accounts.SetupLink(h.machine)
	require.NoError(t, err)
	told := said(t, call(t, h, "POST", "/api/v1/auth/link", fmt.Sprintf(`{"kind":"setup","secret":%q}`, made.Secret)), 200)
	require.NotContains(t, told, "email")
	body := func(secret, password string) string {
		return fmt.Sprintf(`{"secret":%q,"email":"me@example.com","password":%q}`, secret, password)
	}
	problem(t, call(t, h, "POST", "/api/v1/auth/setup", body("guessed", password)), 404, fault.NotFound)
	problem(t, call(t, h, "POST", "/api/v1/auth/setup", body(made.Secret, "short")), 400, fault.Invalid)
	said(t, call(t, h, "GET", "/api/v1/tables", ""), 200)
	w := call(t, h, "POST", "/api/v1/auth/setup", body(made.Secret, password))
	require.Equal(t, "admin", said(t, w, 200)["me"].(map[string]any)["role"])
	problem(t, call(t, h, "GET", "/api/v1/tables", ""), 401, fault.SignIn)
	said(t, call(t, h, "GET", "/api/v1/users", "", having(t, w)), 200)
	problem(t, call(t, h, "POST", "/api/v1/auth/setup", body(made.Secret, password)), 404, fault.NotFound)
}

func TestAPasswordIsSetWithALinkOnce(t *testing.T) {
	h := closedHouse(t)
	admin := h.session("admin@example.com")
	u := said(t, call(t, h, "POST", "/api/v1/users", `{"email":"New@Example.com","role":"analyst","tables":["Clicks"]}`, admin), 201)
	require.Equal(t, "new@example.com", u["email"])
	require.Equal(t, false, u["has_password"])
	require.Equal(t, []any{"clicks"}, u["tables"])
	require.Equal(t, true, u["limited"])
	made := said(t, call(t, h, "POST", "/api/v1/users/"+u["id"].(string)+"/reset-link", "", admin), 201)
	secret, ok := strings.CutPrefix(made["path"].(string), "/reset#")
	require.True(t, ok)
	told := said(t, call(t, h, "POST", "/api/v1/auth/link", fmt.Sprintf(`{"kind":"reset","secret":%q}`, secret)), 200)
	require.Equal(t, "new@example.com", told["email"])
	problem(t, h.signIn("new@example.com"), 401, fault.SignIn)
	set := fmt.Sprintf(`{"secret":%q,"password":%q}`, secret, password)
	said(t, call(t, h, "POST", "/api/v1/auth/reset", set), 204)
	problem(t, call(t, h, "POST", "/api/v1/auth/reset", set), 404, fault.NotFound)
	said(t, h.signIn("new@example.com"), 200)
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	h := closedHouse(t)
	first, second := having(t, h.signIn("admin@example.com", "User-Agent: One/1")), having(t, h.signIn("admin@example.com", "User-Agent: Two/2"))
	list := func(mine string) []any {
		return said(t, call(t, h, "GET", "/api/v1/auth/sessions", "", mine, "User-Agent: One/1"), 200)["sessions"].([]any)
	}
	all := list(first)
	require.Len(t, all, 2)
	for _, v := range all {
		s := v.(map[string]any)
		require.Equal(t, s["agent"] == "One/1", s["current"])
		require.Equal(t, "192.0.2.1", s["address"])
		if s["current"] == false {
			w := call(t, h, "DELETE", "/api/v1/auth/sessions/"+s["id"].(string), "", first)
			said(t, w, 204)
			require.Nil(t, cookie(t, w), "one's own goes on")
		}
	}
	problem(t, call(t, h, "GET", "/api/v1/tables", "", second), 401, fault.SignIn)
	require.Len(t, list(first), 1)
	problem(t, call(t, h, "DELETE", "/api/v1/auth/sessions/none", "", first), 404, fault.NotFound)
	problem(t, call(t, h, "GET", "/api/v1/auth/sessions", "", h.as(auth.Admin)), 403, fault.Refused)

	own := having(t, h.signIn("admin@example.com"))
	me := said(t, call(t, h, "GET", "/api/v1/auth/state", "", own), 200)["me"].(map[string]any)
	w := call(t, h, "DELETE", "/api/v1/auth/sessions/"+me["session_id"].(string), "", own)
	said(t, w, 204)
	require.Empty(t, cookie(t, w).Value)

	third := having(t, h.signIn("admin@example.com"))
	w = call(t, h, "DELETE", "/api/v1/auth/sessions", "", first)
	said(t, w, 204)
	require.Empty(t, cookie(t, w).Value)
	for _, gone := range []string{first, third} {
		problem(t, call(t, h, "GET", "/api/v1/tables", "", gone), 401, fault.SignIn)
	}
}

func TestAChangedPasswordEndsTheOtherSessions(t *testing.T) {
	h := closedHouse(t)
	mine, other := having(t, h.signIn("admin@example.com")), having(t, h.signIn("admin@example.com"))
	const next = "another horse battery"
	problem(t, call(t, h, "POST", "/api/v1/auth/password", `{"current":"not the password","new":"`+next+`"}`, mine), 403, fault.Refused)
	h.clock.Pass(16 * time.Minute) // the secret is due to be replaced in the same answer
	w := call(t, h, "POST", "/api/v1/auth/password", `{"current":"`+password+`","new":"`+next+`"}`, mine)
	said(t, w, 200)
	for _, gone := range []string{mine, other} {
		problem(t, call(t, h, "GET", "/api/v1/tables", "", gone), 401, fault.SignIn)
	}
	said(t, call(t, h, "GET", "/api/v1/tables", "", having(t, w)), 200)
	problem(t, h.signIn("admin@example.com"), 401, fault.SignIn)
}

func TestWhatStrangersSendIsSmall(t *testing.T) {
	h := closedHouse(t)
	large := strings.Repeat("x", 9<<10)
	for _, target := range []string{"sign-in", "setup", "reset", "link", "sign-out"} {
		w := call(t, h, "POST", "/api/v1/auth/"+target, `{"email":"a@example.com","password":"`+large+`"}`)
		if target == "sign-out" {
			said(t, w, 200) // it reads none
			continue
		}
		problem(t, w, 413, fault.TooLarge)
	}
	problem(t, call(t, h, "POST", "/api/v1/query", `{"sql":"`+strings.Repeat("x", 1<<20)+`"}`), 401, fault.SignIn)
	problem(t, call(t, h, "POST", "/api/v1/query", `{"sql":"`+strings.Repeat("x", 1<<20)+`"}`, h.as(auth.Analyst)), 413, fault.TooLarge)
}
