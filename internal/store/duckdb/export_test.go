package duckdb

import (
	"context"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// Query runs a SELECT and gives its values as storetest.Store says.
func (db *DB) Query(ctx context.Context, query string) ([][]any, error) {
	conn, err := db.queryConn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	var result [][]any
	for rows.Next() {
		row, into := make([]any, len(types)), make([]any, len(types))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i, t := range types {
			switch v := row[i].(type) {
			case time.Time:
				row[i] = v.UTC()
			case duckdb.UUID:
				row[i] = [16]byte(v)
			case []byte:
				if t.DatabaseTypeName() == "UUID" {
					row[i] = [16]byte(v)
				}
			}
		}
		result = append(result, row)
	}
	return result, rows.Err()
}

// PretendFull makes the store believe that its disk is full.
func (db *DB) PretendFull() {
	db.writing <- struct{}{}
	db.freeSpace = func(string) (int64, error) { return 0, nil }
	<-db.writing
}

// Checkpoint writes the write-ahead log into the file, as maintenance does.
func (db *DB) Checkpoint(ctx context.Context) error {
	if err := db.acquire(ctx); err != nil {
		return err
	}
	defer func() { <-db.writing }()
	return db.checkpoint(ctx)
}

// Compact makes a checkpoint that joins row groups.
func (db *DB) Compact(ctx context.Context) error {
	if err := db.acquire(ctx); err != nil {
		return err
	}
	defer func() { <-db.writing }()
	return db.compact(ctx)
}

// Bulky tells whether the store knows that its file holds a bulky text.
func (db *DB) Bulky() bool { return db.bulky }
