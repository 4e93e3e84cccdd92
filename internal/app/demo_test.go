package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/board"
	"github.com/helios-sql/helios/internal/config"
)

// shop runs the demo on a data directory until the test is over or stop is called.
func shop(t *testing.T, data string) (url string, stop func()) {
	t.Helper()
	settings := config.Default()
	settings.Listen, settings.Data = "127.0.0.1:0", data
	up := make(chan Addresses, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- Demo(ctx, DemoOptions{
			Options:       Options{Config: settings, Worker: []string{"worker", calm}, Talk: t.Output(), Logger: slog.New(slog.DiscardHandler), Ready: func(a Addresses) { up <- a }},
			KinesisListen: "127.0.0.1:0", Rate: 100,
		})
	}()
	select {
	case at := <-up:
		return at.API + "/api/v1", func() {
			cancel()
			require.NoError(t, <-ended)
		}
	case err := <-ended:
		cancel()
		require.FailNow(t, "the demo ended", "%v", err)
		return "", nil
	}
}

// send sends a request and gives its status and JSON.
func send[T any](t *testing.T, method, url string, body any) (status int, answer T) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(text))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	if len(text) > 0 {
		require.NoError(t, json.Unmarshal(text, &answer), "%s", text)
	}
	return res.StatusCode, answer
}

func TestEveryPanelOfTheDemoShowsSomething(t *testing.T) {
	url, stop := shop(t, t.TempDir())
	defer stop()
	_, page := send[board.Dashboard](t, http.MethodGet, url+"/dashboards/storefront", nil)
	require.GreaterOrEqual(t, len(page.Panels), 6)
	taken := map[[2]int]string{}
	for _, p := range page.Panels {
		for x := p.Layout.X; x < p.Layout.X+p.Layout.W; x++ {
			for y := p.Layout.Y; y < p.Layout.Y+p.Layout.H; y++ {
				require.Empty(t, taken[[2]int{x, y}], "%s lies on another panel", p.Title)
				taken[[2]int{x, y}] = p.Title
			}
		}
		_, q := send[board.Query](t, http.MethodGet, url+"/saved-queries/"+p.Query, nil)
		type result struct {
			Columns []struct{ Name string }
			Rows    [][]any
			Detail  string
		}
		var got result
		require.Eventually(t, func() bool { // series leave out the step that is still running: with this range, a second
			now := time.Now()
			_, got = send[result](t, http.MethodPost, url+"/query", map[string]any{
				"sql": q.SQL, "params": map[string]any{"from": now.Add(-time.Minute), "to": now.Add(time.Second)},
			})
			return len(got.Rows) > 0
		}, 20*time.Second, 200*time.Millisecond, "%s: %s", p.Title, got.Detail)
		for _, shown := range append([]string{q.Chart.X, q.Chart.Series}, q.Chart.Y...) {
			require.True(t, shown == "" || slices.ContainsFunc(got.Columns, func(c struct{ Name string }) bool { return c.Name == shown }), "%s has no column %s", p.Title, shown)
		}
	}
}

func TestWhatIsEditedOutlivesANewStartOfTheDemo(t *testing.T) {
	data := t.TempDir()
	url, stop := shop(t, data)
	status, _ := send[any](t, http.MethodPut, url+"/saved-queries/storefront-visitors", map[string]any{"name": "Mine", "sql": "SELECT 1 AS visitors"})
	require.Equal(t, http.StatusOK, status)
	status, _ = send[any](t, http.MethodPost, url+"/query", map[string]any{"sql": "SELECT 'remember me'", "history": true})
	require.Equal(t, http.StatusOK, status)
	stop()

	url, stop = shop(t, data)
	defer stop()
	_, q := send[board.Query](t, http.MethodGet, url+"/saved-queries/storefront-visitors", nil)
	require.Equal(t, "Mine", q.Name)
	_, past := send[struct{ Entries []struct{ SQL string } }](t, http.MethodGet, url+"/query-history?search=REMEMBER", nil)
	require.Len(t, past.Entries, 1)
	_, about := send[api.About](t, http.MethodGet, url+"/about", nil)
	require.Equal(t, data, about.DataDir)
	require.WithinDuration(t, time.Now(), about.StartedAt, time.Minute)
	require.Equal(t, "DuckDB", about.Engine.Name)
	require.EqualValues(t, 30_000, about.Limits.QueryTimeoutMS)
	require.Equal(t, []int64{3, 600, 1 << 30}, []int64{int64(about.Limits.UserQueriesAtOnce), int64(about.Limits.UserQueriesPerMinute), about.Limits.UserResultBytes})
	require.Positive(t, about.Limits.StoreMemoryLimitBytes)
	require.Contains(t, about.Restarts, "crash")
}

func TestADashboardThatShowsWhatIsNotDeclaredIsRefused(t *testing.T) {
	settings, err := config.Parse("x", "dashboards: [{title: Shop, panels: [{title: Views, query: views, layout: {w: 6, h: 7}}]}]")
	require.NoError(t, err)
	require.ErrorContains(t, Check(settings), `the panel "Views" shows the query "views", which is not declared`)
	settings, err = config.Parse("x", "queries: [{name: Views}]")
	require.NoError(t, err)
	require.ErrorContains(t, Check(settings), `query "Views": the query views has no SQL`)
}
