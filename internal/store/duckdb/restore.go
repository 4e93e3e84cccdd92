package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/schema"
)

// target is a store that is filled from a backup. It is an instance of its own, which nobody queries, and may read the files
// of its directory, but nothing else.
type target struct {
	dir      string
	lock     *os.File
	pool     *sql.DB
	conn     *sql.Conn
	engine   string
	existing []backup.Table // those that the store's format comes with
	closed   bool
}

// Restore makes a store in a directory, of the format that a backup has: whoever opens it next brings it up to date.
func Restore(ctx context.Context, dir string, of backup.Identity) (backup.Target, error) {
	if of.Format < 1 {
		return nil, fault.New(fault.Refused, "the backup is of a store of format %d, which there is not", of.Format)
	}
	if of.Format > len(migrations) {
		return nil, newer(dir, fmt.Errorf("its format is %d, this version knows %d", of.Format, len(migrations)))
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	lock, err := lockDir(ctx, dir, os.Getpid(), 0)
	if err != nil {
		return nil, err
	}
	t := &target{dir: dir, lock: lock}
	if err := t.open(ctx, of.Format); err != nil {
		return nil, errors.Join(t.explain(err), t.Close())
	}
	return t, nil
}

func (t *target) open(ctx context.Context, format int) error {
	life := context.WithoutCancel(ctx)
	// In this order: what could reach beyond the directory is closed last.
	statements := []string{
		"SET GLOBAL checkpoint_threshold = '64MB'",
		fmt.Sprintf("ATTACH %s AS %s (ROW_GROUP_SIZE %d, STORAGE_VERSION %s)",
			literal(filepath.Join(t.dir, fileName)), catalog, rowGroupSize, literal(storageVersion)),
		use,
		fmt.Sprintf("SET GLOBAL threads = %d", runtime.GOMAXPROCS(0)),
		"SET GLOBAL temp_directory = " + literal(filepath.Join(t.dir, tempName)),
		"SET GLOBAL TimeZone = 'UTC'",
		"SET GLOBAL autoinstall_known_extensions = false",
		"SET GLOBAL autoload_known_extensions = false",
		"SET GLOBAL allow_community_extensions = false",
		// Under both names: patterns are judged as they are written.
		"SET GLOBAL allowed_directories = [" + literal(t.dir) + ", " + literal(globbed.Replace(t.dir)) + "]",
		"SET GLOBAL enable_external_access = false",
	}
	connector, err := duckdb.NewConnector("", func(conn driver.ExecerContext) error {
		for _, s := range statements {
			if _, err := conn.ExecContext(life, s, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("start DuckDB: %w", err)
	}
	t.pool = sql.OpenDB(connector)
	if t.conn, err = t.pool.Conn(ctx); err != nil {
		return cannotOpen(t.dir, err)
	}
	if err := os.Chmod(filepath.Join(t.dir, fileName), 0o600); err != nil { // before there is anything in it
		return unwritable(t.dir, err)
	}
	if err := new(DB).registerAudit(t.conn); err != nil { // a view of the format names it; nobody reads that here
		return err
	}
	return t.transact(ctx, func() error {
		for i, statement := range migrations[:format] {
			if _, err := t.conn.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("make format %d: %w", i+1, err)
			}
		}
		if _, err := t.conn.ExecContext(ctx, "UPDATE helios.meta SET format = ?", format); err != nil {
			return fmt.Errorf("make format %d: %w", format, err)
		}
		var version string
		if err := t.conn.QueryRowContext(ctx, "SELECT version()").Scan(&version); err != nil {
			return fmt.Errorf("version of DuckDB: %w", err)
		}
		t.engine = engineName(version)
		t.existing, err = snapshotTables(ctx, t.conn)
		return err
	})
}

// transact runs f in a transaction.
func (t *target) transact(ctx context.Context, f func() error) error {
	_, err := t.conn.ExecContext(ctx, readWrite)
	if err == nil {
		if err = f(); err == nil {
			_, err = t.conn.ExecContext(ctx, "COMMIT")
		}
	}
	if err != nil {
		_, _ = t.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // the first error is the one to tell
	}
	return t.explain(err)
}

// Engine implements backup.Target.
func (t *target) Engine() string { return t.engine }

// types are those that columns of a backup may have: their names become a part of statements.
var types = []string{
	string(schema.Boolean), string(schema.BigInt), string(schema.HugeInt), string(schema.Double), string(schema.Varchar),
	string(schema.Date), string(schema.Timestamp), string(schema.UUID), string(schema.JSON), string(blob), "INTEGER",
}

// Create implements backup.Target. Tables that the format comes with are emptied, and must be what the backup says.
func (t *target) Create(ctx context.Context, tables []backup.Table) error {
	return t.transact(ctx, func() error {
		for _, table := range tables {
			if err := t.create(ctx, table); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *target) create(ctx context.Context, table backup.Table) error {
	names, definitions := []string{table.Name}, make([]string, len(table.Columns))
	for i, c := range table.Columns {
		if !slices.Contains(types, c.Type) {
			return fault.New(fault.Refused, "the backup has a column %s of type %.40q in %s, which no table of Helios has", c.Name, c.Type, table.Name)
		}
		names = append(names, c.Name)
		definitions[i] = quote(c.Name) + " " + c.Type
		if c.Required {
			definitions[i] += " NOT NULL"
		}
	}
	for _, name := range names {
		if name == "" || strings.ContainsRune(name, 0) {
			return fault.New(fault.Refused, "the backup has a table or column named %q", name)
		}
	}
	statement := filled("CREATE TABLE {table} ({columns})", "{table}", place(table), "{columns}", strings.Join(definitions, ", "))
	if table.Kind == backup.System {
		if !slices.ContainsFunc(t.existing, func(e backup.Table) bool { return e.Name == table.Name && slices.Equal(e.Columns, table.Columns) }) {
			return fault.New(fault.Refused, "the backup has a system table %s that its format does not have", table.Name)
		}
		statement = "DELETE FROM " + place(table)
	}
	if _, err := t.conn.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("make %s: %w", place(table), err)
	}
	return nil
}

// Load implements backup.Target. A column that the file does not have, since it was added later, is NULL.
func (t *target) Load(ctx context.Context, table backup.Table, file string) (int64, error) {
	from := "read_parquet(" + literal(globbed.Replace(file)) + ", hive_partitioning = false)"
	var loaded int64
	err := t.transact(ctx, func() error {
		there, err := t.fileColumns(ctx, from)
		if err != nil {
			return err
		}
		var names, values []string
		for _, c := range table.Columns {
			if there[c.Name] {
				names = append(names, quote(c.Name))
				values = append(values, "CAST("+quote(c.Name)+" AS "+c.Type+")")
			}
		}
		if len(names) != len(there) {
			return fault.New(fault.Refused, "it has columns that %s does not have", place(table))
		}
		result, err := t.conn.ExecContext(ctx, filled("INSERT INTO {table} ({names}) SELECT {values} FROM {file}",
			"{table}", place(table), "{names}", strings.Join(names, ", "), "{values}", strings.Join(values, ", "), "{file}", from))
		if err == nil {
			loaded, err = result.RowsAffected()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("load rows of %s: %w", place(table), err)
	}
	return loaded, nil
}

// globbed makes a pattern that only the file itself matches.
var globbed = strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]")

func (t *target) fileColumns(ctx context.Context, from string) (map[string]bool, error) {
	rows, err := t.conn.QueryContext(ctx, filled("SELECT column_name FROM (DESCRIBE SELECT * FROM {file})", "{file}", from))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names[name] = true
	}
	return names, rows.Err()
}

// Print implements backup.Target.
func (t *target) Print(ctx context.Context, table backup.Table) (backup.Print, error) {
	parts, err := windows(ctx, t.conn, table, "true")
	if err != nil {
		return backup.Print{}, t.explain(err)
	}
	var all backup.Print
	for _, where := range parts {
		var rows int64
		var sums printSums
		statement := filled("SELECT {prints} FROM (SELECT {print} AS print FROM {table} WHERE {where})",
			"{prints}", prints, "{print}", rowPrint(table), "{table}", place(table), "{where}", where)
		if err := t.conn.QueryRowContext(ctx, statement).Scan(&rows, &sums.a, &sums.b); err != nil {
			return backup.Print{}, t.explain(fmt.Errorf("add up %s: %w", place(table), err))
		}
		all = all.Plus(sums.print(rows))
	}
	return all, nil
}

// Finish implements backup.Target. What the schemas say must be there.
func (t *target) Finish(ctx context.Context) error {
	tables, err := loadTables(ctx, t.conn)
	if err != nil {
		return t.explain(err)
	}
	there, err := snapshotTables(ctx, t.conn)
	if err != nil {
		return t.explain(err)
	}
	for _, table := range tables {
		if !slices.ContainsFunc(there, func(b backup.Table) bool { return b.Kind == backup.Events && b.Name == table.Name && fits(b, table) }) {
			return fault.New(fault.Refused, "the backup does not hold the table %s as its schema has it", table.Name)
		}
	}
	if _, err := t.conn.ExecContext(ctx, "CHECKPOINT "+catalog); err != nil {
		return t.explain(fmt.Errorf("checkpoint: %w", err))
	}
	return t.Close()
}

func fits(b backup.Table, table *schema.Table) bool {
	return slices.EqualFunc(b.Columns, table.Columns, func(b backup.Column, c schema.Column) bool { return b.Name == c.Name && b.Type == string(c.Type) })
}

// Close implements backup.Target.
func (t *target) Close() error {
	if t.closed {
		return nil
	}
	t.closed = true
	var errs []error
	if t.conn != nil {
		errs = append(errs, t.conn.Close())
	}
	if t.pool != nil {
		errs = append(errs, t.pool.Close())
	}
	errs = append(errs, os.RemoveAll(filepath.Join(t.dir, tempName)), t.lock.Close())
	return errors.Join(errs...)
}

// explain says so when what failed is the disk or the memory.
func (t *target) explain(err error) error {
	if err == nil || fault.CodeOf(err) != fault.Internal {
		return err
	}
	switch text := err.Error(); {
	case diskFull(text):
		return fault.New(fault.Environment, "the disk is full that holds %s", t.dir).WithHint("make room, or restore into another directory")
	case outOfMemory(err):
		message, _, _ := strings.Cut(text, "\n") // what follows advises to change settings
		return fault.New(fault.Unavailable, "the database has too little memory to restore: %s", message).WithHint("restore on a larger machine, or end what else runs on this one")
	default:
		return err
	}
}
