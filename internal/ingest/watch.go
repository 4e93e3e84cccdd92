package ingest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helios-sql/helios/internal/event"
)

// TailRequest says which of a source's events to show, and how many.
type TailRequest struct {
	Filter  Filter
	Text    string // to be found anywhere in the document as it is written, in any letter case of ASCII; "": any
	MaxRate int    // events shown a second at most; 0: as many as the caller takes
}

// TailItem is one thing that a tail tells: exactly one of its fields is set.
type TailItem struct {
	Event   *SampleEvent
	Skipped *TailSkipped
	Rate    *TailRate
}

// SkipReason is why a tail left events out.
type SkipReason string

// The reasons.
const (
	SkipSampled SkipReason = "sampled" // there were more than TailRequest.MaxRate
	SkipSlow    SkipReason = "slow"    // the caller did not take them in time
)

// TailSkipped is how many events that match were left out since the last time it was said.
type TailSkipped struct {
	Count  int64      `json:"count"`
	Reason SkipReason `json:"reason" enum:"sampled,slow"`
}

// TailRate is how many events a tail has seen in the last second.
type TailRate struct {
	Events  float64 `json:"events_per_second"`  // of the source
	Matched float64 `json:"matched_per_second"` // of those, the ones that were asked for
}

const (
	tailBuffer   = 256      // events that wait for a slow watcher
	tailMaxEvent = 64 << 10 // bytes of a document that a watcher is shown
	tailPulse    = time.Second
)

// tails are those who watch a source live.
type tails struct {
	watched  atomic.Int32
	gone     chan struct{} // closed when the source is removed
	mu       sync.Mutex
	watchers map[*watcher]struct{}
}

func newTails() *tails { return &tails{gone: make(chan struct{}), watchers: map[*watcher]struct{}{}} }

func (t *tails) close() { close(t.gone) }

func (t *tails) publish(e *event.Event, rejected *event.Rejected) {
	if t.watched.Load() == 0 {
		return
	}
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for w := range t.watchers {
		w.offer(e, rejected, now)
	}
}

// watcher is one who watches. What is more than he wants, or does not fit into his channel, is skipped and counted.
type watcher struct {
	request TailRequest
	text    string // in lower case
	events  chan SampleEvent
	sampler sampler // of who publishes

	seen, matched, sampled, slow atomic.Int64 // since the last pulse
}

func newWatcher(r TailRequest) *watcher {
	return &watcher{request: r, text: lower(r.Text), events: make(chan SampleEvent, tailBuffer)}
}

func (w *watcher) offer(e *event.Event, rejected *event.Rejected, now time.Time) {
	w.seen.Add(1)
	if !w.request.Filter.Match(e.Data) || !contains(e.Data, w.text) {
		return
	}
	w.matched.Add(1)
	if w.request.MaxRate > 0 && !w.sampler.take(w.request.MaxRate, now) {
		w.sampled.Add(1)
		return
	}
	shown := *e
	shown.Data = shown.Data[:min(len(shown.Data), tailMaxEvent)]
	select {
	case w.events <- sampleEvent(&shown, rejected):
	default:
		w.slow.Add(1)
	}
}

// watch shows what the request asks for until ctx ends, the source is removed or each fails.
func (t *tails) watch(ctx context.Context, r TailRequest, each func(TailItem) error) error {
	w := newWatcher(r)
	t.mu.Lock()
	t.watchers[w] = struct{}{}
	t.mu.Unlock()
	t.watched.Add(1)
	defer func() {
		t.mu.Lock()
		delete(t.watchers, w)
		t.mu.Unlock()
		t.watched.Add(-1)
	}()
	pulse := time.NewTicker(tailPulse)
	defer pulse.Stop()
	last := time.Now()
	for {
		var err error
		select {
		case e := <-w.events:
			err = each(TailItem{Event: &e})
		case <-pulse.C:
			if now := time.Now(); now.Sub(last) > tailPulse/2 { // else the last one was held up by each
				err = w.report(now.Sub(last), each)
				last = now
			}
		case <-ctx.Done():
			return nil
		case <-t.gone:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// report tells what was left out since the last time, and how many events there were.
func (w *watcher) report(since time.Duration, each func(TailItem) error) error {
	for _, s := range []TailSkipped{{w.slow.Swap(0), SkipSlow}, {w.sampled.Swap(0), SkipSampled}} {
		if s.Count == 0 {
			continue
		}
		if err := each(TailItem{Skipped: &s}); err != nil {
			return err
		}
	}
	return each(TailItem{Rate: &TailRate{Events: float64(w.seen.Swap(0)) / since.Seconds(), Matched: float64(w.matched.Swap(0)) / since.Seconds()}})
}

// sampler lets so many events through each second, spread over it: it takes the share of them that would have been right in the
// second before. While it does not know that yet, or when more come than did, it keeps to the share of the second that has passed.
type sampler struct {
	second time.Time // when it began
	share  float64   // of the events that are taken
	credit float64   // what the shares of those that were left out come to
	come   int       // in this second
	taken  int
}

func (s *sampler) take(most int, now time.Time) bool {
	if passed := now.Sub(s.second); passed >= time.Second {
		s.share = 1
		if passed < 2*time.Second && s.come > most {
			s.share = float64(most) / float64(s.come)
		}
		s.second, s.come, s.taken = now, 0, 0
	}
	s.come++
	s.credit = min(s.credit+s.share, 2) // what could not be taken is not made good later
	// A read of a shard brings what came in a fifth of a second and more, all at once.
	const ahead = 0.3
	due := min(float64(most), float64(most)*(now.Sub(s.second).Seconds()+ahead))
	if s.credit < 1 || float64(s.taken) >= max(due, 1) {
		return false
	}
	s.credit--
	s.taken++
	return true
}

// lower makes the letters of ASCII small, and leaves all else as it is.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = small(c)
	}
	return string(b)
}

// contains tells whether a text, which is in lower case, is found in a document, in any letter case of ASCII.
func contains(doc []byte, text string) bool {
	for i := 0; i+len(text) <= len(doc); i++ {
		k := 0
		for k < len(text) && small(doc[i+k]) == text[k] {
			k++
		}
		if k == len(text) {
			return true
		}
	}
	return false
}

func small(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
