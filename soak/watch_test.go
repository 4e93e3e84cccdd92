//go:build soak

package soak

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/client"
)

const (
	lookEvery = 100 * time.Millisecond
	settled   = 5 * time.Second // after a fault, before freshness counts again
	window    = "INTERVAL 30 SECOND"
)

// watch looks at what queries see: how fresh it is, and how long it takes after a kill.
type watch struct {
	soak *soak

	mu         sync.Mutex
	fresh      map[string][]time.Duration // by source, in quiet moments
	killed     map[string]time.Time       // by source: a kill that it has not recovered from
	recoveries []recovery
	lastKill   time.Time
}

type recovery struct {
	took time.Duration
	fair bool // the stream had no faults meanwhile
}

// kill tells of a kill.
func (w *watch) kill() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastKill = time.Now()
	for _, s := range sources {
		if _, pending := w.killed[s]; !pending {
			w.killed[s] = w.lastKill
		}
	}
}

// unexpected tells of an end that nobody here brought about, and whether it was one.
func (w *watch) unexpected() bool {
	w.mu.Lock()
	known := time.Since(w.lastKill) < settled
	w.mu.Unlock()
	if !known {
		w.kill()
	}
	return !known
}

// recovered tells whether all sources have recovered from all kills.
func (w *watch) recovered() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.killed) == 0
}

// look asks for the newest event of a source, again and again.
func (w *watch) look(ctx context.Context, source string) {
	sql := fmt.Sprintf("SELECT max(soak_id) FROM %s WHERE _arrived_at > now() - %s", source, window)
	for pause(ctx, lookEvery) {
		asked, cancel := context.WithTimeout(ctx, 5*time.Second)
		r, err := w.soak.helios.Query(asked, client.QueryRequest{SQL: sql})
		cancel()
		if err != nil || r.Rows[0][0] == nil {
			continue
		}
		n, err := strconv.ParseInt(fmt.Sprint(r.Rows[0][0]), 10, 64)
		if err != nil {
			continue
		}
		if at, ok := w.soak.traffic.At(n); ok {
			w.saw(source, at)
		}
	}
}

// saw judges the time at which the newest event that a query sees was published.
func (w *watch) saw(source string, published time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if at, pending := w.killed[source]; pending {
		if published.After(at) {
			w.recoveries = append(w.recoveries, recovery{now.Sub(at), w.soak.weather.fair(at) && w.soak.steady(at)})
			delete(w.killed, source)
		}
		return
	}
	quiet := now.Add(-settled)
	if w.lastKill.Before(quiet) && w.soak.weather.fair(quiet) && w.soak.steady(quiet) {
		w.fresh[source] = append(w.fresh[source], now.Sub(published))
	}
}

// vitals are what the server takes of the machine, and what it says of itself.
type vitals struct {
	at         time.Time
	rss        int64 // bytes
	files      int
	goroutines int
}

// measure takes the vitals; false while the server does not answer.
func (s *soak) measure(ctx context.Context) (v vitals, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.helios.url+"/metrics", nil)
	if err != nil {
		return v, false
	}
	resp, err := s.scrape.Do(req)
	if err != nil {
		return v, false
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if text, found := strings.CutPrefix(lines.Text(), "go_goroutines "); found {
			v.goroutines, _ = strconv.Atoi(text)
		}
	}
	r := s.helios.resources()
	v.at, v.rss, v.files = time.Now(), r.rss, r.files
	return v, v.goroutines > 0
}

// record takes the vitals every second.
func (s *soak) record(ctx context.Context, to *[]vitals) {
	for pause(ctx, time.Second) {
		if v, ok := s.measure(ctx); ok {
			*to = append(*to, v)
		}
	}
}

// middle gives the median of what is measured in a part of the vitals, from and to being shares of their number.
func middle(all []vitals, from, to float64, of func(vitals) int64) int64 {
	part := all[int(from*float64(len(all))):int(to*float64(len(all)))]
	values := make([]int64, len(part))
	for i, v := range part {
		values[i] = of(v)
	}
	slices.Sort(values)
	if len(values) == 0 {
		return 0
	}
	return values[len(values)/2]
}

// quantile of durations, 0 to 1; 0 of none.
func quantile(all []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
