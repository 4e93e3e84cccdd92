package duckdb

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations bring a file from each format to the next; its format is how many of them have run. One that has been
// released is never changed.
var migrations = []string{
	`CREATE SCHEMA helios;
	CREATE SCHEMA quarantine;
	CREATE TABLE helios.meta (format INTEGER NOT NULL);
	INSERT INTO helios.meta VALUES (0);
	CREATE TABLE helios.streams (
		source     VARCHAR PRIMARY KEY,
		arn        VARCHAR NOT NULL,
		created_at TIMESTAMP NOT NULL
	);
	CREATE TABLE helios.positions (
		source          VARCHAR NOT NULL,
		shard_id        VARCHAR NOT NULL,
		sequence_number VARCHAR NOT NULL, -- '': nothing taken
		taken           BIGINT NOT NULL,
		arrived_at      TIMESTAMP, -- of the record at the position
		finished        BOOLEAN NOT NULL,
		start_kind      VARCHAR NOT NULL,
		start_at        TIMESTAMP,
		PRIMARY KEY (source, shard_id)
	);
	CREATE TABLE helios.tables (
		name    VARCHAR PRIMARY KEY,
		version BIGINT NOT NULL,
		schema  JSON NOT NULL
	);
	CREATE TABLE helios.schema_changes (
		table_name  VARCHAR NOT NULL,
		version     BIGINT NOT NULL,
		changed_at  TIMESTAMP NOT NULL,
		kind        VARCHAR NOT NULL,
		column_name VARCHAR, -- as it is after the change
		column_type VARCHAR,
		reason      VARCHAR NOT NULL,
		change      JSON NOT NULL -- all of it
	);`,
	`CREATE TABLE helios.volumes ( -- what was ever committed to a table or its quarantine
		table_name VARCHAR NOT NULL,
		quarantine BOOLEAN NOT NULL,
		events     BIGINT NOT NULL,
		bytes      BIGINT NOT NULL, -- of their documents
		PRIMARY KEY (table_name, quarantine)
	);`,
	auditView,
	// Which store this is, for its backups: a copy of it is the same store.
	`CREATE TABLE helios.identity (id VARCHAR NOT NULL);
	INSERT INTO helios.identity SELECT uuid()::VARCHAR;`,
}

// migrate brings the file to the newest format, all or nothing.
func (db *DB) migrate(ctx context.Context) error {
	return db.write(ctx, func(ctx context.Context, conn *sql.Conn) error {
		var known bool
		const exists = `SELECT count(*) > 0 FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'helios' AND table_name = 'meta'`
		if err := conn.QueryRowContext(ctx, exists, catalog).Scan(&known); err != nil {
			return fmt.Errorf("read the file's format: %w", err)
		}
		format := 0
		if known {
			if err := conn.QueryRowContext(ctx, "SELECT format FROM helios.meta").Scan(&format); err != nil {
				return fmt.Errorf("read the file's format: %w", err)
			}
		}
		if format > len(migrations) {
			return newer(db.dir, fmt.Errorf("its format is %d, this version knows %d", format, len(migrations)))
		}
		for ; format < len(migrations); format++ {
			if _, err := conn.ExecContext(ctx, migrations[format]); err != nil {
				return fmt.Errorf("migrate to format %d: %w", format+1, err)
			}
			if _, err := conn.ExecContext(ctx, "UPDATE helios.meta SET format = ?", format+1); err != nil {
				return fmt.Errorf("migrate to format %d: %w", format+1, err)
			}
		}
		return nil
	})
}
