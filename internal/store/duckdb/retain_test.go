package duckdb_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

// first is when the first of the events arrived; each arrived a millisecond after the one before.
var first = time.UnixMicro(1782900000000000).UTC()

func arrival(i int) time.Time { return first.Add(time.Duration(i) * time.Millisecond) }

// filled is a store with a storefront of n events.
func filled(tb testing.TB, n int) (*duckdb.DB, *schema.Table, string) {
	tb.Helper()
	dir := tb.TempDir()
	db, table := open(tb, dir), storefront()
	require.NoError(tb, db.CreateTable(tb.Context(), table, ""))
	begin := event.StreamState{CreatedAt: time.Now()}
	require.NoError(tb, db.Commit(tb.Context(), []*ingest.Batch{{Source: "s", Begin: &begin}}))
	for i := 0; i < n; i += 20000 {
		add(tb, db, table, i, min(20000, n-i))
	}
	return db, table, dir
}

func add(tb testing.TB, db *duckdb.DB, table *schema.Table, i, n int) {
	tb.Helper()
	b := &ingest.Batch{Source: "s", Stream: "s", Table: table, Rows: events(table, i, n), At: time.Now(), Shards: taken(i + n)}
	require.NoError(tb, db.Commit(tb.Context(), []*ingest.Batch{b}))
}

// reject commits events to the quarantine, a minute apart from each other; they all arrived at once.
func reject(t *testing.T, db *duckdb.DB, table *schema.Table, n int) {
	t.Helper()
	for i := range n {
		record := &event.Record{ShardID: "shardId-000000000001", Sequence: fmt.Sprint(100 + i), PartitionKey: "k", ArrivedAt: first}
		b := &ingest.Batch{Source: "s", Stream: "s", Table: table, At: first.Add(time.Duration(i) * time.Minute)}
		b.Rejected = []event.Rejected{{Event: event.Event{Record: record, Data: []byte("oops")}, Reason: event.MalformedJSON, Message: "no"}}
		b.Shards = []event.ShardState{{
			ShardID: record.ShardID, Position: event.Position{Sequence: record.Sequence, Taken: event.WholeRecord}, Start: event.Start{Kind: event.FromHorizon},
		}}
		require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{b}))
	}
}

func survey(tb testing.TB, db *duckdb.DB, committed map[ingest.Part]ingest.Volume) ingest.Survey {
	tb.Helper()
	s, err := db.Survey(tb.Context(), committed)
	require.NoError(tb, err)
	return s
}

var (
	rowsPart   = ingest.Part{Table: "storefront"}
	rejectPart = ingest.Part{Table: "storefront", Quarantine: true}
)

func TestTheOldestLeaveFirst(t *testing.T) {
	db, table, _ := filled(t, 0)
	for at, i := range []int{40, 0, 20, 30, 10} { // as shards that are not equally far behind would bring them
		b := &ingest.Batch{Source: "s", Table: table, Rows: events(table, i, 10), At: first, Shards: taken(at + 1)}
		require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{b}))
	}
	reject(t, db, table, 5)
	drop := func(p ingest.Part, before time.Time, n int) int {
		gone, err := db.DropOldest(t.Context(), p, before, n)
		require.NoError(t, err)
		return gone
	}
	require.Zero(t, drop(rowsPart, first, 100), "none is older than the first")
	require.Equal(t, 7, drop(rowsPart, time.Time{}, 7))
	require.Equal(t, 5, drop(rowsPart, arrival(12), 100))
	require.Equal(t, 3, drop(rowsPart, arrival(30), 3))
	s := survey(t, db, nil)
	require.Equal(t, int64(35), s.Parts[rowsPart].Rows)
	require.Equal(t, arrival(15), s.Parts[rowsPart].Oldest)
	require.Equal(t, arrival(49), s.Parts[rowsPart].Newest)

	require.Equal(t, 2, drop(rejectPart, first.Add(2*time.Minute), 100), "events that came together leave by the time of their quarantine")
	s = survey(t, db, nil)
	require.Equal(t, int64(3), s.Parts[rejectPart].Rows)
	require.Equal(t, first.Add(2*time.Minute), s.Parts[rejectPart].Oldest)
	require.Equal(t, first, s.Parts[rejectPart].Newest)

	require.Equal(t, 35, drop(rowsPart, time.Time{}, 100))
	require.Zero(t, drop(rowsPart, time.Time{}, 100))
	require.Zero(t, drop(ingest.Part{Table: "missing"}, time.Time{}, 100))
	require.Equal(t, ingest.Extent{}, survey(t, db, nil).Parts[rowsPart])
	state, err := db.StreamState(t.Context(), "s")
	require.NoError(t, err)
	require.Len(t, state.Shards, 2, "what has been read stays read")
	require.NoError(t, db.Close(t.Context()))
}

func TestEventsThatArrivedTogetherNeedNotLeaveTogether(t *testing.T) {
	db, table, _ := filled(t, 0)
	together := events(table, 0, 1000)
	for i := range together.Vectors[3].Ints {
		together.Vectors[3].Ints[i] = first.UnixMicro()
	}
	require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{{Source: "s", Table: table, Rows: together, At: first, Shards: taken(1000)}}))
	gone, err := db.DropOldest(t.Context(), rowsPart, time.Time{}, 10)
	require.NoError(t, err)
	require.Equal(t, 10, gone)
	require.NoError(t, db.Close(t.Context()))
}

func TestTheFirstOfAnOrderAreFoundBehindRowsThatAreDeleted(t *testing.T) {
	const step, rounds = 5000, 28
	db, table, _ := filled(t, 0)
	for round := range rounds {
		rows := events(table, round*step, step)
		for i := range rows.Vectors[3].Ints { // each row group overlaps with its neighbours
			rows.Vectors[3].Ints[i] -= int64(i*7919%20000) * 1000
		}
		require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{{Source: "s", Table: table, Rows: rows, At: first, Shards: taken(round + 1)}}))
		if round%10 == 5 {
			require.NoError(t, db.Checkpoint(t.Context()))
		}
		if round >= 20 {
			_, err := db.DropOldest(t.Context(), rowsPart, time.Time{}, step)
			require.NoError(t, err)
		}
		found, err := db.Query(t.Context(), `SELECT (SELECT _arrived_at FROM storefront ORDER BY _arrived_at LIMIT 1), min(_arrived_at),
			(SELECT max(a) FROM (SELECT _arrived_at AS a FROM storefront ORDER BY a LIMIT 5000)) - min(_arrived_at) < INTERVAL 1 MINUTE FROM storefront`)
		require.NoError(t, err)
		require.Equal(t, found[0][1], found[0][0], "round %d", round)
		require.Equal(t, true, found[0][2], "round %d", round)
	}
	require.NoError(t, db.Close(t.Context()))
}

func TestTheSpaceOfWhatHasLeftIsUsedAgain(t *testing.T) {
	const kept, step, rounds = 40000, 10000, 18
	db, table, dir := filled(t, kept)
	var sizes []int64
	for i := range rounds {
		add(t, db, table, kept+i*step, step)
		for range 2 {
			gone, err := db.DropOldest(t.Context(), rowsPart, arrival((i+1)*step), 5000)
			require.NoError(t, err)
			require.Equal(t, 5000, gone)
		}
		if (i+1)%(rounds/3) == 0 {
			require.NoError(t, db.Checkpoint(t.Context()))
			info, err := os.Stat(filepath.Join(dir, "helios.duckdb"))
			require.NoError(t, err)
			sizes = append(sizes, info.Size())
		}
	}
	require.Less(t, sizes[2], sizes[0]+sizes[0]/4, "%d; between two of these as much came as one and a half times what is kept", sizes)
	s := survey(t, db, nil)
	require.Equal(t, int64(kept), s.Parts[rowsPart].Rows)
	require.Less(t, s.Used, sizes[2])
	count, err := db.Query(t.Context(), "SELECT count(*), count(DISTINCT _sequence_number), min(_arrived_at) FROM storefront")
	require.NoError(t, err)
	require.Equal(t, [][]any{{int64(kept), int64(kept), arrival(rounds * step)}}, count)
	require.NoError(t, db.Close(t.Context()))
}

func TestAQueryThatRunsStillSeesWhatLeavesMeanwhile(t *testing.T) {
	const n = 50000
	db, _, _ := filled(t, n)
	rows, err := runQuery(t.Context(), db, "SELECT _sequence_number FROM storefront", nil)
	require.NoError(t, err)
	for gone := 5000; gone == 5000; {
		gone, err = db.DropOldest(t.Context(), rowsPart, time.Time{}, 5000)
		require.NoError(t, err)
	}
	require.Zero(t, survey(t, db, nil).Parts[rowsPart].Rows)
	seen := int64(0)
	for {
		record, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		seen += record.NumRows()
		record.Release()
	}
	require.Equal(t, int64(n), seen)
	require.NoError(t, rows.Close())
	require.NoError(t, db.Close(t.Context()))
}

func TestASurveySharesTheFileAmongTablesByWhatTheyHold(t *testing.T) {
	const n = 3 * 20480 // three row groups
	db, table, dir := filled(t, n)
	narrow := &schema.Table{Name: `odd "name"`, Columns: schema.SystemColumns(), Version: 1}
	require.NoError(t, db.CreateTable(t.Context(), narrow, ""))
	b := &ingest.Batch{Source: "s", Table: narrow, Rows: events(narrow, n, n), At: first, Shards: taken(2 * n)}
	require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{b}))
	require.NoError(t, db.Checkpoint(t.Context()))
	narrowPart := ingest.Part{Table: narrow.Name}
	committed := map[ingest.Part]ingest.Volume{
		rowsPart: {Rows: n, Bytes: n * 400}, narrowPart: {Rows: n, Bytes: n * 100}, {Table: "gone"}: {Rows: 1, Bytes: 1},
	}
	check := func(s ingest.Survey) {
		wide, narrow := s.Parts[rowsPart].Bytes, s.Parts[narrowPart].Bytes
		require.InEpsilon(t, 4, float64(wide)/float64(narrow), 0.01)
		require.InEpsilon(t, s.Used, wide+narrow, 0.01)
		require.Positive(t, s.Free)
		require.Len(t, s.Parts, 4)
	}
	check(survey(t, db, committed))
	require.NoError(t, db.Close(t.Context()))
	db = open(t, dir)
	before := survey(t, db, nil)
	check(before)

	for range 10 {
		_, err := db.DropOldest(t.Context(), rowsPart, time.Time{}, 4096)
		require.NoError(t, err)
	}
	third := survey(t, db, nil)
	require.InEpsilon(t, before.Parts[rowsPart].Bytes/3, third.Parts[rowsPart].Bytes, 0.01, "before a checkpoint gives the blocks back")
	require.NoError(t, db.Checkpoint(t.Context()))
	after := survey(t, db, nil)
	require.Less(t, after.Parts[rowsPart].Bytes, before.Parts[rowsPart].Bytes*2/3, "and afterwards")
	require.Less(t, after.Used, third.Used*4/5) // two thirds of the wide table, but for blocks that row groups share

	require.NoError(t, db.DropTable(t.Context(), table.Name))
	require.NotContains(t, survey(t, db, nil).Parts, rowsPart)
	require.NoError(t, db.CreateTable(t.Context(), table, ""))
	volumes, err := db.Query(t.Context(), "SELECT table_name FROM helios.volumes")
	require.NoError(t, err)
	require.Equal(t, [][]any{{narrow.Name}}, volumes, "a table of the same name begins anew")
	require.NoError(t, db.Close(t.Context()))
}

func TestNothingIsDeletedFromADiskThatIsTooFullToGiveTheSpaceBack(t *testing.T) {
	db, _, _ := filled(t, 100)
	db.PretendFull()
	_, err := db.DropOldest(t.Context(), rowsPart, time.Time{}, 10)
	require.Equal(t, fault.Environment, fault.CodeOf(err))
	require.NotEmpty(t, fault.HintOf(err))
	require.Equal(t, int64(100), survey(t, db, nil).Parts[rowsPart].Rows)
	require.NoError(t, db.Close(t.Context()))
}

// BenchmarkCommitBesideRetention commits 100 rows every 10 ms to a table of a million while its oldest rows leave as fast as
// they may, and while they stay.
func BenchmarkCommitBesideRetention(b *testing.B) {
	const n = 1_000_000
	for _, dropping := range []bool{false, true} {
		b.Run(fmt.Sprintf("dropping=%t", dropping), func(b *testing.B) {
			db, table, _ := filled(b, n)
			require.NoError(b, db.Checkpoint(b.Context()))
			ctx, stop := context.WithCancel(b.Context())
			ended := make(chan []time.Duration)
			go func() {
				var steps []time.Duration
				for ctx.Err() == nil && dropping {
					began := time.Now()
					if gone, err := db.DropOldest(ctx, rowsPart, time.Time{}, 5000); err != nil || gone == 0 {
						break
					}
					steps = append(steps, time.Since(began))
					time.Sleep(2 * time.Since(began)) // as the retainer does
				}
				ended <- steps
			}()
			var commits []time.Duration
			for i := 0; b.Loop(); i++ {
				began := time.Now()
				add(b, db, table, n+100*i, 100)
				commits = append(commits, time.Since(began))
				time.Sleep(10 * time.Millisecond)
			}
			stop()
			steps := <-ended
			report := func(name string, all []time.Duration) {
				if len(all) > 0 {
					slices.Sort(all)
					b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, name+"-p50-ms")
					b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, name+"-p99-ms")
					b.ReportMetric(float64(all[len(all)-1].Microseconds())/1000, name+"-max-ms")
				}
			}
			report("commit", commits)
			report("drop", steps)
			b.ReportMetric(float64(len(steps)*5000)/b.Elapsed().Seconds(), "dropped/s")
			require.NoError(b, db.Close(context.WithoutCancel(b.Context())))
		})
	}
}
