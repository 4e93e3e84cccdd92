package app

import (
	"cmp"
	"encoding/json"

	"github.com/helios-sql/helios/internal/board"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
)

// declaredBoards are the saved queries and dashboards that the settings declare. A dashboard shows declared queries only, so
// that whoever gets the file gets all of it.
func declaredBoards(c *config.Config) (board.Bundle, error) {
	var b board.Bundle
	for _, q := range c.Queries {
		params := make(board.Params, len(q.Params))
		for name, value := range q.Params {
			params[name] = json.RawMessage(cmp.Or(value, "null"))
		}
		b.Queries = append(b.Queries, board.Query{ID: q.ID, Name: q.Name, Description: q.Description, SQL: q.SQL, Params: params, Chart: declaredChart(q.Chart)})
	}
	for _, d := range c.Dashboards {
		whole := board.Dashboard{ID: d.ID, Title: d.Title, Description: d.Description, Range: d.Range, RefreshSeconds: d.RefreshSeconds}
		for _, p := range d.Panels {
			whole.Panels = append(whole.Panels, board.Panel{ID: p.ID, Title: p.Title, Query: p.Query, Chart: declaredChart(p.Chart), Layout: board.Layout(p.Layout)})
		}
		b.Dashboards = append(b.Dashboards, whole)
	}
	b, err := b.Complete()
	if err != nil {
		return b, err
	}
	known := make(map[string]bool, len(b.Queries))
	for _, q := range b.Queries {
		known[q.ID] = true
	}
	for _, d := range b.Dashboards {
		if p := d.Missing(func(query string) bool { return known[query] }); p != nil {
			return b, fault.New(fault.Invalid, "dashboard %q: the panel %q shows the query %q, which is not declared", d.Title, p.Title, p.Query).
				WithHint("declare it under queries, and name it by its id")
		}
	}
	return b, nil
}

func declaredChart(c *config.Chart) *board.Chart {
	if c == nil {
		return nil
	}
	return &board.Chart{Kind: board.ChartKind(c.Kind), X: c.X, Y: c.Y, Series: c.Series, Stacked: c.Stacked}
}
