package api

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/board"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query/encode"
)

// SavedQueries keeps saved queries: *catalog.Catalog.
type SavedQueries interface {
	SavedQueries(ctx context.Context) ([]board.SavedQuery, error) // by name
	SavedQuery(ctx context.Context, id string) (board.SavedQuery, error)
	CreateQuery(ctx context.Context, q board.Query) (board.SavedQuery, error) // under its id, or the next that is free
	ReplaceQuery(ctx context.Context, q board.Query) (board.SavedQuery, error)
	DeleteQuery(ctx context.Context, id string) error
}

// defaults are the values that a saved query's parameters have unless others are given.
type defaults board.Params

// Schema describes them to huma.
func (defaults) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type:                 huma.TypeObject,
		Description:          "Values of $name unless others are given: null, booleans, numbers and strings, by name without the $",
		AdditionalProperties: &huma.Schema{AnyOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeNumber}, {Type: huma.TypeBoolean}, {Type: "null"}}},
	}
}

// SavedQueryBody is a saved query as people write it.
type SavedQueryBody struct {
	Name        string       `json:"name" minLength:"1" maxLength:"120"`
	Description string       `json:"description,omitempty" nullable:"true" maxLength:"2000"`
	SQL         string       `json:"sql" minLength:"1" maxLength:"65536"`
	Params      defaults     `json:"params,omitempty" nullable:"true"`
	Chart       *board.Chart `json:"chart,omitempty" doc:"How to show it; without it the reader chooses"`
}

func (b SavedQueryBody) domain(id string) board.Query {
	return board.Query{ID: id, Name: b.Name, Description: b.Description, SQL: b.SQL, Params: board.Params(b.Params), Chart: b.Chart}
}

// savedQuery is a saved query on the wire.
type savedQuery struct {
	ID          string       `json:"id" doc:"Made of the name it was saved under; it stays when the name changes"`
	Name        string       `json:"name"`
	Description string       `json:"description"`
	SQL         string       `json:"sql"`
	Params      defaults     `json:"params"`
	Chart       *board.Chart `json:"chart,omitempty" doc:"How to show it; without it the reader chooses"`
	CreatedAt   time.Time    `json:"created_at"`
	UpdatedAt   time.Time    `json:"updated_at"`
}

func wireQuery(q board.SavedQuery) savedQuery {
	params := defaults(q.Params)
	if params == nil {
		params = map[string]json.RawMessage{}
	}
	return savedQuery{
		ID: q.ID, Name: q.Name, Description: q.Description, SQL: q.SQL, Params: params, Chart: q.Chart,
		CreatedAt: q.CreatedAt, UpdatedAt: q.UpdatedAt,
	}
}

func wireQueries(all []board.SavedQuery) []savedQuery {
	list := make([]savedQuery, 0, len(all))
	for _, q := range all {
		list = append(list, wireQuery(q))
	}
	return list
}

type savedQueryList struct {
	Body struct {
		SavedQueries []savedQuery `json:"saved_queries"`
	}
}

// SavedQueryID names a saved query in a path.
type SavedQueryID struct {
	ID string `path:"id"`
}

func (s *server) savedQueryRoutes() {
	tags := []string{"saved queries"}
	answer := func(q board.SavedQuery, err error) (*output[savedQuery], error) {
		return answered(wireQuery(q), err)
	}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/saved-queries", OperationID: "list-saved-queries", Tags: tags,
		Summary: "List the saved queries, by name",
	}, nil, func(ctx context.Context, _ *struct{}) (*savedQueryList, error) {
		all, err := s.SavedQueries.SavedQueries(ctx)
		out := &savedQueryList{}
		out.Body.SavedQueries = wireQueries(all)
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/saved-queries", OperationID: "save-query", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Save a query", Description: "There may be 1,000 of them.",
	}, nil, func(ctx context.Context, in *struct{ Body SavedQueryBody }) (*output[savedQuery], error) {
		q, err := in.Body.domain("").Complete()
		if err != nil {
			return nil, err
		}
		made, err := s.SavedQueries.CreateQuery(ctx, q)
		tell(ctx, cmp.Or(made.ID, q.ID), map[string]any{"sql": clipped(q.SQL)})
		return answer(made, err)
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/saved-queries/{id}", OperationID: "show-saved-query", Tags: tags,
		Summary: "Show a saved query",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *SavedQueryID) (*output[savedQuery], error) {
		return answer(s.SavedQueries.SavedQuery(ctx, in.ID))
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/saved-queries/{id}/run", OperationID: "run-saved-query", Tags: tags,
		Summary: "Run a saved query",
		Description: "As any query, for those too who may not write SQL. It reads what who asks may read, whoever saved it. Viewers get it as JSON alone, " +
			"and as many rows as the server gives by default at most; other forms need the role analyst.",
		Responses: s.resultResponses(),
	}, []int{http.StatusNotFound, http.StatusNotAcceptable, http.StatusConflict, http.StatusTooManyRequests, http.StatusGatewayTimeout}, s.runSavedQuery)
	register(s, huma.Operation{
		Method: http.MethodPut, Path: "/api/v1/saved-queries/{id}", OperationID: "change-saved-query", Tags: tags,
		Summary: "Change a saved query", Description: "What is left out is emptied. The id stays, whatever the name becomes.",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *struct {
		SavedQueryID
		Body SavedQueryBody
	},
	) (*output[savedQuery], error) {
		q, err := in.Body.domain(in.ID).Complete()
		if err != nil {
			return nil, err
		}
		tell(ctx, q.ID, map[string]any{"sql": clipped(q.SQL)})
		return answer(s.SavedQueries.ReplaceQuery(ctx, q))
	})
	register(s, huma.Operation{
		Method: http.MethodDelete, Path: "/api/v1/saved-queries/{id}", OperationID: "delete-saved-query", Tags: tags,
		Summary: "Delete a saved query", Description: "One that a dashboard shows stays: the error names the dashboard.",
	}, []int{http.StatusNotFound, http.StatusConflict}, func(ctx context.Context, in *SavedQueryID) (*struct{}, error) {
		return nil, s.SavedQueries.DeleteQuery(ctx, in.ID)
	})
}

// savedRun says how to run a saved query.
type savedRun struct {
	Params    defaults `json:"params,omitempty" nullable:"true"`
	MaxRows   whole    `json:"max_rows,omitempty" minimum:"-1" doc:"Rows to give; 0 for the default: the server's for JSON, all for the other formats; -1 for all"`
	TimeoutMS whole    `json:"timeout_ms,omitempty" minimum:"0" maximum:"86400000" doc:"How long it may take; 0 for the server's default"`
	Formulas  string   `json:"formulas,omitempty" enum:"quote,keep" doc:"As for any query"`
}

func (s *server) runSavedQuery(ctx context.Context, in *struct {
	SavedQueryID
	Accept string `header:"Accept" hidden:"true"`
	Body   savedRun
},
) (*huma.StreamResponse, error) {
	saved, err := s.SavedQueries.SavedQuery(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	params := board.Params{}
	maps.Copy(params, saved.Params)
	maps.Copy(params, in.Body.Params)
	q := newQuery{saved: saved.ID, SQL: saved.SQL, MaxRows: in.Body.MaxRows, TimeoutMS: in.Body.TimeoutMS, Formulas: in.Body.Formulas}
	if len(params) > 0 {
		if q.Params, err = json.Marshal(params); err != nil {
			return nil, err
		}
	}
	run := &queryInput{Accept: in.Accept, Body: q}
	if err := s.mayTake(ctx, run); err != nil {
		return nil, err
	}
	return s.runQuery(ctx, run)
}

// mayTake holds those who may look, and not export, to what a screen shows: JSON, and no more rows than the server gives by default.
// The answer says itself if there are more.
func (s *server) mayTake(ctx context.Context, in *queryInput) error {
	p, _ := auth.From(ctx)
	if p.May(auth.Analyst) {
		return nil
	}
	if format, err := encode.ByAccept(in.Accept); err == nil && !format.Envelope {
		return fault.New(fault.Forbidden, "a result as %s needs the role %s, and %s has the role %s", format.Name, auth.Analyst, p.You(), p.Role).
			WithHint("accept application/json, or ask an admin of this server")
	}
	if most := whole(s.Queries.Options().MaxRows); in.Body.MaxRows < 0 || in.Body.MaxRows > most {
		in.Body.MaxRows = most
	}
	return nil
}
