package auth

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/helios-sql/helios/internal/fault"
)

// maxTokens is how many tokens a user may have.
const maxTokens = 100

// NewToken says what API token to make.
type NewToken struct {
	Name      string
	Role      Role
	Tables    []string  // nil: all that its owner may read
	ExpiresAt time.Time // zero: never
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// CreateToken makes an API token for who asks, and gives its secret, which nobody can see again. Its role and tables are at most
// its maker's. A token makes none: one that leaked could otherwise outlive its end.
func (s *Service) CreateToken(ctx context.Context, n NewToken) (token Token, secret string, err error) {
	name := strings.TrimSpace(n.Name)
	defer func() {
		s.note(ctx, ActionTokenCreate, clip(name, maxName), err, map[string]any{"role": n.Role, "tables": n.Tables, "expires_at": moment(n.ExpiresAt)})
	}()
	p, err := require(ctx, Viewer)
	if err != nil {
		return Token{}, "", err
	}
	now := s.now()
	tables, err := CleanTables(n.Tables)
	switch {
	case err != nil:
		return Token{}, "", err
	case p.Kind == KindToken:
		return Token{}, "", fault.New(fault.Refused, "a token cannot make tokens").WithHint("sign in")
	case name == "" || len(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unprintable):
		return Token{}, "", fault.New(fault.Invalid, "a token needs a name of at most %d bytes, on one line", maxName)
	case n.Role.String() == "":
		return Token{}, "", fault.New(fault.Invalid, "a token needs a role")
	case !p.May(n.Role):
		return Token{}, "", fault.New(fault.Refused, "a token cannot have the role %s: you have the role %s", n.Role, p.Role)
	case n.Role == Admin && tables != nil:
		return Token{}, "", fault.New(fault.Invalid, "a token with the role admin cannot be limited to some tables").WithHint("choose another role")
	case !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(now):
		return Token{}, "", fault.New(fault.Invalid, "the token would have expired already")
	}
	for _, t := range tables {
		if !p.MayRead(t) {
			return Token{}, "", fault.New(fault.Refused, "a token cannot read the table %s: you cannot", t)
		}
	}
	secret = newToken()
	token = Token{
		ID: newID(), Name: name, UserID: p.User, Hash: hashSecret(secret), Role: n.Role, Tables: tables, CreatedAt: now, ExpiresAt: n.ExpiresAt,
	}
	if p.Kind == KindUser {
		token.Owner = p.Name
	}
	if err := s.store.AddToken(ctx, token, maxTokens); err != nil {
		return Token{}, "", err
	}
	return token, secret, nil
}

// Token is who has an API token; fault.SignIn if it is none, was revoked, has expired, or its owner is disabled. It may what both
// the token and its owner may.
func (s *Service) Token(ctx context.Context, secret string) (Principal, error) {
	if !wholeToken(secret) {
		return Principal{}, fault.New(fault.SignIn, "this is not a whole token").
			WithHint("a token begins with %s and has %d characters: look for one that is missing or wrong", TokenPrefix, len(TokenPrefix)+tokenDigits+tokenChecksum)
	}
	token, owner, err := s.store.TokenByHash(ctx, hashSecret(secret))
	now := s.now()
	switch {
	case fault.CodeOf(err) == fault.NotFound, err == nil && (owner.Disabled || owner.Barred):
		return Principal{}, fault.New(fault.SignIn, "the token is not valid, or has been revoked").WithHint("make another one")
	case err != nil:
		return Principal{}, err
	case token.expired(now):
		return Principal{}, fault.New(fault.SignIn, "the token has expired").WithHint("make another one")
	}
	if now.Sub(token.LastUsedAt) >= seenEvery {
		if err := s.store.UseToken(ctx, token.ID, now); err != nil {
			return Principal{}, err
		}
	}
	return tokenPrincipal(&token, &owner), nil
}

// expired reports whether a token's time is over.
func (t *Token) expired(now time.Time) bool { return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) }

// tokenPrincipal is who has a token. It may what both the token and its owner may.
func tokenPrincipal(t *Token, owner *User) Principal {
	p := Principal{Kind: KindToken, ID: t.ID, Name: t.Name, Role: t.Role, Tables: t.Tables, User: t.UserID}
	if t.UserID != "" {
		p.Owner, p.Role, p.Tables = owner.Email, min(p.Role, owner.Role), both(p.Tables, owner.Tables)
	}
	return p
}

// Tokens are those of who asks, or for admins all. A token that is no admin's sees itself alone.
func (s *Service) Tokens(ctx context.Context) ([]Token, error) {
	p, err := require(ctx, Viewer)
	if err != nil {
		return nil, err
	}
	all, err := s.store.Tokens(ctx)
	if err != nil || p.May(Admin) {
		return all, err
	}
	var own []Token
	for _, t := range all {
		if (p.Kind == KindToken && t.ID == p.ID) || (p.Kind != KindToken && t.UserID == p.User && p.User != "") {
			own = append(own, t)
		}
	}
	return own, nil
}

// RevokeToken ends a token at once: one's own, or as an admin anybody's. A token that is no admin's ends itself alone.
func (s *Service) RevokeToken(ctx context.Context, id string) (err error) {
	target := clip(id, maxName)
	defer func() { s.note(ctx, ActionTokenRevoke, target, err, nil) }()
	tokens, err := s.Tokens(ctx)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if t.ID == id {
			target = t.Name
			return s.store.RemoveToken(ctx, id)
		}
	}
	return fault.New(fault.NotFound, "there is no token %.80q", id)
}
