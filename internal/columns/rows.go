// Package columns turns events into typed column vectors, or into rejections that say why. It is the hot path: it walks
// each document once and allocates nothing per value in the steady state. It knows schemas, and no store.
package columns

import "github.com/helios-sql/helios/internal/schema"

// Rows is a set of rows, column by column.
type Rows struct {
	N       int      // rows
	Vectors []Vector // one for each column of the table that it was decoded for, in that order
	Bytes   int64    // size of the events' documents
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

// Int128 is a two's complement integer: Hi*2^64 + Lo.
type Int128 struct {
	Hi int64
	Lo uint64
}

// String is the text of value i of a VARCHAR or JSON vector. It is valid as long as the vector is.
func (v *Vector) String(i int) []byte {
	from := 0
	if i > 0 {
		from = v.Ends[i-1]
	}
	return v.Text[from:v.Ends[i]]
}
