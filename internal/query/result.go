package query

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/helios-sql/helios/internal/fault"
)

// Result is a result while it is read. It is for one goroutine, and must be closed.
type Result struct {
	service *Service
	id, sql string
	started time.Time
	limit   time.Duration
	maxRows int64
	cause   func() error // why the query's context ended
	cancel  context.CancelCauseFunc
	release func()

	admitted  atomic.Bool  // has a slot
	rows      atomic.Int64 // delivered
	stmt      Statement
	from      Rows
	ahead     arrow.RecordBatch // read, not delivered yet; nil at the end
	truncated bool
	closed    bool
	elapsed   time.Duration // once closed
}

// start waits for a slot, then judges, plans and runs the statement up to its first rows.
func (r *Result) start(ctx context.Context, req Request) error {
	select {
	case r.service.slots <- struct{}{}:
		r.admitted.Store(true)
	case <-ctx.Done():
		return ctx.Err()
	}
	var err error
	if r.stmt, err = r.service.engine.Check(ctx, req.SQL); err != nil {
		return err
	}
	if r.from, err = r.service.engine.Run(ctx, r.stmt, req.Params); err != nil {
		return err
	}
	return r.read()
}

// read fetches the batch after the one being delivered.
func (r *Result) read() error {
	batch, err := r.from.Next()
	if errors.Is(err, io.EOF) {
		r.ahead = nil
		return nil
	}
	if err != nil {
		return err
	}
	r.ahead = batch
	return nil
}

// ID names the query in Running and Cancel.
func (r *Result) ID() string { return r.id }

// Columns names the columns; names may be empty and may repeat.
func (r *Result) Columns() []Column { return r.from.Columns() }

// Schema is the columns' Arrow types.
func (r *Result) Schema() *arrow.Schema { return r.from.Schema() }

// Tables are the tables that the statement names.
func (r *Result) Tables() []string { return r.stmt.Tables }

// Next gives the next rows; io.EOF after the last. The caller releases the batch. Errors have the codes Timeout, Cancelled,
// Invalid (the statement failed on some row) and TooLarge (it needs more memory than it may have).
func (r *Result) Next() (arrow.RecordBatch, error) {
	batch := r.ahead
	if batch == nil {
		return nil, io.EOF
	}
	r.ahead = nil
	if left := r.maxRows - r.rows.Load(); r.maxRows != NoLimit && batch.NumRows() > left {
		r.truncated = true
		whole := batch
		batch = whole.NewSlice(0, left)
		whole.Release()
		if left == 0 {
			batch.Release()
			return nil, io.EOF
		}
	} else if err := r.read(); err != nil {
		batch.Release()
		return nil, r.explain(err)
	}
	r.rows.Add(batch.NumRows())
	return batch, nil
}

// RowCount is the number of rows delivered so far.
func (r *Result) RowCount() int64 { return r.rows.Load() }

// Truncated is true when there are more rows than max_rows. It is known after io.EOF.
func (r *Result) Truncated() bool { return r.truncated }

// Elapsed is the time since Start was called, or, once closed, until then.
func (r *Result) Elapsed() time.Duration {
	if r.closed {
		return r.elapsed
	}
	return time.Since(r.started)
}

// Close ends the query if it still runs, and makes room for the next one. Closing twice is no error.
func (r *Result) Close() error {
	if r.closed {
		return nil
	}
	r.elapsed, r.closed = time.Since(r.started), true
	if r.ahead != nil {
		r.ahead.Release()
		r.ahead = nil
	}
	r.release()
	var err error
	if r.from != nil {
		err = r.from.Close()
	}
	r.service.remove(r)
	return err
}

// explain says why a query failed: an engine that was interrupted does not know why.
func (r *Result) explain(err error) error {
	switch cause := r.cause(); {
	case cause == nil:
		return err
	case errors.Is(cause, errDeadline):
		return fault.New(fault.Timeout, "the query was stopped after its %s", r.limit).
			WithHint("narrow it, for instance by time, or give it longer: up to %s", r.service.options.MaxTimeout)
	case errors.Is(cause, errCancelled):
		return fault.New(fault.Cancelled, "the query was cancelled")
	default:
		return fault.New(fault.Cancelled, "the query was ended with its request: %w", cause)
	}
}
