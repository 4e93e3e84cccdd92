package auth

import (
	"context"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// How long the sessions of the provider's users last. Each time that a session gets a new secret the provider is asked whether its
// user may go on, and as whom.
const (
	ProviderSilence = time.Hour     // since the provider last said that they may
	ProviderAge     = 8 * time.Hour // where it cannot be asked, as it gave no refresh token

	checkTime  = 5 * time.Second // for the provider to answer; a request waits for it
	revokeTime = 2 * time.Second // for a refresh token to be revoked; who signs out waits for it
)

// endsAt is when a session ends at the latest.
func (v *Session) endsAt() time.Time {
	if v.Issuer != "" && v.CheckedAt.IsZero() {
		return v.CreatedAt.Add(ProviderAge)
	}
	return v.CreatedAt.Add(SessionAge)
}

// silent reports whether the provider has not been heard of for so long that a session may not go on without it.
func (v *Session) silent(now time.Time) bool {
	return !v.CheckedAt.IsZero() && !now.Before(v.CheckedAt.Add(ProviderSilence))
}

// foreign reports whether a session is of a provider that this server no longer trusts.
func (s *Service) foreign(v *Session) bool {
	return v.Issuer != "" && (s.provider == nil || v.Issuer != s.provider.Issuer())
}

// check asks the provider about a session, which has the secret given now, and makes the account follow. A provider that does not
// answer is forgiven for a while.
func (s *Service) check(ctx context.Context, session *Session, user *User, secret string, g grant) (User, error) {
	// Nobody's impatience may cost the session the next refresh token, of which the provider gives one only once.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTime)
	defer cancel()
	now := s.now()
	id, err := s.provider.Refresh(ctx, g.RefreshToken, user.Subject)
	switch {
	case fault.CodeOf(err) == fault.SignIn:
		s.log.InfoContext(ctx, "the provider ends a session", "provider", s.provider.Name(), "email", user.Email, "error", err)
		return User{}, s.endChecked(ctx, session, user, "refused")
	case err != nil && session.silent(now):
		s.log.WarnContext(ctx, "the provider has been silent for too long: a session ends", "provider", s.provider.Name(), "email", user.Email, "error", err)
		return User{}, s.endChecked(ctx, session, user, "silent")
	case err != nil:
		s.log.WarnContext(ctx, "the provider cannot be asked about a session, which goes on for a while", "provider", s.provider.Name(), "email", user.Email, "error", err)
		return *user, nil
	}
	if id.RefreshToken == "" {
		id.RefreshToken = g.RefreshToken
	}
	if id.IDToken == "" {
		id.IDToken = g.IDToken
	}
	followed, err := s.follow(context.WithoutCancel(ctx), user, &id)
	if reason := reasonOf(err); err != nil && (reason == ReasonNoRole || reason == ReasonDisabled) {
		return User{}, errSessionEnded()
	}
	if err != nil {
		return User{}, err
	}
	sealed, err := grantOf(&id).seal(secret, session.ID)
	if err == nil {
		err = s.store.KeepGrant(context.WithoutCancel(ctx), session.ID, hashSecret(secret), sealed, now)
	}
	return followed, err
}

// endChecked ends a session that the provider does not let go on.
func (s *Service) endChecked(ctx context.Context, session *Session, user *User, reason string) error {
	err := s.store.EndSession(context.WithoutCancel(ctx), user.ID, session.ID)
	s.noteOf(ctx, userPrincipal(user, session.ID), ActionSessionsEnd, user.Email, err, map[string]any{
		"ended": 1, "provider": s.provider.Name(), "reason": reason,
	})
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return err
	}
	return errSessionEnded()
}

// leave takes a session's grant back, and says where the browser ends its session at the provider; "" for nowhere. Neither keeps
// anybody from signing out.
func (s *Service) leave(ctx context.Context, session *Session, secret, backTo string) (continueAt string) {
	g := grantFrom(secret, session)
	ctx, cancel := context.WithTimeout(ctx, revokeTime)
	defer cancel()
	if g.RefreshToken != "" {
		if err := s.provider.Revoke(ctx, g.RefreshToken); err != nil {
			s.log.WarnContext(ctx, "a refresh token could not be revoked", "provider", s.provider.Name(), "error", err)
		}
	}
	continueAt, err := s.provider.EndSession(ctx, g.IDToken, backTo)
	if err != nil {
		s.log.WarnContext(ctx, "a session cannot be ended at the provider", "provider", s.provider.Name(), "error", err)
	}
	return continueAt
}

// keyed are locks by key.
type keyed struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// lock waits until nobody else has the lock of a key, or ctx ends.
func (k *keyed) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		k.mu.Lock()
		busy, ok := k.held[key]
		if !ok {
			mine := make(chan struct{})
			if k.held == nil {
				k.held = map[string]chan struct{}{}
			}
			k.held[key] = mine
			k.mu.Unlock()
			return func() {
				k.mu.Lock()
				delete(k.held, key)
				k.mu.Unlock()
				close(mine)
			}, nil
		}
		k.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
