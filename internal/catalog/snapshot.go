package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
)

// Snapshot copies the catalog into a new file, as it is at one moment, while others use it. It uses a connection of its own,
// which only reads, so that nobody waits.
func (c *Catalog) Snapshot(ctx context.Context, file string) error {
	copied, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // SQLite takes an empty file, and leaves its mode
	if err != nil {
		return fmt.Errorf("copy the catalog: %w", err)
	}
	if err := copied.Close(); err != nil {
		return fmt.Errorf("copy the catalog: %w", err)
	}
	db, err := sql.Open("sqlite", uri(c.path, "mode=ro&_pragma=busy_timeout(5000)&_pragma=synchronous(OFF)")) // a copy that a crash spoils is made anew
	if err != nil {
		return fmt.Errorf("copy the catalog: %w", err)
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", file)
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("copy the catalog: %w", err)
	}
	return nil
}
