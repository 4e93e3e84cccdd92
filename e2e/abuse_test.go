//go:build e2e && abuse

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const assault = time.Minute // of each kind

// TestItStaysWellUnderAbuse has slowhttptest hold a thousand connections open with requests that never end and answers that are
// never read, and vegeta ask as fast as it is told to, for a minute each, while events come in. Meanwhile, from another address,
// it is asked for its health four times a second, and measured: its memory, and how fresh its table is.
func TestItStaysWellUnderAbuse(t *testing.T) {
	for _, tool := range []string{"slowhttptest", "vegeta"} {
		_, err := exec.LookPath(tool)
		require.NoError(t, err, "make abuse installs it")
	}
	l := newLocal(t, 2)
	s := start(t, "serve", "--data", t.TempDir())
	l.connect(s)
	stop := l.load(1000)
	t.Cleanup(stop)
	s.user("admin@example.com", "admin", password)
	token := s.token("load", "analyst")
	time.Sleep(10 * time.Second) // for memory to settle

	targets := filepath.Join(t.TempDir(), "targets")
	body := filepath.Join(t.TempDir(), "body.json")
	require.NoError(t, os.WriteFile(body, []byte(`{"sql": "SELECT count(*), max(_arrived_at) FROM events"}`), 0o600))
	var list strings.Builder
	for _, path := range []string{"/", "/api/v1/sources", "/api/v1/tables", "/metrics"} {
		fmt.Fprintf(&list, "GET %s%s\n%s\n\n", s.url, path, bearer(token))
	}
	fmt.Fprintf(&list, "POST %s/api/v1/query\n%s\nContent-Type: application/json\n@%s\n\n", s.url, bearer(token), body)
	fmt.Fprintf(&list, "GET %s/api/v1/sources\nAuthorization: Bearer hls_wrong\n\n", s.url)
	require.NoError(t, os.WriteFile(targets, []byte(list.String()), 0o600))

	minute := fmt.Sprint(int(assault.Seconds()))
	slow := []string{"slowhttptest", "-c", "1000", "-r", "200", "-i", "5", "-l", minute, "-p", "5", "-u"}
	quiet := s.watch(10*time.Second, token, func(context.Context) {})
	t.Log("nobody: ", quiet)
	for _, kind := range []struct {
		name string
		args []string
	}{
		{"slow heads", append(slices.Clone(slow), s.url+"/api/v1/sources", "-H")},
		{"slow bodies", append(slices.Clone(slow), s.url+"/api/v1/auth/sign-in", "-B", "-f", "application/json", "-s", "8000")},
		{"slow readers", append(slices.Clone(slow), s.url+"/", "-X", "-k", "3")},
		{"many requests", []string{"sh", "-c", "vegeta attack -duration=" + minute + "s -rate=300 -timeout=20s -targets=" + targets + " | vegeta report"}},
	} {
		var out []byte
		seen := s.watch(assault, token, func(ctx context.Context) {
			out, _ = exec.CommandContext(ctx, kind.args[0], kind.args[1:]...).CombinedOutput() // what it finds is told by what is watched
		})
		t.Log(kind.name+":", seen)
		t.Log(tail(string(out), 1200))
		require.NotEmpty(t, out)
		require.Zero(t, seen.unwell, "health is not green: %v", seen)
		require.Less(t, seen.memory, quiet.memory+300<<20, "memory is not bounded")
		require.Less(t, seen.staleness[len(seen.staleness)-1], 10*time.Second, "the table is not fresh")
	}
}

// seen is what was seen of a server in some time.
type seen struct {
	asked, unwell int
	answer        []time.Duration // of health, sorted
	staleness     []time.Duration // age of the newest row, sorted
	memory        int64           // bytes, at most
}

func (v seen) String() string {
	at := func(all []time.Duration, share float64) time.Duration {
		if len(all) == 0 {
			return -1
		}
		return all[int(share*float64(len(all)-1))].Round(time.Millisecond / 10)
	}
	return fmt.Sprintf("health asked %d times, not green %d, p50 %s, slowest %s; newest row p50 %s old, at most %s; memory at most %d MiB",
		v.asked, v.unwell, at(v.answer, .5), at(v.answer, 1), at(v.staleness, .5), at(v.staleness, 1), v.memory>>20)
}

// watch looks at a server from another address while something happens to it, for at least so long.
func (s *server) watch(atLeast time.Duration, token string, happen func(context.Context)) seen {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), atLeast+2*time.Minute)
	defer cancel()
	elsewhere := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}).DialContext, DisableKeepAlives: true,
	}}
	get := func(path string, into any) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
		require.NoError(s.t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := elsewhere.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", path, resp.Status)
		}
		return json.NewDecoder(resp.Body).Decode(into)
	}
	var v seen
	most := s.memory()
	var happening sync.WaitGroup
	happening.Go(func() { happen(ctx) })
	over := make(chan struct{})
	go func() {
		happening.Wait()
		close(over)
	}()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); ; {
		select {
		case <-over:
			if time.Since(began) >= atLeast {
				v.memory = most()
				slices.Sort(v.answer)
				slices.Sort(v.staleness)
				return v
			}
		default:
		}
		<-tick.C
		asked := time.Now()
		var health struct{ Status string }
		v.asked++
		if err := get("/healthz", &health); err != nil || health.Status != "ok" {
			v.unwell++
			s.t.Log("health:", err, health.Status)
		}
		v.answer = append(v.answer, time.Since(asked))
		var sources struct {
			Sources []struct {
				NewestArrived time.Time `json:"newest_arrived_at"`
			}
		}
		if err := get("/api/v1/sources", &sources); err == nil && len(sources.Sources) == 1 {
			v.staleness = append(v.staleness, time.Since(sources.Sources[0].NewestArrived))
		}
	}
}
