package api

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func bare() *server { return newServer(Deps{Metrics: http.NotFoundHandler()}) }

func TestEveryRouteIsDescribed(t *testing.T) {
	s := bare()
	described := map[string]bool{}
	for path, item := range s.huma.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete} {
			if op == nil {
				continue
			}
			described[method+" "+path] = true
			var inPath []string
			for _, p := range op.Parameters {
				if p.In == "path" {
					inPath = append(inPath, "{"+p.Name+"}")
				}
			}
			require.Equal(t, regexp.MustCompile(`{\w+}`).FindAllString(path, -1), inPath, path)
		}
	}
	for _, pattern := range s.patterns {
		require.Contains(t, described, strings.TrimSuffix(pattern, "{$}"))
	}
	require.Len(t, s.patterns, 54)
}

func TestNoRouteTakesANameAway(t *testing.T) {
	routes := bare().patterns
	for _, fixed := range routes {
		for _, named := range routes {
			a, b := strings.Split(fixed, "/"), strings.Split(named, "/")
			if fixed == named || len(a) != len(b) {
				continue
			}
			for i := range a {
				if strings.HasPrefix(b[i], "{") && !strings.HasPrefix(a[i], "{") {
					a[i] = b[i]
				}
			}
			require.NotEqual(t, a, b, "nothing can have the name that %s takes from %s", fixed, named)
		}
	}
}

func TestTheDescriptionIsTheOneThatClientsWereMadeFrom(t *testing.T) {
	const golden = "testdata/openapi.json"
	w := httptest.NewRecorder()
	bare().openAPI(w, nil)
	require.Equal(t, "application/openapi+json", w.Header().Get("Content-Type"))
	if *update {
		require.NoError(t, os.WriteFile(golden, w.Body.Bytes(), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), w.Body.String(), "run the test with -update, and look at what changed")
}
