package api_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/api/apitest"
	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

// running is a language that runs a statement for whatever it is asked.
type running struct{ language }

func (running) Explain(ctx context.Context, ask query.Ask, _ string, _ any, _ bool) (query.Plan, error) {
	_, err := ask(ctx, "rows 0", nil)
	return query.Plan{}, err
}

func (running) Column(ctx context.Context, ask query.Ask, _, _ string) (query.ColumnStatistics, error) {
	_, err := ask(ctx, "rows 0", nil)
	return query.ColumnStatistics{}, err
}

// limitedHouse is one whose users and tokens have limits.
func limitedHouse(t *testing.T, o query.Options) *house {
	t.Helper()
	return closedHouse(t, func(d *api.Deps) {
		queries := query.New(apitest.Engine{}, o)
		d.Queries, d.Inspector = queries, query.NewInspector(queries, running{})
	})
}

func TestWhoAsksTooOftenIsToldWhenToComeBack(t *testing.T) {
	for _, c := range []struct{ method, target, body string }{
		{"POST", "/api/v1/query", `{"sql":"rows 1"}`},
		{"POST", "/api/v1/saved-queries/one/run", `{}`},
		{"POST", "/api/v1/sql/explain", `{"sql":"rows 1","analyze":true}`},
		{"GET", "/api/v1/tables/clicks/columns/id", ""},
	} {
		h := limitedHouse(t, query.Options{OwnerPerMinute: 2})
		mine := h.as(auth.Analyst)
		said(t, call(t, h, "POST", "/api/v1/saved-queries", `{"name":"One","sql":"rows 1"}`, mine), 201)
		for range 2 {
			said(t, call(t, h, c.method, c.target, c.body, mine), 200)
		}
		audited := len(h.told("query"))
		for range 3 {
			w := call(t, h, c.method, c.target, c.body, mine)
			p := problem(t, w, 429, fault.TooMany)
			require.Contains(t, p["hint"], "limits.queries_per_minute")
			require.Equal(t, "30", w.Header().Get("Retry-After"), c.target)
		}
		require.Len(t, h.told("query"), audited, "what does not run fills no log")
		said(t, call(t, h, c.method, c.target, c.body, h.session("admin@example.com")), 200)
	}
}

func TestAResultBeyondItsBoundIsRefusedOrBreaksOff(t *testing.T) {
	const most = 100 << 10
	refused, brokenOff := 0, 0
	for _, accept := range []string{"application/json", "text/csv", "application/x-ndjson", "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"} {
		h := limitedHouse(t, query.Options{OwnerBytes: most})
		server := httptest.NewServer(h)
		ask := func(header string) (int, string, error) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/api/v1/query", strings.NewReader(`{"sql":"rows 200000","max_rows":-1}`))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Accept", accept)
			name, value, _ := strings.Cut(header, ": ")
			req.Header.Set(name, value)
			resp, err := server.Client().Do(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			return resp.StatusCode, string(text), err
		}
		status, text, err := ask(h.as(auth.Analyst))
		if status == 200 {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s: a result that is not whole breaks off", accept)
			require.LessOrEqual(t, len(text), most)
			brokenOff++
		} else {
			require.NoError(t, err)
			require.Equal(t, 413, status)
			require.Contains(t, text, "limits.result_bytes")
			refused++
		}
		require.Eventually(t, func() bool { return len(h.world.Outcomes()) == 1 }, 10*time.Second, time.Millisecond)
		require.Equal(t, []string{"too_large"}, h.world.Outcomes(), accept)
		require.Equal(t, "too_large", h.told("query.")[0].Outcome)
		server.Close()
	}
	require.Positive(t, refused, "where nothing has been sent yet")
	require.Positive(t, brokenOff)
}

func TestViewersLookAndDoNotExport(t *testing.T) {
	h := limitedHouse(t, query.Options{MaxRows: 10})
	analyst, viewer := h.as(auth.Analyst), h.as(auth.Viewer)
	said(t, call(t, h, "POST", "/api/v1/saved-queries", `{"name":"One","sql":"rows 100"}`, analyst), 201)
	run := func(header, accept, body string) *httptest.ResponseRecorder {
		return call(t, h, "POST", "/api/v1/saved-queries/one/run", body, header, "Accept: "+accept)
	}
	for _, accept := range []string{"text/csv", "application/x-ndjson", "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet", "application/json;q=0.5, text/*"} {
		p := problem(t, run(viewer, accept, `{}`), 403, fault.Forbidden)
		require.Contains(t, p["detail"], "role analyst", accept)
		require.Equal(t, 200, run(analyst, accept, `{}`).Code, accept)
	}
	for body, want := range map[string][2]float64{`{}`: {10, 10}, `{"max_rows":-1}`: {10, 100}, `{"max_rows":50}`: {10, 50}, `{"max_rows":5}`: {5, 5}} {
		for i, header := range []string{viewer, analyst} {
			answer := said(t, run(header, "*/*", body), 200)
			require.InDelta(t, want[i], answer["row_count"], 0, body)
			require.Equal(t, want[i] < 100, answer["truncated"])
		}
	}
}

func TestAQueryEndsSoonAfterWhoAsksIsNotLetInAnyMore(t *testing.T) {
	yes, viewer := true, auth.Viewer
	for name, end := range map[string]func(h *house, u auth.User, token auth.Token) error{
		"the user is disabled": func(h *house, u auth.User, _ auth.Token) error {
			_, err := h.accounts.ChangeUser(h.machine, u.ID, auth.UserChange{Disabled: &yes})
			return err
		},
		"the user may do less": func(h *house, u auth.User, _ auth.Token) error {
			_, err := h.accounts.ChangeUser(h.machine, u.ID, auth.UserChange{Role: &viewer})
			return err
		},
		"the session and the token are ended": func(h *house, u auth.User, token auth.Token) error {
			if err := h.accounts.EndSessions(h.machine, u.ID); err != nil {
				return err
			}
			return h.accounts.RevokeToken(h.machine, token.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := closedHouse(t)
				u := h.user("me@example.com", auth.Analyst)
				in, err := h.accounts.SignIn(t.Context(), "me@example.com", password)
				require.NoError(t, err)
				token, secret, err := h.accounts.CreateToken(auth.With(t.Context(), in.Principal), auth.NewToken{Name: "mine", Role: auth.Analyst})
				require.NoError(t, err)
				answers := make(chan *httptest.ResponseRecorder)
				for _, header := range []string{"Cookie: helios=" + in.Secret, "Authorization: Bearer " + secret} {
					go func() {
						answers <- call(t, h, "POST", "/api/v1/query", `{"sql":"forever","timeout_ms":600000}`, header)
					}()
				}
				time.Sleep(5 * time.Minute)
				require.Len(t, h.world.Queries.Running(), 2)
				since := time.Now()
				require.NoError(t, end(h, u, token))
				for range 2 {
					problem(t, <-answers, 401, fault.SignIn)
				}
				require.LessOrEqual(t, time.Since(since), 15*time.Second)
				require.Empty(t, h.world.Queries.Running())
				require.Equal(t, []string{"sign_in", "sign_in"}, h.world.Outcomes())
			})
		})
	}
}
