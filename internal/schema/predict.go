package schema

import (
	"slices"

	"github.com/helios-sql/helios/internal/jsonscan"
)

// Predict tells what a table that a person has put together would do to a sample of events: the same as Infer tells of the
// one that it proposes. Fields have the column and the type that they end up with, should the table grow or widen by the
// events. Those that are ignored are listed too, without a column. Errors are those of NewTable.
func Predict(docs [][]byte, columns []Column, o Options) (Inference, error) {
	t, err := NewTable("sample", columns, o)
	if err != nil {
		return Inference{}, err
	}
	docs = objects(docs)
	rules := newRules(t)
	skip := pathSet(t.Ignore)
	all, parents := tallies(docs, walk{flatten: func(path []string) bool { return !skip[pathKey(path)] && rules.flatten(path) }})
	all = slices.DeleteFunc(all, func(t *tally) bool { return t.values == 0 && parents[pathKey(t.path)] })
	in := Inference{Table: *t, Fields: make([]Field, 0, len(all)), Events: len(docs)}
	share, after := predict(docs, t, all)
	in.QuarantineShare = share
	for _, t := range all {
		if c, ok := after.columns[pathKey(t.path)]; ok {
			t.column, t.typ = c.Name, c.Type
		}
		in.Fields = append(in.Fields, t.field(len(docs)))
	}
	return in, nil
}

// rules are how a table takes events apart, by the paths of its columns.
type rules struct {
	table   *Table
	columns map[string]Column
	below   map[string]bool // paths of objects in which there are columns
	taken   names
	room    int // for more columns
}

func newRules(t *Table) *rules {
	r := &rules{table: t, columns: map[string]Column{}, below: map[string]bool{}, taken: t.names(), room: t.MaxColumns - len(t.Columns)}
	for _, c := range t.Columns {
		if !c.System() {
			r.learn(c)
		}
	}
	return r
}

func (r *rules) learn(c Column) {
	r.columns[pathKey(c.Path)] = c
	for k := 1; k < len(c.Path); k++ {
		r.below[pathKey(c.Path[:k])] = true
	}
}

func (r *rules) flatten(path []string) bool {
	key := pathKey(path)
	return r.below[key] || len(path) < r.table.MaxDepth && r.columns[key].Type != JSON
}

// step is what a value needs to be taken: the column as it is, a wider one, or a new one, which has no name yet. It is false
// if the value cannot be taken.
func (r *rules) step(path []string, kind jsonscan.Kind, value []byte, inexact bool) (c Column, ok bool) {
	c, known := r.columns[pathKey(path)]
	switch {
	case known && Fits(c.Type, c.Format, kind, value):
		return c, true
	case r.table.Evolve != EvolveAdd:
		return c, false
	case !known:
		return Column{Type: NewFieldType(kind, value), Path: path}, PathSize(path) <= MaxPath
	}
	inexact = inexact || r.table.Inexact[c.Name]
	for _, to := range []Type{HugeInt, Double, Timestamp} {
		if CanWiden(c.Type, to) && Fits(to, c.Format, kind, value) && (to != Double || !inexact) {
			c.Type = to
			return c, true
		}
	}
	return c, false
}

// predict tells which share of the events the table would send to quarantine, counts those of each field, and gives the rules
// that the table would have after them, all as package columns has it: what an event brings is only kept when all of it fits.
func predict(docs [][]byte, table *Table, all []*tally) (share float64, after *rules) {
	byPath := map[string]*tally{}
	for _, t := range all {
		byPath[pathKey(t.path)] = t
	}
	r := newRules(table)
	skip := pathSet(table.Ignore)
	rejected := 0
	for _, doc := range docs {
		fits, added := true, 0
		var steps []Column
		w := walk{doc: doc, skip: skip, flatten: r.flatten}
		w.visit = func(path []string, kind jsonscan.Kind, raw []byte, flattened bool) {
			if flattened || kind == jsonscan.Null {
				return
			}
			if kind == jsonscan.String {
				raw = jsonscan.Unescape(nil, raw[1:len(raw)-1])
			}
			t := byPath[pathKey(path)]
			c, ok := r.step(path, kind, raw, t != nil && t.inexact)
			if ok && c.Name == "" {
				added++
				ok = added <= r.room
			}
			switch {
			case ok:
				steps = append(steps, c)
			case t != nil:
				t.misfits++
				fallthrough
			default:
				fits = false
			}
		}
		w.object(jsonscan.Space(doc, 0), nil)
		if !fits {
			rejected++
			continue
		}
		for _, c := range steps {
			if c.Name == "" {
				c.Name, c.Path = r.taken.forPath(c.Path), slices.Clone(c.Path)
				r.room--
			}
			r.learn(c)
		}
	}
	if len(docs) > 0 {
		share = float64(rejected) / float64(len(docs))
	}
	return share, r
}
