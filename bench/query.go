package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/client"
)

const (
	smallRounds  = 300
	exportRounds = 3
	addedGoal    = 3 // ms
)

// export is a format of a result.
type export struct {
	name   string
	format client.Format
	copy   string // options with which DuckDB itself writes it to a file; "" for Arrow, which it does not write
}

var exports = []export{
	{"CSV", client.CSV, "(FORMAT csv, HEADER)"},
	{"NDJSON", client.NDJSON, "(FORMAT json)"},
	{"Parquet", client.Parquet, "(FORMAT parquet)"},
	{"Arrow", client.Arrow, ""},
}

// measureQueries asks the same of the server and of DuckDB, in turns, over the same rows: DuckDB has a copy of the file.
func measureQueries(ctx context.Context, b *bench) error {
	return b.withHistory(ctx, func(s *server) error {
		direct, err := b.openCopy(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = direct.Close() }()
		if err := b.small(ctx, s, direct); err != nil {
			return err
		}
		for _, e := range exports {
			if err := b.exportAs(ctx, s, direct, e); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				b.failed("export, "+e.name, err)
			}
		}
		return nil
	})
}

// openCopy opens a copy of the server's file, with the settings that a server has.
func (b *bench) openCopy(ctx context.Context) (*sql.DB, error) {
	path := b.scratch("copy.duckdb")
	from, err := os.Open(filepath.Join(b.historyDir, "helios.duckdb"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = from.Close() }()
	to, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(to, from); err != nil {
		return nil, errors.Join(err, to.Close())
	}
	if err := to.Close(); err != nil {
		return nil, err
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	for _, statement := range []string{
		fmt.Sprintf("SET threads = %d", runtime.GOMAXPROCS(0)),
		"ATTACH '" + path + "' AS db (READ_ONLY)",
		"USE db",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return db, nil
}

// small measures a query of a few rows, in turns.
func (b *bench) small(ctx context.Context, s *server, direct *sql.DB) error {
	const query = "SELECT event_id, event_type, occurred_at, country, load_ms FROM " + historyTable + " LIMIT 20"
	var api, duck []float64
	for range smallRounds {
		begin := time.Now()
		if _, err := s.Query(ctx, client.QueryRequest{SQL: query}); err != nil {
			return err
		}
		api = append(api, time.Since(begin).Seconds()*1000)
		begin = time.Now()
		if err := drain(ctx, direct, query); err != nil {
			return err
		}
		duck = append(duck, time.Since(begin).Seconds()*1000)
	}
	mine, base := quantile(api, 0.5), quantile(duck, 0.5)
	b.report.add(measured("query of 20 rows over the API, p50", mine, "ms").against(base))
	b.report.add(measured("query of 20 rows, added by the API, p50", mine-base, "ms").below(addedGoal))
	b.say("20 rows: %.2f ms over the API, %.2f ms by DuckDB", mine, base)
	return nil
}

// drain runs a query and reads its rows.
func drain(ctx context.Context, db *sql.DB, query string) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	row := make([]any, len(names))
	for i := range row {
		row[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(row...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// exportAs measures one format in turns with DuckDB's COPY of the same rows to a file. Both rates are of the bytes that
// Helios sends, so that the ratio is that of the times.
func (b *bench) exportAs(ctx context.Context, s *server, direct *sql.DB, as export) error {
	var columns []string
	for _, c := range b.file.Columns {
		columns = append(columns, quote(c.Name))
	}
	query := fmt.Sprintf("%s %s FROM %s LIMIT %d", "SELECT", strings.Join(columns, ", "), historyTable, b.export)
	var api, duck []float64
	var bytes int64
	for range exportRounds {
		begin := time.Now()
		sent, err := s.Export(ctx, client.QueryRequest{SQL: query, MaxRows: client.NoLimit, Timeout: time.Minute}, as.format, io.Discard)
		if err != nil {
			return err
		}
		if sent.Rows != int64(b.export) {
			return fmt.Errorf("%d rows came instead of %d", sent.Rows, b.export)
		}
		api, bytes = append(api, time.Since(begin).Seconds()), sent.Bytes
		if as.copy == "" {
			continue
		}
		path := b.scratch("export")
		begin = time.Now()
		if _, err := direct.ExecContext(ctx, "COPY ("+query+") TO '"+path+"' "+as.copy); err != nil {
			return err
		}
		duck = append(duck, time.Since(begin).Seconds())
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	megabytes := float64(bytes) / 1e6
	l := measured("export of "+figure(float64(b.export))+" rows, "+as.name, megabytes/quantile(api, 0.5), "MB/s")
	if as.copy != "" {
		l = l.against(megabytes / quantile(duck, 0.5))
	}
	b.report.add(l)
	b.say("export, %s: %.1f s for %.0f MB", as.name, quantile(api, 0.5), megabytes)
	return nil
}
