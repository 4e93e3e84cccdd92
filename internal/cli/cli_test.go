package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/cli"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with testdata/NAME.golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "see %s; go test -update writes it anew", file)
}

// api is a server that speaks the API's wire: a fixed answer for each method and path.
type api struct {
	url      string
	answers  map[string]answer
	mu       sync.Mutex
	requests []request
	seen     func(*http.Request) // is called with each, if not nil
}

type answer struct {
	status   int
	media    string
	body     string
	trailers map[string]string
}

type request struct {
	what   string // method, path and query
	accept string
	body   string
}

func serve(t *testing.T, answers map[string]answer) *api {
	t.Helper()
	a := &api{answers: answers}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.url = server.URL
	t.Setenv("HELIOS_URL", server.URL)
	return a
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if a.seen != nil {
		a.seen(r)
	}
	a.mu.Lock()
	a.requests = append(a.requests, request{r.Method + " " + r.URL.RequestURI(), r.Header.Get("Accept"), string(body)})
	a.mu.Unlock()
	found, ok := a.answers[r.Method+" "+r.URL.Path]
	if !ok {
		found = problem(http.StatusNotFound, `"code":"not_found","detail":"nothing at `+r.URL.Path+`"`)
	}
	if found.media == "" {
		found.media = "application/json"
	}
	w.Header().Set("Content-Type", found.media)
	for name := range found.trailers {
		w.Header().Add("Trailer", name)
	}
	if found.status != 0 {
		w.WriteHeader(found.status)
	}
	_, _ = io.WriteString(w, found.body)
	for name, value := range found.trailers {
		w.Header().Set(name, value)
	}
}

func problem(status int, members string) answer {
	return answer{status: status, media: "application/problem+json", body: "{" + members + "}"}
}

// saw are the requests so far.
func (a *api) saw() []request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]request(nil), a.requests...)
}

type result struct {
	code      int
	out, talk string
}

// helios runs a command line whose standard input is no terminal.
func helios(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var out, talk bytes.Buffer
	code := cli.Main(t.Context(), args, strings.NewReader(stdin), &out, &talk)
	return result{code, out.String(), talk.String()}
}

// keyboard and screen are a terminal.
type keyboard struct{ io.Reader }

func (keyboard) IsTerminal() bool { return true }

type screen struct{ bytes.Buffer }

func (*screen) IsTerminal() bool { return true }

func heliosOnTerminal(t *testing.T, typed string, args ...string) result {
	t.Helper()
	var out, talk screen
	code := cli.Main(t.Context(), args, keyboard{strings.NewReader(typed)}, &out, &talk)
	return result{code, out.String(), talk.String()}
}

func TestWrongUsageIsOneLineWithAHintAndExitsWith2(t *testing.T) {
	serve(t, nil)
	var all strings.Builder
	for _, line := range []string{
		"sorces", "sources lsit", "sources frobnicate", "completion fishh", "version now", "completion bash zsh",
		"sql --fromat csv x", "sql --nonsense", "sql -z x", "sql --max-rows many x", "sql --max-rows", "sql --timeout 3 x", "sql --timeout -3s x",
		"sql --format xml x", "sql --json --format csv x", "sql", "sql x --file y", "sql x y", "sql x --param 1", "sql x --url nowhere", "sql x --max-rows 0", "sql x --max-rows -2", "sql --",
		"streams sample s --limit 0", "quarantine show t --limit -3", "sources add s --table t --endpoint-url 127.0.0.1:4567", "streams list --endpoint-url nowhere",
		"tail s --endpoint-url ftp://x", "sources add s --table bad-name", "sources add s --table t --max-columns 0", "tail s --from -15m", "tables show", "queries cancel",
		"streams list --url ftp://x", "streams sample", "sources add", "sources add s", "sources add s --table t --from yesterday",
		"sources add s --table t --evolve maybe", "sources add s --table t --aggregates some", "sources add s --table t --read fast", "sources add s --table t --max-depth -1",
		"sources add s --table t", "quarantine replay t", "quarantine replay t --all --reason empty", "quarantine replay t --key x:y",
		"quarantine replay t --all", "quarantine replay t --all --field x", "quarantine replay t --key a:1:0 --dry-run", "quarantine delete t",
		"quarantine delete t --all --reason empty --yes", "quarantine delete t --field x", "tail", "tail s --filter x", "tail s --from soon", "tail s --raw --json",
		"demo --rate -1", "demo --rate fast", "serve --listen 0.0.0.0:8080", "serve --listen nowhere", "serve --data", "config check --frob",
		"users add", "users add me@example.com", "users add me@example.com --role root", "users role me@example.com",
		"users role me@example.com chief", "users role me@example.com editor --tables a --all-tables", "tokens create ci",
		"backup a b", "backups a b", "restore", "restore x --at", "tokens create ci --role root", "tokens create ci --role viewer --expires soon", "tokens create ci --role viewer --expires -3d", "tokens revoke",
	} {
		got := helios(t, "", strings.Fields(line)...)
		require.Equal(t, 2, got.code, line)
		require.Empty(t, got.out, line)
		require.Equal(t, 1, strings.Count(got.talk, "\n"), "one line for %q: %s", line, got.talk)
		all.WriteString("$ helios " + line + "\n" + got.talk)
	}
	golden(t, "usage", all.String())
}

func TestEveryCommandExplainsItself(t *testing.T) {
	for _, line := range []string{
		"", "demo", "serve", "backup", "backups", "restore", "config", "config check", "streams", "streams list", "streams sample", "sources", "sources add", "sources list",
		"sources show", "sources set", "sources pause", "sources resume", "sources remove", "tail", "sql", "quarantine", "quarantine list", "quarantine show",
		"quarantine replay", "quarantine delete", "version", "completion", "completion bash", "tables", "tables list", "tables show", "queries", "queries list", "queries cancel",
		"users", "users add", "users list", "users remove", "users disable", "users enable", "users role", "users password",
		"tokens", "tokens create", "tokens list", "tokens revoke",
	} {
		got := helios(t, "", append(strings.Fields(line), "--help")...)
		require.Zero(t, got.code, line)
		require.Empty(t, got.talk, line)
		require.Contains(t, got.out, strings.TrimSpace("Usage:\n  helios "+line), line)
		for text := range strings.Lines(got.out) {
			if example := strings.HasPrefix(text, "  helios"); !example && !strings.Contains(line, "completion") {
				require.LessOrEqual(t, len([]rune(strings.TrimRight(text, "\n"))), 80, "%q of %q is too long", text, line)
			}
		}
	}
}

func TestFailuresAreExplainedAndMappedToExitCodes(t *testing.T) {
	refused, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, refused.Close())
	missing := filepath.Join(t.TempDir(), "none.yaml")
	wrong := filepath.Join(t.TempDir(), "helios.yaml")
	require.NoError(t, os.WriteFile(wrong, []byte("listen: 127.0.0.1:8080\nlissten: x\n"), 0o600))
	serve(t, map[string]answer{
		"GET /api/v1/streams/nope/sample": problem(404, `"code":"not_found","detail":"there is no stream nope in us-east-1","hint":"list what there is with helios streams list"`),
		"GET /api/v1/streams":             problem(502, `"code":"credentials","detail":"AWS does not know the caller: no credentials were found","hint":"run aws configure"`),
		"GET /api/v1/sources":             problem(503, `"code":"unavailable","detail":"the server is starting"`),
		"GET /api/v1/sources/s":           {status: 500, media: "text/html", body: "<h1>not Helios</h1>"},
		"POST /api/v1/sources":            problem(422, `"code":"invalid","detail":"validation failed","errors":[{"location":"body.table","message":"is not a name"}]`),
		"GET /api/v1/quarantine":          {body: `{"reasons":[{"count":`},
	})
	for _, c := range []struct {
		line string
		code int
		says []string
	}{
		{"streams list --url http://" + refused.Addr().String(), 3, []string{"no Helios answers at", "refused", "Start one with `helios serve`"}},
		{"streams list", 3, []string{"AWS does not know the caller", "Run aws configure."}},
		{"streams sample nope", 1, []string{"there is no stream nope", "List what there is"}},
		{"sources list", 1, []string{"the server is starting."}},
		{"sources show s", 3, []string{"not as Helios does"}},
		{"sources add s --table t --yes", 2, []string{"--table t: is not a name", "See `helios sources add --help`"}},
		{"quarantine list", 3, []string{"broke off"}},
		{"sql --file " + missing, 3, []string{"no such file"}},
		{"config check --config " + missing, 3, []string{"no such file"}},
		{"config check --config " + wrong, 2, []string{"helios.yaml:2", "lissten"}},
		{"serve --config " + wrong, 2, []string{"helios.yaml:2", "lissten"}},
	} {
		got := helios(t, "", strings.Fields(c.line)...)
		require.Equal(t, c.code, got.code, "%s: %s", c.line, got.talk)
		require.Empty(t, got.out, c.line)
		require.True(t, strings.HasPrefix(got.talk, "helios: "), got.talk)
		require.Equal(t, 1, strings.Count(got.talk, "\n"), "one paragraph for %q: %s", c.line, got.talk)
		require.NotContains(t, got.talk, "goroutine")
		require.NotContains(t, got.talk, "Usage:")
		for _, text := range c.says {
			require.Contains(t, got.talk, text, c.line)
		}
	}
}

func TestConfigCheckSaysWhatHolds(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("HELIOS_DATA", "/srv/helios")
	got := helios(t, "", "config", "check")
	require.Zero(t, got.code)
	require.Contains(t, got.talk, "listen on 127.0.0.1:8080, data in /srv/helios, 0 declared sources.")
	require.NoError(t, os.WriteFile("helios.yaml", []byte(`queries: [{name: Views, sql: SELECT 1}, {name: Orders, sql: SELECT 2}]
dashboards: [{title: Shop, panels: [{title: Views, query: views, layout: {w: 6, h: 7}}]}]
`), 0o600))
	got = helios(t, "", "config", "check")
	require.Zero(t, got.code, got.talk)
	require.Contains(t, got.talk, "0 declared sources, 2 queries, 1 dashboard.")
}

func TestVersionIsOneLineOrJSON(t *testing.T) {
	require.True(t, strings.HasPrefix(helios(t, "", "version").out, "helios "))
	var info map[string]string
	require.NoError(t, json.Unmarshal([]byte(helios(t, "", "version", "--json").out), &info))
	require.NotEmpty(t, info["version"])
}

func TestTheShellCompletesNamesFromTheServer(t *testing.T) {
	serve(t, map[string]answer{
		"GET /api/v1/sources": {body: `{"sources":[{"settings":{"name":"clicks"}},{"settings":{"name":"orders"}}]}`},
		"GET /api/v1/tables":  {body: `{"tables":[{"name":"clicks_raw"}]}`},
		"GET /api/v1/streams": {body: `{"streams":[{"name":"click-stream"}]}`},
	})
	require.Contains(t, helios(t, "", "__complete", "sources", "show", "").out, "clicks\norders\n")
	require.Contains(t, helios(t, "", "__complete", "quarantine", "replay", "").out, "clicks_raw\n")
	require.Contains(t, helios(t, "", "__complete", "streams", "sample", "").out, "click-stream\n")
	require.Contains(t, helios(t, "", "__complete", "sql", "--format", "").out, "parquet\n")
	t.Setenv("HELIOS_URL", "http://127.0.0.1:1")
	require.Equal(t, ":4\n", helios(t, "", "__complete", "sources", "show", "").out, "without a server there is nothing, and no file names")
}

func TestWhatCtrlCStopsSaysSoInPlainWordsAndExitsWith130(t *testing.T) {
	asked := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not notice that the client is gone
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer server.Close()
	for _, line := range []string{"sources list", "sql SELECT", "streams sample s", "sql SELECT --format csv"} {
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			<-asked
			stop()
		}()
		var out, talk bytes.Buffer
		code := cli.Main(ctx, append(strings.Fields(line), "--url", server.URL), strings.NewReader(""), &out, &talk)
		require.Equal(t, 130, code, line)
		require.Equal(t, "Stopped.\n", talk.String(), line)
	}
}

func TestConfigCheckNamesEachMistakeInALineOfItsOwn(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("HELIOS_LISTN", "127.0.0.1:1")
	require.NoError(t, os.WriteFile("helios.yaml", []byte("lissten: x\nsources:\n  - {stream: a, tabel: b}\n"), 0o600))
	got := helios(t, "", "config", "check")
	require.Equal(t, 2, got.code)
	require.Equal(t, 3, strings.Count(got.talk, "\n"), got.talk)
	for _, want := range []string{"there is no setting HELIOS_LISTN", "helios.yaml:1: ", `helios.yaml:3: a source has no key "tabel". The keys are stream, table`} {
		require.Contains(t, got.talk, want)
	}
	require.NoError(t, os.WriteFile("helios.yaml", []byte("sources:\n  - {stream: a, table: b, evolve: maybe}\n"), 0o600))
	require.Equal(t, 2, helios(t, "", "config", "check").code, "what serve refuses")

	require.NoError(t, os.WriteFile("helios.yaml", []byte("admin: {email: me@example.com, password_file: password}"), 0o600))
	require.Equal(t, 3, helios(t, "", "config", "check").code, "there is no such file")
	require.NoError(t, os.WriteFile("password", []byte("short"), 0o600))
	require.Contains(t, helios(t, "", "config", "check").talk, "fewer than 12 characters")
	require.NoError(t, os.WriteFile("password", []byte("long enough for one"), 0o600))
	require.Zero(t, helios(t, "", "config", "check").code)
}
