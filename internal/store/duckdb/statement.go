package duckdb

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// statement is prepared once for the connection that writes, and run with every transaction: parsing and planning take
// longer than what most of them do.
//
// While a worker of DuckDB has the only task of a statement, as it mostly has a COMMIT's, DuckDB's own way to wait is to
// ask again without pause. That took a third of a core from decoding, and locks from the worker. This one sleeps.
type statement struct {
	prepared mapping.PreparedStatement
}

func prepare(conn *sql.Conn, text string) (*statement, error) {
	connection, err := native(conn)
	if err != nil {
		return nil, err
	}
	var s statement
	if mapping.Prepare(connection, text, &s.prepared) == mapping.StateError {
		err := errors.New(mapping.PrepareError(s.prepared))
		s.close()
		return nil, fmt.Errorf("prepare %q: %w", text, err)
	}
	return &s, nil
}

func (s *statement) close() { mapping.DestroyPrepare(&s.prepared) }

// The pauses between two looks at a task that a worker has: quick at first, for a COMMIT of a few rows.
const (
	firstPause = 20 * time.Microsecond
	lastPause  = time.Millisecond
)

// run executes the statement, with one value for each of its parameters, and gives the number of rows that it changed.
func (s *statement) run(values ...mapping.Value) (int64, error) {
	for i, v := range values {
		if mapping.BindValue(s.prepared, mapping.IdxT(i+1), v) == mapping.StateError {
			return 0, errors.New(mapping.PrepareError(s.prepared))
		}
	}
	var pending mapping.PendingResult
	defer mapping.DestroyPending(&pending)
	if mapping.PendingPrepared(s.prepared, &pending) == mapping.StateError {
		return 0, errors.New(mapping.PendingError(pending))
	}
	for pause := firstPause; ; {
		state := mapping.PendingExecuteTask(pending)
		if state == mapping.PendingStateError {
			return 0, errors.New(mapping.PendingError(pending))
		}
		if state == mapping.PendingStateResultReady {
			break
		}
		if state == mapping.PendingStateNoTasksAvailable {
			<-time.After(pause)
			pause = min(2*pause, lastPause)
		}
	}
	var result mapping.Result
	defer mapping.DestroyResult(&result)
	if mapping.ExecutePending(pending, &result) == mapping.StateError {
		return 0, errors.New(mapping.ResultError(&result))
	}
	return int64(mapping.RowsChanged(&result)), nil
}

// writerStatements are those that the writer runs again and again.
type writerStatements struct {
	begin, commit, checkpoint *statement
	save                      *statement // savePositions
}

// prepareOwn prepares what a writer needs in any file, also in one that has no tables yet.
func (db *DB) prepareOwn() error {
	for text, into := range map[string]**statement{
		readWrite: &db.own.begin, "COMMIT": &db.own.commit, "CHECKPOINT " + catalog: &db.own.checkpoint,
	} {
		var err error
		if *into, err = prepare(db.writer, text); err != nil {
			return err
		}
	}
	return nil
}

func (w *writerStatements) close() {
	for _, s := range []*statement{w.begin, w.commit, w.checkpoint, w.save} {
		if s != nil {
			s.close()
		}
	}
}

// listValues are the parameters of a statement that takes a list for each column. They must be destroyed.
type listValues struct {
	values []mapping.Value
}

func (l *listValues) texts(of []string) {
	list(l, mapping.TypeVarchar, of, func(s string) mapping.Value { return mapping.CreateVarcharLength(s, mapping.IdxT(len(s))) })
}

func (l *listValues) ints(of []int64) { list(l, mapping.TypeBigInt, of, mapping.CreateInt64) }

func (l *listValues) bools(of []bool) { list(l, mapping.TypeBoolean, of, mapping.CreateBool) }

func (l *listValues) destroy() {
	for i := range l.values {
		mapping.DestroyValue(&l.values[i])
	}
}

func list[T any](l *listValues, t mapping.Type, of []T, value func(T) mapping.Value) {
	logical := mapping.CreateLogicalType(t)
	defer mapping.DestroyLogicalType(&logical)
	values := make([]mapping.Value, len(of))
	for i, v := range of {
		values[i] = value(v)
		defer mapping.DestroyValue(&values[i])
	}
	l.values = append(l.values, mapping.CreateListValue(logical, values))
}
