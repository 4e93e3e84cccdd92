// Package schema says what a table looks like: its columns, the paths of the fields they hold, the types, and how a schema
// is inferred from a sample and may change while events arrive. It is pure: no clock, no store, no transport.
package schema

import "time"

// Type is the type of a column. The names are those of the SQL types.
type Type string

// The types.
const (
	Boolean   Type = "BOOLEAN"
	BigInt    Type = "BIGINT"
	HugeInt   Type = "HUGEINT" // 128 bits, signed
	Double    Type = "DOUBLE"
	Varchar   Type = "VARCHAR"
	Date      Type = "DATE"
	Timestamp Type = "TIMESTAMP" // UTC, microseconds
	UUID      Type = "UUID"
	JSON      Type = "JSON"
)

// Format says how a column's values are written in events, where its type leaves a choice.
type Format string

// The formats.
const (
	ISO8601     Format = ""         // of TIMESTAMP: a string; without zone it is UTC. Every other type has but this one, unless said
	EpochSecond Format = "epoch_s"  // of TIMESTAMP: a number of seconds since 1970, fraction allowed
	EpochMilli  Format = "epoch_ms" // of TIMESTAMP: a number of milliseconds since 1970
	Scalar      Format = "scalar"   // of VARCHAR: a string, or a number or boolean, which is kept as it is written
)

// Column is one column of a table.
type Column struct {
	Name   string   `json:"name"`
	Type   Type     `json:"type"`
	Path   []string `json:"path,omitempty"` // the field in the event; empty for a system column
	Format Format   `json:"format,omitempty"`
}

// System reports whether Helios itself fills the column.
func (c Column) System() bool { return len(c.Path) == 0 }

// The names of the system columns, which every table begins with, in this order.
const (
	ShardID        = "_shard_id"        // VARCHAR
	SequenceNumber = "_sequence_number" // VARCHAR: up to 56 digits
	PartitionKey   = "_partition_key"   // VARCHAR
	ArrivedAt      = "_arrived_at"      // TIMESTAMP
	IngestedAt     = "_ingested_at"     // TIMESTAMP
)

// SystemColumns are the columns that every table begins with.
func SystemColumns() []Column {
	return []Column{
		{Name: ShardID, Type: Varchar},
		{Name: SequenceNumber, Type: Varchar},
		{Name: PartitionKey, Type: Varchar},
		{Name: ArrivedAt, Type: Timestamp},
		{Name: IngestedAt, Type: Timestamp},
	}
}

// Evolve is the policy for fields that have no column.
type Evolve string

// The policies.
const (
	EvolveAdd   Evolve = "add"   // a new field becomes a new nullable column; types widen
	EvolveFixed Evolve = "fixed" // the schema stays; events that do not fit go to quarantine
)

// Defaults of a table's bounds.
const (
	DefaultMaxDepth   = 3   // names in a flattened path; objects below stay JSON
	DefaultMaxColumns = 500 // system columns included
)

// MaxPath bounds a field's path, in bytes of its names. Schemas are kept whole in memory, stored with each change and shown
// to people: a producer that uses texts for names must not make them large.
const MaxPath = 1024

// PathSize is the size of a path, in bytes of its names.
func PathSize(path []string) int {
	n := 0
	for _, name := range path {
		n += len(name)
	}
	return n
}

// Table is the schema of one table. Tables are values: a change makes a new one with a higher Version.
type Table struct {
	Name       string   `json:"name"`
	Columns    []Column `json:"columns"` // SystemColumns first
	Evolve     Evolve   `json:"evolve"`
	MaxDepth   int      `json:"max_depth"`
	MaxColumns int      `json:"max_columns"`
	// Ignore are the paths of fields that are read over, with all that is in them: they get no column and reject no event.
	Ignore  [][]string `json:"ignore"`
	Version int        `json:"version"` // 1 at creation, one more with every change
	// Inexact names the BIGINT and HUGEINT columns that hold an integer which a DOUBLE cannot hold exactly: they never
	// widen to DOUBLE. The store derives it from the rows when a table is loaded; it is not part of the stored schema.
	Inexact map[string]bool `json:"-"`
}

// ChangeKind is what happened to a schema.
type ChangeKind string

// The kinds of change.
const (
	Created   ChangeKind = "create"
	Added     ChangeKind = "add"
	Widened   ChangeKind = "widen"
	Ignored   ChangeKind = "ignore"   // a field is read over from now on; a column that it had stays, with the values of before
	Unignored ChangeKind = "unignore" // a field is read again
)

// Change is one recorded change of a table's schema.
type Change struct {
	Kind    ChangeKind `json:"kind"`
	Version int        `json:"version"`        // of the table after the change
	Column  Column     `json:"column"`         // as it is after the change; zero unless Added or Widened
	Path    []string   `json:"path,omitempty"` // that is Ignored or Unignored
	From    Type       `json:"from,omitempty"` // the type before a widening
	At      time.Time  `json:"at"`
	Reason  string     `json:"reason"` // a sentence
	// The first event that caused it; empty when a person did.
	ShardID  string `json:"shard_id,omitempty"`
	Sequence string `json:"sequence_number,omitempty"`
	Index    int64  `json:"record_index"`
}
