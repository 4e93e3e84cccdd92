package schema

import (
	"maps"
	"slices"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
)

// Bounds of what a table's settings may ask for.
const (
	maxMaxDepth   = 32
	maxMaxColumns = 5000
	maxIgnored    = 1000
)

// Options are the choices that a person has about a table. Zero values stand for the defaults.
type Options struct {
	Evolve     Evolve
	MaxDepth   int
	MaxColumns int
	Ignore     [][]string
}

func (o Options) withDefaults() Options {
	if o.Evolve == "" {
		o.Evolve = EvolveAdd
	}
	if o.MaxDepth == 0 {
		o.MaxDepth = DefaultMaxDepth
	}
	if o.MaxColumns == 0 {
		o.MaxColumns = DefaultMaxColumns
	}
	return o
}

func (o Options) validate() error {
	system := len(SystemColumns())
	switch {
	case o.Evolve != EvolveAdd && o.Evolve != EvolveFixed:
		return fault.New(fault.Invalid, "evolve is %q", o.Evolve).WithHint("use add or fixed")
	case o.MaxDepth < 1 || o.MaxDepth > maxMaxDepth:
		return fault.New(fault.Invalid, "max_depth is %d", o.MaxDepth).WithHint("use 1 to %d", maxMaxDepth)
	case o.MaxColumns < system || o.MaxColumns > maxMaxColumns:
		return fault.New(fault.Invalid, "max_columns is %d", o.MaxColumns).
			WithHint("use %d to %d; the %d system columns count", system, maxMaxColumns, system)
	case len(o.Ignore) > maxIgnored:
		return fault.New(fault.Invalid, "%d fields are to be ignored", len(o.Ignore)).WithHint("use %d at most; ignoring a field ignores all that is in it", maxIgnored)
	}
	for _, path := range o.Ignore {
		if err := validPath(path); err != nil {
			return err
		}
	}
	return nil
}

// validPath judges a path that a person has written.
func validPath(path []string) error {
	if len(path) == 0 {
		return fault.New(fault.Invalid, "a field is named by a path without names").WithHint(`a path is a list of names, as in ["user", "name"]`)
	}
	if size := PathSize(path); size > MaxPath {
		return fault.New(fault.Invalid, "the path of a field has %d bytes; the bound is %d", size, MaxPath)
	}
	return nil
}

// NewTable makes version 1 of a table: the system columns, then the given ones. Columns without a name get one from their
// path; system columns among them are passed over, so that the columns of another table can be given. Errors are
// *fault.Error of code Invalid: a name, type or format that cannot be, a name or path given twice, too many columns.
func NewTable(name string, columns []Column, o Options) (*Table, error) {
	o = o.withDefaults()
	if err := ValidTableName(name); err != nil {
		return nil, err
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	t := &Table{
		Name: name, Columns: SystemColumns(), Evolve: o.Evolve, MaxDepth: o.MaxDepth, MaxColumns: o.MaxColumns,
		Ignore: ignored(o.Ignore), Version: 1, Inexact: map[string]bool{},
	}
	taken, paths := t.names(), map[string]bool{}
	for _, c := range columns {
		if c.Name != "" && !c.System() {
			if !validColumnName(c.Name) || taken.taken(c.Name) {
				return nil, fault.New(fault.Invalid, "%q cannot be the name of a column: it is taken, or not made of letters, digits and underscores", c.Name)
			}
			taken.take(c.Name)
		}
	}
	for _, c := range columns {
		if c.System() {
			continue
		}
		key := pathKey(c.Path)
		if paths[key] {
			return nil, fault.New(fault.Invalid, "the field %s is given two columns", strings.Join(c.Path, "."))
		}
		paths[key] = true
		if !c.Type.known() {
			return nil, fault.New(fault.Invalid, "the column for %s has the unknown type %q", strings.Join(c.Path, "."), c.Type)
		}
		if err := c.validFormat(); err != nil {
			return nil, err
		}
		if c.Name == "" {
			c.Name = taken.forPath(c.Path)
		}
		c.Path = slices.Clone(c.Path)
		t.Columns = append(t.Columns, c)
	}
	if len(t.Columns) > t.MaxColumns {
		return nil, fault.New(fault.Invalid, "the table has %d columns, the system columns included, and may have %d", len(t.Columns), t.MaxColumns)
	}
	return t, nil
}

func (c Column) validFormat() error {
	switch {
	case c.Format == ISO8601,
		c.Type == Timestamp && (c.Format == EpochSecond || c.Format == EpochMilli),
		c.Type == Varchar && c.Format == Scalar:
		return nil
	}
	return fault.New(fault.Invalid, "the column for %s cannot have the format %q", strings.Join(c.Path, "."), c.Format).
		WithHint("epoch_s and epoch_ms are formats of TIMESTAMP, scalar is one of VARCHAR")
}

func (t Type) known() bool {
	switch t {
	case Boolean, BigInt, HugeInt, Double, Varchar, Date, Timestamp, UUID, JSON:
		return true
	default:
		return false
	}
}

// pathKey makes a map key of a path. No path holds a byte 0xff: field names are UTF-8.
func pathKey(path []string) string { return strings.Join(path, "\xff") }

func (t *Table) names() names {
	n := names{}
	for _, c := range t.Columns {
		n.take(c.Name)
	}
	return n
}

// Clone copies the table, so that the copy can be changed.
func (t *Table) Clone() *Table {
	c := *t
	c.Columns, c.Ignore = slices.Clone(t.Columns), ignored(t.Ignore)
	if c.Inexact = maps.Clone(t.Inexact); c.Inexact == nil {
		c.Inexact = map[string]bool{}
	}
	return &c
}

// Column finds a column by its name, in any letter case.
func (t *Table) Column(name string) (Column, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return strings.EqualFold(c.Name, name) })
	if i < 0 {
		return Column{}, false
	}
	return t.Columns[i], true
}

// Add returns the table's next version, which has one more column, for the field at path, and that column.
func (t *Table) Add(path []string, typ Type) (*Table, Column) {
	next := t.Clone()
	next.Version++
	c := Column{Name: t.names().forPath(path), Type: typ, Path: slices.Clone(path)}
	next.Columns = append(next.Columns, c)
	return next, c
}

// CanWiden reports whether every value of one type is a value of the other, so that a column can be widened. From BIGINT
// and HUGEINT to DOUBLE that holds only while the column has no value that is Inexact.
func CanWiden(from, to Type) bool {
	switch from {
	case BigInt:
		return to == HugeInt || to == Double
	case HugeInt:
		return to == Double
	case Date:
		return to == Timestamp
	default:
		return false
	}
}

// Widen returns the table's next version, in which the column with that index has another type. The caller has asked
// CanWiden.
func (t *Table) Widen(column int, to Type) *Table {
	next := t.Clone()
	next.Version++
	next.Columns[column].Type = to
	return next
}
