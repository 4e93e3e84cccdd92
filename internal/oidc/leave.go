package oidc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/helios-sql/helios/internal/fault"
)

const (
	maxAnswer = 1 << 20 // bytes of one answer of the provider
	maxText   = 300     // bytes of what it says, in an error
	maxHint   = 4 << 10 // bytes of an ID token in an address
)

// EndSession is where a browser ends its session at the provider (RP-initiated logout). An ID token says whose session it is, so that
// the provider need not ask.
func (p *Provider) EndSession(ctx context.Context, idToken, backTo string) (string, error) {
	k, err := p.discovered(ctx)
	if err != nil || k.EndSession == "" {
		return "", err
	}
	u, err := url.Parse(k.EndSession)
	if err != nil {
		return "", p.failure("the provider "+p.o.Issuer+" names no address to sign out at", err)
	}
	q := u.Query()
	q.Set("client_id", p.o.ClientID)
	q.Set("post_logout_redirect_uri", backTo)
	if idToken != "" && len(idToken) <= maxHint {
		q.Set("id_token_hint", idToken)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Revoke makes a refresh token useless (RFC 7009), where the provider can.
func (p *Provider) Revoke(ctx context.Context, refreshToken string) error {
	k, err := p.discovered(ctx)
	if err != nil || k.Revocation == "" {
		return err
	}
	form := url.Values{"token": {refreshToken}, "token_type_hint": {"refresh_token"}}
	inBody := p.inBody(k)
	if inBody {
		form.Set("client_id", p.o.ClientID)
		if p.o.ClientSecret != "" {
			form.Set("client_secret", p.o.ClientSecret)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, k.Revocation, strings.NewReader(form.Encode()))
	if err != nil {
		return p.failure("a refresh token cannot be revoked", err, refreshToken)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !inBody {
		req.SetBasicAuth(url.QueryEscape(p.o.ClientID), url.QueryEscape(p.o.ClientSecret)) // as RFC 6749, section 2.3.1, has it
	}
	res, err := p.client.Do(req)
	if err != nil {
		return p.failure("a refresh token cannot be revoked", err, refreshToken)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fault.New(fault.Network, "the provider %s does not revoke a refresh token: %s", p.o.Issuer, res.Status)
	}
	return nil
}

// bounded reads no more of an answer than maxAnswer.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxAnswer), res.Body}
	}
	return res, err
}

// failure is an error of the provider in words that a log may hold: short, on one line, and without the secrets that it might repeat.
// The error itself is not kept: those of the libraries have the whole answer in them.
func (p *Provider) failure(what string, err error, secrets ...string) *fault.Error {
	text := err.Error()
	if said, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		text = strings.TrimSpace(said.ErrorCode + " " + said.ErrorDescription)
		if said.Response != nil {
			text = strings.TrimSpace(said.Response.Status + " " + text)
		}
	}
	for _, secret := range append(secrets, p.o.ClientSecret) {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)), " ")
	return fault.New(fault.Network, "%s: %s", what, strings.ToValidUTF8(text[:min(len(text), maxText)], ""))
}
