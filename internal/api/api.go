// Package api is Helios over HTTP: routes, their OpenAPI description, and errors as problem+json (RFC 9457). It holds no
// state and decides nothing: what it offers is done by those behind the interfaces below.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"golang.org/x/sync/semaphore"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/schema"
)

// Sources keeps the sources: *ingest.Service.
type Sources interface {
	Add(ctx context.Context, s ingest.Settings) (ingest.SourceStatus, error)
	List() []ingest.SourceStatus
	Get(name string) (ingest.SourceStatus, error)
	Remove(ctx context.Context, name string, dropTable bool) error
}

// Steering tells the sources that are there what to do: *ingest.Service.
type Steering interface {
	Pause(ctx context.Context, name string) (ingest.SourceStatus, error)
	Resume(ctx context.Context, name string) (ingest.SourceStatus, error)
	Change(ctx context.Context, name string, c ingest.Changes) (ingest.SourceStatus, error)
}

// Live shows what sources are doing: *ingest.Service.
type Live interface {
	Tail(ctx context.Context, source string, t ingest.TailRequest, each func(ingest.TailItem) error) error
	History(source string, span time.Duration) (ingest.SourceHistory, error)
	Histories(span time.Duration) []ingest.SourceHistory
	Freshness(tables []string) []ingest.Freshness
	SampleStream(ctx context.Context, c ingest.Connection, stream string, o ingest.SampleOptions) (ingest.Sample, error)
}

// Streams finds streams.
type Streams interface {
	Cloud(ctx context.Context) ingest.Cloud
	List(ctx context.Context, c ingest.Connection) ([]ingest.ListedStream, error)
	Describe(ctx context.Context, c ingest.Connection, stream string) (ingest.StreamDetail, error)
	Rate(ctx context.Context, c ingest.Connection, stream string) (ingest.StreamRate, error)
}

// Tables describes what the store holds.
type Tables interface {
	Tables(ctx context.Context) ([]ingest.TableInfo, error)
	TableInfo(ctx context.Context, name string) (ingest.TableInfo, error)
	History(ctx context.Context, name string) ([]schema.Change, error)
	QuarantineReasons(ctx context.Context, table string) ([]ingest.ReasonCount, error) // "" for all tables
	QuarantineGroups(ctx context.Context, table string, step time.Duration) ([]ingest.QuarantineGroup, error)
	Quarantined(ctx context.Context, f ingest.QuarantineFilter, after *ingest.QuarantineKey, limit int) ([]ingest.Quarantined, error)
}

// Queries runs SQL: *query.Service.
type Queries interface {
	Start(ctx context.Context, req query.Request) (*query.Result, error)
	Running() []query.Running
	Cancel(id string) error
	Options() query.Options // the limits in force
}

// Recorder takes note of what was served: *telemetry.Metrics.
type Recorder interface {
	Request(method, route string, status int, took time.Duration)
	Query(outcome string, took time.Duration) // ok, or the code of its error
}

// Deps is what the API stands on. All of it is required.
type Deps struct {
	Sources  Sources
	Steering Steering
	Mending  Mending
	Live     Live
	Streams  Streams
	Tables   Tables
	Queries  Queries
	Ready    func() error                          // nil, or why queries cannot be taken yet
	Declare  func(ingest.Settings) ([]byte, error) // a source as YAML, as the settings file declares it
	Metrics  http.Handler                          // for Prometheus
	Console  http.Handler                          // takes every path that is not the API's
	Recorder Recorder
	Logger   *slog.Logger

	SavedQueries SavedQueries
	Dashboards   Dashboards
	History      History
	Inspector    Inspector
	About        func(context.Context) (About, error)
	Backups      Backups

	Accounts *auth.Service
	Reach    Reach
}

// server is the API with what it stands on.
type server struct {
	Deps
	mux      *http.ServeMux
	patterns []string // of all routes
	huma     huma.API
	problem  *huma.Schema
	room     *semaphore.Weighted // see admit

	strangers, standing *crowd // see bound
	tails               *crowd // see admitTail
	repeats             repeats
}

// New makes the handler of all routes.
func New(deps Deps) http.Handler {
	s := newServer(deps)
	return s.bound(s.wrap(s.mux))
}

// describeLists has huma describe lists as what they are on the wire: never null. Those of requests that may be say so.
var describeLists = sync.OnceFunc(func() { huma.DefaultArrayNullable = false })

func newServer(deps Deps) *server {
	describeLists()
	s := &server{
		Deps: deps, mux: http.NewServeMux(), room: semaphore.NewWeighted(roomBytes), tails: newCrowd(mostTails, tailsOfOne),
		strangers: newCrowd(mostStrangers, strangersOfOne), standing: newCrowd(mostStrangers, strangersOfOne),
	}
	registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
	s.huma = humago.New(s, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       "Helios",
				Version:     "1",
				Description: "Streams as SQL tables: connect them, watch them, query them.",
				License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{
				"session": {Type: "apiKey", In: "cookie", Name: cookieNameSecure, Description: "Of who has signed in. Without TLS the cookie is called " + cookieName},
				"token":   {Type: "http", Scheme: "bearer", Description: "An API token, which begins with " + auth.TokenPrefix},
			}},
		},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{transformProblem},
	})
	s.huma.UseMiddleware(s.refuseUnclearParameters)
	s.problem = registry.Schema(reflect.TypeFor[problemError](), true, "")
	s.streamRoutes()
	s.schemaRoutes()
	s.sourceRoutes()
	s.historyRoutes()
	s.tailRoutes()
	s.tableRoutes()
	s.quarantineRoutes()
	s.mendingRoutes()
	s.queryRoutes()
	s.queryHistoryRoutes()
	s.sqlRoutes()
	s.savedQueryRoutes()
	s.dashboardRoutes()
	s.signInRoutes()
	s.userRoutes()
	s.auditRoutes()
	s.systemRoutes()
	s.aboutRoutes()
	s.backupRoutes()
	// Huma describes its own form of errors beside each route; here all take the form of problemError.
	delete(registry.Map(), "ErrorModel")
	delete(registry.Map(), "ErrorDetail")
	return s
}

// HandleFunc and ServeHTTP make the server the router that huma registers with.
func (s *server) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	s.patterns = append(s.patterns, pattern)
	s.mux.HandleFunc(pattern, handler)
}

// ServeHTTP hands a request to its route, without what wrap adds.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// schemaName keeps names apart that two packages use, and gives the name that people know.
func schemaName(t reflect.Type, hint string) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[query.Column]():
		return "ResultColumn"
	case reflect.TypeFor[backup.Status](), reflect.TypeFor[backup.Schedule](), reflect.TypeFor[backup.Running](), reflect.TypeFor[backup.Failed]():
		return "Backup" + t.Name()
	case reflect.TypeFor[problemError]():
		return "Problem"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// usualBody is how many bytes the body of a request may have, unless the route says otherwise.
const usualBody = 1 << 20

// register adds a route whose errors may have the statuses given, besides those that every route can have.
func register[I, O any](s *server, op huma.Operation, statuses []int, handler func(context.Context, *I) (*O, error)) {
	s.describe(&op, statuses)
	if op.MaxBodyBytes > usualBody { // more than others may have
		op.Middlewares = append(op.Middlewares, s.admitBody(op.MaxBodyBytes))
	}
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, s.problemOf(ctx, err)
		}
		return out, nil
	})
}

// describe documents the errors of an operation.
func (s *server) describe(op *huma.Operation, statuses []int) {
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	s.describeAccess(op)
	all := append([]int{http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusServiceUnavailable}, statuses...)
	if op.Method == http.MethodPost || op.Method == http.MethodPut || op.Method == http.MethodPatch {
		all = append(all, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusRequestTimeout)
	}
	for _, status := range all {
		op.Responses[statusKey(status)] = s.problemResponse(status)
	}
}

// describeAccess documents who may use an operation, and the errors of who may not.
func (s *server) describeAccess(op *huma.Operation) {
	op.Responses[statusKey(http.StatusForbidden)] = s.problemResponse(http.StatusForbidden)
	op.Security = []map[string][]string{}
	needs := accesses[op.Method+" "+op.Path]
	if needs.role == auth.NoRole {
		return
	}
	op.Responses[statusKey(http.StatusUnauthorized)] = s.problemResponse(http.StatusUnauthorized)
	op.Security = append(op.Security, map[string][]string{"session": {}}, map[string][]string{"token": {}})
	op.Extensions = map[string]any{"x-helios-role": needs.role.String()}
	if needs.whole {
		op.Extensions["x-helios-all-tables"] = true // not for who may read only some
	}
}
