// Package query runs ad-hoc SQL without harm: it asks the engine to judge each statement, gives it a deadline and a number
// of rows, keeps the list of what runs, and cancels. It streams results and never holds one whole. What a statement may
// contain belongs to the engine, since the dialect is its own.
//
// A result travels as Arrow record batches: the one form that every engine can produce and every export format can take,
// column by column, with its types. What the engine's types become there:
//
//   - whole numbers, floats, booleans, strings, binary, dates, times, time stamps, decimals, lists, structs and maps
//     are themselves, arrays are lists; HUGEINT is decimal128(38, 0), holding all its 128 bits;
//   - JSON and UUID are the canonical extension types arrow.json and arrow.uuid;
//   - a UNION is a struct of its tag, a string whose field has the metadata key "union", and its members, all but one null;
//   - what has no Arrow type that every reader knows (UHUGEINT, BIGNUM, BIT, TIMETZ, INTERVAL, …) is the
//     engine's own text of it, an ENUM its label;
//   - a NULL type is a null column.
//
// Infinite dates and time stamps are the largest number of their storage, negative infinity is its negation, as DuckDB
// has them; encode writes them as words.
package query

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
)

// Engine is an embedded or remote SQL engine.
type Engine interface {
	// Check parses one statement and judges it: *fault.Error of code Invalid for what does not parse, Refused for what the
	// guard does not allow, Forbidden for what the scope does not, nothing executed in any case. What is Forbidden is told
	// in the same words whether it exists or not. It returns the statement, ready to run.
	Check(ctx context.Context, sql string, scope Scope) (Statement, error)
	// Run starts the statement; its rows are read while it runs. Params are bound by position (?, $1: []any), by name
	// ($name: map[string]any) or nil. Their values are nil, bool, int64, *big.Int, float64 or string. Cancelling ctx ends
	// the planning and the running, then and later. *fault.Error of code Invalid for what does not bind.
	Run(ctx context.Context, s Statement, params any) (Rows, error)
}

// Statement is a statement that passed Check.
type Statement struct {
	SQL    string
	Tables []string // the tables and views that it names, lower-cased, with their schema if that is not main
	Scope  Scope    // that it was judged by: its errors tell of nothing beyond that
}

// Column is one column of a result.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // in the engine's own notation: BIGINT, DECIMAL(10,2), VARCHAR[], …
}

// Rows is a result while it is read. It is for one goroutine.
type Rows interface {
	// Columns names the columns; names may be empty and may repeat.
	Columns() []Column
	// Schema is the columns' Arrow types, in the same order and under the same names.
	Schema() *arrow.Schema
	// Next reads up to a few thousand rows, at least one. It returns io.EOF after the last. The caller releases the batch.
	Next() (arrow.RecordBatch, error)
	// Close ends the statement if it still runs and gives back what it holds.
	Close() error
}

// SQLError is what is wrong with a statement, and where. A *fault.Error wraps it.
type SQLError struct {
	Message  string `json:"message"`
	Position int    `json:"position"` // bytes from the start of the statement; -1 if unknown
	Line     int    `json:"line"`     // from 1; 0 if unknown
	Column   int    `json:"column"`   // in characters, from 1; 0 if unknown
}

// Error gives the message.
func (e *SQLError) Error() string { return e.Message }

// Locate makes an SQLError for a byte offset of sql; a negative one is unknown.
func Locate(sql, message string, position int) *SQLError {
	if position < 0 || position > len(sql) {
		return &SQLError{Message: message, Position: -1}
	}
	e := &SQLError{Message: message, Position: position, Line: 1, Column: 1}
	for _, r := range sql[:position] {
		if r == '\n' {
			e.Line++
			e.Column = 1
		} else {
			e.Column++
		}
	}
	return e
}
