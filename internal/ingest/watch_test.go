package ingest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/ingest"
)

// tailed is what a tail has told.
type tailed struct {
	mu      sync.Mutex
	events  []ingest.SampleEvent
	at      []time.Duration // when they came, since the beginning
	skipped map[ingest.SkipReason]int64
	rates   []ingest.TailRate
}

func (t *tailed) told() (shown int, skipped map[ingest.SkipReason]int64, rates []ingest.TailRate) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.events), t.skipped, t.rates
}

// tail watches the source orders for as long as the test lasts, and takes so long for each event.
func tail(t *testing.T, service *ingest.Service, r ingest.TailRequest, each time.Duration) (*tailed, func()) {
	t.Helper()
	seen := &tailed{skipped: map[ingest.SkipReason]int64{}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	began := time.Now()
	go func() {
		ended <- service.Tail(ctx, "orders", r, func(item ingest.TailItem) error {
			if item.Event != nil {
				time.Sleep(each)
			}
			seen.mu.Lock()
			defer seen.mu.Unlock()
			switch {
			case item.Event != nil:
				seen.events, seen.at = append(seen.events, *item.Event), append(seen.at, time.Since(began))
			case item.Skipped != nil:
				seen.skipped[item.Skipped.Reason] += item.Skipped.Count
			default:
				seen.rates = append(seen.rates, *item.Rate)
			}
			return nil
		})
	}()
	synctest.Wait()
	return seen, func() {
		cancel()
		require.NoError(t, <-ended)
	}
}

func TestATailOfABurstIsSampledEvenlyAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream()
		service, stop := serving(t, s, newMemory(), &registry{})
		_, err := service.Add(t.Context(), orders)
		require.NoError(t, err)
		seen, end := tail(t, service, ingest.TailRequest{Text: "bUY", MaxRate: 50}, 0)
		time.Sleep(10 * time.Millisecond) // what is put when a second ends would fall into one or the other
		const reads, each = 25, 400       // five a second, as a reader of one shard makes
		for n := range reads {
			var batch []string
			for i := range each {
				batch = append(batch, fmt.Sprintf(`{"id":"%d-%d","kind":"%s"}`, n, i, []string{"Buy", "view"}[i%2]))
			}
			s.put(batch...)
			time.Sleep(200 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		shown, skipped, rates := seen.told()
		require.EqualValues(t, reads*each/2, int64(shown)+skipped[ingest.SkipSampled], "what matches is shown or counted")
		require.Zero(t, skipped[ingest.SkipSlow])
		require.Equal(t, ingest.TailRate{Events: 2000, Matched: 1000}, rates[1])
		require.Equal(t, ingest.TailRate{}, rates[len(rates)-1])

		fifths := make([]int, 26) // shown in each fifth of a second
		for i, at := range seen.at {
			require.Contains(t, seen.events[i].Event, "Buy")
			fifths[at/(200*time.Millisecond)]++
		}
		for second := range 5 {
			total := 0
			for _, n := range fifths[5*second : 5*second+5] {
				total += n
				require.LessOrEqual(t, n, 20, "%v", fifths)
				require.GreaterOrEqual(t, n, 5, "%v", fifths)
			}
			require.InDelta(t, 50, total, 5, "%v", fifths)
		}
		end()
		stop()
	})
}

func TestATailOfBarelyTooMuchLeavesOutBarelyAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream()
		service, stop := serving(t, s, newMemory(), &registry{})
		_, err := service.Add(t.Context(), orders)
		require.NoError(t, err)
		seen, end := tail(t, service, ingest.TailRequest{MaxRate: 50}, 0)
		time.Sleep(10 * time.Millisecond)
		for i := range 60 * 10 { // 60 a second
			s.put(document(fmt.Sprint(i)))
			time.Sleep(time.Second / 60)
		}
		time.Sleep(time.Second)
		shown, skipped, _ := seen.told()
		require.EqualValues(t, 600, int64(shown)+skipped[ingest.SkipSampled])
		require.InDelta(t, 500, shown, 25)
		end()
		stop()
	})
}

func TestATailIsToldWhatItWasTooSlowFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream()
		service, stop := serving(t, s, newMemory(), &registry{})
		_, err := service.Add(t.Context(), orders)
		require.NoError(t, err)
		seen, end := tail(t, service, ingest.TailRequest{}, 10*time.Millisecond)
		var batch []string
		for i := range 1000 {
			batch = append(batch, document(fmt.Sprint(i)))
		}
		s.put(batch...)
		time.Sleep(20 * time.Second)
		shown, skipped, rates := seen.told()
		require.Less(t, shown, 1000)
		require.EqualValues(t, 1000, int64(shown)+skipped[ingest.SkipSlow])
		total := 0.
		for _, r := range rates {
			total += r.Events
		}
		require.InDelta(t, 1000, total, 100)
		end()
		stop()
	})
}
