package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/cli"
	"github.com/helios-sql/helios/internal/localkinesis"
)

// screens collects what several goroutines write, and may be a terminal.
type screens struct {
	mu       sync.Mutex
	b        bytes.Buffer
	terminal bool
}

func (s *screens) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screens) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *screens) IsTerminal() bool { return s.terminal }

// stream runs a local Kinesis with one stream that holds these records, and gives its endpoint.
func stream(t *testing.T, name string, records ...string) string {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	kinesis := localkinesis.New(localkinesis.Options{Logger: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- kinesis.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	require.NoError(t, kinesis.CreateStream(name, 1))
	for _, r := range records {
		_, err := kinesis.PutRecords(name, []localkinesis.Record{{PartitionKey: "key-1", Data: []byte(r)}})
		require.NoError(t, err)
	}
	return "http://" + listener.Addr().String()
}

func TestTailShowsEventsAsTheyCameForReadingOrForPrograms(t *testing.T) {
	records := []string{
		"{\n \"kind\": \"a\", \"in\": {\"n\": 12345678901234567890}\n}", `{"kind":"b"}` + "\n" + `{"kind":"a","in":{"n":2}}`, "{\"kind\":\"a\x1b[2J",
	}
	endpoint := stream(t, "clicks", records...)
	for _, c := range []struct {
		name     string
		terminal bool
		flags    string
		last     string // is in the output when all is there
		check    func(t *testing.T, out string)
	}{
		{"one line each where nobody reads", false, "", "[2J", func(t *testing.T, out string) {
			t.Helper()
			require.Equal(t, []string{`{"kind":"a","in":{"n":12345678901234567890}}`, `{"kind":"b"}`, `{"kind":"a","in":{"n":2}}`, "{\"kind\":\"a\x1b[2J", ""},
				strings.Split(out, "\n"))
		}},
		{"laid out on a terminal, nothing moves the cursor", true, "", "[2J", func(t *testing.T, out string) {
			t.Helper()
			require.Contains(t, out, "  key key-1\n{\n  \"kind\": \"a\",\n  \"in\": {\n    \"n\": 12345678901234567890\n  }\n}\n")
			require.Contains(t, out, "!! malformed_json: ")
			require.Contains(t, out, `{"kind":"a\u001b[2J`)
			require.NotContains(t, out, "\x1b")
		}},
		{"raw on a terminal", true, "--raw", "[2J", func(t *testing.T, out string) {
			t.Helper()
			require.Equal(t, 4, strings.Count(out, "\n"))
			require.NotContains(t, out, "\x1b")
		}},
		{"only what all filters match", false, "--filter kind=a --filter in.n=2", `"n":2`, func(t *testing.T, out string) {
			t.Helper()
			require.Equal(t, []string{`{"kind":"a","in":{"n":2}}`, ""}, strings.Split(out, "\n"))
		}},
		{"for programs with the place in the stream", false, "--json --filter kind=b", "}\n", func(t *testing.T, out string) {
			t.Helper()
			var e map[string]any
			require.NoError(t, json.Unmarshal([]byte(out), &e))
			require.JSONEq(t, `{"kind":"b"}`, e["event"].(string))
			require.Equal(t, "shardId-000000000000", e["shard_id"])
			require.Equal(t, "key-1", e["partition_key"])
			require.NotEmpty(t, e["sequence_number"])
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, enough := context.WithCancel(t.Context())
			defer enough()
			out := &screens{terminal: c.terminal}
			var talk screens
			code := make(chan int, 1)
			args := append(strings.Fields("tail clicks --from horizon --region us-east-1 --endpoint-url "+endpoint), strings.Fields(c.flags)...)
			go func() { code <- cli.Main(ctx, args, strings.NewReader(""), out, &talk) }()
			require.Eventually(t, func() bool { return strings.Contains(out.String(), c.last) }, 20*time.Second, 5*time.Millisecond, "%s %s", out, &talk)
			enough()
			require.Zero(t, <-code, talk.String())
			c.check(t, out.String())
		})
	}
}

func TestTailOfAnUnknownStreamSaysSo(t *testing.T) {
	endpoint := stream(t, "clicks")
	got := helios(t, "", "tail", "clacks", "--region", "us-east-1", "--endpoint-url", endpoint)
	require.Equal(t, 1, got.code)
	require.Contains(t, got.talk, "there is no stream clacks")
	require.Contains(t, got.talk, "helios streams list")
	require.Equal(t, 1, strings.Count(got.talk, "\n"))
}

func TestTailGivesTheBytesThatAreNotText(t *testing.T) {
	sent := []string{"{\n \"a\": 1 }", "{\"b\":\"\xff\"}"}
	endpoint := stream(t, "clicks", sent...)
	tail := func(flag, last string) string {
		ctx, enough := context.WithCancel(t.Context())
		defer enough()
		var out, talk screens
		code := make(chan int, 1)
		args := []string{"tail", "clicks", "--from", "horizon", "--region", "us-east-1", "--endpoint-url", endpoint, flag}
		go func() { code <- cli.Main(ctx, args, strings.NewReader(""), &out, &talk) }()
		require.Eventually(t, func() bool { return strings.Contains(out.String(), last) }, 20*time.Second, 5*time.Millisecond, &talk)
		enough()
		require.Zero(t, <-code, talk.String())
		return out.String()
	}
	require.Equal(t, strings.Join(sent, "\n")+"\n", tail("--raw", "\xff\"}\n"))
	lines := strings.Split(tail("--json", "base64"), "\n")
	require.NotContains(t, lines[0], "base64")
	var e struct {
		Event string `json:"event"`
		Bytes []byte `json:"event_base64"`
	}
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &e))
	require.Equal(t, strings.ToValidUTF8(sent[1], "\ufffd"), e.Event)
	require.Equal(t, sent[1], string(e.Bytes))
}
