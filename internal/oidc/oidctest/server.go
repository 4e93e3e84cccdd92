// Package oidctest is an OpenID Connect provider in the test's own process: it does what a test tells it, also what no honest provider
// does. That Helios gets on with providers that others wrote is shown in e2e/oidc.
package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// The client that the provider knows.
const (
	ClientID = "helios"
	Secret   = "the secret of the client"
)

// Token is an ID token before it is signed.
type Token struct {
	Claims map[string]any
	Alg    jose.SignatureAlgorithm
	Key    any // that signs; with Alg "none" nothing does
	KeyID  string
}

// Server is the provider. What is exported says how it behaves, and is changed by Set.
type Server struct {
	URL string
	t   testing.TB
	key *rsa.PrivateKey
	web *httptest.Server

	mu       sync.Mutex
	Person   map[string]any // the claims of whoever signs in next, or is asked about
	UserInfo map[string]any // nil: there is no userinfo endpoint
	Metadata map[string]any // over what discovery says
	Forge    func(*Token)   // what is done to each ID token
	Deny     string         // the error that a browser is sent back with
	Answer   func(back url.Values)

	Down            bool // every call fails
	RefuseRefresh   bool // as invalid_grant
	NoRefreshToken  bool
	WantsConsent    bool // before it gives a refresh token
	NoIDTokenAnew   bool // when it refreshes
	Asked           []url.Values
	Revoked         []string
	Calls           map[string]int // by path
	codes           map[string]url.Values
	refreshing      map[string]bool
	lastAccessToken string
}

// newKey is one for all: making it takes long.
var newKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// Start runs a provider for a test.
func Start(tb testing.TB) *Server {
	tb.Helper()
	key, err := newKey()
	require.NoError(tb, err)
	s := &Server{
		t: tb, key: key, Calls: map[string]int{}, codes: map[string]url.Values{}, refreshing: map[string]bool{},
		Person: map[string]any{"sub": "s-1", "email": "Ada@Example.com", "email_verified": true, "groups": []string{"staff"}},
	}
	s.web = httptest.NewServer(s)
	s.URL = s.web.URL
	tb.Cleanup(s.web.Close)
	return s
}

// Set changes how the provider behaves.
func (s *Server) Set(change func(*Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// Visit does what a browser does that is sent to the provider, and gives the address that it is sent back to.
func (s *Server) Visit(tb testing.TB, address string) *url.URL {
	tb.Helper()
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(tb, err)
	res, err := client.Do(req)
	require.NoError(tb, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(tb, http.StatusFound, res.StatusCode)
	back, err := res.Location()
	require.NoError(tb, err)
	return back
}

// ServeHTTP answers Helios and browsers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Calls[r.URL.Path]++
	if s.Down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		s.discovery(w)
	case "/jwks":
		reply(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &s.key.PublicKey, KeyID: "one", Algorithm: "RS256", Use: "sig"}}})
	case "/authorize":
		s.authorize(w, r)
	case "/token":
		s.token(w, r)
	case "/userinfo":
		if r.Header.Get("Authorization") != "Bearer "+s.lastAccessToken {
			reply(w, http.StatusUnauthorized, nil)
			return
		}
		reply(w, http.StatusOK, s.UserInfo)
	case "/revoke":
		if id, secret, ok := r.BasicAuth(); !ok || id != ClientID || unescaped(secret) != Secret {
			reply(w, http.StatusUnauthorized, nil)
			return
		}
		s.Revoked = append(s.Revoked, r.FormValue("token"))
		delete(s.refreshing, r.FormValue("token"))
	default:
		http.NotFound(w, r)
	}
}

func unescaped(text string) string {
	plain, _ := url.QueryUnescape(text)
	return plain
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (s *Server) discovery(w http.ResponseWriter) {
	d := map[string]any{
		"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/jwks",
		"revocation_endpoint": s.URL + "/revoke", "end_session_endpoint": s.URL + "/end?tenant=1",
		"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}, "scopes_supported": []string{"openid", "email", "offline_access"},
		"authorization_response_iss_parameter_supported": true,
	}
	if s.UserInfo != nil {
		d["userinfo_endpoint"] = s.URL + "/userinfo"
	}
	maps.Copy(d, s.Metadata)
	reply(w, http.StatusOK, d)
}

func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	s.Asked = append(s.Asked, asked)
	to, err := url.Parse(asked.Get("redirect_uri"))
	if err != nil || asked.Get("client_id") != ClientID || asked.Get("response_type") != "code" || asked.Get("code_challenge_method") != "S256" {
		http.Error(w, "what is this?", http.StatusBadRequest)
		return
	}
	back := url.Values{"state": {asked.Get("state")}, "iss": {s.URL}}
	if s.Deny != "" {
		back.Set("error", s.Deny)
	} else {
		code := rand.Text()
		s.codes[code] = asked
		back.Set("code", code)
	}
	if s.Answer != nil {
		s.Answer(back)
	}
	to.RawQuery = back.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if id, secret, ok := r.BasicAuth(); !ok || id != ClientID || unescaped(secret) != Secret {
		reply(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	refused := map[string]string{"error": "invalid_grant", "error_description": "not this one: " + r.FormValue("code") + r.FormValue("refresh_token")}
	nonce, idToken, refreshable := "", true, !s.NoRefreshToken
	if r.FormValue("grant_type") == "refresh_token" {
		old := r.FormValue("refresh_token")
		if s.RefuseRefresh || !s.refreshing[old] {
			reply(w, http.StatusBadRequest, refused)
			return
		}
		delete(s.refreshing, old) // each is good once
		idToken = !s.NoIDTokenAnew
	} else {
		asked, known := s.codes[r.FormValue("code")]
		delete(s.codes, r.FormValue("code"))
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if !known || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") || r.FormValue("redirect_uri") != asked.Get("redirect_uri") {
			reply(w, http.StatusBadRequest, refused)
			return
		}
		nonce = asked.Get("nonce")
		refreshable = refreshable && (!s.WantsConsent || asked.Get("prompt") == "consent")
	}
	s.lastAccessToken = rand.Text()
	answer := map[string]any{"access_token": s.lastAccessToken, "token_type": "Bearer", "expires_in": 300}
	if refreshable {
		refresh := "refresh-" + rand.Text()
		s.refreshing[refresh] = true
		answer["refresh_token"] = refresh
	}
	if idToken {
		answer["id_token"] = s.idToken(nonce)
	}
	reply(w, http.StatusOK, answer)
}

func (s *Server) idToken(nonce string) string {
	now := time.Now()
	t := &Token{Alg: jose.RS256, Key: s.key, KeyID: "one", Claims: map[string]any{
		"iss": s.URL, "aud": ClientID, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	}}
	maps.Copy(t.Claims, s.Person)
	if nonce != "" {
		t.Claims["nonce"] = nonce
	}
	if s.Forge != nil {
		s.Forge(t)
	}
	payload, err := json.Marshal(t.Claims)
	require.NoError(s.t, err)
	if t.Alg == "none" {
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: t.Alg, Key: jose.JSONWebKey{Key: t.Key, KeyID: t.KeyID}}, nil)
	require.NoError(s.t, err)
	signed, err := signer.Sign(payload)
	require.NoError(s.t, err)
	text, err := signed.CompactSerialize()
	require.NoError(s.t, err)
	return text
}
