package auth

import (
	"context"

	"github.com/helios-sql/helios/internal/fault"
)

// NewUser says what account to add.
type NewUser struct {
	Email    string
	Role     Role
	Tables   []string // nil: all
	Password string   // "" for none: they set one with a link from ResetLink
}

// AddUser adds an account. It is for admins; fault.Conflict if there is one of that e-mail address, or if it is the first and no
// admin with a password.
func (s *Service) AddUser(ctx context.Context, n NewUser) (user User, err error) {
	defer func() {
		s.note(ctx, ActionUserAdd, user.Email, err, map[string]any{"role": n.Role, "tables": user.Tables})
	}()
	p, err := require(ctx, Admin)
	if err != nil {
		return User{}, err
	}
	user, err = s.newUser(ctx, n)
	if err == nil && user.Role == Admin {
		err = noToken(p, "make an admin")
	}
	if err == nil {
		err = s.store.AddUser(ctx, user)
	}
	if err != nil {
		return User{Email: user.Email}, err
	}
	s.close()
	return user, nil
}

// noToken refuses to a token what would let whoever has it be admin after its end.
func noToken(p Principal, what string) error {
	if p.Kind == KindToken {
		return fault.New(fault.Refused, "a token cannot %s", what).WithHint("sign in")
	}
	return nil
}

// CheckNewUser finds what is wrong with an account before somebody is asked for its password.
func (s *Service) CheckNewUser(ctx context.Context, n NewUser) error {
	if _, err := require(ctx, Admin); err != nil {
		return err
	}
	n.Password = ""
	user, err := s.newUser(ctx, n)
	if err != nil {
		return err
	}
	_, err = s.store.UserByEmail(ctx, user.Email)
	switch {
	case err == nil:
		return fault.New(fault.Conflict, "there is an account %s already", user.Email)
	case fault.CodeOf(err) == fault.NotFound:
		return nil
	}
	return err
}

// newUser makes an account that is not stored yet.
func (s *Service) newUser(ctx context.Context, n NewUser) (user User, err error) {
	now := s.now()
	user = User{ID: newID(), Role: n.Role, CreatedAt: now, UpdatedAt: now}
	if user.Email, err = cleanEmail(n.Email); err != nil {
		return user, err
	}
	if user.Tables, err = CleanTables(n.Tables); err != nil {
		return user, err
	}
	if err := checkRole(&user); err != nil {
		return user, err
	}
	if n.Password != "" {
		user.PasswordHash, err = s.newHash(ctx, n.Password)
	}
	return user, err
}

// newHash is the hash of a password that somebody is to have.
func (s *Service) newHash(ctx context.Context, password string) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}

// checkRole refuses an account that makes no sense.
func checkRole(u *User) error {
	if u.Role.String() == "" {
		return fault.New(fault.Invalid, "an account needs a role")
	}
	if u.Role == Admin && u.Tables != nil {
		return fault.New(fault.Invalid, "an admin cannot be limited to some tables").WithHint("an admin could lift the limit: choose another role")
	}
	return nil
}

// Users are all accounts, by e-mail. It is for admins.
func (s *Service) Users(ctx context.Context) ([]User, error) {
	if _, err := require(ctx, Admin); err != nil {
		return nil, err
	}
	return s.store.Users(ctx)
}

// User is an account: one's own, or as an admin anybody's.
func (s *Service) User(ctx context.Context, id string) (User, error) {
	if _, err := s.ownOr(ctx, id); err != nil {
		return User{}, err
	}
	return s.store.User(ctx, id)
}

// UserByEmail finds an account. It is for admins.
func (s *Service) UserByEmail(ctx context.Context, email string) (User, error) {
	if _, err := require(ctx, Admin); err != nil {
		return User{}, err
	}
	email, err := cleanEmail(email)
	if err != nil {
		return User{}, err
	}
	return s.store.UserByEmail(ctx, email)
}

// UserChange says what to change of an account: what is nil stays.
type UserChange struct {
	Role     *Role
	Tables   *[]string // to nil: all
	Disabled *bool
}

// ChangeUser changes an account. It is for admins; fault.Conflict if no admin would be left. A change of role and disabling end
// the user's sessions.
func (s *Service) ChangeUser(ctx context.Context, id string, c UserChange) (user User, err error) {
	detail := map[string]any{}
	defer func() { s.note(ctx, ActionUserChange, s.nameOf(ctx, id), err, detail) }()
	p, err := require(ctx, Admin)
	if err != nil {
		return User{}, err
	}
	return s.store.ChangeUser(ctx, id, func(u *User) (endSessions bool, err error) {
		was := *u
		if c.Role != nil {
			detail["role"] = *c.Role
			endSessions = u.Role != *c.Role
			u.Role = *c.Role
		}
		if c.Tables != nil {
			if u.Tables, err = CleanTables(*c.Tables); err != nil {
				return false, err
			}
			detail["tables"] = u.Tables
		}
		if c.Disabled != nil {
			detail["disabled"] = *c.Disabled
			endSessions = endSessions || *c.Disabled
			u.Disabled = *c.Disabled
		}
		u.UpdatedAt = s.now()
		if u.Role == Admin && !u.Disabled && (was.Role != Admin || was.Disabled) {
			if err := noToken(p, "make an admin"); err != nil {
				return false, err
			}
		}
		return endSessions, checkRole(u)
	})
}

// RemoveUser deletes an account with its sessions and tokens. It is for admins; fault.Conflict if no admin would be left.
func (s *Service) RemoveUser(ctx context.Context, id string) error {
	name := s.nameOf(ctx, id) // afterwards there is none
	_, err := require(ctx, Admin)
	if err == nil {
		err = s.store.RemoveUser(ctx, id)
	}
	s.note(ctx, ActionUserRemove, name, err, nil)
	return err
}

// nameOf is how a user stands in the audit log.
func (s *Service) nameOf(ctx context.Context, id string) string {
	if u, err := s.store.User(ctx, id); err == nil {
		return u.Email
	}
	return id
}

// ChangePassword changes the password of who asks. All their sessions end, and a new one begins.
func (s *Service) ChangePassword(ctx context.Context, current, next string) (in SignedIn, err error) {
	p, ok := From(ctx)
	defer func() { s.note(ctx, ActionPasswordChange, p.Name, err, nil) }()
	if !ok || p.Kind != KindUser {
		return SignedIn{}, fault.New(fault.Refused, "only who is signed in can change their password")
	}
	if err := CheckPassword(next); err != nil {
		return SignedIn{}, err
	}
	if err := s.allowTry(ctx, p.Name); err != nil {
		return SignedIn{}, err
	}
	user, err := s.store.User(ctx, p.User)
	switch {
	case err != nil:
		return SignedIn{}, err
	case user.providedOnly():
		return SignedIn{}, fault.New(fault.Refused, "your account has no password: you sign in with %s", s.ProviderOf(&user)).WithHint("change your password there")
	}
	checked, err := s.checkPassword(ctx, &user, current)
	switch {
	case fault.CodeOf(err) == fault.SignIn:
		return SignedIn{}, fault.New(fault.Refused, "the current password is wrong")
	case err != nil:
		return SignedIn{}, err
	}
	s.tries.giveBack(p.Name, network(CallerOf(ctx).Address))
	hash, err := s.hasher.hash(ctx, next)
	if err != nil {
		return SignedIn{}, err
	}
	user, err = s.store.ChangeUser(ctx, p.User, func(u *User) (bool, error) {
		if u.PasswordHash != checked {
			return false, fault.New(fault.Conflict, "the password has been changed meanwhile")
		}
		u.PasswordHash, u.UpdatedAt = hash, s.now()
		return true, nil
	})
	if err != nil {
		return SignedIn{}, err
	}
	return s.begin(ctx, &user, hash, nil)
}

// SetPassword gives a user another password and ends their sessions. It is for whoever works on the machine: admins elsewhere
// make a link with ResetLink, so that they never know the password. It lets in whom the provider's rules do not.
func (s *Service) SetPassword(ctx context.Context, id, password string) (err error) {
	defer func() { s.note(ctx, ActionPasswordReset, s.nameOf(ctx, id), err, nil) }()
	if p, ok := From(ctx); !ok || p.Kind != KindMachine {
		return fault.New(fault.Refused, "a password is set on the machine itself, or by a link")
	}
	hash, err := s.newHash(ctx, password)
	if err != nil {
		return err
	}
	_, err = s.store.ChangeUser(ctx, id, func(u *User) (bool, error) {
		u.PasswordHash, u.Barred, u.UpdatedAt = hash, false, s.now()
		return true, nil
	})
	return err
}
