package backup

import (
	"context"
	"math"
	"time"

	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
)

// Store is what holds the rows and the positions.
type Store interface {
	// Snapshot begins to read the store as it is now. Who has it closes it soon: the store grows meanwhile.
	Snapshot(ctx context.Context) (Snapshot, error)
}

// Snapshot is a store at one moment. It is used by one goroutine at a time.
type Snapshot interface {
	Identity() Identity
	// Tables lists all that is to be kept, in an order that does not change by itself.
	Tables() []Table
	// Cells adds up the rows of a table with a time in [from, to), step by step, by time; steps without rows are left out.
	Cells(ctx context.Context, t Table, span Span, step time.Duration) ([]Cell, error)
	// Rows reads the rows of a table with a time in the span; of a table without a Time column all of them.
	Rows(ctx context.Context, t Table, span Span) (query.Rows, error)
	Close() error
}

// Identity is which store it is, and what reads it.
type Identity struct {
	Store  string `json:"store"`  // made once with the store, kept by its backups
	Format int    `json:"format"` // of the store's own tables
	Engine string `json:"engine"` // and its version: fingerprints of another engine cannot be compared
}

// Kind is which part of a store a table belongs to.
type Kind string

// The kinds.
const (
	Events     Kind = "events"
	Quarantine Kind = "quarantine"
	System     Kind = "system" // positions, schemas, their history
)

// kinds are all, in the order in which they are copied.
var kinds = []Kind{Events, Quarantine, System}

// Table is a table as the database has it.
type Table struct {
	Kind    Kind     `json:"kind"`
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
	Time    string   `json:"time,omitempty"` // the column that says when Helios wrote a row; of a system table none
}

func (t Table) key() string { return string(t.Kind) + " " + t.Name }

// Column is a column, its type as the engine writes it.
type Column struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Required bool   `json:"required,omitempty"` // never NULL
}

// Span is a span of time, [From, To), in microseconds since 1970.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Always is all of time.
var Always = Span{From: math.MinInt64, To: math.MaxInt64}

// Print is what a set of rows adds up to, in whatever order: sets that differ have different prints, but for a chance of 1 in
// 2^64.
type Print struct {
	Rows int64  `json:"rows"`
	A    uint64 `json:"a,string"`
	B    uint64 `json:"b,string"`
}

// Plus is the print of both sets together, which share no row.
func (p Print) Plus(q Print) Print { return Print{Rows: p.Rows + q.Rows, A: p.A + q.A, B: p.B + q.B} }

// Cell is the print of the rows of one step of time.
type Cell struct {
	Span
	Print
}

// Catalog is what remembers sources and accounts.
type Catalog interface {
	Sources(ctx context.Context) ([]ingest.Settings, error)
	// Snapshot copies the catalog into a new file, as it is at one moment.
	Snapshot(ctx context.Context, file string) error
}

// Target is a store that is being restored.
type Target interface {
	// Create makes the tables; those of the store's own format are there already.
	Create(ctx context.Context, tables []Table) error
	// Load adds the rows of a Parquet file to a table, all or none, and gives their number.
	Load(ctx context.Context, t Table, file string) (int64, error)
	// Print adds up all rows of a table.
	Print(ctx context.Context, t Table) (Print, error)
	// Finish writes all to the disk and closes the store.
	Finish(ctx context.Context) error
	// Close closes it as it is. After Finish it does nothing.
	Close() error
	// Engine is what reads it, and its version.
	Engine() string
}
