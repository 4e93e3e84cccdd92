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
		Tables []ingest.TableInfo `json:"tables"`
	}
}

type changeList struct {
	Body struct {
		Changes []schema.Change `json:"changes"`
	}
}

// TableName names a table in a path.
type TableName struct {
	Table string `path:"table"`
}

// withEventTime adds what the table's source says of its columns.
func (s *server) withEventTime(t *ingest.TableInfo) {
	for _, source := range s.Sources.List() {
		if c, ok := t.Column(source.Settings.EventTime); ok && source.Settings.Table == t.Name && c.Type == schema.Timestamp {
			t.EventTime = c.Name
		}
	}
}

func (s *server) tableRoutes() {
	tags := []string{"tables"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/tables", OperationID: "list-tables", Tags: tags,
		Summary: "List the tables with their columns and sizes",
	}, nil, func(ctx context.Context, _ *struct{}) (*tableList, error) {
		list, err := s.Tables.Tables(ctx)
		list = allowed(ctx, list, func(t *ingest.TableInfo) string { return t.Name })
		out := &tableList{}
		out.Body.Tables = list
		for i := range list {
			s.withEventTime(&list[i])
		}
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/tables/{table}", OperationID: "show-table", Tags: tags,
		Summary: "Show a table with its columns and size",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *TableName) (*output[ingest.TableInfo], error) {
		if err := mayTable(ctx, in.Table); err != nil {
			return nil, err
		}
		info, err := s.Tables.TableInfo(ctx, in.Table)
		s.withEventTime(&info)
		return answered(info, err)
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/tables/{table}/history", OperationID: "show-table-history", Tags: tags,
		Summary: "List the changes of a table's schema, oldest first",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *TableName) (*changeList, error) {
		if err := mayTable(ctx, in.Table); err != nil {
			return nil, err
		}
		list, err := s.Tables.History(ctx, in.Table)
		out := &changeList{}
		out.Body.Changes = some(list)
		return out, err
	})
}
