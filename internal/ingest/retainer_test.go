package ingest_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

// shelf holds the ages of events by part. Each weighs a megabyte.
type shelf struct {
	mu        sync.Mutex
	ages      map[ingest.Part][]time.Time // oldest first
	committed map[ingest.Part]ingest.Volume
	refuse    error // of every drop
	largest   int   // drop that was asked for
	dropped   func()
	surveying atomic.Pointer[chan struct{}] // what a survey waits for, if there is one
}

func (s *shelf) Survey(_ context.Context, committed map[ingest.Part]ingest.Volume) (ingest.Survey, error) {
	if hold := s.surveying.Load(); hold != nil {
		<-*hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	survey := ingest.Survey{Parts: map[ingest.Part]ingest.Extent{}, Free: 1e9}
	for p, v := range committed {
		s.committed[p] = ingest.Volume{Rows: s.committed[p].Rows + v.Rows, Bytes: s.committed[p].Bytes + v.Bytes}
	}
	for p, ages := range s.ages {
		e := ingest.Extent{Rows: int64(len(ages)), Bytes: 1e6 * int64(len(ages))}
		if len(ages) > 0 {
			e.Oldest, e.Newest = ages[0], ages[len(ages)-1]
		}
		survey.Parts[p] = e
		survey.Used += e.Bytes
	}
	return survey, nil
}

func (s *shelf) DropOldest(_ context.Context, p ingest.Part, before time.Time, n int) (int, error) {
	if s.dropped != nil {
		defer s.dropped()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return 0, s.refuse
	}
	s.largest = max(s.largest, n)
	gone := 0
	for gone < n && gone < len(s.ages[p]) && (before.IsZero() || s.ages[p][gone].Before(before)) {
		gone++
	}
	s.ages[p] = slices.Delete(s.ages[p], 0, gone)
	return gone, nil
}

func (s *shelf) left(p ingest.Part) []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ages[p])
}

var (
	orderRows    = ingest.Part{Table: "orders"}
	orderRejects = ingest.Part{Table: "orders", Quarantine: true}
)

// retaining is a service over a shelf, with one source that is paused, whose clock is wrong by so much.
func retaining(t *testing.T, s *shelf, settings ingest.Settings, wrong time.Duration) *ingest.Service {
	t.Helper()
	s.committed = map[ingest.Part]ingest.Volume{}
	settings.Paused = true
	known := &registry{sources: map[string]ingest.Settings{"orders": settings}}
	now := func() time.Time { return time.Now().Add(wrong) }
	service := ingest.NewService(newMemory(), ingest.NewCommitter(newMemory(), ingest.CommitterOptions{}), known, newStream(), ingest.Options{Shelf: s, Now: now})
	require.NoError(t, service.Start(t.Context()))
	t.Cleanup(service.Stop)
	return service
}

// daily are events that came once a day, the last of them today.
func daily(n int) []time.Time {
	var ages []time.Time
	for i := range n {
		ages = append(ages, time.Now().Add(-time.Duration(n-1-i)*day))
	}
	return ages
}

func named() ingest.Settings {
	settings := orders
	settings.Name = "orders"
	return settings
}

func TestWhatIsTooOldLeavesATableAndItsQuarantineEachByItsOwnAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{ages: map[ingest.Part][]time.Time{orderRows: daily(100), orderRejects: daily(100), {Table: "other"}: daily(100)}}
		settings := named()
		settings.Retain = ingest.Retain{Age: 7 * day}
		service := retaining(t, s, settings, 0)
		synctest.Wait()
		require.Len(t, s.left(orderRows), 8, "the newest seven days, and the one that is just seven days old")
		require.Len(t, s.left(orderRejects), 31, "thirty days unless somebody says otherwise")
		require.Len(t, s.left(ingest.Part{Table: "other"}), 100, "it is no source's")

		time.Sleep(61 * time.Second)
		synctest.Wait()
		require.Len(t, s.left(orderRows), 8, "a stream that is silent keeps its last days")
		s.mu.Lock()
		s.ages[orderRows] = append(s.ages[orderRows], time.Now())
		s.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, s.left(orderRows), 8)

		time.Sleep(time.Minute)
		synctest.Wait()
		v, err := service.Get("orders")
		require.NoError(t, err)
		kept := v.Retention.Table
		require.Equal(t, "7d", kept.Retain.String())
		require.Equal(t, int64(8), kept.Rows)
		require.Equal(t, int64(8e6), kept.Bytes)
		require.Equal(t, int64(93), kept.Dropped)
		require.Equal(t, s.left(orderRows)[0], *kept.Oldest)
		require.Equal(t, "30d", v.Retention.Quarantine.Retain.String())
		require.Equal(t, int64(70), v.Retention.Quarantine.Dropped)
		require.Equal(t, int64(1e9), v.Retention.Disk.Free)
		require.Equal(t, int64(138e6), v.Retention.Disk.Used)
	})
}

func TestTheTableOfASourceThatWasRemovedStaysAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running := make(chan *ingest.Service, 1)
		s := &shelf{ages: map[ingest.Part][]time.Time{orderRows: slices.Repeat(daily(1), 20_000)}}
		s.dropped = sync.OnceFunc(func() { assert.NoError(t, (<-running).Remove(t.Context(), "orders", false)) })
		settings := named()
		settings.Retain = ingest.Retain{Bytes: 100e6}
		running <- retaining(t, s, settings, 0)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		left := len(s.left(orderRows))
		require.Equal(t, 15_000, left, "what was left when it was removed")
	})
}

func TestAWrongClockAloneEmptiesNoTable(t *testing.T) {
	for _, wrong := range []time.Duration{10 * 365 * day, -10 * 365 * day} {
		synctest.Test(t, func(t *testing.T) {
			s := &shelf{ages: map[ingest.Part][]time.Time{orderRows: daily(10), orderRejects: daily(40)}}
			settings := named()
			settings.Retain = ingest.Retain{Age: 7 * day}
			retaining(t, s, settings, wrong)
			synctest.Wait()
			if wrong > 0 {
				require.Len(t, s.left(orderRows), 8)
				require.Len(t, s.left(orderRejects), 31)
			} else {
				require.Len(t, s.left(orderRows), 10)
				require.Len(t, s.left(orderRejects), 40)
			}
		})
	}
}

func TestWhatIsTooMuchLeavesInSmallSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 700_000 // more than one round takes
		ages := make([]time.Time, n)
		for i := range ages {
			ages[i] = time.Now().Add(time.Duration(i-n) * time.Second)
		}
		s := &shelf{ages: map[ingest.Part][]time.Time{orderRows: slices.Clone(ages)}}
		settings := named()
		settings.Retain = ingest.Retain{Bytes: 1e9, Age: 365 * day}
		retaining(t, s, settings, 0)
		synctest.Wait()
		require.Equal(t, ages[n-1000:], s.left(orderRows), "no more than the limit demands")
		require.LessOrEqual(t, s.largest, 5000)
	})
}

func TestASettingThatChangesIsInForceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{ages: map[ingest.Part][]time.Time{orderRows: daily(100), orderRejects: daily(100)}}
		settings := named()
		settings.RetainQuarantine = ingest.Retain{Forever: true}
		service := retaining(t, s, settings, 0)
		synctest.Wait()
		require.Len(t, s.left(orderRows), 100, "for ever, unless somebody says otherwise")
		require.Len(t, s.left(orderRejects), 100)
		_, err := service.Change(t.Context(), "orders", ingest.Changes{Retain: &ingest.Retain{Age: day}, RetainQuarantine: &ingest.Retain{Bytes: 3e6}})
		require.NoError(t, err)
		synctest.Wait()
		require.Len(t, s.left(orderRows), 2)
		require.Len(t, s.left(orderRejects), 3)
	})
}

func TestAStoreThatCannotDropIsTriedAgainAndShownMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{ages: map[ingest.Part][]time.Time{orderRows: daily(100)}, refuse: fault.New(fault.Environment, "disk full")}
		settings := named()
		settings.Retain = ingest.Retain{Age: day}
		service := retaining(t, s, settings, 0)
		synctest.Wait()
		v, err := service.Get("orders")
		require.NoError(t, err)
		require.Equal(t, "disk full", v.Retention.Error)
		require.Equal(t, ingest.SourcePaused, v.State)
		s.mu.Lock()
		s.refuse = nil
		s.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, s.left(orderRows), 2)
		v, err = service.Get("orders")
		require.NoError(t, err)
		require.Empty(t, v.Retention.Error)
	})
}

func TestTheStoreIsToldWhatWasCommittedToEachTable(t *testing.T) {
	stream, store, known := newStream(), newMemory(), &registry{}
	stream.put(document("a"), document("bb"))
	s := &shelf{ages: map[ingest.Part][]time.Time{}, committed: map[ingest.Part]ingest.Volume{}}
	service, stop := servingWith(t, stream, store, known, ingest.Options{Shelf: s})
	_, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	stream.put("oops")
	require.Eventually(t, func() bool {
		_, err := service.Change(t.Context(), "orders", ingest.Changes{}) // wakes who surveys
		require.NoError(t, err)
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.committed[orderRows] == ingest.Volume{Rows: 2, Bytes: int64(len(document("a") + document("bb")))} &&
			s.committed[orderRejects] == ingest.Volume{Rows: 1, Bytes: 4}
	}, 10*time.Second, time.Millisecond)
	stop()
}

func TestATableIsMeasuredSoonAfterItsFirstRowsAndNotToldToBeEmptyBefore(t *testing.T) {
	stream, store := newStream(), newMemory()
	s := &shelf{ages: map[ingest.Part][]time.Time{}, committed: map[ingest.Part]ingest.Volume{}}
	service, stop := servingWith(t, stream, store, &registry{}, ingest.Options{Shelf: s})
	_, err := service.Add(t.Context(), orders)
	require.NoError(t, err)
	told := func(holds func(ingest.Retention) bool) {
		t.Helper()
		require.Eventually(t, func() bool {
			v, err := service.Get("orders")
			require.NoError(t, err)
			return holds(v.Retention)
		}, 10*time.Second, time.Millisecond)
	}
	told(func(r ingest.Retention) bool { return r.MeasuredAt == nil && r.Disk.Free == 1e9 }) // the survey knows no such table
	s.mu.Lock()
	s.ages[orderRows] = nil
	s.mu.Unlock()
	_, err = service.Change(t.Context(), "orders", ingest.Changes{}) // wakes who surveys
	require.NoError(t, err)
	told(func(r ingest.Retention) bool { return r.MeasuredAt != nil && r.Table.Rows == 0 })

	hold := make(chan struct{})
	s.surveying.Store(&hold)
	s.mu.Lock()
	s.ages[orderRows] = daily(2)
	s.mu.Unlock()
	stream.put(document("a"), document("bb"))
	told(func(r ingest.Retention) bool { return r.MeasuredAt == nil })
	s.surveying.Store(nil)
	close(hold)
	told(func(r ingest.Retention) bool { return r.MeasuredAt != nil && r.Table.Rows == 2 })
	stop()
}

func TestTheDayOnWhichTheDiskWillBeFullIsForetoldFromWhatWasUsed(t *testing.T) {
	start := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	line := func(minutes int, used func(minute int) int64) []ingest.Usage {
		var usage []ingest.Usage
		for i := range minutes + 1 {
			usage = append(usage, ingest.Usage{At: start.Add(time.Duration(i) * time.Minute), Bytes: used(i)})
		}
		return usage
	}
	const perMinute = 1_000_000 // 1.44 GB a day
	steady := func(i int) int64 { return 5e9 + int64(i)*perMinute }
	for name, c := range map[string]struct {
		usage  []ingest.Usage
		free   int64
		perDay any
		full   any
	}{
		"nothing is known":         {nil, 1e9, nil, nil},
		"too little history":       {line(59, steady), 1e9, nil, nil},
		"steady growth":            {line(1440, steady), 2880e6, int64(1440e6), start.Add(3 * day)},
		"steady growth of an hour": {line(60, steady), 1440e6, int64(1440e6), start.Add(25 * time.Hour)},
		"no growth":                {line(1440, func(int) int64 { return 5e9 }), 1e9, int64(0), nil},
		"it shrinks":               {line(1440, func(i int) int64 { return 5e9 - int64(i)*perMinute }), 1e9, int64(-1440e6), nil},
		"not within ten years":     {line(1440, steady), 1440e6 * 3651, int64(1440e6), nil},
		"the disk is full":         {line(1440, steady), 0, int64(1440e6), start.Add(day)},
		"a clock that stood still": {[]ingest.Usage{{At: start, Bytes: 1}, {At: start, Bytes: 2}}, 1e9, nil, nil},
	} {
		got := ingest.Forecast(c.usage, c.free)
		require.Equal(t, c.free, got.Free, name)
		if c.perDay == nil {
			require.Nil(t, got.BytesPerDay, name)
		} else {
			require.InDelta(t, c.perDay, *got.BytesPerDay, 10, name)
		}
		if c.full == nil {
			require.Nil(t, got.FullAt, name)
		} else {
			require.WithinDuration(t, c.full.(time.Time), *got.FullAt, time.Second, name)
		}
	}
	saw := ingest.Forecast(line(1440, func(i int) int64 { return steady(i/60*60) + int64(i%7)*1e6 }), 2880e6) // in steps, as checkpoints make it
	require.InEpsilon(t, 1440e6, *saw.BytesPerDay, 0.01)
	require.Equal(t, int64(86400), saw.Observed)
}
