package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
)

// problemError is an error on the wire: RFC 9457, with Helios's own members code, hint and, for SQL, where in the statement.
type problemError struct {
	Status int        `json:"status" doc:"The HTTP status"`
	Title  string     `json:"title" doc:"The status in words"`
	Code   fault.Code `json:"code" enum:"invalid,not_found,conflict,refused,forbidden,too_large,timeout,cancelled,credentials,sign_in,too_many,network,environment,unavailable,internal" doc:"A stable name of the class of errors"`
	Detail string     `json:"detail" doc:"What went wrong, for people"`
	ingest.Advice
	Position *int          `json:"position,omitempty" doc:"Where in the statement, in bytes from 0"`
	Line     int           `json:"line,omitempty" doc:"The line of the statement, from 1"`
	Column   int           `json:"column,omitempty" doc:"The character of that line, from 1"`
	Errors   []problemPart `json:"errors,omitempty" doc:"What is wrong with which part of the request"`

	retryAfter time.Duration // told in the header Retry-After
}

// problemPart is what is wrong with one part of a request.
type problemPart struct {
	Location string `json:"location,omitempty" doc:"The part, as in body.columns[0].type"`
	Message  string `json:"message"`
}

const problemType = "application/problem+json"

// Error gives the detail.
func (p *problemError) Error() string { return p.Detail }

// GetStatus gives the HTTP status to huma.
func (p *problemError) GetStatus() int { return p.Status }

// ContentType gives the media type to huma.
func (p *problemError) ContentType(string) string { return problemType }

// GetHeaders gives the headers to huma.
func (p *problemError) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="helios"`)
	}
	return h
}

func newProblem(status int, code fault.Code, detail string) *problemError {
	return &problemError{Status: status, Title: http.StatusText(status), Code: code, Detail: detail}
}

// statusOf is the one mapping of codes to statuses.
func statusOf(code fault.Code) int {
	switch code {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict, fault.Cancelled:
		return http.StatusConflict
	case fault.SignIn:
		return http.StatusUnauthorized
	case fault.Refused, fault.Forbidden:
		return http.StatusForbidden
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Timeout:
		return http.StatusGatewayTimeout // not 408: that invites clients to send the same again by themselves
	case fault.Credentials, fault.Network:
		return http.StatusBadGateway
	case fault.Unavailable, fault.Environment: // of the server's machine: somebody must mend it there, and no defect of Helios
		return http.StatusServiceUnavailable
	default: // Internal
		return http.StatusInternalServerError
	}
}

// codeOf is the code of an error that has no more than a status, as huma and the router make them.
func codeOf(status int) fault.Code {
	switch status {
	case http.StatusNotFound:
		return fault.NotFound
	case http.StatusUnauthorized:
		return fault.SignIn
	case http.StatusForbidden:
		return fault.Refused
	case http.StatusRequestEntityTooLarge:
		return fault.TooLarge
	case http.StatusTooManyRequests:
		return fault.TooMany
	case http.StatusRequestTimeout:
		return fault.Timeout
	}
	if status >= http.StatusInternalServerError {
		return fault.Internal
	}
	return fault.Invalid
}

// problemOf says an error on the wire. What is Helios's own defect is logged here, and only its id goes out.
func (s *server) problemOf(ctx context.Context, err error) *problemError {
	if p, ok := errors.AsType[*problemError](err); ok {
		return p
	}
	code := fault.CodeOf(err)
	visitOf(ctx).failed = code
	if errors.Is(err, context.Canceled) && code == fault.Internal {
		code = fault.Cancelled // the client has gone, or the server is stopping
	}
	if code == fault.Internal {
		return s.defect(ctx, slog.String("error", err.Error()))
	}
	p := newProblem(statusOf(code), code, err.Error())
	p.Advice, p.retryAfter = ingest.AdviceOf(err), fault.RetryAfterOf(err)
	if at, ok := errors.AsType[*query.SQLError](err); ok && at.Position >= 0 {
		p.Position, p.Line, p.Column = &at.Position, at.Line, at.Column
	}
	return p
}

// defect logs what should not have happened and makes the problem that names the log's entry.
func (s *server) defect(ctx context.Context, attrs ...slog.Attr) *problemError {
	id := strings.ToLower(rand.Text()[:12])
	s.Logger.LogAttrs(ctx, slog.LevelError, "a request failed for a reason of Helios's own", append(attrs, slog.String("id", id))...)
	p := newProblem(http.StatusInternalServerError, fault.Internal, "something went wrong inside Helios: the server's log tells more under the id "+id)
	p.Hint = "if it happens again, report it with that entry of the log"
	return p
}

// transformProblem turns the errors that huma itself makes into problems. What a request held is not sent back.
func transformProblem(_ huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := newProblem(e.Status, codeOf(e.Status), e.Detail)
	for _, part := range e.Errors {
		p.Errors = append(p.Errors, problemPart{Location: part.Location, Message: part.Message})
	}
	return p, nil
}

// writeProblem answers where huma does not reach: before and after the routes.
func writeProblem(w http.ResponseWriter, p *problemError) {
	maps.Copy(w.Header(), p.GetHeaders())
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client is gone: nobody is left to be told
}

func statusKey(status int) string { return strconv.Itoa(status) }

func (s *server) problemResponse(status int) *huma.Response {
	r := &huma.Response{
		Description: http.StatusText(status),
		Content:     map[string]*huma.MediaType{problemType: {Schema: s.problem}},
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		r.Headers = map[string]*huma.Param{"Retry-After": {Description: "In how many seconds the same may succeed, if that is known", Schema: &huma.Schema{Type: huma.TypeInteger}}}
	}
	return r
}
