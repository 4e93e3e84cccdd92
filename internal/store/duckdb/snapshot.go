package duckdb

import (
	"context"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/fault"
)

var _ backup.Store = (*DB)(nil)

// Snapshot begins to read the store as it is now.
func (db *DB) Snapshot(context.Context) (backup.Snapshot, error) {
	return nil, fault.New(fault.Unavailable, "backups are not there yet")
}
