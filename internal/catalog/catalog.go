// Package catalog keeps what Helios itself must remember: the sources that people have added, their saved queries and
// dashboards, the queries they ran, and their accounts. It is a small SQLite file apart from the data, so that it survives a data file that is built anew. Its SQL
// and migrations use nothing that only SQLite has: a shared catalog in Postgres is to come.
package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver: SQLite in pure Go

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

// Catalog is an open catalog. It is safe for use by several goroutines.
type Catalog struct {
	db   *sql.DB
	path string
}

// File is the catalog's file in its directory.
const File = "catalog.sqlite"

// Open opens DIR/catalog.sqlite, makes it if it is missing, and brings it up to date. Errors are fault.Environment.
func Open(ctx context.Context, dir string) (*Catalog, error) {
	path := filepath.Join(dir, File)
	if err := private(path); err != nil {
		return nil, fault.New(fault.Environment, "cannot open the catalog %s: %w", path, err)
	}
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, fault.New(fault.Environment, "cannot open the catalog %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	c := &Catalog{db: db, path: path}
	if err := c.migrate(ctx); err != nil {
		_ = db.Close()
		if fault.CodeOf(err) != fault.Internal {
			return nil, err
		}
		return nil, fault.New(fault.Environment, "cannot open the catalog %s: %w", path, err).
			WithHint("nothing was changed: if the file is damaged restore it from a backup, or move it away and add the sources again: with their names and tables they go on where they stopped")
	}
	return c, nil
}

// dsn names the file, and how it is used. A transaction takes its lock when it begins, and waits for it: several processes may
// write, and one that has read first could not wait any more.
func dsn(path string) string {
	return uri(path, "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate")
}

func uri(path, query string) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query}).String()
}

// private makes the file if it is missing, and sees to it that nobody else on the machine reads it: it holds hashes of passwords.
// SQLite gives the files beside it the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// Close closes the catalog.
func (c *Catalog) Close() error { return c.db.Close() }

// migrations[i] brings a catalog from version i to i+1. They are never edited once released.
var migrations = []string{
	`CREATE TABLE sources (
		name     VARCHAR(63) PRIMARY KEY,
		settings TEXT NOT NULL
	)`,
	// Times are microseconds since 1970. definition is JSON as package board writes it; what is beside it is for finding.
	`CREATE TABLE saved_queries (
		id         VARCHAR(100) PRIMARY KEY,
		name       TEXT NOT NULL,
		definition TEXT NOT NULL,
		created_at BIGINT NOT NULL,
		updated_at BIGINT NOT NULL
	)`,
	`CREATE TABLE dashboards (
		id         VARCHAR(100) PRIMARY KEY,
		title      TEXT NOT NULL,
		definition TEXT NOT NULL,
		revision   BIGINT NOT NULL,
		created_at BIGINT NOT NULL,
		updated_at BIGINT NOT NULL
	)`,
	// The queries that dashboards show: none of them can be deleted.
	`CREATE TABLE dashboard_queries (
		dashboard_id VARCHAR(100) NOT NULL REFERENCES dashboards (id) ON DELETE CASCADE,
		query_id     VARCHAR(100) NOT NULL REFERENCES saved_queries (id),
		PRIMARY KEY (dashboard_id, query_id)
	)`,
	`CREATE INDEX dashboard_queries_by_query ON dashboard_queries (query_id)`,
	// What the settings declared when it was applied last.
	`CREATE TABLE declarations (
		kind       VARCHAR(20) NOT NULL,
		id         VARCHAR(100) NOT NULL,
		definition TEXT NOT NULL,
		PRIMARY KEY (kind, id)
	)`,
	// Ids rise with time. user_name is empty as long as there are no accounts.
	`CREATE TABLE query_history (
		id         VARCHAR(40) PRIMARY KEY,
		user_name  VARCHAR(255) NOT NULL,
		statement  TEXT NOT NULL,
		params     TEXT NOT NULL,
		started_at BIGINT NOT NULL,
		elapsed_ms BIGINT NOT NULL,
		row_count  BIGINT NOT NULL,
		byte_count BIGINT NOT NULL,
		outcome    VARCHAR(40) NOT NULL,
		error      TEXT NOT NULL
	)`,
	// tables is JSON: the names of those that may be read, or null for all. Hashes of secrets are SHA-256 in hexadecimal digits.
	`CREATE TABLE users (
		id            VARCHAR(40) PRIMARY KEY,
		email         VARCHAR(255) NOT NULL UNIQUE,
		role          VARCHAR(20) NOT NULL,
		tables        TEXT NOT NULL,
		disabled      SMALLINT NOT NULL,
		password_hash VARCHAR(255) NOT NULL,
		created_at    BIGINT NOT NULL,
		updated_at    BIGINT NOT NULL,
		signed_in_at  BIGINT NOT NULL
	)`,
	`CREATE TABLE sessions (
		id             VARCHAR(40) PRIMARY KEY,
		user_id        VARCHAR(40) NOT NULL REFERENCES users (id) ON DELETE CASCADE,
		hash           VARCHAR(64) NOT NULL UNIQUE,
		previous_hash  VARCHAR(64) NOT NULL,
		previous_until BIGINT NOT NULL,
		created_at     BIGINT NOT NULL,
		rotated_at     BIGINT NOT NULL,
		seen_at        BIGINT NOT NULL,
		address        TEXT NOT NULL,
		agent          TEXT NOT NULL
	)`,
	`CREATE INDEX sessions_by_user ON sessions (user_id)`,
	`CREATE INDEX sessions_by_previous_hash ON sessions (previous_hash)`,
	`CREATE TABLE tokens (
		id           VARCHAR(40) PRIMARY KEY,
		name         VARCHAR(100) NOT NULL,
		user_id      VARCHAR(40) REFERENCES users (id) ON DELETE CASCADE,
		hash         VARCHAR(64) NOT NULL UNIQUE,
		role         VARCHAR(20) NOT NULL,
		tables       TEXT NOT NULL,
		created_at   BIGINT NOT NULL,
		expires_at   BIGINT NOT NULL,
		last_used_at BIGINT NOT NULL
	)`,
	`CREATE INDEX tokens_by_user ON tokens (user_id)`,
	`CREATE TABLE links (
		hash       VARCHAR(64) PRIMARY KEY,
		kind       VARCHAR(20) NOT NULL,
		user_id    VARCHAR(40) REFERENCES users (id) ON DELETE CASCADE,
		created_at BIGINT NOT NULL,
		expires_at BIGINT NOT NULL
	)`,
	// Ids rise with time. Nothing is ever changed here.
	`CREATE TABLE audit (
		id          VARCHAR(40) PRIMARY KEY,
		at          BIGINT NOT NULL,
		actor_kind  VARCHAR(20) NOT NULL,
		actor_id    VARCHAR(40) NOT NULL,
		actor       TEXT NOT NULL,
		address     TEXT NOT NULL,
		action      VARCHAR(64) NOT NULL,
		target      TEXT NOT NULL,
		outcome     VARCHAR(40) NOT NULL,
		detail      TEXT NOT NULL,
		duration_ms BIGINT NOT NULL
	)`,
	`CREATE INDEX audit_by_time ON audit (at)`,
	// An OpenID Connect provider knows a user as a subject. sealed is what it gave for a session, encrypted with the session's secret.
	`ALTER TABLE users ADD COLUMN issuer VARCHAR(255) NOT NULL DEFAULT ''`,
	`ALTER TABLE users ADD COLUMN subject VARCHAR(255) NOT NULL DEFAULT ''`,
	`CREATE UNIQUE INDEX users_by_subject ON users (issuer, subject) WHERE issuer <> ''`,
	`ALTER TABLE sessions ADD COLUMN issuer VARCHAR(255) NOT NULL DEFAULT ''`,
	`ALTER TABLE sessions ADD COLUMN sealed TEXT NOT NULL DEFAULT ''`,
	`ALTER TABLE sessions ADD COLUMN checked_at BIGINT NOT NULL DEFAULT 0`,
	// next_secret is the present secret of a session, encrypted with the one before, until it is used first.
	`ALTER TABLE sessions ADD COLUMN next_secret TEXT NOT NULL DEFAULT ''`,
	`ALTER TABLE users ADD COLUMN barred SMALLINT NOT NULL DEFAULT 0`,
}

func (c *Catalog) migrate(ctx context.Context) error {
	if _, err := c.db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS catalog_version (version INTEGER NOT NULL)`); err != nil {
		return err
	}
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var version int
	switch err := tx.QueryRowContext(ctx, `SELECT version FROM catalog_version`).Scan(&version); {
	case errors.Is(err, sql.ErrNoRows):
		if _, err := tx.ExecContext(ctx, `INSERT INTO catalog_version (version) VALUES (0)`); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	if version > len(migrations) {
		return fault.New(fault.Environment, "the catalog was made by a newer Helios (version %d, this one knows %d)", version, len(migrations)).WithHint("run the newer Helios")
	}
	for _, m := range migrations[version:] {
		if _, err := tx.ExecContext(ctx, m); err != nil {
			return fmt.Errorf("migrate the catalog: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE catalog_version SET version = $1`, len(migrations)); err != nil {
		return err
	}
	return tx.Commit()
}

// Sources gives all sources, by name.
func (c *Catalog) Sources(ctx context.Context) ([]ingest.Settings, error) {
	rows, err := c.db.QueryContext(ctx, `SELECT settings FROM sources ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read the sources: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []ingest.Settings
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("read the sources: %w", err)
		}
		var s ingest.Settings
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return nil, fmt.Errorf("read the sources: %w", err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the sources: %w", err)
	}
	return all, nil
}

// SaveSource adds a source, or replaces the one of that name.
func (c *Catalog) SaveSource(ctx context.Context, s ingest.Settings) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("save source %s: %w", s.Name, err)
	}
	const upsert = `INSERT INTO sources (name, settings) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET settings = excluded.settings`
	if _, err := c.db.ExecContext(ctx, upsert, s.Name, string(text)); err != nil {
		return fmt.Errorf("save source %s: %w", s.Name, err)
	}
	return nil
}

// DeleteSource forgets a source. A missing one is no error.
func (c *Catalog) DeleteSource(ctx context.Context, name string) error {
	if _, err := c.db.ExecContext(ctx, `DELETE FROM sources WHERE name = $1`, name); err != nil {
		return fmt.Errorf("forget source %s: %w", name, err)
	}
	return nil
}
