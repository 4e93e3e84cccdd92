package ingest_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

// ward is a source with three events in quarantine: one of an unknown field, one that does not fit, and one that is broken.
func ward(t *testing.T, evolve schema.Evolve) (*stream, *memory, *registry, *ingest.Service) {
	t.Helper()
	s, store, known := newStream(), newMemory(), &registry{}
	service, _ := serving(t, s, store, known)
	settings := orders
	settings.Evolve = evolve
	settings.Columns = []schema.Column{{Path: []string{"id"}, Type: schema.Varchar}, {Path: []string{"n"}, Type: schema.BigInt}}
	_, err := service.Add(t.Context(), settings)
	require.NoError(t, err)
	s.put(document("a"), `{"id":"b","user":{"name":"x"},"n":1}`, `{"id":"c","n":"many"}`, "oops")
	held := 3
	if evolve == schema.EvolveAdd {
		held = 2
	}
	require.Eventually(t, func() bool { return len(store.reasons("orders")) == held }, 20*time.Second, time.Millisecond)
	return s, store, known, service
}

func of(reason event.Reason, field string) ingest.QuarantineFilter {
	return ingest.QuarantineFilter{Table: "Orders", Reason: reason, Field: &field}
}

// A mend that is proposed does what its dry run says.
func TestMendsAreProposedTriedAndMade(t *testing.T) {
	for _, paused := range []bool{false, true} {
		t.Run(fmt.Sprintf("paused=%t", paused), func(t *testing.T) {
			s, store, known, service := ward(t, schema.EvolveFixed)
			if paused {
				_, err := service.Pause(t.Context(), "orders")
				require.NoError(t, err)
			}
			for _, c := range []struct {
				filter ingest.QuarantineFilter
				mend   ingest.Mend
				kinds  []ingest.MendKind
			}{
				{of(event.TypeMismatch, "n"), ingest.Mend{Kind: ingest.MendWiden, Column: "n", Path: []string{"n"}, Type: schema.Varchar, Format: schema.Scalar}, []ingest.MendKind{"widen", "ignore"}},
				{of(event.UnknownField, "user.name"), ingest.Mend{Kind: ingest.MendAdd, Column: "user_name", Path: []string{"user", "name"}, Type: schema.Varchar}, []ingest.MendKind{"add", "ignore"}},
			} {
				mends, err := service.Mends(t.Context(), c.filter)
				require.NoError(t, err)
				var kinds []ingest.MendKind
				for _, m := range mends {
					kinds = append(kinds, m.Kind)
					require.NotEmpty(t, m.Title)
					require.NotEmpty(t, m.Explanation)
				}
				require.Equal(t, c.kinds, kinds)
				c.mend.Title, c.mend.Explanation = mends[0].Title, mends[0].Explanation
				require.Equal(t, c.mend, mends[0])

				before, err := service.DryRun(t.Context(), c.filter, nil)
				require.NoError(t, err)
				require.Equal(t, ingest.DryRun{Matched: 1, Tried: 1, StillRejected: []ingest.Still{{Reason: c.filter.Reason, Field: *c.filter.Field, Count: 1}}}, before)
				for _, m := range mends {
					a := schema.Alteration{Kind: schema.ChangeKind(m.Kind), Column: m.Column, Path: m.Path, Type: m.Type, Format: m.Format}
					tried, err := service.DryRun(t.Context(), c.filter, &a)
					require.NoError(t, err)
					require.Equal(t, ingest.DryRun{Matched: 1, Tried: 1, WouldPass: 1, StillRejected: []ingest.Still{}}, tried)
				}
				require.Len(t, store.reasons("orders"), 3, "a dry run writes nothing")
			}
			require.Equal(t, []string{"a"}, store.ids("orders"))

			require.NoError(t, service.ChangeTable(t.Context(), "ORDERS", schema.Alteration{Kind: schema.Widened, Column: "n", Type: schema.Varchar}))
			require.NoError(t, service.ChangeTable(t.Context(), "orders", schema.Alteration{Kind: schema.Ignored, Path: []string{"user"}}))
			require.Equal(t, [][]string{{"user"}}, known.sources["orders"].Ignore)
			mends, err := service.Mends(t.Context(), of(event.TypeMismatch, "n"))
			require.NoError(t, err)
			require.Len(t, mends, 1)
			require.Equal(t, ingest.MendReplay, mends[0].Kind, "what was wrong has passed")
			none, err := service.Mends(t.Context(), of(event.MalformedJSON, ""))
			require.NoError(t, err)
			require.Empty(t, none, "nobody but the producer can mend it")

			var total ingest.ReplayResult
			for p := (ingest.ReplayPage{Limit: 1}); ; {
				result, err := service.Replay(t.Context(), ingest.QuarantineFilter{Table: "orders"}, p)
				require.NoError(t, err)
				require.LessOrEqual(t, result.Matched, int64(1))
				total.Matched, total.Replayed, total.Rejected = total.Matched+result.Matched, total.Replayed+result.Replayed, total.Rejected+result.Rejected
				if p.After = result.Next; p.After == nil {
					break
				}
			}
			require.Equal(t, ingest.ReplayResult{Matched: 3, Replayed: 2, Rejected: 1}, total)
			require.Equal(t, []string{"a", "b", "c"}, store.ids("orders"))
			if !paused {
				s.put(`{"id":"d","n":4,"user":7}`, `{"id":"e","n":"five"}`)
				has(t, store, "a", "b", "c", "d", "e")
			}
		})
	}
}

func TestTheMendHoldsWhatIsHeld(t *testing.T) {
	for name, c := range map[string]struct {
		column schema.Column
		docs   []string
		want   []string // kind, type and format
	}{
		"numbers among text":      {schema.Column{Type: schema.Varchar}, []string{`1`, `true`}, []string{"widen VARCHAR scalar", "ignore  "}},
		"fractions":               {schema.Column{Type: schema.BigInt}, []string{`1.5`, `2e-3`}, []string{"widen DOUBLE ", "ignore  "}},
		"lists":                   {schema.Column{Type: schema.BigInt}, []string{`[1]`, `[]`}, []string{"widen JSON ", "ignore  "}},
		"mostly text, and a list": {schema.Column{Type: schema.BigInt}, []string{`"a"`, `"b"`, `[]`}, []string{"widen JSON ", "widen VARCHAR scalar", "ignore  "}},
		"ISO times for an epoch":  {schema.Column{Type: schema.Timestamp, Format: schema.EpochMilli}, []string{`"2026-01-01T00:00:00Z"`}, []string{"widen VARCHAR scalar", "ignore  "}},
		"times among dates":       {schema.Column{Type: schema.Date}, []string{`"2026-01-01T00:00:00Z"`}, []string{"widen TIMESTAMP ", "ignore  "}},
		"a number of 128 bits":    {schema.Column{Type: schema.BigInt}, []string{`9223372036854775808`}, []string{"widen HUGEINT ", "ignore  "}},
		"one that no type rounds": {schema.Column{Type: schema.BigInt}, []string{`9223372036854775808`, `"x"`}, []string{"widen VARCHAR scalar", "ignore  "}},
	} {
		t.Run(name, func(t *testing.T) {
			s, store := newStream(), newMemory()
			service, _ := serving(t, s, store, &registry{})
			settings := orders
			c.column.Path = []string{"v"}
			settings.Evolve, settings.Columns = schema.EvolveFixed, []schema.Column{{Path: []string{"id"}, Type: schema.Varchar}, c.column}
			_, err := service.Add(t.Context(), settings)
			require.NoError(t, err)
			for i, v := range c.docs {
				s.put(fmt.Sprintf(`{"id":"%d","v":%s}`, i, v))
			}
			require.Eventually(t, func() bool { return len(store.reasons("orders")) == len(c.docs) }, 20*time.Second, time.Millisecond)
			mends, err := service.Mends(t.Context(), of(event.TypeMismatch, "v"))
			require.NoError(t, err)
			var got []string
			for _, m := range mends {
				got = append(got, fmt.Sprintf("%s %s %s", m.Kind, m.Type, m.Format))
			}
			require.Equal(t, c.want, got)
			a := schema.Alteration{Kind: schema.Widened, Column: mends[0].Column, Type: mends[0].Type, Format: mends[0].Format}
			require.NoError(t, service.ChangeTable(t.Context(), "orders", a))
			result, err := service.Replay(t.Context(), of(event.TypeMismatch, "v"), ingest.ReplayPage{})
			require.NoError(t, err)
			require.Zero(t, result.Rejected)
		})
	}
}

// Every event after the answer is decoded with the new schema: none of them reaches the quarantine for what it mends.
func TestAChangeHoldsForAllThatComesAfterTheAnswer(t *testing.T) {
	s, store, _, service := ward(t, schema.EvolveAdd)
	busy, stop := context.WithCancel(t.Context())
	var feeding sync.WaitGroup
	feeding.Go(func() {
		for i := 0; busy.Err() == nil; i++ {
			s.put(fmt.Sprintf(`{"id":"busy-%d","n":1,"seen%d":true}`, i, i%30)) // the schema grows all the while
		}
	})
	for _, typ := range []schema.Type{schema.HugeInt, schema.Varchar, schema.JSON} {
		require.NoError(t, service.ChangeTable(t.Context(), "orders", schema.Alteration{Kind: schema.Widened, Column: "n", Type: typ}))
	}
	stop()
	feeding.Wait()
	s.put(`{"id":"last","n":{"any":"thing"}}`)
	require.Eventually(t, func() bool {
		ids := store.ids("orders")
		return len(ids) > 0 && ids[len(ids)-1] == "last"
	}, 20*time.Second, time.Millisecond)
	require.Equal(t, []event.Reason{event.MalformedJSON, event.TypeMismatch}, store.reasons("orders"))
	status, err := service.Get("orders")
	require.NoError(t, err)
	require.Equal(t, ingest.SourceReading, status.State)
}

func TestAChangeThatTheStoreRefusesLeavesTheSourceAsItWas(t *testing.T) {
	s, store, known, service := ward(t, schema.EvolveFixed)
	store.mu.Lock()
	store.refuse = func(batches []*ingest.Batch) error {
		for _, b := range batches {
			if len(b.Changes) > 0 {
				return fault.New(fault.Internal, "no")
			}
		}
		return nil
	}
	store.mu.Unlock()
	err := service.ChangeTable(t.Context(), "orders", schema.Alteration{Kind: schema.Ignored, Path: []string{"user"}})
	require.ErrorContains(t, err, "no")
	require.Empty(t, known.sources["orders"].Ignore)
	status, err := service.Get("orders")
	require.NoError(t, err)
	require.Equal(t, ingest.SourceReading, status.State)
	s.put(document("d"))
	has(t, store, "a", "d")
	require.Equal(t, fault.NotFound, fault.CodeOf(service.ChangeTable(t.Context(), "none", schema.Alteration{Kind: schema.Ignored, Path: []string{"user"}})))
}

func TestATableIgnoresWhatTheSettingsSayFromTheNextRunOn(t *testing.T) {
	s, store, known := newStream(), newMemory(), &registry{}
	service, stop := serving(t, s, store, known)
	settings := orders
	settings.Evolve, settings.Ignore = schema.EvolveFixed, [][]string{{"user"}}
	settings.Columns = []schema.Column{{Path: []string{"id"}, Type: schema.Varchar}}
	_, err := service.Add(t.Context(), settings)
	require.NoError(t, err)
	s.put(`{"id":"a","user":{"x":1}}`)
	has(t, store, "a")
	stop()

	// As when the server died after the settings were saved, and before the table was.
	cut := known.sources["orders"]
	cut.Ignore = [][]string{{"n"}}
	require.NoError(t, known.SaveSource(t.Context(), cut))
	service, stop = serving(t, s, store, known)
	s.put(`{"id":"b","n":[1]}`, `{"id":"c","user":1}`)
	has(t, store, "a", "b")
	require.Eventually(t, func() bool { return len(store.reasons("orders")) == 1 }, 20*time.Second, time.Millisecond)

	// What a file declares holds at once; a table that is gone on with keeps what it ignores.
	settings.Ignore = [][]string{{"user"}}
	require.NoError(t, service.Declare(t.Context(), []ingest.Settings{settings}))
	s.put(`{"id":"d","user":1}`)
	has(t, store, "a", "b", "d")
	require.NoError(t, service.Remove(t.Context(), "orders", false))
	settings.Ignore = nil
	_, err = service.Add(t.Context(), settings)
	require.NoError(t, err)
	s.put(`{"id":"e","user":1}`)
	has(t, store, "a", "b", "d", "e")
	stop()
}

// hoard quarantines 400 events more than ward does, and mends the table so that they would pass.
func hoard(t *testing.T, s *stream, store *memory, service *ingest.Service) {
	t.Helper()
	var docs []string
	for i := range 400 {
		docs = append(docs, fmt.Sprintf(`{"id":"x-%03d","n":"many"}`, i))
	}
	s.put(docs...)
	require.Eventually(t, func() bool { return len(store.reasons("orders")) == 403 }, 20*time.Second, time.Millisecond)
	require.NoError(t, service.ChangeTable(t.Context(), "orders", schema.Alteration{Kind: schema.Widened, Column: "n", Type: schema.Varchar}))
}

func TestDeletingAndReplayingAtTheSameTimeCountsEveryEventOnce(t *testing.T) {
	s, store, _, service := ward(t, schema.EvolveFixed)
	hoard(t, s, store, service)
	var all sync.WaitGroup
	var replayed ingest.ReplayResult
	var deleted int64
	all.Go(func() {
		page := ingest.ReplayPage{Limit: 50}
		for {
			result, err := service.Replay(t.Context(), of(event.TypeMismatch, "n"), page)
			if err != nil {
				t.Error(err)
				return
			}
			replayed.Replayed += result.Replayed
			if page.After = result.Next; page.After == nil {
				return
			}
		}
	})
	all.Go(func() {
		for i := range 400 {
			f := of(event.TypeMismatch, "n")
			f.Search = fmt.Sprintf("x-%03d", 399-i)
			n, err := service.Discard(t.Context(), f)
			if err != nil {
				t.Error(err)
				return
			}
			deleted += n
		}
	})
	all.Wait()
	require.EqualValues(t, 401, replayed.Replayed+deleted)
	require.Len(t, store.ids("orders"), 1+int(replayed.Replayed))
	require.Equal(t, []event.Reason{event.MalformedJSON, event.UnknownField}, store.reasons("orders"))
}

// crowd is a store that counts who reads its quarantine.
type crowd struct {
	*memory
	now, most int
}

func (c *crowd) Quarantined(ctx context.Context, f ingest.QuarantineFilter, after *ingest.QuarantineKey, limit int) ([]ingest.Quarantined, error) {
	c.mu.Lock()
	c.now++
	c.most = max(c.most, c.now)
	c.mu.Unlock()
	time.Sleep(time.Second)
	c.mu.Lock()
	c.now--
	c.mu.Unlock()
	return c.memory.Quarantined(ctx, f, after, limit)
}

func TestOnlyFewTryWhatIsHeldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &crowd{memory: newMemory()}
		table, err := schema.NewTable("orders", nil, schema.Options{})
		require.NoError(t, err)
		require.NoError(t, store.CreateTable(t.Context(), table, ""))
		service := ingest.NewService(store, ingest.NewCommitter(store, ingest.CommitterOptions{}), &registry{}, newStream(), ingest.Options{})
		defer service.Stop()
		f := ingest.QuarantineFilter{Table: "orders"}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				_, err := service.DryRun(t.Context(), f, nil)
				assert.NoError(t, err)
			})
			all.Go(func() {
				_, err := service.Mends(t.Context(), f)
				assert.NoError(t, err)
			})
		}
		synctest.Wait()
		gone, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		_, err = service.DryRun(gone, f, nil)
		require.ErrorIs(t, err, context.DeadlineExceeded, "who waits can leave")
		all.Wait()
		require.Equal(t, 4, store.most)
	})
}

func TestWhoHasGoneWhileItWaitedChangesNothing(t *testing.T) {
	_, store, _, service := ward(t, schema.EvolveFixed)
	require.NoError(t, service.ChangeTable(t.Context(), "orders", schema.Alteration{Kind: schema.Widened, Column: "n", Type: schema.Varchar}))
	busy, free := make(chan struct{}), make(chan struct{})
	store.mu.Lock()
	store.refuse = func(batches []*ingest.Batch) error {
		if slices.ContainsFunc(batches, func(b *ingest.Batch) bool { return len(b.Release) > 0 }) {
			close(busy)
			<-free
		}
		return nil
	}
	store.mu.Unlock()
	var all sync.WaitGroup
	all.Go(func() {
		_, err := service.Replay(t.Context(), of(event.TypeMismatch, "n"), ingest.ReplayPage{})
		assert.NoError(t, err)
	})
	<-busy
	ctx, cancel := context.WithCancel(t.Context())
	for i := range 20 {
		all.Go(func() {
			err := service.ChangeTable(ctx, "orders", schema.Alteration{Kind: schema.Ignored, Path: []string{fmt.Sprint("field", i)}})
			assert.ErrorIs(t, err, context.Canceled)
		})
	}
	cancel()
	close(free)
	all.Wait()
	table, err := store.Table(t.Context(), "orders")
	require.NoError(t, err)
	require.Empty(t, table.Ignore)
}

func TestAReplayEndsWithWhoAskedForIt(t *testing.T) {
	s, store, _, service := ward(t, schema.EvolveFixed)
	hoard(t, s, store, service)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	store.mu.Lock()
	store.refuse = func(batches []*ingest.Batch) error {
		if slices.ContainsFunc(batches, func(b *ingest.Batch) bool { return len(b.Release) > 0 }) {
			cancel() // in the middle of the first page's commit
		}
		return nil
	}
	store.mu.Unlock()
	_, err := service.Replay(ctx, of(event.TypeMismatch, "n"), ingest.ReplayPage{})
	require.ErrorIs(t, err, context.Canceled)
	s.put(document("d")) // which waits for no more of it
	require.Eventually(t, func() bool { return slices.Contains(store.ids("orders"), "d") }, 20*time.Second, time.Millisecond)
	require.Len(t, store.ids("orders"), 1+100+1)

	result, err := service.Replay(t.Context(), of(event.TypeMismatch, "n"), ingest.ReplayPage{})
	require.NoError(t, err)
	require.EqualValues(t, 301, result.Replayed)
}

func TestTheOffendingPlaceOfAQuarantinedEventIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		reason     event.Reason
		field, raw string
		want       string // from the offset on, as long as the length says
		offset     int
		ok         bool
	}{
		"a field":                {event.TypeMismatch, "n", ` {"id":1, "n" : "many"}`, `"many"`, 16, true},
		"a field of an object":   {event.TypeMismatch, "a.b", `{"b":0,"a":{"b":[1,2]}}`, `[1,2]`, 16, true},
		"a name with a dot":      {event.UnknownField, "a.b.c", `{"a":{"b":1},"a.b":{"c":{}}}`, `{}`, 24, true},
		"the last of its name":   {event.TypeMismatch, "n", `{"n":1,"\u006e":"x"}`, `"x"`, 16, true},
		"a field that is gone":   {event.TypeMismatch, "z", `{"n":1}`, ``, 0, false},
		"broken JSON":            {event.MalformedJSON, "", `{"n":1,,}`, ``, 7, true},
		"a document too early":   {event.MalformedJSON, "", `{"n":`, ``, 5, true},
		"text after the end":     {event.MalformedJSON, "", `{} x`, ``, 3, true},
		"bytes that are no text": {event.MalformedJSON, "", "{\"n\":\"\xff\"}", ``, 6, true},
		"no place at all":        {event.Empty, "", ``, ``, 0, false},
		"a field of no object":   {event.TypeMismatch, "n", `[1]`, ``, 0, false},
	} {
		q := ingest.Quarantined{Rejected: event.Rejected{Event: event.Event{Data: []byte(c.raw)}, Reason: c.reason, Field: c.field}}
		offset, length, ok := q.Blame()
		require.Equal(t, c.ok, ok, name)
		require.Equal(t, c.offset, offset, name)
		require.Equal(t, c.want, c.raw[offset:offset+length], name)
	}
}
