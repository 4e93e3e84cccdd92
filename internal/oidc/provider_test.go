package oidc_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/oidc"
	"github.com/helios-sql/helios/internal/oidc/oidctest"
)

var request = auth.SignInRequest{
	State: "the-state", Nonce: "the-nonce", Verifier: strings.Repeat("v", 43), RedirectURI: "http://127.0.0.1:1/back",
}

func client(s *oidctest.Server) *oidc.Provider {
	return oidc.New(oidc.Options{Issuer: s.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.Secret, Scopes: []string{"roles"}, GroupsClaim: "groups"})
}

// signIn goes to the provider and comes back.
func signIn(t *testing.T, p *oidc.Provider, s *oidctest.Server) (auth.Identity, error) {
	t.Helper()
	to, err := p.Authorize(t.Context(), request)
	require.NoError(t, err)
	back := s.Visit(t, to).Query()
	require.Equal(t, request.State, back.Get("state"))
	return p.Exchange(t.Context(), request, auth.CameBack{State: back.Get("state"), Code: back.Get("code"), Issuer: back.Get("iss"), Error: back.Get("error")})
}

func TestSomebodySignsInIsRefreshedAndLeaves(t *testing.T) {
	s := oidctest.Start(t)
	p := client(s)
	require.Equal(t, strings.TrimPrefix(s.URL, "http://"), p.Name())
	id, err := signIn(t, p, s)
	require.NoError(t, err)
	require.NotEmpty(t, id.IDToken)
	require.Equal(t, auth.Identity{
		Subject: "s-1", Email: "Ada@Example.com", EmailVerified: true, Groups: []string{"staff"}, RefreshToken: id.RefreshToken, IDToken: id.IDToken,
	}, id)
	require.Equal(t, "openid email profile offline_access roles", s.Asked[0].Get("scope"))
	require.Equal(t, "the-nonce", s.Asked[0].Get("nonce"))

	s.Set(func(s *oidctest.Server) { s.Person["groups"] = []string{"staff", "admins"} })
	again, err := p.Refresh(t.Context(), id.RefreshToken, "s-1")
	require.NoError(t, err)
	require.Equal(t, []string{"staff", "admins"}, again.Groups)
	require.NotEqual(t, id.RefreshToken, again.RefreshToken)
	_, err = p.Refresh(t.Context(), id.RefreshToken, "s-1")
	require.Equal(t, fault.SignIn, fault.CodeOf(err), "a token that is used up")
	require.NotContains(t, err.Error(), id.RefreshToken)
	again, err = p.Refresh(t.Context(), again.RefreshToken, "s-1")
	require.NoError(t, err)

	to, err := p.EndSession(t.Context(), again.IDToken, "https://helios.example.com/sign-in")
	require.NoError(t, err)
	u, err := url.Parse(to)
	require.NoError(t, err)
	require.Equal(t, url.Values{
		"tenant": {"1"}, "client_id": {"helios"}, "id_token_hint": {again.IDToken}, "post_logout_redirect_uri": {"https://helios.example.com/sign-in"},
	}, u.Query())
	to, err = p.EndSession(t.Context(), strings.Repeat("x", 10_000), "https://helios.example.com/sign-in")
	require.NoError(t, err)
	require.Less(t, len(to), 1000, "no address is that long")
	require.NoError(t, p.Revoke(t.Context(), again.RefreshToken))
	require.Equal(t, []string{again.RefreshToken}, s.Revoked)
	require.Equal(t, 1, s.Calls["/.well-known/openid-configuration"])
}

func TestAnIDTokenIsBelievedOnlyIfAllOfItIsRight(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		forge func(*oidctest.Token)
		says  string
	}{
		"another nonce":                 {func(k *oidctest.Token) { k.Claims["nonce"] = "another" }, "nonce"},
		"no nonce":                      {func(k *oidctest.Token) { delete(k.Claims, "nonce") }, "nonce"},
		"another issuer":                {func(k *oidctest.Token) { k.Claims["iss"] = "https://evil.example.com" }, "different provider"},
		"another audience":              {func(k *oidctest.Token) { k.Claims["aud"] = "another" }, "audience"},
		"several audiences, no azp":     {func(k *oidctest.Token) { k.Claims["aud"] = []string{"helios", "another"} }, "another client"},
		"several audiences, other azp":  {func(k *oidctest.Token) { k.Claims["aud"], k.Claims["azp"] = []string{"helios", "another"}, "another" }, "another client"},
		"one audience, other azp":       {func(k *oidctest.Token) { k.Claims["azp"] = "another" }, "another client"},
		"expired":                       {func(k *oidctest.Token) { k.Claims["exp"] = time.Now().Add(-time.Minute).Unix() }, "expired"},
		"no expiry":                     {func(k *oidctest.Token) { delete(k.Claims, "exp") }, "expired"},
		"not valid yet":                 {func(k *oidctest.Token) { k.Claims["nbf"] = time.Now().Add(time.Hour).Unix() }, "nbf"},
		"signed with another key":       {func(k *oidctest.Token) { k.Key = other }, "signature"},
		"signed with a key unheard of":  {func(k *oidctest.Token) { k.Key, k.KeyID = other, "two" }, "signature"},
		"not signed":                    {func(k *oidctest.Token) { k.Alg = "none" }, "signature algorithm"},
		"signed with the shared secret": {func(k *oidctest.Token) { k.Alg, k.Key = "HS256", []byte(strings.Repeat(oidctest.Secret, 2)) }, "signature algorithm"},
		"of another access token":       {func(k *oidctest.Token) { k.Claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" }, "access token"},
		"of nobody":                     {func(k *oidctest.Token) { delete(k.Claims, "sub") }, "who they are"},
		"of a name too long":            {func(k *oidctest.Token) { k.Claims["sub"] = strings.Repeat("s", 256) }, "who they are"},
		"groups that are none":          {func(k *oidctest.Token) { k.Claims["groups"] = []any{"staff", 7} }, `"groups"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := oidctest.Start(t)
			p := client(s)
			_, err := signIn(t, p, s)
			require.NoError(t, err, "as it is")
			s.Set(func(s *oidctest.Server) { s.Forge = c.forge })
			_, err = signIn(t, p, s)
			require.Equal(t, fault.Network, fault.CodeOf(err))
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "eyJ", "no token in an error")
		})
	}
}

func TestSeveralAudiencesAreRightForTheClientThatAsked(t *testing.T) {
	s := oidctest.Start(t)
	s.Forge = func(k *oidctest.Token) { k.Claims["aud"], k.Claims["azp"] = []string{"another", "helios"}, "helios" }
	_, err := signIn(t, client(s), s)
	require.NoError(t, err)
}

func TestAnAnswerOfAnotherProviderOrWithoutACodeIsNotTaken(t *testing.T) {
	for name, answer := range map[string]func(url.Values){
		"another provider's": func(v url.Values) { v.Set("iss", "https://evil.example.com") },
		"nobody's":           func(v url.Values) { v.Del("iss") },
		"no code":            func(v url.Values) { v.Del("code") },
		"a made-up code":     func(v url.Values) { v.Set("code", "made-up") },
		"an endless code":    func(v url.Values) { v.Set("code", strings.Repeat("c", 5000)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := oidctest.Start(t)
			s.Answer = answer
			_, err := signIn(t, client(s), s)
			require.Equal(t, fault.Network, fault.CodeOf(err), err)
			require.NotContains(t, err.Error(), "made-up", "no code in an error")
		})
	}
}

func TestACodeIsGoodOnlyForWhoAskedForIt(t *testing.T) {
	s := oidctest.Start(t)
	p := client(s)
	to, err := p.Authorize(t.Context(), request)
	require.NoError(t, err)
	back := s.Visit(t, to).Query()
	thief := request
	thief.Verifier = strings.Repeat("w", 43)
	_, err = p.Exchange(t.Context(), thief, auth.CameBack{Code: back.Get("code"), Issuer: back.Get("iss")})
	require.ErrorContains(t, err, "invalid_grant")
}

func TestWhatTheIDTokenLacksComesFromUserinfo(t *testing.T) {
	s := oidctest.Start(t)
	s.Person = map[string]any{"sub": "s-1", "email": "ada@example.com"}
	s.UserInfo = map[string]any{"sub": "s-1", "email": "ada@example.com", "email_verified": "true", "groups": "staff"}
	id, err := signIn(t, client(s), s)
	require.NoError(t, err)
	require.True(t, id.EmailVerified)
	require.Equal(t, []string{"staff"}, id.Groups)

	s.Set(func(s *oidctest.Server) { s.Person["email"], s.Person["email_verified"] = "ada@example.com", false })
	id, err = signIn(t, client(s), s)
	require.NoError(t, err)
	require.False(t, id.EmailVerified, "the ID token's own word counts")

	s.Set(func(s *oidctest.Server) { s.UserInfo["sub"] = "s-2" })
	_, err = signIn(t, client(s), s)
	require.ErrorContains(t, err, "somebody else")
}

func TestASessionIsRefreshedWithoutAnIDTokenAndNeverAsSomebodyElse(t *testing.T) {
	s := oidctest.Start(t)
	s.NoIDTokenAnew, s.UserInfo = true, map[string]any{"sub": "s-1", "email": "ada@example.com", "email_verified": true, "groups": []string{"new"}}
	p := client(s)
	id, err := signIn(t, p, s)
	require.NoError(t, err)
	id, err = p.Refresh(t.Context(), id.RefreshToken, "s-1")
	require.NoError(t, err)
	require.Equal(t, []string{"new"}, id.Groups)
	require.Empty(t, id.IDToken)
	_, err = p.Refresh(t.Context(), id.RefreshToken, "s-2")
	require.Equal(t, fault.SignIn, fault.CodeOf(err))
}

func TestConsentIsAskedForOnlyWhereItBringsARefreshToken(t *testing.T) {
	s := oidctest.Start(t)
	s.WantsConsent = true
	p := client(s)
	for i, want := range []string{"", "consent", "consent"} {
		id, err := signIn(t, p, s)
		require.NoError(t, err)
		require.Equal(t, want, s.Asked[i].Get("prompt"))
		require.Equal(t, want == "consent", id.RefreshToken != "")
	}
	s = oidctest.Start(t)
	s.NoRefreshToken = true
	p = client(s)
	for i, want := range []string{"", "consent", "", ""} {
		_, err := signIn(t, p, s)
		require.NoError(t, err)
		require.Equal(t, want, s.Asked[i].Get("prompt"))
	}
	s = oidctest.Start(t)
	s.Metadata = map[string]any{"scopes_supported": []string{"openid", "email"}}
	_, err := signIn(t, client(s), s)
	require.NoError(t, err)
	require.Equal(t, "openid email profile roles", s.Asked[0].Get("scope"), "a scope that it does not know is not asked for")
}

func TestAProviderThatIsDownIsAskedAgainButNotByEverybody(t *testing.T) {
	s := oidctest.Start(t)
	s.Down = true
	p := client(s)
	for range 10 {
		_, err := p.Authorize(t.Context(), request)
		require.Equal(t, fault.Network, fault.CodeOf(err))
		require.NotEmpty(t, fault.HintOf(err))
	}
	require.Equal(t, 1, s.Calls["/.well-known/openid-configuration"])
	s.Set(func(s *oidctest.Server) { s.Down = false })
	require.Eventually(t, func() bool {
		_, err := p.Authorize(t.Context(), request)
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	id, err := signIn(t, p, s)
	require.NoError(t, err)
	s.Set(func(s *oidctest.Server) { s.Down = true })
	_, err = p.Refresh(t.Context(), id.RefreshToken, "s-1")
	require.Equal(t, fault.Network, fault.CodeOf(err), "which is no refusal")
}

func TestAProviderThatIsSilentDoesNotHoldAnybodyForLong(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0") // takes connections, and says nothing
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = oidc.New(oidc.Options{Issuer: "http://" + l.Addr().String(), ClientID: "helios"}).Authorize(ctx, request)
	require.Equal(t, fault.Network, fault.CodeOf(err))
}

func TestAProviderThatNamesAddressesOfOthersIsNotBelieved(t *testing.T) {
	for name, metadata := range map[string]map[string]any{
		"another issuer":             {"issuer": "https://evil.example.com"},
		"users over plain HTTP":      {"userinfo_endpoint": "http://evil.example.com/users"},
		"keys from a file":           {"jwks_uri": "file:///etc/passwd"},
		"a page that is a script":    {"authorization_endpoint": "javascript:alert(1)"},
		"an exit that is a script":   {"end_session_endpoint": "javascript:alert(1)"},
		"revocation over plain HTTP": {"revocation_endpoint": "http://evil.example.com/revoke"},
	} {
		t.Run(name, func(t *testing.T) {
			s := oidctest.Start(t)
			s.Metadata = metadata
			_, err := client(s).Authorize(t.Context(), request)
			require.Equal(t, fault.Network, fault.CodeOf(err), err)
		})
	}
}

func TestAddressesOfWhichNothingIsSaidAreTrustedOnlyIfTheSettingsSaySo(t *testing.T) {
	for name, c := range map[string]struct {
		said  any // nil: nothing
		trust bool
		want  bool
	}{
		"nothing is said": {nil, false, false}, "nothing is said, and trusted": {nil, true, true},
		"it is not, and trusted": {false, true, false}, "it is not, as a text": {"false", true, false}, "it is": {true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := oidctest.Start(t)
			s.Set(func(s *oidctest.Server) {
				if s.Person["email_verified"] = c.said; c.said == nil {
					delete(s.Person, "email_verified")
				}
			})
			p := oidc.New(oidc.Options{Issuer: s.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.Secret, GroupsClaim: "groups", TrustEmail: c.trust})
			id, err := signIn(t, p, s)
			require.NoError(t, err)
			require.Equal(t, c.want, id.EmailVerified)
		})
	}
}
