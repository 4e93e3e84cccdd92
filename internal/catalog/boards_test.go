package catalog_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/board"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

func opened(t *testing.T) *catalog.Catalog {
	t.Helper()
	c := open(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func completed(t *testing.T, q board.Query) board.Query {
	t.Helper()
	q, err := q.Complete()
	require.NoError(t, err)
	return q
}

func page(t *testing.T, title string, queries ...string) board.Dashboard {
	t.Helper()
	d := board.Dashboard{Title: title}
	for _, q := range queries {
		d.Panels = append(d.Panels, board.Panel{Title: q, Query: q, Layout: board.Layout{W: 6, H: 7}})
	}
	d, err := d.Complete()
	require.NoError(t, err)
	return d
}

func TestSavedQueriesKeepTheirIdWhateverTheyAreCalled(t *testing.T) {
	c := opened(t)
	top := completed(t, board.Query{
		Name: "Top products", SQL: "SELECT 1", Params: board.Params{"big": json.RawMessage("12345678901234567890")},
		Chart: &board.Chart{Kind: board.Bar, X: "name", Y: []string{"views"}},
	})
	first, err := c.CreateQuery(t.Context(), top)
	require.NoError(t, err)
	require.Equal(t, top, first.Query)
	require.WithinDuration(t, time.Now(), first.CreatedAt, time.Minute)
	for _, want := range []string{"top-products-2", "top-products-3"} {
		q, err := c.CreateQuery(t.Context(), top)
		require.NoError(t, err)
		require.Equal(t, want, q.ID)
	}
	top.Name = "Another name"
	changed, err := c.ReplaceQuery(t.Context(), top)
	require.NoError(t, err)
	require.Equal(t, "top-products", changed.ID)
	require.Equal(t, first.CreatedAt, changed.CreatedAt)
	require.True(t, changed.UpdatedAt.After(first.UpdatedAt))
	all, err := c.SavedQueries(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 3)
	require.Equal(t, "Another name", all[0].Name)
	top.ID = "never-was"
	_, err = c.ReplaceQuery(t.Context(), top)
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
	require.Equal(t, fault.NotFound, fault.CodeOf(c.DeleteQuery(t.Context(), "never-was")))
}

func TestAQueryThatADashboardShowsStaysAndOneThatIsMissingIsNotShown(t *testing.T) {
	c := opened(t)
	_, err := c.CreateDashboard(t.Context(), page(t, "Shop", "views"))
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	require.ErrorContains(t, err, `"views"`)
	none, err := c.Dashboards(t.Context())
	require.NoError(t, err)
	require.Empty(t, none, "nothing of it is kept")

	_, err = c.CreateQuery(t.Context(), completed(t, board.Query{Name: "views", SQL: "SELECT 1"}))
	require.NoError(t, err)
	shop, err := c.CreateDashboard(t.Context(), page(t, "Shop", "views", "views"))
	require.NoError(t, err)
	err = c.DeleteQuery(t.Context(), "views")
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.ErrorContains(t, err, `"Shop"`)
	_, err = c.ReplaceDashboard(t.Context(), page(t, "Shop"), shop.Revision)
	require.NoError(t, err)
	require.NoError(t, c.DeleteQuery(t.Context(), "views"))
	require.NoError(t, c.DeleteDashboard(t.Context(), "shop"))
	require.Equal(t, fault.NotFound, fault.CodeOf(c.DeleteDashboard(t.Context(), "shop")))
}

func TestWhoChangesADashboardThatHasChangedIsTold(t *testing.T) {
	c := opened(t)
	made, err := c.CreateDashboard(t.Context(), page(t, "Shop"))
	require.NoError(t, err)
	require.EqualValues(t, 1, made.Revision)
	mine, theirs := made.Dashboard, made.Dashboard
	theirs.Range = "1h"
	changed, err := c.ReplaceDashboard(t.Context(), theirs, 1)
	require.NoError(t, err)
	require.EqualValues(t, 2, changed.Revision)
	mine.Title = "Mine"
	_, err = c.ReplaceDashboard(t.Context(), mine, 1)
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	left, err := c.Dashboard(t.Context(), "shop")
	require.NoError(t, err)
	require.Equal(t, changed, left)
}

func TestThereIsABoundOnWhatIsKept(t *testing.T) {
	c := opened(t)
	var b board.Bundle
	for i := range board.MaxKept {
		b.Queries = append(b.Queries, completed(t, board.Query{Name: fmt.Sprintf("q %d", i), SQL: "SELECT 1"}))
	}
	_, _, err := c.Import(t.Context(), b, false)
	require.NoError(t, err)
	_, err = c.CreateQuery(t.Context(), completed(t, board.Query{Name: "one more", SQL: "SELECT 1"}))
	require.Equal(t, fault.TooLarge, fault.CodeOf(err))
	b.Queries[0].SQL = "SELECT 2"
	_, err = c.ReplaceQuery(t.Context(), b.Queries[0])
	require.NoError(t, err)
}

func TestWhatIsExportedCanBeImportedElsewhereAndOverwritesNothingUnasked(t *testing.T) {
	from, to := opened(t), opened(t)
	for _, name := range []string{"views", "buys"} {
		_, err := from.CreateQuery(t.Context(), completed(t, board.Query{Name: name, SQL: "SELECT '" + name + "'"}))
		require.NoError(t, err)
	}
	_, err := from.CreateDashboard(t.Context(), page(t, "Shop", "buys", "views", "buys"))
	require.NoError(t, err)
	b, err := from.Export(t.Context(), "shop")
	require.NoError(t, err)
	require.Len(t, b.Queries, 2)
	require.Equal(t, []board.Dashboard{page(t, "Shop", "buys", "views", "buys")}, b.Dashboards)

	for range 2 { // the second finds all the same
		queries, dashboards, err := to.Import(t.Context(), b, false)
		require.NoError(t, err)
		require.Len(t, queries, 2)
		require.EqualValues(t, 1, dashboards[0].Revision)
	}
	b.Queries[1].SQL, b.Dashboards[0].Range = "SELECT 'new'", "1h"
	_, _, err = to.Import(t.Context(), b, false)
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	left, err := to.SavedQuery(t.Context(), "views")
	require.NoError(t, err)
	require.Equal(t, "SELECT 'views'", left.SQL)
	_, dashboards, err := to.Import(t.Context(), b, true)
	require.NoError(t, err)
	require.EqualValues(t, 2, dashboards[0].Revision)
	left, err = to.SavedQuery(t.Context(), "views")
	require.NoError(t, err)
	require.Equal(t, "SELECT 'new'", left.SQL)
}

func TestWhatPeopleChangeStaysUntilTheDeclarationItselfChanges(t *testing.T) {
	c := opened(t)
	declared := board.Bundle{
		Queries:    []board.Query{completed(t, board.Query{Name: "views", SQL: "SELECT 1"})},
		Dashboards: []board.Dashboard{page(t, "Shop", "views")},
	}
	sql := func() string {
		q, err := c.SavedQuery(t.Context(), "views")
		require.NoError(t, err)
		return q.SQL
	}
	require.NoError(t, c.Declare(t.Context(), declared))
	require.Equal(t, "SELECT 1", sql())

	edited := declared.Queries[0]
	edited.SQL = "SELECT 'edited'"
	_, err := c.ReplaceQuery(t.Context(), edited)
	require.NoError(t, err)
	require.NoError(t, c.Declare(t.Context(), declared))
	require.Equal(t, "SELECT 'edited'", sql())

	declared.Queries[0].SQL = "SELECT 2"
	require.NoError(t, c.Declare(t.Context(), declared))
	require.Equal(t, "SELECT 2", sql())

	require.NoError(t, c.DeleteDashboard(t.Context(), "shop"))
	require.NoError(t, c.DeleteQuery(t.Context(), "views"))
	require.NoError(t, c.Declare(t.Context(), declared))
	_, err = c.Dashboard(t.Context(), "shop")
	require.Equal(t, fault.NotFound, fault.CodeOf(err), "what was deleted stays so")

	declared.Dashboards[0].Range = "1h"
	require.NoError(t, c.Declare(t.Context(), declared))
	_, err = c.Dashboard(t.Context(), "shop")
	require.NoError(t, err)
	require.Equal(t, "SELECT 2", sql(), "with the query that it shows")
}

func TestTheHistoryHoldsTheNewestQueries(t *testing.T) {
	c := opened(t)
	h := catalog.NewHistory(c, slog.New(slog.DiscardHandler))
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const kept, all = 5000, 5123
	for i := range all {
		h.Remember(query.Past{SQL: fmt.Sprintf("SELECT 'Ünïque_%d%%'", i), StartedAt: start.Add(time.Duration(i) * time.Millisecond), Outcome: "ok", Rows: int64(i), Params: json.RawMessage(`{"n":9007199254740993}`)})
		if i%500 == 0 {
			_, _, err := h.History(t.Context(), query.HistorySearch{Limit: 1})
			require.NoError(t, err)
		}
	}
	h.Remember(query.Past{SQL: strings.Repeat("x", 100<<10), StartedAt: start.Add(time.Hour), Outcome: "invalid", Error: "no"})

	newest, more, err := h.History(t.Context(), query.HistorySearch{Limit: 2})
	require.NoError(t, err)
	require.True(t, more)
	require.Len(t, newest, 2)
	require.Equal(t, "no", newest[0].Error)
	require.Less(t, len(newest[0].SQL), 65<<10)
	require.JSONEq(t, `{"n":9007199254740993}`, string(newest[1].Params))
	require.EqualValues(t, all-1, newest[1].Rows)

	total, before := 0, ""
	for {
		page, more, err := h.History(t.Context(), query.HistorySearch{Limit: 999, Before: before})
		require.NoError(t, err)
		total, before = total+len(page), page[len(page)-1].ID
		if !more {
			break
		}
	}
	require.Equal(t, kept, total)

	found, _, err := h.History(t.Context(), query.HistorySearch{Text: "SÜ", Limit: 10})
	require.NoError(t, err)
	require.Empty(t, found)
	found, _, err = h.History(t.Context(), query.HistorySearch{Text: "select 'Ünïque_5000%", Limit: 10})
	require.NoError(t, err)
	require.Len(t, found, 1)

	require.NoError(t, h.Forget(t.Context(), query.Whose{}, found[0].ID))
	require.Equal(t, fault.NotFound, fault.CodeOf(h.Forget(t.Context(), query.Whose{}, found[0].ID)))
	require.NoError(t, h.ClearHistory(t.Context(), ""))
	left, _, err := h.History(t.Context(), query.HistorySearch{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestEachHasAHistoryOfTheirOwn(t *testing.T) {
	h := catalog.NewHistory(opened(t), slog.New(slog.DiscardHandler))
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 12 {
		owner := []string{"", "user:a", "token:b"}[i%3]
		h.Remember(query.Past{SQL: "SELECT " + owner, Owner: owner, StartedAt: start.Add(time.Duration(i) * time.Second)})
	}
	of := func(w query.Whose) []query.Past {
		page, more, err := h.History(t.Context(), query.HistorySearch{Whose: w, Text: "select", Limit: 100})
		require.NoError(t, err)
		require.False(t, more)
		return page
	}
	require.Len(t, of(query.Whose{Everybody: true}), 12)
	require.Len(t, of(query.Whose{}), 4)
	mine := of(query.Whose{Owner: "user:a"})
	require.Len(t, mine, 4)
	for _, p := range mine {
		require.Equal(t, "SELECT user:a", p.SQL)
		require.Equal(t, "user:a", p.Owner)
	}
	require.Equal(t, fault.NotFound, fault.CodeOf(h.Forget(t.Context(), query.Whose{Owner: "token:b"}, mine[0].ID)))
	require.NoError(t, h.Forget(t.Context(), query.Whose{Owner: "user:a"}, mine[0].ID))
	require.NoError(t, h.Forget(t.Context(), query.Whose{Everybody: true}, mine[1].ID))
	require.NoError(t, h.ClearHistory(t.Context(), "token:b"))
	require.Len(t, of(query.Whose{Owner: "user:a"}), 2)
	require.Empty(t, of(query.Whose{Owner: "token:b"}))
	require.Len(t, of(query.Whose{}), 4)
}

func TestAPageOfTheHistoryIsNeverLarge(t *testing.T) {
	h := catalog.NewHistory(opened(t), slog.New(slog.DiscardHandler))
	start, remembered := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), 0
	for range 4 { // what waits to be written is bounded too
		for range 100 {
			h.Remember(query.Past{SQL: strings.Repeat("x", 60<<10), StartedAt: start.Add(time.Duration(remembered) * time.Second)})
			remembered++
		}
		_, _, err := h.History(t.Context(), query.HistorySearch{Limit: 1})
		require.NoError(t, err)
	}
	seen := 0
	for s := (query.HistorySearch{Limit: 1000}); ; {
		page, more, err := h.History(t.Context(), s)
		require.NoError(t, err)
		require.Less(t, len(page), 150)
		seen += len(page)
		if s.Before = page[len(page)-1].ID; !more {
			break
		}
	}
	require.Equal(t, remembered, seen)
	for range 1000 {
		h.Remember(query.Past{SQL: strings.Repeat("y", 60<<10), StartedAt: start.Add(time.Hour)})
	}
	page, _, err := h.History(t.Context(), query.HistorySearch{Limit: 1000, Text: "y"})
	require.NoError(t, err)
	require.Less(t, len(page), 150)
}
