package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/helios-sql/helios/internal/auth"
)

const (
	auditPage  = 8 << 20 // bytes, that one page has at most
	auditBatch = 5000    // entries that leave in one transaction, so that nobody waits long
)

// AppendAudit writes entries into the audit log.
func (a *Accounts) AppendAudit(ctx context.Context, entries []auth.Entry) error {
	return a.catalog.write(ctx, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, `INSERT INTO audit (id, at, actor_kind, actor_id, actor, address, action, target, outcome, detail, duration_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)
		if err != nil {
			return err
		}
		defer func() { _ = insert.Close() }()
		for _, e := range entries {
			if _, err := insert.ExecContext(ctx, e.ID, micros(e.At), string(e.ActorKind), e.ActorID, e.Actor, e.Address, e.Action, e.Target, e.Outcome,
				string(e.Detail), e.DurationMS); err != nil {
				return err
			}
		}
		return nil
	})
}

// SearchAudit gives entries, newest first, and whether there are more: a page ends early when its entries are large.
func (a *Accounts) SearchAudit(ctx context.Context, s auth.AuditSearch) (page []auth.Entry, more bool, err error) {
	var where []string
	var args []any
	and := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, strings.ReplaceAll(condition, "$", fmt.Sprintf("$%d", len(args))))
	}
	if s.Before != "" {
		and("id < $", s.Before)
	}
	if s.Action != "" {
		and("action = $", s.Action)
	}
	if !s.From.IsZero() {
		and("at >= $", micros(s.From))
	}
	if !s.Until.IsZero() {
		and("at < $", micros(s.Until))
	}
	if s.Text != "" {
		and(`lower(actor || ' ' || address || ' ' || action || ' ' || target || ' ' || outcome || ' ' || detail) LIKE lower($) ESCAPE '\'`,
			"%"+likeText.Replace(s.Text)+"%")
	}
	statement := `SELECT id, at, actor_kind, actor_id, actor, address, action, target, outcome, detail, duration_ms FROM audit`
	if len(where) > 0 {
		statement += " WHERE " + strings.Join(where, " AND ")
	}
	args = append(args, s.Limit+1) // one more than asked for says whether there are more
	statement += fmt.Sprintf(" ORDER BY id DESC LIMIT $%d", len(args))
	size := 0
	err = each(ctx, a.catalog.db, statement, scanEntry, func(e auth.Entry) bool {
		if more = len(page) == s.Limit || size > auditPage; !more {
			page, size = append(page, e), size+len(e.Detail)+len(e.Target)+256
		}
		return !more
	}, args...)
	return page, more, err
}

func scanEntry(row scanner) (e auth.Entry, err error) {
	var at int64
	var kind, detail string
	err = row.Scan(&e.ID, &at, &kind, &e.ActorID, &e.Actor, &e.Address, &e.Action, &e.Target, &e.Outcome, &detail, &e.DurationMS)
	e.At, e.ActorKind = moment(at), auth.Kind(kind)
	if detail != "" {
		e.Detail = json.RawMessage(detail)
	}
	return e, err
}

// Prune deletes what has ended by itself.
func (a *Accounts) Prune(ctx context.Context, before auth.Ended) error {
	err := a.catalog.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE created_at <= $1 OR seen_at <= $2`,
			micros(before.SessionBegun), micros(before.SessionSeen)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM links WHERE expires_at <= $1`, micros(before.Link))
		return err
	})
	for n := int64(auditBatch); err == nil && n == auditBatch; {
		err = a.catalog.write(ctx, func(tx *sql.Tx) (err error) {
			n, err = affected(tx.ExecContext(ctx, `DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY at LIMIT $2)`,
				micros(before.Entry), auditBatch))
			return err
		})
	}
	return err
}
