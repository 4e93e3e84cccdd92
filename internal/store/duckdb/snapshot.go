package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/schema"
)

var _ backup.Store = (*DB)(nil)

const systemSchema = "helios"

// snapshot is one transaction that reads: rows, quarantine, schemas and positions are of one moment, however long it takes.
// Commits go on beside it, and what they write stays in the write-ahead log until it ends: checkpoints wait for it.
type snapshot struct {
	db       *DB
	conn     *sql.Conn
	identity backup.Identity
	tables   []backup.Table
	long     map[string]bool // columns that hold integers of 39 digits, by table and name
}

// Snapshot begins to read the store as it is now.
func (db *DB) Snapshot(ctx context.Context) (backup.Snapshot, error) {
	conn, err := db.queryConn(ctx)
	if err != nil {
		return nil, err
	}
	s := &snapshot{db: db, conn: conn, long: map[string]bool{}}
	if err = begin(ctx, conn); err == nil {
		err = s.look(ctx)
	}
	if err != nil {
		return nil, errors.Join(db.explain(err), s.Close())
	}
	return s, nil
}

// look learns what there is. DuckDB's transaction is of the moment of its first read, not of its BEGIN: this is it.
func (s *snapshot) look(ctx context.Context) error {
	const who = "SELECT (SELECT id FROM helios.identity), (SELECT format FROM helios.meta), version()"
	if err := s.conn.QueryRowContext(ctx, who).Scan(&s.identity.Store, &s.identity.Format, &s.identity.Engine); err != nil {
		return fmt.Errorf("read the store's identity: %w", err)
	}
	s.identity.Engine = engineName(s.identity.Engine)
	var err error
	if s.tables, err = snapshotTables(ctx, s.conn); err != nil {
		return err
	}
	for _, t := range s.tables {
		if err := s.findLong(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func engineName(version string) string { return "duckdb " + version }

// snapshotTables lists the tables of the file: those of events and their quarantine, and our own, but for the one that holds
// the format, which is told apart.
func snapshotTables(ctx context.Context, q querier) ([]backup.Table, error) {
	rows, err := q.QueryContext(ctx, `SELECT t.schema_name, t.table_name, c.column_name, c.data_type, NOT c.is_nullable
		FROM duckdb_tables() t JOIN duckdb_columns() c USING (database_name, schema_name, table_name)
		WHERE database_name = ? AND (schema_name IN ('main', 'quarantine') OR schema_name = 'helios' AND table_name <> 'meta')
		ORDER BY t.schema_name, t.table_name, c.column_index`, catalog)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	defer rows.Close()
	var tables []backup.Table
	for rows.Next() {
		var schemaName, name string
		var c backup.Column
		if err := rows.Scan(&schemaName, &name, &c.Name, &c.Type, &c.Required); err != nil {
			return nil, fmt.Errorf("list tables: %w", err)
		}
		t := backup.Table{Name: name}
		switch schemaName {
		case mainSchema:
			t.Kind, t.Time = backup.Events, schema.IngestedAt
		case quarantineSchema:
			t.Kind, t.Time = backup.Quarantine, "quarantined_at"
		default:
			t.Kind = backup.System
		}
		if n := len(tables); n == 0 || tables[n-1].Kind != t.Kind || tables[n-1].Name != t.Name {
			tables = append(tables, t)
		}
		last := &tables[len(tables)-1]
		last.Columns = append(last.Columns, c)
	}
	return tables, rows.Err()
}

// place names a table in SQL.
func place(t backup.Table) string {
	switch t.Kind {
	case backup.Events:
		return in(mainSchema, t.Name)
	case backup.Quarantine:
		return in(quarantineSchema, t.Name)
	default:
		return in(systemSchema, t.Name)
	}
}

// findLong finds the columns whose integers Parquet's decimals of 38 digits cannot hold: they are written as text.
func (s *snapshot) findLong(ctx context.Context, t backup.Table) error {
	bound := "'1" + strings.Repeat("0", 38) + "'::HUGEINT"
	for _, c := range t.Columns {
		if c.Type != string(schema.HugeInt) {
			continue
		}
		name := quote(c.Name)
		var long bool
		query := fmt.Sprintf("SELECT coalesce(max(%[1]s) >= %[2]s OR min(%[1]s) <= -%[2]s, false) FROM ", name, bound) + place(t)
		if err := s.conn.QueryRowContext(ctx, query).Scan(&long); err != nil {
			return fmt.Errorf("largest integers of %s: %w", t.Name, err)
		}
		s.long[place(t)+name] = long
	}
	return nil
}

// Identity implements backup.Snapshot.
func (s *snapshot) Identity() backup.Identity { return s.identity }

// Tables implements backup.Snapshot.
func (s *snapshot) Tables() []backup.Table { return s.tables }

// Cells implements backup.Snapshot.
func (s *snapshot) Cells(ctx context.Context, t backup.Table, span backup.Span, step time.Duration) ([]backup.Cell, error) {
	conditions, err := windows(ctx, s.conn, t, during(t, span))
	if err != nil {
		return nil, s.db.explain(err)
	}
	sums := map[int64]backup.Print{}
	for _, where := range conditions {
		if err := addUp(ctx, s.conn, t, where, step, sums); err != nil {
			return nil, s.db.explain(fmt.Errorf("add up %s: %w", place(t), err))
		}
	}
	cells := make([]backup.Cell, 0, len(sums))
	for _, from := range slices.Sorted(maps.Keys(sums)) {
		cells = append(cells, backup.Cell{Span: backup.Span{From: from, To: from + step.Microseconds()}, Print: sums[from]})
	}
	return cells, nil
}

// during is the condition that a row is of a span. Rows without a time are of all time, so that they are found.
func during(t backup.Table, span backup.Span) string {
	if t.Time == "" || span == backup.Always {
		return "true"
	}
	return fmt.Sprintf("%[1]s >= make_timestamp(%[2]d) AND %[1]s < make_timestamp(%[3]d)", quote(t.Time), span.From, span.To)
}

// Rows implements backup.Snapshot. A system table is small and always written anew: its rows are in one order, so that the
// same rows make the same file.
func (s *snapshot) Rows(ctx context.Context, t backup.Table, span backup.Span) (query.Rows, error) {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = quote(c.Name)
		if s.long[place(t)+names[i]] {
			names[i] += "::VARCHAR AS " + names[i]
		}
	}
	conditions, err := windows(ctx, s.conn, t, during(t, span))
	if err != nil {
		return nil, s.db.explain(err)
	}
	r := &snapshotRows{rows: rows{db: s.db, conn: s.conn, ctxErr: ctx.Err}}
	for _, where := range conditions {
		text := "SELECT " + strings.Join(names, ", ") + " FROM " + place(t) + " WHERE " + where
		if t.Kind == backup.System && len(conditions) == 1 {
			text += " ORDER BY ALL"
		}
		r.left = append(r.left, text)
	}
	if r.c, err = native(s.conn); err != nil {
		return nil, err
	}
	r.stop = interruptOn(ctx, r.c)
	if err := r.next(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// snapshotRows are the rows of one statement after another, all of the same columns. They leave the transaction as it is.
type snapshotRows struct {
	rows

	left []string
}

// next begins the next statement.
func (r *snapshotRows) next() error {
	r.ran = executed{statement: r.left[0]}
	r.left = r.left[1:]
	if err := r.execute(r.ran.statement, nil); err != nil {
		return err
	}
	if !r.describe() {
		return fault.New(fault.Internal, "a column has a type that cannot be read")
	}
	return nil
}

// Next implements query.Rows.
func (r *snapshotRows) Next() (arrow.RecordBatch, error) {
	for {
		batch, err := r.rows.Next()
		if !errors.Is(err, io.EOF) || len(r.left) == 0 {
			return batch, err
		}
		if err := r.next(); err != nil {
			return nil, err
		}
	}
}

// Close ends the statement.
func (r *snapshotRows) Close() error {
	mapping.DestroyResult(&r.result)
	mapping.DestroyPrepare(&r.prepared)
	r.stop()
	return nil
}

// Close ends the transaction.
func (s *snapshot) Close() error {
	err := giveBack(s.conn)
	s.db.noteBroken(err)
	return err
}
