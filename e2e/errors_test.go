//go:build e2e

package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/e2e/emulator"
)

// TestWhatGoesWrongIsSaidInOneParagraphWithTheRightExitCode goes through what people meet on their first day.
func TestWhatGoesWrongIsSaidInOneParagraphWithTheRightExitCode(t *testing.T) {
	endpoint := emulator.StartKinesisLocal(t)
	running := start(t, "serve", "--data", t.TempDir())
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, busy.Close()) }()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	held := running.args[2] // the data directory of the running server
	unused := freeAddress(t)

	for name, c := range map[string]struct {
		env  []string
		args []string
		code int
		says []string
	}{
		"a malformed flag":            {nil, []string{"serve", "--lisen", "x"}, 2, []string{"--lisen"}},
		"a malformed address":         {nil, []string{"serve", "--listen", "8080"}, 2, []string{"8080", "HOST:PORT"}},
		"an address for all to reach": {nil, []string{"serve", "--listen", "0.0.0.0:8080"}, 2, []string{"0.0.0.0:8080", "TLS", "--self-signed", "--insecure-http"}},
		"an unknown command":          {nil, []string{"sourcs", "list"}, 2, []string{"sourcs", "sources"}},
		"an unknown stream": {
			nil, []string{"sources", "add", "nope", "--table", "t", "--endpoint-url", endpoint, "--yes", "--url", running.url}, 1, []string{"nope"},
		},
		"an unknown stream to tail": {nil, []string{"tail", "nope", "--endpoint-url", endpoint}, 1, []string{"nope"}},
		"missing credentials":       {[]string{"AWS_REGION=eu-central-1", "AWS_CONFIG_FILE=/none", "AWS_SHARED_CREDENTIALS_FILE=/none"}, []string{"tail", "s"}, 3, []string{"credentials"}},
		"a refused endpoint":        {nil, []string{"tail", "s", "--endpoint-url", "http://" + unused}, 3, []string{unused}},
		"no server":                 {nil, []string{"sql", "SELECT 1", "--url", "http://" + unused}, 3, []string{unused, "helios serve"}},
		"an unwritable directory":   {nil, []string{"serve", "--listen", unused, "--data", filepath.Join(file, "data")}, 3, []string{"file/data"}},
		"a directory in use":        {nil, []string{"serve", "--listen", unused, "--data", held}, 3, []string{held}},
		"a port in use":             {nil, []string{"serve", "--listen", busy.Addr().String(), "--data", t.TempDir()}, 3, []string{busy.Addr().String(), "--listen"}},
		"a statement that writes":   {nil, []string{"sql", "DROP TABLE t", "--url", running.url}, 1, []string{"DROP"}},
		"a statement that is none":  {nil, []string{"sql", "SELEC 1", "--url", running.url}, 1, []string{"SELEC"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := helios(t, c.env, c.args...)
			require.Equal(t, c.code, out.code, out.stderr)
			require.Empty(t, out.stdout)
			for _, word := range c.says {
				require.Contains(t, out.stderr, word)
			}
			require.NotContains(t, out.stderr, "goroutine ")
			require.LessOrEqual(t, strings.Count(strings.TrimSpace(out.stderr), "\n"), 4, "more than a paragraph: %s", out.stderr)
		})
	}
}
