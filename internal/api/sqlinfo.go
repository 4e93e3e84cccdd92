package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/query"
)

// Inspector tells about the SQL that queries may use and what it would do: *query.Inspector.
type Inspector interface {
	Dialect(ctx context.Context) (query.Dialect, error)
	Explain(ctx context.Context, req query.Request, analyze bool) (query.Plan, error)
	Column(ctx context.Context, owner, table, column string) (query.ColumnStatistics, error)
}

// toExplain is a statement whose plan is wanted.
type toExplain struct {
	SQL       string     `json:"sql" minLength:"1" doc:"The statement, without EXPLAIN"`
	Params    parameters `json:"params,omitempty"`
	Analyze   bool       `json:"analyze,omitempty" doc:"Run it too, and tell the rows and the time of each operator"`
	TimeoutMS whole      `json:"timeout_ms,omitempty" minimum:"0" maximum:"86400000" doc:"How long it may take; 0 for the server's default"`
}

func (s *server) sqlRoutes() {
	tags := []string{"SQL"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/sql/dialect", OperationID: "show-dialect", Tags: tags,
		Summary: "Tell the keywords, types and functions of the SQL that queries may use",
	}, nil, func(ctx context.Context, _ *struct{}) (*output[query.Dialect], error) {
		return answered(s.Inspector.Dialect(ctx))
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/sql/explain", OperationID: "explain-query", Tags: tags,
		Summary: "Tell how a statement is run, as a tree",
	}, []int{http.StatusConflict, http.StatusTooManyRequests, http.StatusGatewayTimeout}, func(ctx context.Context, in *struct{ Body toExplain }) (*output[query.Plan], error) {
		params, err := query.ParseParams(json.RawMessage(in.Body.Params))
		if err != nil {
			return nil, err
		}
		started := time.Now()
		plan, err := s.Inspector.Explain(ctx, query.Request{
			SQL: in.Body.SQL, Owner: ownerOf(ctx), Scope: scopeOf(ctx), Params: params, Timeout: time.Duration(in.Body.TimeoutMS) * time.Millisecond,
		}, in.Body.Analyze)
		if in.Body.Analyze { // which runs it
			s.auditQuery(entryOf(ctx, actionExplain), in.Body.SQL, time.Since(started), err, map[string]any{})
		}
		return answered(plan, err)
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/tables/{table}/columns/{column}", OperationID: "show-column", Tags: []string{"tables"},
		Summary:     "Tell what a column holds",
		Description: "Nulls, distinct values, the most frequent ones, a histogram, of the newest 1,000,000 rows at most. It runs as a query, within the limits of queries.",
	}, []int{http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests, http.StatusGatewayTimeout}, func(ctx context.Context, in *struct {
		TableName
		Column string `path:"column"`
	},
	) (*output[query.ColumnStatistics], error) {
		if err := mayTable(ctx, in.Table); err != nil {
			return nil, err
		}
		tell(ctx, in.Table, map[string]any{"column": in.Column})
		return answered(s.Inspector.Column(ctx, ownerOf(ctx), in.Table, in.Column))
	})
}
