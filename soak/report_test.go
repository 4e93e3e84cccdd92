//go:build soak

package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/helios-sql/helios/e2e/traffic"
	"github.com/helios-sql/helios/internal/client"
)

var replayAll = client.ReplayRequest{All: true}

// report is what a run did and saw.
type report struct {
	began                                              time.Time
	events, records                                    int
	bytes, trimmed                                     int64
	workerKills, kills, stops, drifts, pauses, replays int
	engineRestarts                                     int
	slowestStop                                        time.Duration
	restBefore, restAfter                              vitals
	endurance                                          []vitals // in the part without kills
	audits, again                                      []traffic.Audit
	logLines                                           int
}

const (
	growthShare = 1.25     // by which memory may differ between two parts of a run
	growthBytes = 64 << 20 // … and what is too little to matter
	growthCount = 50       // of goroutines, of files: connections to as many shards as there were linger for 90 s
)

func rssOf(v vitals) int64 { return v.rss }

func goroutinesOf(v vitals) int64 { return int64(v.goroutines) }

// grown says what did not stay flat.
func (s *soak) grown() (found []string) {
	r := &s.report
	early, late := middle(r.endurance, 0.25, 0.5, rssOf), middle(r.endurance, 0.75, 1, rssOf)
	if float64(late) > growthShare*float64(early)+growthBytes {
		found = append(found, fmt.Sprintf("memory grew from %s to %s while nothing was killed", mib(early), mib(late)))
	}
	if a, b := r.restBefore.goroutines, r.restAfter.goroutines; b > a+growthCount {
		found = append(found, fmt.Sprintf("there were %d goroutines at the beginning, and %d at the end", a, b))
	}
	if a, b := r.restBefore.files, r.restAfter.files; b > a+growthCount {
		found = append(found, fmt.Sprintf("there were %d open files at the beginning, and %d at the end", a, b))
	}
	return found
}

func mib(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }

func ms(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

// summary is the report, in Markdown.
func (s *soak) summary(problems []string) string {
	r := &s.report
	var b strings.Builder
	verdict := "nothing lost, nothing doubled"
	if len(problems) > 0 {
		verdict = "FAILED"
	}
	fmt.Fprintf(&b, "## Soak of %g minutes: %s\n\n| what | |\n|---|---|\n", *minutes, verdict)
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", what, fmt.Sprintf(format, args...))
	}
	line("seed", "%d", *seed)
	line("published", "%d events in %d records, %d MB", r.events, r.records, r.bytes/1_000_000)
	for i, a := range r.audits {
		line(sources[i]+": rows + quarantined", "%d + %d = %d; lost %d, doubled %d, strange %d, wrong positions %d",
			a.Rows, a.Quarantined, a.Rows+a.Quarantined, a.Lost, a.Doubled, a.Strange, a.Positions)
	}
	line("kill -9", "%d of the worker, %d of the whole server", r.workerKills, r.kills)
	line("engine started again for a query", "%d", r.engineRestarts)
	line("SIGTERM", "%d, the slowest %s", r.stops+1, ms(r.slowestStop))
	var fair, foul []time.Duration
	for _, rec := range s.watch.recoveries {
		if rec.fair {
			fair = append(fair, rec.took)
		} else {
			foul = append(foul, rec.took)
		}
	}
	line("recovery (from the kill until a query shows an event published after it)", "%d: p50 %s, longest %s; %d while the stream failed or resharded too: p50 %s, longest %s",
		len(fair), ms(quantile(fair, 0.5)), ms(quantile(fair, 1)), len(foul), ms(quantile(foul, 0.5)), ms(quantile(foul, 1)))
	line("resharding", "%d splits, %d merges, %d UpdateShardCount", s.shards.splits, s.shards.merges, s.shards.scales)
	line("schema drift", "%d changes", r.drifts)
	line("pauses, replays", "%d, %d", r.pauses, r.replays)
	var kinds []string
	for _, k := range slices.Sorted(maps.Keys(s.weather.kinds)) {
		kinds = append(kinds, fmt.Sprintf("%s %d", k, s.weather.kinds[k]))
	}
	line("faults of the stream", "%s", strings.Join(kinds, ", "))
	var codes []string
	for _, code := range slices.Sorted(maps.Keys(s.people.outcomes)) {
		codes = append(codes, fmt.Sprintf("%s %d", code, s.people.outcomes[code]))
	}
	line("queries", "%d; errors: %s; latest answer %s after its timeout", s.people.queries, strings.Join(codes, ", "), ms(max(s.people.late, 0)))
	for _, source := range sources {
		f := s.watch.fresh[source]
		line(source+": age of the newest event that a query sees, in quiet moments", "p50 %s, p99 %s, max %s (%d looks)",
			ms(quantile(f, 0.5)), ms(quantile(f, 0.99)), ms(quantile(f, 1)), len(f))
	}
	line("memory without kills", "median %s in the second quarter, %s in the last; most %s", mib(middle(r.endurance, 0.25, 0.5, rssOf)),
		mib(middle(r.endurance, 0.75, 1, rssOf)), mib(most(r.endurance)))
	line("goroutines without kills", "median %d in the second quarter, %d in the last", middle(r.endurance, 0.25, 0.5, goroutinesOf), middle(r.endurance, 0.75, 1, goroutinesOf))
	line("at rest, before and after", "memory %s and %s, goroutines %d and %d, open files %d and %d", mib(r.restBefore.rss), mib(r.restAfter.rss),
		r.restBefore.goroutines, r.restAfter.goroutines, r.restBefore.files, r.restAfter.files)
	line("lines in the log", "%d", r.logLines)
	if len(problems) > 0 {
		fmt.Fprintf(&b, "\n### What is wrong\n\n- %s\n", strings.Join(problems, "\n- "))
	}
	return b.String()
}

func most(all []vitals) (n int64) {
	for _, v := range all {
		n = max(n, v.rss)
	}
	return n
}
