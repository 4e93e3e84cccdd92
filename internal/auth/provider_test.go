package auth_test

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/oidc"
	"github.com/helios-sql/helios/internal/oidc/oidctest"
)

const (
	backTo   = "https://helios.example.com/api/v1/auth/oidc/callback"
	signedTo = "https://helios.example.com/sign-in"
)

var (
	staff = auth.Rule{Group: "staff", Role: auth.Viewer, Tables: []string{"orders"}}
	chief = auth.Rule{Group: "chiefs", Role: auth.Admin}
)

// provided is a world whose people a provider knows. It has an admin with a password.
type provided struct {
	*world
	provider *oidctest.Server
}

func newProvided(t *testing.T, rules ...auth.Rule) *provided {
	t.Helper()
	p := &provided{world: newWorld(t), provider: oidctest.Start(t)}
	p.restart(rules...)
	p.user("admin@example.com", auth.Admin)
	return p
}

// restart begins a new service over the same store, as a new process does.
func (p *provided) restart(rules ...auth.Rule) {
	p.t.Helper()
	if len(rules) == 0 {
		rules = []auth.Rule{chief, staff}
	}
	client := oidc.New(oidc.Options{Issuer: p.provider.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.Secret, Name: "Example", GroupsClaim: "groups"})
	p.Service = auth.New(p.store, auth.Options{
		Now: p.clock.Now, Cost: cheap, Logger: slog.New(slog.NewTextHandler(p.log, nil)), Provider: client, Rules: rules,
	})
}

// person says who is at the provider.
func (p *provided) person(claims map[string]any) {
	p.provider.Set(func(s *oidctest.Server) { s.Person = claims })
}

func (p *provided) groups(names ...string) {
	p.provider.Set(func(s *oidctest.Server) { s.Person["groups"] = append([]string{}, names...) })
}

// begin goes to the provider and gives what the browser keeps and what it is sent back with.
func (p *provided) begin() (pending string, back auth.CameBack) {
	p.t.Helper()
	to, pending, err := p.BeginProvider(p.from("192.0.2.7"), backTo, "/sql")
	require.NoError(p.t, err)
	u := p.provider.Visit(p.t, to)
	require.True(p.t, strings.HasPrefix(u.String(), backTo))
	q := u.Query()
	return pending, auth.CameBack{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error")}
}

func (p *provided) comeIn() (auth.SignedIn, error) {
	p.t.Helper()
	pending, back := p.begin()
	in, to, err := p.FinishProvider(p.from("192.0.2.7"), pending, back)
	if err == nil {
		require.Equal(p.t, "/sql", to)
	}
	return in, err
}

func (p *provided) mustComeIn() auth.SignedIn {
	p.t.Helper()
	in, err := p.comeIn()
	require.NoError(p.t, err)
	return in
}

// use makes a request with a session's secret, and gives who it was and the secret from then on.
func (p *provided) use(secret string) (auth.Principal, string, error) {
	who, fresh, err := p.Session(p.from("192.0.2.7"), secret)
	if fresh != nil {
		secret = fresh.Secret
	}
	return who, secret, err
}

func requireReason(t *testing.T, want auth.Reason, err error) {
	t.Helper()
	var refused *auth.ProviderError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, want, refused.Reason, err)
}

// detail is that of an entry of the audit log.
func detail(t *testing.T, e auth.Entry) map[string]any {
	t.Helper()
	var d map[string]any
	require.NoError(t, json.Unmarshal(e.Detail, &d))
	return d
}

func TestTheProvidersPeopleComeInByTheFirstRuleThatIsForThem(t *testing.T) {
	p := newProvided(t)
	in := p.mustComeIn()
	require.Equal(t, "ada@example.com", in.Principal.Name)
	require.Equal(t, auth.Viewer, in.Principal.Role)
	require.Equal(t, []string{"orders"}, in.Principal.Tables)
	added := p.entries(auth.ActionUserAdd)[0]
	require.Equal(t, "ada@example.com", added.Target)
	entry := p.entries(auth.ActionSignIn)[0]
	require.Equal(t, "ada@example.com", entry.Actor)
	require.Equal(t, auth.OutcomeOK, entry.Outcome)
	require.Equal(t, map[string]any{"provider": "Example"}, detail(t, entry))

	p.groups("staff", "chiefs")
	again := p.mustComeIn()
	require.Equal(t, in.Principal.User, again.Principal.User, "the same account")
	require.Equal(t, auth.Admin, again.Principal.Role)
	require.Nil(t, again.Principal.Tables)
	change := detail(t, p.entries(auth.ActionUserChange)[0])
	require.Equal(t, "viewer", change["was"])
	require.Equal(t, "admin", change["role"])

	who, _, err := p.use(in.Secret)
	require.NoError(t, err)
	require.Equal(t, auth.Admin, who.Role, "a session of before has the role of now")
	p.groups("strangers")
	_, err = p.comeIn()
	requireReason(t, auth.ReasonNoRole, err)
	require.False(t, p.alive(in.Secret))
	require.False(t, p.alive(again.Secret))
	require.Equal(t, "no_role", detail(t, p.entries(auth.ActionSignIn)[0])["reason"])
	require.Equal(t, "no_role", detail(t, p.entries(auth.ActionSessionsEnd)[0])["reason"])
}

func TestWhoComesTwiceAtOnceHasOneAccount(t *testing.T) {
	p := newProvided(t)
	var wg sync.WaitGroup
	users := make([]string, 8)
	for i := range users {
		pending, back := p.begin()
		wg.Go(func() {
			if in, _, err := p.FinishProvider(p.from("192.0.2.7"), pending, back); err == nil {
				users[i] = in.Principal.User
			}
		})
	}
	wg.Wait()
	require.NotEmpty(t, users[0])
	require.Equal(t, slices.Repeat(users[:1], len(users)), users)
}

func TestRules(t *testing.T) {
	domain := auth.Rule{Domain: "Example.com", Role: auth.Analyst}
	one := auth.Rule{Email: "Ada@Example.com", Role: auth.Editor}
	for name, c := range map[string]struct {
		rules  []auth.Rule
		claims map[string]any
		want   auth.Role
	}{
		"the first that is for them":      {[]auth.Rule{domain, one}, map[string]any{"email": "ada@example.com", "email_verified": true}, auth.Analyst},
		"an address":                      {[]auth.Rule{one, domain}, map[string]any{"email": "ADA@example.com", "email_verified": true}, auth.Editor},
		"an address that nobody verified": {[]auth.Rule{one, domain}, map[string]any{"email": "ada@example.com"}, auth.NoRole},
		"verified as a text":              {[]auth.Rule{one}, map[string]any{"email": "ada@example.com", "email_verified": "true"}, auth.Editor},
		"a domain that ends so":           {[]auth.Rule{domain}, map[string]any{"email": "ada@evilexample.com", "email_verified": true}, auth.NoRole},
		"a domain that begins so":         {[]auth.Rule{domain}, map[string]any{"email": "ada@example.com.evil.org", "email_verified": true}, auth.NoRole},
		"a domain below":                  {[]auth.Rule{domain}, map[string]any{"email": "ada@sub.example.com", "email_verified": true}, auth.NoRole},
		"a group in other letters":        {[]auth.Rule{staff}, map[string]any{"email": "ada@example.com", "groups": []string{"Staff"}}, auth.NoRole},
		"a group, whoever they are":       {[]auth.Rule{staff}, map[string]any{"email": "ada@example.com", "email_verified": true, "groups": []string{"a", "staff"}}, auth.Viewer},
		"a rule for nobody":               {[]auth.Rule{{Role: auth.Admin}}, map[string]any{"email": "ada@example.com", "email_verified": true}, auth.NoRole},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvided(t, c.rules...)
			c.claims["sub"] = "s-1"
			p.person(c.claims)
			in, err := p.comeIn()
			if c.want == auth.NoRole {
				requireReason(t, auth.ReasonNoRole, err)
				users, err := p.Users(p.machine())
				require.NoError(t, err)
				require.Len(t, users, 1, "no account is made")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, in.Principal.Role)
		})
	}
}

func TestNobodyComesInBeforeTheFirstAdmin(t *testing.T) {
	p := &provided{world: newWorld(t), provider: oidctest.Start(t)}
	p.restart(chief, staff)
	p.groups("chiefs")
	_, err := p.comeIn()
	requireReason(t, auth.ReasonNoRole, err)
	open, err := p.Open(t.Context())
	require.NoError(t, err)
	require.True(t, open)
}

func TestAnAccountOfTheSameAddressIsTheirsOnlyIfTheAddressIs(t *testing.T) {
	p := newProvided(t)
	kept := p.user("ada@example.com", auth.Editor)
	p.provider.Set(func(s *oidctest.Server) { s.Person["email_verified"] = false })
	_, err := p.comeIn()
	requireReason(t, auth.ReasonConflict, err)
	p.provider.Set(func(s *oidctest.Server) { s.Person["email_verified"] = true })
	in := p.mustComeIn()
	require.Equal(t, kept.ID, in.Principal.User)
	require.Equal(t, auth.Viewer, in.Principal.Role, "the rule's")
	require.Equal(t, auth.Viewer, p.signIn("ada@example.com").Principal.Role, "the password is good still")

	p.provider.Set(func(s *oidctest.Server) { s.Person["sub"] = "s-2" })
	_, err = p.comeIn()
	requireReason(t, auth.ReasonConflict, err)

	p.person(map[string]any{"sub": "s-3", "email_verified": true, "groups": []string{"staff"}})
	_, err = p.comeIn()
	requireReason(t, auth.ReasonProvider, err)
}

func TestNobodyTakesAnAddressThatTheProviderHasNotVerified(t *testing.T) {
	p := newProvided(t)
	mallory := map[string]any{"sub": "mallory", "email": "ceo@example.com", "groups": []string{"staff"}}
	for _, said := range []any{nil, false, "false"} {
		if mallory["email_verified"] = said; said == nil {
			delete(mallory, "email_verified")
		}
		p.person(mallory)
		_, err := p.comeIn()
		requireReason(t, auth.ReasonUnverified, err)
	}
	require.Equal(t, "unverified", detail(t, p.entries(auth.ActionSignIn)[0])["reason"])
	p.person(map[string]any{"sub": "ceo", "email": "ceo@example.com", "email_verified": true, "groups": []string{"staff"}})
	require.Equal(t, "ceo@example.com", p.mustComeIn().Principal.Name)
}

func TestADisabledAccountStaysOut(t *testing.T) {
	p := newProvided(t)
	in := p.mustComeIn()
	yes := true
	_, err := p.ChangeUser(p.machine(), in.Principal.User, auth.UserChange{Disabled: &yes})
	require.NoError(t, err)
	_, err = p.comeIn()
	requireReason(t, auth.ReasonDisabled, err)
	other := p.user("bob@example.com", auth.Viewer)
	_, err = p.ChangeUser(p.machine(), other.ID, auth.UserChange{Disabled: &yes})
	require.NoError(t, err)
	p.person(map[string]any{"sub": "s-2", "email": "bob@example.com", "email_verified": true, "groups": []string{"staff"}})
	_, err = p.comeIn()
	requireReason(t, auth.ReasonDisabled, err)
}

func TestNoRuleTakesTheLastAdmin(t *testing.T) {
	p := newProvided(t)
	p.person(map[string]any{"sub": "s-1", "email": "admin@example.com", "email_verified": true, "groups": []string{"staff"}})
	require.Equal(t, auth.Admin, p.mustComeIn().Principal.Role)
	p.user("second@example.com", auth.Admin)
	in := p.mustComeIn()
	require.Equal(t, auth.Viewer, in.Principal.Role)
	require.Equal(t, []string{"orders"}, in.Principal.Tables)
}

func TestAnAddressThatChangesAtTheProviderChangesHere(t *testing.T) {
	p := newProvided(t)
	first := p.mustComeIn()
	p.provider.Set(func(s *oidctest.Server) { s.Person["email"] = "lovelace@example.com" })
	require.Equal(t, "lovelace@example.com", p.mustComeIn().Principal.Name)
	for name, claims := range map[string]map[string]any{
		"another account's": {"email": "admin@example.com", "email_verified": true},
		"not verified":      {"email": "new@example.com", "email_verified": false},
		"none at all":       {},
	} {
		claims["sub"], claims["groups"] = "s-1", []string{"staff"}
		p.person(claims)
		in := p.mustComeIn()
		require.Equal(t, "lovelace@example.com", in.Principal.Name, name)
		require.Equal(t, first.Principal.User, in.Principal.User)
	}
}

func TestOnlyTheBrowserThatBeganASignInEndsItAndOnce(t *testing.T) {
	p := newProvided(t)
	mine, back := p.begin()
	others, _ := p.begin()
	finish := func(pending string, back auth.CameBack) error {
		_, _, err := p.FinishProvider(p.from("192.0.2.8"), pending, back)
		return err
	}
	wrong := back
	wrong.State = "AAAA"
	requireReason(t, auth.ReasonExpired, finish(mine, wrong))
	requireReason(t, auth.ReasonExpired, finish(others, back))
	requireReason(t, auth.ReasonExpired, finish("", back))
	requireReason(t, auth.ReasonExpired, finish(mine[:len(mine)-2]+"AA", back))
	require.NoError(t, finish(mine, back))
	requireReason(t, auth.ReasonExpired, finish(mine, back))

	late, back := p.begin()
	p.clock.Pass(auth.SignInFor)
	requireReason(t, auth.ReasonExpired, finish(late, back))
	before, back := p.begin()
	p.restart()
	requireReason(t, auth.ReasonExpired, finish(before, back))
	require.NotContains(t, before, back.State, "what the browser keeps is sealed")
}

func TestWhatAProviderSaysNoTo(t *testing.T) {
	for said, want := range map[string]auth.Reason{
		"access_denied": auth.ReasonDenied, "consent_required": auth.ReasonDenied, "server_error": auth.ReasonProvider, "made\nup": auth.ReasonProvider,
	} {
		p := newProvided(t)
		p.provider.Set(func(s *oidctest.Server) { s.Deny = said })
		_, err := p.comeIn()
		requireReason(t, want, err)
	}
	p := newProvided(t)
	p.provider.Set(func(s *oidctest.Server) { s.Forge = func(k *oidctest.Token) { k.Claims["nonce"] = "another" } })
	_, err := p.comeIn()
	requireReason(t, auth.ReasonProvider, err)
	require.Contains(t, p.log.String(), "nonce")
}

func TestStrangersFillNeitherTheLogNorTheMemory(t *testing.T) {
	p := newProvided(t)
	for range 500 {
		_, _, err := p.FinishProvider(p.from("198.51.100.1"), "made up", auth.CameBack{State: "x", Code: "y"})
		requireReason(t, auth.ReasonExpired, err)
	}
	require.Less(t, len(p.entries(auth.ActionSignIn)), 50)
	require.Less(t, strings.Count(p.log.String(), "\n"), 50)
	_, err := p.SignIn(p.from("198.51.100.1"), "admin@example.com", password)
	require.NoError(t, err, "any page can send its visitors there")
	mine, back := p.begin()
	_, _, err = p.FinishProvider(p.from("198.51.100.1"), mine, back)
	require.NoError(t, err)
	p.provider.Set(func(s *oidctest.Server) { s.Deny = "access_denied" })
	refused := 0
	for range 100 {
		mine, back := p.begin()
		if _, _, err = p.FinishProvider(p.from("198.51.100.1"), mine, back); fault.CodeOf(err) == fault.TooMany {
			refused++
		}
		p.clock.Pass(2 * time.Second)
	}
	require.Greater(t, refused, 40)
	p.provider.Set(func(s *oidctest.Server) { s.Deny = "" })
	_, err = p.SignIn(p.from("198.51.100.1"), "admin@example.com", password)
	require.NoError(t, err)
	begun := 0
	for range 500 {
		if _, _, err := p.BeginProvider(p.from("198.51.100.1"), backTo, "/"); err == nil {
			begun++
		}
	}
	require.Less(t, begun, 50)
	p.mustComeIn() // others are not hindered
	for range 60 {
		p.clock.Pass(time.Minute)
		p.mustComeIn()
	}
}
