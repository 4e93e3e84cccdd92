package client

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"time"
)

// State says who asks, and what signing in takes.
type State struct {
	Accounts bool     `json:"accounts"` // there are some: who comes must sign in
	Me       *Me      `json:"me,omitempty"`
	Methods  []string `json:"methods"` // password, oidc
}

// Me is who asks.
type Me struct {
	Kind    string   `json:"kind"` // user, token or open
	ID      string   `json:"id"`
	Name    string   `json:"name"`            // e-mail address, or the token's name
	Owner   string   `json:"owner,omitempty"` // e-mail address of whose token it is, "" if it belongs to nobody
	Role    string   `json:"role"`
	Limited bool     `json:"limited"` // to some tables
	Tables  []string `json:"tables"`
}

// State tells who asks.
func (c *Client) State(ctx context.Context) (State, error) {
	var s State
	err := c.call(ctx, http.MethodGet, pathOf("auth", "state"), nil, nil, &s)
	return s, err
}

// SignIn begins a session with a password. The client has it until SignOut.
func (c *Client) SignIn(ctx context.Context, email, password string) (State, error) {
	var s State
	jar, err := cookiejar.New(nil)
	if err != nil {
		return s, err
	}
	c.http.Jar = jar
	err = c.call(ctx, http.MethodPost, pathOf("auth", "sign-in"), nil, map[string]string{"email": email, "password": password}, &s)
	return s, err
}

// SignOut ends the session.
func (c *Client) SignOut(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, pathOf("auth", "sign-out"), nil, nil, nil)
}

// Token is an API token, without its secret.
type Token struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Owner     string     `json:"owner,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"` // nil: never
}

// NewToken says what token to make.
type NewToken struct {
	Name      string    `json:"name"`
	Role      string    `json:"role"`
	Limited   bool      `json:"limited"`
	Tables    []string  `json:"tables,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
}

// CreateToken makes a token of who has signed in, and gives its secret.
func (c *Client) CreateToken(ctx context.Context, n NewToken) (Token, string, error) {
	var made struct {
		Token
		Secret string `json:"secret"`
	}
	err := c.call(ctx, http.MethodPost, pathOf("tokens"), nil, n, &made)
	return made.Token, made.Secret, err
}

// Token tells of one of the tokens that who asks may see; nil if there is none with that id.
func (c *Client) Token(ctx context.Context, id string) (*Token, error) {
	var all struct {
		Tokens []Token `json:"tokens"`
	}
	if err := c.call(ctx, http.MethodGet, pathOf("tokens"), nil, nil, &all); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all.Tokens, func(t Token) bool { return t.ID == id })
	if i < 0 {
		return nil, nil
	}
	return &all.Tokens[i], nil
}

// RevokeToken ends a token.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, pathOf("tokens", id), nil, nil, nil)
}
