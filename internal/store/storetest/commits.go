package storetest

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

func batches(b ...*ingest.Batch) []*ingest.Batch { return b }

func atomicity(t *testing.T, s Store) {
	t.Helper()
	tab := table("events", "i", schema.BigInt)
	create(t, s, tab)
	commit(t, s, started("source"))
	before, err := s.StreamState(t.Context(), "source")
	require.NoError(t, err)

	next, changes := changed(tab, column("new", schema.Varchar))
	good := batch(next)
	good.Changes = changes
	good.Rows = rows(next, 0, []any{int64(1), "x"})
	good.Rejected = append(good.Rejected, rejected(1, 0, event.TypeMismatch, "raw"))
	good.Shards = append(good.Shards, state("shard-0", 1))

	uneven := batch(next)
	uneven.Rows = rows(next, 1, []any{int64(1), "x"}, []any{int64(2), "y"})
	uneven.Rows.Vectors[6].Ends = uneven.Rows.Vectors[6].Ends[:1]
	garbled := batch(next)
	garbled.Rows = rows(next, 1, []any{int64(1), "\xff"})
	missing := batch(next)
	missing.Release = append(missing.Release, keyOf(rejected(2, 0, "", "")))
	back := batch(next)
	back.Shards = append(back.Shards, state("shard-0", 0))
	unknown := &ingest.Batch{Source: "unknown", Shards: []event.ShardState{state("shard-0", 1)}}
	homeless := batch(nil)
	homeless.Rows = uneven.Rows
	unsuitable := batch(next)
	unsuitable.Changes = []schema.Change{{Kind: schema.Widened, Version: 3, Column: column("nowhere", schema.Double)}}
	for name, bad := range map[string]struct {
		batch *ingest.Batch
		code  fault.Code
	}{
		"a vector that is too short":                {uneven, fault.Internal},
		"a text that is not UTF-8":                  {garbled, fault.Internal},
		"a release of what is not there":            {missing, fault.Conflict},
		"a position that moves backwards":           {back, fault.Internal},
		"a position of a source that has not begun": {unknown, fault.Internal},
		"rows without a table":                      {homeless, fault.Internal},
		"a change that does not suit":               {unsuitable, fault.Internal},
		"rows for a version that is not there":      {batch(tab), fault.Internal},
	} {
		err := s.Commit(t.Context(), batches(good, bad.batch))
		require.Error(t, err, name)
		require.Equal(t, bad.code, fault.CodeOf(err), "%s: %v", name, err)
		require.Zero(t, count(t, s, "events"), name)
		require.Zero(t, count(t, s, "quarantine.events"), name)
		after, err := s.StreamState(t.Context(), "source")
		require.NoError(t, err)
		require.Equal(t, before, after, name)
		loaded, err := s.Table(t.Context(), "events")
		require.NoError(t, err)
		require.Equal(t, 1, loaded.Version, name)
	}

	commit(t, s, good)
	require.Equal(t, [][]any{{int64(1), "x"}}, own(t, s, next))
	require.Len(t, quarantined(t, s, ingest.QuarantineFilter{Table: "events"}), 1)
}

func staleRows(t *testing.T, s Store) {
	t.Helper()
	tab := table("events", "i", schema.BigInt)
	create(t, s, tab)
	next, changes := changed(tab, column("i", schema.Double))
	b := batch(next)
	b.Changes = changes
	commit(t, s, b)

	old := batch(tab)
	old.Rows = rows(tab, 0, []any{int64(1)})
	wrong := batch(next)
	wrong.Rows = rows(tab, 0, []any{int64(1)})
	twice := batch(next)
	twice.Changes = changes
	for _, b := range batches(old, wrong, twice) {
		require.Equal(t, fault.Internal, fault.CodeOf(s.Commit(t.Context(), batches(b))))
	}
	require.Zero(t, count(t, s, "events"))
}

func positions(t *testing.T, s Store) {
	t.Helper()
	none, err := s.StreamState(t.Context(), "source")
	require.NoError(t, err)
	require.Equal(t, event.StreamState{}, none)

	begin := &ingest.Batch{Source: "source", Begin: &event.StreamState{ARN: "arn:1", CreatedAt: noon, Shards: []event.ShardState{
		{ShardID: "a", Start: event.Start{Kind: event.FromHorizon}},
		{ShardID: "b", Start: event.Start{Kind: event.FromTimestamp, At: noon}},
		{ShardID: "c", Start: event.Start{Kind: event.FromLatest, At: noon.Add(time.Hour)}},
	}}}
	commit(t, s, begin)
	move := func(shard, sequence string, taken int64, finished bool) *ingest.Batch {
		return &ingest.Batch{Source: "source", Shards: []event.ShardState{
			{ShardID: shard, Position: event.Position{Sequence: sequence, Taken: taken}, Start: event.Start{Kind: event.FromHorizon}, Finished: finished},
		}}
	}
	commit(t, s, move("a", "99", 3, false), move("a", "100", 1, false), move("b", sequence(1), event.WholeRecord, true))
	commit(t, s, move("a", "100", 1, false)) // standing still is no step back
	commit(t, s, move("child", "", 0, false))

	for range 2 { // by what is known, and by what is stored
		for _, back := range batches(move("a", "99", event.WholeRecord, false), move("a", "100", 0, false), move("b", "", 0, false)) {
			require.Equal(t, fault.Internal, fault.CodeOf(s.Commit(t.Context(), batches(back))))
		}
		got, err := s.StreamState(t.Context(), "source")
		require.NoError(t, err)
		want := event.StreamState{ARN: "arn:1", CreatedAt: noon, Shards: []event.ShardState{
			{ShardID: "a", Position: event.Position{Sequence: "100", Taken: 1}, Start: event.Start{Kind: event.FromHorizon}},
			{ShardID: "b", Position: event.Position{Sequence: sequence(1), Taken: event.WholeRecord}, Start: event.Start{Kind: event.FromHorizon}, Finished: true},
			{ShardID: "c", Start: event.Start{Kind: event.FromLatest, At: noon.Add(time.Hour)}},
			{ShardID: "child", Start: event.Start{Kind: event.FromHorizon}},
		}}
		slices.SortFunc(got.Shards, func(a, b event.ShardState) int { return compare(a.ShardID, b.ShardID) })
		require.Equal(t, want, got)
		s = s.Reopen(t)
	}
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

func beginnings(t *testing.T, s Store) {
	t.Helper()
	commit(t, s, started("source"), started("other"))
	moved := &ingest.Batch{Source: "source", Shards: []event.ShardState{state("shard-0", 9), state("shard-1", 9)}}
	commit(t, s, moved)

	again := started("source")
	again.Begin.ARN = "arn:again"
	again.Shards = []event.ShardState{state("shard-0", 1)}
	commit(t, s, moved, again)
	got, err := s.StreamState(t.Context(), "source")
	require.NoError(t, err)
	require.Equal(t, event.StreamState{ARN: "arn:again", CreatedAt: noon, Shards: []event.ShardState{state("shard-0", 1)}}, got)

	empty := &ingest.Batch{Source: "source", Begin: &event.StreamState{ARN: "arn:empty", CreatedAt: noon}}
	commit(t, s, empty)
	got, err = s.StreamState(t.Context(), "source")
	require.NoError(t, err)
	require.Equal(t, *empty.Begin, got)

	require.NoError(t, s.Forget(t.Context(), "source"))
	require.NoError(t, s.Forget(t.Context(), "never seen"))
	got, err = s.StreamState(t.Context(), "source")
	require.NoError(t, err)
	require.False(t, got.Started())
	got, err = s.StreamState(t.Context(), "other")
	require.NoError(t, err)
	require.Equal(t, *started("other").Begin, got)

	commit(t, s, started("source"))
	commit(t, s, &ingest.Batch{Source: "source", Shards: []event.ShardState{state("shard-0", 0)}})
}

func quarantinePages(t *testing.T, s Store) {
	t.Helper()
	tab := table("events")
	create(t, s, tab, table("others"))
	b := batch(tab)
	var want []event.Rejected
	add := func(shard, sequence string, index int64, reason event.Reason, raw string) {
		r := rejected(0, 0, reason, raw)
		r.Record.ShardID, r.Record.Sequence, r.Index = shard, sequence, index
		want = append(want, r)
	}
	// In the order of their keys: sequence numbers are integers.
	add("a", "9", 0, event.TypeMismatch, "")
	add("a", "10", 0, event.MalformedJSON, "\x00\xff\x80 bytes")
	add("a", "10", 2, event.TypeMismatch, "two")
	add("a", "10", 10, event.TypeMismatch, "ten")
	add("a", sequence(1), 0, event.TypeMismatch, "long")
	add("b", "1", 0, event.MalformedJSON, "b")
	want[5].Field = ""
	b.Rejected = slices.Clone(want)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(want), func(i, j int) { b.Rejected[i], b.Rejected[j] = b.Rejected[j], b.Rejected[i] })
	commit(t, s, b)

	for limit := 1; limit <= len(want)+1; limit++ {
		var got []event.Rejected
		var after *ingest.QuarantineKey
		for {
			page, err := s.Quarantined(t.Context(), ingest.QuarantineFilter{Table: "events"}, after, limit)
			require.NoError(t, err)
			if len(page) == 0 {
				break
			}
			require.LessOrEqual(t, len(page), limit)
			for _, q := range page {
				require.Equal(t, "stream", q.Stream)
				require.Equal(t, noon, q.QuarantinedAt)
				got = append(got, q.Rejected)
				key := keyOf(q.Rejected)
				after = &key
			}
		}
		require.Len(t, got, len(want))
		for i := range want {
			require.Equal(t, want[i].Event.Data, append([]byte{}, got[i].Event.Data...))
			got[i].Event.Data, got[i].Record.Data = want[i].Event.Data, nil
			require.Equal(t, want[i], got[i])
		}
	}

	byReason := quarantined(t, s, ingest.QuarantineFilter{Table: "events", Reason: event.MalformedJSON})
	require.Len(t, byReason, 2)
	key := keyOf(want[3])
	byKey := quarantined(t, s, ingest.QuarantineFilter{Table: "events", Key: &key})
	require.Len(t, byKey, 1)
	require.Equal(t, "ten", string(byKey[0].Data))
	require.Empty(t, quarantined(t, s, ingest.QuarantineFilter{Table: "events", Reason: event.MalformedJSON, Key: &key}))
	require.Empty(t, quarantined(t, s, ingest.QuarantineFilter{Table: "others"}))
	_, err := s.Quarantined(t.Context(), ingest.QuarantineFilter{Table: "nowhere"}, nil, 1)
	require.Equal(t, fault.NotFound, fault.CodeOf(err))

	columns := query(t, s, "SELECT quarantined_at, stream, shard_id, sequence_number, record_index, partition_key, arrived_at, reason, field, message, raw FROM quarantine.events WHERE shard_id = 'b'")
	require.Equal(t, [][]any{{noon, "stream", "b", "1", int64(0), "key", noon, "malformed_json", nil, "this will not do", []byte("b")}}, columns)
}

func releases(t *testing.T, s Store) {
	t.Helper()
	tab := table("events", "i", schema.BigInt)
	create(t, s, tab)
	one, two := rejected(1, 0, event.TypeMismatch, "one"), rejected(1, 1, event.TypeMismatch, "two")
	b := batch(tab)
	b.Rejected = []event.Rejected{one, two}
	commit(t, s, b)

	replay := batch(tab)
	replay.Rows = rows(tab, 1, []any{int64(1)})
	replay.Release = []ingest.QuarantineKey{keyOf(one)}
	commit(t, s, replay)
	require.Equal(t, fault.Conflict, fault.CodeOf(s.Commit(t.Context(), batches(replay))))
	require.Equal(t, 1, count(t, s, "events"))
	require.Equal(t, 1, count(t, s, "quarantine.events"))

	// A record that was rejected whole is replayed: some of its events are rows now, one goes back under the same key.
	replay = batch(tab)
	replay.Rows = rows(tab, 2, []any{int64(2)})
	replay.Release = []ingest.QuarantineKey{keyOf(two)}
	two.Reason = event.TooDeep
	replay.Rejected = []event.Rejected{two}
	commit(t, s, replay)
	left := quarantined(t, s, ingest.QuarantineFilter{Table: "events"})
	require.Len(t, left, 1)
	require.Equal(t, event.TooDeep, left[0].Reason)

	// What enters in a transaction can leave in it.
	enter, leave := batch(tab), batch(tab)
	enter.Rejected = []event.Rejected{one}
	leave.Release = []ingest.QuarantineKey{keyOf(one), keyOf(two)}
	commit(t, s, enter, leave)
	require.Zero(t, count(t, s, "quarantine.events"))
}

func severalSources(t *testing.T, s Store) {
	t.Helper()
	a, b := table("a", "i", schema.BigInt), table("b", "v", schema.Varchar)
	create(t, s, a, b)
	commit(t, s, started("a"), started("b"))
	var group []*ingest.Batch
	for i := range 20 {
		tab, value := a, any(int64(i))
		if i%2 == 1 {
			tab, value = b, "text"
		}
		one := &ingest.Batch{Source: tab.Name, Stream: tab.Name, Table: tab, At: noon, Shards: []event.ShardState{state("shard-0", i)}}
		one.Rows = rows(tab, i, []any{value})
		one.Rejected = []event.Rejected{rejected(i, 1, event.TypeMismatch, "raw")}
		group = append(group, one)
	}
	commit(t, s, group...)
	for i, name := range []string{"a", "b"} {
		require.Equal(t, 10, count(t, s, name))
		require.Equal(t, 10, count(t, s, "quarantine."+name))
		got, err := s.StreamState(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, []event.ShardState{state("shard-0", 18+i)}, got.Shards)
	}
}

// readersBesideCommits writes from two sources at a time, two rows, one rejection and a position in each transaction, and
// meanwhile asks in single statements whether they fit together.
func readersBesideCommits(t *testing.T, s Store) {
	t.Helper()
	const commits = 60
	errs := make(chan error, 2)
	tabs := []*schema.Table{table("a", "i", schema.BigInt), table("b", "i", schema.BigInt)}
	create(t, s, tabs...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for _, tab := range tabs {
		begin := started(tab.Name)
		commit(t, s, begin)
		go func() {
			for i := range commits {
				b := &ingest.Batch{Source: tab.Name, Stream: tab.Name, Table: tab, At: noon, Shards: []event.ShardState{state("shard-0", i)}}
				b.Rows = rows(tab, i, []any{int64(i)}, []any{int64(i)})
				b.Rejected = []event.Rejected{rejected(i, 1, event.TypeMismatch, "raw")}
				if err := s.Commit(ctx, batches(b)); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	check := func() {
		for _, tab := range tabs {
			fit := query(t, s, "SELECT (SELECT count(*) FROM "+tab.Name+"), 2 * (SELECT count(*) FROM quarantine."+tab.Name+")")[0]
			require.Equal(t, fit[0], fit[1])
			got, err := s.StreamState(t.Context(), tab.Name)
			require.NoError(t, err)
			require.Len(t, got.Shards, 1)
			_, err = s.Table(t.Context(), tab.Name)
			require.NoError(t, err)
		}
	}
	for running := len(tabs); running > 0; {
		select {
		case err := <-errs:
			require.NoError(t, err)
			running--
		default:
			check()
		}
	}
	check()
	for _, tab := range tabs {
		require.Equal(t, 2*commits, count(t, s, tab.Name))
	}
}

func comesAgain(t *testing.T, s Store) {
	t.Helper()
	tab := table("events", "i", schema.BigInt)
	create(t, s, tab)
	commit(t, s, started("source"))
	b := batch(tab)
	b.Rows = rows(tab, 0, []any{int64(1)})
	b.Shards = append(b.Shards, state("shard-0", 1))
	commit(t, s, b)
	for range 2 { // by what is known, and by what is stored
		require.Equal(t, fault.Internal, fault.CodeOf(s.Commit(t.Context(), batches(b))))
		require.Len(t, query(t, s, "SELECT i FROM events"), 1)
		s = s.Reopen(t)
	}
}
