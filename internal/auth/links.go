package auth

import (
	"context"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// How long one-time links last.
const (
	SetupFor = 30 * time.Minute
	ResetFor = 24 * time.Hour
)

// LinkSecret is a one-time link as its owner gets it.
type LinkSecret struct {
	Secret    string
	ExpiresAt time.Time
}

// errLink is one for all reasons.
func errLink() error {
	return fault.New(fault.NotFound, "the link is not valid: it has been used, has expired, or a newer one was made").WithHint("ask for a new one")
}

// SetupLink makes the link that makes the first admin; fault.Conflict if there is an account. It is for whoever works on the
// machine: the server prints it when it starts.
func (s *Service) SetupLink(ctx context.Context) (LinkSecret, error) {
	if p, ok := From(ctx); !ok || p.Kind != KindMachine {
		return LinkSecret{}, fault.New(fault.Refused, "the link for the first account is made on the machine itself")
	}
	switch some, err := s.store.HasUsers(ctx); {
	case err != nil:
		return LinkSecret{}, err
	case some:
		return LinkSecret{}, fault.New(fault.Conflict, "there is an account already")
	}
	return s.makeLink(ctx, LinkSetup, "", "", SetupFor)
}

// ResetLink makes a link with which a user sets a password. It is for admins, who hand it on; the old password stays until the
// link is used.
func (s *Service) ResetLink(ctx context.Context, userID string) (LinkSecret, error) {
	p, err := require(ctx, Admin)
	if err != nil {
		s.note(ctx, ActionLinkCreate, s.nameOf(ctx, userID), err, nil)
		return LinkSecret{}, err
	}
	user, err := s.store.User(ctx, userID)
	if err != nil {
		return LinkSecret{}, err
	}
	if user.Role == Admin {
		if err := noToken(p, "make a link for an admin"); err != nil {
			s.note(ctx, ActionLinkCreate, user.Email, err, nil)
			return LinkSecret{}, err
		}
	}
	if user.providedOnly() {
		err := fault.New(fault.Refused, "%s signs in with %s and has no password to reset", user.Email, s.ProviderOf(&user)).
			WithHint("they change their password there")
		s.note(ctx, ActionLinkCreate, user.Email, err, nil)
		return LinkSecret{}, err
	}
	if user.Barred {
		err := fault.New(fault.Refused, "%s is let in no more: none of oidc.roles is for them", user.Email).
			WithHint("add a role for them to oidc.roles, or give them a password with `helios users password` on the server's machine")
		s.note(ctx, ActionLinkCreate, user.Email, err, nil)
		return LinkSecret{}, err
	}
	return s.makeLink(ctx, LinkReset, user.ID, user.Email, ResetFor)
}

// providedOnly reports whether a user signs in with a provider and nothing else.
func (u *User) providedOnly() bool { return u.Issuer != "" && u.PasswordHash == "" }

func (s *Service) makeLink(ctx context.Context, kind LinkKind, userID, target string, last time.Duration) (LinkSecret, error) {
	now, secret := s.now(), newSecret()
	l := Link{Hash: hashSecret(secret), Kind: kind, UserID: userID, CreatedAt: now, ExpiresAt: now.Add(last)}
	err := s.store.AddLink(ctx, l)
	s.note(ctx, ActionLinkCreate, target, err, map[string]any{"kind": kind, "expires_at": moment(l.ExpiresAt)})
	if err != nil {
		return LinkSecret{}, err
	}
	return LinkSecret{Secret: secret, ExpiresAt: l.ExpiresAt}, nil
}

// CheckLink looks at a link without using it: for whom it is ("" for the first admin) and until when. fault.NotFound if it is not
// valid, fault.TooMany if too many were not that came from the caller's address.
func (s *Service) CheckLink(ctx context.Context, kind LinkKind, secret string) (email string, expires time.Time, err error) {
	email, expires, _, err = s.tryLink(ctx, kind, secret)
	return email, expires, err
}

// tryLink is CheckLink, which says too whether a failure is to be told: whoever makes links up must not fill the log.
func (s *Service) tryLink(ctx context.Context, kind LinkKind, secret string) (email string, expires time.Time, tell bool, err error) {
	address := network(CallerOf(ctx).Address)
	if wait, first := s.tries.address.take(address, s.now()); wait > 0 {
		return "", time.Time{}, first, fault.New(fault.TooMany, "too many links or passwords were tried").
			WithHint("wait a moment, then try again").WithRetryAfter(max(wait, time.Second))
	}
	if email, expires, err = s.readLink(ctx, kind, secret); err == nil {
		s.tries.address.giveBack(address)
	}
	return email, expires, true, err
}

func (s *Service) readLink(ctx context.Context, kind LinkKind, secret string) (email string, expires time.Time, err error) {
	l, err := s.store.LinkByHash(ctx, kind, hashSecret(secret))
	switch {
	case fault.CodeOf(err) == fault.NotFound, err == nil && !s.now().Before(l.ExpiresAt):
		return "", time.Time{}, errLink()
	case err != nil:
		return "", time.Time{}, err
	}
	if l.UserID != "" {
		user, err := s.store.User(ctx, l.UserID)
		if err != nil {
			return "", time.Time{}, err
		}
		if user.providedOnly() { // since the link was made
			return "", time.Time{}, errLink()
		}
		email = user.Email
	}
	return email, l.ExpiresAt, nil
}

// Setup makes the first admin, once, and signs them in.
func (s *Service) Setup(ctx context.Context, secret, email, password string) (in SignedIn, err error) {
	if _, _, tell, err := s.tryLink(ctx, LinkSetup, secret); err != nil { // before a password is hashed for nothing
		if tell {
			s.noteOf(ctx, Principal{}, ActionSetup, "", err, nil)
		}
		return SignedIn{}, err
	}
	var user User
	defer func() { s.noteOf(ctx, in.Principal, ActionSetup, user.Email, err, nil) }()
	if err := CheckPassword(password); err != nil { // none is not allowed here
		return SignedIn{}, err
	}
	if user, err = s.newUser(ctx, NewUser{Email: email, Role: Admin, Password: password}); err != nil {
		return SignedIn{}, err
	}
	switch err := s.store.UseSetupLink(ctx, hashSecret(secret), s.now(), user); {
	case fault.CodeOf(err) == fault.NotFound:
		return SignedIn{}, errLink()
	case err != nil:
		return SignedIn{}, err
	}
	s.close()
	return s.begin(ctx, &user, user.PasswordHash, nil)
}

// ResetPassword sets the password of the user whom a link is for, once, and ends all their sessions.
func (s *Service) ResetPassword(ctx context.Context, secret, password string) error {
	email, _, tell, err := s.tryLink(ctx, LinkReset, secret)
	if err != nil && !tell {
		return err
	}
	var hash string
	if err == nil {
		hash, err = s.newHash(ctx, password)
	}
	if err == nil {
		if _, err = s.store.UseResetLink(ctx, hashSecret(secret), s.now(), hash); fault.CodeOf(err) == fault.NotFound {
			err = errLink()
		}
	}
	s.note(ctx, ActionPasswordReset, email, err, nil)
	return err
}
