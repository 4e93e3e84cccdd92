package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

type health struct {
	Body struct {
		Status string `json:"status" enum:"ok"`
	}
}

type readiness struct {
	Body struct {
		Status   string   `json:"status" enum:"ok"`
		Warnings []string `json:"warnings,omitempty" doc:"What does not work, though queries do: the sources that fail, and why."`
	}
}

func (s *server) systemRoutes() {
	tags := []string{"system"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/healthz", OperationID: "health", Tags: tags, Summary: "Tell whether the server runs",
	}, nil, func(context.Context, *struct{}) (*health, error) {
		out := &health{}
		out.Body.Status = "ok"
		return out, nil
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/readyz", OperationID: "ready", Tags: tags, Summary: "Tell whether the server can take queries",
	}, nil, func(ctx context.Context, _ *struct{}) (*readiness, error) {
		if err := s.Ready(); err != nil {
			return nil, fault.New(fault.Unavailable, "not ready: %w", err).WithRetryAfter(time.Second)
		}
		out := &readiness{}
		out.Body.Status = "ok"
		for _, source := range s.sources(ctx) {
			if source.State == ingest.SourceFailing {
				out.Body.Warnings = append(out.Body.Warnings, "source "+source.Settings.Name+": "+source.Error)
			}
		}
		return out, nil
	})
	s.page("/metrics", "/metrics", "metrics", "Metrics for Prometheus", "text/plain", s.Metrics.ServeHTTP)
	s.page("/openapi.json", "/openapi.json", "openapi", "This description", "application/openapi+json", s.openAPI)
}

// page adds a route that is no JSON.
func (s *server) page(path, pattern, id, summary, contentType string, serve http.HandlerFunc) {
	op := &huma.Operation{
		Method: http.MethodGet, Path: path, OperationID: id, Tags: []string{"system"}, Summary: summary,
		Responses: map[string]*huma.Response{"200": {
			Description: "OK",
			Content:     map[string]*huma.MediaType{contentType: {}},
		}},
	}
	s.describeAccess(op)
	s.huma.OpenAPI().AddOperation(op)
	s.huma.Adapter().Handle(&huma.Operation{Method: op.Method, Path: pattern}, func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		serve(w, r)
	})
}

func (s *server) openAPI(w http.ResponseWriter, _ *http.Request) {
	text, err := json.MarshalIndent(s.huma.OpenAPI(), "", "  ")
	if err != nil {
		panic(err) // a description that cannot be written is a defect of the routes, and the golden test finds it
	}
	w.Header().Set("Content-Type", "application/openapi+json")
	_, _ = w.Write(append(text, '\n'))
}
