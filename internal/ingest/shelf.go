package ingest

import (
	"context"
	"time"
)

// Shelf is a store as retention sees it: how much there is, and how the oldest of it leaves.
type Shelf interface {
	// Survey measures all tables and quarantines. It is told what has been committed since the last survey, so that it can
	// tell the bytes of one table from those of another.
	Survey(ctx context.Context, committed map[Part]Volume) (Survey, error)
	// DropOldest removes up to n of the oldest events of a part, of those that are older than before if that is not zero,
	// in one transaction, and tells how many there were. A part that is not there has none. It refuses, with
	// fault.Environment, while the disk is too full for the space to be used again.
	DropOldest(ctx context.Context, p Part, before time.Time, n int) (int, error)
}

// Part is what a retention is of: a table, or its quarantine.
type Part struct {
	Table      string
	Quarantine bool
}

// Volume is how many events there were, and the bytes of their documents.
type Volume struct{ Rows, Bytes int64 }

// Survey is how much a store holds at one moment.
type Survey struct {
	Parts map[Part]Extent
	Used  int64 // bytes of the data file that hold something
	Free  int64 // bytes that can still be written: of the file system, and those of the file that are free
}

// Extent is how much there is of a part. The age of a row is that of its arrival, the age of a quarantined event that of its
// quarantine: events that came late must not leave before anybody has seen them.
type Extent struct {
	Rows   int64
	Bytes  int64     // on disk, as far as it can be told: its share of what all parts occupy
	Oldest time.Time // zero for an empty part
	Newest time.Time // arrival, in a quarantine too; zero for an empty part
}
