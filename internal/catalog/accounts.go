package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

// Accounts keeps users, their sessions, tokens and links, and the audit log: it is the auth.Store. Times are those its caller
// gives, in microseconds since 1970; 0 is none. Secrets are hashes.
type Accounts struct{ catalog *Catalog }

// NewAccounts makes the accounts of a catalog.
func NewAccounts(c *Catalog) *Accounts { return &Accounts{catalog: c} }

// micros is a time as the catalog keeps it.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// momentOrNone is the time that micros made a number of.
func momentOrNone(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return moment(us)
}

// found gives what was read; fault.NotFound, with the given words, if it is not there.
func found[T any](v T, err error, format string, args ...any) (T, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return v, fault.New(fault.NotFound, format, args...)
	}
	if err != nil {
		return v, fmt.Errorf("read the catalog: %w", err)
	}
	return v, nil
}

// affected says how many rows a statement has written.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

const userColumns = `u.id, u.email, u.role, u.tables, u.disabled, u.password_hash, u.created_at, u.updated_at, u.signed_in_at, u.issuer, u.subject, u.barred`

// userRow is a user as it is read, of which all may be NULL when it was joined.
type userRow struct {
	id, email, role, tables, hash sql.NullString
	disabled                      sql.NullInt64
	created, updated, signedIn    sql.NullInt64
	issuer, subject               sql.NullString
	barred                        sql.NullInt64
}

func (r *userRow) to() []any {
	return []any{&r.id, &r.email, &r.role, &r.tables, &r.disabled, &r.hash, &r.created, &r.updated, &r.signedIn, &r.issuer, &r.subject, &r.barred}
}

// user is the user, zero if there is none.
func (r *userRow) user() (u auth.User, err error) {
	if !r.id.Valid {
		return u, nil
	}
	u = auth.User{
		ID: r.id.String, Email: r.email.String, Disabled: r.disabled.Int64 != 0, PasswordHash: r.hash.String,
		Issuer: r.issuer.String, Subject: r.subject.String, Barred: r.barred.Int64 != 0,
		CreatedAt: moment(r.created.Int64), UpdatedAt: moment(r.updated.Int64), SignedInAt: momentOrNone(r.signedIn.Int64),
	}
	if u.Role, err = auth.ParseRole(r.role.String); err != nil {
		return u, err
	}
	return u, json.Unmarshal([]byte(r.tables.String), &u.Tables)
}

func scanUser(row scanner) (auth.User, error) {
	var r userRow
	if err := row.Scan(r.to()...); err != nil {
		return auth.User{}, err
	}
	return r.user()
}

// HasUsers reports whether there is an account.
func (a *Accounts) HasUsers(ctx context.Context) (bool, error) { return hasUsers(ctx, a.catalog.db) }

func hasUsers(ctx context.Context, q querier) (bool, error) {
	var n int
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&n); err != nil {
		return false, fmt.Errorf("read the catalog: %w", err)
	}
	return n > 0, nil
}

// Users gives all accounts, by e-mail.
func (a *Accounts) Users(ctx context.Context) ([]auth.User, error) {
	return list(ctx, a.catalog.db, `SELECT `+userColumns+` FROM users u ORDER BY u.email`, scanUser)
}

// User gives an account.
func (a *Accounts) User(ctx context.Context, id string) (auth.User, error) {
	return userByID(ctx, a.catalog.db, id)
}

func userByID(ctx context.Context, q querier, id string) (auth.User, error) {
	u, err := scanUser(q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u WHERE u.id = $1`, id))
	return found(u, err, "there is no account %.80q", id)
}

// UserByEmail finds an account.
func (a *Accounts) UserByEmail(ctx context.Context, email string) (auth.User, error) {
	u, err := scanUser(a.catalog.db.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u WHERE u.email = $1`, email))
	return found(u, err, "there is no account %.80q", email)
}

// UserBySubject finds the account of somebody whom a provider knows.
func (a *Accounts) UserBySubject(ctx context.Context, issuer, subject string) (auth.User, error) {
	u, err := scanUser(a.catalog.db.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u WHERE u.issuer = $1 AND u.subject = $2 AND u.issuer <> ''`,
		issuer, subject))
	return found(u, err, "there is no account %.80q of the provider", subject)
}

// AddUser adds an account.
func (a *Accounts) AddUser(ctx context.Context, u auth.User) error {
	return a.catalog.write(ctx, func(tx *sql.Tx) error { return addUser(ctx, tx, u) })
}

func addUser(ctx context.Context, tx *sql.Tx, u auth.User) error {
	tables, err := json.Marshal(u.Tables)
	if err != nil {
		return err
	}
	n, err := affected(tx.ExecContext(ctx, `INSERT INTO users (id, email, role, tables, disabled, password_hash, created_at, updated_at, signed_in_at, issuer, subject)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`, u.ID, u.Email, u.Role.String(), string(tables), flag(u.Disabled),
		u.PasswordHash, micros(u.CreatedAt), micros(u.UpdatedAt), micros(u.SignedInAt), u.Issuer, u.Subject))
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "there is an account %s already", u.Email)
	}
	return adminLeft(ctx, tx, errFirst)
}

// Why an account is not added, and one is not changed or removed. Before the first one there is no admin, after it always one.
var (
	errFirst     = fault.New(fault.Conflict, "the first account must be an admin's, with a password").WithHint("add the admin first, then this account")
	errLastAdmin = fault.New(fault.Conflict, "no admin would be there who can sign in").WithHint("make another account admin first, with a password")
)

// adminLeft refuses, with an error, a change after which no admin could sign in with a password.
func adminLeft(ctx context.Context, tx *sql.Tx, refusal error) error {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM users WHERE role = $1 AND disabled = 0 AND barred = 0 AND password_hash <> ''`, auth.Admin.String()).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		return refusal
	}
	return nil
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ChangeUser saves what change makes of an account.
func (a *Accounts) ChangeUser(ctx context.Context, id string, change func(*auth.User) (endSessions bool, err error)) (u auth.User, err error) {
	err = a.catalog.write(ctx, func(tx *sql.Tx) error {
		if u, err = userByID(ctx, tx, id); err != nil {
			return err
		}
		before := u
		end, err := change(&u)
		if err != nil {
			return err
		}
		if end && (u.Disabled || u.PasswordHash != before.PasswordHash) { // whoever has the link must not undo that
			if _, err := tx.ExecContext(ctx, `DELETE FROM links WHERE user_id = $1`, id); err != nil {
				return err
			}
		}
		return saveUser(ctx, tx, &u, end)
	})
	return u, err
}

// saveUser writes what may change of a user.
func saveUser(ctx context.Context, tx *sql.Tx, u *auth.User, endSessions bool) error {
	tables, err := json.Marshal(u.Tables)
	if err != nil {
		return err
	}
	var taken int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM users WHERE id <> $1 AND (email = $2 OR (issuer <> '' AND issuer = $3 AND subject = $4))`,
		u.ID, u.Email, u.Issuer, u.Subject).Scan(&taken); err != nil {
		return err
	}
	if taken > 0 {
		return fault.New(fault.Conflict, "there is an account %s already", u.Email)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE users SET email = $2, role = $3, tables = $4, disabled = $5, password_hash = $6, updated_at = $7, issuer = $8, subject = $9, barred = $10
		WHERE id = $1`,
		u.ID, u.Email, u.Role.String(), string(tables), flag(u.Disabled), u.PasswordHash, micros(u.UpdatedAt), u.Issuer, u.Subject, flag(u.Barred)); err != nil {
		return err
	}
	if endSessions {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE user_id = $1`, u.ID); err != nil {
			return err
		}
	}
	return adminLeft(ctx, tx, errLastAdmin)
}

// RemoveUser deletes an account; what belongs to it goes with it.
func (a *Accounts) RemoveUser(ctx context.Context, id string) error {
	return a.catalog.write(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `DELETE FROM users WHERE id = $1`, id))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "there is no account %.80q", id)
		}
		return adminLeft(ctx, tx, errLastAdmin)
	})
}

// AddLink keeps a link, in place of the one of its kind that its user had.
func (a *Accounts) AddLink(ctx context.Context, l auth.Link) error {
	return a.catalog.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM links WHERE kind = $1 AND COALESCE(user_id, '') = $2`, string(l.Kind), l.UserID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO links (hash, kind, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			l.Hash, string(l.Kind), orNull(l.UserID), micros(l.CreatedAt), micros(l.ExpiresAt))
		return err
	})
}

// orNull is NULL for "".
func orNull(id string) sql.NullString { return sql.NullString{String: id, Valid: id != ""} }

// LinkByHash finds a link.
func (a *Accounts) LinkByHash(ctx context.Context, kind auth.LinkKind, hash string) (auth.Link, error) {
	return linkByHash(ctx, a.catalog.db, kind, hash)
}

func linkByHash(ctx context.Context, q querier, kind auth.LinkKind, hash string) (auth.Link, error) {
	l := auth.Link{Hash: hash, Kind: kind}
	var user sql.NullString
	var created, expires int64
	err := q.QueryRowContext(ctx, `SELECT user_id, created_at, expires_at FROM links WHERE kind = $1 AND hash = $2`, string(kind), hash).
		Scan(&user, &created, &expires)
	l.UserID, l.CreatedAt, l.ExpiresAt = user.String, moment(created), moment(expires)
	return found(l, err, "there is no such link")
}

// takeLink deletes a link that has not expired, and gives it.
func takeLink(ctx context.Context, tx *sql.Tx, kind auth.LinkKind, hash string, at time.Time) (auth.Link, error) {
	l, err := linkByHash(ctx, tx, kind, hash)
	if err != nil {
		return l, err
	}
	n, err := affected(tx.ExecContext(ctx, `DELETE FROM links WHERE hash = $1 AND expires_at > $2`, hash, micros(at)))
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "the link has expired")
	}
	return l, err
}

// UseSetupLink takes a link away and adds the first account.
func (a *Accounts) UseSetupLink(ctx context.Context, hash string, at time.Time, first auth.User) error {
	return a.catalog.write(ctx, func(tx *sql.Tx) error {
		if _, err := takeLink(ctx, tx, auth.LinkSetup, hash, at); err != nil {
			return err
		}
		if some, err := hasUsers(ctx, tx); err != nil {
			return err
		} else if some {
			return fault.New(fault.Conflict, "there is an account already").WithHint("sign in")
		}
		return addUser(ctx, tx, first)
	})
}

// UseResetLink takes a link away, sets its user's password and ends their sessions.
func (a *Accounts) UseResetLink(ctx context.Context, hash string, at time.Time, passwordHash string) (u auth.User, err error) {
	err = a.catalog.write(ctx, func(tx *sql.Tx) error {
		l, err := takeLink(ctx, tx, auth.LinkReset, hash, at)
		if err != nil {
			return err
		}
		if u, err = userByID(ctx, tx, l.UserID); err != nil {
			return err
		}
		u.PasswordHash, u.UpdatedAt = passwordHash, at
		return saveUser(ctx, tx, &u, true)
	})
	return u, err
}
