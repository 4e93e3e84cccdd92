package auth

import (
	"context"
	"slices"

	"github.com/helios-sql/helios/internal/fault"
)

// Still is nil as long as who asks is let in as they were: it is for requests that go on for long. fault.SignIn if their session or
// token has ended, or they may do or read something else now.
func (s *Service) Still(ctx context.Context) error {
	then, ok := From(ctx)
	now, err := s.again(ctx, then)
	switch {
	case err != nil && fault.CodeOf(err) != fault.NotFound:
		return err
	case !ok || err != nil || now.Role != then.Role || (now.Tables == nil) != (then.Tables == nil) || !slices.Equal(now.Tables, then.Tables):
		return fault.New(fault.SignIn, "the session or token has ended, or what it allows has changed").WithHint("sign in again")
	}
	return nil
}

// again is somebody as they would be let in now; fault.NotFound if they would not.
func (s *Service) again(ctx context.Context, p Principal) (Principal, error) {
	ended := fault.New(fault.NotFound, "it has ended")
	switch p.Kind {
	case KindUser:
		sessions, err := s.store.Sessions(ctx, p.User)
		if err != nil {
			return Principal{}, err
		}
		i := slices.IndexFunc(sessions, func(v Session) bool { return v.ID == p.Session })
		if i < 0 || sessions[i].ended(s.now()) || sessions[i].silent(s.now()) || s.foreign(&sessions[i]) {
			return Principal{}, ended
		}
		user, err := s.store.User(ctx, p.User)
		if err != nil || user.Disabled || user.Barred {
			return Principal{}, orElse(err, ended)
		}
		return userPrincipal(&user, p.Session), nil
	case KindToken:
		tokens, err := s.store.Tokens(ctx)
		if err != nil {
			return Principal{}, err
		}
		i := slices.IndexFunc(tokens, func(v Token) bool { return v.ID == p.ID })
		if i < 0 || tokens[i].expired(s.now()) {
			return Principal{}, ended
		}
		var owner User
		if tokens[i].UserID != "" {
			if owner, err = s.store.User(ctx, tokens[i].UserID); err != nil || owner.Disabled || owner.Barred {
				return Principal{}, orElse(err, ended)
			}
		}
		return tokenPrincipal(&tokens[i], &owner), nil
	case KindOpen:
		open, err := s.Open(ctx)
		if err != nil || !open {
			return Principal{}, orElse(err, ended)
		}
	case KindMachine:
	}
	return p, nil
}

// orElse is an error, or another where there is none.
func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
