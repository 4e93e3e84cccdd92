package api

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

// AuditSearch says which entries of the audit log to give.
type AuditSearch struct {
	Search string    `query:"search" maxLength:"1000" doc:"Only those with this text in who, where, what or the details, in small or capital letters"`
	Action string    `query:"action" maxLength:"100" doc:"Only those of this action"`
	From   time.Time `query:"from" doc:"Only those from then on"`
	Until  time.Time `query:"until" doc:"Only those from before then"`
}

func (a AuditSearch) domain() auth.AuditSearch {
	return auth.AuditSearch{Text: a.Search, Action: a.Action, From: a.From, Until: a.Until}
}

type auditPage struct {
	Body struct {
		Entries []auth.Entry `json:"entries"`
		Next    string       `json:"next,omitempty" doc:"Give it as before for the next page; absent on the last"`
	}
}

// What the audit log calls queries.
const (
	actionQuery   = "query.run"
	actionExport  = "query.export" // in a form for programs, as CSV
	actionExplain = "query.explain"
)

// auditedSQL is how much of a statement the audit log takes, in bytes.
const auditedSQL = 8 << 10

// auditQuery writes a query that somebody ran into the audit log. As long as there are no accounts nobody is somebody. What came
// too soon after others did not run, and would let anybody fill the log; so would what a page asks again and again, of which the
// log tells together.
func (s *server) auditQuery(e auth.Entry, sql string, took time.Duration, failed error, detail map[string]any) {
	if e.ActorKind == auth.KindOpen || fault.CodeOf(failed) == fault.TooMany {
		return
	}
	about := map[string]any{"sql": clipped(sql)}
	if len(sql) > auditedSQL {
		about["sql_bytes"] = len(sql)
	}
	if failed == nil && e.Action == actionQuery && s.repeats.again(&e, sql, took, func(all repeated) {
		about["runs"], about["since"] = all.runs, all.since.UTC().Format(time.RFC3339)
		e.Outcome, e.DurationMS = auth.OutcomeOK, all.took.Milliseconds()
		s.audit(e, about)
	}) {
		return
	}
	e.Outcome, e.DurationMS = auth.Outcome(failed), took.Milliseconds()
	maps.Copy(detail, about)
	s.audit(e, detail)
}

// clipped is as much of a statement as the audit log takes.
func clipped(sql string) string { return strings.ToValidUTF8(sql[:min(len(sql), auditedSQL)], "") }

// auditRequest writes the use of a route into the audit log, if it is one that the log tells of. Of the others it tells when
// somebody tries to change what they may not.
func (s *server) auditRequest(r *http.Request, v *visit, status int, took time.Duration) {
	p, known := auth.From(r.Context())
	if !known || p.Kind == auth.KindOpen {
		return
	}
	e := entryOf(r.Context(), v.access.action)
	if v.refused && r.Method != http.MethodGet && r.Method != http.MethodHead {
		e.Action = cmp.Or(e.Action, "access.refused")
	}
	if e.Action == "" || status == http.StatusTooManyRequests { // as queries that came too soon
		return
	}
	e.Target = cmp.Or(v.target, r.PathValue("name"), r.PathValue("table"), r.PathValue("id"), r.Method+" "+r.URL.Path)
	e.Outcome, e.DurationMS = auth.OutcomeOK, took.Milliseconds()
	if status >= http.StatusBadRequest {
		e.Outcome = string(cmp.Or(v.failed, codeOf(status)))
	}
	s.audit(e, v.detail)
}

// audit adds details to an entry and hands it over.
func (s *server) audit(e auth.Entry, detail map[string]any) {
	ctx := context.Background() // what was done is written, whatever becomes of the request
	if len(detail) > 0 {
		var err error
		if e.Detail, err = json.Marshal(detail); err != nil {
			s.Logger.LogAttrs(ctx, slog.LevelError, "an entry of the audit log has no detail", slog.String("error", err.Error()))
		}
	}
	s.Accounts.RecordSoon(ctx, e)
}

const ndjson = "application/x-ndjson"

func (s *server) auditRoutes() {
	tags := []string{"accounts"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/audit", OperationID: "list-audit", Tags: tags,
		Summary: "List what was done, by whom and from where, newest first", Description: "SQL can ask for the same: it is helios.audit there.",
	}, nil, func(ctx context.Context, in *struct {
		AuditSearch
		Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
		Before string `query:"before" maxLength:"100" doc:"What the page before gave as next"`
	},
	) (*auditPage, error) {
		search := in.AuditSearch.domain()
		search.Limit, search.Before = in.Limit, in.Before
		page, more, err := s.Accounts.SearchAudit(ctx, search)
		out := &auditPage{}
		if more && len(page) > 0 {
			out.Body.Next = page[len(page)-1].ID
		}
		out.Body.Entries = some(page)
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/audit/export", OperationID: "export-audit", Tags: tags,
		Summary: "Export the audit log, one JSON object on each line, newest first",
		Responses: map[string]*huma.Response{"200": {
			Description: "OK",
			Content:     map[string]*huma.MediaType{ndjson: {Schema: &huma.Schema{Type: huma.TypeString}}},
		}},
	}, nil, s.exportAudit)
}

// exportAudit sends all pages. What fails after the first breaks the connection off: no other sign would reach every client.
func (s *server) exportAudit(ctx context.Context, in *struct{ AuditSearch }) (*huma.StreamResponse, error) {
	search := in.AuditSearch.domain()
	page, more, err := s.Accounts.SearchAudit(ctx, search)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(to huma.Context) {
		_, w := humago.Unwrap(to)
		w.Header().Set("Content-Type", ndjson)
		w.Header().Set("Content-Disposition", `attachment; filename="helios-audit.ndjson"`)
		lines := json.NewEncoder(w)
		for {
			for i := range page {
				if lines.Encode(&page[i]) != nil {
					return // the client is gone
				}
			}
			if !more || len(page) == 0 {
				return
			}
			search.Before = page[len(page)-1].ID
			if page, more, err = s.Accounts.SearchAudit(ctx, search); err != nil {
				s.Logger.LogAttrs(ctx, slog.LevelWarn, "an export of the audit log broke off", slog.String("error", err.Error()))
				panic(http.ErrAbortHandler)
			}
		}
	}}, nil
}
