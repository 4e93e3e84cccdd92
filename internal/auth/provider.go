package auth

import (
	"context"
	"net/url"
	"slices"
	"strings"
)

// Provider is an OpenID Connect provider, who knows people for this server. What it says has been verified: signature, issuer,
// audience, time and nonce. Its errors are fault.SignIn where it refuses, and others where it cannot be reached or its answer is
// not to be trusted; none has a secret in it.
type Provider interface {
	Name() string   // for people
	Issuer() string // what identifies it

	// Authorize is where a browser goes to sign in.
	Authorize(ctx context.Context, r SignInRequest) (url string, err error)

	// Exchange trades the code that a browser came back with for who it is.
	Exchange(ctx context.Context, r SignInRequest, back CameBack) (Identity, error)

	// Refresh asks who somebody is by now. It is fault.SignIn if they may not go on, or are somebody else.
	Refresh(ctx context.Context, refreshToken, subject string) (Identity, error)

	// EndSession is where a browser goes to end its session at the provider and come back to an address; "" if there is no such
	// place.
	EndSession(ctx context.Context, idToken, backTo string) (url string, err error)

	// Revoke makes a refresh token useless, where the provider can.
	Revoke(ctx context.Context, refreshToken string) error
}

// SignInRequest is what binds the steps of one sign-in with a provider together.
type SignInRequest struct {
	State       string `json:"state"`    // binds the answer to the browser that asked
	Nonce       string `json:"nonce"`    // binds the ID token to this sign-in
	Verifier    string `json:"verifier"` // binds the code to whoever asked for it (RFC 7636)
	RedirectURI string `json:"redirect_uri"`
}

// CameBack is what a browser brings from the provider. Anybody could have written it.
type CameBack struct {
	State  string
	Code   string
	Issuer string // as RFC 9207 has it; "" if the provider does not say
	Error  string // a code of OAuth, such as access_denied
}

// Identity is who somebody is, as their provider says.
type Identity struct {
	Subject       string // never given to another
	Email         string
	EmailVerified bool // the provider has made sure that the address is theirs
	Groups        []string
	RefreshToken  string // "" for none
	IDToken       string // to end the session at the provider with
}

// Rule lets people of the provider in. One of Group, Domain and Email says whom: the last two count only for addresses that the
// provider has verified.
type Rule struct {
	Group  string
	Domain string
	Email  string

	Role   Role
	Tables []string // that may be read; nil: all
}

// lets reports whether a rule is for somebody.
func (r *Rule) lets(id *Identity) bool {
	email := strings.ToLower(id.Email)
	switch {
	case r.Group != "":
		return slices.Contains(id.Groups, r.Group)
	case r.Domain != "":
		return id.EmailVerified && strings.HasSuffix(email, "@"+strings.ToLower(r.Domain))
	case r.Email != "":
		return id.EmailVerified && email == strings.ToLower(r.Email)
	}
	return false
}

// ruleFor is the first rule that lets somebody in, nil if none does.
func (s *Service) ruleFor(id *Identity) *Rule {
	for i := range s.rules {
		if s.rules[i].lets(id) {
			return &s.rules[i]
		}
	}
	return nil
}

// Provider is the name of the provider with whom people may sign in; "" if there is none.
func (s *Service) Provider() string {
	if s.provider == nil {
		return ""
	}
	return s.provider.Name()
}

// ProviderOf is how the provider of a user is called: by its name, or by its host if it is no longer the one in use; "" for who
// signs in with a password only.
func (s *Service) ProviderOf(u *User) string {
	if s.provider != nil && u.Issuer == s.provider.Issuer() {
		return s.provider.Name()
	}
	if at, err := url.Parse(u.Issuer); err == nil && at.Host != "" {
		return at.Host
	}
	return u.Issuer
}
