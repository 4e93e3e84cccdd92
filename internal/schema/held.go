package schema

import (
	"slices"
	"strings"

	"github.com/helios-sql/helios/internal/jsonscan"
)

// Values are those of one field in a number of events, other than null.
type Values struct {
	Path  []string // nil if the field occurs in none of them
	Count int
	tally *tally
	kinds []value
}

type value struct {
	kind jsonscan.Kind
	raw  []byte
}

// ValuesOf finds the values of a field in JSON objects; anything else is passed over. The field is given as people read it,
// its names joined by dots: if several fields are called so, it is the first that occurs.
func ValuesOf(docs [][]byte, field string) Values {
	v := Values{tally: &tally{seen: map[Type]int{}, fits: map[Type]int{}}}
	for _, doc := range docs {
		if !isObject(doc) {
			continue
		}
		w := walk{doc: doc, flatten: func(path []string) bool { return strings.HasPrefix(field, strings.Join(path, ".")+".") }}
		w.visit = func(path []string, kind jsonscan.Kind, raw []byte, _ bool) {
			if kind == jsonscan.Null || strings.Join(path, ".") != field || v.Path != nil && !slices.Equal(v.Path, path) {
				return
			}
			v.Path = slices.Clone(path)
			v.Count++
			v.tally.add(kind, raw)
			if kind == jsonscan.String {
				raw = jsonscan.Unescape(nil, raw[1:len(raw)-1])
			}
			v.kinds = append(v.kinds, value{kind, raw})
		}
		w.object(jsonscan.Space(doc, 0), nil)
	}
	return v
}

// Fitting counts the values that fit a column.
func (v Values) Fitting(c Column) int {
	n := 0
	for _, x := range v.kinds {
		if Fits(c.Type, c.Format, x.kind, x.raw) {
			n++
		}
	}
	return n
}

// Type is the narrowest type that holds all of the values: JSON if no other does. As few values are little evidence, text that
// is no complete timestamp is VARCHAR.
func (v Values) Type() Type {
	typ := v.tally.choose()
	if typ == "" || v.tally.fits[typ] < v.Count {
		return JSON
	}
	if typ == Date || typ == UUID {
		return Varchar
	}
	return typ
}
