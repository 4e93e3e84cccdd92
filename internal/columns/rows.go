// Package columns turns events into typed column vectors, or into rejections that say why. It is the hot path: it walks
// each document once and allocates nothing per value in the steady state. It knows schemas, and no store.
//
// An event becomes a row whole or not at all. A value goes into the column of its field's path. An object is taken apart
// if any of its members has a column; otherwise a JSON column at its own path takes it as it is written, as it takes
// anything else; otherwise it is taken apart down to the table's MaxDepth. Null, and an object without members that would
// be taken apart, are no value. Of members with the same name the last one wins, inside JSON columns too.
package columns

import (
	"slices"
	"sync"

	"github.com/helios-sql/helios/internal/schema"
)

// Rows is a set of rows, column by column.
type Rows struct {
	N       int      // rows
	Vectors []Vector // one for each column of the table that it was decoded for, in that order
	Bytes   int64    // size of the events' documents

	home *sync.Pool // where Release puts it
}

// Release gives rows that a Decoder has made back to it, to be filled again. They must not be used afterwards. Rows that
// are not released are left to the garbage collector; nil is allowed.
func Release(r *Rows) {
	if r != nil && r.home != nil {
		r.home.Put(r)
	}
}

// shape empties r and gives it the vectors of a table.
func (r *Rows) shape(t *schema.Table) {
	r.N, r.Bytes = 0, 0
	r.Vectors = r.Vectors[:0]
	for _, c := range t.Columns {
		r.add(c.Type)
	}
}

// add appends an empty vector, with the memory of an earlier one where there is some.
func (r *Rows) add(t schema.Type) {
	k := len(r.Vectors)
	r.Vectors = slices.Grow(r.Vectors, 1)[:k+1]
	v := &r.Vectors[k]
	*v = Vector{
		Type: t, Null: v.Null[:0], Bools: v.Bools[:0], Ints: v.Ints[:0], Huge: v.Huge[:0], Real: v.Real[:0],
		UUIDs: v.UUIDs[:0], Ends: v.Ends[:0], Text: v.Text[:0],
	}
}

// Vector holds the values of one column. Exactly one of the slices after Null is used, by Type; it has N entries, and the
// entry of a null is meaningless.
type Vector struct {
	Type  schema.Type
	Null  []bool
	Bools []bool    // BOOLEAN
	Ints  []int64   // BIGINT; DATE as days since 1970-01-01; TIMESTAMP as microseconds since 1970-01-01 UTC
	Huge  []Int128  // HUGEINT
	Real  []float64 // DOUBLE
	UUIDs [][16]byte
	Ends  []int  // VARCHAR, JSON: value i is Text[Ends[i-1]:Ends[i]]
	Text  []byte // VARCHAR, JSON: UTF-8, decoded; JSON as written in the event
}

// Int128 is the value of a HUGEINT.
type Int128 = schema.Int128

// String is the text of value i of a VARCHAR or JSON vector. It is valid as long as the vector is.
func (v *Vector) String(i int) []byte {
	from := 0
	if i > 0 {
		from = v.Ends[i-1]
	}
	return v.Text[from:v.Ends[i]]
}

// pad appends nulls until there are n entries. Vectors of fields that an event lacks are padded when the next value comes
// or the rows are taken, so that a row costs what it holds and not what the table could hold.
func (v *Vector) pad(n int) {
	k := n - len(v.Null)
	if k <= 0 {
		return
	}
	v.Null = grow(v.Null, k)
	for i := n - k; i < n; i++ {
		v.Null[i] = true
	}
	switch v.Type {
	case schema.Boolean:
		v.Bools = grow(v.Bools, k)
	case schema.HugeInt:
		v.Huge = grow(v.Huge, k)
	case schema.Double:
		v.Real = grow(v.Real, k)
	case schema.UUID:
		v.UUIDs = grow(v.UUIDs, k)
	case schema.Varchar, schema.JSON:
		for range k {
			v.Ends = append(v.Ends, len(v.Text))
		}
	default:
		v.Ints = grow(v.Ints, k)
	}
}

// grow appends k zero values.
func grow[T any](s []T, k int) []T {
	n := len(s)
	s = slices.Grow(s, k)[:n+k]
	clear(s[n:])
	return s
}

// entrySize is how many bytes an entry of a vector has, text left out.
func entrySize(t schema.Type) int64 {
	switch t {
	case schema.Boolean:
		return 1 + 1
	case schema.HugeInt, schema.UUID:
		return 1 + 16
	default:
		return 1 + 8
	}
}

// truncate drops the entries from the n-th on.
func (v *Vector) truncate(n int) {
	if len(v.Null) <= n {
		return
	}
	v.Null = v.Null[:n]
	switch v.Type {
	case schema.Boolean:
		v.Bools = v.Bools[:n]
	case schema.HugeInt:
		v.Huge = v.Huge[:n]
	case schema.Double:
		v.Real = v.Real[:n]
	case schema.UUID:
		v.UUIDs = v.UUIDs[:n]
	case schema.Varchar, schema.JSON:
		v.Ends = v.Ends[:n]
		if n == 0 {
			v.Text = v.Text[:0]
		} else {
			v.Text = v.Text[:v.Ends[n-1]]
		}
	default:
		v.Ints = v.Ints[:n]
	}
}

// widen converts the values to another type, one that schema.CanWiden allows. None of them is lost by it: integers go to
// DOUBLE only while all of them are exact in it.
func (v *Vector) widen(to schema.Type) {
	switch {
	case v.Type == schema.BigInt && to == schema.HugeInt:
		for _, n := range v.Ints {
			v.Huge = append(v.Huge, schema.Int128Of(n))
		}
		v.Ints = v.Ints[:0]
	case v.Type == schema.BigInt && to == schema.Double:
		for _, n := range v.Ints {
			v.Real = append(v.Real, float64(n))
		}
		v.Ints = v.Ints[:0]
	case v.Type == schema.HugeInt && to == schema.Double:
		for _, n := range v.Huge {
			f, _ := n.Float()
			v.Real = append(v.Real, f)
		}
		v.Huge = v.Huge[:0]
	case v.Type == schema.Date && to == schema.Timestamp:
		for i := range v.Ints {
			v.Ints[i] *= microsPerDay
		}
	}
	v.Type = to
}

const microsPerDay = 86_400_000_000
