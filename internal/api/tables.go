package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

type tableList struct {
	Body struct {
		Tables []ingest.TableInfo `json:"tables" nullable:"false"`
	}
}

type changeList struct {
	Body struct {
		Changes []schema.Change `json:"changes" nullable:"false"`
	}
}

// TableName names a table in a path.
type TableName struct {
	Table string `path:"table"`
}

func (s *server) tableRoutes() {
	tags := []string{"tables"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/tables", OperationID: "list-tables", Tags: tags,
		Summary: "List the tables with their columns and sizes",
	}, nil, func(ctx context.Context, _ *struct{}) (*tableList, error) {
		list, err := s.Tables.Tables(ctx)
		out := &tableList{}
		out.Body.Tables = some(list)
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/tables/{table}", OperationID: "show-table", Tags: tags,
		Summary: "Show a table with its columns and size",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *TableName) (*output[ingest.TableInfo], error) {
		return answered(s.Tables.TableInfo(ctx, in.Table))
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/tables/{table}/history", OperationID: "show-table-history", Tags: tags,
		Summary: "List the changes of a table's schema, oldest first",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *TableName) (*changeList, error) {
		list, err := s.Tables.History(ctx, in.Table)
		out := &changeList{}
		out.Body.Changes = some(list)
		return out, err
	})
}
