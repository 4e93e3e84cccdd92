package api

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func bare() *server { return newServer(Deps{Metrics: http.NotFoundHandler()}) }

func TestEveryRouteIsDescribed(t *testing.T) {
	s := bare()
	described := map[string]bool{}
	for route, item := range s.huma.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete} {
			if op == nil {
				continue
			}
			described[method+" "+route] = true
			var inPath []string
			for _, p := range op.Parameters {
				if p.In == "path" {
					inPath = append(inPath, "{"+p.Name+"}")
				}
			}
			require.Equal(t, regexp.MustCompile(`{\w+}`).FindAllString(route, -1), inPath, route)
		}
	}
	for _, pattern := range s.patterns {
		require.Contains(t, described, strings.TrimSuffix(pattern, "{$}"))
	}
	require.Len(t, s.patterns, 83)
}

func TestTheTableSaysWhoMayUseEachRoute(t *testing.T) {
	described := map[string]bool{}
	for route, item := range bare().huma.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete} {
			if op == nil {
				continue
			}
			key := method + " " + route
			described[key] = true
			require.Contains(t, accesses, key, "it must be decided who may use it")
			byAuth := op.Tags[0] == "accounts" // package auth tells of these itself
			if method != http.MethodGet && !byAuth {
				require.NotEmpty(t, accesses[key].action+untold[key], "the audit log tells of changes: %s", key)
			}
		}
	}
	for key, a := range accesses {
		require.Contains(t, described, key, "there is no such route")
		if a.role == auth.NoRole {
			require.Contains(t, public, key, "strangers may come there")
		}
	}
}

// public are the routes that need no account.
var public = []string{
	"GET /healthz", "GET /readyz", "GET /api/v1/auth/state", "GET " + startPath, "GET " + callbackPath, "POST /api/v1/auth/sign-in", "POST /api/v1/auth/sign-out",
	"POST /api/v1/auth/link", "POST /api/v1/auth/setup", "POST /api/v1/auth/reset",
}

// untold are the routes of methods that change something whose use is no entry of its own in the audit log.
var untold = map[string]string{
	"POST /api/v1/query":                      "each query stands there with its text",
	"POST /api/v1/saved-queries/{id}/run":     "each query stands there with its text",
	"POST /api/v1/sql/explain":                "each query stands there with its text",
	"POST /api/v1/schema/predict":             "it changes nothing",
	"POST /api/v1/quarantine/{table}/dry-run": "it changes nothing",
	"DELETE /api/v1/query-history":            "one's own history is one's own",
	"DELETE /api/v1/query-history/{id}":       "one's own history is one's own",
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

func TestNoListIsNull(t *testing.T) {
	var all map[string]any
	w := httptest.NewRecorder()
	bare().openAPI(w, nil)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &all))
	seen, lists := map[string]bool{}, 0
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case []any:
			for i := range v {
				walk(fmt.Sprintf("%s[%d]", at, i), v[i])
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && !seen[ref] {
				seen[ref] = true
				name := path.Base(ref)
				walk(name, all["components"].(map[string]any)["schemas"].(map[string]any)[name])
			}
			switch kind := v["type"].(type) {
			case string:
				if kind == "array" {
					lists++
				}
			case []any:
				require.NotContains(t, kind, "array", at)
			}
			for name, below := range v {
				walk(at+"."+name, below)
			}
		}
	}
	for route, item := range all["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			walk(method+" "+route, op.(map[string]any)["responses"]) // requests may have null for a default
		}
	}
	require.Greater(t, lists, 40)
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
