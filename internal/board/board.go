// Package board is what analysts keep: saved queries, the charts that show them, and dashboards of them. It knows what they
// may hold and how they are named. It neither stores them nor runs them, and it does not judge their SQL.
package board

import (
	"encoding/json"
	"time"
)

// Query is a saved query, as it is written down: exported, imported and declared.
type Query struct {
	ID          string `json:"id"` // a slug: stable, though the name may change
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	SQL         string `json:"sql"`
	Params      Params `json:"params,omitempty"`
	Chart       *Chart `json:"chart,omitempty"`
}

// Params are the values that a query's parameters have unless somebody gives others: JSON texts of strings, numbers,
// booleans and null, by the parameter's name without its $. Texts, so that no digit is lost.
type Params map[string]json.RawMessage

// ChartKind is how rows are shown.
type ChartKind string

// The kinds of charts.
const (
	Table   ChartKind = "table"
	Line    ChartKind = "line"
	Bar     ChartKind = "bar"
	Area    ChartKind = "area"
	Scatter ChartKind = "scatter"
	Pie     ChartKind = "pie"
	Number  ChartKind = "number"
)

// Kinds lists the kinds of charts.
func Kinds() []ChartKind { return []ChartKind{Table, Line, Bar, Area, Scatter, Pie, Number} }

// Chart says how the rows of a query are shown. Its columns are those of the result, by name.
type Chart struct {
	Kind    ChartKind `json:"kind" enum:"table,line,bar,area,scatter,pie,number"`
	X       string    `json:"x,omitempty" maxLength:"255" doc:"The column along the axis, or of a pie's names"`
	Y       []string  `json:"y" maxItems:"20" doc:"The columns of values"`
	Series  string    `json:"series,omitempty" maxLength:"255" doc:"The column whose values make a line or bar each"`
	Stacked bool      `json:"stacked,omitempty"`
}

// Dashboard is a page of panels, as it is written down.
type Dashboard struct {
	ID             string  `json:"id"`
	Title          string  `json:"title"`
	Description    string  `json:"description,omitempty"`
	Range          string  `json:"range,omitempty"`           // how far back $from lies: see ParseRange; "" for none
	RefreshSeconds int     `json:"refresh_seconds,omitempty"` // 0: only when asked
	Panels         []Panel `json:"panels"`
}

// Panel shows one saved query.
type Panel struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Query  string `json:"query"`           // the id of the saved query
	Chart  *Chart `json:"chart,omitempty"` // instead of the query's own
	Layout Layout `json:"layout"`
}

// Layout is a panel's place on a grid of 12 columns; a row is about 40 pixels high.
type Layout struct {
	X int `json:"x" minimum:"0" maximum:"11"`
	Y int `json:"y" minimum:"0" maximum:"10000"`
	W int `json:"w" minimum:"1" maximum:"12"`
	H int `json:"h" minimum:"1" maximum:"100"`
}

// Bundle is what is exported, imported and declared: dashboards, and the queries that their panels show.
type Bundle struct {
	Queries    []Query     `json:"queries"`
	Dashboards []Dashboard `json:"dashboards"`
}

// SavedQuery is a query that is kept.
type SavedQuery struct {
	Query
	CreatedAt, UpdatedAt time.Time
}

// SavedDashboard is a dashboard that is kept.
type SavedDashboard struct {
	Dashboard
	Revision             int64 // rises with every change
	CreatedAt, UpdatedAt time.Time
}
