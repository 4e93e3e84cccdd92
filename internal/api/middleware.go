package api

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

// Limits of one request.
const (
	bodyPause    = 10 * time.Second // the longest that nothing may come of a body, and the first time in which it may come at any pace
	bodyRate     = 32 << 10         // bytes of it that must come a second, on average, after that
	writeTimeout = 30 * time.Second // for the client to take what one write gives it
)

// wrap is around all routes: it refuses what other sites send, answers for what no route takes, catches panics, keeps slow
// clients from holding a request for ever, and takes note of what was served.
func (s *server) wrap(routes http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		started := time.Now()
		v := &visit{}
		w := &answer{ResponseWriter: rw, control: http.NewResponseController(rw)}
		s.setHeaders(w.Header(), r)
		defer func() {
			reason := recover()
			w.patience()                                         // for what is held back still
			if reason != nil && reason != http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
				p := s.defect(r.Context(), slog.String("panic", fmt.Sprint(reason)), slog.String("stack", string(debug.Stack())))
				if w.status == 0 {
					writeProblem(w, p)
					reason = nil
				}
			}
			took := time.Since(started)
			route := "none"
			if _, path, ok := strings.Cut(r.Pattern, " "); ok {
				route = path
			}
			s.Recorder.Request(r.Method, route, w.status, took)
			s.auditRequest(r, v, w.status, took)
			s.Logger.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("method", r.Method), slog.String("path", r.URL.Path),
				slog.Int("status", w.status), slog.Int64("bytes", w.bytes), slog.Duration("took", took))
			if reason != nil {
				panic(http.ErrAbortHandler) // the answer has begun: only a broken connection says that it is not whole
			}
		}()
		if p := s.refusal(r); p != nil {
			writeProblem(w, p)
			return
		}
		if r.Body != http.NoBody {
			b := &body{ReadCloser: r.Body, answer: w, plain: r.ProtoMajor == 1, began: started}
			b.patience()
			r.Body = b
		}
		_, pattern := s.mux.Handler(r)
		if pattern == "" && !strings.HasPrefix(r.URL.Path, "/api/") && !s.stands(r.Context()) {
			s.unrouted(w, r)
			return
		}
		need, ok := accesses[pattern]
		if !ok {
			need.role = auth.Admin
		}
		if pattern == "" {
			need = access{role: auth.Viewer} // what there is not is no secret, but only who is known hears of it
			if publicPaths[r.URL.Path] {
				need.role = auth.NoRole
			}
		}
		r, v = s.visited(w, r, need)
		entered, err := s.enter(r, v)
		r = entered
		if s.stands(r.Context()) {
			err = errCrowded
		}
		switch {
		case err != nil:
			writeProblem(w, s.problemOf(r.Context(), err))
		case pattern == "":
			s.unrouted(w, r)
		default:
			stop := func() {}
			if need.role != auth.NoRole {
				r, stop = s.whileLetIn(r)
			}
			defer stop()
			routes.ServeHTTP(w, r)
		}
	})
}

// setHeaders sets what every answer says. A page of the console replaces the policy by its own: nothing else is there to be shown.
func (s *server) setHeaders(h http.Header, r *http.Request) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	if _, secure := s.Reach.from(r); secure && s.Reach.TLSOnly != nil && s.Reach.TLSOnly() {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// refusal is why a request is not taken at all, or nil. Any page in the user's browser can reach a server on loopback or in the
// same network: a foreign name in Host is DNS rebinding, a foreign Origin is another site's page.
func (s *server) refusal(r *http.Request) *problemError {
	if !s.answersTo(r) {
		p := newProblem(http.StatusForbidden, fault.Refused, fmt.Sprintf("this server does not answer to the name %q", r.Host))
		p.Hint = "the server must be told the name that others know it by, with --public-url; on its own machine localhost and 127.0.0.1 do; a proxy in front must hand on the header Host"
		return p
	}
	if s.foreign(r) {
		p := newProblem(http.StatusForbidden, fault.Refused, "pages of other sites may not use this server")
		p.Hint = "if this is a page of its own, name the address that browsers use in public_url"
		return p
	}
	return nil
}

// foreign reports whether a page of another site sends a request. Reading counts as well: it can make the server call an endpoint. A
// link from elsewhere may lead to a page of the console, and the provider sends browsers back; see auth.FinishProvider.
func (s *server) foreign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	if site == "same-origin" {
		return false
	}
	for _, origin := range r.Header.Values("Origin") { // browsers send none with a GET of their own pages, nor when they go elsewhere
		if !s.ownOrigin(r, origin) {
			return true
		}
	}
	if site == "" || site == "none" {
		return false
	}
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	goes := r.Method == http.MethodGet && (mode == "" || mode == "navigate") && (dest == "" || dest == "document")
	return !goes || r.URL.Path != callbackPath && !s.consoles(r)
}

// ownOrigin reports whether an origin is what a request came to, or where people reach the server.
func (s *server) ownOrigin(r *http.Request, origin string) bool {
	_, secure := s.Reach.from(r)
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	here := &url.URL{Scheme: "http", Host: r.Host}
	if secure {
		here.Scheme = "https"
	}
	public, err := url.Parse(s.Reach.PublicURL)
	return sameOrigin(u, here) || err == nil && sameOrigin(u, public)
}

func sameOrigin(a, b *url.URL) bool {
	usual := map[string]string{"http": "80", "https": "443"}
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && cmp.Or(a.Port(), usual[a.Scheme]) == cmp.Or(b.Port(), usual[b.Scheme])
}

// consoles reports whether a request is for the console: what no route takes, and is not the API's.
func (s *server) consoles(r *http.Request) bool {
	_, pattern := s.mux.Handler(r)
	return pattern == "" && !strings.HasPrefix(r.URL.Path, "/api/")
}

// answersTo reports whether a request is for a name of this server: one of loopback, one that it was given, or the address that
// the connection was made to.
func (s *server) answersTo(r *http.Request) bool {
	host := (&url.URL{Host: r.Host}).Hostname()
	if strings.EqualFold(host, "localhost") || slices.ContainsFunc(s.Reach.Hosts, func(name string) bool { return strings.EqualFold(host, name) }) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	if ip = ip.Unmap(); ip.IsLoopback() {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	at, err := netip.ParseAddrPort(local.String())
	return err == nil && at.Addr().Unmap().WithZone("") == ip
}

// unrouted answers for what no route takes: the router knows whether it is the path or the method. Outside of the API every
// path is the console's.
func (s *server) unrouted(w http.ResponseWriter, r *http.Request) {
	said := &verdict{header: http.Header{}}
	s.mux.ServeHTTP(said, r)
	if said.status == http.StatusNotFound && !strings.HasPrefix(r.URL.Path, "/api/") && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		r.Pattern = "GET console" // for the metrics
		s.Console.ServeHTTP(w, r)
		return
	}
	if to := said.header.Get("Location"); to != "" { // the same path, in its plain form
		w.Header().Set("Location", to)
		w.WriteHeader(said.status)
		return
	}
	p := newProblem(said.status, fault.NotFound, fmt.Sprintf("there is nothing at %s", r.URL.Path))
	if said.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", said.header.Get("Allow"))
		p = newProblem(said.status, fault.Invalid, fmt.Sprintf("%s cannot be done with %s", r.Method, r.URL.Path))
	}
	p.Hint = "/openapi.json lists what there is"
	writeProblem(w, p)
}

// verdict keeps what the router says and throws away how it says it.
type verdict struct {
	header http.Header
	status int
}

func (v *verdict) Header() http.Header         { return v.header }
func (v *verdict) Write(p []byte) (int, error) { return len(p), nil }
func (v *verdict) WriteHeader(status int)      { v.status = status }

// refuseUnclearParameters refuses a query parameter that is given twice, since one of the two would be passed over, and a moment
// that is empty, which would be taken for none.
func (s *server) refuseUnclearParameters(ctx huma.Context, next func(huma.Context)) {
	u := ctx.URL()
	given := u.Query()
	refuse := func(name, why string) {
		_ = huma.WriteErr(s.huma, ctx, http.StatusUnprocessableEntity, "validation failed",
			&huma.ErrorDetail{Location: "query." + name, Message: why}) // a client that is gone needs no answer
	}
	for name, values := range given {
		if len(values) > 1 && name != "filter" {
			refuse(name, "given more than once")
			return
		}
	}
	for _, p := range ctx.Operation().Parameters {
		if p.In == "query" && p.Schema.Format == "date-time" && given.Has(p.Name) && given.Get(p.Name) == "" {
			refuse(p.Name, "expected a time, RFC 3339")
			return
		}
	}
	next(ctx)
}

// answer watches what is written and gives each write its deadline.
type answer struct {
	http.ResponseWriter
	control *http.ResponseController
	status  int
	bytes   int64
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.patience()
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	a.rest()
	return n, err
}

// FlushError hands on what is held back.
func (a *answer) FlushError() error {
	a.patience()
	err := a.control.Flush()
	a.rest()
	return err
}

// Unwrap gives http.ResponseController what it needs.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) patience() {
	_ = a.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // not every connection has deadlines: those of tests
}

// rest takes the deadline away as long as nothing is written: over HTTP/2 it ends an answer even while nobody waits for the client.
func (a *answer) rest() { _ = a.control.SetWriteDeadline(time.Time{}) }

// body gives each read its deadline, which leaves a large body on a slow line its time. It takes the deadline away once all has
// been read: what the connection reads later is how the server learns that the client has gone, and a deadline would look the same.
type body struct {
	io.ReadCloser
	answer *answer
	plain  bool // HTTP/1, where the next request comes behind this body
	began  time.Time
	got    int64
}

func (b *body) Read(p []byte) (int, error) {
	b.patience()
	n, err := b.ReadCloser.Read(p)
	b.got += int64(n)
	switch {
	case err == io.EOF: // readers return io.EOF itself
		_ = b.answer.control.SetReadDeadline(time.Time{}) // as above
	case err != nil && b.plain:
		b.answer.Header().Set("Connection", "close") // or what comes late of it would be taken for the next request
	}
	return n, err
}

func (b *body) patience() {
	until := time.Now().Add(bodyPause)
	if slowest := b.began.Add(bodyPause + time.Duration(b.got)*time.Second/bodyRate); slowest.Before(until) {
		until = slowest
	}
	_ = b.answer.control.SetReadDeadline(until) // as above
}
