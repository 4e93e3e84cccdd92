package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/helios-sql/helios/internal/ingest"
)

// heartbeat is how often a silent tail says that it is alive, so that proxies keep the connection and a client that has gone
// is noticed.
const heartbeat = 15 * time.Second

func (s *server) tailRoutes() {
	schemas := s.huma.OpenAPI().Components.Schemas
	schemas.Schema(reflect.TypeFor[ingest.SampleEvent](), true, "")
	schemas.Schema(reflect.TypeFor[ingest.TailSkipped](), true, "")
	schemas.Schema(reflect.TypeFor[ingest.TailRate](), true, "")
	register(s, huma.Operation{
		Middlewares: huma.Middlewares{s.admitTail},
		Method:      http.MethodGet, Path: "/api/v1/sources/{name}/tail", OperationID: "tail-source", Tags: []string{"sources"},
		Summary: "Watch a source's events as they are read",
		Description: "Server-Sent Events: `event` with a SampleEvent; `skipped` with a TailSkipped, which says how many were left out because there were more " +
			"than max_rate or because the client was slow; `rate` with a TailRate every second. A comment comes every 15 s. " +
			"The stream ends when the source is removed or the server stops. Each user and token may have 20 at once, all together 256.",
		Responses: map[string]*huma.Response{"200": {
			Description: "Server-Sent Events",
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
		}},
	}, []int{http.StatusBadRequest, http.StatusNotFound, http.StatusTooManyRequests}, func(ctx context.Context, in *struct {
		SourceName
		Filter  []string `query:"filter,explode" doc:"A condition path=value, as in product.id=p-17; all must be met"`
		Text    string   `query:"text" maxLength:"1000" doc:"A text to be found anywhere in the event as it is written, in any letter case"`
		MaxRate int      `query:"max_rate" minimum:"0" maximum:"10000" doc:"Events shown a second at most, spread evenly; 0: as many as the client takes"`
	},
	) (*huma.StreamResponse, error) {
		if err := s.maySource(ctx, in.Name); err != nil {
			return nil, err
		}
		filter, err := ingest.ParseFilter(in.Filter)
		if err != nil {
			return nil, err
		}
		if _, err := s.Sources.Get(in.Name); err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(to huma.Context) {
			r, w := humago.Unwrap(to)
			w.Header().Set("Content-Type", "text/event-stream")
			if r.Method != http.MethodHead { // which the route of a GET takes too, and which must end
				s.tail(to.Context(), w, in.Name, ingest.TailRequest{Filter: filter, Text: in.Text, MaxRate: in.MaxRate})
			}
		}}, nil
	})
}

// tail writes events until ctx ends, the source is removed or the client is gone.
func (s *server) tail(ctx context.Context, w http.ResponseWriter, source string, t ingest.TailRequest) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := &eventStream{w: w, control: http.NewResponseController(w)}
	if out.comment("following "+source) != nil {
		return
	}
	var beating sync.WaitGroup
	beating.Go(func() {
		ticks := time.NewTicker(heartbeat)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				if out.comment("alive") != nil {
					cancel()
					return
				}
			case <-ctx.Done():
				return
			}
		}
	})
	err := s.Live.Tail(ctx, source, t, func(item ingest.TailItem) error {
		switch {
		case item.Event != nil:
			return out.event("event", item.Event)
		case item.Skipped != nil:
			return out.event("skipped", item.Skipped)
		default:
			return out.event("rate", item.Rate)
		}
	})
	if err != nil {
		s.Logger.LogAttrs(ctx, slog.LevelDebug, "a tail ended", slog.String("tailed", source), slog.String("error", err.Error()))
	}
	cancel()
	beating.Wait()
}

// eventStream writes Server-Sent Events. Its methods may be called from several goroutines.
type eventStream struct {
	mu      sync.Mutex
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s *eventStream) event(kind string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return s.write("event: %s\ndata: %s\n\n", kind, text)
}

func (s *eventStream) comment(text string) error { return s.write(": %s\n\n", text) }

func (s *eventStream) write(format string, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := fmt.Fprintf(s.w, format, args...); err != nil {
		return err
	}
	return s.control.Flush()
}
