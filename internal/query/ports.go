// Package query runs ad-hoc SQL without harm: it asks the engine to judge each statement, gives it a deadline and a number
// of rows, keeps the list of what runs, and cancels. It streams results and never holds one whole. What a statement may
// contain belongs to the engine, since the dialect is its own.
package query

import "context"

// Engine is an embedded or remote SQL engine.
type Engine interface {
	// Check parses one statement and judges it: *fault.Error of code Invalid for what does not parse or bind, Refused for what
	// the guard does not allow, nothing executed in either case. It returns the statement, ready to run.
	Check(ctx context.Context, sql string) (Statement, error)
	// Run starts the statement; its rows are read while it runs. Params are bound by position ($1, as []any) or by name
	// ($name, as map[string]any). Cancelling ctx ends it.
	Run(ctx context.Context, s Statement, params any) (Rows, error)
}

// Statement is a statement that passed Check.
type Statement struct {
	SQL    string
	Tables []string // the tables and views that it names, lower-cased, with their schema if that is not main
}

// Column is one column of a result.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // in the engine's own notation: BIGINT, DECIMAL(10,2), VARCHAR[], …
}

// Rows is a result while it is read. It is for one goroutine.
type Rows interface {
	Columns() []Column
	// Next reads up to a few thousand rows. It returns io.EOF after the last. The chunk is valid until the next call.
	Next(ctx context.Context) (Chunk, error)
	Close() error
}

// Chunk is a piece of a result, row by row: nil, bool, int64 (and smaller), uint64 (and smaller), float32, float64, *big.Int,
// Decimal, string, []byte, time.Time with the column's type saying what it is of it, [16]byte for UUID, or, for nested
// types, []any, *Object and JSON. The engine's adapter converts everything to these.
type Chunk [][]any
