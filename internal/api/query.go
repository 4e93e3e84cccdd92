package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/query/encode"
)

// parameters are a statement's, as written.
type parameters json.RawMessage

// UnmarshalJSON keeps the text: numbers must not lose digits.
func (p *parameters) UnmarshalJSON(text []byte) error {
	*p = append((*p)[:0], text...)
	return nil
}

// Schema describes them to huma.
func (parameters) Schema(huma.Registry) *huma.Schema {
	value := &huma.Schema{AnyOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeNumber}, {Type: huma.TypeBoolean}, {Type: "null"}}}
	return &huma.Schema{
		Description: "An array binds ? and $1, an object $name. Values are null, booleans, numbers and strings.",
		AnyOf: []*huma.Schema{
			{Type: huma.TypeArray, Items: value},
			{Type: huma.TypeObject, AdditionalProperties: value},
			{Type: "null"},
		},
	}
}

// newQuery is a statement to run.
type newQuery struct {
	SQL       string     `json:"sql" minLength:"1" doc:"One SELECT, WITH, VALUES, DESCRIBE, SUMMARIZE, SHOW or EXPLAIN"`
	Params    parameters `json:"params,omitempty"`
	MaxRows   whole      `json:"max_rows,omitempty" minimum:"-1" doc:"Rows to give; 0 for the default: the server's for JSON, all for the other formats; -1 for all"`
	TimeoutMS whole      `json:"timeout_ms,omitempty" minimum:"0" maximum:"86400000" doc:"How long it may take; 0 for the server's default"`
	History   bool       `json:"history,omitempty" doc:"Remember it in the history of queries"`
	Formulas  string     `json:"formulas,omitempty" enum:"quote,keep" doc:"CSV alone: quote, the default, puts a ' before text that a spreadsheet would take for a formula, which is what begins with = + - @, after white space or what cannot be seen too, or with a tab or the end of a line; keep gives the exact text"`

	saved string // the id under which it is saved, if it is run by that
}

// queryResult is a result as JSON, for its description: the encoder writes it while it is read.
type queryResult struct {
	QueryID   string             `json:"query_id"`
	Columns   []query.Column     `json:"columns"`
	Rows      [][]any            `json:"rows" doc:"One array a row. Integers beyond 2^53 are strings, times RFC 3339"`
	RowCount  int64              `json:"row_count"`
	Truncated bool               `json:"truncated" doc:"There are more rows than max_rows"`
	ElapsedMS int64              `json:"elapsed_ms"`
	Bytes     int64              `json:"bytes" doc:"That the rows take in this answer"`
	Freshness []ingest.Freshness `json:"freshness" doc:"Of the sources whose tables the statement names"`
}

type queryList struct {
	Body struct {
		Queries []query.Running `json:"queries"`
	}
}

// Headers and trailers of results: the formats that hold nothing but rows have no other place for them.
const (
	headerQueryID    = "Helios-Query-Id"
	trailerRowCount  = "Helios-Row-Count"
	trailerTruncated = "Helios-Truncated"
)

// resultResponses describe a result in all its forms.
func (s *server) resultResponses() map[string]*huma.Response {
	content := map[string]*huma.MediaType{}
	for _, f := range encode.Formats() {
		content[f.ContentType] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, ContentEncoding: "binary"}}
		if f.Envelope {
			content[f.ContentType].Schema = s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[queryResult](), true, "")
		}
	}
	return map[string]*huma.Response{"200": {
		Description: "The result",
		Content:     content,
		Headers:     map[string]*huma.Param{headerQueryID: {Description: "Names the query in the list of those that run", Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
}

func (s *server) queryRoutes() {
	tags := []string{"queries"}
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/query", OperationID: "run-query", Tags: tags,
		Summary: "Run one SQL statement",
		Description: "The Accept header chooses the form of the result, JSON without it. Rows are sent while they are computed: " +
			"a connection that breaks off says that the query failed after that. All but JSON tell the number of rows, and whether there were more, in trailers.",
		Responses: s.resultResponses(),
	}, []int{http.StatusNotAcceptable, http.StatusConflict, http.StatusTooManyRequests, http.StatusGatewayTimeout}, s.runQuery)
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/queries", OperationID: "list-queries", Tags: tags,
		Summary: "List one's own queries that wait or run, oldest first; for admins everybody's",
	}, nil, func(ctx context.Context, _ *struct{}) (*queryList, error) {
		out := &queryList{}
		out.Body.Queries = s.running(ctx)
		return out, nil
	})
	register(s, huma.Operation{
		Method: http.MethodDelete, Path: "/api/v1/queries/{id}", OperationID: "cancel-query", Tags: tags,
		Summary: "Cancel a query: one's own, or as an admin anybody's",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *struct {
		ID string `path:"id"`
	},
	) (*struct{}, error) {
		if !slices.ContainsFunc(s.running(ctx), func(q query.Running) bool { return q.ID == in.ID }) {
			return nil, fault.New(fault.NotFound, "no query %s is running", in.ID)
		}
		return nil, s.Queries.Cancel(in.ID)
	})
}

// running are the queries that who asks may know of.
func (s *server) running(ctx context.Context) []query.Running {
	p, _ := auth.From(ctx)
	owner := ownerOf(ctx)
	return slices.DeleteFunc(some(s.Queries.Running()), func(q query.Running) bool { return q.Owner != owner && !p.May(auth.Admin) })
}

type queryInput struct {
	Accept string `header:"Accept" hidden:"true"`
	Body   newQuery
}

func (s *server) runQuery(ctx context.Context, in *queryInput) (*huma.StreamResponse, error) {
	format, err := encode.ByAccept(in.Accept)
	if err != nil {
		p := newProblem(http.StatusNotAcceptable, fault.Invalid, err.Error())
		p.Hint = fault.HintOf(err)
		return nil, p
	}
	params, err := query.ParseParams(json.RawMessage(in.Body.Params))
	if err != nil {
		return nil, err
	}
	maxRows := int64(in.Body.MaxRows)
	if maxRows == 0 && !format.Envelope {
		maxRows = query.NoLimit
	}
	format.Formulas = in.Body.Formulas == "keep"
	run := s.newRun(ctx, &in.Body, format)
	result, err := s.Queries.Start(ctx, query.Request{
		SQL: in.Body.SQL, Owner: ownerOf(ctx), Scope: scopeOf(ctx), Params: params, MaxRows: maxRows, Timeout: time.Duration(in.Body.TimeoutMS) * time.Millisecond,
	})
	if err != nil {
		run.ended(err)
		return nil, err
	}
	return &huma.StreamResponse{Body: func(to huma.Context) { s.writeResult(to, format, result, run) }}, nil
}

var errGone = fault.New(fault.Cancelled, "the client went away")

// run is a query on its way into the metrics, the audit log and, if that is wished, the history.
type run struct {
	server   *server
	remember bool
	entry    auth.Entry
	format   string
	query.Past
}

func (s *server) newRun(ctx context.Context, q *newQuery, format encode.Format) *run {
	r := &run{server: s, remember: q.History, entry: entryOf(ctx, actionQuery)}
	if !format.Envelope {
		r.entry.Action = actionExport
	}
	r.entry.Target, r.format, r.Owner = q.saved, format.Name, ownerOf(ctx)
	r.SQL, r.Params, r.StartedAt = q.SQL, json.RawMessage(q.Params), time.Now()
	return r
}

// ended takes note of a query when its answer has been sent, or cannot be.
func (r *run) ended(err error) {
	took := time.Since(r.StartedAt)
	r.Outcome, r.ElapsedMS = "ok", took.Milliseconds()
	switch code := fault.CodeOf(err); {
	case err == nil:
	case code == fault.Internal:
		r.Outcome, r.Error = string(code), "something went wrong inside Helios" // the log tells more
	default:
		r.Outcome, r.Error = string(code), err.Error()
	}
	r.server.Recorder.Query(r.Outcome, took)
	r.server.auditQuery(r.entry, r.SQL, took, err, map[string]any{"format": r.format, "rows": r.Rows, "bytes": r.Bytes})
	if r.remember && fault.CodeOf(err) != fault.TooMany {
		r.server.History.Remember(r.Past)
	}
}

// writeResult sends a result. What fails before the first rows are sent is told as any error is; later the connection is
// broken off: no other sign would reach every client.
func (s *server) writeResult(to huma.Context, format encode.Format, result *query.Result, run *run) {
	defer result.Close() // Write has closed it but for a panic
	r, w := humago.Unwrap(to)
	ctx := r.Context()
	header := w.Header()
	header.Set("Content-Type", format.ContentType)
	header.Set(headerQueryID, result.ID())
	if !format.Envelope {
		header.Set("Trailer", trailerRowCount+", "+trailerTruncated)
	}
	out := &held{w: w, control: http.NewResponseController(w)}
	var err error
	run.Bytes, err = encode.Write(ctx, out, format, result, func() []ingest.Freshness { return s.Live.Freshness(result.Tables()) })
	if err == nil {
		err = out.FlushError()
	}
	run.Rows = result.RowCount()
	if err != nil {
		told := err
		if _, of := errors.AsType[*fault.Error](err); !of {
			told = errGone
		}
		run.ended(told)
		if !out.sent {
			header.Del("Trailer")
			writeProblem(w, s.problemOf(ctx, err))
			return
		}
		s.Logger.LogAttrs(ctx, slog.LevelInfo, "a result broke off", slog.String("query_id", result.ID()), slog.String("error", err.Error()))
		panic(http.ErrAbortHandler)
	}
	run.ended(nil)
	if !format.Envelope {
		header.Set(trailerRowCount, strconv.FormatInt(result.RowCount(), 10))
		header.Set(trailerTruncated, strconv.FormatBool(result.Truncated()))
	}
}

// held holds back what is written until it is flushed or has become much, so that an error can still be told.
type held struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begun   []byte
	sent    bool
}

const heldBytes = 64 << 10

func (h *held) Write(p []byte) (int, error) {
	if !h.sent && len(h.begun)+len(p) <= heldBytes {
		h.begun = append(h.begun, p...)
		return len(p), nil
	}
	if err := h.send(); err != nil {
		return 0, err
	}
	return h.w.Write(p)
}

// FlushError sends what is held back.
func (h *held) FlushError() error {
	if err := h.send(); err != nil {
		return err
	}
	return h.control.Flush()
}

func (h *held) send() error {
	if h.sent {
		return nil
	}
	h.sent = true
	_, err := h.w.Write(h.begun)
	h.begun = nil
	return err
}
