package auth_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/oidc/oidctest"
)

func TestTheProviderIsAskedAgainAndTheRoleFollows(t *testing.T) {
	p := newProvided(t)
	in := p.mustComeIn()
	secret := in.Secret
	p.clock.Pass(14 * time.Minute)
	p.groups("chiefs")
	who, secret, err := p.use(secret)
	require.NoError(t, err)
	require.Equal(t, auth.Viewer, who.Role, "not yet")
	for i := range 4 { // each time with the refresh token of the time before
		p.clock.Pass(15 * time.Minute)
		old := secret
		who, secret, err = p.use(secret)
		require.NoError(t, err, i)
		require.NotEqual(t, old, secret)
		require.Equal(t, auth.Admin, who.Role)
	}
	files := string(p.files())
	require.Contains(t, files, in.Principal.User, "they are those of the catalog")
	require.NotContains(t, files, "refresh-")
	require.NotContains(t, files, "eyJhbGciO", "an ID token")

	p.groups("strangers")
	p.clock.Pass(15 * time.Minute)
	_, _, err = p.use(secret)
	requireCode(t, fault.SignIn, err)
	require.False(t, p.alive(secret))
	require.Equal(t, "no_role", detail(t, p.entries(auth.ActionSessionsEnd)[0])["reason"])
}

func TestWhomNoRuleLetsInAnyMoreHasNoOtherWayIn(t *testing.T) {
	for name, learn := range map[string]func(p *provided, in auth.SignedIn){
		"at a sign-in": func(p *provided, _ auth.SignedIn) {
			_, err := p.comeIn()
			requireReason(p.t, auth.ReasonNoRole, err)
		},
		"when the provider is asked again": func(p *provided, in auth.SignedIn) {
			p.clock.Pass(15 * time.Minute)
			_, _, err := p.use(in.Secret)
			requireCode(p.t, fault.SignIn, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvided(t)
			u := p.user("ada@example.com", auth.Editor)
			in, other := p.mustComeIn(), p.signIn("ada@example.com")
			_, token, err := p.CreateToken(p.as(in.Principal), auth.NewToken{Name: "ci", Role: auth.Viewer})
			require.NoError(t, err)
			p.groups("strangers")
			learn(p, in)
			require.False(t, p.alive(in.Secret))
			require.False(t, p.alive(other.Secret))
			_, err = p.Token(t.Context(), token)
			requireCode(t, fault.SignIn, err)
			ended := detail(t, p.entries(auth.ActionSessionsEnd)[0])
			require.EqualValues(t, 2, ended["ended"])
			require.EqualValues(t, 1, ended["tokens"])
			_, err = p.SignIn(p.from("192.0.2.7"), "ada@example.com", password)
			requireCode(t, fault.SignIn, err)
			require.Equal(t, "no_role", detail(t, p.entries(auth.ActionSignIn)[0])["reason"])
			_, err = p.ResetLink(p.machine(), u.ID)
			requireCode(t, fault.Refused, err)

			p.groups("staff")
			p.mustComeIn()
			p.signIn("ada@example.com")
			_, err = p.Token(t.Context(), token)
			requireCode(t, fault.SignIn, err)

			p.groups("strangers")
			_, err = p.comeIn()
			requireReason(t, auth.ReasonNoRole, err)
			require.NoError(t, p.SetPassword(p.machine(), u.ID, password))
			p.signIn("ada@example.com")
		})
	}
}

func TestTheLastAdminKeepsTheirPasswordWhateverTheProviderSays(t *testing.T) {
	p := newProvided(t)
	person := func(groups ...string) {
		p.person(map[string]any{"sub": "s-1", "email": "admin@example.com", "email_verified": true, "groups": append([]string{}, groups...)})
	}
	person("chiefs")
	in := p.mustComeIn()
	person()
	_, err := p.comeIn()
	requireReason(t, auth.ReasonNoRole, err)
	require.False(t, p.alive(in.Secret))
	p.signIn("admin@example.com")
	require.Equal(t, "last admin", detail(t, p.entries(auth.ActionSessionsEnd)[0])["kept"])

	second := p.user("second@example.com", auth.Admin)
	_, err = p.comeIn()
	requireReason(t, auth.ReasonNoRole, err)
	_, err = p.SignIn(p.from("192.0.2.7"), "admin@example.com", password)
	requireCode(t, fault.SignIn, err)
	requireCode(t, fault.Conflict, p.RemoveUser(p.machine(), second.ID)) // it is the last one now
}

func TestASessionEndsWhenTheProviderRefusesIt(t *testing.T) {
	p := newProvided(t)
	in, other := p.mustComeIn(), p.signIn("admin@example.com")
	p.provider.Set(func(s *oidctest.Server) { s.RefuseRefresh = true })
	p.clock.Pass(15 * time.Minute)
	_, _, err := p.use(in.Secret)
	requireCode(t, fault.SignIn, err)
	require.False(t, p.alive(in.Secret))
	require.True(t, p.alive(other.Secret), "of the password")
	entry := p.entries(auth.ActionSessionsEnd)[0]
	require.Equal(t, "refused", detail(t, entry)["reason"])
	require.Equal(t, "ada@example.com", entry.Target)
}

func TestAProviderThatIsDownIsForgivenForAnHour(t *testing.T) {
	p := newProvided(t)
	in := p.mustComeIn()
	p.provider.Set(func(s *oidctest.Server) { s.Down = true })
	secret := in.Secret
	for range 3 {
		p.clock.Pass(15 * time.Minute)
		var err error
		_, secret, err = p.use(secret)
		require.NoError(t, err)
	}
	ctx := p.as(in.Principal)
	require.NoError(t, p.Still(ctx))
	p.clock.Pass(14 * time.Minute)
	_, secret, err := p.use(secret)
	require.NoError(t, err)
	p.clock.Pass(time.Minute)
	require.Error(t, p.Still(ctx), "a request that goes on for long")
	_, _, err = p.use(secret)
	requireCode(t, fault.SignIn, err)
	p.provider.Set(func(s *oidctest.Server) { s.Down = false })
	require.False(t, p.alive(secret), "it has ended for good")
	require.Equal(t, "silent", detail(t, p.entries(auth.ActionSessionsEnd)[0])["reason"])

	_, _, err = p.BeginProvider(p.from("192.0.2.7"), backTo, "/")
	require.NoError(t, err, "and who comes anew is let in")
}

func TestAfterALongNightNobodyIsLetInBeforeTheProviderSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*oidctest.Server)
		want   auth.Role // of all requests; NoRole: none is let in
	}{
		"who was made more":     {func(s *oidctest.Server) { s.Person["groups"] = []string{"chiefs"} }, auth.Admin},
		"who was let go":        {func(s *oidctest.Server) { s.RefuseRefresh = true }, auth.NoRole},
		"a provider in trouble": {func(s *oidctest.Server) { s.Down = true }, auth.NoRole},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvided(t)
			in := p.mustComeIn()
			p.clock.Pass(8 * time.Hour)
			p.provider.Set(c.change)
			var wg sync.WaitGroup
			roles := make([]auth.Role, 20)
			for i := range roles {
				wg.Go(func() {
					who, _, err := p.use(in.Secret)
					if err == nil {
						roles[i] = who.Role
					}
				})
			}
			wg.Wait()
			require.Equal(t, slices.Repeat([]auth.Role{c.want}, len(roles)), roles)
			require.LessOrEqual(t, p.provider.Calls["/token"], 2, "one code, one refresh")
		})
	}
}

func TestASecretOfBeforeDoesNotOutliveTheHour(t *testing.T) {
	p := newProvided(t)
	secret := p.mustComeIn().Secret
	p.provider.Set(func(s *oidctest.Server) { s.Down = true })
	former := ""
	for range 3 { // the last time 15 seconds before the hour
		p.clock.Pass(20*time.Minute - 5*time.Second)
		former = secret
		var err error
		_, secret, err = p.use(former)
		require.NoError(t, err)
	}
	require.True(t, p.alive(former), "for half a minute")
	p.clock.Pass(15 * time.Second)
	require.False(t, p.alive(former))
}

func TestWithoutARefreshTokenASessionLastsAWorkingDay(t *testing.T) {
	p := newProvided(t)
	p.provider.Set(func(s *oidctest.Server) { s.NoRefreshToken = true })
	in := p.mustComeIn()
	require.Equal(t, p.clock.Now().Add(auth.ProviderAge), in.EndsAt)
	secret := in.Secret
	for range 7 {
		p.clock.Pass(time.Hour)
		var err error
		_, secret, err = p.use(secret)
		require.NoError(t, err)
	}
	p.clock.Pass(time.Hour)
	require.False(t, p.alive(secret))
}

func TestSessionsOfAProviderThatIsNoLongerTrustedEnd(t *testing.T) {
	p := newProvided(t)
	in, other := p.mustComeIn(), p.signIn("admin@example.com")
	p.Service = p.service(p.store, cheap)
	require.False(t, p.alive(in.Secret))
	require.True(t, p.alive(other.Secret))
	require.Error(t, p.Still(p.as(in.Principal)))
	_, _, err := p.BeginProvider(p.from("192.0.2.7"), backTo, "/")
	requireCode(t, fault.NotFound, err)
	user, err := p.UserByEmail(p.machine(), "ada@example.com")
	require.NoError(t, err)
	require.Equal(t, strings.TrimPrefix(p.provider.URL, "http://"), p.ProviderOf(&user))
}

func TestSigningOutTakesTheGrantBackAndGoesOnToTheProvider(t *testing.T) {
	p := newProvided(t)
	in := p.mustComeIn()
	p.clock.Pass(15 * time.Minute)
	_, secret, err := p.use(in.Secret)
	require.NoError(t, err)
	to, err := p.SignOut(p.as(in.Principal), secret, signedTo)
	require.NoError(t, err)
	u, err := url.Parse(to)
	require.NoError(t, err)
	require.Equal(t, signedTo, u.Query().Get("post_logout_redirect_uri"))
	require.True(t, strings.HasPrefix(u.Query().Get("id_token_hint"), "eyJ"))
	require.Len(t, p.provider.Revoked, 1)
	require.False(t, p.alive(secret))

	in = p.mustComeIn()
	p.provider.Set(func(s *oidctest.Server) { s.Down = true })
	to, err = p.SignOut(p.as(in.Principal), in.Secret, signedTo)
	require.NoError(t, err)
	require.NotEmpty(t, to, "the address is known")
	require.False(t, p.alive(in.Secret))
	require.NotContains(t, p.log.String(), "refresh-")

	other := p.signIn("admin@example.com")
	to, err = p.SignOut(p.as(other.Principal), other.Secret, signedTo)
	require.NoError(t, err)
	require.Empty(t, to, "who had a password goes nowhere")
}

func TestWhoseAccountHasNoPasswordGetsNone(t *testing.T) {
	p := newProvided(t)
	invited, err := p.AddUser(p.machine(), auth.NewUser{Email: "ada@example.com", Role: auth.Editor})
	require.NoError(t, err)
	link, err := p.ResetLink(p.machine(), invited.ID)
	require.NoError(t, err)
	in := p.mustComeIn()
	require.Equal(t, invited.ID, in.Principal.User)
	_, err = p.ResetLink(p.machine(), invited.ID)
	requireCode(t, fault.Refused, err)
	require.ErrorContains(t, err, "Example")
	requireCode(t, fault.NotFound, p.ResetPassword(t.Context(), link.Secret, password))
	_, err = p.ChangePassword(p.as(in.Principal), password, password+"!")
	require.ErrorContains(t, err, "Example")
	_, err = p.SignIn(p.from("192.0.2.7"), "ada@example.com", "")
	requireCode(t, fault.SignIn, err)
}

func TestAClientThatGoesAwayDoesNotCostTheSessionItsRefreshToken(t *testing.T) {
	p := newProvided(t)
	in := p.mustComeIn()
	p.clock.Pass(15 * time.Minute)
	ctx, cancel := context.WithCancel(p.from("192.0.2.7"))
	p.provider.Set(func(s *oidctest.Server) { s.Forge = func(*oidctest.Token) { cancel() } })
	_, fresh, err := p.Session(ctx, in.Secret)
	require.NoError(t, err)
	p.provider.Set(func(s *oidctest.Server) { s.Forge = nil })
	p.clock.Pass(15 * time.Minute)
	_, _, err = p.use(fresh.Secret)
	require.NoError(t, err)
}
