package board_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/board"
	"github.com/helios-sql/helios/internal/fault"
)

func TestAnIdIsMadeOfANameAndStaysOne(t *testing.T) {
	for name, want := range map[string]string{
		"Top 5 products, last hour!": "top-5-products-last-hour",
		"  Größe / Preis ":           "größe-preis",
		"売上":                         "売上",
		"…":                          "query",
		strings.Repeat("ab ", 40):    strings.TrimSuffix(strings.Repeat("ab-", 20), "-"),
	} {
		require.Equal(t, want, board.Slug(name, "query"), name)
	}
	taken := map[string]bool{"a": true, "a-2": true}
	require.Equal(t, "a-3", board.Free("a", func(id string) bool { return taken[id] }))
}

func FuzzSlug(f *testing.F) {
	f.Add("Top 5")
	f.Add("İstanbul ǅ ﬁ ẞ")
	f.Fuzz(func(t *testing.T, name string) {
		id := board.Slug(name, "x")
		require.Equal(t, id, board.Slug(id, "x"))
		require.LessOrEqual(t, utf8.RuneCountInString(id), 60)
		require.NotContains(t, id, "/")
	})
}

func TestWhatIsWrongWithAQueryIsFound(t *testing.T) {
	good := board.Query{
		Name: " Views ", SQL: "SELECT $n", Params: board.Params{"n": json.RawMessage(" 9007199254740993 "), "none": json.RawMessage("null")},
		Chart: &board.Chart{Kind: board.Line, X: "at"},
	}
	q, err := good.Complete()
	require.NoError(t, err)
	require.Equal(t, []string{"views", "Views", "9007199254740993"}, []string{q.ID, q.Name, string(q.Params["n"])})
	require.NotNil(t, q.Chart.Y)
	again, err := q.Complete()
	require.NoError(t, err)
	require.Equal(t, q, again)

	for want, spoil := range map[string]func(q *board.Query){
		"name must not be empty":         func(q *board.Query) { q.Name = " " },
		"name may have 120 characters":   func(q *board.Query) { q.Name = strings.Repeat("ü", 121) },
		"no id of a query":               func(q *board.Query) { q.ID = "A B" },
		"has no SQL":                     func(q *board.Query) { q.SQL = "\n" },
		"may have 64 KiB":                func(q *board.Query) { q.SQL = strings.Repeat("x", board.MaxSQL+1) },
		"sql is not text":                func(q *board.Query) { q.SQL = "SELECT '\x00'" },
		`"$n" is no name`:                func(q *board.Query) { q.Params = board.Params{"$n": json.RawMessage("1")} },
		"must be a text":                 func(q *board.Query) { q.Params = board.Params{"n": json.RawMessage("[1]")} },
		"parameter n must be a text":     func(q *board.Query) { q.Params = board.Params{"n": nil} },
		"no chart of the kind":           func(q *board.Query) { q.Chart = &board.Chart{Kind: "radar"} },
		"may show 20 columns":            func(q *board.Query) { q.Chart = &board.Chart{Kind: board.Bar, Y: make([]string, 21)} },
		"description may have 2000 char": func(q *board.Query) { q.Description = strings.Repeat("x", 2001) },
	} {
		bad := good
		spoil(&bad)
		_, err := bad.Complete()
		require.ErrorContains(t, err, want)
		require.Contains(t, []fault.Code{fault.Invalid, fault.TooLarge}, fault.CodeOf(err))
	}
}

func TestWhatIsWrongWithADashboardIsFound(t *testing.T) {
	panel := func(title string) board.Panel {
		return board.Panel{Title: title, Query: "views", Layout: board.Layout{X: 6, W: 6, H: 7}}
	}
	good := func() board.Dashboard {
		return board.Dashboard{Title: "Shop", Range: "7d", Panels: []board.Panel{panel("Views"), panel("Views"), {ID: "views-2", Title: "x", Query: "q", Layout: board.Layout{W: 12, H: 1}}}}
	}
	d, err := good().Complete()
	require.NoError(t, err)
	require.Equal(t, []string{"shop", "views", "views-3", "views-2"}, []string{d.ID, d.Panels[0].ID, d.Panels[1].ID, d.Panels[2].ID}, "an id that was given is not taken away")
	require.Equal(t, &d.Panels[2], d.Missing(func(q string) bool { return q == "views" }))

	for want, spoil := range map[string]func(d *board.Dashboard){
		"title must not be empty":   func(d *board.Dashboard) { d.Title = "" },
		"the range":                 func(d *board.Dashboard) { d.Range = "soon" },
		"refresh_seconds":           func(d *board.Dashboard) { d.RefreshSeconds = -1 },
		"may have 100 panels":       func(d *board.Dashboard) { d.Panels = make([]board.Panel, 101) },
		"two panels have the id":    func(d *board.Dashboard) { d.Panels[0].ID = "views-2" },
		"no id of a panel":          func(d *board.Dashboard) { d.Panels[0].ID = "V" },
		"shows no query":            func(d *board.Dashboard) { d.Panels[0].Query = "" },
		"does not fit":              func(d *board.Dashboard) { d.Panels[0].Layout.W = 7 },
		`"Views" does not fit`:      func(d *board.Dashboard) { d.Panels[1].Layout.H = 0 },
		"no chart of the kind":      func(d *board.Dashboard) { d.Panels[0].Chart = &board.Chart{} },
		"title of a panel must not": func(d *board.Dashboard) { d.Panels[0].Title = "" },
	} {
		bad := good()
		spoil(&bad)
		_, err := bad.Complete()
		require.ErrorContains(t, err, want)
	}
}

func TestABundleSaysWhichPartOfItIsWrong(t *testing.T) {
	_, err := board.Bundle{Queries: []board.Query{{Name: "a", SQL: "SELECT 1"}, {Name: "A!", SQL: "SELECT 2"}}}.Complete()
	require.ErrorContains(t, err, `two queries with the id "a"`)
	_, err = board.Bundle{Dashboards: []board.Dashboard{{Title: "Shop", Range: "x"}}}.Complete()
	require.ErrorContains(t, err, `dashboard "Shop": the range "x"`)
	require.Contains(t, fault.HintOf(err), "15m")
	whole, err := board.Bundle{}.Complete()
	require.NoError(t, err)
	text, err := json.Marshal(whole)
	require.NoError(t, err)
	require.JSONEq(t, `{"queries":[],"dashboards":[]}`, string(text))
}

func TestRanges(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 0, "15m": 15 * time.Minute, "1h30m": 90 * time.Minute, "7d": 7 * 24 * time.Hour, "2w": 14 * 24 * time.Hour} {
		got, err := board.ParseRange(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"0s", "-1h", "1", "d", "0d", "9999w", "1.5d", "1e9h"} {
		_, err := board.ParseRange(text)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), text)
	}
	for i := range 3 {
		_, err := board.ParseRange(fmt.Sprintf("%dd", 365*10+i))
		require.Equal(t, i == 0, err == nil)
	}
}
