package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

var _ ingest.Shelf = (*DB)(nil)

// ages are the columns that tell how old an event is, and when it arrived.
func ages(p ingest.Part) (schemaName, age, arrival string) {
	if p.Quarantine {
		return quarantineSchema, "quarantined_at", "arrived_at"
	}
	return mainSchema, "_arrived_at", "_arrived_at"
}

// Survey measures all tables and quarantines.
//
// DuckDB can tell the blocks of one table only by listing each of its segments: 6 µs and half a kilobyte for each, of which
// 100 GB have two million. So what all occupy is shared among the parts by their rows, and by the bytes that the documents of
// each had when they were committed. Rows that are deleted occupy their room until a checkpoint.
func (db *DB) Survey(ctx context.Context, committed map[ingest.Part]ingest.Volume) (ingest.Survey, error) {
	if err := db.noteVolumes(ctx, committed); err != nil {
		return ingest.Survey{}, err
	}
	s := ingest.Survey{Parts: map[ingest.Part]ingest.Extent{}}
	err := db.read(ctx, func(tx *sql.Conn) error {
		shares, err := measure(ctx, tx, &s)
		if err != nil {
			return err
		}
		var whole float64
		for _, share := range shares {
			whole += share.stored * share.weight
		}
		for p, share := range shares {
			e, err := extent(ctx, tx, p)
			if err != nil {
				return err
			}
			if whole > 0 {
				e.Bytes = int64(float64(s.Used) * float64(e.Rows) * share.weight / whole)
			}
			s.Parts[p] = e
		}
		return nil
	})
	if err != nil {
		return ingest.Survey{}, err
	}
	free, err := db.freeSpace(db.dir)
	s.Free += free
	return s, err
}

// noteVolumes adds what has been committed to what is remembered of each part.
func (db *DB) noteVolumes(ctx context.Context, committed map[ingest.Part]ingest.Volume) error {
	if len(committed) == 0 {
		return nil
	}
	return db.write(ctx, func(ctx context.Context, conn *sql.Conn) error {
		for p, v := range committed {
			_, err := conn.ExecContext(ctx, `INSERT INTO helios.volumes (table_name, quarantine, events, bytes)
				SELECT name, ?, ?, ? FROM helios.tables WHERE lower(name) = lower(?)
				ON CONFLICT DO UPDATE SET events = events + excluded.events, bytes = bytes + excluded.bytes`, p.Quarantine, v.Rows, v.Bytes, p.Table)
			if err != nil {
				return fmt.Errorf("volume of %s: %w", p.Table, err)
			}
		}
		return nil
	})
}

// share is a part's claim to the file: the rows that are stored, those deleted since the last checkpoint among them, and how
// much one of them weighs.
type share struct{ stored, weight float64 }

// measure finds how much of the file is in use, and who shares it. A part of which no volume is known weighs as the mean.
func measure(ctx context.Context, tx *sql.Conn, s *ingest.Survey) (map[ingest.Part]share, error) {
	const file = `SELECT used_blocks * block_size, free_blocks * block_size FROM pragma_database_size() WHERE database_name = ?`
	if err := tx.QueryRowContext(ctx, file, catalog).Scan(&s.Used, &s.Free); err != nil {
		return nil, fmt.Errorf("size of the data file: %w", err)
	}
	rows, err := tx.QueryContext(ctx, `SELECT t.name, d.schema_name = 'quarantine', d.estimated_size,
			greatest(coalesce(v.bytes / v.events, avg(v.bytes / v.events) OVER (), 1), 1)
		FROM helios.tables t JOIN duckdb_tables() d ON d.table_name = t.name
		LEFT JOIN helios.volumes v ON v.table_name = t.name AND v.quarantine = (d.schema_name = 'quarantine') AND v.events > 0
		WHERE d.database_name = ? AND d.schema_name IN ('main', 'quarantine')`, catalog)
	if err != nil {
		return nil, fmt.Errorf("sizes of tables: %w", err)
	}
	defer rows.Close()
	shares := map[ingest.Part]share{}
	for rows.Next() {
		var p ingest.Part
		var of share
		if err := rows.Scan(&p.Table, &p.Quarantine, &of.stored, &of.weight); err != nil {
			return nil, fmt.Errorf("sizes of tables: %w", err)
		}
		shares[p] = of
	}
	return shares, rows.Err()
}

// extent counts a part and finds its ends. ORDER BY … LIMIT passes over the row groups that cannot hold them, which min and
// max do no longer once rows have been deleted.
func extent(ctx context.Context, tx *sql.Conn, p ingest.Part) (ingest.Extent, error) {
	schemaName, age, arrival := ages(p)
	var e ingest.Extent
	var oldest, newest sql.NullTime
	err := tx.QueryRowContext(ctx, forTable(`SELECT (SELECT count(*) FROM {table}),
		(SELECT `+age+` FROM {table} ORDER BY `+age+` LIMIT 1), (SELECT `+arrival+` FROM {table} ORDER BY `+arrival+` DESC LIMIT 1)`,
		schemaName, p.Table)).Scan(&e.Rows, &oldest, &newest)
	if err != nil {
		return e, fmt.Errorf("extent of %s: %w", in(schemaName, p.Table), err)
	}
	e.Oldest, e.Newest = oldest.Time.UTC(), newest.Time.UTC()
	return e, nil
}

// dropBound is how many events leave at once at most: ORDER BY … LIMIT keeps to a heap, and passes over row groups, as long
// as the limit is no larger.
const dropBound = 5000

// DropOldest removes up to n of the oldest events of a part, or the first few thousand of them. Who they are is found beside
// the writer, which only deletes.
func (db *DB) DropOldest(ctx context.Context, p ingest.Part, before time.Time, n int) (int, error) {
	if err := db.room(); err != nil {
		return 0, err
	}
	schemaName, age, _ := ages(p)
	n = min(n, dropBound)
	last, err := db.nthOldest(ctx, p, n)
	if err != nil || last.IsZero() {
		return 0, err
	}
	if !before.IsZero() {
		last = earlier(last, before.Add(-time.Microsecond))
	}
	var gone int64
	err = db.write(ctx, func(ctx context.Context, conn *sql.Conn) error {
		result, err := conn.ExecContext(ctx, forTable(`DELETE FROM {table} WHERE rowid IN
			(SELECT rowid FROM {table} WHERE `+age+` <= make_timestamp(?) LIMIT ?)`, schemaName, p.Table), micros(last), n)
		if err == nil {
			gone, err = result.RowsAffected()
		}
		if err != nil {
			return fmt.Errorf("drop the oldest of %s: %w", in(schemaName, p.Table), err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	db.noteGrowth(ctx)
	return int(gone), nil
}

// nthOldest is the age of the n-th oldest event of a part, or of the last when there are fewer; zero if there is none.
func (db *DB) nthOldest(ctx context.Context, p ingest.Part, n int) (time.Time, error) {
	schemaName, age, _ := ages(p)
	var last sql.NullTime
	err := db.read(ctx, func(tx *sql.Conn) error {
		t, err := loadTable(ctx, tx, p.Table)
		if fault.CodeOf(err) == fault.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		err = tx.QueryRowContext(ctx, forTable(`SELECT max(age) FROM (SELECT `+age+` AS age FROM {table} ORDER BY age LIMIT ?)`, schemaName, t.Name), n).Scan(&last)
		if err != nil {
			return fmt.Errorf("oldest of %s: %w", in(schemaName, t.Name), err)
		}
		return nil
	})
	return last.Time, err
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// room refuses to delete when no checkpoint could follow: deleting would only make the log longer.
func (db *DB) room() error {
	size, err := db.walSize()
	if err != nil {
		return err
	}
	if free, err := db.freeSpace(db.dir); err != nil || free < 2*size+reserve {
		return fault.New(fault.Environment, "nothing can be deleted from %s: %w", db.dir, errors.Join(errNoRoom, err)).
			WithHint("free some space on its disk: room to write is needed before room can be made")
	}
	return nil
}
