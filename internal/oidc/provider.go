// Package oidc signs people in with an OpenID Connect provider: it speaks to the provider, and believes nothing that has not been
// verified. It is an auth.Provider, and the only package that knows the libraries for it. Who may come in, and what becomes of their
// sessions, is package auth's.
package oidc

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"github.com/helios-sql/helios/internal/fault"
)

const (
	discoveryTime = 10 * time.Second
	callTime      = 10 * time.Second // of one call of the provider, whatever its caller allows
	tryAgain      = 3 * time.Second  // after a discovery that failed: a provider that is down is not asked for each who comes

	offlineAccess = "offline_access"
)

// Options say which provider it is, and as whom Helios asks there.
type Options struct {
	Issuer       string // URL, as the provider writes it
	ClientID     string
	ClientSecret string   // "" for a public client: PKCE protects the code then
	Name         string   // for people; "": the issuer's host
	Scopes       []string // beyond openid, email, profile and offline_access
	GroupsClaim  string   // which claim names the groups of a person
	TrustEmail   bool     // take addresses of which the provider does not say whether it has verified them for verified
}

// Provider is an OpenID Connect provider. It is found out about when it is needed first, so that one that is down hinders nothing
// else. It is safe for use by several goroutines.
type Provider struct {
	o      Options
	client *http.Client
	flight singleflight.Group

	mu       sync.Mutex
	known    *provider // nil: not found out yet
	failed   error     // of the last try
	failedAt time.Time
	consent  consent
}

// provider is what the provider says of itself.
type provider struct {
	*oidc.Provider
	verifier *oidc.IDTokenVerifier

	EndSession        string   `json:"end_session_endpoint"`
	Revocation        string   `json:"revocation_endpoint"`
	Scopes            []string `json:"scopes_supported"`
	Authentication    []string `json:"token_endpoint_auth_methods_supported"`
	TellsIssuer       bool     `json:"authorization_response_iss_parameter_supported"`
	AuthorizationPage string   `json:"authorization_endpoint"`
	Token             string   `json:"token_endpoint"`
	Keys              string   `json:"jwks_uri"`
	UserInfoPage      string   `json:"userinfo_endpoint"`
}

// consent says whether people must be asked for their consent before a provider gives a refresh token. The standard wants it so, but
// some providers give one without, and bother people with the question every time, or refuse it.
type consent int

const (
	consentUnknown consent = iota
	consentAsked           // there was no refresh token without
	consentUseless         // nor with
)

// New makes a provider. It is not called yet.
func New(o Options) *Provider {
	if o.Name == "" {
		if issuer, err := url.Parse(o.Issuer); err == nil {
			o.Name = issuer.Host
		}
	}
	return &Provider{o: o, client: newClient()}
}

// Name is the provider's, for people.
func (p *Provider) Name() string { return p.o.Name }

// Issuer is what identifies the provider.
func (p *Provider) Issuer() string { return p.o.Issuer }

// discovered is what the provider says of itself. All who need it at the same time wait for one call.
func (p *Provider) discovered(ctx context.Context) (*provider, error) {
	p.mu.Lock()
	known, failed, age := p.known, p.failed, time.Since(p.failedAt)
	p.mu.Unlock()
	switch {
	case known != nil:
		return known, nil
	case failed != nil && age < tryAgain:
		return nil, failed
	}
	found := p.flight.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discoveryTime)
		defer cancel()
		found, err := p.discover(ctx)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.known, p.failed, p.failedAt = found, err, time.Now()
		return found, err
	})
	select {
	case r := <-found:
		known, _ := r.Val.(*provider) // nil with an error
		return known, r.Err
	case <-ctx.Done():
		return nil, fault.New(fault.Network, "the provider %s does not answer: %w", p.o.Issuer, ctx.Err())
	}
}

func (p *Provider) discover(ctx context.Context) (*provider, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.o.Issuer)
	if err != nil {
		return nil, p.failure("the provider "+p.o.Issuer+" cannot be found out about", err).
			WithHint("see that %s/.well-known/openid-configuration can be reached from this server, and names the issuer as oidc.issuer does", p.o.Issuer)
	}
	k := &provider{Provider: found, verifier: found.Verifier(&oidc.Config{ClientID: p.o.ClientID})}
	if err := found.Claims(k); err != nil {
		return nil, p.failure("what the provider "+p.o.Issuer+" says of itself cannot be read", err)
	}
	for _, endpoint := range []string{k.AuthorizationPage, k.Token, k.Keys} {
		if !safe(endpoint) {
			return nil, fault.New(fault.Network, "the provider %s names the address %.200q, which is not one of https", p.o.Issuer, endpoint)
		}
	}
	for _, endpoint := range []string{k.EndSession, k.Revocation, k.UserInfoPage} {
		if endpoint != "" && !safe(endpoint) {
			return nil, fault.New(fault.Network, "the provider %s names the address %.200q, which is not one of https", p.o.Issuer, endpoint)
		}
	}
	return k, nil
}

// safe reports whether nobody on the way can read or change what is said to an address.
func safe(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || (u.Scheme == "http" && (u.Hostname() == "localhost" || (err == nil && ip.IsLoopback())))
}

// config is how Helios speaks OAuth with the provider.
func (p *Provider) config(k *provider, redirectURI string) *oauth2.Config {
	endpoint := k.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if p.inBody(k) {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	scopes := []string{oidc.ScopeOpenID, "email", "profile"}
	if p.offline(k) {
		scopes = append(scopes, offlineAccess)
	}
	for _, s := range p.o.Scopes {
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return &oauth2.Config{ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, Endpoint: endpoint, RedirectURL: redirectURI, Scopes: scopes}
}

// inBody reports whether the client names itself in the body of a request, instead of its header. The header is the rule.
func (p *Provider) inBody(k *provider) bool {
	basic := len(k.Authentication) == 0 || slices.Contains(k.Authentication, "client_secret_basic")
	return p.o.ClientSecret == "" || !basic
}

// offline reports whether the provider may be asked for a refresh token: some refuse the scope that they do not know.
func (*Provider) offline(k *provider) bool {
	return len(k.Scopes) == 0 || slices.Contains(k.Scopes, offlineAccess)
}

// inContext is a context with which the libraries use this provider's client.
func (p *Provider) inContext(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.client)
}

// newClient makes a client that waits, reads and follows no more than needed.
func newClient() *http.Client {
	return &http.Client{
		Transport: bounded{&http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: callTime / 2}).DialContext, TLSHandshakeTimeout: callTime / 2,
			ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute,
		}},
		Timeout:       callTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // secrets go where they are meant to
	}
}
