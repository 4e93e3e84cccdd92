package duckdb

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize"
)

// MemoryLimit is what DuckDB lets its buffers take, in bytes, to two or three digits: the limit in force, chosen or not.
func (db *DB) MemoryLimit(ctx context.Context) (int64, error) {
	var text string // "12.5 GiB"
	if err := db.pool.QueryRowContext(ctx, "SELECT current_setting('memory_limit')").Scan(&text); err != nil {
		return 0, fmt.Errorf("read DuckDB's memory limit: %w", err)
	}
	limit, err := humanize.ParseBytes(text)
	if err != nil {
		return 0, fmt.Errorf("DuckDB's memory limit: %w", err)
	}
	return int64(limit), nil
}

// Threads is how many threads DuckDB works with.
func (db *DB) Threads(ctx context.Context) (n int, err error) {
	err = db.pool.QueryRowContext(ctx, "SELECT current_setting('threads')").Scan(&n)
	return n, err
}
