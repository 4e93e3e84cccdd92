package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	bindings "github.com/duckdb/duckdb-go-bindings"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/store/duckdb/guard"
)

// rows is a result that DuckDB makes while it is read, chunk by chunk.
type rows struct {
	db     *DB
	conn   *sql.Conn
	c      mapping.Connection
	ctxErr func() error
	stop   func() // of the interrupter
	ran    executed

	prepared mapping.PreparedStatement
	result   mapping.Result
	columns  []query.Column
	types    []columnType
	schema   *arrow.Schema
}

// start prepares, binds and starts the statement.
func (r *rows) start(ctx context.Context, s query.Statement, params any) error {
	if err := begin(ctx, r.conn); err != nil {
		return r.db.explain(err)
	}
	var err error
	if r.c, err = native(r.conn); err != nil {
		return err
	}
	r.stop = interruptOn(ctx, r.c)

	prefix, rest := guard.Explain(s.SQL)
	r.ran = executed{statement: s.SQL, prefix: prefix, skip: len(s.SQL) - len(rest), limited: s.Scope.Limited()}
	if err := r.execute(r.ran.text(), params); err != nil {
		return err
	}
	if !r.describe() {
		return r.executeCast(params)
	}
	return nil
}

// execute starts a text; its chunks are made as they are fetched.
func (r *rows) execute(text string, params any) error {
	mapping.DestroyResult(&r.result)
	if err := r.prepare(text); err != nil {
		return err
	}
	if err := r.bind(params); err != nil {
		return err
	}
	var pending mapping.PendingResult
	defer mapping.DestroyPending(&pending)
	if bindings.PendingPreparedStreaming(r.prepared, &pending) == mapping.StateError {
		return r.fail(mapping.PendingError(pending))
	}
	if mapping.ExecutePending(pending, &r.result) == mapping.StateError {
		return r.fail(mapping.ResultError(&r.result))
	}
	return nil
}

// prepare plans the one statement of a text.
func (r *rows) prepare(text string) error {
	mapping.DestroyPrepare(&r.prepared)
	var extracted mapping.ExtractedStatements
	defer mapping.DestroyExtracted(&extracted)
	if n := mapping.ExtractStatements(r.c, text, &extracted); n != 1 {
		if message := mapping.ExtractStatementsError(extracted); message != "" {
			return r.fail(message)
		}
		return fault.New(fault.Refused, "one statement at a time, not %d", n)
	}
	if mapping.PrepareExtractedStatement(r.c, extracted, 0, &r.prepared) == mapping.StateError {
		return r.fail(mapping.PrepareError(r.prepared))
	}
	switch mapping.PreparedStatementType(r.prepared) {
	case mapping.StatementTypeSelect, mapping.StatementTypeExplain:
		return nil
	default:
		return fault.New(fault.Refused, "queries may only read")
	}
}

// describe learns the columns of the result, and tells whether all of them can be read as they are. The prepared statement
// would not do: its types may depend on parameters.
func (r *rows) describe() bool {
	plain := true
	n := mapping.ColumnCount(&r.result)
	r.columns, r.types = make([]query.Column, n), make([]columnType, n)
	fields := make([]arrow.Field, n)
	for i := range n {
		logical := mapping.ColumnLogicalType(&r.result, i)
		name := mapping.ColumnName(&r.result, i)
		r.columns[i] = query.Column{Name: name, Type: typeName(logical)}
		r.types[i] = newColumnType(logical)
		mapping.DestroyLogicalType(&logical)
		fields[i] = arrow.Field{Name: name, Type: r.types[i].arrow, Nullable: true}
		plain = plain && r.types[i].convert != nil
	}
	if plain {
		r.schema = arrow.NewSchema(fields, nil)
	}
	return plain
}

// executeCast starts the statement anew, with the columns cast to text that DuckDB's C interface cannot read: VARIANT and
// whatever a later version brings. They keep their names and types in columns.
func (r *rows) executeCast(params any) error {
	names, values := make([]string, len(r.types)), make([]string, len(r.types))
	for i, t := range r.types {
		names[i] = fmt.Sprintf("c%d", i)
		values[i] = names[i]
		if t.convert == nil {
			values[i] += "::" + t.cast
		}
	}
	original := r.columns
	r.ran.prefix = "SELECT " + strings.Join(values, ", ") + " FROM (\n"
	statement := r.ran.prefix + guard.Bare(r.ran.statement[r.ran.skip:])
	if err := r.execute(statement+"\n) AS t("+strings.Join(names, ", ")+")", params); err != nil {
		return err
	}
	if !r.describe() {
		return fault.New(fault.Internal, "a column has a type that can neither be read nor cast to text")
	}
	fields := r.schema.Fields()
	for i := range original {
		fields[i].Name = original[i].Name
	}
	r.columns, r.schema = original, arrow.NewSchema(fields, nil)
	return nil
}

// bind gives the statement its parameters.
func (r *rows) bind(params any) error {
	named := map[string]any{}
	switch params := params.(type) {
	case nil:
	case map[string]any:
		named = params
	case []any:
		for i, v := range params {
			named[strconv.Itoa(i+1)] = v
		}
	default:
		return fault.New(fault.Invalid, "params must be an array or an object, not %T", params)
	}
	n := mapping.NParams(r.prepared)
	bound := 0
	for i := mapping.IdxT(1); i <= n; i++ {
		name := mapping.ParameterName(r.prepared, i)
		v, ok := named[name]
		if !ok {
			return fault.New(fault.Invalid, "the statement has the parameter $%s, and params has no value for it", name)
		}
		if err := r.bindValue(i, name, v); err != nil {
			return err
		}
		bound++
	}
	if bound != len(named) {
		return fault.New(fault.Invalid, "the statement has %d parameters, and params has %d", bound, len(named))
	}
	return nil
}

func (r *rows) bindValue(i mapping.IdxT, name string, v any) error {
	var state mapping.State
	switch v := v.(type) {
	case nil:
		state = mapping.BindNull(r.prepared, i)
	case bool:
		state = mapping.BindBoolean(r.prepared, i, v)
	case int64:
		state = mapping.BindInt64(r.prepared, i, v)
	case float64:
		state = mapping.BindDouble(r.prepared, i, v)
	case string:
		state = mapping.BindVarchar(r.prepared, i, v)
	case *big.Int:
		if v.BitLen() > 127 {
			return fault.New(fault.Invalid, "the parameter $%s does not fit HUGEINT", name)
		}
		low := new(big.Int).And(v, new(big.Int).SetUint64(1<<64-1)) // two's complement, as And has it
		state = mapping.BindHugeInt(r.prepared, i, mapping.NewHugeInt(low.Uint64(), new(big.Int).Rsh(v, 64).Int64()))
	default:
		return fault.New(fault.Invalid, "the parameter $%s is of a kind that cannot be bound", name)
	}
	if state == mapping.StateError {
		return fault.New(fault.Invalid, "the parameter $%s cannot be bound", name)
	}
	return nil
}

func (r *rows) fail(text string) error {
	if err := r.ctxErr(); err != nil {
		return err
	}
	return r.db.explain(r.ran.explain(text))
}

// Columns names the columns.
func (r *rows) Columns() []query.Column { return r.columns }

// Schema is the columns' Arrow types.
func (r *rows) Schema() *arrow.Schema { return r.schema }

// Next fetches the next chunk and copies it into Arrow arrays.
func (r *rows) Next() (arrow.RecordBatch, error) {
	if err := r.ctxErr(); err != nil {
		return nil, err
	}
	chunk := mapping.FetchChunk(r.result)
	if chunk.Ptr == nil {
		if message := mapping.ResultError(&r.result); message != "" {
			return nil, r.fail(message)
		}
		return nil, io.EOF
	}
	defer mapping.DestroyDataChunk(&chunk)
	n := int(mapping.DataChunkGetSize(chunk))
	if n == 0 {
		return nil, io.EOF
	}
	arrays := make([]arrow.Array, 0, len(r.types))
	defer func() {
		for _, a := range arrays {
			a.Release()
		}
	}()
	for i, t := range r.types {
		a, err := t.convert(mapping.DataChunkGetVector(chunk, mapping.IdxT(i)), selection{n: n})
		if err != nil {
			return nil, err
		}
		arrays = append(arrays, a)
	}
	return array.NewRecordBatch(r.schema, arrays, int64(n)), nil
}

// Close ends the statement, its transaction and the loan of its connection.
func (r *rows) Close() error {
	mapping.DestroyResult(&r.result)
	mapping.DestroyPrepare(&r.prepared)
	if r.stop != nil {
		r.stop() // before ROLLBACK, which it would interrupt
	}
	return r.db.explain(giveBack(r.conn))
}
