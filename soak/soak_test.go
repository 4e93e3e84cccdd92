//go:build soak

// Package soak runs Helios under everything at once for as long as one likes: load, schema drift, resharding, faults of the
// stream, queries of all kinds, kills and restarts; and then compares its tables with the stream event by event. `make soak`
// runs it. It is deterministic only in what it does, not in when: its seed is printed, and so is all that it did.
package soak

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/e2e/traffic"
	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/localkinesis"
)

var (
	minutes = flag.Float64("minutes", 10, "length of the soak, audit not included")
	rate    = flag.Float64("rate", 1000, "events per second")
	seed    = flag.Uint64("seed", 0, "of all chances; 0: one of the time")
	outDir  = flag.String("out", "out", "where the logs and the summary go")
)

const (
	stream     = "soak"
	shardCount = 4
	opening    = 2000 // events before the sources are added, for their sample
	warmUp     = 15 * time.Second
	enduring   = 0.35 // share of the time at the end in which the server is left alive, to see whether it grows
	drainWait  = 3 * time.Minute
	slowest    = 30 * time.Second // that a recovery may take
)

// sources read the one stream into tables of their names, by polling and by enhanced fan-out.
var sources = []string{"polled", "pushed"}

// soak is one run.
type soak struct {
	dir      string
	endpoint string
	kinesis  *localkinesis.Server
	traffic  *traffic.Traffic
	weather  *weather
	shards   *resharder
	helios   *process
	people   *people
	watch    *watch
	scrape   *http.Client

	report report
}

func (s *soak) steady(since time.Time) bool { return s.shards.quiet(since) }

func (s *soak) say(format string, args ...any) {
	fmt.Fprintf(os.Stdout, "%s %s\n", time.Now().UTC().Format("15:04:05.000"), fmt.Sprintf(format, args...))
}

func TestSoak(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	s := &soak{
		dir:     filepath.Join(*outDir, fmt.Sprint(*seed)),
		weather: &weather{kinds: map[string]int{}}, people: &people{outcomes: map[fault.Code]int{}}, scrape: &http.Client{},
		report: report{began: time.Now()},
	}
	s.watch = &watch{soak: s, fresh: map[string][]time.Duration{}, killed: map[string]time.Time{}}
	require.NoError(t, os.MkdirAll(s.dir, 0o755))
	s.say("seed %d, %g minutes, %g events/s; logs in %s", *seed, *minutes, *rate, s.dir)
	stop := s.openKinesis(t)
	defer stop()
	var err error
	s.helios, err = newProcess(s.dir)
	require.NoError(t, err)
	defer s.helios.close()

	require.NoError(t, s.run(t.Context()))
	problems := s.problems()
	summary := s.summary(problems)
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "summary.md"), []byte(summary), 0o600))
	fmt.Fprintf(os.Stdout, "\n%s\n", summary)
	if len(problems) > 0 {
		t.Fatalf("%d things are wrong; logs and data are kept in %s", len(problems), s.dir)
	}
	require.NoError(t, os.RemoveAll(filepath.Join(s.dir, "data")))
}

// openKinesis starts a Kinesis with a stream in this process.
func (s *soak) openKinesis(t *testing.T) (stop func()) {
	t.Helper()
	s.kinesis = localkinesis.New(localkinesis.Options{KeepLimits: true, MaxBytes: 1 << 30, Faults: s.weather.fault})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.endpoint = "http://" + l.Addr().String()
	require.NoError(t, s.kinesis.CreateStream(stream, shardCount))
	s.traffic = traffic.New(s.kinesis, stream, *seed)
	s.shards = newResharder(s.endpoint, stream)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var serving sync.WaitGroup
	serving.Go(func() { _ = s.kinesis.Serve(ctx, l) })
	return func() {
		cancel()
		serving.Wait()
	}
}

// run goes through the phases of a soak.
func (s *soak) run(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	load := s.group(ctx)
	load.Go("traffic", func(ctx context.Context) error { return s.traffic.Run(ctx, *rate) })
	for _, source := range sources {
		load.Go("watch", func(ctx context.Context) error { s.watch.look(ctx, source); return nil })
	}
	load.Go("worker", func(ctx context.Context) error { s.mind(ctx); return nil })
	s.say("warming up")
	var before []vitals
	s.report.began = time.Now()
	s.during(ctx, warmUp, func(ctx context.Context) { s.record(ctx, &before) })
	s.report.restBefore = rest(before)

	length := time.Duration(*minutes * float64(time.Minute))
	trouble := s.trouble(ctx)
	s.say("everything at once, kills among it")
	storm, calm := context.WithTimeout(ctx, time.Duration(float64(length)*(1-enduring)))
	killers := s.group(storm)
	killers.Go("hostile queries", func(ctx context.Context) error { // they may end the engine, too
		s.people.ask(ctx, s.helios, s.chance(7), hostile, 4, 12, patience)
		return nil
	})
	err := errors.Join(s.kill(storm, s.chance(1)), killers.stop())
	calm()
	if err == nil {
		s.say("everything at once, no kills: does it grow?")
		s.during(ctx, time.Duration(float64(length)*enduring), func(ctx context.Context) { s.record(ctx, &s.report.endurance) })
	}
	err = errors.Join(err, trouble.stop())

	s.say("at rest again")
	if err == nil {
		err = s.shards.scale(ctx, shardCount)
	}
	var after []vitals
	if err == nil {
		s.during(ctx, warmUp, func(ctx context.Context) { s.record(ctx, &after) })
	}
	s.report.restAfter = rest(after)
	if s.report.restAfter.goroutines > s.report.restBefore.goroutines+growthCount {
		s.say("more goroutines than at the beginning: the worker is made to list them in its log, and killed thereby")
		s.helios.list()
	}
	if err = errors.Join(err, load.stop()); err != nil {
		return err
	}
	return s.end(ctx)
}

// rest is what the server takes while there is load and nothing else.
func rest(all []vitals) vitals {
	of := func(f func(vitals) int64) int64 { return middle(all, 0.5, 1, f) }
	return vitals{
		rss:        of(func(v vitals) int64 { return v.rss }),
		goroutines: int(of(func(v vitals) int64 { return int64(v.goroutines) })),
		files:      int(of(func(v vitals) int64 { return int64(v.files) })),
	}
}

// begin starts the server and connects the stream to two tables.
func (s *soak) begin(ctx context.Context) error {
	if _, err := s.traffic.Publish(opening); err != nil {
		return err
	}
	if err := s.helios.start(); err != nil {
		return err
	}
	if err := s.helios.ready(ctx); err != nil {
		return err
	}
	for i, read := range []string{"poll", "fan_out"} {
		_, err := s.helios.AddSource(ctx, client.NewSource{
			Stream: stream, Table: sources[i], Read: read, From: "horizon", Connection: client.Connection{Region: "us-east-1", Endpoint: s.endpoint},
		})
		if err != nil {
			return fmt.Errorf("add source %s: %w", sources[i], err)
		}
	}
	return nil
}

// chance is a source of chances of its own for everybody, by number: so that one does not disturb another.
func (s *soak) chance(number uint64) *rand.Rand { return rand.New(rand.NewPCG(*seed, number)) }

// trouble starts all that goes on while the server is killed, and while it is not.
func (s *soak) trouble(ctx context.Context) *group {
	g := s.group(ctx)
	actor := func(number uint64, do func(ctx context.Context, r *rand.Rand)) {
		g.Go("trouble", func(ctx context.Context) error { do(ctx, s.chance(number)); return nil })
	}
	actor(2, func(ctx context.Context, r *rand.Rand) {
		s.weather.blow(ctx, r, s.kinesis, func() []string { return s.shards.ids(ctx) })
	})
	actor(3, s.shards.reshard)
	actor(4, func(ctx context.Context, r *rand.Rand) {
		for pause(ctx, between(r, 4, 12)) {
			s.traffic.Drift()
			s.report.drifts++
		}
	})
	actor(5, func(ctx context.Context, r *rand.Rand) {
		s.people.ask(ctx, s.helios, r, light, 0.05, 0.4, 10*time.Second)
	})
	actor(6, func(ctx context.Context, r *rand.Rand) { s.people.ask(ctx, s.helios, r, heavy, 1, 4, 10*time.Second) })
	actor(8, func(ctx context.Context, r *rand.Rand) { s.people.export(ctx, s.helios, r) })
	actor(9, func(ctx context.Context, r *rand.Rand) { s.people.count(ctx, s.helios, r) })
	actor(10, s.steer)
	return g
}

// steer pauses and resumes sources and replays quarantined events. What fails for a kill at that moment is no matter,
// except that a source must not stay paused.
func (s *soak) steer(ctx context.Context, r *rand.Rand) {
	for pause(ctx, between(r, 8, 20)) {
		source := sources[r.IntN(len(sources))]
		if r.IntN(2) == 0 {
			if _, err := s.helios.Replay(ctx, source, replayAll); err == nil {
				s.report.replays++
			}
			continue
		}
		if _, err := s.helios.PauseSource(ctx, source); err == nil {
			s.report.pauses++
		}
		pause(ctx, between(r, 0, 2))
		resuming, cancel := context.WithTimeout(context.WithoutCancel(ctx), startWait) // though all trouble ends meanwhile
		for pause(resuming, 100*time.Millisecond) {
			if _, err := s.helios.ResumeSource(resuming, source); err == nil {
				break
			}
		}
		cancel()
	}
}

// kill ends the server again and again until ctx does: its worker, all of it, or in order.
func (s *soak) kill(ctx context.Context, r *rand.Rand) error {
	for pause(ctx, between(r, 3, 20)) {
		if err := s.killOnce(context.WithoutCancel(ctx), r); err != nil {
			return err
		}
		// Mostly it may recover first; but the moments after a start are as good for dying as others.
		for r.IntN(4) > 0 && !s.watch.recovered() && pause(ctx, 100*time.Millisecond) {
			continue
		}
	}
	return nil
}

func (s *soak) killOnce(ctx context.Context, r *rand.Rand) error {
	s.watch.kill()
	switch chance := r.IntN(10); {
	case chance < 4 && s.helios.killWorker():
		s.report.workerKills++
		s.say("worker killed")
		return s.helios.ready(ctx)
	case chance < 8:
		s.report.kills++
		s.say("server killed")
		if err := s.helios.killServer(); err != nil {
			return err
		}
	default:
		took, err := s.helios.stop()
		s.report.stops++
		s.report.slowestStop = max(s.report.slowestStop, took)
		s.say("server stopped in %s", took.Round(time.Millisecond))
		if err != nil {
			return err
		}
	}
	if err := s.helios.start(); err != nil {
		return err
	}
	return s.helios.ready(ctx)
}

// mind notices when the server starts its worker again without having been made to: a query was too much for it.
func (s *soak) mind(ctx context.Context) {
	var last int
	for pause(ctx, 50*time.Millisecond) {
		workers := s.helios.workers()
		if len(workers) == 0 || workers[0] == last {
			continue
		}
		if last != 0 && s.watch.unexpected() {
			s.report.engineRestarts++
			s.say("the engine was given up for a query")
		}
		last = workers[0]
	}
}

// end waits until all is read, and audits; then again after the server was stopped and started.
func (s *soak) end(ctx context.Context) error {
	events, records, bytes := s.traffic.Published()
	s.report.events, s.report.records, s.report.bytes = events, records, bytes
	s.report.trimmed = s.kinesis.TrimmedBytes()
	s.say("waiting until %d events are read", events)
	for _, source := range sources {
		s.drain(ctx, source, events)
	}
	if err := s.audit(ctx, &s.report.audits); err != nil {
		return err
	}
	took, err := s.helios.stop()
	s.report.slowestStop = max(s.report.slowestStop, took)
	if err != nil {
		return err
	}
	if err := s.helios.start(); err != nil {
		return err
	}
	if err := s.helios.ready(ctx); err != nil {
		return err
	}
	if err := s.audit(ctx, &s.report.again); err != nil {
		return err
	}
	_, err = s.helios.stop()
	return err
}

// drain waits until a source holds so many events, or does not get on.
func (s *soak) drain(ctx context.Context, source string, events int) {
	for deadline := time.Now().Add(drainWait); time.Now().Before(deadline); {
		n, err := traffic.Stored(ctx, s.helios.Client, source)
		if err == nil && n >= events {
			pause(ctx, 2*time.Second) // for what comes too often
			return
		}
		pause(ctx, 200*time.Millisecond)
	}
}

func (s *soak) audit(ctx context.Context, to *[]traffic.Audit) error {
	for _, source := range sources {
		a, err := s.traffic.Audit(ctx, s.helios.Client, source)
		if err != nil {
			return fmt.Errorf("audit of %s: %w", source, err)
		}
		*to = append(*to, a)
	}
	return nil
}

// during runs an actor for a while.
func (s *soak) during(ctx context.Context, length time.Duration, actor func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	actor(ctx)
}

// group is a number of actors that end together.
type group struct {
	ctx    context.Context
	cancel context.CancelFunc
	all    sync.WaitGroup
	mu     sync.Mutex
	errs   []error
}

func (s *soak) group(ctx context.Context) *group {
	g := &group{}
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

func (g *group) Go(what string, actor func(context.Context) error) {
	g.all.Go(func() {
		if err := actor(g.ctx); err != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.errs = append(g.errs, fmt.Errorf("%s: %w", what, err))
		}
	})
}

func (g *group) stop() error {
	g.cancel()
	g.all.Wait()
	return errors.Join(g.errs...)
}

// problems are all reasons to fail.
func (s *soak) problems() (found []string) {
	for i, a := range append(append([]traffic.Audit{}, s.report.audits...), s.report.again...) {
		if err := a.Err(); err != nil {
			found = append(found, fmt.Sprintf("%s, audit %d: %v", sources[i%len(sources)], i/len(sources)+1, err))
		}
	}
	found = append(found, s.people.defects...)
	if s.report.trimmed > 0 {
		found = append(found, fmt.Sprintf("the stream trimmed %d bytes for want of memory: the audit says nothing", s.report.trimmed))
	}
	for _, r := range s.watch.recoveries {
		if r.fair && r.took > slowest {
			found = append(found, fmt.Sprintf("a recovery took %s", r.took))
		}
	}
	if !s.watch.recovered() {
		found = append(found, "a source never recovered from a kill")
	}
	found = append(found, s.grown()...)
	return append(found, s.complaints()...)
}

// complaints are lines of the log that no fault from outside explains.
func (s *soak) complaints() (found []string) {
	text, err := os.ReadFile(filepath.Join(s.dir, "helios.log"))
	if err != nil {
		return []string{err.Error()}
	}
	for line := range strings.Lines(string(text)) {
		s.report.logLines++
		if strings.Contains(line, "must be opened anew") && strings.Contains(line, "Possible solutions") {
			continue // queries had taken all memory, of which there is little here: the worker was replaced
		}
		for _, sign := range []string{"panic:", "fatal error:", "SIGSEGV", "ERROR", "there already", "would move back"} {
			if strings.Contains(line, sign) {
				found = append(found, "log: "+strings.TrimSpace(line[:min(len(line), 300)]))
				break
			}
		}
	}
	return found[:min(len(found), 20)]
}
