package apitest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

// Engine understands four statements: "rows N" gives N rows of id and name, "rows N then FAIL" fails after them, "forever N"
// gives N rows, one without it, and then waits for its end, "params" says what was bound. All else is an error at its byte 7.
type Engine struct{}

const batchRows = 1000

// Check judges a statement.
func (Engine) Check(_ context.Context, sql string, _ query.Scope) (query.Statement, error) {
	switch strings.Fields(sql)[0] {
	case "rows", "forever", "params":
		return query.Statement{SQL: sql, Tables: []string{"clicks"}}, nil
	case "write":
		return query.Statement{}, fault.New(fault.Refused, "only reading is allowed")
	case "panic":
		panic("as asked")
	}
	return query.Statement{}, fault.New(fault.Invalid, "%w", query.Locate(sql, "syntax error", min(7, len(sql)))).WithHint("mend it")
}

// Run starts a statement.
func (Engine) Run(ctx context.Context, s query.Statement, params any) (query.Rows, error) {
	r := &rows{ctx: ctx, params: params, kind: strings.Fields(s.SQL)[0], left: 1}
	_, _ = fmt.Sscanf(s.SQL, r.kind+" %d", &r.left)
	r.fail = strings.HasSuffix(s.SQL, "then FAIL")
	return r, nil
}

type rows struct {
	ctx    context.Context //nolint:containedctx // of the query, as Engine says
	params any
	kind   string
	at     int64
	left   int64
	fail   bool
}

func (*rows) Columns() []query.Column {
	return []query.Column{{Name: "id", Type: "BIGINT"}, {Name: "name", Type: "VARCHAR"}}
}

func (*rows) Schema() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
}

func (r *rows) Next() (arrow.RecordBatch, error) {
	if r.left == 0 {
		switch {
		case r.fail:
			return nil, fault.New(fault.Invalid, "division by zero")
		case r.kind == "forever":
			<-r.ctx.Done()
			return nil, errors.New("interrupted")
		}
		return nil, io.EOF
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, r.Schema())
	defer b.Release()
	for range min(r.left, batchRows) {
		b.Field(0).(*array.Int64Builder).Append(r.at + 1<<53 - 1)
		name := fmt.Sprintf("name %d", r.at)
		if r.kind == "params" {
			name = fmt.Sprintf("%#v", r.params)
		}
		b.Field(1).(*array.StringBuilder).Append(name)
		r.at++
		r.left--
	}
	return b.NewRecordBatch(), nil
}

func (*rows) Close() error { return nil }
