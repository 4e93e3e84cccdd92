package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/schema"
)

// What mends are proposed from.
const (
	mendEvents = 1000
	mendTime   = 5 * time.Second
	mendBytes  = 32 << 20
)

// MendKind is what a mend does.
type MendKind string

// The kinds of mend: those of schema's changes, and one that changes nothing.
const (
	MendWiden  = MendKind(schema.Widened)
	MendAdd    = MendKind(schema.Added)
	MendIgnore = MendKind(schema.Ignored)
	MendReplay = MendKind("replay") // what was wrong has passed
)

// Mend is something that a person could do so that quarantined events become rows.
type Mend struct {
	Kind        MendKind      `json:"kind" enum:"widen,add,ignore,replay"`
	Column      string        `json:"column,omitempty"` // to be widened, or to be added
	Path        []string      `json:"path,omitempty"`
	Type        schema.Type   `json:"type,omitempty"`
	Format      schema.Format `json:"format,omitempty"`
	Title       string        `json:"title"`       // a few words, for a button
	Explanation string        `json:"explanation"` // a sentence or two: what it means for what is held and what comes
}

// Mends proposes what could be done about a group of quarantined events, the most sensible first: nothing if nobody but the
// producer can do something.
func (s *Service) Mends(ctx context.Context, f QuarantineFilter) ([]Mend, error) {
	f.Table = strings.ToLower(f.Table)
	table, settings, err := s.tableOf(ctx, f.Table)
	if err != nil {
		return nil, err
	}
	g := group{table: table, reasons: map[event.Reason]int{}, fields: map[string]int{}}
	t := newTrial(table, settings)
	room := mendBytes
	err = s.held(ctx, f, mendEvents, mendTime, func(q *Quarantined) {
		if room -= len(q.Data); room < 0 {
			return
		}
		g.docs = append(g.docs, q.Data)
		g.reasons[q.Reason]++
		g.fields[q.Field]++
		if t.try(q, s.opt.Now()) == nil {
			g.passing++
		}
	})
	if err != nil || len(g.docs) == 0 {
		return nil, err
	}
	return g.mends(), nil
}

// group is a sample of a group of quarantined events.
type group struct {
	table   *schema.Table
	docs    [][]byte
	reasons map[event.Reason]int
	fields  map[string]int
	passing int // that the table would take as it is now
}

func (g *group) mends() []Mend {
	var all []Mend
	if g.passing == len(g.docs) {
		return []Mend{g.replay()}
	}
	field := most(g.fields)
	values := schema.ValuesOf(g.docs, field)
	if field != "" && values.Path != nil && !g.table.Ignores(values.Path) {
		switch most(g.reasons) {
		case event.TypeMismatch:
			all = append(g.widen(values), g.ignore(values))
		case event.UnknownField, event.TooManyColumns:
			all = append(g.add(values), g.ignore(values))
		default:
		}
	}
	if g.passing > 0 {
		all = append(all, g.replay())
	}
	return all
}

// most is the most frequent.
func most[K ~string](counts map[K]int) K {
	var best K
	for k, n := range counts {
		if n > counts[best] || n == counts[best] && k < best {
			best = k
		}
	}
	return best
}

func (g *group) replay() Mend {
	return Mend{
		Kind: MendReplay, Title: "Replay",
		Explanation: "The table takes " + share(g.passing, len(g.docs), "held event") + " as it is now.",
	}
}

// widen proposes the narrowest column that holds all values that are held; and, if only JSON does, then the one that holds the
// most of them, if that is more than half.
func (g *group) widen(values schema.Values) []Mend {
	c, ok := g.column(values.Path)
	if !ok {
		return nil
	}
	var all []Mend
	var second schema.Column
	most := values.Count / 2
	for _, to := range schema.Wider(c) {
		if to.Type == schema.Double && g.table.Inexact[c.Name] {
			continue
		}
		fitting := values.Fitting(to)
		if fitting == values.Count {
			all = append(all, widening(c, to, fitting, values.Count))
			break
		}
		if fitting > most {
			second, most = to, fitting
		}
	}
	if len(all) > 0 && all[0].Type == schema.JSON && second.Name != "" {
		all = append(all, widening(c, second, most, values.Count))
	}
	return all
}

func widening(from, to schema.Column, fitting, of int) Mend {
	if from.Type == to.Type {
		return Mend{
			Kind: MendWiden, Column: from.Name, Path: from.Path, Type: to.Type, Format: to.Format,
			Title: fmt.Sprintf("Let %s take numbers too", from.Name),
			Explanation: fmt.Sprintf("Column %s takes text only. If it takes numbers and booleans too, as they are written, it holds %s, and all that is in it already.",
				from.Name, share(fitting, of, "value")),
		}
	}
	return Mend{
		Kind: MendWiden, Column: from.Name, Path: from.Path, Type: to.Type, Format: to.Format,
		Title: fmt.Sprintf("Make %s %s", from.Name, to.Type),
		Explanation: fmt.Sprintf("Column %s is %s now. As %s it holds %s, and all that is in it already%s",
			from.Name, from.Type, to.Type, share(fitting, of, "value"), asWritten(to)),
	}
}

// column is the column of a field.
func (g *group) column(path []string) (schema.Column, bool) {
	i := slices.IndexFunc(g.table.Columns, func(c schema.Column) bool { return !c.System() && slices.Equal(c.Path, path) })
	if i < 0 {
		return schema.Column{}, false
	}
	return g.table.Columns[i], true
}

func asWritten(to schema.Column) string {
	switch to.Type {
	case schema.Varchar:
		return "; numbers and booleans are kept as they are written."
	case schema.JSON:
		return "; each value is kept as it is written."
	default:
		return "."
	}
}

func (g *group) add(values schema.Values) []Mend {
	a := schema.Alteration{Kind: schema.Added, Path: values.Path, Type: values.Type()}
	_, change, err := g.table.Alter(a)
	if err != nil { // it lies in a field that has a column of its own, say
		return nil
	}
	field, c := strings.Join(values.Path, "."), change.Column
	return []Mend{{
		Kind: MendAdd, Column: c.Name, Path: c.Path, Type: c.Type, Title: fmt.Sprintf("Add %s as %s", c.Name, c.Type),
		Explanation: fmt.Sprintf("The field %s gets a column of its own, which holds %s. Rows that are there already have no value in it.", field, share(values.Count, values.Count, "value")),
	}}
}

func (g *group) ignore(values schema.Values) Mend {
	field := strings.Join(values.Path, ".")
	m := Mend{
		Kind: MendIgnore, Path: values.Path, Title: "Ignore " + field,
		Explanation: fmt.Sprintf("The field %s, with all that is in it, is read over from now on: it rejects no event, and its values are not kept.", field),
	}
	if c, ok := g.column(values.Path); ok {
		m.Column = c.Name
		m.Explanation += fmt.Sprintf(" Column %s stays, empty in new rows.", c.Name)
	}
	return m
}

// share says how many of those that were looked at are meant; what is one of them.
func share(n, of int, what string) string {
	switch {
	case of == 1:
		return fmt.Sprintf("the one %s that was looked at", what)
	case n == of:
		return fmt.Sprintf("all of the %d %ss that were looked at", of, what)
	default:
		return fmt.Sprintf("%d of the %d %ss that were looked at", n, of, what)
	}
}
