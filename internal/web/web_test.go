package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

var script = strings.Repeat("console.log('a console');", 100)

func ask(t *testing.T, h http.Handler, method, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(b)
}

func aConsole() http.Handler {
	return handler(fstest.MapFS{
		"index.html":         {Data: []byte(`<meta name="csp-nonce" content="{{nonce}}">`)},
		"assets/index-ab.js": {Data: []byte(script)},
		"theme.js":           {Data: []byte("t")},
		"manifest.json":      {Data: []byte("{}")},
	})
}

func TestAssetsAreCompressedAndNeverAskedForTwice(t *testing.T) {
	r := ask(t, aConsole(), http.MethodGet, "/assets/index-ab.js", "Accept-Encoding", "br, gzip")
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.Contains(t, r.Header.Get("Cache-Control"), "immutable")
	require.Equal(t, "gzip", r.Header.Get("Content-Encoding"))
	require.Equal(t, "text/javascript; charset=utf-8", r.Header.Get("Content-Type"))
	plain, err := gzip.NewReader(r.Body)
	require.NoError(t, err)
	text, err := io.ReadAll(plain)
	require.NoError(t, err)
	require.Equal(t, script, string(text))

	for _, none := range []string{"", "gzip;q=0", "br"} {
		r = ask(t, aConsole(), http.MethodGet, "/assets/index-ab.js", "Accept-Encoding", none)
		require.Empty(t, r.Header.Get("Content-Encoding"))
		require.Equal(t, script, body(t, r))
	}
	r = ask(t, aConsole(), http.MethodGet, "/assets/index-ab.js", "If-None-Match", r.Header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, r.StatusCode)
}

func TestAMissingAssetIsNotFoundAndEveryOtherPathIsThePage(t *testing.T) {
	require.Equal(t, http.StatusNotFound, ask(t, aConsole(), http.MethodGet, "/assets/index-old.js").StatusCode)
	for _, path := range []string{"/", "/sql", "/sources/a.b", "/index.html", "/manifest.json", "/assets/../sql", "/.gitkeep"} {
		r := ask(t, aConsole(), http.MethodGet, path)
		require.Equal(t, http.StatusOK, r.StatusCode, path)
		require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		require.Contains(t, body(t, r), "csp-nonce", path)
	}
	require.Equal(t, http.StatusMethodNotAllowed, ask(t, aConsole(), http.MethodPost, "/sql").StatusCode)
}

func TestThePageRunsOnlyTheServersScriptsAndEachHasItsOwnNonce(t *testing.T) {
	seen := map[string]bool{}
	for range 2 {
		r := ask(t, aConsole(), http.MethodGet, "/")
		policy := r.Header.Get("Content-Security-Policy")
		require.NotContains(t, policy, "unsafe")
		require.Contains(t, policy, "default-src 'none'")
		require.Contains(t, policy, "frame-ancestors 'none'")
		nonce := regexp.MustCompile(`'nonce-(\w+)'`).FindStringSubmatch(policy)[1]
		require.Contains(t, body(t, r), `content="`+nonce+`"`)
		require.False(t, seen[nonce])
		seen[nonce] = true
	}
}

func TestWithoutAConsoleAPageSaysHowToBuildIt(t *testing.T) {
	r := ask(t, handler(fstest.MapFS{".gitkeep": {}}), http.MethodGet, "/sql")
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.Contains(t, body(t, r), "make console build")
}
