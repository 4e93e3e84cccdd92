//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/localkinesis"
)

// river publishes numbered events to a local stream until it is closed.
type river struct {
	t         *testing.T
	kinesis   *localkinesis.Server
	endpoint  string
	published atomic.Int64
	close     func()
}

func newRiver(t *testing.T) *river {
	t.Helper()
	r := &river{t: t, kinesis: localkinesis.New(localkinesis.Options{})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r.endpoint = "http://" + listener.Addr().String()
	require.NoError(t, r.kinesis.CreateStream("river", 2))
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	all.Go(func() { _ = r.kinesis.Serve(ctx, listener) })
	ending := make(chan struct{})
	publishing := make(chan struct{})
	go func() {
		defer close(publishing)
		every := time.NewTicker(5 * time.Millisecond)
		defer every.Stop()
		for {
			select {
			case <-ending:
				return
			case <-every.C:
				r.put()
			}
		}
	}()
	r.close = sync.OnceFunc(func() {
		close(ending)
		<-publishing
	})
	t.Cleanup(func() {
		r.close()
		cancel()
		all.Wait()
	})
	return r
}

// put publishes one event, which has the number of those before it.
func (r *river) put() {
	n := r.published.Load()
	results, err := r.kinesis.PutRecords("river", []localkinesis.Record{{PartitionKey: fmt.Sprint(n), Data: fmt.Appendf(nil, `{"id":%d}`, n)}})
	if err == nil && results[0].ErrorCode == "" {
		r.published.Add(1)
	}
}

// settings writes a settings file whose server reads the river, with little memory.
func (r *river) settings() string {
	file := filepath.Join(r.t.TempDir(), "helios.yaml")
	require.NoError(r.t, os.WriteFile(file, fmt.Appendf(nil, `data: %s
store: {memory_limit: %d}
sources:
  - {stream: river, table: river, endpoint: %q, region: us-east-1, columns: [{name: id, type: BIGINT}]}
`, r.t.TempDir(), memoryLimit, r.endpoint), 0o600))
	return file
}

const (
	memoryLimit = 512 << 20
	memoryBound = 1 << 30   // of the process: half a GiB more than DuckDB's
	overshoot   = 512 << 20 // what a query may take between two looks, and until the process has ended
)

// caughtUp waits until all that has been published by now is queryable, and tells how long that took.
func (r *river) caughtUp(s *server) time.Duration {
	r.t.Helper()
	n, begun := int(r.published.Load()), time.Now()
	require.Eventually(r.t, func() bool { return s.number("SELECT count(*) FROM river") >= n }, time.Minute, 5*time.Millisecond)
	return time.Since(begun)
}

// audit requires that each event is there once.
func (r *river) audit(s *server) {
	r.t.Helper()
	r.close()
	r.caughtUp(s)
	require.Equal(r.t, [][]any{{fmt.Sprint(r.published.Load()), fmt.Sprint(r.published.Load())}},
		s.query("SELECT count(*)::VARCHAR, count(DISTINCT id)::VARCHAR FROM river"))
	require.Equal(r.t, int(r.published.Load()), s.number("SELECT max(id) + 1 FROM river"))
}

// worker is the process that does the server's work, 0 while there is none.
func (s *server) worker() int {
	processes, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range processes {
		text, _ := os.ReadFile(path)
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // the state, the parent, …; proc(5)
		if len(fields) > 1 && string(fields[1]) == strconv.Itoa(s.cmd.Process.Pid) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			return pid
		}
	}
	return 0
}

// memory watches how much memory of its own the worker takes at most, until it is asked.
func (s *server) memory() (most func() int64) {
	ctx, cancel := context.WithCancel(context.Background())
	found := make(chan int64, 1)
	go func() {
		var most int64
		for pid := 0; ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
			fields := bytes.Fields(text)
			if err != nil || len(fields) < 3 {
				pid = s.worker()
				continue
			}
			resident, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			shared, _ := strconv.ParseInt(string(fields[2]), 10, 64)
			most = max(most, (resident-shared)*int64(os.Getpagesize()))
		}
		found <- most
	}()
	return func() int64 {
		cancel()
		return <-found
	}
}

func needsProc(t *testing.T) {
	t.Helper()
	_, err := os.Stat("/proc/self/statm")
	require.NoError(t, err, "this test looks at the server's process in /proc: run it on Linux")
}

// TestNoQueryTakesTheServerDown asks what DuckDB cannot end, or what takes all memory. What the guard refuses is answered too.
func TestNoQueryTakesTheServerDown(t *testing.T) {
	needsProc(t)
	river := newRiver(t)
	s := start(t, "serve", "--config", river.settings())
	river.caughtUp(s)
	most := s.memory()
	for _, c := range []struct {
		limit time.Duration
		sql   string
	}{
		{time.Second, "SELECT list_sort(range(200000000))[1]"},
		{time.Second, "SELECT length(repeat('ab', 1000000000))"},
		{time.Second, "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE (a.range * b.range) % 7 = 3"},
		{time.Second, "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t"},
		// One call of a function, which looks at no interrupt.
		{time.Second, "SELECT levenshtein(a, b) FROM (SELECT string_agg(range::VARCHAR, '') a, string_agg((range * 7)::VARCHAR, '') b FROM range(200000))"},
		// Vectors of lambdas, which the memory limit does not count.
		{time.Minute, "WITH a AS (SELECT list(range) l FROM range(200000)) SELECT list_sum(list_transform(l, x -> list_sum(list_filter(l, y -> y > x)))) FROM a"},
	} {
		before := s.restarts()
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), c.limit+time.Minute)
		_, err := s.Query(ctx, client.QueryRequest{SQL: c.sql, Timeout: c.limit})
		took := time.Since(begun)
		require.NoError(t, ctx.Err(), "no answer to %s", c.sql)
		cancel()
		require.Error(t, err, c.sql)
		require.Eventually(t, func() bool { return s.asked() == 0 }, time.Minute, 10*time.Millisecond, "the query goes on")
		t.Logf("%.60s: answered after %d ms (%v); %d new starts; an event put then is queryable after %d ms",
			c.sql, took.Milliseconds(), err, s.restarts()-before, river.caughtUp(s).Milliseconds())
	}
	for _, reason := range []string{"stuck_query", "memory"} {
		require.Contains(t, string(s.page("/metrics")), fmt.Sprintf(`helios_restarts_total{reason=%q} 1`, reason))
	}
	peak := most()
	t.Logf("at most %d MiB", peak>>20)
	require.Less(t, peak, int64(memoryBound+overshoot))
	river.audit(s)
	require.Zero(t, s.interrupt())
}

// restarts is how often the server's process was started again.
func (s *server) restarts() (sum int) {
	for line := range bytes.SplitSeq(s.page("/metrics"), []byte("\n")) {
		if bytes.HasPrefix(line, []byte("helios_restarts_total{")) {
			n, err := strconv.Atoi(string(line[bytes.LastIndexByte(line, ' ')+1:]))
			require.NoError(s.t, err)
			sum += n
		}
	}
	return sum
}

// page gets a page of the server, or nothing.
func (s *server) page(path string) []byte {
	s.t.Helper()
	res, err := http.Get(s.url + path)
	require.NoError(s.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return text
}

// asked is how many queries run or wait; -1 when nobody knows at the moment.
func (s *server) asked() int {
	queries, err := s.Queries(s.t.Context())
	if err != nil {
		return -1
	}
	return len(queries)
}

// TestQueriesThatRunBesideAHarmfulOneAreToldToRunAgain loses the engine under a long export and a slow query.
func TestQueriesThatRunBesideAHarmfulOneAreToldToRunAgain(t *testing.T) {
	s := start(t, "serve", "--data", t.TempDir())
	answers := make(chan error, 2)
	go func() {
		_, err := s.Query(context.Background(), client.QueryRequest{SQL: "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE (a.range * b.range) % 7 = 3"})
		answers <- err
	}()
	go func() {
		_, err := s.Export(context.Background(), client.QueryRequest{SQL: "SELECT * FROM range(1000000000000)", MaxRows: client.NoLimit}, client.CSV, &slow{})
		answers <- err
	}()
	require.Eventually(t, func() bool { return s.asked() == 2 }, time.Minute, 10*time.Millisecond)
	_, err := s.Query(t.Context(), client.QueryRequest{
		Timeout: 100 * time.Millisecond,
		SQL:     "SELECT levenshtein(a, b) FROM (SELECT string_agg(range::VARCHAR, '') a, string_agg((range * 7)::VARCHAR, '') b FROM range(200000))",
	})
	require.ErrorContains(t, err, "stopped after its 100ms")
	said := []string{(<-answers).Error(), (<-answers).Error()}
	t.Log(said)
	require.Contains(t, fmt.Sprint(said), "restarted because of another query")
	require.Contains(t, fmt.Sprint(said), "broke off")
	require.Equal(t, 1, s.number("SELECT 1"))
	require.Contains(t, string(s.page("/metrics")), `helios_restarts_total{reason="stuck_query"} 1`)
}

// slow takes what it is given without haste.
type slow struct{}

func (*slow) Write(p []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return len(p), nil
}

// TestFiftyHeavyQueriesWaitTheirTurnWhileIngestionGoesOn asks far more than may run at once.
func TestFiftyHeavyQueriesWaitTheirTurnWhileIngestionGoesOn(t *testing.T) {
	needsProc(t)
	river := newRiver(t)
	s := start(t, "serve", "--config", river.settings())
	river.caughtUp(s)
	most := s.memory()
	var answered sync.WaitGroup
	for i := range 50 {
		answered.Go(func() {
			r, err := s.Query(t.Context(), client.QueryRequest{
				Timeout: time.Minute,
				SQL:     fmt.Sprintf("SELECT count(*), sum(n), %d FROM (SELECT range %% 300001 AS k, count(*) AS n FROM range(3000000) GROUP BY k)", i),
			})
			if assert.NoError(t, err) {
				assert.Equal(t, "300001 3000000", fmt.Sprint(r.Rows[0][0], " ", r.Rows[0][1]))
			}
		})
	}
	require.Eventually(t, func() bool { return s.asked() > 4 }, time.Minute, 10*time.Millisecond)
	before := river.published.Load()
	require.Eventually(t, func() bool {
		source, err := s.Source(t.Context(), "river")
		return err == nil && source.Counters.Rows > before
	}, time.Minute, 10*time.Millisecond, "what is put while they run is committed while they run or wait")
	t.Logf("%d queries still run or wait when all that was put before is committed", s.asked())
	answered.Wait()
	peak := most()
	t.Logf("at most %d MiB; caught up after %d ms", peak>>20, river.caughtUp(s).Milliseconds())
	require.Less(t, peak, int64(memoryBound))
	require.Zero(t, s.restarts())
	river.audit(s)
	require.Zero(t, s.interrupt())
}

// TestTheServerIsBackWhenItsProcessIsKilled kills the process that does the work, and only that, at random moments.
func TestTheServerIsBackWhenItsProcessIsKilled(t *testing.T) {
	needsProc(t)
	river := newRiver(t)
	s := start(t, "serve", "--config", river.settings())
	river.caughtUp(s)
	seed := uint64(time.Now().UnixNano())
	t.Logf("moments of death by seed %d", seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	const kills = 5
	pid, dead := 0, 0
	for i := range kills {
		time.Sleep(time.Duration(moments.IntN(500)) * time.Millisecond)
		require.Eventually(t, func() bool { pid = s.worker(); return pid != 0 && pid != dead }, time.Minute, time.Millisecond)
		dead = pid
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		if i%2 == 0 { // else the next one dies while it starts, or soon after
			t.Logf("an event put then is queryable after %d ms", river.caughtUp(s).Milliseconds())
		}
	}
	river.caughtUp(s)
	require.Contains(t, string(s.page("/metrics")), fmt.Sprintf(`helios_restarts_total{reason="crash"} %d`, kills))
	river.audit(s)
	require.Zero(t, s.interrupt())
}

// TestAServerStartedRightAfterAKillWaitsForThePortAndTheData starts again without a look at the old one's worker.
func TestAServerStartedRightAfterAKillWaitsForThePortAndTheData(t *testing.T) {
	river := newRiver(t)
	address := freeAddress(t)
	said, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	defer func() { _ = said.Close() }()
	args := []string{"serve", "--config", river.settings(), "--listen", address}
	api, err := client.New("http://"+address, client.Options{})
	require.NoError(t, err)
	defer api.Close()
	for range 5 {
		cmd := exec.Command(binary, args...)
		cmd.Env, cmd.Stderr = environment(), said
		require.NoError(t, cmd.Start())
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(ended)
		}()
		ready := false
		require.Eventually(t, func() bool {
			select {
			case <-ended:
				return true
			default:
				ready = api.Ready(t.Context()) == nil
				return ready
			}
		}, time.Minute, time.Millisecond)
		text, _ := os.ReadFile(said.Name())
		require.True(t, ready, "%s", text)
		require.NoError(t, cmd.Process.Kill())
		<-ended
	}
	s := start(t, "serve", "--config", args[2])
	river.audit(s)
}

// TestAServerToldToEndUnderLoadEndsInTimeWithNothingLost tells it while a query heeds nothing and events arrive.
func TestAServerToldToEndUnderLoadEndsInTimeWithNothingLost(t *testing.T) {
	river := newRiver(t)
	s := start(t, "serve", "--config", river.settings())
	river.caughtUp(s)
	asked := make(chan error, 1)
	go func() {
		_, err := s.Query(context.Background(), client.QueryRequest{
			SQL: "SELECT levenshtein(a, b) FROM (SELECT string_agg(range::VARCHAR, '') a, string_agg((range * 7)::VARCHAR, '') b FROM range(200000))",
		})
		asked <- err
	}()
	require.Eventually(t, func() bool { return s.asked() == 1 }, time.Minute, 10*time.Millisecond)
	time.Sleep(500 * time.Millisecond) // until it is inside of that one call
	begun := time.Now()
	s.end(syscall.SIGTERM)
	t.Logf("ended after %d ms", time.Since(begun).Milliseconds())
	require.Zero(t, s.cmd.ProcessState.ExitCode(), s.log.String())
	require.Error(t, <-asked)
	s.run()
	river.audit(s)
}
