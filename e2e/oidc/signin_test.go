//go:build e2e || keycloak

package oidc_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/oidc"
)

func TestSomebodySignsInAsTheirGroupSaysAndOutAgain(t *testing.T) {
	p := provider(t)
	h := serve(t, p)
	ada := newBrowser(t, home, "ada")
	_, state := ada.call(http.MethodGet, "/api/v1/auth/state", "")
	require.Equal(t, []any{"password", "oidc"}, state["methods"])
	require.Equal(t, map[string]any{"name": "Example"}, state["oidc"])
	require.Nil(t, ada.me())

	require.Equal(t, "/sql?tab=2", ada.signIn())
	require.Positive(t, ada.pages)
	me := ada.me()
	require.Equal(t, "ada@example.com", me["name"])
	require.Equal(t, "editor", me["role"])
	require.Equal(t, []any{"orders"}, me["tables"])
	status, _ := ada.call(http.MethodGet, "/api/v1/users", "")
	require.Equal(t, http.StatusForbidden, status)
	require.Regexp(t, `ada@example\.com +editor +active +127\.0\.0\.1:\d+ +orders`, h.command("", "users", "list"))

	p.setGroups(t, "ada", "editors", "admins")
	require.Equal(t, "/sql?tab=2", ada.signIn()) // now with the consent that a refresh token takes, where one is needed
	require.Equal(t, "admin", ada.me()["role"])
	status, users := ada.call(http.MethodGet, "/api/v1/users", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, fmt.Sprint(users), "provider:Example")

	status, log := ada.call(http.MethodGet, "/api/v1/audit?action=sign_in", "")
	require.Equal(t, http.StatusOK, status)
	entry := log["entries"].([]any)[0].(map[string]any)
	require.Equal(t, "ada@example.com", entry["actor"])
	require.Equal(t, "ok", entry["outcome"])
	require.Equal(t, map[string]any{"provider": "Example"}, entry["detail"])

	status, out := ada.call(http.MethodPost, "/api/v1/auth/sign-out", "{}")
	require.Equal(t, http.StatusOK, status)
	require.Nil(t, ada.me())
	to := ada.walk(out["continue_at"].(string), anyPage)
	require.Equal(t, "/sign-in", to.Path)
	before := ada.pages
	require.Equal(t, "/sql?tab=2", ada.signIn())
	require.Greater(t, ada.pages, before, "the provider asks who it is again")
}

func TestWhoIsNotLetInHearsWhy(t *testing.T) {
	p := provider(t)
	h := serve(t, p)
	require.Equal(t, "/sign-in?error=no_role", newBrowser(t, home, "bob").signIn())
	require.Equal(t, "/sign-in?error=unverified", newBrowser(t, home, "eve").signIn())
	h.command(password, "users", "add", "eve@example.com", "--role", "viewer", "--password-stdin")
	require.Equal(t, "/sign-in?error=conflict", newBrowser(t, home, "eve").signIn())
	h.command(password, "users", "add", "ada@example.com", "--role", "viewer", "--password-stdin")
	ada := newBrowser(t, home, "ada")
	require.Equal(t, "/sql?tab=2", ada.signIn(), "the address is hers")
	require.Equal(t, "editor", ada.me()["role"])
	h.command("", "users", "disable", "ada@example.com")
	require.Nil(t, ada.me())
	require.Equal(t, "/sign-in?error=disabled", ada.signIn())
	h.command("", "users", "enable", "ada@example.com")
	p.setGroups(t, "ada", "strangers")
	require.Equal(t, "/sign-in?error=no_role", ada.signIn())
	status, _ := ada.call(http.MethodPost, "/api/v1/auth/sign-in", `{"email":"ada@example.com","password":"`+password+`"}`)
	require.Equal(t, http.StatusUnauthorized, status, "nor by the password")
	require.Regexp(t, `ada@example\.com +editor +barred`, h.command("", "users", "list"))
	h.command(password, "users", "password", "ada@example.com", "--password-stdin")
	status, _ = ada.call(http.MethodPost, "/api/v1/auth/sign-in", `{"email":"ada@example.com","password":"`+password+`"}`)
	require.Equal(t, http.StatusOK, status)
}

func TestAnotherBrowserCannotUseASignInNorTheSameTwice(t *testing.T) {
	p := provider(t)
	serve(t, p)
	ada, thief := newBrowser(t, home, "ada"), newBrowser(t, home, "bob")
	start := "http://" + home + "/api/v1/auth/oidc/start"
	back := ada.walk(start, comeBack)
	to := func(b *browser, address string) string {
		res := b.send(http.MethodGet, address, nil, true)
		require.Equal(t, http.StatusFound, res.StatusCode, b.text(res))
		return res.Header.Get("Location")
	}
	require.Equal(t, "/sign-in?error=expired", to(thief, back.String()), "no cookie")
	thief.walk(start, comeBack)
	require.Equal(t, "/sign-in?error=expired", to(thief, back.String()), "a cookie of another sign-in")
	require.Nil(t, thief.me())

	again := ada.walk(start, comeBack)
	changed := *again
	q := changed.Query()
	q.Set("state", "made-up")
	changed.RawQuery = q.Encode()
	require.Equal(t, "/sign-in?error=expired", to(ada, changed.String()))

	again = ada.walk(start, comeBack)
	cookies := ada.client.Jar.Cookies(again)
	require.Equal(t, "/", to(ada, again.String()))
	ada.client.Jar.SetCookies(&url.URL{Scheme: "http", Host: home, Path: "/"}, cookies) // as somebody who kept them
	require.Equal(t, "/sign-in?error=expired", to(ada, again.String()), "twice")
}

func TestAProviderThatIsDownHindersNeitherTheStartNorPasswords(t *testing.T) {
	p := provider(t)
	p.gate.close(t)
	serve(t, p)
	root := newBrowser(t, home, "root")
	status, _ := root.call(http.MethodPost, "/api/v1/auth/sign-in", `{"email":"root@example.com","password":"`+password+`"}`)
	require.Equal(t, http.StatusOK, status)
	ada := newBrowser(t, home, "ada")
	require.Equal(t, "/sign-in?error=provider", ada.signIn())
	p.gate.reopen(t)
	require.Eventually(t, func() bool { return ada.signIn() == "/sql?tab=2" }, time.Minute, 3*time.Second)

	back := ada.walk("http://"+home+"/api/v1/auth/oidc/start", comeBack)
	p.gate.close(t)
	res := ada.send(http.MethodGet, back.String(), nil, true)
	require.Equal(t, "/sign-in?error=provider", res.Header.Get("Location"), "down between two steps")
	require.Equal(t, "ada@example.com", ada.me()["name"], "the session of before goes on")
	status, out := ada.call(http.MethodPost, "/api/v1/auth/sign-out", "{}")
	require.Equal(t, http.StatusOK, status)
	require.NotEmpty(t, out["continue_at"])
	require.Nil(t, ada.me())
}

// accounts is a service of this process with a clock of its own, and the same provider.
type accounts struct {
	*auth.Service
	t  *testing.T
	p  *idp
	mu sync.Mutex
	at time.Time
}

func newAccounts(t *testing.T, p *idp) *accounts {
	t.Helper()
	c, err := catalog.Open(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	a := &accounts{t: t, p: p, at: time.Now()}
	a.Service = auth.New(catalog.NewAccounts(c), auth.Options{
		Now: func() time.Time {
			a.mu.Lock()
			defer a.mu.Unlock()
			return a.at
		},
		Cost: auth.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Provider: oidc.New(oidc.Options{Issuer: p.issuer, ClientID: clientID, ClientSecret: secret, GroupsClaim: "groups"}),
		Rules:    []auth.Rule{{Group: "admins", Role: auth.Admin}, {Group: "editors", Role: auth.Editor}},
	})
	_, err = a.AddUser(auth.With(t.Context(), auth.Machine("root")), auth.NewUser{Email: "root@example.com", Role: auth.Admin, Password: password})
	require.NoError(t, err)
	return a
}

func (a *accounts) pass(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = a.at.Add(d)
}

// signIn signs somebody in so that the session can be refreshed: consent may be wanted for it, which is learned from the first try.
func (a *accounts) signIn(name string) auth.SignedIn {
	a.t.Helper()
	for range 2 {
		to, pending, err := a.BeginProvider(a.t.Context(), "http://"+home+callback, "/")
		require.NoError(a.t, err)
		q := newBrowser(a.t, home, name).walk(to, comeBack).Query()
		in, _, err := a.FinishProvider(a.t.Context(), pending, auth.CameBack{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error")})
		require.NoError(a.t, err)
		if in.EndsAt.Sub(a.at) > auth.ProviderAge {
			return in
		}
	}
	require.FailNow(a.t, "the provider gives no refresh token")
	return auth.SignedIn{}
}

// use makes a request a quarter of an hour later.
func (a *accounts) use(secret string) (auth.Principal, string, error) {
	a.pass(15 * time.Minute)
	who, fresh, err := a.Session(context.WithoutCancel(a.t.Context()), secret)
	if fresh != nil {
		secret = fresh.Secret
	}
	return who, secret, err
}

func TestASessionIsRefreshedAndFollowsTheProvider(t *testing.T) {
	p := provider(t)
	a := newAccounts(t, p)
	in := a.signIn("ada")
	require.Equal(t, auth.Editor, in.Principal.Role)
	who, key, err := a.use(in.Secret)
	require.NoError(t, err)
	require.Equal(t, auth.Editor, who.Role)
	p.setGroups(t, "ada", "admins")
	who, key, err = a.use(key)
	require.NoError(t, err)
	require.Equal(t, auth.Admin, who.Role)
	who, key, err = a.use(key)
	require.NoError(t, err, "with the refresh token of the refresh before")
	require.Equal(t, auth.Admin, who.Role)

	p.setGone(t, "ada", true)
	_, _, err = a.use(key)
	require.Equal(t, fault.SignIn, fault.CodeOf(err), err)
	p.setGone(t, "ada", false)
	_, _, err = a.use(key)
	require.Equal(t, fault.SignIn, fault.CodeOf(err), "it has ended for good")
}

func TestSigningOutLeadsToTheProviderAndARevokedTokenIsUseless(t *testing.T) {
	p := provider(t)
	a := newAccounts(t, p)
	in := a.signIn("ada")
	client := oidc.New(oidc.Options{Issuer: p.issuer, ClientID: clientID, ClientSecret: secret, GroupsClaim: "groups"})
	to, err := a.SignOut(auth.With(t.Context(), in.Principal), in.Secret, "http://"+home+"/sign-in")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(to, p.issuer), to)
	require.Contains(t, to, "id_token_hint=")

	r := auth.SignInRequest{State: "s", Nonce: "n", Verifier: strings.Repeat("v", 43), RedirectURI: "http://" + home + callback}
	var id auth.Identity
	for range 2 {
		at, err := client.Authorize(t.Context(), r)
		require.NoError(t, err)
		q := newBrowser(t, home, "ada").walk(at, comeBack).Query()
		id, err = client.Exchange(t.Context(), r, auth.CameBack{Code: q.Get("code"), Issuer: q.Get("iss")})
		require.NoError(t, err)
	}
	id, err = client.Refresh(t.Context(), id.RefreshToken, id.Subject)
	require.NoError(t, err)
	require.NoError(t, client.Revoke(t.Context(), id.RefreshToken))
	_, err = client.Refresh(t.Context(), id.RefreshToken, id.Subject)
	require.Equal(t, fault.SignIn, fault.CodeOf(err), err)
}

func TestASessionOutlivesItsProviderForAnHourAtMost(t *testing.T) {
	p := provider(t)
	a := newAccounts(t, p)
	key := a.signIn("ada").Secret
	p.gate.close(t)
	for range 3 {
		var err error
		_, key, err = a.use(key)
		require.NoError(t, err)
	}
	_, _, err := a.use(key)
	require.Equal(t, fault.SignIn, fault.CodeOf(err), err)
}
