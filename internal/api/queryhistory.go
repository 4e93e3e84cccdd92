package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

// History remembers the queries that people ran: *catalog.History.
type History interface {
	Remember(p query.Past) // at once; it is kept a moment later
	History(ctx context.Context, s query.HistorySearch) (page []query.Past, more bool, err error)
	Forget(ctx context.Context, w query.Whose, id string) error
	ClearHistory(ctx context.Context, owner string) error
}

type pastList struct {
	Body struct {
		Entries []query.Past `json:"entries"`
		Next    string       `json:"next,omitempty" doc:"Give it as before for the next page; absent on the last"`
	}
}

func (s *server) queryHistoryRoutes() {
	tags := []string{"queries"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/query-history", OperationID: "list-query-history", Tags: tags,
		Summary:     "List the queries that one ran, newest first",
		Description: "Those that were run with history, the newest 5,000. A page ends early when its queries are large. Admins may see everybody's.",
	}, nil, func(ctx context.Context, in *struct {
		Search string `query:"search" maxLength:"1000" doc:"Only those with this text in their SQL, in small or capital letters"`
		Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
		Before string `query:"before" doc:"What the page before gave as next"`

		Everybody bool `query:"everybody" doc:"Everybody's, for admins"`
	},
	) (*pastList, error) {
		p, _ := auth.From(ctx)
		if in.Everybody && !p.May(auth.Admin) {
			return nil, fault.New(fault.Forbidden, "everybody's queries need the role %s, and %s has the role %s", auth.Admin, p.You(), p.Role)
		}
		page, more, err := s.History.History(ctx, query.HistorySearch{Whose: query.Whose{Owner: ownerOf(ctx), Everybody: in.Everybody}, Text: in.Search, Before: in.Before, Limit: in.Limit})
		out := &pastList{}
		if more {
			out.Body.Next = page[len(page)-1].ID
		}
		out.Body.Entries = some(page)
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodDelete, Path: "/api/v1/query-history", OperationID: "clear-query-history", Tags: tags,
		Summary: "Forget all queries that one ran",
	}, nil, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		return nil, s.History.ClearHistory(ctx, ownerOf(ctx))
	})
	register(s, huma.Operation{
		Method: http.MethodDelete, Path: "/api/v1/query-history/{id}", OperationID: "forget-query", Tags: tags,
		Summary: "Forget one query that one ran, or as an admin anybody",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *struct {
		ID string `path:"id"`
	},
	) (*struct{}, error) {
		p, _ := auth.From(ctx)
		return nil, s.History.Forget(ctx, query.Whose{Owner: ownerOf(ctx), Everybody: p.May(auth.Admin)}, in.ID)
	})
}
