package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"maps"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

const (
	maxCode    = 4 << 10 // bytes
	maxSubject = 255     // as the standard has it
)

// Authorize is where a browser goes to sign in.
func (p *Provider) Authorize(ctx context.Context, r auth.SignInRequest) (string, error) {
	k, err := p.discovered(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(r.Nonce), oauth2.S256ChallengeOption(r.Verifier)}
	p.mu.Lock()
	if p.consent == consentAsked {
		options = append(options, oauth2.SetAuthURLParam("prompt", "consent"))
	}
	p.mu.Unlock()
	return p.config(k, r.RedirectURI).AuthCodeURL(r.State, options...), nil
}

// Exchange trades a code for who it is.
func (p *Provider) Exchange(ctx context.Context, r auth.SignInRequest, back auth.CameBack) (auth.Identity, error) {
	k, err := p.discovered(ctx)
	if err != nil {
		return auth.Identity{}, err
	}
	switch {
	case back.Issuer != "" && back.Issuer != p.o.Issuer, back.Issuer == "" && k.TellsIssuer:
		return auth.Identity{}, fault.New(fault.Network, "the answer is of another provider than %s: %.200q", p.o.Issuer, back.Issuer)
	case back.Code == "" || len(back.Code) > maxCode:
		return auth.Identity{}, fault.New(fault.Network, "the provider %s gave no code", p.o.Issuer)
	}
	token, err := p.config(k, r.RedirectURI).Exchange(p.inContext(ctx), back.Code, oauth2.VerifierOption(r.Verifier))
	if err != nil {
		return auth.Identity{}, p.failure("the provider "+p.o.Issuer+" does not take the code", err, back.Code, r.Verifier)
	}
	id, idToken, err := p.identity(ctx, k, token)
	switch {
	case err != nil:
		return auth.Identity{}, err
	case idToken == nil:
		return auth.Identity{}, fault.New(fault.Network, "the provider %s gave no ID token", p.o.Issuer)
	case idToken.Nonce != r.Nonce:
		return auth.Identity{}, fault.New(fault.Network, "the ID token of %s was made for another sign-in: its nonce is not ours", p.o.Issuer)
	}
	p.learn(k, id.RefreshToken != "")
	return id, nil
}

// learn takes note of whether a sign-in brought a refresh token.
func (p *Provider) learn(k *provider, refreshable bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case refreshable || !p.offline(k):
	case p.consent == consentUnknown:
		p.consent = consentAsked
	default:
		p.consent = consentUseless
	}
}

// Refresh asks who somebody is by now.
func (p *Provider) Refresh(ctx context.Context, refreshToken, subject string) (auth.Identity, error) {
	k, err := p.discovered(ctx)
	if err != nil {
		return auth.Identity{}, err
	}
	token, err := p.config(k, "").TokenSource(p.inContext(ctx), &oauth2.Token{RefreshToken: refreshToken}).Token()
	if err != nil {
		failed := p.failure("the provider "+p.o.Issuer+" does not refresh a session", err, refreshToken)
		if said, ok := errors.AsType[*oauth2.RetrieveError](err); ok && said.ErrorCode == "invalid_grant" {
			failed.Code = fault.SignIn
		}
		return auth.Identity{}, failed
	}
	id, _, err := p.identity(ctx, k, token)
	if err == nil && id.Subject != subject {
		err = fault.New(fault.SignIn, "the provider %s refreshes a session as one of somebody else", p.o.Issuer)
	}
	return id, err
}

// claims are what is said of somebody, by name.
type claims map[string]json.RawMessage

// read reads a claim, and reports whether it is there.
func (c claims) read(name string, to any) (bool, error) {
	value, ok := c[name]
	if !ok || string(value) == "null" {
		return false, nil
	}
	if err := json.Unmarshal(value, to); err != nil {
		return false, fault.New(fault.Network, "the claim %q has a form that is not known", name)
	}
	return true, nil
}

// identity is who the provider's answer is about: by its ID token, which is nil if there is none, and by userinfo for what that lacks.
func (p *Provider) identity(ctx context.Context, k *provider, token *oauth2.Token) (auth.Identity, *oidc.IDToken, error) {
	id := auth.Identity{RefreshToken: token.RefreshToken}
	said := claims{}
	var idToken *oidc.IDToken
	if raw, ok := token.Extra("id_token").(string); ok && raw != "" {
		var err error
		if idToken, err = p.verify(ctx, k, raw, token.AccessToken); err != nil {
			return id, nil, err
		}
		if err := idToken.Claims(&said); err != nil {
			return id, nil, p.failure("the ID token of "+p.o.Issuer+" cannot be read", err)
		}
		id.Subject, id.IDToken = idToken.Subject, raw
	}
	if err := p.complete(ctx, k, token, &id, said); err != nil {
		return id, nil, err
	}
	if id.Subject == "" || len(id.Subject) > maxSubject {
		return id, nil, fault.New(fault.Network, "the provider %s says of nobody who they are", p.o.Issuer)
	}
	return id, idToken, p.describe(&id, said)
}

// verify checks all of an ID token but its nonce.
func (p *Provider) verify(ctx context.Context, k *provider, raw, accessToken string) (*oidc.IDToken, error) {
	idToken, err := k.verifier.Verify(p.inContext(ctx), raw)
	if err != nil {
		return nil, p.failure("the ID token of "+p.o.Issuer+" is not valid", err, raw)
	}
	var party struct {
		AuthorizedParty *string `json:"azp"`
	}
	if err := idToken.Claims(&party); err != nil {
		return nil, p.failure("the ID token of "+p.o.Issuer+" cannot be read", err, raw)
	}
	if azp := party.AuthorizedParty; (azp == nil && len(idToken.Audience) > 1) || (azp != nil && *azp != p.o.ClientID) {
		return nil, fault.New(fault.Network, "the ID token of %s was given to another client", p.o.Issuer)
	}
	if idToken.AccessTokenHash != "" {
		if err := idToken.VerifyAccessToken(accessToken); err != nil {
			return nil, p.failure("the ID token of "+p.o.Issuer+" belongs to another access token", err)
		}
	}
	return idToken, nil
}

// complete asks userinfo for the claims that the ID token lacks. What is said of an address goes with the address.
func (p *Provider) complete(ctx context.Context, k *provider, token *oauth2.Token, id *auth.Identity, said claims) error {
	_, groups := said[p.o.GroupsClaim]
	_, email := said["email"]
	_, verified := said["email_verified"]
	if (groups && email && verified) || k.UserInfoPage == "" {
		return nil
	}
	info, err := k.UserInfo(p.inContext(ctx), oauth2.StaticTokenSource(token))
	if err != nil {
		return p.failure("the provider "+p.o.Issuer+" does not say who it is", err, token.AccessToken)
	}
	if id.Subject != "" && info.Subject != id.Subject {
		return fault.New(fault.Network, "the provider %s tells of somebody else than who signed in", p.o.Issuer)
	}
	id.Subject = info.Subject
	more := claims{}
	if err := info.Claims(&more); err != nil {
		return p.failure("what the provider "+p.o.Issuer+" says of somebody cannot be read", err)
	}
	if _, told := more["email"]; !told || (email && verified) {
		delete(more, "email")
		delete(more, "email_verified")
	} else {
		delete(said, "email")
		delete(said, "email_verified")
	}
	if groups {
		delete(more, p.o.GroupsClaim)
	}
	maps.Copy(said, more)
	return nil
}

// describe reads what the claims say of somebody.
func (p *Provider) describe(id *auth.Identity, said claims) error {
	if _, err := said.read("email", &id.Email); err != nil {
		return err
	}
	var verified any // some providers write it as a text
	told, err := said.read("email_verified", &verified)
	if err != nil {
		return err
	}
	id.EmailVerified = verified == true || verified == "true" || (p.o.TrustEmail && !told)
	var one string // some name a single group so
	if told, err := said.read(p.o.GroupsClaim, &one); told && err == nil {
		id.Groups = []string{one}
		return nil
	}
	_, err = said.read(p.o.GroupsClaim, &id.Groups)
	return err
}
