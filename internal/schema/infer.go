package schema

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/helios-sql/helios/internal/jsonscan"
)

// maxFields bounds the fields that are told apart: producers that use ids for names have millions. What comes after them,
// or has a path beyond MaxPath, counts as what the table has no column for.
const maxFields = 4 * maxMaxColumns

// mostly is the share of a field's values that decides on its type although the rest does not fit it.
const mostly = 0.95

// Infer proposes a table for a sample of events: JSON objects, up to a thousand or so; anything else is passed over.
//
// A field's type is the narrowest that holds all its values without loss. When no type does, that which holds most of them
// if those are at least 95 %, and the rest is counted as what would go to quarantine; otherwise JSON, which holds anything.
// Null says nothing: a field that was never anything else is listed, and has no column. Numbers are never taken for epochs.
//
// Objects are flattened as deep as Options.MaxDepth allows and Options.MaxColumns has room for; the depth that it came to is
// in the table. A field that is sometimes an object and sometimes a scalar gets a column beside the flattened ones. One that
// is sometimes an array becomes JSON as a whole, unless it is nearly always an object. If there are too many columns even
// without flattening, the most frequent fields get one. What Options.Ignore names is passed over.
func Infer(docs [][]byte, o Options) Inference {
	o = o.withDefaults()
	docs = objects(docs)
	room := max(0, o.MaxColumns-len(SystemColumns()))
	depth := o.MaxDepth
	all := survey(docs, depth, o.Ignore)
	for depth > 1 && countColumns(all) > room {
		depth--
		all = survey(docs, depth, o.Ignore)
	}
	in := Inference{
		Table: Table{
			Columns: SystemColumns(), Evolve: o.Evolve, MaxDepth: depth, MaxColumns: o.MaxColumns,
			Ignore: ignored(o.Ignore), Version: 1, Inexact: map[string]bool{},
		},
		Fields: make([]Field, 0, len(all)),
		Events: len(docs),
	}
	chosen := mostFrequent(all, room)
	taken := in.Table.names()
	for _, t := range all {
		if !chosen[t] {
			continue
		}
		t.column = taken.forPath(t.path)
		in.Table.Columns = append(in.Table.Columns, Column{Name: t.column, Type: t.typ, Path: t.path})
		if t.inexact && (t.typ == BigInt || t.typ == HugeInt) {
			in.Table.Inexact[t.column] = true
		}
	}
	in.QuarantineShare, _ = predict(docs, &in.Table, all)
	for _, t := range all {
		in.Fields = append(in.Fields, t.field(len(docs)))
	}
	return in
}

// objects leaves out what is no JSON object.
func objects(docs [][]byte) [][]byte {
	return slices.DeleteFunc(slices.Clone(docs), func(doc []byte) bool { return !isObject(doc) })
}

func isObject(doc []byte) bool {
	const maxNesting = 10_000
	start := jsonscan.Space(doc, 0)
	end, err := jsonscan.Value(doc, start, maxNesting)
	return err == nil && doc[start] == '{' && jsonscan.Space(doc, end) == len(doc)
}

// tally is what a sample says about one field.
type tally struct {
	path     []string
	values   int // other than null and flattened objects
	objects  int // flattened, or meant to be
	seen     map[Type]int
	fits     map[Type]int // how many values a type holds
	inexact  bool         // an integer among them that a DOUBLE does not hold
	examples []string
	typ      Type
	column   string
	misfits  int // events that the field sends to quarantine
}

// survey looks at every field of the sample but those to be ignored, objects flattened to that depth, and chooses the types.
func survey(docs [][]byte, depth int, ignore [][]string) []*tally {
	all, parents := tallies(docs, walk{skip: pathSet(ignore), flatten: func(path []string) bool { return len(path) < depth }})
	whole := map[string]bool{} // the paths that become JSON as a whole, although there are objects
	for _, t := range all {
		t.typ = t.choose()
		if t.typ == JSON && t.objects > 0 && float64(t.objects) < mostly*float64(t.objects+t.values) {
			whole[pathKey(t.path)] = true
			t.values += t.objects
			t.seen[JSON] += t.objects
		}
	}
	return slices.DeleteFunc(all, func(t *tally) bool {
		for k := 1; k < len(t.path); k++ {
			if whole[pathKey(t.path[:k])] {
				return true
			}
		}
		return t.values == 0 && parents[pathKey(t.path)]
	})
}

// tallies counts what each field of the sample holds. It also tells which paths are of objects that have members.
func tallies(docs [][]byte, w walk) (all []*tally, parents map[string]bool) {
	byPath := map[string]*tally{}
	parents = map[string]bool{}
	w.visit = func(path []string, kind jsonscan.Kind, raw []byte, flattened bool) {
		t := byPath[pathKey(path)]
		if t == nil && (len(all) == maxFields || PathSize(path) > MaxPath) {
			return
		}
		if t == nil {
			t = &tally{path: slices.Clone(path), seen: map[Type]int{}, fits: map[Type]int{}}
			byPath[pathKey(path)] = t
			parents[pathKey(path[:len(path)-1])] = true
			all = append(all, t)
		}
		switch {
		case flattened:
			t.objects++
		case kind != jsonscan.Null:
			t.add(kind, raw)
		}
	}
	for _, doc := range docs {
		w.doc = doc
		w.object(jsonscan.Space(doc, 0), nil)
	}
	return all, parents
}

func (t *tally) add(kind jsonscan.Kind, raw []byte) {
	v := raw
	if kind == jsonscan.String {
		v = jsonscan.Unescape(nil, raw[1:len(raw)-1])
	}
	t.values++
	t.seen[Classify(kind, v)]++
	for _, typ := range candidates(false) {
		if Fits(typ, ISO8601, kind, v) {
			t.fits[typ]++
		}
	}
	if kind == jsonscan.Number {
		if n, ok := ParseInt(v); ok {
			_, exact := n.Float()
			t.inexact = t.inexact || !exact
		}
	}
	const examples = 3
	if len(t.examples) < examples {
		if e := Shorten(raw, 80); !slices.Contains(t.examples, e) {
			t.examples = append(t.examples, e)
		}
	}
}

// candidates are the types but JSON, narrower ones before those that hold their values too. Whether fractions were seen
// decides between integers and DOUBLE, should both hold all.
func candidates(fractions bool) []Type {
	if fractions {
		return []Type{Boolean, Double, BigInt, HugeInt, Date, Timestamp, UUID, Varchar}
	}
	return []Type{Boolean, BigInt, HugeInt, Double, Date, Timestamp, UUID, Varchar}
}

func (t *tally) choose() Type {
	if t.values == 0 {
		return ""
	}
	best := JSON
	for _, typ := range candidates(t.seen[Double] > 0) {
		if t.fits[typ] > t.fits[best] {
			best = typ
		}
	}
	if float64(t.fits[best]) < mostly*float64(t.values) {
		return JSON
	}
	return best
}

func countColumns(all []*tally) int {
	n := 0
	for _, t := range all {
		if t.typ != "" {
			n++
		}
	}
	return n
}

// mostFrequent picks the fields that get one of the n columns that there is room for.
func mostFrequent(all []*tally, n int) map[*tally]bool {
	order := slices.DeleteFunc(slices.Clone(all), func(t *tally) bool { return t.typ == "" })
	slices.SortStableFunc(order, func(a, b *tally) int { return b.values - a.values })
	chosen := map[*tally]bool{}
	for _, t := range order[:min(n, len(order))] {
		chosen[t] = true
	}
	return chosen
}

func (t *tally) field(events int) Field {
	f := Field{
		Path: t.path, Column: t.column, Type: t.typ, Examples: append([]string{}, t.examples...), Seen: []SeenType{},
		Share: float64(t.values) / float64(events), QuarantineShare: float64(t.misfits) / float64(events),
	}
	for typ, n := range t.seen {
		f.Seen = append(f.Seen, SeenType{Type: typ, Count: n})
	}
	slices.SortFunc(f.Seen, func(a, b SeenType) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(string(a.Type), string(b.Type))
	})
	return f
}

// walk goes through the members of a valid object, flattened ones included, those to skip excepted. Of members with the same
// name only the last counts.
type walk struct {
	doc     []byte
	skip    map[string]bool // by pathKey
	flatten func(path []string) bool
	visit   func(path []string, kind jsonscan.Kind, raw []byte, flattened bool)
}

func (w *walk) object(i int, path []string) {
	type member struct {
		name       string
		kind       jsonscan.Kind
		start, end int
	}
	var all []member
	last := map[string]int{}
	members := jsonscan.Members(w.doc, i)
	for {
		m, _ := members.Next()
		if m.Kind == jsonscan.Invalid {
			break
		}
		end, _ := jsonscan.Value(w.doc, m.Start, len(w.doc))
		name := string(jsonscan.Unescape(nil, m.Key))
		last[name] = len(all)
		all = append(all, member{name: name, kind: m.Kind, start: m.Start, end: end})
		members.Resume(end)
	}
	for k, m := range all {
		if last[m.name] != k {
			continue
		}
		at := append(slices.Clip(path), m.name)
		if len(w.skip) > 0 && w.skip[pathKey(at)] {
			continue
		}
		flattened := m.kind == jsonscan.Object && w.flatten(at)
		w.visit(at, m.kind, w.doc[m.start:m.end], flattened)
		if flattened {
			w.object(m.start, at)
		}
	}
}

// Shorten cuts a value as it is written for people to read, to at most limit characters, with … at the end if there was more.
func Shorten(raw []byte, limit int) string {
	if utf8.RuneCount(raw) <= limit {
		return string(raw)
	}
	end := 0
	for range limit - 1 {
		_, size := utf8.DecodeRune(raw[end:])
		end += size
	}
	return string(raw[:end]) + "…"
}
