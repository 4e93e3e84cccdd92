package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/store/duckdb/guard"
)

// maxStatement bounds the text of a statement, in bytes: its tree is some thirty times larger.
const maxStatement = 256 << 10

// interruptEvery is how often an interrupt is repeated: DuckDB forgets one that comes between two steps.
const interruptEvery = 50 * time.Millisecond

var rules = guard.Guard{Catalog: catalog, Schemas: []string{"main", "quarantine", "helios"}}

// openParser opens a DuckDB of its own, empty and in memory, that parses statements for the guard. Nothing else will do:
// preparing two statements executes the first.
func openParser(ctx context.Context) (*sql.DB, error) {
	life := context.WithoutCancel(ctx)
	var once sync.Once
	connector, err := duckdb.NewConnector("", func(conn driver.ExecerContext) (err error) {
		once.Do(func() {
			_, err = conn.ExecContext(life, "SET threads = 1; SET enable_external_access = false; SET lock_configuration = true", nil)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("start DuckDB's parser: %w", err)
	}
	return sql.OpenDB(connector), nil
}

// Check parses one statement and judges it: see query.Engine. It executes nothing.
func (db *DB) Check(ctx context.Context, text string, scope query.Scope) (query.Statement, error) {
	switch {
	case len(text) > maxStatement:
		return query.Statement{}, fault.New(fault.TooLarge, "a statement may be %d bytes long, not %d", maxStatement, len(text))
	case !utf8.ValidString(text) || strings.Contains(text, "\x00"):
		return query.Statement{}, fault.New(fault.Invalid, "the statement is not text: it has a NUL or is not UTF-8")
	}
	_, rest := guard.Explain(text)
	// In place of EXPLAIN stand blanks, so that positions stay what they are.
	padded := strings.Repeat(" ", len(text)-len(rest)) + rest
	var tree string
	err := db.parser.QueryRowContext(ctx,
		"SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true, skip_default := true)::VARCHAR", padded).Scan(&tree)
	if err != nil {
		return query.Statement{}, db.explain(fmt.Errorf("parse the statement: %w", err))
	}
	tables, err := rules.Check(padded, []byte(tree), scope)
	if err != nil {
		return query.Statement{}, err
	}
	return query.Statement{SQL: text, Tables: tables, Scope: scope}, nil
}

// Run starts a statement that passed Check: see query.Engine. It runs in a read-only transaction on a connection of its own.
func (db *DB) Run(ctx context.Context, s query.Statement, params any) (query.Rows, error) {
	conn, err := db.queryConn(ctx)
	if err != nil {
		return nil, err
	}
	r := &rows{db: db, conn: conn, ctxErr: ctx.Err}
	if err := r.start(ctx, s, params); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// native is the connection under a driver's. The driver has no door to it, but neither has it one to streamed results: it
// holds a result whole.
func native(conn *sql.Conn) (mapping.Connection, error) {
	var c mapping.Connection
	err := conn.Raw(func(driverConn any) error {
		pointer := reflect.ValueOf(driverConn).Elem().FieldByName("conn").FieldByName("Ptr")
		if !pointer.IsValid() {
			return errors.New("the DuckDB driver has changed: its connection is not where it was")
		}
		c.Ptr = pointer.UnsafePointer()
		return nil
	})
	return c, err
}

// interruptOn interrupts what a connection does, from the moment that ctx ends until stop is called.
func interruptOn(ctx context.Context, c mapping.Connection) (stop func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		select {
		case <-ctx.Done():
		case <-done:
			return
		}
		again := time.NewTicker(interruptEvery)
		defer again.Stop()
		for {
			mapping.Interrupt(c)
			select {
			case <-again.C:
			case <-done:
				return
			}
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		running.Wait()
	})
}
