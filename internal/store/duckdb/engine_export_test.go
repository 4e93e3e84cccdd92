package duckdb

import "context"

// Exec runs statements on a connection of its own, unjudged.
func (db *DB) Exec(ctx context.Context, statements string) error {
	_, err := db.pool.ExecContext(ctx, statements)
	return err
}
