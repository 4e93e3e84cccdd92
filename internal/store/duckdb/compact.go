package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/schema"
)

const (
	// compactEvery is how often a checkpoint may also join row groups of few rows to larger ones, one place in a table at a
	// time: commits wait for it. DuckDB itself would do it with every checkpoint, wherever rows fall short of full groups;
	// that wrote every row of a bulk load, and most of a quick stream, a second time.
	compactEvery = 30 * time.Second

	// bulkyText is the length of a text in bytes from which on row groups are left as they are: a join of groups holds up to
	// 2,048 of its texts at a time, twice, beyond the memory limit. Whoever sends texts like that fills their groups quickly.
	bulkyText = 256 << 10
)

// The one setting that can be changed while the configuration is locked, and its values.
const (
	joinSetting = "max_vacuum_tasks"
	joinNone    = "SET GLOBAL " + joinSetting + " = 0"
	joinOne     = "SET GLOBAL " + joinSetting + " = 1"
)

// compact makes a checkpoint that joins row groups. The caller holds the writer.
func (db *DB) compact(ctx context.Context) error {
	if _, err := db.writer.ExecContext(ctx, joinOne); err != nil {
		return db.explain(fmt.Errorf("compact: %w", err))
	}
	err := db.checkpoint(ctx)
	if _, reset := db.writer.ExecContext(ctx, joinNone); reset != nil {
		err = errors.Join(err, fmt.Errorf("compact: %w", reset))
	}
	return err
}

// noteBulky takes down that there will be a bulky text. The caller holds the writer.
func (db *DB) noteBulky(vectors []columns.Vector) {
	for i := range vectors {
		if len(vectors[i].Text) < bulkyText {
			continue
		}
		from := 0
		for _, end := range vectors[i].Ends {
			db.bulky = db.bulky || end-from >= bulkyText
			from = end
		}
	}
}

// findBulky learns from the statistics of the columns whether the file holds a bulky text.
func (db *DB) findBulky(ctx context.Context) error {
	tables, err := loadTables(ctx, db.writer)
	if err != nil {
		return err
	}
	for _, t := range tables {
		texts := []string{"0"}
		for _, c := range t.Columns {
			if c.Type == schema.Varchar || c.Type == schema.JSON {
				texts = append(texts, longest(quote(c.Name)))
			}
		}
		main := forTable("SELECT greatest("+strings.Join(texts, ", ")+") FROM {table} LIMIT 1", mainSchema, t.Name)
		quarantine := forTable("SELECT "+longest("raw")+" FROM {table} LIMIT 1", quarantineSchema, t.Name)
		for _, query := range []string{main, quarantine} {
			var length sql.NullInt64 // no row: an empty table
			err := db.writer.QueryRowContext(ctx, query).Scan(&length)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return fmt.Errorf("longest text of %s: %w", t.Name, err)
			}
			db.bulky = db.bulky || length.Int64 >= bulkyText
		}
	}
	return nil
}

// longest is an expression for the length of a column's longest text, which DuckDB keeps among its statistics.
func longest(column string) string {
	return `coalesce(try_cast(regexp_extract(stats(` + column + `), 'Max String Length: (\d+)', 1) AS BIGINT), 0)`
}
