package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

// The schemas of the file beside main, which holds the tables themselves.
const (
	mainSchema       = "main"
	quarantineSchema = "quarantine"
)

// quarantineColumns are the columns of every quarantine.
const quarantineColumns = `quarantined_at TIMESTAMP NOT NULL, stream VARCHAR NOT NULL, shard_id VARCHAR NOT NULL,
	sequence_number VARCHAR NOT NULL, record_index BIGINT NOT NULL, partition_key VARCHAR NOT NULL, arrived_at TIMESTAMP NOT NULL,
	reason VARCHAR NOT NULL, field VARCHAR, message VARCHAR NOT NULL, raw BLOB NOT NULL`

// key is what a table's name is looked up by: names differ by more than their case.
func key(name string) string { return strings.ToLower(name) }

// in names a table of a schema in SQL.
func in(schemaName, table string) string { return quote(schemaName) + "." + quote(table) }

// forTable fills the name of a table into a statement of ours, for {table}. The statement must hold no other name: it could
// hold {table} too.
func forTable(statement, schemaName, table string) string {
	return strings.ReplaceAll(statement, "{table}", in(schemaName, table))
}

// CreateTable makes a table and its quarantine, and records that.
func (db *DB) CreateTable(ctx context.Context, t *schema.Table, reason string) error {
	if err := checkNames(t); err != nil {
		return err
	}
	var definitions strings.Builder
	for i, c := range t.Columns {
		if i > 0 {
			definitions.WriteString(", ")
		}
		definitions.WriteString(quote(c.Name) + " " + string(c.Type))
	}
	return db.write(ctx, func(ctx context.Context, conn *sql.Conn) error {
		taken, err := nameTaken(ctx, conn, t.Name)
		if err != nil {
			return err
		}
		if taken != "" {
			return fault.New(fault.Conflict, "there is a table or view %s already", taken).WithHint("choose another name")
		}
		for _, statement := range []string{
			forTable("CREATE TABLE {table} (", mainSchema, t.Name) + definitions.String() + ")",
			forTable("CREATE TABLE {table} ("+quarantineColumns+")", quarantineSchema, t.Name),
		} {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("create table %s: %w", t.Name, err)
			}
		}
		if err := saveTable(ctx, conn, t); err != nil {
			return err
		}
		return saveChange(ctx, conn, t.Name, schema.Change{Kind: schema.Created, Version: t.Version, At: db.now().UTC(), Reason: reason})
	})
}

func checkNames(t *schema.Table) error {
	names := []string{t.Name}
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	for _, name := range names {
		if name == "" || !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
			return fault.New(fault.Invalid, "%q cannot be the name of a table or column", name)
		}
	}
	return nil
}

// nameTaken gives the name, as it was written, of the table or view that a new table would collide with, or "".
func nameTaken(ctx context.Context, conn *sql.Conn, name string) (string, error) {
	rows, err := conn.QueryContext(ctx, `SELECT table_name FROM information_schema.tables
		WHERE table_catalog = ? AND table_schema IN ('main', 'quarantine')`, catalog)
	if err != nil {
		return "", fmt.Errorf("list tables: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var other string
		if err := rows.Scan(&other); err != nil {
			return "", fmt.Errorf("list tables: %w", err)
		}
		if key(other) == key(name) {
			return other, nil
		}
	}
	return "", rows.Err()
}

// DropTable removes a table, its quarantine and its history. A missing one is no error.
func (db *DB) DropTable(ctx context.Context, name string) error {
	return db.write(ctx, func(ctx context.Context, conn *sql.Conn) error {
		t, err := loadTable(ctx, conn, name)
		if fault.CodeOf(err) == fault.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		delete(db.tables, key(name))
		for _, statement := range []string{
			forTable("DROP TABLE {table}", mainSchema, t.Name),
			forTable("DROP TABLE {table}", quarantineSchema, t.Name),
			"DELETE FROM helios.tables WHERE name = " + literal(t.Name),
			"DELETE FROM helios.schema_changes WHERE table_name = " + literal(t.Name),
			"DELETE FROM helios.volumes WHERE table_name = " + literal(t.Name),
		} {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("drop table %s: %w", t.Name, err)
			}
		}
		return nil
	})
}

// Table loads a table's schema. Inexact names the integer columns with a value beyond ±2^53, of which some a DOUBLE could
// hold: it errs on the side that loses nothing.
func (db *DB) Table(ctx context.Context, name string) (*schema.Table, error) {
	var t *schema.Table
	err := db.read(ctx, func(tx *sql.Conn) (err error) {
		if t, err = loadTable(ctx, tx, name); err != nil {
			return err
		}
		t.Inexact, err = inexact(ctx, tx, t)
		return err
	})
	return t, err
}

func inexact(ctx context.Context, tx *sql.Conn, t *schema.Table) (map[string]bool, error) {
	var names, tests []string
	for _, c := range t.Columns {
		if c.Type == schema.BigInt || c.Type == schema.HugeInt {
			names = append(names, c.Name)
			tests = append(tests, fmt.Sprintf("coalesce(min(%[1]s) < -9007199254740992 OR max(%[1]s) > 9007199254740992, false)", quote(c.Name)))
		}
	}
	beyond := make([]bool, len(names))
	found := make([]any, len(names))
	for i := range found {
		found[i] = &beyond[i]
	}
	inexact := map[string]bool{}
	if len(names) == 0 {
		return inexact, nil
	}
	extremes := "SELECT " + strings.Join(tests, ", ") + forTable(" FROM {table}", mainSchema, t.Name)
	if err := tx.QueryRowContext(ctx, extremes).Scan(found...); err != nil {
		return nil, fmt.Errorf("largest integers of %s: %w", t.Name, err)
	}
	for i, name := range names {
		if beyond[i] {
			inexact[name] = true
		}
	}
	return inexact, nil
}

// Tables loads all tables with their sizes, by name.
func (db *DB) Tables(ctx context.Context) ([]ingest.TableInfo, error) {
	infos := []ingest.TableInfo{}
	err := db.read(ctx, func(tx *sql.Conn) error {
		tables, err := loadTables(ctx, tx)
		if err != nil {
			return err
		}
		for _, t := range tables {
			info, err := tableInfo(ctx, tx, t)
			if err != nil {
				return err
			}
			infos = append(infos, info)
		}
		return nil
	})
	return infos, err
}

// TableInfo loads one table with its size; fault.NotFound if there is none.
func (db *DB) TableInfo(ctx context.Context, name string) (ingest.TableInfo, error) {
	var info ingest.TableInfo
	err := db.read(ctx, func(tx *sql.Conn) error {
		t, err := loadTable(ctx, tx, name)
		if err != nil {
			return err
		}
		info, err = tableInfo(ctx, tx, t)
		return err
	})
	return info, err
}

func tableInfo(ctx context.Context, tx *sql.Conn, t *schema.Table) (ingest.TableInfo, error) {
	info := ingest.TableInfo{Table: *t}
	for schemaName, into := range map[string]*int64{mainSchema: &info.Rows, quarantineSchema: &info.Quarantined} {
		if err := tx.QueryRowContext(ctx, forTable("SELECT count(*) FROM {table}", schemaName, t.Name)).Scan(into); err != nil {
			return info, fmt.Errorf("count %s: %w", t.Name, err)
		}
	}
	return info, nil
}

// History loads the changes of a table's schema, oldest first; fault.NotFound if there is no such table.
func (db *DB) History(ctx context.Context, name string) ([]schema.Change, error) {
	changes := []schema.Change{}
	err := db.read(ctx, func(tx *sql.Conn) error {
		t, err := loadTable(ctx, tx, name)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, "SELECT change::VARCHAR FROM helios.schema_changes WHERE table_name = ? ORDER BY version", t.Name)
		if err != nil {
			return fmt.Errorf("history of %s: %w", t.Name, err)
		}
		defer rows.Close()
		for rows.Next() {
			var text []byte
			var change schema.Change
			if err := errors.Join(rows.Scan(&text), json.Unmarshal(text, &change)); err != nil {
				return fmt.Errorf("history of %s: %w", t.Name, err)
			}
			changes = append(changes, change)
		}
		return rows.Err()
	})
	return changes, err
}

// querier is a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// loadTable loads the stored schema of one table; fault.NotFound if there is none.
func loadTable(ctx context.Context, q querier, name string) (*schema.Table, error) {
	tables, err := loadTables(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		if key(t.Name) == key(name) {
			return t, nil
		}
	}
	return nil, fault.New(fault.NotFound, "there is no table %s", name)
}

// loadTables loads the stored schemas of all tables, by name.
func loadTables(ctx context.Context, q querier) ([]*schema.Table, error) {
	rows, err := q.QueryContext(ctx, "SELECT schema::VARCHAR FROM helios.tables ORDER BY lower(name)")
	if err != nil {
		return nil, fmt.Errorf("load tables: %w", err)
	}
	defer rows.Close()
	var tables []*schema.Table
	for rows.Next() {
		var text []byte
		var t schema.Table
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("load tables: %w", err)
		}
		if err := json.Unmarshal(text, &t); err != nil {
			return nil, fmt.Errorf("load tables: %w", err)
		}
		if t.Ignore == nil { // saved before there was such a thing
			t.Ignore = [][]string{}
		}
		tables = append(tables, &t)
	}
	return tables, rows.Err()
}

func saveTable(ctx context.Context, conn *sql.Conn, t *schema.Table) error {
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("save table %s: %w", t.Name, err)
	}
	_, err = conn.ExecContext(ctx, `INSERT INTO helios.tables (name, version, schema) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET version = excluded.version, schema = excluded.schema`, t.Name, t.Version, string(text))
	if err != nil {
		return fmt.Errorf("save table %s: %w", t.Name, err)
	}
	return nil
}

func saveChange(ctx context.Context, conn *sql.Conn, table string, change schema.Change) error {
	text, err := json.Marshal(change)
	if err != nil {
		return fmt.Errorf("save change of %s: %w", table, err)
	}
	_, err = conn.ExecContext(ctx, `INSERT INTO helios.schema_changes (table_name, version, changed_at, kind, column_name, column_type, reason, change)
		VALUES (?, ?, ?, ?, nullif(?, ''), nullif(?, ''), ?, ?)`, table, change.Version, change.At.UTC(),
		string(change.Kind), change.Column.Name, string(change.Column.Type), change.Reason, string(text))
	if err != nil {
		return fmt.Errorf("save change of %s: %w", table, err)
	}
	return nil
}
