package app

import (
	"context"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/board"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

// unbuilt answers for what is being built.
type unbuilt struct{}

var errUnbuilt = fault.New(fault.Unavailable, "not there yet")

func (unbuilt) SavedQueries(context.Context) ([]board.SavedQuery, error) { return nil, errUnbuilt }
func (unbuilt) SavedQuery(context.Context, string) (q board.SavedQuery, err error) {
	return q, errUnbuilt
}
func (unbuilt) CreateQuery(context.Context, board.Query) (q board.SavedQuery, err error) {
	return q, errUnbuilt
}
func (unbuilt) ReplaceQuery(context.Context, board.Query) (q board.SavedQuery, err error) {
	return q, errUnbuilt
}
func (unbuilt) DeleteQuery(context.Context, string) error { return errUnbuilt }
func (unbuilt) Dashboards(context.Context) ([]board.SavedDashboard, error) {
	return nil, errUnbuilt
}
func (unbuilt) Dashboard(context.Context, string) (d board.SavedDashboard, err error) {
	return d, errUnbuilt
}
func (unbuilt) CreateDashboard(context.Context, board.Dashboard) (d board.SavedDashboard, err error) {
	return d, errUnbuilt
}
func (unbuilt) ReplaceDashboard(context.Context, board.Dashboard, int64) (d board.SavedDashboard, err error) {
	return d, errUnbuilt
}
func (unbuilt) DeleteDashboard(context.Context, string) error { return errUnbuilt }
func (unbuilt) Export(context.Context, string) (b board.Bundle, err error) {
	return b, errUnbuilt
}
func (unbuilt) Import(context.Context, board.Bundle, bool) ([]board.SavedQuery, []board.SavedDashboard, error) {
	return nil, nil, errUnbuilt
}
func (unbuilt) Remember(query.Past) {}
func (unbuilt) History(context.Context, query.HistorySearch) ([]query.Past, error) {
	return nil, errUnbuilt
}
func (unbuilt) Forget(context.Context, string) error                 { return errUnbuilt }
func (unbuilt) ClearHistory(context.Context) error                   { return errUnbuilt }
func (unbuilt) Dialect(context.Context) (d query.Dialect, err error) { return d, errUnbuilt }
func (unbuilt) Explain(context.Context, query.Request, bool) (p query.Plan, err error) {
	return p, errUnbuilt
}
func (unbuilt) Column(context.Context, string, string) (c query.ColumnStatistics, err error) {
	return c, errUnbuilt
}
func (unbuilt) About(context.Context) (a api.About, err error) { return a, errUnbuilt }
