package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/helios-sql/helios/internal/ingest"
)

// QuarantinedSince counts the events of a table that were quarantined since a time and are still there, by steps, oldest
// first; steps without any are left out.
func (db *DB) QuarantinedSince(ctx context.Context, table string, since time.Time, step time.Duration) ([]ingest.Tick, error) {
	var ticks []ingest.Tick
	err := db.read(ctx, func(tx *sql.Conn) error {
		t, err := loadTable(ctx, tx, table)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, forTable(`SELECT epoch_us(quarantined_at) // ? AS step, count(*)
			FROM {table} WHERE quarantined_at >= make_timestamp(?) GROUP BY step ORDER BY step`, quarantineSchema, t.Name), step.Microseconds(), micros(since))
		if err != nil {
			return fmt.Errorf("quarantine of %s: %w", t.Name, err)
		}
		defer rows.Close()
		for rows.Next() {
			var number int64
			var tick ingest.Tick
			if err := rows.Scan(&number, &tick.Count); err != nil {
				return fmt.Errorf("quarantine of %s: %w", t.Name, err)
			}
			tick.At = time.UnixMicro(number * step.Microseconds()).UTC()
			ticks = append(ticks, tick)
		}
		return rows.Err()
	})
	return ticks, err
}
