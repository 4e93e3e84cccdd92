package schema

import (
	"slices"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
)

// Alteration is a change of a table that a person asks for.
type Alteration struct {
	Kind   ChangeKind // Added, Widened, Ignored or Unignored
	Column string     // to be widened; the name of one to be added, "" for one made of its path
	Path   []string   // of the field that gets a column, is ignored, or is not any more
	Type   Type       // to widen to, or of the new column
	Format Format
}

// ByHand is the reason of changes that a person has asked for.
const ByHand = "by hand"

// Alter returns the table's next version after a change by hand, and that change, without its time. It may go beyond
// MaxColumns, which bounds what is added by itself. Errors are *fault.Error: Invalid for what can never be, NotFound for a
// column or path that is not there, Conflict for what the table as it is does not allow.
func (t *Table) Alter(a Alteration) (*Table, Change, error) {
	switch a.Kind {
	case Widened:
		return t.widenByHand(a)
	case Added:
		return t.addByHand(a)
	case Ignored:
		return t.ignoreByHand(a.Path)
	case Unignored:
		return t.unignoreByHand(a.Path)
	default:
		return nil, Change{}, fault.New(fault.Invalid, "%q is no change of a table", a.Kind).WithHint("use widen, add, ignore or unignore")
	}
}

func (t *Table) widenByHand(a Alteration) (*Table, Change, error) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return strings.EqualFold(c.Name, a.Column) })
	switch {
	case i < 0:
		return nil, Change{}, fault.New(fault.NotFound, "table %s has no column %q", t.Name, a.Column)
	case t.Columns[i].System():
		return nil, Change{}, fault.New(fault.Invalid, "Helios fills the column %s itself: its type stays", t.Columns[i].Name)
	case !a.Type.known():
		return nil, Change{}, fault.New(fault.Invalid, "%q is no type of a column", a.Type)
	}
	from := t.Columns[i]
	to := from
	to.Type, to.Format = a.Type, a.Format
	if to.Type == Varchar {
		to.Format = Scalar // numbers that came until now must go on fitting
	}
	if err := to.validFormat(); err != nil {
		return nil, Change{}, err
	}
	if err := t.checkWiden(from, to); err != nil {
		return nil, Change{}, err
	}
	next := t.Widen(i, to.Type)
	next.Columns[i] = to
	delete(next.Inexact, from.Name)
	if to.Type == HugeInt && t.Inexact[from.Name] {
		next.Inexact[from.Name] = true
	}
	return next, Change{Kind: Widened, Version: next.Version, Column: to, From: from.Type, Reason: ByHand}, nil
}

func (t *Table) checkWiden(from, to Column) error {
	if !CanWidenByHand(from, to) {
		return fault.New(fault.Conflict, "column %s is %s: it cannot become %s without loss", from.Name, described(from), described(to)).
			WithHint("it can become %s", strings.Join(widerNames(from), ", "))
	}
	if to.Type == Double && t.Inexact[from.Name] {
		return fault.New(fault.Conflict, "column %s holds whole numbers that a DOUBLE would round", from.Name).
			WithHint("VARCHAR and JSON keep them as they are")
	}
	return nil
}

// CanWidenByHand reports whether a person may widen a column so: every value of it, stored or yet to come in its events, is
// one of the wider column. Text is wide enough for numbers as long as its format is Scalar.
func CanWidenByHand(from, to Column) bool {
	switch to.Type {
	case JSON:
		return from.Type != JSON
	case Varchar:
		return to.Format == Scalar && from.Type != JSON && (from.Type != Varchar || from.Format != Scalar)
	default:
		return from.Format == to.Format && CanWiden(from.Type, to.Type)
	}
}

// Wider are the columns that a column may be widened to by hand, narrowest first.
func Wider(from Column) []Column {
	var all []Column
	for _, typ := range []Type{HugeInt, Double, Timestamp, Varchar, JSON} {
		to := from
		to.Type, to.Format = typ, ISO8601
		if typ == Varchar {
			to.Format = Scalar
		}
		if CanWidenByHand(from, to) {
			all = append(all, to)
		}
	}
	return all
}

func widerNames(from Column) []string {
	all := []string{}
	for _, to := range Wider(from) {
		all = append(all, described(to))
	}
	if len(all) == 0 {
		return []string{"nothing wider: it holds every value"}
	}
	return all
}

func described(c Column) string {
	if c.Format == ISO8601 {
		return string(c.Type)
	}
	return string(c.Type) + " (" + string(c.Format) + ")"
}

func (t *Table) addByHand(a Alteration) (*Table, Change, error) {
	if err := validPath(a.Path); err != nil {
		return nil, Change{}, err
	}
	if !a.Type.known() {
		return nil, Change{}, fault.New(fault.Invalid, "%q is no type of a column", a.Type)
	}
	field := strings.Join(a.Path, ".")
	for _, c := range t.Columns {
		switch {
		case c.System():
		case slices.Equal(c.Path, a.Path):
			return nil, Change{}, fault.New(fault.Conflict, "the field %s has a column already: %s", field, c.Name)
		case c.Type == JSON && len(c.Path) < len(a.Path) && slices.Equal(c.Path, a.Path[:len(c.Path)]):
			return nil, Change{}, fault.New(fault.Conflict, "the field %s is kept whole, as JSON, in column %s", strings.Join(c.Path, "."), c.Name).
				WithHint("query %s there", field)
		}
	}
	switch taken := t.names(); {
	case t.Ignores(a.Path):
		return nil, Change{}, fault.New(fault.Conflict, "the field %s is ignored", field).WithHint("end that first, by unignore")
	case len(t.Columns) >= maxMaxColumns:
		return nil, Change{}, fault.New(fault.Conflict, "table %s has %d columns: no table has more", t.Name, len(t.Columns))
	case a.Column != "" && (!validColumnName(a.Column) || taken.taken(a.Column)):
		return nil, Change{}, fault.New(fault.Invalid, "%q cannot be the name of a column: it is taken, or not made of letters, digits and underscores", a.Column)
	}
	next, c := t.Add(a.Path, a.Type)
	if a.Column != "" {
		c.Name = a.Column
	}
	c.Format = a.Format
	if err := c.validFormat(); err != nil {
		return nil, Change{}, err
	}
	next.Columns[len(next.Columns)-1] = c
	return next, Change{Kind: Added, Version: next.Version, Column: c, Reason: ByHand}, nil
}

func (t *Table) ignoreByHand(path []string) (*Table, Change, error) {
	if err := validPath(path); err != nil {
		return nil, Change{}, err
	}
	switch {
	case t.Ignores(path):
		return nil, Change{}, fault.New(fault.Conflict, "the field %s is ignored already", strings.Join(path, "."))
	case len(t.Ignore) >= maxIgnored:
		return nil, Change{}, fault.New(fault.Conflict, "table %s ignores %d fields already", t.Name, len(t.Ignore)).WithHint("ignore an object as a whole")
	}
	change := Change{Kind: Ignored, Version: t.Version + 1, Path: slices.Clone(path), Reason: ByHand}
	return t.Ignoring(change), change, nil
}

func (t *Table) unignoreByHand(path []string) (*Table, Change, error) {
	if !slices.ContainsFunc(t.Ignore, func(p []string) bool { return slices.Equal(p, path) }) {
		return nil, Change{}, fault.New(fault.NotFound, "table %s does not ignore a field %s", t.Name, strings.Join(path, ".")).
			WithHint("GET /api/v1/tables/%s shows what it ignores", t.Name)
	}
	change := Change{Kind: Unignored, Version: t.Version + 1, Path: slices.Clone(path), Reason: ByHand}
	return t.Ignoring(change), change, nil
}

// Ignoring returns the table's next version after an Ignored or Unignored change.
func (t *Table) Ignoring(c Change) *Table {
	next := t.Clone()
	next.Version++
	if c.Kind == Ignored {
		next.Ignore = append(next.Ignore, c.Path)
	} else {
		next.Ignore = slices.DeleteFunc(next.Ignore, func(p []string) bool { return slices.Equal(p, c.Path) })
	}
	return next
}
