package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/helios-sql/helios/internal/auth"
)

const (
	// auditFunction is the table function under the view helios.audit. The guard lets no statement name it, so that the
	// view is the only way to it.
	auditFunction = "helios_audit"

	// auditView is made by a migration. What is no JSON is NULL there: one entry must not spoil the others.
	auditView = `CREATE VIEW helios.audit AS SELECT id, happened_at, actor_kind, actor_id, actor, address, action, target, outcome,
		TRY_CAST(detail AS JSON) AS detail, duration_ms FROM ` + auditFunction + `()`

	// auditPatience bounds the wait for one page, which nothing can interrupt.
	auditPatience = 10 * time.Second
)

// auditUnread begins the error of a statement whose audit log could not be read.
const auditUnread = "the audit log cannot be read"

// AuditLog is where helios.audit is read from, page by page, while a query runs.
type AuditLog interface {
	// SearchAudit gives up to Limit entries, newest first, and whether there are more. A page may be short when there are.
	SearchAudit(ctx context.Context, s auth.AuditSearch) (page []auth.Entry, more bool, err error)
}

// ShowAudit makes helios.audit tell what is in a log. Until then it is empty.
func (db *DB) ShowAudit(log AuditLog) { db.audit.Store(&log) }

// registerAudit gives the instance its audit function. Each reading asks the log page by page, so that it holds no more than
// one page, and nothing is left open when a query ends early.
func (db *DB) registerAudit(conn *sql.Conn) error {
	columns, err := auditColumns()
	if err != nil {
		return err
	}
	err = duckdb.RegisterTableUDF(conn, auditFunction, duckdb.ChunkTableFunction{
		BindArguments: func(map[string]any, ...any) (duckdb.ChunkTableSource, error) {
			return &auditReading{log: db.audit.Load(), columns: columns}, nil
		},
	})
	if err != nil {
		return fmt.Errorf("make helios.audit: %w", err)
	}
	return nil
}

func auditColumns() ([]duckdb.ColumnInfo, error) {
	var columns []duckdb.ColumnInfo
	for _, c := range []struct {
		name string
		t    duckdb.Type
	}{
		{"id", duckdb.TYPE_VARCHAR},
		{"happened_at", duckdb.TYPE_TIMESTAMP},
		{"actor_kind", duckdb.TYPE_VARCHAR},
		{"actor_id", duckdb.TYPE_VARCHAR},
		{"actor", duckdb.TYPE_VARCHAR},
		{"address", duckdb.TYPE_VARCHAR},
		{"action", duckdb.TYPE_VARCHAR},
		{"target", duckdb.TYPE_VARCHAR},
		{"outcome", duckdb.TYPE_VARCHAR},
		{"detail", duckdb.TYPE_VARCHAR},
		{"duration_ms", duckdb.TYPE_BIGINT},
	} {
		t, err := duckdb.NewTypeInfo(c.t)
		if err != nil {
			return nil, fmt.Errorf("the columns of helios.audit: %w", err)
		}
		columns = append(columns, duckdb.ColumnInfo{Name: c.name, T: t})
	}
	return columns, nil
}

// auditReading is one reading of the log, by one thread.
type auditReading struct {
	log     *AuditLog // nil: there is none
	columns []duckdb.ColumnInfo
	last    string // the id of the entry that was read last
	done    bool
}

// ColumnInfos names the columns.
func (r *auditReading) ColumnInfos() []duckdb.ColumnInfo { return r.columns }

// Cardinality is not known.
func (*auditReading) Cardinality() *duckdb.CardinalityInfo { return nil }

// Init begins the reading.
func (r *auditReading) Init() { r.last, r.done = "", r.log == nil }

// FillChunk reads the next page. DuckDB has called it from C: a panic must not get there.
func (r *auditReading) FillChunk(chunk duckdb.DataChunk) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: %v", auditUnread, p)
		}
	}()
	if r.done {
		return chunk.SetSize(0)
	}
	ctx, cancel := context.WithTimeout(context.Background(), auditPatience)
	defer cancel()
	limit := duckdb.GetDataChunkCapacity()
	page, more, err := (*r.log).SearchAudit(ctx, auth.AuditSearch{Before: r.last, Limit: limit})
	if err != nil {
		return fmt.Errorf("%s: %w", auditUnread, err)
	}
	if len(page) > limit {
		return fmt.Errorf("%s: it gave %d entries, not %d", auditUnread, len(page), limit)
	}
	for i, e := range page {
		if err := fillAudit(chunk, i, e); err != nil {
			return fmt.Errorf("%s: %w", auditUnread, err)
		}
		r.last = e.ID
	}
	r.done = !more
	return chunk.SetSize(len(page))
}

func fillAudit(chunk duckdb.DataChunk, row int, e auth.Entry) error {
	var detail any
	if e.Detail != nil {
		detail = string(e.Detail)
	}
	errs := []error{duckdb.SetChunkValue(chunk, 1, row, e.At.UTC()), duckdb.SetChunkValue(chunk, 10, row, e.DurationMS)}
	for column, text := range map[int]string{
		0: e.ID, 2: string(e.ActorKind), 3: e.ActorID, 4: e.Actor, 5: e.Address, 6: e.Action, 7: e.Target, 8: e.Outcome,
	} {
		errs = append(errs, duckdb.SetChunkValue(chunk, column, row, text))
	}
	return errors.Join(append(errs, chunk.SetValue(9, row, detail))...)
}
