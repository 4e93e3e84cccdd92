package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/helios-sql/helios/internal/fault"
)

// grace is how long a query that was ended may take to notice it before its reader is answered without it: DuckDB does
// not look at an interrupt inside of some of its work.
const grace = time.Second

// Result is a result while it is read. It is for one goroutine, and must be closed.
type Result struct {
	service *Service
	id, sql string
	owner   string
	started time.Time
	limit   time.Duration
	maxRows int64
	ended   <-chan struct{} // the query's context has
	cause   func() error    // why it has
	cancel  context.CancelCauseFunc
	release func()

	turn     chan struct{} // closed when it has come
	admitted atomic.Bool   // has a slot
	rows     atomic.Int64  // delivered

	// Written by the worker. The reader may look at stmt and from after a batch or the end came out, at err after the end,
	// at closing after done.
	stmt    Statement
	from    Rows
	out     chan arrow.RecordBatch // closed at the end
	err     error                  // why there is no more; nil after the last row
	closing error                  // of the engine
	done    chan struct{}          // closed when nothing of the query is left

	verdict error // of an engine that is ended for this query; set before the service's aborted is closed

	ahead     arrow.RecordBatch // read, not delivered yet; nil at the end
	truncated bool
	abandoned bool // the engine did not heed the end of the context in time
	closed    bool
	elapsed   time.Duration // once closed
}

// work is the query's goroutine, so that its reader can be answered in time whatever the engine does. The slot is held
// until the engine is done: what it does not end goes on to use the machine.
func (r *Result) work(ctx context.Context, req Request) {
	defer r.service.remove(r)
	r.err = contained(func() error { return r.produce(ctx, req) })
	close(r.out)
	if r.from != nil {
		r.closing = contained(r.from.Close)
	}
}

// produce waits for a slot, judges, plans and runs the statement, and hands out its rows.
func (r *Result) produce(ctx context.Context, req Request) (err error) {
	select {
	case <-r.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.stmt, err = r.service.engine.Check(ctx, req.SQL, req.Scope); err != nil {
		return err
	}
	if r.from, err = r.service.engine.Run(ctx, r.stmt, req.Params); err != nil {
		return err
	}
	for {
		batch, err := r.from.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case r.out <- batch:
		case <-ctx.Done():
			batch.Release()
			return ctx.Err()
		}
	}
}

// contained makes an error of a panic: what goes wrong in one query must not take the server down.
func contained(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the engine panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

// read fetches the batch after the one being delivered.
func (r *Result) read() error {
	var more bool
	select {
	case r.ahead, more = <-r.out:
	case <-r.service.aborted:
		return r.abort()
	case <-r.ended:
		late := time.NewTimer(grace)
		defer late.Stop()
		select {
		case r.ahead, more = <-r.out:
		case <-r.service.aborted:
			return r.abort()
		case <-late.C:
			r.abandoned = true
			return r.explain(r.cause())
		}
	}
	if !more && r.err != nil {
		return r.explain(r.err)
	}
	return nil
}

// abort gives up a query whose engine is ended.
func (r *Result) abort() error {
	r.abandoned = true
	if r.verdict != nil {
		return r.verdict
	}
	return errRestarted
}

// running describes the query while it waits or runs.
func (r *Result) running() Running {
	return Running{
		ID: r.id, SQL: r.sql, StartedAt: r.started, ElapsedMS: time.Since(r.started).Milliseconds(),
		Rows: r.rows.Load(), Waiting: !r.admitted.Load(), Cancelling: r.cause() != nil, Owner: r.owner,
	}
}

// ID names the query in Running and Cancel.
func (r *Result) ID() string { return r.id }

// Columns names the columns; names may be empty and may repeat.
func (r *Result) Columns() []Column { return r.from.Columns() }

// Schema is the columns' Arrow types.
func (r *Result) Schema() *arrow.Schema { return r.from.Schema() }

// Tables are the tables that the statement names.
func (r *Result) Tables() []string { return r.stmt.Tables }

// MaxBytes is how many bytes the result may take as it is sent, which whoever sends it sees to; 0 for any number.
func (r *Result) MaxBytes() int64 {
	if r.owner == "" {
		return 0
	}
	return r.service.options.OwnerBytes
}

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
		return nil, err
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

// Close ends the query if it still runs, and makes room for the next one: at once, or when the engine heeds it. Closing
// twice is no error.
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
	if r.abandoned {
		return nil
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case <-r.done:
		return r.closing
	case <-late.C:
		return nil
	}
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
		if known, ok := errors.AsType[*fault.Error](cause); ok { // who ended the request says why
			return known
		}
		return fault.New(fault.Cancelled, "the query was ended with its request: %w", cause)
	}
}
