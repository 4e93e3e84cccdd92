package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

var _ ingest.Store = (*DB)(nil)

// Commit writes the batches in one transaction. It refuses, with fault.Internal, a shard state that lies before the stored
// one, and rows that were made for another version of their table.
func (db *DB) Commit(ctx context.Context, batches []*ingest.Batch) error {
	err := db.write(ctx, func(ctx context.Context, conn *sql.Conn) error {
		c := commit{db: db, conn: conn, appenders: map[[2]string]*appender{}, shards: map[shardKey]event.ShardState{}, fresh: map[shardKey]bool{}}
		defer c.close()
		for _, b := range batches {
			if err := c.batch(ctx, b); err != nil {
				return fmt.Errorf("source %s: %w", b.Source, err)
			}
		}
		return c.finish(ctx)
	})
	if err == nil {
		db.noteGrowth(ctx)
	}
	return err
}

// commit is a transaction under way.
type commit struct {
	db        *DB
	conn      *sql.Conn
	appenders map[[2]string]*appender // by schema and table
	shards    map[shardKey]event.ShardState
	fresh     map[shardKey]bool // those of shards that the file does not hold yet
}

type shardKey struct{ source, shard string }

func (c *commit) close() {
	for _, a := range c.appenders {
		a.close()
	}
}

// finish flushes the appenders and writes the shards' states, each once, as the last batch left it.
func (c *commit) finish(ctx context.Context) error {
	for name, a := range c.appenders {
		if err := a.flush(); err != nil {
			return fmt.Errorf("append to %s: %w", in(name[0], name[1]), err)
		}
	}
	return c.saveShards(ctx)
}

func (c *commit) batch(ctx context.Context, b *ingest.Batch) error {
	if b.Begin != nil {
		if err := c.begin(ctx, b.Source, b.Begin); err != nil {
			return err
		}
	}
	if err := c.table(ctx, b); err != nil {
		return err
	}
	forward := len(b.Shards) == 0
	for _, s := range b.Shards {
		ahead, err := c.move(ctx, b.Source, s)
		if err != nil {
			return err
		}
		forward = forward || ahead
	}
	if !forward && (b.Rows != nil && b.Rows.N > 0 || len(b.Rejected) > 0) {
		// So it looks when a COMMIT took place that had reported an error, and its batch comes again.
		return fault.New(fault.Internal, "rows that move no position: they are there already")
	}
	return nil
}

// begin forgets the shards of a source and remembers others instead.
func (c *commit) begin(ctx context.Context, source string, state *event.StreamState) error {
	if err := forget(ctx, c.conn, source); err != nil {
		return err
	}
	for k := range c.shards {
		if k.source == source {
			delete(c.shards, k)
		}
	}
	_, err := c.conn.ExecContext(ctx, "INSERT INTO helios.streams (source, arn, created_at) VALUES (?, ?, ?)", source, state.ARN, state.CreatedAt.UTC())
	if err != nil {
		return fmt.Errorf("remember the stream: %w", err)
	}
	c.db.positions[source] = map[string]event.Position{}
	for _, s := range state.Shards {
		if _, err := c.move(ctx, source, s); err != nil {
			return err
		}
	}
	return nil
}

// move takes down a shard's new state, and reports whether its position is ahead of what it was. None ever moves backwards:
// its rows would be written twice.
func (c *commit) move(ctx context.Context, source string, s event.ShardState) (ahead bool, err error) {
	positions, ok := c.db.positions[source]
	if !ok {
		state, begun, err := streamState(ctx, c.conn, source)
		if err != nil {
			return false, err
		}
		if !begun {
			return false, fault.New(fault.Internal, "a position of source %s, of which nothing is remembered", source)
		}
		positions = map[string]event.Position{}
		for _, known := range state.Shards {
			positions[known.ShardID] = known.Position
		}
		c.db.positions[source] = positions
	}
	before, known := positions[s.ShardID]
	if !known {
		c.fresh[shardKey{source, s.ShardID}] = true
	}
	step := s.Position.Compare(before)
	if step < 0 {
		return false, fault.New(fault.Internal, "shard %s would move back from %s+%d to %s+%d",
			s.ShardID, before.Sequence, before.Taken, s.Position.Sequence, s.Position.Taken)
	}
	positions[s.ShardID] = s.Position
	c.shards[shardKey{source, s.ShardID}] = s
	return step > 0, nil
}

// table writes what a batch holds for its table and for the table's quarantine.
func (c *commit) table(ctx context.Context, b *ingest.Batch) error {
	if b.Table == nil {
		if b.Rows != nil || len(b.Changes)+len(b.Rejected)+len(b.Release) > 0 {
			return fault.New(fault.Internal, "a batch with rows, and no table")
		}
		return nil
	}
	t, err := c.load(ctx, b.Table.Name)
	if err != nil {
		return err
	}
	if len(b.Changes) > 0 {
		if t, err = c.change(ctx, t, b); err != nil {
			return err
		}
	}
	if t.Version != b.Table.Version || !slices.EqualFunc(t.Columns, b.Table.Columns, sameColumn) {
		return fault.New(fault.Internal, "rows for version %d of table %s, which is at %d", b.Table.Version, t.Name, t.Version)
	}
	if b.Rows != nil && b.Rows.N > 0 {
		for i, v := range b.Rows.Vectors {
			if i < len(t.Columns) && v.Type != t.Columns[i].Type {
				return fault.New(fault.Internal, "values of type %s for column %s of table %s, which is %s", v.Type, t.Columns[i].Name, t.Name, t.Columns[i].Type)
			}
		}
		a, err := c.appender(mainSchema, t.Name)
		if err != nil {
			return err
		}
		c.db.noteBulky(b.Rows.Vectors)
		if err := a.append(b.Rows.Vectors, b.Rows.N); err != nil {
			return fmt.Errorf("append to %s: %w", t.Name, err)
		}
	}
	// What is released may come back, for another reason, under the key that it had: it leaves before anything enters.
	if len(b.Release) > 0 {
		if a, ok := c.appenders[[2]string{quarantineSchema, t.Name}]; ok { // what entered earlier in this transaction
			if err := a.flush(); err != nil {
				return fmt.Errorf("append to the quarantine of %s: %w", t.Name, err)
			}
		}
		if err := releaseKeys(ctx, c.conn, t.Name, b.Release); err != nil {
			return err
		}
	}
	if len(b.Rejected) > 0 {
		a, err := c.appender(quarantineSchema, t.Name)
		if err != nil {
			return err
		}
		rejected := quarantineRows(b)
		c.db.noteBulky(rejected)
		if err := a.append(rejected, len(b.Rejected)); err != nil {
			return fmt.Errorf("append to the quarantine of %s: %w", t.Name, err)
		}
	}
	return nil
}

func sameColumn(a, b schema.Column) bool { return a.Name == b.Name && a.Type == b.Type }

// load gives a table's schema as it is in this transaction.
func (c *commit) load(ctx context.Context, name string) (*schema.Table, error) {
	if t, ok := c.db.tables[key(name)]; ok {
		return t, nil
	}
	t, err := loadTable(ctx, c.conn, name)
	if err != nil {
		return nil, err
	}
	c.db.tables[key(name)] = t
	return t, nil
}

// change makes a batch's changes to its table.
func (c *commit) change(ctx context.Context, t *schema.Table, b *ingest.Batch) (*schema.Table, error) {
	if _, ok := c.appenders[[2]string{mainSchema, t.Name}]; ok {
		return nil, fault.New(fault.Internal, "table %s changes after rows were written in the same transaction", t.Name)
	}
	if err := checkNames(b.Table); err != nil {
		return nil, err
	}
	changed := t.Clone()
	for _, change := range b.Changes {
		alter, err := apply(changed, change)
		if err != nil {
			return nil, err
		}
		if changed.Version++; change.Version != changed.Version {
			return nil, fault.New(fault.Internal, "a change to version %d of table %s, which is at %d", change.Version, t.Name, changed.Version-1)
		}
		if alter != "" {
			if _, err := c.conn.ExecContext(ctx, forTable("ALTER TABLE {table} ", mainSchema, t.Name)+alter); err != nil {
				return nil, fmt.Errorf("change table %s: %w", t.Name, err)
			}
		}
		if err := saveChange(ctx, c.conn, t.Name, change); err != nil {
			return nil, err
		}
	}
	c.db.tables[key(t.Name)] = changed
	return changed, saveTable(ctx, c.conn, changed)
}

// appender gives the transaction's appender for a table.
func (c *commit) appender(schemaName, table string) (*appender, error) {
	name := [2]string{schemaName, table}
	if a, ok := c.appenders[name]; ok {
		return a, nil
	}
	a, err := newAppender(c.conn, schemaName, table)
	if err != nil {
		return nil, err
	}
	c.appenders[name] = a
	return a, nil
}

// savePositions takes a list for each of shardColumns.
const savePositions = `UPDATE helios.positions p
	SET sequence_number = n.sequence_number, taken = n.taken, arrived_at = n.arrived_at, finished = n.finished,
		start_kind = n.start_kind, start_at = n.start_at
	FROM (` + shardRows + `) n WHERE p.source = n.source AND p.shard_id = n.shard_id`

const insertPositions = `INSERT INTO helios.positions (source, shard_id, sequence_number, taken, arrived_at, finished, start_kind, start_at) ` + shardRows

const shardRows = `SELECT unnest($1::VARCHAR[]) AS source, unnest($2::VARCHAR[]) AS shard_id, unnest($3::VARCHAR[]) AS sequence_number,
	unnest($4::BIGINT[]) AS taken, nullif(make_timestamp(unnest($5::BIGINT[])), TIMESTAMP '0001-01-01') AS arrived_at,
	unnest($6::BOOLEAN[]) AS finished, unnest($7::VARCHAR[]) AS start_kind,
	nullif(make_timestamp(unnest($8::BIGINT[])), TIMESTAMP '0001-01-01') AS start_at`

// shardColumns are the states of shards, column by column, in the order of shardRows.
type shardColumns struct {
	sources, shards, sequences []string
	taken, arrivals            []int64
	finished                   []bool
	kinds                      []string
	starts                     []int64
}

func (c *shardColumns) add(k shardKey, s event.ShardState) {
	c.sources, c.shards, c.sequences = append(c.sources, k.source), append(c.shards, k.shard), append(c.sequences, s.Position.Sequence)
	c.taken, c.arrivals = append(c.taken, s.Position.Taken), append(c.arrivals, micros(s.ArrivedAt))
	c.finished = append(c.finished, s.Finished)
	c.kinds, c.starts = append(c.kinds, string(s.Start.Kind)), append(c.starts, micros(s.Start.At))
}

// saveShards writes the shards' states: those that the file holds by a prepared statement that costs half as much as an
// INSERT that might find them.
func (c *commit) saveShards(ctx context.Context) error {
	var known, fresh shardColumns
	for k, s := range c.shards {
		if c.fresh[k] {
			fresh.add(k, s)
		} else {
			known.add(k, s)
		}
	}
	if len(fresh.shards) > 0 {
		if _, err := c.conn.ExecContext(ctx, insertPositions, fresh.sources, fresh.shards, fresh.sequences,
			fresh.taken, fresh.arrivals, fresh.finished, fresh.kinds, fresh.starts); err != nil {
			return fmt.Errorf("save positions of new shards: %w", err)
		}
	}
	if len(known.shards) == 0 {
		return nil
	}
	var l listValues
	defer l.destroy()
	l.texts(known.sources)
	l.texts(known.shards)
	l.texts(known.sequences)
	l.ints(known.taken)
	l.ints(known.arrivals)
	l.bools(known.finished)
	l.texts(known.kinds)
	l.ints(known.starts)
	saved, err := c.db.own.save.run(l.values...)
	if err != nil {
		return fmt.Errorf("save positions: %w", err)
	}
	if saved != int64(len(known.shards)) {
		return fault.New(fault.Internal, "%d positions to save, of which the file holds %d", len(known.shards), saved)
	}
	return nil
}

// StreamState loads what is remembered of a source; the zero state if nothing is.
func (db *DB) StreamState(ctx context.Context, source string) (event.StreamState, error) {
	var state event.StreamState
	err := db.read(ctx, func(tx *sql.Conn) (err error) {
		state, _, err = streamState(ctx, tx, source)
		return err
	})
	return state, err
}

// streamState loads what is remembered of a source, if anything is.
func streamState(ctx context.Context, q querier, source string) (state event.StreamState, begun bool, err error) {
	rows, err := q.QueryContext(ctx, `SELECT arn, created_at, shard_id, coalesce(sequence_number, ''), coalesce(taken, 0), arrived_at,
			coalesce(finished, false), coalesce(start_kind, ''), start_at
		FROM helios.streams LEFT JOIN helios.positions USING (source) WHERE source = ? ORDER BY shard_id`, source)
	if err != nil {
		return state, false, fmt.Errorf("load positions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		begun = true
		var shard sql.NullString
		var arrived, at sql.NullTime
		var s event.ShardState
		if err := rows.Scan(&state.ARN, &state.CreatedAt, &shard, &s.Position.Sequence, &s.Position.Taken, &arrived, &s.Finished, &s.Start.Kind, &at); err != nil {
			return state, begun, fmt.Errorf("load positions: %w", err)
		}
		if shard.Valid { // else a stream without shards
			s.ShardID, s.ArrivedAt, s.Start.At = shard.String, arrived.Time, at.Time
			state.Shards = append(state.Shards, s)
		}
	}
	return state, begun, rows.Err()
}

// Forget removes what is remembered of a source.
func (db *DB) Forget(ctx context.Context, source string) error {
	return db.write(ctx, func(ctx context.Context, conn *sql.Conn) error {
		delete(db.positions, source)
		return forget(ctx, conn, source)
	})
}

func forget(ctx context.Context, conn *sql.Conn, source string) error {
	for _, statement := range []string{"DELETE FROM helios.streams WHERE source = ?", "DELETE FROM helios.positions WHERE source = ?"} {
		if _, err := conn.ExecContext(ctx, statement, source); err != nil {
			return fmt.Errorf("forget positions: %w", err)
		}
	}
	return nil
}
