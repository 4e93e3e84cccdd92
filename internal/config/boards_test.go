package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/config"
)

func TestDeclaredQueriesAndDashboardsHaveTheKeysOfAnExport(t *testing.T) {
	want := []config.SavedQuery{{
		ID: "views", Name: "Views", SQL: "SELECT $n\n", Params: map[string]config.Scalar{"n": "18446744073709551615", "x": "1.5", "who": `"me"`, "on": "true", "none": ""},
		Chart: &config.Chart{Kind: "bar", X: "at", Y: []string{"views"}, Series: "device", Stacked: true},
	}}
	page := []config.Dashboard{{
		Title: "Shop", Range: "15m", RefreshSeconds: 5,
		Panels: []config.Panel{{Title: "Views", Query: "views", Chart: &config.Chart{Kind: "table"}, Layout: config.Layout{X: 1, Y: 2, W: 3, H: 4}}},
	}}
	for _, text := range []string{
		`
queries:
  - id: views
    name: Views
    sql: |
      SELECT $n
    params: {n: 18446744073709551615, x: 1.5, who: me, on: true, none: null}
    chart: {kind: bar, x: at, y: [views], series: device, stacked: true}
dashboards:
  - title: Shop
    range: 15m
    refresh_seconds: 5
    panels:
      - {title: Views, query: views, chart: {kind: table}, layout: {x: 1, y: 2, w: 3, h: 4}}
`,
		`{"queries": [{"id": "views", "name": "Views", "sql": "SELECT $n\n", "params": {"n": 18446744073709551615, "x": 1.5, "who": "me", "on": true, "none": null},
			"chart": {"kind": "bar", "x": "at", "y": ["views"], "series": "device", "stacked": true}}],
		"dashboards": [{"title": "Shop", "range": "15m", "refresh_seconds": 5, "panels": [
			{"title": "Views", "query": "views", "chart": {"kind": "table"}, "layout": {"x": 1, "y": 2, "w": 3, "h": 4}}]}]}`,
	} {
		got, err := config.Load(write(t, text), environment(nil), nil)
		require.NoError(t, err, text)
		require.Equal(t, want, got.Queries)
		require.Equal(t, page, got.Dashboards)
		parsed, err := config.Parse("x", text)
		require.NoError(t, err)
		require.Equal(t, got, parsed)
	}
}

func TestWhatIsWrongWithADeclaredDashboardIsNamedWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"queries: {}\n":                                            ":1: queries must be a list",
		"queries:\n  - name: a\n    sq: b\n":                       `:3: a query has no key "sq"`,
		"queries:\n  - name: a\n    chart: {kin: b}\n":             `:3: a chart has no key "kin"`,
		"queries:\n  - name: a\n    params:\n      n: [1]\n":       "a parameter must be one value",
		"dashboards:\n  - title: a\n    panels:\n    - {que: b}\n": `:4: a panel has no key "que"`,
		"dashboards:\n  - panels:\n    - layout: {z: 1}\n":         `:3: a layout has no key "z"`,
		"dashboards:\n  - refresh_seconds: soon\n":                 ":2: this must be a whole number",
	} {
		_, err := config.Load(write(t, text), environment(nil), nil)
		require.ErrorContains(t, err, want)
	}
}
