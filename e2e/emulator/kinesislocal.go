// Package emulator starts servers that nobody here wrote, for tests to run against. They come from npm, pinned by
// npm/package-lock.json, are installed into .tools/npm, listen on 127.0.0.1 only and end with the test.
package emulator

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	installTimeout = 3 * time.Minute
	startTimeout   = 30 * time.Second
)

// StartKinesisLocal runs a kinesis-local of its own for a test and returns its endpoint, plain HTTP. Stream changes take
// 100 ms there instead of its 500.
func StartKinesisLocal(tb testing.TB) (endpoint string) {
	tb.Helper()
	root := repository(tb)
	install(tb, root)
	// It reads its certificate and writes nothing, both relative to its own folder.
	folder := filepath.Join(root, ".tools", "npm", "node_modules", "kinesis-local")
	cmd := exec.CommandContext(tb.Context(), "node", "-r", filepath.Join(root, "e2e", "emulator", "npm", "loopback.cjs"), "main.js")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(),
		"KINESIS_MOCK_CERT_PATH="+filepath.Join(folder, "server.json"),
		"KINESIS_MOCK_PLAIN_PORT=0", "KINESIS_MOCK_TLS_PORT=0",
		"CREATE_STREAM_DURATION=100ms", "DELETE_STREAM_DURATION=100ms", "SPLIT_SHARD_DURATION=100ms",
		"MERGE_SHARDS_DURATION=100ms", "UPDATE_SHARD_COUNT_DURATION=100ms",
		"SHARD_LIMIT=1000", "LOG_LEVEL=ERROR",
	)
	var stderr bytes.Buffer // it complains about slow machines all the time
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe() // closed by our end, however that comes
	if err != nil {
		tb.Fatalf("kinesis-local: %v", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatalf("kinesis-local: %v", err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatalf("kinesis-local cannot be started: %v; install Node.js 20 or newer", err)
	}
	listening := make(chan string, 2) // one for plain HTTP, one for TLS, in no fixed order
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if address, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
				listening <- "http://" + address
			}
		}
	}()
	tb.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill()
		<-read
		_ = cmd.Wait()
		if tb.Failed() {
			tb.Logf("kinesis-local said: %s", stderr.Bytes()[max(0, stderr.Len()-4096):])
		}
	})

	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	var candidates []string
	for {
		select {
		case url := <-listening:
			candidates = append(candidates, url)
		case <-time.After(50 * time.Millisecond):
		case <-read:
			tb.Fatal("kinesis-local ended while starting")
		case <-ctx.Done():
			tb.Fatalf("kinesis-local is not healthy after %s, listening at %v", startTimeout, candidates)
		}
		for _, url := range candidates {
			if healthy(ctx, url) {
				return url
			}
		}
	}
}

func healthy(ctx context.Context, endpoint string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/healthcheck", http.NoBody)
	if err != nil {
		return false
	}
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// install brings the emulators into .tools/npm; at once when they are there.
func install(tb testing.TB, root string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), installTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, "sh", filepath.Join(root, "e2e", "emulator", "install.sh")).CombinedOutput()
	if err != nil {
		tb.Fatalf("the emulators cannot be installed (%v): %s\nRun e2e/emulator/install.sh by hand to see more.", err, out)
	}
}

// repository is the folder above the working directory that holds go.mod and e2e.
func repository(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "e2e", "emulator", "install.sh")); err == nil {
			return dir
		}
	}
	tb.Fatal("not inside the repository: e2e/emulator/install.sh is in no folder above")
	return ""
}
