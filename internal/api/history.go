package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/ingest"
)

// HistoryParams say how far to look back.
type HistoryParams struct {
	Minutes int `query:"minutes" default:"15" minimum:"1" maximum:"360" doc:"How far to look back; there is nothing from before the server's start"`
}

func (p HistoryParams) span() time.Duration { return time.Duration(p.Minutes) * time.Minute }

const stepSeconds = int(ingest.HistoryStep / time.Second)

// histories are how all sources did.
type histories struct {
	StepSeconds int                    `json:"step_seconds" doc:"What one point is about"`
	Sources     []ingest.SourceHistory `json:"sources"`
}

// history is how one source did.
type history struct {
	StepSeconds int                   `json:"step_seconds" doc:"What one point is about"`
	Points      []ingest.HistoryPoint `json:"points" doc:"Oldest first; the step that is under way is left out"`
}

func (s *server) historyRoutes() {
	tags := []string{"sources"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/source-history", OperationID: "show-histories", Tags: tags,
		Summary: "Show how all sources did lately",
	}, nil, func(ctx context.Context, in *HistoryParams) (*output[histories], error) {
		seen := map[string]bool{}
		for _, source := range s.sources(ctx) {
			seen[source.Settings.Name] = true
		}
		all := slices.DeleteFunc(s.Live.Histories(in.span()), func(h ingest.SourceHistory) bool { return !seen[h.Name] })
		for i := range all {
			all[i].Points = some(all[i].Points)
		}
		return answered(histories{stepSeconds, some(all)}, nil)
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/sources/{name}/history", OperationID: "show-source-history", Tags: tags,
		Summary: "Show how a source did lately",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *struct {
		SourceName
		HistoryParams
	},
	) (*output[history], error) {
		if err := s.maySource(ctx, in.Name); err != nil {
			return nil, err
		}
		h, err := s.Live.History(in.Name, in.span())
		return answered(history{stepSeconds, some(h.Points)}, err)
	})
}
