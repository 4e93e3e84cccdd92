package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

const sessionColumns = `s.id, s.user_id, s.hash, s.previous_hash, s.previous_until, s.created_at, s.rotated_at, s.seen_at, s.address, s.agent, s.issuer, s.sealed, s.checked_at, s.next_secret`

// scanSession reads a session, and what else the row has.
func scanSession(row scanner, more ...any) (s auth.Session, err error) {
	var until, created, rotated, seen, checked int64
	err = row.Scan(append([]any{
		&s.ID, &s.UserID, &s.Hash, &s.Previous, &until, &created, &rotated, &seen, &s.Address, &s.Agent, &s.Issuer, &s.Sealed, &checked, &s.Next,
	}, more...)...)
	s.PreviousUntil, s.CreatedAt, s.RotatedAt, s.SeenAt = momentOrNone(until), moment(created), moment(rotated), moment(seen)
	s.CheckedAt = momentOrNone(checked)
	return s, err
}

// AddSession begins a session of a user whose password has been checked.
func (a *Accounts) AddSession(ctx context.Context, s auth.Session, checkedHash string, keep int) error {
	return a.catalog.write(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `UPDATE users SET signed_in_at = $2 WHERE id = $1 AND disabled = 0 AND barred = 0 AND password_hash = $3`,
			s.UserID, micros(s.CreatedAt), checkedHash))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.SignIn, "the account has changed meanwhile").WithHint("sign in again")
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO sessions (id, user_id, hash, previous_hash, previous_until, created_at, rotated_at, seen_at, address, agent, issuer, sealed, checked_at)
			VALUES ($1, $2, $3, '', 0, $4, $5, $6, $7, $8, $9, $10, $11)`,
			s.ID, s.UserID, s.Hash, micros(s.CreatedAt), micros(s.RotatedAt), micros(s.SeenAt), s.Address, s.Agent, s.Issuer, s.Sealed, micros(s.CheckedAt)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM sessions WHERE user_id = $1 AND id NOT IN
			(SELECT id FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id LIMIT $2)`, s.UserID, keep)
		return err
	})
}

// SessionByHash finds a session and its user.
func (a *Accounts) SessionByHash(ctx context.Context, hash string) (auth.Session, auth.User, error) {
	var r userRow
	row := a.catalog.db.QueryRowContext(ctx, `SELECT `+sessionColumns+`, `+userColumns+` FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.hash = $1 OR (s.previous_hash = $1 AND s.previous_until > 0)`, hash)
	s, err := scanSession(row, r.to()...)
	if s, err = found(s, err, "there is no such session"); err != nil {
		return s, auth.User{}, err
	}
	u, err := r.user()
	return s, u, err
}

// SeeSession notes when and from where a session was used last.
func (a *Accounts) SeeSession(ctx context.Context, id string, at time.Time, from auth.Caller) error {
	return a.catalog.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sessions SET seen_at = $2, address = $3, agent = $4 WHERE id = $1`, id, micros(at), from.Address, from.Agent)
		return err
	})
}

// RotateSession gives a session another secret.
func (a *Accounts) RotateSession(ctx context.Context, r auth.Rotation) (won bool, err error) {
	err = a.catalog.write(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `UPDATE sessions SET hash = $3, previous_hash = $2, rotated_at = $4, previous_until = $5, sealed = $6, next_secret = $7
			WHERE id = $1 AND hash = $2`, r.ID, r.OldHash, r.NewHash, micros(r.At), micros(r.OldUntil), r.Sealed, r.Next))
		won = n == 1
		return err
	})
	return won, err
}

// ConfirmSession notes that a session's owner has its present secret, so that the one before ends soon.
func (a *Accounts) ConfirmSession(ctx context.Context, id, hash string, until time.Time) error {
	return a.catalog.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sessions SET next_secret = '', previous_until = CASE WHEN previous_until > $3 THEN $3 ELSE previous_until END
			WHERE id = $1 AND hash = $2 AND next_secret <> ''`, id, hash, micros(until))
		return err
	})
}

// KeepGrant keeps what a provider has given for a session that has a secret still, and when.
func (a *Accounts) KeepGrant(ctx context.Context, session, hash, sealed string, at time.Time) error {
	return a.catalog.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sessions SET sealed = $3, checked_at = $4 WHERE id = $1 AND hash = $2`, session, hash, sealed, micros(at))
		return err
	})
}

// Sessions gives the sessions of a user, the last seen first.
func (a *Accounts) Sessions(ctx context.Context, userID string) ([]auth.Session, error) {
	return list(ctx, a.catalog.db, `SELECT `+sessionColumns+` FROM sessions s WHERE s.user_id = $1 ORDER BY s.seen_at DESC, s.id`,
		func(row scanner) (auth.Session, error) { return scanSession(row) }, userID)
}

// EndSession ends a session of a user.
func (a *Accounts) EndSession(ctx context.Context, userID, id string) error {
	return a.catalog.write(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `DELETE FROM sessions WHERE user_id = $1 AND id = $2`, userID, id))
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "there is no session %.80q", id)
		}
		return err
	})
}

// EndSessions ends all sessions of a user.
func (a *Accounts) EndSessions(ctx context.Context, userID string) (ended int, err error) {
	err = a.catalog.write(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `DELETE FROM sessions WHERE user_id = $1`, userID))
		ended = int(n)
		return err
	})
	return ended, err
}

// withOwners reads tokens as scanToken wants them.
const withOwners = `SELECT t.id, t.name, t.hash, t.role, t.tables, t.created_at, t.expires_at, t.last_used_at, ` + userColumns + `
	FROM tokens t LEFT JOIN users u ON u.id = t.user_id`

// scanToken reads a token with its owner, who may be missing.
func scanToken(row scanner) (t auth.Token, owner auth.User, err error) {
	var r userRow
	var role, tables string
	var created, expires, used int64
	if err = row.Scan(append([]any{&t.ID, &t.Name, &t.Hash, &role, &tables, &created, &expires, &used}, r.to()...)...); err != nil {
		return t, owner, err
	}
	t.CreatedAt, t.ExpiresAt, t.LastUsedAt = moment(created), momentOrNone(expires), momentOrNone(used)
	if t.Role, err = auth.ParseRole(role); err != nil {
		return t, owner, err
	}
	if err = json.Unmarshal([]byte(tables), &t.Tables); err != nil {
		return t, owner, err
	}
	owner, err = r.user()
	t.UserID, t.Owner = owner.ID, owner.Email
	return t, owner, err
}

// AddToken adds a token.
func (a *Accounts) AddToken(ctx context.Context, t auth.Token, most int) error {
	tables, err := json.Marshal(t.Tables)
	if err != nil {
		return err
	}
	return a.catalog.write(ctx, func(tx *sql.Tx) error {
		var all, same int
		if err := tx.QueryRowContext(ctx, `SELECT count(*), COALESCE(sum(CASE WHEN name = $2 THEN 1 ELSE 0 END), 0) FROM tokens WHERE COALESCE(user_id, '') = $1`,
			t.UserID, t.Name).Scan(&all, &same); err != nil {
			return err
		}
		if same > 0 {
			return fault.New(fault.Conflict, "there is a token %q already", t.Name).WithHint("choose another name, or revoke that one first")
		}
		if all >= most {
			return fault.New(fault.TooLarge, "there may be %d tokens", most).WithHint("revoke some that nobody uses")
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO tokens (id, name, user_id, hash, role, tables, created_at, expires_at, last_used_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
			t.ID, t.Name, orNull(t.UserID), t.Hash, t.Role.String(), string(tables), micros(t.CreatedAt), micros(t.ExpiresAt))
		return err
	})
}

// TokenByHash finds a token and its owner.
func (a *Accounts) TokenByHash(ctx context.Context, hash string) (auth.Token, auth.User, error) {
	row := a.catalog.db.QueryRowContext(ctx, withOwners+` WHERE t.hash = $1`, hash)
	t, owner, err := scanToken(row)
	t, err = found(t, err, "there is no such token")
	return t, owner, err
}

// Tokens gives all tokens, by owner and name.
func (a *Accounts) Tokens(ctx context.Context) ([]auth.Token, error) {
	return list(ctx, a.catalog.db, withOwners+` ORDER BY COALESCE(u.email, ''), t.name, t.id`, func(row scanner) (auth.Token, error) {
		t, _, err := scanToken(row)
		return t, err
	})
}

// UseToken notes when a token was used last.
func (a *Accounts) UseToken(ctx context.Context, id string, at time.Time) error {
	return a.catalog.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE tokens SET last_used_at = $2 WHERE id = $1`, id, micros(at))
		return err
	})
}

// RemoveToken deletes a token.
func (a *Accounts) RemoveToken(ctx context.Context, id string) error {
	return a.catalog.write(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `DELETE FROM tokens WHERE id = $1`, id))
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "there is no token %.80q", id)
		}
		return err
	})
}

// RemoveTokens deletes the tokens of a user.
func (a *Accounts) RemoveTokens(ctx context.Context, userID string) (removed int, err error) {
	err = a.catalog.write(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `DELETE FROM tokens WHERE user_id = $1`, userID))
		removed = int(n)
		return err
	})
	return removed, err
}
