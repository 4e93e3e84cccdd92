package sourcetest

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
)

// clockStep is more than two clocks of one machine differ by, and more than a server that counts in seconds rounds by.
const clockStep = 1200 * time.Millisecond

func startCases() []testCase {
	return []testCase{
		{name: "a start at the horizon reads what is there and what comes", run: func(b *bench) {
			b.create(3)
			before := b.put(60)
			b.start(horizon())
			b.untilRead(before)
			b.exactly(before, b.put(60))
			require.NoError(b, b.recorder.keysInOrder())
			assert.Equal(b, 1, b.recorder.beginnings())
		}},
		{name: "a start at the latest reads only what comes", run: func(b *bench) {
			b.create(3)
			b.put(60)
			b.start(latest())
			b.untilReading(3)
			b.exactly(b.put(60))
		}},
		{name: "what comes between a start at the latest and the next run is read", run: func(b *bench) {
			b.create(2)
			b.put(20)
			pause(clockStep)
			stop := b.start(latest())
			b.untilReading(2)
			stop()
			between := b.put(20)
			b.start(latest())
			b.exactly(between)
			assert.Equal(b, 1, b.recorder.beginnings())
		}},
		{name: "a start at a time reads what came since", run: func(b *bench) {
			b.create(3)
			b.put(30)
			pause(clockStep)
			at := time.Now().UTC()
			pause(clockStep)
			since := b.put(30)
			b.start(event.Start{Kind: event.FromTimestamp, At: at})
			b.untilRead(since)
			b.exactly(since, b.put(30))
		}},
		{name: "a start at a time reads closed shards and goes on with their children", run: func(b *bench) {
			b.create(1)
			b.put(10)
			pause(clockStep)
			at := time.Now().UTC()
			pause(clockStep)
			parent := b.put(20)
			b.split(0)
			children := b.put(40)
			b.start(event.Start{Kind: event.FromTimestamp, At: at})
			b.exactly(parent, children)
			b.parentsFirst()
		}},
		{name: "a start at the horizon reads closed shards too, parents first", run: func(b *bench) {
			b.create(2)
			ids := b.put(50)
			b.split(0)
			ids = append(ids, b.put(50)...)
			b.merge(0)
			ids = append(ids, b.put(50)...)
			b.start(horizon())
			b.exactly(ids)
			b.inOrder()
		}},
		{name: "a start at the latest leaves closed shards alone", run: func(b *bench) {
			b.create(1)
			b.put(20)
			b.split(0)
			b.start(latest())
			b.untilReading(2)
			finished := 0
			for _, s := range b.recorder.remembered().Shards {
				if s.Finished {
					finished++
				}
			}
			assert.Equal(b, 1, finished)
			b.exactly(b.put(20))
		}},
		{name: "an empty stream is read and gives nothing", run: func(b *bench) {
			b.create(4)
			stop := b.start(horizon())
			b.untilReading(4)
			b.exactly(nil)
			stop()
			assert.Len(b, b.recorder.remembered().Shards, 4)
		}},
		{name: "a stream that is not there is an error at the start", run: func(b *bench) {
			err := b.open().Read(b.context(), event.StreamState{}, horizon(), b.recorder.newRun())
			require.Error(b, err)
			assert.Equal(b, fault.NotFound, fault.CodeOf(err))
			assert.Contains(b, err.Error(), b.stream)
			assert.NotEmpty(b, fault.HintOf(err))
		}},
		{name: "a missing permission is an error at the start and names the action", run: func(b *bench) {
			b.create(1)
			b.proxy.obey(func(call) verdict { return verdict{code: "AccessDeniedException"} })
			err := b.open().Read(b.context(), event.StreamState{}, horizon(), b.recorder.newRun())
			require.Error(b, err)
			assert.Equal(b, fault.Credentials, fault.CodeOf(err))
			assert.Contains(b, err.Error(), "kinesis:DescribeStreamSummary")
		}},
		{name: "a sample holds the oldest and the newest of every shard", only: byPolling, run: func(b *bench) {
			b.create(4)
			b.put(400)
			sample := func(n int) []event.Record {
				records, err := b.open().Sample(b.context(), n)
				require.NoError(b, err)
				return records
			}
			few, all := sample(40), sample(1000)
			assert.NotEmpty(b, few)
			assert.LessOrEqual(b, len(few), 40)
			assert.GreaterOrEqual(b, len(all), 400)
			shards, sequences := map[string]bool{}, map[string]bool{}
			for _, r := range few {
				shards[r.ShardID] = true
				sequences[r.ShardID+r.Sequence] = true
			}
			assert.Len(b, shards, 4)
			assert.Len(b, sequences, len(few))
		}},
		{name: "a sample of an empty stream is empty", only: byPolling, run: func(b *bench) {
			b.create(2)
			records, err := b.open().Sample(b.context(), 100)
			require.NoError(b, err)
			assert.Empty(b, records)
		}},
	}
}

// openShards gives the stream's open shards by hash key.
func (b *bench) openShards() []types.Shard {
	b.Helper()
	var open []types.Shard
	for _, s := range listShards(b.context(), b, b.client, b.stream) {
		if isOpen(&s) {
			open = append(open, s)
		}
	}
	sortByHash(open)
	return open
}

// split halves the i-th open shard by hash key.
func (b *bench) split(i int) {
	b.Helper()
	s := b.openShards()[i]
	_, err := b.client.SplitShard(b.context(), &kinesis.SplitShardInput{
		StreamName: &b.stream, ShardToSplit: s.ShardId, NewStartingHashKey: aws.String(middle(s.HashKeyRange)),
	})
	require.NoError(b, err)
	untilActive(b, b.client, b.stream)
}

// merge joins the i-th open shard by hash key with the next.
func (b *bench) merge(i int) {
	b.Helper()
	open := b.openShards()
	_, err := b.client.MergeShards(b.context(), &kinesis.MergeShardsInput{
		StreamName: &b.stream, ShardToMerge: open[i].ShardId, AdjacentShardToMerge: open[i+1].ShardId,
	})
	require.NoError(b, err)
	untilActive(b, b.client, b.stream)
}

// inOrder checks parents before children and the order of each partition key, of all that was published.
func (b *bench) inOrder() {
	b.Helper()
	b.parentsFirst()
	require.NoError(b, b.recorder.keysInOrder())
}

func (b *bench) parentsFirst() {
	b.Helper()
	parents := map[string][]string{}
	for _, s := range listShards(b.context(), b, b.client, b.stream) {
		for _, p := range []*string{s.ParentShardId, s.AdjacentParentShardId} {
			if aws.ToString(p) != "" {
				parents[*s.ShardId] = append(parents[*s.ShardId], *p)
			}
		}
	}
	require.NoError(b, b.recorder.familyInOrder(parents))
}
