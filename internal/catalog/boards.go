package catalog

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/helios-sql/helios/internal/board"
	"github.com/helios-sql/helios/internal/fault"
)

// SavedQueries gives all saved queries, by name.
func (c *Catalog) SavedQueries(ctx context.Context) ([]board.SavedQuery, error) {
	return list(ctx, c.db, `SELECT definition, created_at, updated_at FROM saved_queries ORDER BY name, id`, scanQuery)
}

// SavedQuery gives one saved query; fault.NotFound if there is none.
func (c *Catalog) SavedQuery(ctx context.Context, id string) (board.SavedQuery, error) {
	return queryByID(ctx, c.db, id)
}

// CreateQuery keeps a query under its id or, if that is taken, the next that is free.
func (c *Catalog) CreateQuery(ctx context.Context, q board.Query) (saved board.SavedQuery, err error) {
	err = c.write(ctx, func(tx *sql.Tx) error {
		if q.ID, err = freeID(ctx, tx, "saved_queries", q.ID); err != nil {
			return err
		}
		saved, err = putQuery(ctx, tx, q)
		return err
	})
	return saved, err
}

// ReplaceQuery changes a saved query; fault.NotFound if there is none of that id.
func (c *Catalog) ReplaceQuery(ctx context.Context, q board.Query) (saved board.SavedQuery, err error) {
	err = c.write(ctx, func(tx *sql.Tx) error {
		if _, err := queryByID(ctx, tx, q.ID); err != nil {
			return err
		}
		saved, err = putQuery(ctx, tx, q)
		return err
	})
	return saved, err
}

// DeleteQuery forgets a saved query; fault.Conflict, which names the dashboard, if one shows it.
func (c *Catalog) DeleteQuery(ctx context.Context, id string) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if _, err := queryByID(ctx, tx, id); err != nil {
			return err
		}
		titles, err := list(ctx, tx, `SELECT d.title FROM dashboard_queries u JOIN dashboards d ON d.id = u.dashboard_id WHERE u.query_id = $1 ORDER BY d.title`, scanText, id)
		if err != nil {
			return err
		}
		if len(titles) > 0 {
			more := ""
			if len(titles) > 1 {
				more = fmt.Sprintf(" and %d more", len(titles)-1)
			}
			return fault.New(fault.Conflict, "the dashboard %q%s shows the query %s", titles[0], more, id).
				WithHint("take its panel off the dashboard first")
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM saved_queries WHERE id = $1`, id)
		return err
	})
}

// Dashboards gives all dashboards, by title.
func (c *Catalog) Dashboards(ctx context.Context) ([]board.SavedDashboard, error) {
	return list(ctx, c.db, `SELECT definition, revision, created_at, updated_at FROM dashboards ORDER BY title, id`, scanDashboard)
}

// Dashboard gives one dashboard; fault.NotFound if there is none.
func (c *Catalog) Dashboard(ctx context.Context, id string) (board.SavedDashboard, error) {
	return dashboardByID(ctx, c.db, id)
}

// CreateDashboard keeps a dashboard under its id or, if that is taken, the next that is free. Its queries must be there.
func (c *Catalog) CreateDashboard(ctx context.Context, d board.Dashboard) (saved board.SavedDashboard, err error) {
	err = c.write(ctx, func(tx *sql.Tx) error {
		if d.ID, err = freeID(ctx, tx, "dashboards", d.ID); err != nil {
			return err
		}
		saved, err = putDashboard(ctx, tx, d)
		return err
	})
	return saved, err
}

// ReplaceDashboard changes a dashboard that is at the revision given: fault.NotFound, or fault.Conflict if somebody was
// quicker.
func (c *Catalog) ReplaceDashboard(ctx context.Context, d board.Dashboard, revision int64) (saved board.SavedDashboard, err error) {
	err = c.write(ctx, func(tx *sql.Tx) error {
		before, err := dashboardByID(ctx, tx, d.ID)
		if err != nil {
			return err
		}
		if before.Revision != revision {
			return fault.New(fault.Conflict, "the dashboard %s has changed since: it is at revision %d, not %d", d.ID, before.Revision, revision).
				WithHint("load it again, and make your changes anew")
		}
		saved, err = putDashboard(ctx, tx, d)
		return err
	})
	return saved, err
}

// DeleteDashboard forgets a dashboard; its queries stay. fault.NotFound if there is none.
func (c *Catalog) DeleteDashboard(ctx context.Context, id string) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if _, err := dashboardByID(ctx, tx, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM dashboards WHERE id = $1`, id)
		return err
	})
}

// Export gives a dashboard with the queries that it shows; fault.NotFound if there is none.
func (c *Catalog) Export(ctx context.Context, id string) (b board.Bundle, err error) {
	err = c.write(ctx, func(tx *sql.Tx) error { // nothing is written: a transaction sees both as they were at one moment
		d, err := dashboardByID(ctx, tx, id)
		if err != nil {
			return err
		}
		b = board.Bundle{Queries: []board.Query{}, Dashboards: []board.Dashboard{d.Dashboard}}
		seen := map[string]bool{}
		for _, p := range d.Panels {
			if seen[p.Query] {
				continue
			}
			seen[p.Query] = true
			q, err := queryByID(ctx, tx, p.Query)
			if err != nil {
				return err
			}
			b.Queries = append(b.Queries, q.Query)
		}
		return nil
	})
	return b, err
}

// Import keeps all of a bundle, or nothing. What is there and the same stays; what is there and differs is a fault.Conflict,
// unless it is to be replaced.
func (c *Catalog) Import(ctx context.Context, b board.Bundle, replace bool) (queries []board.SavedQuery, dashboards []board.SavedDashboard, err error) {
	differs := func(what, id string) error {
		return fault.New(fault.Conflict, "there is a %s %s already, and it differs", what, id).WithHint("import with replace=true to replace what is there")
	}
	err = c.write(ctx, func(tx *sql.Tx) error {
		for _, q := range b.Queries {
			saved, err := queryByID(ctx, tx, q.ID)
			switch {
			case fault.CodeOf(err) == fault.NotFound, err == nil && replace && !same(saved.Query, q):
				saved, err = putQuery(ctx, tx, q)
			case err == nil && !same(saved.Query, q):
				err = differs("query", q.ID)
			}
			if err != nil {
				return err
			}
			queries = append(queries, saved)
		}
		for _, d := range b.Dashboards {
			saved, err := dashboardByID(ctx, tx, d.ID)
			switch {
			case fault.CodeOf(err) == fault.NotFound, err == nil && replace && !same(saved.Dashboard, d):
				saved, err = putDashboard(ctx, tx, d)
			case err == nil && !same(saved.Dashboard, d):
				err = differs("dashboard", d.ID)
			}
			if err != nil {
				return err
			}
			dashboards = append(dashboards, saved)
		}
		return nil
	})
	return queries, dashboards, err
}

// Declare keeps what the settings declare and did not declare so the last time: what people have changed since, or deleted,
// stays as they left it until the declaration itself changes. A query that is missing is kept again with a dashboard that
// shows it.
func (c *Catalog) Declare(ctx context.Context, b board.Bundle) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		missing := map[string]board.Query{}
		for _, q := range b.Queries {
			news, err := declaredAnew(ctx, tx, "query", q.ID, q)
			if err != nil {
				return err
			}
			if !news {
				missing[q.ID] = q
				continue
			}
			if _, err := putQuery(ctx, tx, q); err != nil {
				return err
			}
		}
		for _, d := range b.Dashboards {
			news, err := declaredAnew(ctx, tx, "dashboard", d.ID, d)
			if err != nil {
				return err
			}
			if !news {
				continue
			}
			for _, p := range d.Panels {
				q, declared := missing[p.Query]
				if _, err := queryByID(ctx, tx, p.Query); declared && fault.CodeOf(err) == fault.NotFound {
					if _, err := putQuery(ctx, tx, q); err != nil {
						return err
					}
				}
			}
			if _, err := putDashboard(ctx, tx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// declaredAnew tells whether a declaration differs from the one of the last time, and takes note of it.
func declaredAnew(ctx context.Context, tx *sql.Tx, kind, id string, definition any) (bool, error) {
	text, err := json.Marshal(definition)
	if err != nil {
		return false, err
	}
	var before string
	err = tx.QueryRowContext(ctx, `SELECT definition FROM declarations WHERE kind = $1 AND id = $2`, kind, id).Scan(&before)
	if err == nil && before == string(text) {
		return false, nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO declarations (kind, id, definition) VALUES ($1, $2, $3)
		ON CONFLICT (kind, id) DO UPDATE SET definition = excluded.definition`, kind, id, string(text))
	return true, err
}

// same tells whether two definitions are the same as they are kept.
func same(a, b any) bool {
	before, err1 := json.Marshal(a)
	after, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(before, after)
}

func scanQuery(row scanner) (q board.SavedQuery, err error) {
	var definition string
	var created, updated int64
	if err := row.Scan(&definition, &created, &updated); err != nil {
		return q, err
	}
	q.CreatedAt, q.UpdatedAt = moment(created), moment(updated)
	return q, json.Unmarshal([]byte(definition), &q.Query)
}

func scanDashboard(row scanner) (d board.SavedDashboard, err error) {
	var definition string
	var created, updated int64
	if err := row.Scan(&definition, &d.Revision, &created, &updated); err != nil {
		return d, err
	}
	d.CreatedAt, d.UpdatedAt = moment(created), moment(updated)
	return d, json.Unmarshal([]byte(definition), &d.Dashboard)
}

func queryByID(ctx context.Context, q querier, id string) (board.SavedQuery, error) {
	saved, err := scanQuery(q.QueryRowContext(ctx, `SELECT definition, created_at, updated_at FROM saved_queries WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return saved, fault.New(fault.NotFound, "there is no saved query %q", id)
	}
	return saved, err
}

func dashboardByID(ctx context.Context, q querier, id string) (board.SavedDashboard, error) {
	saved, err := scanDashboard(q.QueryRowContext(ctx, `SELECT definition, revision, created_at, updated_at FROM dashboards WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return saved, fault.New(fault.NotFound, "there is no dashboard %q", id)
	}
	return saved, err
}

// freeID is the id, or the next that no row of a table has.
func freeID(ctx context.Context, tx *sql.Tx, table, id string) (string, error) {
	taken, err := list(ctx, tx, `SELECT id FROM `+table+` WHERE id = $1 OR id LIKE $2`, scanText, id, id+"-%")
	if err != nil {
		return "", err
	}
	known := make(map[string]bool, len(taken))
	for _, t := range taken {
		known[t] = true
	}
	return board.Free(id, func(id string) bool { return known[id] }), nil
}

// room says that there is no more of it, if so. It is asked after a row was written.
func room(ctx context.Context, tx *sql.Tx, table, what string) error {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&n); err != nil {
		return err
	}
	if n > board.MaxKept {
		return fault.New(fault.TooLarge, "there may be %d %s", board.MaxKept, what).WithHint("delete some that nobody needs")
	}
	return nil
}

// putQuery writes a query, new or not.
func putQuery(ctx context.Context, tx *sql.Tx, q board.Query) (board.SavedQuery, error) {
	text, err := json.Marshal(q)
	if err != nil {
		return board.SavedQuery{}, err
	}
	const upsert = `INSERT INTO saved_queries (id, name, definition, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, definition = excluded.definition, updated_at = excluded.updated_at`
	if _, err := tx.ExecContext(ctx, upsert, q.ID, q.Name, string(text), now()); err != nil {
		return board.SavedQuery{}, err
	}
	if err := room(ctx, tx, "saved_queries", "saved queries"); err != nil {
		return board.SavedQuery{}, err
	}
	return queryByID(ctx, tx, q.ID)
}

// putDashboard writes a dashboard, new or not, and the queries it shows; fault.Invalid if one of them is missing.
func putDashboard(ctx context.Context, tx *sql.Tx, d board.Dashboard) (board.SavedDashboard, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return board.SavedDashboard{}, err
	}
	const upsert = `INSERT INTO dashboards (id, title, definition, revision, created_at, updated_at) VALUES ($1, $2, $3, 1, $4, $4)
		ON CONFLICT (id) DO UPDATE SET title = excluded.title, definition = excluded.definition, revision = dashboards.revision + 1, updated_at = excluded.updated_at`
	if _, err := tx.ExecContext(ctx, upsert, d.ID, d.Title, string(text), now()); err != nil {
		return board.SavedDashboard{}, err
	}
	if err := room(ctx, tx, "dashboards", "dashboards"); err != nil {
		return board.SavedDashboard{}, err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM dashboard_queries WHERE dashboard_id = $1`, d.ID); err != nil {
		return board.SavedDashboard{}, err
	}
	for _, p := range d.Panels {
		if _, err := queryByID(ctx, tx, p.Query); fault.CodeOf(err) == fault.NotFound {
			return board.SavedDashboard{}, fault.New(fault.Invalid, "the panel %q shows the query %q, which is not there", p.Title, p.Query).
				WithHint("save the query first, and name it by its id")
		} else if err != nil {
			return board.SavedDashboard{}, err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO dashboard_queries (dashboard_id, query_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, d.ID, p.Query); err != nil {
			return board.SavedDashboard{}, err
		}
	}
	return dashboardByID(ctx, tx, d.ID)
}
