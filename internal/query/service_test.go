package query_test

import (
	"context"
	"io"
	"math/big"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine gives a number of batches of ten rows, each after a pause.
type engine struct {
	batches int
	pause   time.Duration
	check   error
	deaf    chan struct{} // when set: what Run heeds instead of its context
	open    atomic.Int64
}

func (e *engine) Check(_ context.Context, sql string, _ query.Scope) (query.Statement, error) {
	return query.Statement{SQL: sql, Tables: []string{"shop"}}, e.check
}

func (e *engine) Run(ctx context.Context, _ query.Statement, _ any) (query.Rows, error) {
	if e.deaf != nil {
		<-e.deaf
	}
	e.open.Add(1)
	return &rows{engine: e, left: e.batches, ctx: ctx}, nil
}

type rows struct {
	engine *engine
	left   int
	ctx    context.Context
}

func (r *rows) Columns() []query.Column { return []query.Column{{Name: "n", Type: "BIGINT"}} }

func (r *rows) Schema() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
}

func (r *rows) Next() (arrow.RecordBatch, error) {
	select {
	case <-time.After(r.engine.pause):
	case <-r.ctx.Done():
		return nil, r.ctx.Err()
	}
	if r.left == 0 {
		return nil, io.EOF
	}
	r.left--
	b := array.NewRecordBuilder(memory.DefaultAllocator, r.Schema())
	defer b.Release()
	for i := range int64(10) {
		b.Field(0).(*array.Int64Builder).Append(i)
	}
	return b.NewRecordBatch(), nil
}

func (r *rows) Close() error {
	r.engine.open.Add(-1)
	return nil
}

// readAll counts the rows of a result.
func readAll(res *query.Result) (n int64, err error) {
	for {
		batch, err := res.Next()
		if err == io.EOF { //nolint:errorlint // it is returned as it is
			return n, nil
		}
		if err != nil {
			return n, err
		}
		n += batch.NumRows()
		batch.Release()
	}
}

func TestAResultIsCutAtMaxRowsAndSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		batches   int
		max, want int64
		truncated bool
	}{
		"fewer rows than the limit":      {3, 100, 30, false},
		"as many rows as the limit":      {3, 30, 30, false},
		"one batch more than the limit":  {4, 30, 30, true},
		"a limit inside a batch":         {3, 25, 25, true},
		"a limit inside the first batch": {3, 1, 1, true},
		"no rows":                        {0, 1, 0, false},
		"the default":                    {1100, 0, 10_000, true},
		"no limit":                       {1100, query.NoLimit, 11_000, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := &engine{batches: c.batches}
			s := query.New(e, query.Options{})
			res, err := s.Start(t.Context(), query.Request{SQL: "SELECT", MaxRows: c.max})
			require.NoError(t, err)
			n, err := readAll(res)
			require.NoError(t, err)
			require.Equal(t, c.want, n)
			require.Equal(t, c.want, res.RowCount())
			require.Equal(t, c.truncated, res.Truncated())
			require.Equal(t, []string{"shop"}, res.Tables())
			require.NoError(t, res.Close())
			require.NoError(t, res.Close())
			require.Zero(t, e.open.Load())
			require.Empty(t, s.Running())
		})
	}
}

func TestADeadlineEndsAQueryWhereverItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{batches: 100, pause: time.Second}
		s := query.New(e, query.Options{Timeout: 4500 * time.Millisecond, MaxTimeout: time.Minute})
		res, err := s.Start(t.Context(), query.Request{SQL: "SELECT"})
		require.NoError(t, err)
		n, err := readAll(res)
		require.Equal(t, fault.Timeout, fault.CodeOf(err))
		require.NotEmpty(t, fault.HintOf(err))
		require.EqualValues(t, 30, n)
		require.NoError(t, res.Close())
		require.Equal(t, 4500*time.Millisecond, res.Elapsed())

		_, err = s.Start(t.Context(), query.Request{SQL: "SELECT", Timeout: time.Millisecond})
		require.Equal(t, fault.Timeout, fault.CodeOf(err))
		require.Empty(t, s.Running())
		require.Zero(t, e.open.Load())
	})
}

func TestARunningQueryIsListedAndCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := query.New(&engine{batches: 100, pause: time.Second}, query.Options{})
		res, err := s.Start(t.Context(), query.Request{SQL: "SELECT 1"})
		require.NoError(t, err)
		batch, err := res.Next()
		require.NoError(t, err)
		batch.Release()
		running := s.Running()
		require.Len(t, running, 1)
		require.Equal(t, query.Running{ID: res.ID(), SQL: "SELECT 1", StartedAt: running[0].StartedAt, ElapsedMS: 2000, Rows: 10}, running[0])

		require.NoError(t, s.Cancel(res.ID()))
		_, err = readAll(res)
		require.Equal(t, fault.Cancelled, fault.CodeOf(err))
		require.NoError(t, res.Close())
		require.Equal(t, fault.NotFound, fault.CodeOf(s.Cancel(res.ID())))
	})
}

func TestQueriesWaitForTheirTurnAndThoseBeyondAreTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := query.New(&engine{batches: 3}, query.Options{MaxConcurrent: 1, MaxWaiting: 1})
		first, err := s.Start(t.Context(), query.Request{SQL: "first"})
		require.NoError(t, err)

		time.Sleep(time.Millisecond)
		second := make(chan error)
		go func() {
			res, err := s.Start(t.Context(), query.Request{SQL: "second"})
			if err == nil {
				err = res.Close()
			}
			second <- err
		}()
		synctest.Wait()
		require.True(t, s.Running()[1].Waiting)

		_, err = s.Start(t.Context(), query.Request{SQL: "third"})
		require.Equal(t, fault.Unavailable, fault.CodeOf(err))

		require.NoError(t, first.Close())
		require.NoError(t, <-second)

		first, err = s.Start(t.Context(), query.Request{SQL: "first"})
		require.NoError(t, err)
		_, err = s.Start(t.Context(), query.Request{SQL: "too late", Timeout: time.Second})
		require.Equal(t, fault.Timeout, fault.CodeOf(err))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = s.Start(ctx, query.Request{SQL: "left"})
		require.Equal(t, fault.Cancelled, fault.CodeOf(err))
		require.NoError(t, first.Close())
		require.Empty(t, s.Running())
	})
}

func TestAQueryThatDoesNotHeedItsEndIsAnsweredAndKeepsItsSlot(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*query.Service)
		want fault.Code
		at   time.Duration
	}{
		"its deadline": {func(*query.Service) {}, fault.Timeout, 10 * time.Second},
		"a cancel":     {func(s *query.Service) { _ = s.Cancel(s.Running()[0].ID) }, fault.Cancelled, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := &engine{deaf: make(chan struct{})}
				s := query.New(e, query.Options{MaxConcurrent: 1})
				time.AfterFunc(2*time.Second, func() { c.end(s) })
				began := time.Now()
				_, err := s.Start(t.Context(), query.Request{SQL: "deaf", Timeout: 10 * time.Second})
				require.Equal(t, c.want, fault.CodeOf(err))
				require.Equal(t, c.at+time.Second, time.Since(began))
				require.True(t, s.Running()[0].Cancelling)
				_, err = s.Start(t.Context(), query.Request{SQL: "next", Timeout: time.Second})
				require.Equal(t, fault.Timeout, fault.CodeOf(err), "no slot is free")

				bound, stop := context.WithTimeout(t.Context(), time.Second)
				defer stop()
				require.Error(t, s.Close(bound))
				close(e.deaf)
				require.NoError(t, s.Close(t.Context()))
				require.Empty(t, s.Running())
				require.Zero(t, e.open.Load())
				_, err = s.Start(t.Context(), query.Request{SQL: "late"})
				require.Equal(t, fault.Unavailable, fault.CodeOf(err))
			})
		})
	}
}

// panicking panics in one of its methods.
type panicking struct {
	engine
	in string
}

func (e *panicking) Check(ctx context.Context, sql string, scope query.Scope) (query.Statement, error) {
	if e.in == "check" {
		panic("in check")
	}
	return e.engine.Check(ctx, sql, scope)
}

func (e *panicking) Run(ctx context.Context, s query.Statement, params any) (query.Rows, error) {
	r, err := e.engine.Run(ctx, s, params)
	return panickingRows{r, e.in}, err
}

type panickingRows struct {
	query.Rows
	in string
}

func (r panickingRows) Next() (arrow.RecordBatch, error) {
	if r.in == "next" {
		panic("in next")
	}
	return r.Rows.Next()
}

func (r panickingRows) Close() error {
	if r.in == "close" {
		panic("in close")
	}
	return r.Rows.Close()
}

func TestAnEngineThatPanicsGivesItsSlotBack(t *testing.T) {
	for _, in := range []string{"check", "next", "close"} {
		s := query.New(&panicking{in: in}, query.Options{MaxConcurrent: 1})
		for range 2 {
			res, err := s.Start(t.Context(), query.Request{SQL: "x"})
			if err == nil {
				err = res.Close()
			}
			require.ErrorContains(t, err, "in "+in)
			require.Empty(t, s.Running())
		}
	}
}

func TestARequestThatCannotBeKeptIsInvalid(t *testing.T) {
	s := query.New(&engine{}, query.Options{})
	for _, req := range []query.Request{{SQL: " \n"}, {SQL: "x", Timeout: time.Hour}, {SQL: "x", Timeout: -1}, {SQL: "x", MaxRows: -2}} {
		_, err := s.Start(t.Context(), req)
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
	}
	refused := fault.New(fault.Refused, "no")
	_, err := query.New(&engine{check: refused}, query.Options{}).Start(t.Context(), query.Request{SQL: "x"})
	require.Equal(t, refused, err)
}

func TestParametersKeepEveryDigit(t *testing.T) {
	huge, _ := new(big.Int).SetString("12345678901234567890123", 10)
	v, err := query.ParseParams([]byte(`[1, 9007199254740993, 12345678901234567890123, 1.5, 1e3, "x", true, null]`))
	require.NoError(t, err)
	require.Equal(t, []any{int64(1), int64(9007199254740993), huge, 1.5, 1000.0, "x", true, nil}, v)
	v, err = query.ParseParams([]byte(` {"a": 1} `))
	require.NoError(t, err)
	require.Equal(t, map[string]any{"a": int64(1)}, v)
	for _, none := range []string{"", "null"} {
		v, err = query.ParseParams([]byte(none))
		require.NoError(t, err)
		require.Nil(t, v)
	}
	for _, wrong := range []string{"1", `"x"`, "[[1]]", `{"a": {}}`, "[1", "[1] [2]", "[1e999]"} {
		_, err = query.ParseParams([]byte(wrong))
		require.Equal(t, fault.Invalid, fault.CodeOf(err), wrong)
	}
}

func TestAPositionIsFoundByLineAndColumn(t *testing.T) {
	require.Equal(t, &query.SQLError{Message: "m", Position: 5, Line: 2, Column: 2}, query.Locate("ü\nä b", "m", 5))
	require.Equal(t, &query.SQLError{Message: "m", Position: -1}, query.Locate("x", "m", 7))
}
