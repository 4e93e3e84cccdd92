package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Dialect is the engine's SQL, as far as queries may use it: what an editor completes and explains.
type Dialect struct {
	Engine    string     `json:"engine"`
	Version   string     `json:"version"`
	Keywords  []string   `json:"keywords"`
	Types     []string   `json:"types"`
	Functions []Function `json:"functions"`
}

// Function is a function of the engine.
type Function struct {
	Name        string       `json:"name"`
	Kind        FunctionKind `json:"kind" enum:"scalar,aggregate,table,macro"`
	Signatures  []string     `json:"signatures" doc:"As in date_trunc(part VARCHAR, value TIMESTAMP) → TIMESTAMP"`
	Description string       `json:"description"`
	Example     string       `json:"example"`
}

// FunctionKind is how a function is used.
type FunctionKind string

// The kinds of functions.
const (
	Scalar    FunctionKind = "scalar"
	Aggregate FunctionKind = "aggregate"
	Table     FunctionKind = "table"
	Macro     FunctionKind = "macro"
)

// Plan is how the engine runs a statement, or would.
type Plan struct {
	Plan      PlanNode `json:"plan"`
	ElapsedMS *float64 `json:"elapsed_ms,omitempty" doc:"How long it ran, if it did"`
	Text      string   `json:"text" doc:"The same as text, for people"`
}

// PlanNode is one operator of a plan, with those that it reads from.
type PlanNode struct {
	Operator      string            `json:"operator"`
	Detail        map[string]string `json:"detail" doc:"What the engine tells of it: tables, filters, expressions"`
	EstimatedRows *int64            `json:"estimated_rows,omitempty"`
	Rows          *int64            `json:"rows,omitempty" doc:"That it gave, if the statement ran"`
	ElapsedMS     *float64          `json:"elapsed_ms,omitempty" doc:"Time of its own, over all threads, if the statement ran"`
	Children      []PlanNode        `json:"children"`
}

// ColumnStatistics is what a column of a table holds. Values are texts, so that no digit is lost; texts longer than
// 1,000 characters are cut and end in an ellipsis.
type ColumnStatistics struct {
	Name        string       `json:"name"`
	Type        string       `json:"type"`
	Rows        int64        `json:"rows" doc:"Of the table"`
	Nulls       int64        `json:"nulls" doc:"Of the rows that were looked at, as all that follows"`
	Distinct    int64        `json:"distinct"`
	Min         *string      `json:"min,omitempty"`
	Max         *string      `json:"max,omitempty"`
	Mean        *string      `json:"mean,omitempty"`
	Top         []ValueCount `json:"top" doc:"The most frequent values, the first ten"`
	Histogram   []Bucket     `json:"histogram,omitempty" doc:"Of numbers and times: equal steps from the least to the greatest"`
	Examples    []string     `json:"examples" doc:"Of the newest rows, each once"`
	SampledRows *int64       `json:"sampled_rows,omitempty" doc:"How many of the newest rows were looked at, if not all"`
}

// ValueCount is a value and how often it comes.
type ValueCount struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// Bucket is one step of a histogram. From belongs to it, To to the next one, but for the last. Beyond 2^53 they are about
// right.
type Bucket struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Count int64  `json:"count"`
}

// Ask runs a statement that Helios itself has written, within the limits of queries, and gives its rows as texts; nil is NULL.
type Ask func(ctx context.Context, sql string, params any) ([][]*string, error)

// Language is the engine's SQL, and what it can tell about itself. What it runs for that, it asks for.
type Language interface {
	Dialect(ctx context.Context) (Dialect, error)
	// Explain tells how a statement is run, after running it if analyze is true. Errors are those of the statement.
	Explain(ctx context.Context, ask Ask, sql string, params any, analyze bool) (Plan, error)
	// Column tells what a column holds; fault.NotFound if there is no such table or column.
	Column(ctx context.Context, ask Ask, table, column string) (ColumnStatistics, error)
}

// Inspector answers questions about SQL and data. What it runs are queries like all others: limited, listed, cancellable.
type Inspector struct {
	queries  *Service
	language Language
}

// NewInspector makes an inspector of the engine that queries run on.
func NewInspector(queries *Service, language Language) *Inspector {
	return &Inspector{queries: queries, language: language}
}

// Dialect tells what the engine's SQL has.
func (i *Inspector) Dialect(ctx context.Context) (Dialect, error) { return i.language.Dialect(ctx) }

// Explain tells how the statement of a request is run, after running it if analyze is true.
func (i *Inspector) Explain(ctx context.Context, req Request, analyze bool) (Plan, error) {
	return i.language.Explain(ctx, i.ask(Request{Scope: req.Scope, Owner: req.Owner, Timeout: req.Timeout}), req.SQL, req.Params, analyze)
}

// Column tells an owner of queries what a column of a table holds. The caller has seen to it that the table may be read.
func (i *Inspector) Column(ctx context.Context, owner, table, column string) (ColumnStatistics, error) {
	return i.language.Column(ctx, i.ask(Request{Owner: owner}), table, column)
}

// askedRows bounds the answer to a statement of Helios's own.
const askedRows = 1000

// ask runs statements as a request says, but for what they are.
func (i *Inspector) ask(as Request) Ask {
	return func(ctx context.Context, sql string, params any) ([][]*string, error) {
		as.SQL, as.Params, as.MaxRows = sql, params, askedRows
		result, err := i.queries.Start(ctx, as)
		if err != nil {
			return nil, err
		}
		defer result.Close() // what went wrong is told by Next
		var answer [][]*string
		for {
			batch, err := result.Next()
			if errors.Is(err, io.EOF) {
				return answer, nil
			}
			if err != nil {
				return nil, err
			}
			answer, err = appendTexts(answer, batch)
			batch.Release()
			if err != nil {
				return nil, err
			}
		}
	}
}

func appendTexts(answer [][]*string, batch arrow.RecordBatch) ([][]*string, error) {
	first := len(answer)
	for range batch.NumRows() {
		answer = append(answer, make([]*string, batch.NumCols()))
	}
	for c, column := range batch.Columns() {
		texts, ok := column.(*array.String)
		if !ok {
			return nil, fmt.Errorf("column %d of an answer is %s, not a text", c, column.DataType())
		}
		for r := range texts.Len() {
			if texts.IsValid(r) {
				answer[first+r][c] = new(strings.Clone(texts.Value(r)))
			}
		}
	}
	return answer, nil
}
