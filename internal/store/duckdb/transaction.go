package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/schema"
)

const (
	readWrite = "BEGIN TRANSACTION"
	readOnly  = "BEGIN TRANSACTION READ ONLY"
)

// queryConn gives a connection for reading, to be given back by giveBack. The instance's configuration is locked, without
// access to files or network, and its time zone is UTC.
func (db *DB) queryConn(ctx context.Context) (*sql.Conn, error) {
	if db.isBroken() {
		return nil, errBroken
	}
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return nil, db.explain(fmt.Errorf("connect to DuckDB: %w", err))
	}
	return conn, nil
}

// begin begins a transaction that reads.
func begin(ctx context.Context, conn *sql.Conn) error {
	return beginBy(ctx, conn, func() error {
		_, err := conn.ExecContext(ctx, readOnly)
		return err
	})
}

// beginBy begins a transaction. When memory was short, the last one on the connection may be there still, and so may be one
// whose BEGIN failed.
func beginBy(ctx context.Context, conn *sql.Conn, begin func() error) error {
	if begin() == nil {
		return nil
	}
	_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // the second BEGIN is the judge
	if err := begin(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	return nil
}

// giveBack ends a transaction that has only read, and the loan of its connection, which is not lent again if that fails.
func giveBack(conn *sql.Conn) error {
	_, err := conn.ExecContext(context.Background(), "ROLLBACK")
	if err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // closes it
		return fmt.Errorf("end a query's transaction: %w", err)
	}
	return conn.Close()
}

// write runs f in one transaction of the connection that writes, which is f's alone meanwhile. Once begun it is not
// cancelled, since nobody could tell then whether it took place.
func (db *DB) write(ctx context.Context, f func(ctx context.Context, conn *sql.Conn) error) error {
	if err := db.acquire(ctx); err != nil {
		return err
	}
	defer func() { <-db.writing }()
	if db.isBroken() {
		return errBroken
	}
	ctx = context.WithoutCancel(ctx)
	err := beginBy(ctx, db.writer, func() error {
		_, err := db.own.begin.run()
		return err
	})
	if err == nil {
		// After a failure COMMIT may still report success, without the rows: only ROLLBACK will do.
		if err = f(ctx, db.writer); err == nil {
			if _, err = db.own.commit.run(); err == nil {
				return nil
			}
			err = fmt.Errorf("commit: %w", err)
		}
	}
	db.unlearn()
	if outOfMemory(err) {
		// Queries have taken all. What DuckDB then leaves of a transaction that writes cannot be trusted: there were rows
		// of a COMMIT that had failed, positions in conflict for ever, a crash. The file can be.
		db.giveUp(err)
	}
	_, rollback := db.writer.ExecContext(ctx, "ROLLBACK") // a failed COMMIT has mostly done so itself
	db.noteBroken(rollback)
	return db.explain(err)
}

// outOfMemory tells whether DuckDB's memory limit is what failed a statement. The appender's errors have no type, and those
// of COMMIT another one: the advice at the end is common to all.
func outOfMemory(err error) bool {
	return err != nil && strings.Contains(err.Error(), "performance/how_to_tune_workloads")
}

// acquire gets the writer. Whoever has it gives it back by taking the token out of db.writing.
func (db *DB) acquire(ctx context.Context) error {
	closed := fault.New(fault.Unavailable, "the data file has been closed")
	select {
	case <-db.closing:
		return closed
	default:
	}
	select {
	case db.writing <- struct{}{}:
		return nil
	case <-db.closing:
		return closed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// unlearn forgets what the writer knows of the file.
func (db *DB) unlearn() {
	db.tables = map[string]*schema.Table{}
	db.positions = map[string]map[string]event.Position{}
}

// read runs f in one transaction of another connection: what it reads is of one moment.
func (db *DB) read(ctx context.Context, f func(conn *sql.Conn) error) error {
	conn, err := db.queryConn(ctx)
	if err != nil {
		return err
	}
	err = begin(ctx, conn)
	if err == nil {
		err = f(conn)
	}
	db.noteBroken(giveBack(conn)) // of no other consequence: nothing was written
	return db.explain(err)
}
