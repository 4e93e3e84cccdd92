// Package auth knows who asks and what they may do: accounts with passwords, their sessions, API tokens, one-time links, and
// the audit log of all of it. It is where the rules are: how secrets are made, kept and checked, when they end, who may give
// whom which role. It is not HTTP (cookies and headers are package api's) and not storage (see Store).
//
// Secrets leave this package once, when they are made; only their hashes are stored.
package auth

import (
	"context"
	"slices"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
)

// Role is what somebody may do. Each role may do all that those below it may.
type Role int

// The roles.
const (
	NoRole  Role = iota
	Viewer       // runs saved queries, sees dashboards and freshness
	Analyst      // writes SQL, watches the live tail, exports, saves
	Editor       // changes sources and schemas, replays quarantined events
	Admin        // manages users, tokens and settings
)

var roleNames = []string{"", "viewer", "analyst", "editor", "admin"}

// RoleNames are the names of all roles, the least first.
func RoleNames() []string { return slices.Clone(roleNames[1:]) }

// String is the role's name, as people type it.
func (r Role) String() string {
	if r < NoRole || int(r) >= len(roleNames) {
		return ""
	}
	return roleNames[r]
}

// ParseRole reads a role's name; fault.Invalid if it is none.
func ParseRole(name string) (Role, error) {
	if i := slices.Index(roleNames, name); i > 0 {
		return Role(i), nil
	}
	return NoRole, fault.New(fault.Invalid, "%q is not a role", name).WithHint("the roles are %s", strings.Join(RoleNames(), ", "))
}

// MarshalText writes the role's name.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a role's name.
func (r *Role) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRole(string(text))
	return err
}

// Kind says how somebody is known.
type Kind string

// The kinds.
const (
	KindUser    Kind = "user"    // by a session, after a sign-in
	KindToken   Kind = "token"   // by an API token
	KindOpen    Kind = "open"    // not at all: there is no account yet, so everybody who reaches Helios is let in
	KindMachine Kind = "machine" // by having the data directory: the command line on Helios's own machine
)

// Principal is somebody who asks.
type Principal struct {
	Kind    Kind
	ID      string   // of the user or the token
	Name    string   // the user's e-mail address or the token's name
	Role    Role     //
	Tables  []string // that may be read; nil: all
	User    string   // the id of the user, of a token that of its owner; "" if there is none
	Owner   string   // the e-mail address of a token's owner; "" if it belongs to nobody
	Session string   // the id of the user's session, else ""
}

// OpenHouse is everybody, as long as there is no account.
func OpenHouse() Principal { return Principal{Kind: KindOpen, Role: Admin} }

// Machine is whoever works on the data directory itself, under the name that the system knows them by.
func Machine(name string) Principal { return Principal{Kind: KindMachine, Name: name, Role: Admin} }

// Actor is the principal as the audit log tells of them: of a token also whose it is.
func (p Principal) Actor() string {
	if p.Owner == "" {
		return p.Name
	}
	return p.Owner + " (token " + p.Name + ")"
}

// You is how a refusal speaks of the principal, who reads it.
func (p Principal) You() string {
	switch {
	case p.Kind != KindToken:
		return p.Name
	case p.Owner == "":
		return "the token " + p.Name
	}
	return "your token " + p.Name
}

// May reports whether the principal's role is at least the one needed.
func (p Principal) May(needed Role) bool { return needed > NoRole && p.Role >= needed }

// MayRead reports whether the principal may read a table. As in SQL, the case of letters does not matter.
func (p Principal) MayRead(table string) bool {
	return p.Tables == nil || slices.ContainsFunc(p.Tables, func(t string) bool { return strings.EqualFold(t, table) })
}

type principalKey struct{}

// With is a context that knows who asks.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From is who asks, and whether the context knows. Who is not known may do nothing.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}

// Caller is where a request comes from.
type Caller struct {
	Address string // the IP address, without a port
	Agent   string // as the program calls itself
}

type callerKey struct{}

// WithCaller is a context that knows where its request comes from.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf is where the request comes from; zero if the context does not know.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// require is who asks, if they are known by name and have a role; fault.SignIn or fault.Refused otherwise. As long as the house
// is open nobody is known by name.
func require(ctx context.Context, needed Role) (Principal, error) {
	p, ok := From(ctx)
	switch {
	case !ok:
		return p, fault.New(fault.SignIn, "this needs an account").WithHint("sign in")
	case p.Kind == KindOpen:
		return p, fault.New(fault.Refused, "there is no account yet").
			WithHint("make the first one with the link that the server prints when it starts, or with `helios users add EMAIL --role admin`")
	case !p.May(needed):
		return p, fault.New(fault.Refused, "this needs the role %s, and %s has the role %s", needed, p.You(), p.Role).WithHint("ask somebody with the role admin")
	}
	return p, nil
}

// both are the tables that two limits allow together.
func both(a, b []string) []string {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	allowed := []string{}
	for _, t := range a {
		if (Principal{Tables: b}).MayRead(t) {
			allowed = append(allowed, t)
		}
	}
	return allowed
}

// maxTables is how many tables a limit may name.
const maxTables = 1000

// CleanTables puts a limit in order: no name twice, none empty. nil, which is no limit, stays.
func CleanTables(tables []string) ([]string, error) {
	if tables == nil {
		return nil, nil
	}
	if len(tables) > maxTables {
		return nil, fault.New(fault.TooLarge, "a limit may name %d tables", maxTables)
	}
	kept := make([]string, 0, len(tables))
	for _, t := range tables {
		t = strings.ToLower(strings.TrimSpace(t))
		if t == "" || len(t) > maxName {
			return nil, fault.New(fault.Invalid, "%.80q is not the name of a table", t)
		}
		kept = append(kept, t)
	}
	slices.Sort(kept)
	return slices.Compact(kept), nil
}
