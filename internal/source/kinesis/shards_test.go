package kinesis

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
)

// listing makes shards out of lines such as "c open 0-7 a b": id, open or closed, eighths of the hash range, parents.
func listing(t *testing.T, lines ...string) []shard {
	t.Helper()
	starts := []string{
		"0", "42535295865117307932921825928971026432", "85070591730234615865843651857942052864", "127605887595351923798765477786913079296",
		"170141183460469231731687303715884105728", "212676479325586539664609129644855132160",
		"255211775190703847597530955573826158592", "297747071055821155530452781502797185024", "340282366920938463463374607431768211456",
	}
	var shards []shard
	for _, line := range lines {
		f := strings.Fields(line)
		first, last := starts[f[2][0]-'0'], starts[f[2][2]-'0'+1]
		s := types.Shard{ShardId: &f[0], HashKeyRange: &types.HashKeyRange{StartingHashKey: &first, EndingHashKey: aws.String(decrement(last))}, SequenceNumberRange: &types.SequenceNumberRange{}}
		if f[1] == "closed" {
			s.SequenceNumberRange.EndingSequenceNumber = aws.String("1")
		}
		if len(f) > 3 {
			s.ParentShardId = &f[3]
		}
		if len(f) > 4 {
			s.AdjacentParentShardId = &f[4]
		}
		sh, err := newShard(&s)
		require.NoError(t, err)
		shards = append(shards, sh)
	}
	return shards
}

// decrement subtracts one from a decimal.
func decrement(n string) string {
	i, _ := new(big.Int).SetString(n, 10)
	return i.Sub(i, big.NewInt(1)).String()
}

func ids(shards []shard) string {
	var all []string
	for _, s := range shards {
		all = append(all, s.id)
	}
	return strings.Join(all, " ")
}

func TestAShardIsReadyWhenItsParentsAreFinishedOrGone(t *testing.T) {
	for _, c := range []struct {
		name     string
		listed   []string
		reading  []string
		finished []string
		ready    string
	}{
		{name: "shards without parents", listed: []string{"b open 4-7", "a open 0-3"}, ready: "a b"},
		{name: "children of a parent not read yet", listed: []string{"a closed 0-7", "b open 0-3 a", "c open 4-7 a"}, ready: "a"},
		{name: "children of a parent being read", listed: []string{"a closed 0-7", "b open 0-3 a", "c open 4-7 a"}, reading: []string{"a"}, ready: ""},
		{name: "children of a finished parent", listed: []string{"a closed 0-7", "b open 0-3 a", "c open 4-7 a"}, finished: []string{"a"}, ready: "b c"},
		{name: "children of a parent that is not listed any more", listed: []string{"b open 0-3 a", "c open 4-7 a"}, ready: "b c"},
		{name: "a merged shard with one parent finished", listed: []string{"a closed 0-3", "b closed 4-7", "c open 0-7 a b"}, finished: []string{"a"}, ready: "b"},
		{name: "a merged shard with the adjacent parent finished", listed: []string{"a closed 0-3", "b closed 4-7", "c open 0-7 a b"}, finished: []string{"b"}, ready: "a"},
		{name: "a merged shard with both parents finished", listed: []string{"a closed 0-3", "b closed 4-7", "c open 0-7 a b"}, finished: []string{"a", "b"}, ready: "c"},
		{name: "a merged shard with one parent finished and one gone", listed: []string{"b closed 4-7", "c open 0-7 a b"}, finished: []string{"b"}, ready: "c"},
		{name: "a grandchild whose parent waits", listed: []string{"a closed 0-7", "b closed 0-3 a", "c open 4-7 a", "d open 0-3 b"}, ready: "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := newTree()
			tr.merge(listing(t, c.listed...))
			for _, id := range c.reading {
				tr.set(id, reading)
			}
			for _, id := range c.finished {
				tr.set(id, finished)
			}
			require.Equal(t, c.ready, ids(tr.ready()))
		})
	}
}

func TestListingsAddUp(t *testing.T) {
	tr := newTree()
	require.Equal(t, "a b", ids(tr.merge(listing(t, "a open 0-3", "b open 4-7"))))
	tr.set("a", finished)
	require.Equal(t, "c d", ids(tr.merge(listing(t, "c open 0-1 a", "d open 2-3 a"))), "what comes after the newest")
	require.Empty(t, tr.merge(listing(t, "a closed 0-3", "b open 4-7", "c open 0-1 a", "d open 2-3 a")), "nothing is new, and a stays finished")
	require.Equal(t, "b c d", ids(tr.ready()))
	require.Equal(t, "d", tr.newest())
	require.True(t, tr.hasChild("a"))
	require.False(t, tr.hasChild("b"))
}

func TestAHoleIsWhatNoOpenShardCovers(t *testing.T) {
	const third = "85070591730234615865843651857942052864" // where the third eighth begins
	for _, c := range []struct {
		name        string
		listed      []string
		first, last string
	}{
		{name: "a whole ring", listed: []string{"a open 0-3", "b open 4-7"}},
		{name: "overlapping neighbours, as one emulator has them", listed: []string{"a open 0-4", "b open 4-7"}},
		{name: "closed shards beside their children", listed: []string{"a closed 0-7", "b open 0-3 a", "c open 4-7 a"}},
		{name: "a parent not yet seen to be closed", listed: []string{"a open 0-7", "b open 0-1 a"}, first: third, last: decrement("340282366920938463463374607431768211456")},
		{name: "a hole at the beginning", listed: []string{"b open 2-7"}, first: "0", last: decrement(third)},
		{name: "a hole in the middle", listed: []string{"a open 0-1", "b open 4-7"}, first: third, last: decrement("170141183460469231731687303715884105728")},
		{name: "no open shard at all", listed: []string{"a closed 0-7"}, first: "0", last: decrement("340282366920938463463374607431768211456")},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := newTree()
			tr.merge(listing(t, c.listed...))
			first, last, found := tr.hole()
			require.Equal(t, c.first != "", found)
			require.Equal(t, c.first, first)
			require.Equal(t, c.last, last)
		})
	}
}

func TestHostileHashRangesAreRefused(t *testing.T) {
	for _, hash := range []string{"", "-1", "x", "340282366920938463463374607431768211456"} {
		_, err := newShard(&types.Shard{ShardId: aws.String("a"), HashKeyRange: &types.HashKeyRange{StartingHashKey: aws.String("0"), EndingHashKey: &hash}})
		require.Error(t, err, hash)
	}
}

func TestWhereAStreamBegins(t *testing.T) {
	created := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	now := created.Add(time.Hour + 123456*time.Nanosecond)
	at := created.Add(time.Minute)
	listed := listing(t, "a closed 0-7", "b open 0-3 a")
	for _, c := range []struct {
		start event.Start
		a, b  event.ShardState
	}{
		{
			start: event.Start{Kind: event.FromHorizon},
			a:     event.ShardState{ShardID: "a", Start: event.Start{Kind: event.FromHorizon}},
			b:     event.ShardState{ShardID: "b", Start: event.Start{Kind: event.FromHorizon}},
		},
		{
			start: event.Start{Kind: event.FromTimestamp, At: at},
			a:     event.ShardState{ShardID: "a", Start: event.Start{Kind: event.FromTimestamp, At: at}},
			b:     event.ShardState{ShardID: "b", Start: event.Start{Kind: event.FromTimestamp, At: at}},
		},
		{
			start: event.Start{Kind: event.FromLatest},
			a:     event.ShardState{ShardID: "a", Start: event.Start{Kind: event.FromLatest, At: created.Add(time.Hour)}, Finished: true},
			b:     event.ShardState{ShardID: "b", Start: event.Start{Kind: event.FromLatest, At: created.Add(time.Hour)}},
		},
	} {
		t.Run(string(c.start.Kind), func(t *testing.T) {
			state := firstState(stream{arn: "arn", createdAt: created}, c.start, listed, now)
			require.Equal(t, event.StreamState{ARN: "arn", CreatedAt: created, Shards: []event.ShardState{c.a, c.b}}, state)
		})
	}
}

func TestARecordMayExpireWithoutALoss(t *testing.T) {
	horizon := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		name     string
		from, to time.Duration // after the horizon
		alone    bool
	}{
		{"nobody read for days and the stream went on", -48 * time.Hour, time.Second, false},
		{"nobody read for days and the stream was quiet", -48 * time.Hour, 20 * time.Hour, true},
		{"read at the edge, and expired just now", -time.Second, 5 * time.Second, true},
		{"read at the edge, and left behind", -10 * time.Second, time.Second, false},
		{"gone before its time", time.Hour, 2 * time.Hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.alone, expiredAlone(horizon.Add(c.from), horizon.Add(c.to), horizon))
		})
	}
	require.False(t, expiredAlone(time.Time{}, horizon.Add(time.Second), horizon), "a position without a time")
}
