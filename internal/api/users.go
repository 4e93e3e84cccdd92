package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

// TableLimit says which tables somebody may read.
type TableLimit struct {
	Limited *bool    `json:"limited,omitempty" nullable:"true" doc:"May read only some tables; false: may read all"`
	Tables  []string `json:"tables,omitempty" nullable:"true" maxItems:"1000" doc:"Which, if so"`
}

// domain is the limit, nil for none, and whether anything is said of it.
func (l TableLimit) domain() (tables []string, given bool, err error) {
	switch {
	case l.Limited == nil && l.Tables == nil:
		return nil, false, nil
	case l.Limited != nil && !*l.Limited && len(l.Tables) > 0:
		return nil, false, fault.New(fault.Invalid, "tables are named, and limited is false").WithHint("leave out one of them")
	case l.Limited != nil && !*l.Limited:
		return nil, true, nil
	}
	return some(l.Tables), true, nil
}

// account is a user on the wire.
type account struct {
	ID          string     `json:"id"`
	Email       string     `json:"email"`
	Role        string     `json:"role" enum:"viewer,analyst,editor,admin"`
	Limited     bool       `json:"limited" doc:"May read only some tables"`
	Tables      []string   `json:"tables" doc:"Which, if so"`
	Disabled    bool       `json:"disabled" doc:"Cannot sign in, nor can their tokens be used"`
	Barred      bool       `json:"barred,omitempty" doc:"No rule of the provider lets them in any more: neither do a password and tokens"`
	HasPassword bool       `json:"has_password" doc:"Without one, and without a provider, they need a link before they can sign in"`
	Provider    string     `json:"provider,omitempty" doc:"The OpenID Connect provider with whom they sign in, and whose rules give them their role; absent: none"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	SignedInAt  *time.Time `json:"signed_in_at,omitempty" doc:"The last time"`
}

func (s *server) wireUser(u auth.User) account {
	return account{
		ID: u.ID, Email: u.Email, Role: u.Role.String(), Limited: u.Tables != nil, Tables: some(u.Tables), Disabled: u.Disabled, Barred: u.Barred,
		HasPassword: u.PasswordHash != "", Provider: s.Accounts.ProviderOf(&u), CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, SignedInAt: timeOrNone(u.SignedInAt),
	}
}

// timeOrNone is a time on the wire, nil for none.
func timeOrNone(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type accountList struct {
	Body struct {
		Users []account `json:"users"`
	}
}

// newAccount is an account as it is asked for. Its user sets the password, with a link.
type newAccount struct {
	Email string `json:"email" minLength:"1" maxLength:"1000"`
	Role  string `json:"role" enum:"viewer,analyst,editor,admin"`
	TableLimit
}

// accountChange is a change of an account. What is left out stays as it is.
type accountChange struct {
	Role     *string `json:"role,omitempty" nullable:"true" enum:"viewer,analyst,editor,admin" doc:"Another one ends the sessions"`
	Disabled *bool   `json:"disabled,omitempty" nullable:"true" doc:"true ends the sessions, and keeps tokens from being used"`
	TableLimit
}

func (c accountChange) domain() (change auth.UserChange, err error) {
	tables, given, err := c.TableLimit.domain()
	if err != nil {
		return change, err
	}
	if given {
		change.Tables = &tables
	}
	if c.Role != nil {
		role, err := auth.ParseRole(*c.Role)
		if err != nil {
			return change, err
		}
		change.Role = &role
	}
	change.Disabled = c.Disabled
	return change, nil
}

// link is a one-time link.
type link struct {
	Path      string    `json:"path" doc:"Of the link, to be put behind this server's address. It is told once, and works once"`
	ExpiresAt time.Time `json:"expires_at"`
}

// UserID names a user in a path.
type UserID struct {
	ID string `path:"id"`
}

func (s *server) userRoutes() {
	tags := []string{"accounts"}
	named := []int{http.StatusNotFound}
	changed := []int{http.StatusNotFound, http.StatusConflict}
	answer := func(u auth.User, err error) (*output[account], error) { return answered(s.wireUser(u), err) }
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/users", OperationID: "list-users", Tags: tags,
		Summary: "List the accounts, by e-mail address",
	}, nil, func(ctx context.Context, _ *struct{}) (*accountList, error) {
		all, err := s.Accounts.Users(ctx)
		out := &accountList{}
		out.Body.Users = make([]account, 0, len(all))
		for _, u := range all {
			out.Body.Users = append(out.Body.Users, s.wireUser(u))
		}
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/users", OperationID: "add-user", Tags: tags, DefaultStatus: http.StatusCreated, MaxBodyBytes: usualBody,
		Summary: "Add an account", Description: "It has no password yet: a link lets its user set one. The first account is not made here, and tokens make no admins.",
	}, []int{http.StatusConflict}, func(ctx context.Context, in *struct{ Body newAccount }) (*output[account], error) {
		role, err := auth.ParseRole(in.Body.Role)
		if err != nil {
			return nil, err
		}
		tables, _, err := in.Body.TableLimit.domain()
		if err != nil {
			return nil, err
		}
		return answer(s.Accounts.AddUser(ctx, auth.NewUser{Email: in.Body.Email, Role: role, Tables: tables}))
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/users/{id}", OperationID: "show-user", Tags: tags,
		Summary: "Show an account",
	}, named, func(ctx context.Context, in *UserID) (*output[account], error) {
		return answer(s.Accounts.User(ctx, in.ID))
	})
	register(s, huma.Operation{
		Method: http.MethodPatch, Path: "/api/v1/users/{id}", OperationID: "change-user", Tags: tags,
		Summary: "Change what an account may do", Description: "One admin who can sign in is always left.",
	}, changed, func(ctx context.Context, in *struct {
		UserID
		Body accountChange
	},
	) (*output[account], error) {
		change, err := in.Body.domain()
		if err != nil {
			return nil, err
		}
		return answer(s.Accounts.ChangeUser(ctx, in.ID, change))
	})
	register(s, huma.Operation{
		Method: http.MethodDelete, Path: "/api/v1/users/{id}", OperationID: "remove-user", Tags: tags,
		Summary: "Remove an account, its sessions and its tokens", Description: "One admin who can sign in is always left.",
	}, changed, func(ctx context.Context, in *UserID) (*struct{}, error) {
		return nil, s.Accounts.RemoveUser(ctx, in.ID)
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/users/{id}/reset-link", OperationID: "make-reset-link", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary:     "Make a link with which a user sets a password",
		Description: "It works for 24 hours, and takes the place of one that was made before. The password that they have stays until then.",
	}, named, func(ctx context.Context, in *UserID) (*output[link], error) {
		made, err := s.Accounts.ResetLink(ctx, in.ID)
		return answered(link{Path: "/reset#" + made.Secret, ExpiresAt: made.ExpiresAt}, err)
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/users/{id}/sessions", OperationID: "list-user-sessions", Tags: tags,
		Summary: "List the sessions of a user, the last seen first",
	}, named, func(ctx context.Context, in *UserID) (*sessionList, error) {
		return s.sessionsOf(ctx, in.ID)
	})
	register(s, huma.Operation{
		Method: http.MethodDelete, Path: "/api/v1/users/{id}/sessions", OperationID: "end-user-sessions", Tags: tags,
		Summary: "Sign a user out everywhere",
	}, named, func(ctx context.Context, in *UserID) (*struct{}, error) {
		return nil, s.Accounts.EndSessions(ctx, in.ID)
	})
	s.tokenRoutes()
}

// Token is an API token on the wire.
type Token struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Owner      string     `json:"owner,omitempty" doc:"The e-mail address of its user, with whom it ends; absent if it was made on the server's machine"`
	Role       string     `json:"role" enum:"viewer,analyst,editor,admin" doc:"Never more than its owner's counts"`
	Limited    bool       `json:"limited" doc:"May read only some tables"`
	Tables     []string   `json:"tables" doc:"Which, if so"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty" doc:"Absent: never"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"To the minute"`
}

func wireToken(v auth.Token) Token {
	return Token{
		ID: v.ID, Name: v.Name, Owner: v.Owner, Role: v.Role.String(), Limited: v.Tables != nil, Tables: some(v.Tables),
		CreatedAt: v.CreatedAt, ExpiresAt: timeOrNone(v.ExpiresAt), LastUsedAt: timeOrNone(v.LastUsedAt),
	}
}

type tokenList struct {
	Body struct {
		Tokens []Token `json:"tokens"`
	}
}

type newToken struct {
	Name      string     `json:"name" minLength:"1" maxLength:"100"`
	Role      string     `json:"role" enum:"viewer,analyst,editor,admin" doc:"At most one's own"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" nullable:"true" doc:"Absent: never"`
	TableLimit
}

type madeToken struct {
	Secret string `json:"secret" doc:"To be sent as Authorization: Bearer …. It is told once"`
	Token
}

func (s *server) tokenRoutes() {
	tags := []string{"accounts"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/tokens", OperationID: "list-tokens", Tags: tags,
		Summary: "List the API tokens: one's own, or for admins all", Description: "A token that is no admin's sees itself alone.",
	}, nil, func(ctx context.Context, _ *struct{}) (*tokenList, error) {
		all, err := s.Accounts.Tokens(ctx)
		out := &tokenList{}
		out.Body.Tokens = make([]Token, 0, len(all))
		for _, v := range all {
			out.Body.Tokens = append(out.Body.Tokens, wireToken(v))
		}
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/tokens", OperationID: "make-token", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Make an API token", Description: "It may do at most what its maker may, and ends with them. A token cannot make tokens.",
	}, []int{http.StatusConflict}, func(ctx context.Context, in *struct{ Body newToken }) (*output[madeToken], error) {
		role, err := auth.ParseRole(in.Body.Role)
		if err != nil {
			return nil, err
		}
		tables, _, err := in.Body.TableLimit.domain()
		if err != nil {
			return nil, err
		}
		n := auth.NewToken{Name: in.Body.Name, Role: role, Tables: tables}
		if in.Body.ExpiresAt != nil {
			n.ExpiresAt = *in.Body.ExpiresAt
		}
		made, secret, err := s.Accounts.CreateToken(ctx, n)
		return answered(madeToken{Secret: secret, Token: wireToken(made)}, err)
	})
	register(s, huma.Operation{
		Method: http.MethodDelete, Path: "/api/v1/tokens/{id}", OperationID: "revoke-token", Tags: tags,
		Summary: "Revoke an API token at once: one's own, or as an admin anybody's", Description: "A token that is no admin's ends itself alone.",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *struct {
		ID string `path:"id"`
	},
	) (*struct{}, error) {
		return nil, s.Accounts.RevokeToken(ctx, in.ID)
	})
}
