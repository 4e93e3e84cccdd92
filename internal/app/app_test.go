package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/localkinesis"
	"github.com/helios-sql/helios/internal/query"
)

// TestMain makes this program a worker when a test's supervisor starts it as one.
// calm is the argument of workers that swallow no poison.
const calm = "calm"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		up := swallow
		if slices.Contains(os.Args, calm) {
			up = func(context.Context, *server) {}
		}
		if slices.Contains(os.Args, hurried) {
			up = minutes
		}
		if err := work(context.Background(), os.Stderr, up); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // of the workers: they end often
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

// poison makes DuckDB give the database up. The guard refuses it; it stands for what the guard does not know.
const (
	poison = "SELECT reservoir_quantile(id::HUGEINT, 0.5, 2147483647) FROM range(20000) t(id) GROUP BY id"
	breaks = 3 // workers that swallow it
)

// serve runs a server with a source shop, and gives its address, the Kinesis with the stream of that name, and what stops both.
func serve(t *testing.T, shop config.Source) (url string, kinesis *localkinesis.Server, stop func()) {
	t.Helper()
	return serveWith(t, shop, func(*Options) {})
}

func serveWith(t *testing.T, shop config.Source, change func(*Options)) (url string, kinesis *localkinesis.Server, stop func()) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	log := slog.New(slog.DiscardHandler)
	kinesis = localkinesis.New(localkinesis.Options{Logger: log})
	listener, err := listen(t.Context(), "127.0.0.1:0", "")
	require.NoError(t, err)
	stopKinesis := running(func(ctx context.Context) { _ = kinesis.Serve(ctx, listener) })
	require.NoError(t, kinesis.CreateStream("shop", 2))

	shop.Stream, shop.Table, shop.Region, shop.Endpoint = "shop", "shop", "us-east-1", "http://"+listener.Addr().String()
	settings := config.Default()
	settings.Listen, settings.Data, settings.Sources = "127.0.0.1:0", t.TempDir(), []config.Source{shop}
	up := make(chan Addresses, 1)
	o := Options{Config: settings, Worker: []string{"worker"}, Talk: t.Output(), Logger: log, Ready: func(a Addresses) { up <- a }}
	change(&o)
	served := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { served <- Serve(ctx, o) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-served)
		stopKinesis()
	})
	select {
	case at := <-up:
		return at.API, kinesis, stop
	case err := <-served:
		cancel()
		stopKinesis()
		require.FailNow(t, "the server ended", "%v", err)
		return "", nil, nil
	}
}

func TestAQueryThatBreaksTheDatabaseDoesNotEndTheServerNorLoseOrDoubleARow(t *testing.T) {
	url, kinesis, stop := serve(t, config.Source{})
	defer stop()
	var published atomic.Int64
	broken := func() bool { return restarts(t, url) >= breaks }
	defer running(func(ctx context.Context) {
		every := time.NewTicker(time.Millisecond)
		defer every.Stop()
		for looked := time.Now(); ctx.Err() == nil; <-every.C {
			if time.Since(looked) > 100*time.Millisecond {
				if broken() {
					return
				}
				looked = time.Now()
			}
			i := published.Load()
			_, err := kinesis.PutRecords("shop", []localkinesis.Record{{PartitionKey: fmt.Sprint(i), Data: fmt.Appendf(nil, `{"id":%d}`, i)}})
			if err == nil {
				published.Add(1)
			}
		}
	})()
	require.Eventually(t, func() bool {
		n := published.Load()
		rows := ask(t, url, "SELECT count(*), count(DISTINCT id) FROM shop")
		return broken() && len(rows) == 1 && rows[0] == [2]int64{n, n} && n == published.Load()
	}, time.Minute, 50*time.Millisecond)
}

func TestWhatPeopleChangeOutlivesAWorkerThoughTheFileDeclaresOtherwise(t *testing.T) {
	url, kinesis, stop := serve(t, config.Source{Retain: "30d"})
	defer stop()
	server, err := client.New(url, client.Options{})
	require.NoError(t, err)
	defer server.Close()
	source, err := server.Source(t.Context(), "shop")
	require.NoError(t, err)
	require.Equal(t, "30d", source.Settings.Retain)
	forever := "forever"
	_, err = server.ChangeSource(t.Context(), "shop", client.SourceChanges{Retain: &forever})
	require.NoError(t, err)
	_, err = kinesis.PutRecords("shop", []localkinesis.Record{{PartitionKey: "a", Data: []byte(`{"id":1}`)}})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return restarts(t, url) == 1 && server.Ready(t.Context()) == nil }, time.Minute, 10*time.Millisecond)
	source, err = server.Source(t.Context(), "shop")
	require.NoError(t, err)
	require.Equal(t, forever, source.Settings.Retain)
}

func TestAllSettingsReachTheWorker(t *testing.T) {
	page, err := os.ReadFile("../../docs/SETTINGS.md")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	text, _, _ := strings.Cut(rest, "```")
	file := filepath.Join(t.TempDir(), "helios.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	told := task{Demo: "http://127.0.0.1:4567"}
	told.Config, err = config.Load(file, func(string) (string, bool) { return "", false }, nil)
	require.NoError(t, err)
	require.NotEmpty(t, told.Config.Sources)
	require.NotEmpty(t, told.Config.Dashboards)
	require.NoError(t, Check(told.Config))

	var heard task
	require.NoError(t, tell(told, &heard))
	require.Equal(t, told, heard)
}

// tell gives one process's value to another, as supervise does.
func tell(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// swallow runs the poison once rows are being committed, as the first workers do.
func swallow(ctx context.Context, s *server) {
	if s.worker.Restarts[databaseFault] >= breaks {
		return
	}
	for {
		if source, err := s.sources.Get("shop"); err != nil || source.Counters.Rows > 0 {
			break
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
	rows, err := s.store.Run(ctx, query.Statement{SQL: poison}, nil)
	if err == nil {
		_, err = rows.Next()
		_ = rows.Close()
	}
	if err == nil {
		s.logger.ErrorContext(ctx, "the poison did no harm")
	}
}

// restarts is how often the server was started again because of its database, as its metrics have it.
func restarts(t *testing.T, url string) (n int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/metrics", nil)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	res, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if _, after, ok := strings.Cut(string(text), `helios_restarts_total{reason="database_fault"} `); ok {
		_, _ = fmt.Sscan(after, &n)
	}
	return n
}

// ask gives the rows of a query, or none while there is no answer.
func ask(t *testing.T, url, sql string) [][2]int64 {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/query", strings.NewReader(fmt.Sprintf(`{"sql":%q}`, sql)))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	res, err := client.Do(req)
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	var answer struct {
		Rows [][2]int64 `json:"rows"`
	}
	if json.NewDecoder(res.Body).Decode(&answer) != nil {
		return nil
	}
	return answer.Rows
}
