package catalog

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

// Bounds of the history.
const (
	historyKept    = 5000 // the newest queries of each owner
	historySQL     = 64 << 10
	historyParams  = 64 << 10
	historyError   = 4 << 10
	historyPending = 1000 // that wait to be written, and as many bytes as one page has
	historyPage    = 8 << 20
)

// History keeps the queries that people ran, of each owner the newest. They are written in the background, so that no query waits for the disk, and
// before anybody reads the history. Its methods may be called from several goroutines.
type History struct {
	catalog *Catalog
	log     *slog.Logger
	wake    chan struct{}

	writing sync.Mutex // held by who writes what is pending
	mu      sync.Mutex
	pending []query.Past
	size    int // of what is pending, in bytes
}

func sizeOf(p *query.Past) int { return len(p.SQL) + len(p.Params) + len(p.Error) + 256 }

// NewHistory makes the history of a catalog. Somebody must Run it.
func NewHistory(c *Catalog, log *slog.Logger) *History {
	return &History{catalog: c, log: log, wake: make(chan struct{}, 1)}
}

// Run writes what is remembered until ctx ends, and then what is left.
func (h *History) Run(ctx context.Context) {
	for {
		select {
		case <-h.wake:
			h.flush(ctx)
		case <-ctx.Done():
			h.flush(ctx)
			return
		}
	}
}

// Remember takes note of a query, and gives it an id. It does not wait: of very many at once the oldest are forgotten.
func (h *History) Remember(p query.Past) {
	p.ID = fmt.Sprintf("%015x-%s", p.StartedAt.UnixMicro(), strings.ToLower(rand.Text()[:8]))
	if len(p.SQL) > historySQL {
		p.SQL = strings.ToValidUTF8(p.SQL[:historySQL], "") + "\n-- the rest was too long to be remembered"
	}
	if len(p.Params) > historyParams {
		p.Params = nil
	}
	if len(p.Error) > historyError {
		p.Error = strings.ToValidUTF8(p.Error[:historyError], "") + "…"
	}
	h.mu.Lock()
	h.pending, h.size = append(h.pending, p), h.size+sizeOf(&p)
	for len(h.pending) > historyPending || h.size > historyPage {
		h.size -= sizeOf(&h.pending[0])
		h.pending[0] = query.Past{}
		h.pending = h.pending[1:]
	}
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// flush writes what is pending. What cannot be written is given up: it is not worth a retry.
func (h *History) flush(ctx context.Context) {
	h.writing.Lock()
	defer h.writing.Unlock()
	h.mu.Lock()
	pending := h.pending
	h.pending, h.size = nil, 0
	h.mu.Unlock()
	if len(pending) == 0 {
		return
	}
	ctx = context.WithoutCancel(ctx) // it is everybody's, whoever made it be written now
	err := h.catalog.write(ctx, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, `INSERT INTO query_history (id, user_name, statement, params, started_at, elapsed_ms, row_count, byte_count, outcome, error)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
		if err != nil {
			return err
		}
		defer func() { _ = insert.Close() }()
		owners := map[string]bool{}
		for _, p := range pending {
			owners[p.Owner] = true
			if _, err := insert.ExecContext(ctx, p.ID, p.Owner, p.SQL, string(p.Params), p.StartedAt.UnixMicro(), p.ElapsedMS, p.Rows, p.Bytes, p.Outcome, p.Error); err != nil {
				return err
			}
		}
		for owner := range owners {
			if _, err := tx.ExecContext(ctx, `DELETE FROM query_history WHERE user_name = $1 AND id <=
				(SELECT id FROM query_history WHERE user_name = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)`, owner, historyKept); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.log.WarnContext(ctx, "queries could not be written into the history", "queries", len(pending), "error", err)
	}
}

// likeText makes a pattern of LIKE of a text, with \ before what would mean something else.
var likeText = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// History gives past queries, newest first, and whether there are more: a page ends early when its queries are large.
func (h *History) History(ctx context.Context, s query.HistorySearch) (page []query.Past, more bool, err error) {
	h.flush(ctx)
	statement := `SELECT id, user_name, statement, params, started_at, elapsed_ms, row_count, byte_count, outcome, error FROM query_history
		WHERE (user_name = $1 OR $2 = 'all')`
	args := []any{s.Owner, everybody(s.Whose)}
	if s.Before != "" {
		args = append(args, s.Before)
		statement += fmt.Sprintf(" AND id < $%d", len(args))
	}
	if s.Text != "" {
		args = append(args, "%"+likeText.Replace(s.Text)+"%")
		statement += fmt.Sprintf(` AND lower(statement) LIKE lower($%d) ESCAPE '\'`, len(args))
	}
	args = append(args, s.Limit+1) // one more than asked for says whether there are more
	statement += fmt.Sprintf(" ORDER BY id DESC LIMIT $%d", len(args))
	size := 0
	err = each(ctx, h.catalog.db, statement, scanPast, func(p query.Past) bool {
		if more = len(page) == s.Limit || size > historyPage; !more {
			page, size = append(page, p), size+sizeOf(&p)
		}
		return !more
	}, args...)
	return page, more, err
}

func scanPast(row scanner) (p query.Past, err error) {
	var params string
	var started int64
	err = row.Scan(&p.ID, &p.Owner, &p.SQL, &params, &started, &p.ElapsedMS, &p.Rows, &p.Bytes, &p.Outcome, &p.Error)
	p.StartedAt = moment(started)
	if params != "" {
		p.Params = json.RawMessage(params)
	}
	return p, err
}

// everybody is the argument of a condition that picks somebody's queries, or everybody's.
func everybody(w query.Whose) string {
	if w.Everybody {
		return "all"
	}
	return ""
}

// Forget forgets one past query of somebody; fault.NotFound if there is none.
func (h *History) Forget(ctx context.Context, w query.Whose, id string) error {
	h.flush(ctx)
	return h.catalog.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM query_history WHERE id = $3 AND (user_name = $1 OR $2 = 'all')`, w.Owner, everybody(w), id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return fault.New(fault.NotFound, "there is no past query %q", id)
		}
		return nil
	})
}

// ClearHistory forgets all past queries of an owner.
func (h *History) ClearHistory(ctx context.Context, owner string) error {
	h.flush(ctx)
	return h.catalog.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM query_history WHERE user_name = $1`, owner)
		return err
	})
}
