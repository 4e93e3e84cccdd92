package auth

import (
	"context"
	"slices"

	"github.com/helios-sql/helios/internal/fault"
)

// admit is the account of somebody whom the provider knows, as the rules have it by now. It is made when they come for the first
// time, if the provider has made sure that their e-mail address is theirs. An account with a password becomes theirs too then, if it
// has that address.
func (s *Service) admit(ctx context.Context, id *Identity) (User, error) {
	if some, err := s.store.HasUsers(ctx); err != nil {
		return User{}, err
	} else if !some {
		return User{}, refuse(ReasonNoRole, fault.Refused, "there is no account yet, and the first one is an admin's with a password")
	}
	issuer := s.provider.Issuer()
	user, err := s.store.UserBySubject(ctx, issuer, id.Subject)
	switch {
	case err == nil:
		return s.follow(ctx, &user, id)
	case fault.CodeOf(err) != fault.NotFound:
		return User{}, err
	}
	rule := s.ruleFor(id)
	if rule == nil {
		return User{}, errNoRole()
	}
	email, err := cleanEmail(id.Email)
	if err != nil {
		return User{}, refuse(ReasonProvider, fault.Network, "the provider tells no e-mail address of who signed in")
	}
	user, err = s.store.UserByEmail(ctx, email)
	switch {
	case err == nil:
		return s.link(ctx, &user, id)
	case fault.CodeOf(err) != fault.NotFound:
		return User{}, err
	}
	if !id.EmailVerified { // or they could take the name of somebody who is yet to come
		return User{}, refuse(ReasonUnverified, fault.Refused, "the provider has not verified the address %s", email)
	}
	now := s.now()
	user = User{ID: newID(), Email: email, Role: rule.Role, Tables: rule.Tables, Issuer: issuer, Subject: id.Subject, CreatedAt: now, UpdatedAt: now}
	if err = s.store.AddUser(ctx, user); fault.CodeOf(err) == fault.Conflict {
		if mine, found := s.store.UserBySubject(ctx, issuer, id.Subject); found == nil { // they came twice at once
			return s.follow(ctx, &mine, id)
		}
		err = errTaken(email)
	}
	s.noteOf(ctx, userPrincipal(&user, ""), ActionUserAdd, email, err, map[string]any{"role": user.Role, "tables": user.Tables, "provider": s.provider.Name()})
	return user, err
}

func errNoRole() error {
	return refuse(ReasonNoRole, fault.Refused, "none of oidc.roles lets this person in")
}

func errTaken(email string) error {
	return refuse(ReasonConflict, fault.Conflict, "there is an account %s, and nothing shows that it is the same person's", email)
}

// link gives an account to somebody of the provider who has the same e-mail address. One that somebody else of the same provider
// has stays theirs: addresses are given to others, subjects are not.
func (s *Service) link(ctx context.Context, user *User, id *Identity) (User, error) {
	issuer := s.provider.Issuer()
	if !id.EmailVerified || user.Issuer == issuer {
		return User{}, errTaken(user.Email)
	}
	if user.Disabled {
		return User{}, errDisabled()
	}
	linked, err := s.store.ChangeUser(ctx, user.ID, func(u *User) (bool, error) {
		if u.Issuer != user.Issuer || u.Email != user.Email {
			return false, errTaken(user.Email)
		}
		u.Issuer, u.Subject, u.UpdatedAt = issuer, id.Subject, s.now()
		return false, nil
	})
	s.noteOf(ctx, userPrincipal(user, ""), ActionUserChange, user.Email, err, map[string]any{"linked": true, "provider": s.provider.Name()})
	if err != nil {
		return User{}, err
	}
	return s.follow(ctx, &linked, id)
}

func errDisabled() error {
	return refuse(ReasonDisabled, fault.Refused, "the account is disabled")
}

// follow changes an account to what the rules make of its user by now. Whom none lets in any more loses their sessions. One admin
// with a password is always left, whatever the rules say.
func (s *Service) follow(ctx context.Context, user *User, id *Identity) (User, error) {
	if user.Disabled {
		return User{}, errDisabled()
	}
	rule := s.ruleFor(id)
	if rule == nil {
		return User{}, s.bar(ctx, user)
	}
	email := s.emailOf(ctx, user, id)
	if !user.Barred && user.Role == rule.Role && sameTables(user.Tables, rule.Tables) && user.Email == email {
		return *user, nil
	}
	become := func(role Role, tables []string) (User, error) {
		return s.store.ChangeUser(ctx, user.ID, func(u *User) (bool, error) {
			u.Email, u.Role, u.Tables, u.Barred, u.UpdatedAt = email, role, tables, false, s.now()
			return false, nil
		})
	}
	detail := map[string]any{"role": rule.Role, "was": user.Role, "tables": rule.Tables, "provider": s.provider.Name()}
	if user.Email != email {
		detail["email_was"] = user.Email
	}
	changed, err := become(rule.Role, rule.Tables)
	if fault.CodeOf(err) == fault.Conflict && user.Role == Admin && rule.Role != Admin {
		s.log.WarnContext(ctx, "a rule would leave no admin with a password: the account stays one", "email", user.Email, "role", rule.Role.String())
		detail["kept"], detail["role"], detail["tables"] = "last admin", Admin, nil
		if user.Email == email {
			return *user, nil // told once in the log, not at every refresh in the audit log
		}
		changed, err = become(Admin, nil)
	}
	s.noteOf(ctx, userPrincipal(user, ""), ActionUserChange, email, err, detail)
	return changed, err
}

// bar keeps somebody out whom no rule lets in any more: their sessions and tokens end, and their password, if they have one, is good
// for nothing until a rule is for them again. Only the last admin keeps theirs. It gives what they are told.
func (s *Service) bar(ctx context.Context, user *User) error {
	detail := map[string]any{"provider": s.provider.Name(), "reason": ReasonNoRole}
	var err error
	if !user.Barred {
		_, err = s.store.ChangeUser(ctx, user.ID, func(u *User) (bool, error) {
			u.Barred, u.UpdatedAt = true, s.now()
			return false, nil
		})
	}
	if fault.CodeOf(err) == fault.Conflict {
		s.log.WarnContext(ctx, "no rule is for the last admin with a password, who can sign in with it still", "email", user.Email)
		detail["kept"], err = "last admin", nil
	}
	if err == nil {
		detail["ended"], err = s.store.EndSessions(ctx, user.ID)
	}
	if err == nil {
		detail["tokens"], err = s.store.RemoveTokens(ctx, user.ID)
	}
	s.noteOf(ctx, userPrincipal(user, ""), ActionSessionsEnd, user.Email, err, detail)
	if err != nil {
		return err
	}
	return errNoRole()
}

// emailOf is the e-mail address that an account has from now on: the provider's, unless it is not sure, or another account has it.
func (s *Service) emailOf(ctx context.Context, user *User, id *Identity) string {
	email, err := cleanEmail(id.Email)
	if err != nil || !id.EmailVerified || email == user.Email {
		return user.Email
	}
	if _, err := s.store.UserByEmail(ctx, email); fault.CodeOf(err) != fault.NotFound {
		return user.Email
	}
	return email
}

func sameTables(a, b []string) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }
