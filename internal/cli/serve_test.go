package cli_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/cli"
)

// TestMain makes this program a worker when a test's server starts it as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// watched keeps what is written to it, and calls seen once it holds a text.
type watched struct {
	text string
	seen func()

	mu   sync.Mutex
	kept bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.kept.Write(p)
	if strings.Contains(w.kept.String(), w.text) {
		w.seen()
	}
	return n, err
}

func TestAServerThatIsToldToStopSaysInOneLineThatItHasStopped(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, line := range []string{"serve --listen 127.0.0.1:0", "demo --rate 0 --listen 127.0.0.1:0 --kinesis-listen 127.0.0.1:0"} {
		ctx, stop := context.WithCancel(t.Context())
		talk := &watched{text: "Ctrl-C", seen: stop}
		var out bytes.Buffer
		code := cli.Main(ctx, strings.Fields(line), strings.NewReader(""), &out, talk)
		stop()
		require.Zero(t, code, "%s: %s", line, talk.kept.String())
		require.Empty(t, out.String())
		require.True(t, strings.HasSuffix(talk.kept.String(), "\nStopped.\n"), "%s: %s", line, talk.kept.String())
		require.Equal(t, 1, strings.Count(talk.kept.String(), "Stopped."))
	}
}
