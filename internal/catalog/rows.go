package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// now is the time as the catalog keeps it: in microseconds since 1970, UTC.
func now() int64 { return time.Now().UnixMicro() }

func moment(us int64) time.Time { return time.UnixMicro(us).UTC() }

// write runs f in a transaction. Errors that f gives a code keep it.
func (c *Catalog) write(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err == nil {
		defer func() { _ = tx.Rollback() }() // of no effect after a commit
		if err = f(tx); err == nil {
			err = tx.Commit()
		}
	}
	if err != nil && fault.CodeOf(err) == fault.Internal {
		return fmt.Errorf("use the catalog: %w", err)
	}
	return err
}

// querier is the database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// scanner is a row.
type scanner interface{ Scan(to ...any) error }

// list reads all rows of a statement.
func list[T any](ctx context.Context, q querier, statement string, scan func(scanner) (T, error), args ...any) ([]T, error) {
	var all []T
	err := each(ctx, q, statement, scan, func(v T) bool {
		all = append(all, v)
		return true
	}, args...)
	return all, err
}

// each reads the rows of a statement until take wants no more.
func each[T any](ctx context.Context, q querier, statement string, scan func(scanner) (T, error), take func(T) bool, args ...any) error {
	rows, err := q.QueryContext(ctx, statement, args...)
	if err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return fmt.Errorf("read the catalog: %w", err)
		}
		if !take(v) {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	return nil
}

func scanText(row scanner) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}
