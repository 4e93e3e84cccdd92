package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/helios-sql/helios/internal/board"
)

// Dashboards keeps dashboards: *catalog.Catalog.
type Dashboards interface {
	Dashboards(ctx context.Context) ([]board.SavedDashboard, error) // by title
	Dashboard(ctx context.Context, id string) (board.SavedDashboard, error)
	CreateDashboard(ctx context.Context, d board.Dashboard) (board.SavedDashboard, error) // under its id, or the next that is free
	ReplaceDashboard(ctx context.Context, d board.Dashboard, revision int64) (board.SavedDashboard, error)
	DeleteDashboard(ctx context.Context, id string) error
	Export(ctx context.Context, id string) (board.Bundle, error)
	Import(ctx context.Context, b board.Bundle, replace bool) ([]board.SavedQuery, []board.SavedDashboard, error)
}

// DashboardBody is a dashboard as people write it.
type DashboardBody struct {
	Title          string      `json:"title" minLength:"1" maxLength:"120"`
	Description    string      `json:"description,omitempty" nullable:"true" maxLength:"2000"`
	Range          string      `json:"range,omitempty" nullable:"true" doc:"How far before $to, which is now, $from lies: 15m, 1h, 24h, 7d; nothing for no common range" example:"15m"`
	RefreshSeconds whole       `json:"refresh_seconds,omitempty" minimum:"0" maximum:"86400" doc:"0: only when asked"`
	Panels         []panelBody `json:"panels" maxItems:"100"`
}

type panelBody struct {
	ID     string       `json:"id,omitempty" nullable:"true" doc:"Without it one is made of the title"`
	Title  string       `json:"title" minLength:"1" maxLength:"120"`
	Query  string       `json:"query" minLength:"1" doc:"The id of a saved query"`
	Chart  *board.Chart `json:"chart,omitempty" doc:"Instead of the query's own"`
	Layout board.Layout `json:"layout" doc:"Its place on a grid of 12 columns; a row is about 40 pixels high"`
}

func (b DashboardBody) domain(id string) board.Dashboard {
	d := board.Dashboard{ID: id, Title: b.Title, Description: b.Description, Range: b.Range, RefreshSeconds: int(b.RefreshSeconds)}
	for _, p := range b.Panels {
		d.Panels = append(d.Panels, board.Panel(p))
	}
	return d
}

// changedDashboard is one that is to replace what there was.
type changedDashboard struct {
	Revision whole `json:"revision" minimum:"1" nullable:"false" doc:"Of the dashboard that is changed, so that nobody's work is lost"`
	DashboardBody
}

// dashboard is a dashboard on the wire.
type dashboard struct {
	ID             string    `json:"id" doc:"Made of the title it was made under; it stays when the title changes"`
	Title          string    `json:"title"`
	Description    string    `json:"description"`
	Range          string    `json:"range"`
	RefreshSeconds int       `json:"refresh_seconds"`
	Panels         []panel   `json:"panels"`
	Revision       int64     `json:"revision" doc:"Rises with every change"`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
}

type panel struct {
	ID     string       `json:"id"`
	Title  string       `json:"title"`
	Query  string       `json:"query" doc:"The id of a saved query"`
	Chart  *board.Chart `json:"chart,omitempty" doc:"Instead of the query's own"`
	Layout board.Layout `json:"layout"`
}

func wireDashboard(d board.SavedDashboard) dashboard {
	w := dashboard{
		ID: d.ID, Title: d.Title, Description: d.Description, Range: d.Range, RefreshSeconds: d.RefreshSeconds, Panels: make([]panel, 0, len(d.Panels)),
		Revision: d.Revision, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
	for _, p := range d.Panels {
		w.Panels = append(w.Panels, panel(p))
	}
	return w
}

func wireDashboards(all []board.SavedDashboard) []dashboard {
	list := make([]dashboard, 0, len(all))
	for _, d := range all {
		list = append(list, wireDashboard(d))
	}
	return list
}

type dashboardList struct {
	Body struct {
		Dashboards []dashboard `json:"dashboards"`
	}
}

// bundle is what is exported and imported; helios.yaml takes the same two keys.
type bundle struct {
	Queries    []bundledQuery     `json:"queries" maxItems:"1000"`
	Dashboards []bundledDashboard `json:"dashboards" maxItems:"1000"`
}

type bundledQuery struct {
	ID string `json:"id,omitempty" doc:"Without it one is made of the name"`
	SavedQueryBody
}

type bundledDashboard struct {
	ID string `json:"id,omitempty" doc:"Without it one is made of the title"`
	DashboardBody
}

func (b bundle) domain() board.Bundle {
	var whole board.Bundle
	for _, q := range b.Queries {
		whole.Queries = append(whole.Queries, q.domain(q.ID))
	}
	for _, d := range b.Dashboards {
		whole.Dashboards = append(whole.Dashboards, d.domain(d.ID))
	}
	return whole
}

// importBytes bounds what is imported at once.
const importBytes = 16 << 20

// imported is what an import has left in place.
type imported struct {
	Queries    []savedQuery `json:"queries"`
	Dashboards []dashboard  `json:"dashboards"`
}

// DashboardID names a dashboard in a path.
type DashboardID struct {
	ID string `path:"id"`
}

func (s *server) dashboardRoutes() {
	tags := []string{"dashboards"}
	answer := func(d board.SavedDashboard, err error) (*output[dashboard], error) {
		return answered(wireDashboard(d), err)
	}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/dashboards", OperationID: "list-dashboards", Tags: tags,
		Summary: "List the dashboards, by title",
	}, nil, func(ctx context.Context, _ *struct{}) (*dashboardList, error) {
		all, err := s.Dashboards.Dashboards(ctx)
		out := &dashboardList{}
		out.Body.Dashboards = wireDashboards(all)
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/dashboards", OperationID: "make-dashboard", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Make a dashboard", Description: "There may be 1,000 of them. The queries of its panels must be saved already.",
	}, nil, func(ctx context.Context, in *struct{ Body DashboardBody }) (*output[dashboard], error) {
		d, err := in.Body.domain("").Complete()
		if err != nil {
			return nil, err
		}
		made, err := s.Dashboards.CreateDashboard(ctx, d)
		tell(ctx, cmp.Or(made.ID, d.ID), map[string]any{"title": d.Title})
		return answer(made, err)
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/dashboards/{id}", OperationID: "show-dashboard", Tags: tags,
		Summary: "Show a dashboard",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *DashboardID) (*output[dashboard], error) {
		return answer(s.Dashboards.Dashboard(ctx, in.ID))
	})
	register(s, huma.Operation{
		Method: http.MethodPut, Path: "/api/v1/dashboards/{id}", OperationID: "change-dashboard", Tags: tags,
		Summary:     "Change a dashboard",
		Description: "What is left out is emptied. A conflict says that somebody else has changed it since the revision that was named.",
	}, []int{http.StatusNotFound, http.StatusConflict}, func(ctx context.Context, in *struct {
		DashboardID
		Body changedDashboard
	},
	) (*output[dashboard], error) {
		d, err := in.Body.domain(in.ID).Complete()
		if err != nil {
			return nil, err
		}
		return answer(s.Dashboards.ReplaceDashboard(ctx, d, int64(in.Body.Revision)))
	})
	register(s, huma.Operation{
		Method: http.MethodDelete, Path: "/api/v1/dashboards/{id}", OperationID: "delete-dashboard", Tags: tags,
		Summary: "Delete a dashboard", Description: "Its queries stay.",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *DashboardID) (*struct{}, error) {
		return nil, s.Dashboards.DeleteDashboard(ctx, in.ID)
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/dashboards/{id}/export", OperationID: "export-dashboard", Tags: tags,
		Summary:     "Export a dashboard with its queries",
		Description: "What comes can be imported elsewhere, and is valid YAML for helios.yaml, which takes the same two keys.",
		Responses: map[string]*huma.Response{"200": {
			Description: "OK",
			Content: map[string]*huma.MediaType{
				"application/json": {Schema: s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[bundle](), true, "")},
			},
		}},
	}, []int{http.StatusNotFound}, s.exportDashboard)
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/dashboards/import", OperationID: "import-dashboards", Tags: tags,
		Summary: "Import dashboards with their queries", MaxBodyBytes: importBytes,
		Description: "All of it or nothing. What is there already under an id, and is the same, stays as it is; what is there and differs " +
			"is a conflict, unless it is to be replaced. A panel's query must come along, or be there already.",
	}, []int{http.StatusConflict}, func(ctx context.Context, in *struct {
		Replace bool `query:"replace" doc:"Replace what is there and differs"`
		Body    bundle
	},
	) (*output[imported], error) {
		b, err := in.Body.domain().Complete()
		if err != nil {
			return nil, err
		}
		tell(ctx, "", map[string]any{"queries": len(b.Queries), "dashboards": len(b.Dashboards), "replace": in.Replace})
		queries, dashboards, err := s.Dashboards.Import(ctx, b, in.Replace)
		return answered(imported{Queries: wireQueries(queries), Dashboards: wireDashboards(dashboards)}, err)
	})
}

// exportDashboard writes for people too: with line breaks.
func (s *server) exportDashboard(ctx context.Context, in *DashboardID) (*huma.StreamResponse, error) {
	b, err := s.Dashboards.Export(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false) // SQL is full of < and >
	if err := encoder.Encode(b); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(to huma.Context) {
		_, w := humago.Unwrap(to)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text.Bytes()) // a client that is gone needs no answer
	}}, nil
}
