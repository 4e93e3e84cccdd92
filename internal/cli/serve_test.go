package cli_test

import (
	"bytes"
	"context"
	"io"
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
	dir, err := os.MkdirTemp("", "helios-cli")
	if err == nil {
		err = os.Setenv("XDG_CONFIG_HOME", dir) // where nobody has logged in to anything
	}
	if err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
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

func TestAServerForOthersSaysHowTheyReachIt(t *testing.T) {
	t.Chdir(t.TempDir())
	for line, want := range map[string][]string{
		"serve --listen 127.0.0.1:0 --self-signed": {`API +https://127\.0\.0\.1:\d+\n`, `Certificate +self-signed, SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}\n`, `Access +open to whoever reaches this address`},
		"serve --listen 127.0.0.1:0 --insecure-http --public-url https://helios.example.com --trusted-proxies 10.0.0.0/8 --trusted-proxies 192.0.2.1,192.0.2.2": {
			`API +https://helios\.example\.com\n`, `Listens on +127\.0\.0\.1:\d+\n`, `Access +with an account or a token\n`, `link"?[=:]"?https://helios\.example\.com/setup#`,
		},
	} {
		ctx, stop := context.WithCancel(t.Context())
		talk := &watched{}
		talk.seen = func() {
			if said := talk.kept.String(); strings.Contains(said, "/setup#") && strings.Contains(said, "Ctrl-C") {
				stop()
			}
		}
		code := cli.Main(ctx, strings.Fields(line), strings.NewReader(""), io.Discard, talk)
		stop()
		require.Zero(t, code, talk.kept.String())
		for _, one := range want {
			require.Regexp(t, one, talk.kept.String())
		}
		require.NotContains(t, talk.kept.String(), "no proxies are named")
	}
}

func TestTheCheckOfTheSettingsKnowsTheNetwork(t *testing.T) {
	t.Chdir(t.TempDir())
	check := func(text string) (int, string) {
		require.NoError(t, os.WriteFile("helios.yaml", []byte(text), 0o600))
		talk := &bytes.Buffer{}
		return cli.Main(t.Context(), []string{"config", "check"}, strings.NewReader(""), io.Discard, talk), talk.String()
	}
	code, said := check("listen: 0.0.0.0:8443\ntls: {self_signed: true}\n")
	require.Zero(t, code, said)
	require.Contains(t, said, "listen on 0.0.0.0:8443 with a self-signed certificate, for those with an account")
	code, said = check("listen: 0.0.0.0:8443\n")
	require.Equal(t, 2, code)
	require.Contains(t, said, "helios.yaml:1: Helios does not listen on 0.0.0.0:8443 without TLS")
	code, said = check("tls: {cert_file: none.pem, key_file: none.key}\n")
	require.Equal(t, 3, code)
	require.Contains(t, said, "none.pem")
}
