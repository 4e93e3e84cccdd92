package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

// secretBody bounds requests that strangers may send, or that hold a password.
const secretBody = 8 << 10

// signInState is what a page must know before it can show anything.
type signInState struct {
	Accounts    bool     `json:"accounts" doc:"There are accounts: who comes must sign in. Without any, everybody is let in"`
	Me          *me      `json:"me,omitempty" doc:"Who asks; absent for who must sign in"`
	Methods     []string `json:"methods" doc:"The ways to sign in"`
	MinPassword int      `json:"min_password" doc:"How many characters a password must have"`

	OIDC *oidcProvider `json:"oidc,omitempty" doc:"With whom people may sign in too; absent if there is no provider"`
}

// me is who asks.
type me struct {
	Kind      string   `json:"kind" enum:"user,token,open" doc:"open: everybody, as there is no account"`
	ID        string   `json:"id" doc:"Of the user or the token"`
	Name      string   `json:"name" doc:"The e-mail address of the user, or the name of the token"`
	Owner     string   `json:"owner,omitempty" doc:"The e-mail address of whose token it is; absent for one that belongs to nobody"`
	Role      string   `json:"role" enum:"viewer,analyst,editor,admin"`
	Limited   bool     `json:"limited" doc:"May read only some tables"`
	Tables    []string `json:"tables" doc:"Which, if so"`
	SessionID string   `json:"session_id,omitempty"`
	Provider  string   `json:"provider,omitempty" doc:"With whom the user signs in, by name; absent for who signs in with a password"`
}

func wireMe(p auth.Principal) *me {
	return &me{
		Kind: string(p.Kind), ID: p.ID, Name: p.Name, Owner: p.Owner, Role: p.Role.String(), Limited: p.Tables != nil, Tables: some(p.Tables), SessionID: p.Session,
	}
}

// stateOf is the state as somebody sees it.
func (s *server) stateOf(p auth.Principal, known bool) signInState {
	state := signInState{Accounts: p.Kind != auth.KindOpen, Methods: []string{"password"}, MinPassword: auth.MinPassword}
	if name := s.Accounts.Provider(); name != "" {
		state.Methods, state.OIDC = append(state.Methods, "oidc"), &oidcProvider{name}
	}
	if known {
		state.Me = wireMe(p)
	}
	return state
}

type credentials struct {
	Email    string `json:"email" maxLength:"1000"`
	Password string `json:"password" maxLength:"4096"`
}

type signedOut struct {
	ContinueAt string `json:"continue_at,omitempty" doc:"Where the browser ends the session at the provider too, and comes back from; absent: nowhere"`
}

type linkSecret struct {
	Kind   string `json:"kind" enum:"setup,reset"`
	Secret string `json:"secret" maxLength:"200" doc:"What follows the # in the link"`
}

type linkTold struct {
	Email     string    `json:"email,omitempty" doc:"Whose password it sets; absent for the link that makes the first account"`
	ExpiresAt time.Time `json:"expires_at"`
}

type setup struct {
	Secret   string `json:"secret" maxLength:"200" doc:"What follows the # in the link"`
	Email    string `json:"email" maxLength:"1000"`
	Password string `json:"password" maxLength:"4096"`
}

type reset struct {
	Secret   string `json:"secret" maxLength:"200" doc:"What follows the # in the link"`
	Password string `json:"password" maxLength:"4096"`
}

type passwordChange struct {
	Current string `json:"current" maxLength:"4096"`
	New     string `json:"new" maxLength:"4096"`
}

func (s *server) signInRoutes() {
	tags := []string{"accounts"}
	tries := []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/auth/state", OperationID: "show-sign-in", Tags: tags,
		Summary: "Tell who asks, and what signing in takes",
	}, nil, func(ctx context.Context, _ *struct{}) (*output[signInState], error) {
		p, known := auth.From(ctx)
		state := s.stateOf(p, known)
		if p.Kind == auth.KindUser {
			if user, err := s.Accounts.User(ctx, p.User); err == nil { // else it was removed this moment
				state.Me.Provider = s.Accounts.ProviderOf(&user)
			}
		}
		return answered(state, nil)
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/auth/sign-in", OperationID: "sign-in", Tags: tags, MaxBodyBytes: secretBody,
		Summary:     "Sign in with a password",
		Description: "The answer sets a cookie. After too many tries, for one account or from one address, it says when to try again.",
	}, tries, func(ctx context.Context, in *struct{ Body credentials }) (*output[signInState], error) {
		return s.signedIn(ctx)(s.Accounts.SignIn(ctx, in.Body.Email, in.Body.Password))
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/auth/sign-out", OperationID: "sign-out", Tags: tags, MaxBodyBytes: secretBody,
		Summary: "End the session of who asks",
	}, nil, func(ctx context.Context, _ *struct{}) (*output[signedOut], error) {
		v := visitOf(ctx)
		v.forget()
		to, err := s.Accounts.SignOut(ctx, v.secret, s.address(v)+signInPage)
		return answered(signedOut{to}, err)
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/auth/link", OperationID: "check-link", Tags: tags, MaxBodyBytes: secretBody,
		Summary: "Look at a one-time link without using it",
	}, tries, func(ctx context.Context, in *struct{ Body linkSecret }) (*output[linkTold], error) {
		email, expires, err := s.Accounts.CheckLink(ctx, auth.LinkKind(in.Body.Kind), in.Body.Secret)
		return answered(linkTold{Email: email, ExpiresAt: expires}, err)
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/auth/setup", OperationID: "set-up", Tags: tags, MaxBodyBytes: secretBody,
		Summary: "Make the first account, an admin's, with the link that the server printed when it started, and sign in",
	}, tries, func(ctx context.Context, in *struct{ Body setup }) (*output[signInState], error) {
		return s.signedIn(ctx)(s.Accounts.Setup(ctx, in.Body.Secret, in.Body.Email, in.Body.Password))
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/auth/reset", OperationID: "reset-password", Tags: tags, MaxBodyBytes: secretBody,
		Summary: "Set a password with a link that an admin has made; all sessions of its user end",
	}, tries, func(ctx context.Context, in *struct{ Body reset }) (*struct{}, error) {
		return nil, s.Accounts.ResetPassword(ctx, in.Body.Secret, in.Body.Password)
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/auth/password", OperationID: "change-password", Tags: tags, MaxBodyBytes: secretBody,
		Summary: "Change one's own password", Description: "All sessions end, and a new one begins: the answer sets its cookie.",
	}, tries, func(ctx context.Context, in *struct{ Body passwordChange }) (*output[signInState], error) {
		changed, err := s.Accounts.ChangePassword(ctx, in.Body.Current, in.Body.New)
		if err != nil {
			return nil, err
		}
		visitOf(ctx).keep(changed)
		return answered(s.stateOf(changed.Principal, true), nil)
	})
	s.providerRoutes()
	s.sessionRoutes()
}

// signedIn makes the answer to who has signed in. A session that they had before ends.
func (s *server) signedIn(ctx context.Context) func(auth.SignedIn, error) (*output[signInState], error) {
	return func(in auth.SignedIn, err error) (*output[signInState], error) {
		if err != nil {
			return nil, err
		}
		if err := s.leaveFormer(ctx); err != nil {
			return nil, err
		}
		visitOf(ctx).keep(in)
		return answered(s.stateOf(in.Principal, true), nil)
	}
}

// session is a session on the wire.
type session struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at" doc:"To the minute"`
	Address   string    `json:"address" doc:"Last seen"`
	Agent     string    `json:"agent" doc:"The program, as it calls itself"`
	Current   bool      `json:"current" doc:"This request belongs to it"`
}

type sessionList struct {
	Body struct {
		Sessions []session `json:"sessions"`
	}
}

// sessionsOf lists the sessions of a user.
func (s *server) sessionsOf(ctx context.Context, user string) (*sessionList, error) {
	all, err := s.Accounts.Sessions(ctx, user)
	if err != nil {
		return nil, err
	}
	p, _ := auth.From(ctx)
	out := &sessionList{}
	out.Body.Sessions = make([]session, 0, len(all))
	for _, v := range all {
		out.Body.Sessions = append(out.Body.Sessions, session{v.ID, v.CreatedAt, v.SeenAt, v.Address, v.Agent, v.ID == p.Session})
	}
	return out, nil
}

// signedInUser is the user whose session a request belongs to: tokens and an open house have no sessions.
func signedInUser(ctx context.Context) (auth.Principal, error) {
	p, _ := auth.From(ctx)
	if p.Kind != auth.KindUser {
		return p, fault.New(fault.Refused, "only who is signed in has sessions").WithHint("sign in with a password")
	}
	return p, nil
}

func (s *server) sessionRoutes() {
	tags := []string{"accounts"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/auth/sessions", OperationID: "list-sessions", Tags: tags,
		Summary: "List one's own sessions, the last seen first",
	}, nil, func(ctx context.Context, _ *struct{}) (*sessionList, error) {
		p, err := signedInUser(ctx)
		if err != nil {
			return nil, err
		}
		return s.sessionsOf(ctx, p.User)
	})
	register(s, huma.Operation{
		Method: http.MethodDelete, Path: "/api/v1/auth/sessions", OperationID: "end-sessions", Tags: tags,
		Summary: "Sign out everywhere",
	}, nil, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		p, err := signedInUser(ctx)
		if err != nil {
			return nil, err
		}
		visitOf(ctx).forget()
		return nil, s.Accounts.EndSessions(ctx, p.User)
	})
	register(s, huma.Operation{
		Method: http.MethodDelete, Path: "/api/v1/auth/sessions/{id}", OperationID: "end-session", Tags: tags,
		Summary: "End one of one's own sessions",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *struct {
		ID string `path:"id"`
	},
	) (*struct{}, error) {
		p, err := signedInUser(ctx)
		if err != nil {
			return nil, err
		}
		if in.ID == p.Session {
			visitOf(ctx).forget()
		}
		return nil, s.Accounts.EndSession(ctx, p.User, in.ID)
	})
}
