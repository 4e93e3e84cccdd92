package sourcetest

import (
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/ingest"
)

func reshardCases() []testCase {
	return []testCase{
		{name: "a split and a merge while events keep coming lose, double and disorder nothing", run: func(b *bench) {
			b.create(2)
			b.start(horizon())
			var ids []string
			var wg sync.WaitGroup
			stop := make(chan struct{})
			wg.Go(func() {
				for {
					ids = append(ids, b.put(20)...)
					select {
					case <-stop:
						return
					default:
					}
				}
			})
			b.split(1)
			b.split(0)
			b.merge(1)
			close(stop)
			wg.Wait()
			ids = append(ids, b.put(50)...)
			b.exactly(ids)
			b.inOrder()
			b.until("all shards and what they descend from are told", func() bool {
				open, children := b.recorder.lineage()
				return open == 3 && children == 5
			})
		}},
		{name: "a split and a merge while nobody reads", run: func(b *bench) {
			b.create(2)
			ids := b.put(50)
			stop := b.start(horizon())
			b.untilRead(ids)
			stop()
			ids = append(ids, b.put(50)...)
			b.split(0)
			ids = append(ids, b.put(50)...)
			b.merge(1)
			ids = append(ids, b.put(50)...)
			stop = b.start(horizon())
			b.exactly(ids)
			b.inOrder()
			stop()
			// All that was closed is finished for good: nothing of it is read by a third run.
			before := len(b.recorder.all())
			b.start(horizon())
			b.exactly(append(ids, b.put(20)...))
			assert.Less(b, before, len(b.recorder.all()))
			assert.Equal(b, 1, b.recorder.beginnings())
		}},
		{name: "children are read from their beginning after a start at the latest", run: func(b *bench) {
			b.create(1)
			b.put(20)
			stop := b.start(latest())
			b.untilReading(1)
			stop()
			b.split(0)
			ids := b.put(40)
			b.start(latest())
			b.exactly(ids)
		}},
		{name: "children wait for their parents", run: func(b *bench) {
			b.create(1)
			parent := aws.ToString(b.openShards()[0].ShardId)
			before := b.put(20)
			b.split(0)
			after := b.put(40)
			b.proxy.obey(func(c call) verdict {
				if (c.operation == "GetRecords" || c.operation == "SubscribeToShard") && c.shard == parent {
					return verdict{code: "InternalFailure", status: 500}
				}
				return verdict{}
			})
			b.start(horizon())
			b.until("the parent fails and the children wait", func() bool {
				waiting := 0
				for _, s := range b.openShards() {
					if b.recorder.condition(aws.ToString(s.ShardId)) == ingest.ShardWaiting {
						waiting++
					}
				}
				return waiting == 2 && b.recorder.condition(parent) == ingest.ShardFailing
			})
			assert.Empty(b, b.recorder.all())
			b.proxy.obey(nil)
			b.exactly(before, after)
			b.inOrder()
			assert.Equal(b, ingest.ShardFinished, b.recorder.condition(parent))
		}},
		{name: "a doubled and halved number of shards", run: func(b *bench) {
			b.create(2)
			b.start(horizon())
			ids := b.put(50)
			for _, n := range []int32{4, 2} {
				_, err := b.client.UpdateShardCount(b.context(), &kinesis.UpdateShardCountInput{
					StreamName: &b.stream, TargetShardCount: &n, ScalingType: types.ScalingTypeUniformScaling,
				})
				require.NoError(b, err)
				untilActive(b, b.client, b.stream)
				ids = append(ids, b.put(50)...)
			}
			b.exactly(ids)
			b.inOrder()
			assert.Empty(b, b.recorder.noticed(ingest.NoticeHole))
		}},
		{name: "a listing in many pages", run: func(b *bench) {
			b.create(7)
			b.proxy.obey(func(c call) verdict {
				if _, next := c.body["NextToken"]; c.operation == "ListShards" && !next {
					c.body["MaxResults"] = 3
				}
				return verdict{}
			})
			ids := b.put(70)
			b.start(horizon())
			b.untilReading(7)
			b.split(3)
			b.exactly(append(ids, b.put(70)...))
		}},
	}
}
