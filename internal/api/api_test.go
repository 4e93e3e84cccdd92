package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/api/apitest"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

func world() *apitest.World {
	return &apitest.World{
		Sources: []ingest.SourceStatus{{Settings: ingest.Settings{Name: "clicks", Table: "clicks"}}},
		Tables:  []ingest.TableInfo{{Table: schema.Table{Name: "clicks"}}},
	}
}

// call sends one request as a program of this machine does; headers are written name: value.
func call(t *testing.T, h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, target, content)
	r.Host = "127.0.0.1:8080"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// problem asserts that an answer is an error, and gives it.
func problem(t *testing.T, w *httptest.ResponseRecorder, status int, code fault.Code) map[string]any {
	t.Helper()
	require.Equal(t, status, w.Code, w.Body)
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	var p map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	require.Equal(t, string(code), p["code"])
	require.InDelta(t, status, p["status"], 0)
	require.Equal(t, http.StatusText(status), p["title"])
	require.NotEmpty(t, p["detail"])
	return p
}

func TestEachCodeHasItsStatus(t *testing.T) {
	for code, status := range map[fault.Code]int{
		fault.Invalid: 400, fault.Refused: 403, fault.Forbidden: 403, fault.NotFound: 404, fault.Conflict: 409, fault.Cancelled: 409, fault.TooLarge: 413,
		fault.Environment: 503, fault.Credentials: 502, fault.Network: 502, fault.Unavailable: 503, fault.Timeout: 504,
		fault.SignIn: 401, fault.TooMany: 429,
	} {
		t.Run(string(code), func(t *testing.T) {
			w := world()
			w.Err = fmt.Errorf("outer: %w", fault.New(code, "it went wrong").WithHint("try again"))
			p := problem(t, call(t, w.Handler(), "GET", "/api/v1/tables", ""), status, code)
			require.Equal(t, "outer: it went wrong", p["detail"])
			require.Equal(t, "try again", p["hint"])
		})
	}
}

func TestADefectIsLoggedAndOnlyItsIDIsTold(t *testing.T) {
	for name, prepare := range map[string]func(w *apitest.World) (method, target, body string){
		"an error without code": func(w *apitest.World) (string, string, string) {
			w.Err = errors.New("secret: nil map")
			return "GET", "/api/v1/tables", ""
		},
		"a panic": func(*apitest.World) (string, string, string) { return "POST", "/api/v1/query", `{"sql":"panic"}` },
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			w := world()
			w.LogTo = &log
			method, target, body := prepare(w)
			p := problem(t, call(t, w.Handler(), method, target, body), 500, fault.Internal)
			require.NotContains(t, p["detail"], "secret")
			words := strings.Fields(p["detail"].(string))
			require.Contains(t, log.String(), "id="+words[len(words)-1])
		})
	}
}

func TestWhatIsWrongWithARequestIsTold(t *testing.T) {
	h := world().Handler()
	for _, c := range []struct {
		name, method, target, body string
		headers                    []string
		status                     int
		code                       fault.Code
		says                       string
	}{
		{"malformed JSON", "POST", "/api/v1/query", `{"sql":`, nil, 400, fault.Invalid, "unexpected end"},
		{"no body", "POST", "/api/v1/query", "", nil, 400, fault.Invalid, "body is required"},
		{"a missing member", "POST", "/api/v1/query", `{}`, nil, 422, fault.Invalid, "sql"},
		{"an unknown member", "POST", "/api/v1/query", `{"sql":"rows 1","limit":3}`, nil, 422, fault.Invalid, "body.limit"},
		{"a fraction for a whole number", "POST", "/api/v1/query", `{"sql":"rows 1","max_rows":1.5}`, nil, 422, fault.Invalid, "max_rows"},
		{"params that are a scalar", "POST", "/api/v1/query", `{"sql":"rows 1","params":3}`, nil, 400, fault.Invalid, "params"},
		{"another media type", "POST", "/api/v1/query", `<sql/>`, []string{"Content-Type: text/xml"}, 415, fault.Invalid, "content type"},
		{"a form, as pages of other sites can send", "POST", "/api/v1/query", `{"sql":"rows 1"}`, []string{"Content-Type: text/plain"}, 415, fault.Invalid, "content type"},
		{"a body beyond the bound", "POST", "/api/v1/query", `{"sql":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413, fault.TooLarge, "too large"},
		{"an answer that cannot be given", "POST", "/api/v1/query", `{"sql":"rows 1"}`, []string{"Accept: image/png"}, 406, fault.Invalid, "image/png"},
		{"an unknown parameter", "GET", "/api/v1/tables?limit=3", "", nil, 422, fault.Invalid, "query.limit"},
		{"a parameter given twice", "GET", "/api/v1/quarantine?table=a&table=b", "", nil, 422, fault.Invalid, "query.table"},
		{"an empty moment", "GET", "/api/v1/audit?until=", "", nil, 422, fault.Invalid, "query.until"},
		{"a limit beyond its bound", "GET", "/api/v1/quarantine/clicks?limit=1001", "", nil, 422, fault.Invalid, "query.limit"},
		{"a made-up cursor", "GET", "/api/v1/quarantine/clicks?after=zzz", "", nil, 400, fault.Invalid, "cursor"},
		{"a start that is none", "POST", "/api/v1/sources", `{"stream":"a","table":"b","from":"yesterday"}`, nil, 422, fault.Invalid, "horizon, latest or a time"},
		{"a time that is none", "POST", "/api/v1/sources", `{"stream":"a","table":"b","from":"2026-13-01T00:00:00Z"}`, nil, 400, fault.Invalid, "2026-13-01"},
		{"a policy that is none", "POST", "/api/v1/sources", `{"stream":"a","table":"b","evolve":"maybe"}`, nil, 422, fault.Invalid, "evolve"},
		{"a retention that is none", "POST", "/api/v1/sources", `{"stream":"a","table":"b","retain":"30m"}`, nil, 400, fault.Invalid, "retain: "},
		{"a change to a retention that is none", "PATCH", "/api/v1/sources/clicks", `{"retain_quarantine":"30"}`, nil, 400, fault.Invalid, "retain_quarantine: "},
		{"a change to what cannot be changed", "PATCH", "/api/v1/sources/clicks", `{"stream":"b"}`, nil, 422, fault.Invalid, "body.stream"},
		{"a change to nothing", "PATCH", "/api/v1/sources/nothing", `{}`, nil, 404, fault.NotFound, "nothing"},
		{"a replay of nothing", "POST", "/api/v1/quarantine/clicks/replay", `{}`, nil, 422, fault.Invalid, "matched none"},
		{"a replay of two things", "POST", "/api/v1/quarantine/clicks/replay", `{"all":true,"reason":"empty"}`, nil, 422, fault.Invalid, "matched none"},
		{"a filter without value", "GET", "/api/v1/sources/clicks/tail?filter=x", "", nil, 400, fault.Invalid, "filter"},
		{"a tail of nothing", "GET", "/api/v1/sources/nothing/tail", "", nil, 404, fault.NotFound, "nothing"},
		{"a statement that may not run", "POST", "/api/v1/query", `{"sql":"write x"}`, nil, 403, fault.Refused, "only reading"},
		{"a query that does not run", "DELETE", "/api/v1/queries/q_1", "", nil, 404, fault.NotFound, "q_1"},
		{"a path that is none", "GET", "/api/v2/tables", "", nil, 404, fault.NotFound, "/api/v2/tables"},
		{"a method that is none", "PUT", "/api/v1/tables", "", nil, 405, fault.Invalid, "PUT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := call(t, h, c.method, c.target, c.body, c.headers...)
			problem(t, w, c.status, c.code)
			require.Contains(t, w.Body.String(), c.says)
			require.Less(t, w.Body.Len(), 1000, "what was sent does not come back")
			if c.status == http.StatusMethodNotAllowed {
				require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
			}
		})
	}
}

func TestAnErrorOfSQLSaysWhere(t *testing.T) {
	h := world().Handler()
	p := problem(t, call(t, h, "POST", "/api/v1/query", `{"sql":"SELÉ\nCT FROM"}`), 400, fault.Invalid)
	require.InDelta(t, 7, p["position"], 0)
	require.InDelta(t, 2, p["line"], 0)
	require.InDelta(t, 2, p["column"], 0)
	require.Equal(t, "mend it", p["hint"])
	p = problem(t, call(t, h, "POST", "/api/v1/query", `{"sql":"write x"}`), 403, fault.Refused)
	require.NotContains(t, p, "position")
}

func TestPagesOfOtherSitesAreRefused(t *testing.T) {
	h := world().Handler()
	for _, c := range []struct {
		name, method, target string
		headers              []string
		refused              bool
	}{
		{"a program", "POST", "/api/v1/sources/clicks/pause", nil, false},
		{"the server's own page", "POST", "/api/v1/sources/clicks/pause", []string{"Origin: http://127.0.0.1:8080"}, false},
		{"the server's own page, in a browser of today", "POST", "/api/v1/sources/clicks/pause", []string{"Sec-Fetch-Site: same-origin", "Origin: http://127.0.0.1:8080"}, false},
		{"a name of loopback", "GET", "/api/v1/tables", []string{"Host: localhost:8080"}, false},
		{"IPv6", "GET", "/api/v1/tables", []string{"Host: [::1]:8080"}, false},
		{"DNS rebinding", "GET", "/api/v1/tables", []string{"Host: evil.example:8080"}, true},
		{"a name that begins like loopback", "GET", "/", []string{"Host: 127.0.0.1.evil.example"}, true},
		{"no name", "GET", "/", []string{"Host: "}, true},
		{"a write by another site", "POST", "/api/v1/sources/clicks/pause", []string{"Origin: https://evil.example"}, true},
		{"a write by another port", "POST", "/api/v1/sources/clicks/pause", []string{"Origin: http://127.0.0.1:3000"}, true},
		{"a write by a sandboxed page", "DELETE", "/api/v1/sources/clicks", []string{"Origin: null"}, true},
		{"a write, as browsers tell it", "POST", "/api/v1/sources/clicks/pause", []string{"Sec-Fetch-Site: same-site"}, true},
		{"an image of another site that makes the server call", "GET", "/api/v1/streams?endpoint=http://evil.example", []string{"Sec-Fetch-Site: cross-site"}, true},
		{"a link from elsewhere to the first page", "GET", "/", []string{"Sec-Fetch-Site: cross-site"}, false},
		{"a link from elsewhere, as browsers tell it", "GET", "/sql", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}, false},
		{"a page in a frame of another site", "GET", "/", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"}, true},
		{"a script of another site that reads a file of the console", "GET", "/assets/x.js", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: script"}, true},
		{"a form of another site that goes to the first page", "POST", "/", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}, true},
		{"a read by another site, where browsers tell no more", "GET", "/api/v1/tables", []string{"Origin: https://evil.example"}, true},
		{"a read by another port", "GET", "/api/v1/tables", []string{"Origin: http://127.0.0.1:3000"}, true},
		{"a read by the same name without TLS", "GET", "/api/v1/tables", []string{"Origin: https://127.0.0.1:8080"}, true},
		{"a read by a sandboxed page", "GET", "/api/v1/tables", []string{"Origin: null"}, true},
		{"metrics, read by another site", "GET", "/metrics", []string{"Sec-Fetch-Site: cross-site"}, true},
		{"metrics, read by another origin", "GET", "/metrics", []string{"Origin: https://evil.example"}, true},
		{"the description, by a link from elsewhere", "GET", "/openapi.json", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}, true},
		{"health, read by another site", "HEAD", "/healthz", []string{"Sec-Fetch-Site: same-site"}, true},
		{"metrics that somebody typed the address of", "GET", "/metrics", []string{"Sec-Fetch-Site: none"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := call(t, h, c.method, c.target, "", c.headers...)
			if c.refused {
				problem(t, w, 403, fault.Refused)
			} else {
				require.Equal(t, 200, w.Code, w.Body)
			}
			require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
			require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		})
	}
}

func TestTheAddressOfPublicURLIsTheServersOwn(t *testing.T) {
	h := openHouse(t, func(d *api.Deps) {
		d.Reach = api.Reach{PublicURL: "https://helios.example.com", Hosts: []string{"helios.example.com"}, Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}
	})
	for origin, want := range map[string]int{
		"https://helios.example.com": 200, "https://helios.example.com:443": 200, "https://helios.example.com:8443": 403, "http://helios.example.com": 403,
		"https://example.com": 403, "https://helios.example.com.evil.example": 403, "http://127.0.0.1:8080": 200,
	} {
		require.Equal(t, want, call(t, h, "GET", "/api/v1/tables", "", "Origin: "+origin).Code, origin)
	}
	said(t, call(t, h, "GET", "/api/v1/tables", "", "Host: helios.example.com:8443", "X-Forwarded-Proto: https", "Origin: https://helios.example.com:8443"), 200)
	problem(t, call(t, h, "GET", "/api/v1/tables", "", "Host: helios.example.com:8443", "X-Forwarded-Proto: http", "Origin: https://helios.example.com:8443"), 403, fault.Refused)
}

func TestAPathThatIsNotPlainLeadsToThePlainOne(t *testing.T) {
	h := world().Handler()
	for path, to := range map[string]string{"//foo": "/foo", "/a/../b": "/b", "/api/v1//nothing": "/api/v1/nothing", "//evil.example/?q=1": "/evil.example/?q=1", "/api//v1/tables": "/api/v1/tables"} {
		w := call(t, h, "GET", "http://127.0.0.1:8080"+path, "")
		require.Equal(t, 307, w.Code, path)
		require.Equal(t, to, w.Header().Get("Location"), path)
		require.NotContains(t, w.Header().Get("Content-Type"), "problem")
	}
}

func TestASourceIsAddedAsItWasAskedFor(t *testing.T) {
	w := world()
	h := w.Handler()
	answer := call(t, h, "POST", "/api/v1/sources", `{"stream":"s","table":"t","name":"n","region":"eu-west-1","endpoint":"http://127.0.0.1:1","profile":"p",
		"from":"2026-01-02T03:04:05+01:00","evolve":"fixed","aggregates":"keep","read":"fan_out","max_depth":2.0,"max_columns":null,
		"columns":[{"name":"at","type":"TIMESTAMP","path":["a","b"],"format":"epoch_ms"}]}`)
	require.Equal(t, 201, answer.Code, answer.Body)
	got := w.Added()[0]
	require.Equal(t, "2026-01-02T02:04:05Z", got.From.At.Format("2006-01-02T15:04:05Z07:00"))
	got.From.At = got.From.At.AddDate(-3000, 0, 0)
	require.Equal(t, ingest.Settings{
		Name: "n", Stream: "s", Table: "t", Connection: ingest.Connection{Region: "eu-west-1", Endpoint: "http://127.0.0.1:1", Profile: "p"},
		From: event.Start{Kind: event.FromTimestamp, At: got.From.At}, Evolve: "fixed", Aggregates: "keep", Read: ingest.ReadFanOut, MaxDepth: 2,
		Columns: []schema.Column{{Name: "at", Type: schema.Timestamp, Path: []string{"a", "b"}, Format: schema.EpochMilli}},
	}, got)
	problem(t, call(t, h, "POST", "/api/v1/sources", `{"stream":"s","table":"clicks"}`), 409, fault.Conflict)
}

func TestListsAreNeverNull(t *testing.T) {
	h := (&apitest.World{}).Handler()
	for _, path := range []string{"streams", "sources", "tables", "quarantine", "queries"} {
		w := call(t, h, "GET", "/api/v1/"+path, "")
		require.Equal(t, 200, w.Code)
		require.Contains(t, w.Body.String(), ":[]}")
	}
}

func TestTheServerTellsWhatItIs(t *testing.T) {
	w := world()
	h := w.Handler()
	for _, path := range []string{"/", "/sql", "/assets/x.js"} {
		require.Equal(t, "the console at "+path, call(t, h, "GET", path, "").Body.String())
	}
	require.Contains(t, call(t, h, "GET", "/metrics", "").Body.String(), "helios_up 1")
	require.Contains(t, call(t, h, "GET", "/openapi.json", "").Body.String(), `"openapi": "3.1.0"`)
	require.JSONEq(t, `{"status":"ok"}`, call(t, h, "GET", "/healthz", "").Body.String())
	require.JSONEq(t, `{"status":"ok"}`, call(t, h, "GET", "/readyz", "").Body.String())
	w.Sources[0].State, w.Sources[0].Error = ingest.SourceFailing, "the disk is full"
	require.JSONEq(t, `{"status":"ok","warnings":["source clicks: the disk is full"]}`, call(t, h, "GET", "/readyz", "").Body.String())
	w.NotReady = errors.New("the store is opening")
	p := problem(t, call(t, h, "GET", "/readyz", ""), 503, fault.Unavailable)
	require.Equal(t, "not ready: the store is opening", p["detail"])
	require.Equal(t, 200, call(t, h, "GET", "/healthz", "").Code)

	require.Equal(t, "text/event-stream", call(t, h, "HEAD", "/api/v1/sources/clicks/tail", "").Header().Get("Content-Type"), "a HEAD ends")

	call(t, h, "GET", "/api/v1/tables/clicks", "")
	call(t, h, "GET", "/nowhere", "")
	call(t, h, "GET", "/api/v1/nowhere", "")
	routes := w.Routes()
	require.Equal(t, []string{"GET /api/v1/tables/{table}", "GET console", "GET none"}, routes[len(routes)-3:], "metrics have few labels")
}
