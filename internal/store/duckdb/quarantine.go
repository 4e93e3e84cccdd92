package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

// keyOrder is the order of quarantine keys. Sequence numbers are integers, written without leading zeros.
const keyOrder = "shard_id, length(sequence_number), sequence_number, record_index"

// pageBytes ends a page of quarantined events early.
const pageBytes = 16 << 20

// matching is the condition of a filter, without its table, and the condition's arguments.
func matching(f ingest.QuarantineFilter) (where string, args []any) {
	where = "true"
	if f.Reason != "" {
		where, args = where+" AND reason = ?", append(args, string(f.Reason))
	}
	if f.Field != nil {
		where, args = where+" AND coalesce(field, '') = ?", append(args, *f.Field)
	}
	if f.Search != "" {
		// A copy of the bytes is decoded: DuckDB's decode writes over what it replaces, in the table itself.
		where += " AND (contains(lower(message), lower(?)) OR contains(lower(decode(raw || ''::BLOB, 'replace')), lower(?)) OR sequence_number = ?)"
		text := strings.ToValidUTF8(f.Search, "\uFFFD")
		args = append(args, text, text, text)
	}
	if f.Key != nil {
		where += " AND shard_id = ? AND sequence_number = ? AND record_index = ?"
		args = append(args, f.Key.ShardID, f.Key.Sequence, f.Key.Index)
	}
	return where, args
}

// CountQuarantined counts the quarantined events that match.
func (db *DB) CountQuarantined(ctx context.Context, f ingest.QuarantineFilter) (int64, error) {
	where, args := matching(f)
	var n int64
	err := db.read(ctx, func(tx *sql.Conn) error {
		t, err := loadTable(ctx, tx, f.Table)
		if err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, forTable("SELECT count(*) FROM {table} WHERE ", quarantineSchema, t.Name)+where, args...).Scan(&n); err != nil {
			return fmt.Errorf("quarantine of %s: %w", t.Name, err)
		}
		return nil
	})
	return n, err
}

// DropQuarantined deletes the quarantined events that match.
func (db *DB) DropQuarantined(ctx context.Context, f ingest.QuarantineFilter) (int64, error) {
	if err := db.room(); err != nil {
		return 0, err
	}
	where, args := matching(f)
	var gone int64
	err := db.write(ctx, func(ctx context.Context, conn *sql.Conn) error {
		t, err := loadTable(ctx, conn, f.Table)
		if err != nil {
			return err
		}
		result, err := conn.ExecContext(ctx, forTable("DELETE FROM {table} WHERE ", quarantineSchema, t.Name)+where, args...)
		if err == nil {
			gone, err = result.RowsAffected()
		}
		if err != nil {
			return fmt.Errorf("delete from the quarantine of %s: %w", t.Name, err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	db.noteGrowth(ctx)
	return gone, nil
}

// Quarantined loads quarantined events by key.
func (db *DB) Quarantined(ctx context.Context, f ingest.QuarantineFilter, after *ingest.QuarantineKey, limit int) ([]ingest.Quarantined, error) {
	where, args := matching(f)
	if after != nil {
		where += " AND (" + keyOrder + ") > (?, ?, ?, ?)"
		args = append(args, after.ShardID, int64(len(after.Sequence)), after.Sequence, after.Index)
	}
	var events []ingest.Quarantined
	bytes := 0
	err := db.read(ctx, func(tx *sql.Conn) error {
		t, err := loadTable(ctx, tx, f.Table)
		if err != nil {
			return err
		}
		// The page is chosen by rowid, so that only its own raw bytes are read and sorted.
		page := where + " ORDER BY " + keyOrder + " LIMIT " + strconv.Itoa(limit)
		rows, err := tx.QueryContext(ctx, forTable(`SELECT quarantined_at, stream, shard_id, sequence_number, record_index, partition_key,
				arrived_at, reason, coalesce(field, ''), message, raw
			FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE `+page+`) ORDER BY `+keyOrder, quarantineSchema, t.Name), args...)
		if err != nil {
			return fmt.Errorf("quarantine of %s: %w", t.Name, err)
		}
		defer rows.Close()
		for rows.Next() {
			var q ingest.Quarantined
			q.Record = &event.Record{}
			if err := rows.Scan(&q.QuarantinedAt, &q.Stream, &q.Record.ShardID, &q.Record.Sequence, &q.Index, &q.PartitionKey, &q.Record.ArrivedAt,
				&q.Reason, &q.Field, &q.Message, &q.Data); err != nil {
				return fmt.Errorf("quarantine of %s: %w", t.Name, err)
			}
			q.Record.PartitionKey = q.PartitionKey
			events = append(events, q)
			if bytes += len(q.Data); bytes >= pageBytes {
				break
			}
		}
		return rows.Err()
	})
	return events, err
}

// QuarantineReasons counts the quarantined events of a table, or of all tables for "", by reason, the most frequent first.
func (db *DB) QuarantineReasons(ctx context.Context, table string) ([]ingest.ReasonCount, error) {
	return ofQuarantines(ctx, db, table, reasons)
}

// ofQuarantines is what `of` finds in the quarantine of a table, or of each table for "".
func ofQuarantines[T any](ctx context.Context, db *DB, table string, of func(ctx context.Context, tx *sql.Conn, table string) ([]T, error)) ([]T, error) {
	found := []T{}
	err := db.read(ctx, func(tx *sql.Conn) error {
		tables, err := loadTables(ctx, tx)
		if table != "" {
			var t *schema.Table
			t, err = loadTable(ctx, tx, table)
			tables = []*schema.Table{t}
		}
		if err != nil {
			return err
		}
		for _, t := range tables {
			more, err := of(ctx, tx, t.Name)
			if err != nil {
				return err
			}
			found = append(found, more...)
		}
		return nil
	})
	return found, err
}

func reasons(ctx context.Context, tx *sql.Conn, table string) ([]ingest.ReasonCount, error) {
	rows, err := tx.QueryContext(ctx, forTable(`SELECT reason, count(*), min(quarantined_at), max(quarantined_at), arg_max(message, quarantined_at)
		FROM {table} GROUP BY reason ORDER BY count(*) DESC, reason`, quarantineSchema, table))
	if err != nil {
		return nil, fmt.Errorf("quarantine of %s: %w", table, err)
	}
	defer rows.Close()
	var counts []ingest.ReasonCount
	for rows.Next() {
		c := ingest.ReasonCount{Table: table}
		if err := rows.Scan(&c.Reason, &c.Count, &c.First, &c.Last, &c.Example); err != nil {
			return nil, fmt.Errorf("quarantine of %s: %w", table, err)
		}
		counts = append(counts, c)
	}
	return counts, rows.Err()
}

// releaseKeys deletes exactly these events from a quarantine, or fails.
func releaseKeys(ctx context.Context, conn *sql.Conn, table string, keys []ingest.QuarantineKey) error {
	var shards, sequences []string
	var indexes []int64
	for _, k := range keys {
		shards, sequences, indexes = append(shards, k.ShardID), append(sequences, k.Sequence), append(indexes, k.Index)
	}
	result, err := conn.ExecContext(ctx, forTable(`DELETE FROM {table} WHERE (shard_id, sequence_number, record_index) IN
		(SELECT (unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::BIGINT[])))`, quarantineSchema, table), shards, sequences, indexes)
	if err != nil {
		return fmt.Errorf("release from the quarantine of %s: %w", table, err)
	}
	gone, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("release from the quarantine of %s: %w", table, err)
	}
	if gone != int64(len(keys)) {
		return fault.New(fault.Conflict, "%d events were to leave the quarantine of %s, %d were there", len(keys), table, gone).
			WithHint("somebody else has replayed them: look at the quarantine again")
	}
	return nil
}

// quarantineRows makes columns of rejected events, in the order of quarantineColumns.
func quarantineRows(b *ingest.Batch) []columns.Vector {
	v := make([]columns.Vector, 11)
	texts := func(i int, s string) {
		v[i].Type = schema.Varchar
		v[i].Text = append(v[i].Text, strings.ToValidUTF8(s, "\uFFFD")...)
		v[i].Ends = append(v[i].Ends, len(v[i].Text))
		v[i].Null = append(v[i].Null, false)
	}
	ints := func(i int, t schema.Type, n int64) {
		v[i].Type = t
		v[i].Ints = append(v[i].Ints, n)
		v[i].Null = append(v[i].Null, false)
	}
	at := micros(b.At)
	for i := range b.Rejected {
		r := &b.Rejected[i]
		ints(0, schema.Timestamp, at)
		texts(1, b.Stream)
		texts(2, r.Record.ShardID)
		texts(3, r.Record.Sequence)
		ints(4, schema.BigInt, r.Index)
		texts(5, r.PartitionKey)
		ints(6, schema.Timestamp, micros(r.Record.ArrivedAt))
		texts(7, string(r.Reason))
		texts(8, r.Field)
		v[8].Null[i] = r.Field == ""
		texts(9, r.Message)
		v[10].Type = blob
		v[10].Text = append(v[10].Text, r.Data...)
		v[10].Ends = append(v[10].Ends, len(v[10].Text))
		v[10].Null = append(v[10].Null, false)
	}
	return v
}

// micros is a time as DuckDB's TIMESTAMP: microseconds since 1970-01-01 UTC.
func micros(t time.Time) int64 { return t.UnixMicro() }
