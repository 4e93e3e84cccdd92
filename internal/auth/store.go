package auth

import (
	"context"
	"encoding/json"
	"time"
)

// Store keeps what this package must remember. Each method is one transaction: several processes may use the same store at the
// same time. What is not there is fault.NotFound. Secrets come as hashes only.
type Store interface {
	Users
	Sessions
	Rotations
	Provided
	Tokens
	Links
	Audit
}

// User is an account.
type User struct {
	ID           string
	Email        string // in small letters
	Role         Role
	Tables       []string // that may be read; nil: all
	Disabled     bool
	PasswordHash string `json:"-"` // "" for none yet: nobody can sign in with it
	Issuer       string // of the provider that knows the user; "" for none
	Subject      string // as whom
	Barred       bool   // the provider's last word was that no rule lets the user in: neither does the password, nor a token
	CreatedAt    time.Time
	UpdatedAt    time.Time
	SignedInAt   time.Time // the last time; zero: never
}

// Users keeps the accounts. Once there is one, each change must leave an admin who can sign in with a password, or it is
// fault.Conflict: otherwise nobody could manage the accounts any more, or with the last one the house would stand open again.
type Users interface {
	HasUsers(ctx context.Context) (bool, error)
	Users(ctx context.Context) ([]User, error) // by e-mail
	User(ctx context.Context, id string) (User, error)
	UserByEmail(ctx context.Context, email string) (User, error)

	// AddUser adds an account; fault.Conflict if its e-mail address, or its subject of a provider, has one.
	AddUser(ctx context.Context, u User) error

	// ChangeUser saves what change makes of an account, and ends its sessions if change says so. Its link ends too if it is then
	// disabled or has another password.
	ChangeUser(ctx context.Context, id string, change func(*User) (endSessions bool, err error)) (User, error)

	// RemoveUser deletes an account with its sessions, tokens and links.
	RemoveUser(ctx context.Context, id string) error
}

// Session is a sign-in that lasts.
type Session struct {
	ID            string
	UserID        string
	Hash          string    `json:"-"` // of its secret
	Previous      string    `json:"-"` // of the secret before, or ""
	PreviousUntil time.Time `json:"-"` // when that one ends
	Next          string    `json:"-"` // the present secret, for who has the one before; "" once it has been used
	CreatedAt     time.Time
	RotatedAt     time.Time // when its secret was made
	SeenAt        time.Time
	Address       string // last seen
	Agent         string // last seen

	Issuer    string    // of the provider whose word began it; "" for a password
	Sealed    string    `json:"-"` // what the provider gave for it, for who has the secret
	CheckedAt time.Time // when the provider last said that it may go on; zero if the provider cannot be asked
}

// Rotation gives a session another secret.
type Rotation struct {
	ID, OldHash, NewHash string
	Sealed               string // anew, for the new secret
	Next                 string // the new secret, for who has the old one
	At, OldUntil         time.Time
}

// Sessions keeps who is signed in.
type Sessions interface {
	// AddSession begins a session, and notes it with its user. Of more than keep the user's oldest end. It is fault.SignIn if the
	// user is disabled or barred, or has another password than the one whose hash was checked.
	AddSession(ctx context.Context, s Session, checkedHash string, keep int) error

	// SessionByHash is the session with this secret or, for whoever has not heard of a rotation, this secret before.
	SessionByHash(ctx context.Context, hash string) (Session, User, error)

	SeeSession(ctx context.Context, id string, at time.Time, from Caller) error

	Sessions(ctx context.Context, userID string) ([]Session, error) // the last seen first
	EndSession(ctx context.Context, userID, id string) error
	EndSessions(ctx context.Context, userID string) (ended int, err error)
}

// Rotations renew the secrets of sessions.
type Rotations interface {
	// RotateSession gives a session another secret; false if it no longer has the old one, so that somebody else was first.
	RotateSession(ctx context.Context, r Rotation) (bool, error)

	// ConfirmSession notes that the secret with a hash, if it is a session's present one, has been used: the one before ends then.
	ConfirmSession(ctx context.Context, id, hash string, until time.Time) error
}

// Provided keeps what accounts and sessions have of a provider.
type Provided interface {
	UserBySubject(ctx context.Context, issuer, subject string) (User, error)

	// KeepGrant keeps what a provider has given for a session, and when; nothing if the session has ended or another secret by now.
	KeepGrant(ctx context.Context, session, hash, sealed string, at time.Time) error
}

// Token is an API token.
type Token struct {
	ID         string
	Name       string
	UserID     string // of its owner, with whom it ends; "" if it was made on the machine
	Owner      string // the owner's e-mail, or ""
	Hash       string `json:"-"`
	Role       Role   // never more than its owner's counts
	Tables     []string
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // zero: never
}

// Tokens keeps API tokens.
type Tokens interface {
	// AddToken adds a token; fault.Conflict if its owner has one of that name, fault.TooLarge if the owner has most already.
	AddToken(ctx context.Context, t Token, most int) error

	// TokenByHash is a token and its owner, who is zero if it has none.
	TokenByHash(ctx context.Context, hash string) (Token, User, error)

	Tokens(ctx context.Context) ([]Token, error) // all, by owner and name
	UseToken(ctx context.Context, id string, at time.Time) error
	RemoveToken(ctx context.Context, id string) error
	RemoveTokens(ctx context.Context, userID string) (removed int, err error)
}

// LinkKind is what a one-time link is for.
type LinkKind string

// The kinds of links.
const (
	LinkSetup LinkKind = "setup" // makes the first admin
	LinkReset LinkKind = "reset" // sets a user's password
)

// Link is a one-time link. Each user has one of a kind: a new one takes the place of the old.
type Link struct {
	Hash      string `json:"-"`
	Kind      LinkKind
	UserID    string // "" for a setup link
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Links keeps one-time links.
type Links interface {
	AddLink(ctx context.Context, l Link) error
	LinkByHash(ctx context.Context, kind LinkKind, hash string) (Link, error)

	// UseSetupLink takes a link that has not expired away and adds the first account; fault.Conflict if there is one already.
	UseSetupLink(ctx context.Context, hash string, now time.Time, first User) error

	// UseResetLink takes a link that has not expired away, sets its user's password and ends all their sessions.
	UseResetLink(ctx context.Context, hash string, now time.Time, passwordHash string) (User, error)
}

// Entry is something that somebody did, or tried to do.
type Entry struct {
	ID         string          `json:"id"` // they rise with time
	At         time.Time       `json:"at"`
	ActorKind  Kind            `json:"actor_kind"` // "" if nobody is known
	ActorID    string          `json:"actor_id"`
	Actor      string          `json:"actor"` // as they were called then
	Address    string          `json:"address"`
	Action     string          `json:"action"`
	Target     string          `json:"target"`
	Outcome    string          `json:"outcome"` // ok, or the code of the error
	Detail     json.RawMessage `json:"detail,omitempty"`
	DurationMS int64           `json:"duration_ms"`
}

// AuditSearch says which entries to give, newest first.
type AuditSearch struct {
	Text   string    // somewhere in who, where, what and the detail, in small or capital letters; "" for all
	Action string    // "" for all
	From   time.Time // at or after; zero for all
	Until  time.Time // before; zero for all
	Before string    // the id that the page before ended with; "" for the newest
	Limit  int
}

// Audit keeps the audit log. Nothing in it is ever changed; what is older than the retention leaves.
type Audit interface {
	AppendAudit(ctx context.Context, entries []Entry) error
	SearchAudit(ctx context.Context, s AuditSearch) (page []Entry, more bool, err error)

	// Prune deletes what has ended by itself.
	Prune(ctx context.Context, before Ended) error
}

// Ended says what has ended: sessions that were begun or last seen, links that expire and audit entries before these moments.
type Ended struct {
	SessionBegun, SessionSeen, Link, Entry time.Time
}
