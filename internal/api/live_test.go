package api_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/api/apitest"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipes is a listener whose connections are pipes: their time is that of synctest.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// serving serves the world in a bubble of synctest; stop ends it and waits.
func serving(t *testing.T, w *apitest.World) (dial func() net.Conn, stop func() error) {
	t.Helper()
	p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- api.Serve(ctx, p, w.Handler(), api.Listening{Logger: slog.New(slog.DiscardHandler)}) }()
	dial = func() net.Conn {
		ours, theirs := net.Pipe()
		p.conns <- theirs
		return ours
	}
	return dial, func() error { cancel(); return <-done }
}

// request writes a request to a connection and reads the head of its answer.
func request(t *testing.T, c net.Conn, method, target, body string) (*http.Response, *bufio.Reader) {
	t.Helper()
	_, err := fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", method, target, len(body), body)
	require.NoError(t, err)
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	return resp, r
}

func TestATailShowsEventsAndWhatItLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world()
		dial, stop := serving(t, w)
		c := dial()
		resp, _ := request(t, c, "GET", "/api/v1/sources/clicks/tail?filter=kind%3Dbuy&filter=n%3D1&text=a%20b&max_rate=50", "")
		require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
		body := bufio.NewReader(resp.Body)
		next := func() string {
			var b strings.Builder
			for {
				line, err := body.ReadString('\n')
				require.NoError(t, err)
				if line == "\n" {
					return b.String()
				}
				b.WriteString(line)
			}
		}
		require.Equal(t, ": following clicks\n", next())
		go func() {
			w.Emit(t, ingest.TailItem{Event: &ingest.SampleEvent{Event: `{"kind":"buy","n":2}`}})
			w.Emit(t, ingest.TailItem{Event: &ingest.SampleEvent{Event: "{\"kind\":\"buy\",\n\"n\":1}", ShardID: "s-0", Sequence: "17"}})
			w.Emit(t, ingest.TailItem{Skipped: &ingest.TailSkipped{Count: 5, Reason: ingest.SkipSlow}})
			w.Emit(t, ingest.TailItem{Rate: &ingest.TailRate{Events: 2000, Matched: 12.5}})
		}()
		require.Equal(t, `event: event
data: {"shard_id":"s-0","sequence_number":"17","record_index":0,"partition_key":"","arrived_at":"0001-01-01T00:00:00Z","event":"{\"kind\":\"buy\",\n\"n\":1}"}
`, next())
		require.Equal(t, "event: skipped\ndata: {\"count\":5,\"reason\":\"slow\"}\n", next())
		require.Equal(t, "event: rate\ndata: {\"events_per_second\":2000,\"matched_per_second\":12.5}\n", next())
		require.Equal(t, []string{`tail "a b" at 50`}, w.Calls())

		silent := time.Now()
		require.Equal(t, ": alive\n", next())
		require.LessOrEqual(t, time.Since(silent), 15*time.Second)

		for time.Since(silent) < time.Hour { // far beyond every limit on requests
			require.Equal(t, ": alive\n", next())
		}
		stopped := make(chan error, 1)
		go func() { stopped <- stop() }()
		_, err := io.ReadAll(body)
		require.NoError(t, err, "when the server stops a tail ends, and is not cut")
		require.NoError(t, <-stopped)
		require.NoError(t, c.Close())
	})
}

func TestAClientThatTakesNothingIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, ask := range map[string]string{
			"a tail":  "GET /api/v1/sources/clicks/tail HTTP/1.1\r\nHost: localhost\r\n\r\n",
			"a query": post(`{"sql":"rows 100000","max_rows":-1,"timeout_ms":600000}`),
		} {
			w := world()
			dial, stop := serving(t, w)
			c := dial()
			_, err := io.WriteString(c, ask)
			require.NoError(t, err)
			time.Sleep(20 * time.Second)
			require.Empty(t, w.Routes(), "%s goes on", name)
			time.Sleep(30 * time.Second)
			require.Len(t, w.Routes(), 1, "%s has ended", name)
			require.NoError(t, c.Close())
			require.NoError(t, stop())
		}
	})
}

func post(body string) string {
	return fmt.Sprintf("POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func TestAQueryRunsAsLongAsItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world()
		dial, stop := serving(t, w)
		c := dial()
		go func() { _, _ = io.WriteString(c, post(`{"sql":"forever","timeout_ms":120000}`)) }()
		time.Sleep(119 * time.Second)
		require.Len(t, w.Queries.Running(), 1)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusGatewayTimeout, resp.StatusCode)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Contains(t, string(text), `"code":"timeout","detail":"the query was stopped after its 2m0s"`)
		synctest.Wait()
		require.Equal(t, []string{"timeout"}, w.Outcomes())
		require.NoError(t, c.Close())
		require.NoError(t, stop())
	})
}

func TestAQueryEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world()
		dial, stop := serving(t, w)
		c := dial()
		_, err := io.WriteString(c, post(`{"sql":"forever"}`))
		require.NoError(t, err)
		synctest.Wait()
		require.Len(t, w.Queries.Running(), 1)
		require.NoError(t, c.Close())
		synctest.Wait()
		require.Empty(t, w.Queries.Running())
		require.Equal(t, []string{"cancelled"}, w.Outcomes())
		require.NoError(t, stop())
	})
}

func TestABodyThatDoesNotComeIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dial, stop := serving(t, world())
		for _, head := range []string{"GET / HTTP/1.1\r\nHost:", "POST /api/v1/sources/clicks/pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"} {
			c := dial()
			_, err := io.WriteString(c, head)
			require.NoError(t, err)
			_, err = io.ReadAll(c) // to the end of the connection: synctest would find that it never comes
			require.NoError(t, err)
		}
		c := dial()
		resp, _ := request(t, c, "POST", "/api/v1/query", "")
		require.Equal(t, 400, resp.StatusCode)
		require.NoError(t, c.Close())
		require.NoError(t, stop())
	})
}

func TestAResultHasTheFormThatAcceptNames(t *testing.T) {
	w := world()
	server := httptest.NewServer(w.Handler())
	defer server.Close()
	ask := func(accept, body string) (*http.Response, string, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/api/v1/query", strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", accept)
		resp, err := server.Client().Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return resp, string(text), err
	}
	for accept, c := range map[string]struct{ contentType, begins string }{
		"":                           {"application/json", `{"query_id":"q_`},
		"*/*":                        {"application/json", `{"query_id":"q_`},
		"text/csv":                   {"text/csv; charset=utf-8; header=present", "id,name\r\n9007199254740991,name 0\r\n"},
		"application/x-ndjson;q=0.9": {"application/x-ndjson", `{"id":9007199254740991,"name":"name 0"}` + "\n" + `{"id":"9007199254740992"`},
		"text/html, application/vnd.apache.parquet;q=0.5": {"application/vnd.apache.parquet", "PAR1"},
		"application/vnd.apache.arrow.stream":             {"application/vnd.apache.arrow.stream", "\xff\xff\xff\xff"},
	} {
		t.Run(accept, func(t *testing.T) {
			resp, text, err := ask(accept, `{"sql":"rows 12000"}`)
			require.NoError(t, err)
			require.Equal(t, 200, resp.StatusCode)
			require.Equal(t, c.contentType, resp.Header.Get("Content-Type"))
			require.True(t, strings.HasPrefix(text, c.begins), text[:80])
			require.True(t, strings.HasPrefix(resp.Header.Get("Helios-Query-Id"), "q_"))
			if c.contentType == "application/json" {
				require.Contains(t, text, `"row_count":10000,"truncated":true,`)
				require.Contains(t, text, `"freshness":[{"source":"clicks","newest_arrived_at":null,"lag_ms":12}]`)
				return
			}
			require.Equal(t, "12000", resp.Trailer.Get("Helios-Row-Count"), "what cannot say that rows are missing has all")
			require.Equal(t, "false", resp.Trailer.Get("Helios-Truncated"))
		})
	}
	resp, _, err := ask("text/csv", `{"sql":"rows 12000","max_rows":5}`)
	require.NoError(t, err)
	require.Equal(t, "true", resp.Trailer.Get("Helios-Truncated"))

	_, _, err = ask("text/csv", `{"sql":"rows 5000 then FAIL"}`)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "a result that is not whole breaks off")
	outcomes := w.Outcomes()
	require.Equal(t, "invalid", outcomes[len(outcomes)-1])

	_, text, err := ask("", `{"sql":"params","params":[9007199254740993,"a",null,true]}`)
	require.NoError(t, err)
	require.Contains(t, text, `[]interface {}{9007199254740993, \"a\", interface {}(nil), true}`)
}

func TestQuarantineIsReadInPages(t *testing.T) {
	w := world()
	for i := range 40 {
		r := &event.Record{ShardID: "s-0", Sequence: fmt.Sprint(i + 1), PartitionKey: "p", ArrivedAt: time.Unix(0, 0).UTC()}
		w.Quarantined = append(w.Quarantined, ingest.Quarantined{
			Rejected: event.Rejected{Event: event.Event{Record: r, Data: []byte{'a', byte(i * 5)}}, Reason: event.MalformedJSON, Message: "broken"},
			Stream:   "clicks", QuarantinedAt: time.Unix(1, 0).UTC(),
		})
	}
	w.Quarantined[20].Data = make([]byte, 9<<20)
	h := w.Handler()
	type page struct {
		Events []struct {
			Sequence string  `json:"sequence_number"`
			Raw      *string `json:"raw"`
			Base64   string  `json:"raw_base64"`
		} `json:"events"`
		Next string `json:"next"`
	}
	var sizes []int
	var seen []string
	after := ""
	for {
		answer := call(t, h, "GET", "/api/v1/quarantine/clicks?limit=17&after="+after, "")
		require.Equal(t, 200, answer.Code, answer.Body)
		var p page
		require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &p))
		sizes = append(sizes, len(p.Events))
		for _, e := range p.Events {
			seen = append(seen, e.Sequence)
			raw, err := base64.StdEncoding.DecodeString(e.Base64)
			require.NoError(t, err)
			if e.Raw != nil {
				require.Equal(t, string(raw), *e.Raw)
			} else {
				require.GreaterOrEqual(t, raw[1], byte(0x80), "only what is no text has no text")
			}
		}
		if after = p.Next; after == "" {
			break
		}
	}
	require.Equal(t, []int{17, 4, 17, 2}, sizes, "a page ends after what makes it large")
	require.Len(t, seen, 40)
	for i, s := range seen {
		require.Equal(t, fmt.Sprint(i+1), s)
	}
	exact := call(t, h, "GET", "/api/v1/quarantine/clicks?limit=40&reason=empty", "")
	require.JSONEq(t, `{"events":[]}`, exact.Body.String())
	problem(t, call(t, h, "GET", "/api/v1/quarantine/other", ""), 404, fault.NotFound)
}

func TestARunningQueryIsListedAndCancelled(t *testing.T) {
	w := world()
	h := w.Handler()
	ended := make(chan *httptest.ResponseRecorder)
	go func() { ended <- call(t, h, "POST", "/api/v1/query", `{"sql":"forever"}`) }()
	var list struct {
		Queries []query.Running `json:"queries"`
	}
	require.Eventually(t, func() bool {
		return json.Unmarshal(call(t, h, "GET", "/api/v1/queries", "").Body.Bytes(), &list) == nil && len(list.Queries) == 1
	}, 10*time.Second, time.Millisecond)
	require.Equal(t, "forever", list.Queries[0].SQL)
	require.Equal(t, 204, call(t, h, "DELETE", "/api/v1/queries/"+list.Queries[0].ID, "").Code)
	problem(t, <-ended, 409, fault.Cancelled)
	require.Equal(t, []string{"cancelled"}, w.Outcomes())
}

func TestStoppingWaitsForTheRequestsAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world()
		dial, stop := serving(t, w)
		asking, silent := dial(), dial()
		_, err := io.WriteString(asking, post(`{"sql":"forever"}`))
		require.NoError(t, err)
		synctest.Wait()
		require.Len(t, w.Queries.Running(), 1)
		began := time.Now()
		answer := make(chan string, 1)
		go func() {
			text, _ := io.ReadAll(asking)
			answer <- string(text)
		}()
		require.NoError(t, stop())
		require.Less(t, time.Since(began), time.Second, "a connection that never asked costs little")
		require.Contains(t, <-answer, "Helios is stopping")
		require.Equal(t, []string{"unavailable"}, w.Outcomes())
		require.NoError(t, silent.Close())
		require.NoError(t, asking.Close())
	})
}

func TestServingEndsWithAnErrorWhenItsListenerFails(t *testing.T) {
	p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	require.NoError(t, p.Close())
	err := api.Serve(t.Context(), p, world().Handler(), api.Listening{Logger: slog.New(slog.DiscardHandler)})
	require.Equal(t, fault.Environment, fault.CodeOf(err))
	require.ErrorIs(t, err, net.ErrClosed)
}
