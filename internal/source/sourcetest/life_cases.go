package sourcetest

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/ingest"
)

func lifeCases() []testCase {
	return []testCase{
		{name: "twenty shards", run: func(b *bench) {
			b.create(20)
			ids := b.put(400)
			b.start(horizon())
			b.untilRead(ids)
			b.exactly(ids, b.put(400))
			require.NoError(b, b.recorder.keysInOrder())
		}},
		{name: "records of the greatest size", run: func(b *bench) {
			b.create(2)
			b.start(horizon())
			ids := b.producer.PutPadded(b.context(), b, 8, b.backend.MaxRecord-200)
			b.exactly(ids)
			for _, r := range b.recorder.all() {
				assert.Greater(b, len(r.Data), b.backend.MaxRecord-200)
			}
		}},
		{name: "a stream made anew under its name while being read", run: func(b *bench) {
			b.create(2)
			b.start(horizon())
			b.untilRead(b.put(20))
			b.recreate(1)
			ids := b.put(20)
			b.untilRead(ids)
			assert.Len(b, b.recorder.noticed(ingest.NoticeRecreated), 1)
			assert.Equal(b, 2, b.recorder.beginnings())
			assert.Len(b, b.recorder.remembered().Shards, 1)
		}},
		{name: "a stream made anew under its name, and nobody can tell yet", run: func(b *bench) {
			b.create(2)
			b.start(horizon())
			old := b.put(20)
			b.untilRead(old)
			b.proxy.obey(func(c call) verdict {
				if c.operation == "DescribeStreamSummary" {
					return verdict{code: "InternalFailure", status: http.StatusInternalServerError}
				}
				return verdict{}
			})
			b.recreate(1)
			ids := b.put(20)
			looked := b.proxy.called("DescribeStreamSummary")
			b.until("the source looks for the stream", func() bool { return b.proxy.called("DescribeStreamSummary") >= looked+4 })
			assert.ElementsMatch(b, old, b.recorder.delivered(), "nothing of the new stream is taken for the old one's")
			b.proxy.obey(nil)
			b.untilRead(ids)
			assert.Len(b, b.recorder.noticed(ingest.NoticeRecreated), 1)
			sequences := map[string]bool{}
			for _, r := range b.recorder.all() {
				assert.False(b, sequences[r.Sequence], "%s comes twice", r.Sequence)
				sequences[r.Sequence] = true
			}
		}},
		{name: "a stream made anew under its name while nobody reads", run: func(b *bench) {
			b.create(2)
			stop := b.start(latest())
			b.untilReading(2)
			b.untilRead(b.put(20))
			stop()
			b.recreate(1)
			ids := b.put(20)
			b.start(latest())
			b.untilRead(ids)
			assert.Len(b, b.recorder.noticed(ingest.NoticeRecreated), 1)
			assert.Equal(b, 2, b.recorder.beginnings())
		}},
		{name: "a consumer that takes nothing for a while", only: byPolling, run: func(b *bench) {
			b.create(2)
			release := b.recorder.hold()
			ids := b.put(100)
			b.start(horizon())
			b.until("both shards have something to deliver", func() bool { return b.recorder.held() == 2 })
			reads := b.proxy.answered()
			ids = append(ids, b.put(100)...)
			pause(time.Second)
			assert.Equal(b, reads, b.proxy.answered(), "nothing is read ahead of a consumer that is not ready")
			release()
			b.exactly(ids)
		}},
		{name: "a stop comes through while the wire hangs", only: byPolling, run: func(b *bench) {
			b.create(2)
			stop := b.start(horizon())
			b.untilReading(2)
			b.proxy.obey(func(call) verdict { return verdict{delay: time.Hour} })
			hanging := b.proxy.called("GetRecords")
			b.until("both shards hang", func() bool { return b.proxy.called("GetRecords") >= hanging+2 })
			stop()
		}},
		{name: "a stop comes through while a shard backs off and the consumer is full", run: func(b *bench) {
			b.create(2)
			bad := aws.ToString(b.openShards()[0].ShardId)
			b.proxy.obey(func(c call) verdict {
				if c.shard == bad {
					return verdict{code: "InternalFailure", status: http.StatusInternalServerError}
				}
				return verdict{}
			})
			b.recorder.hold()
			b.put(50)
			stop := b.start(horizon())
			b.until("one shard fails and the other waits", func() bool {
				return b.recorder.condition(bad) == ingest.ShardFailing && b.recorder.held() == 1
			})
			stop()
		}},
		{name: "the lag of a shard is told", run: func(b *bench) {
			b.create(1)
			shard := aws.ToString(b.openShards()[0].ShardId)
			ids := b.put(10)
			pause(clockStep)
			release := b.recorder.hold()
			b.start(horizon())
			b.until("the first records wait", func() bool { return b.recorder.held() == 1 })
			release()
			b.exactly(ids)
			b.until("the shard is read to its tip", func() bool {
				b.recorder.mu.Lock()
				defer b.recorder.mu.Unlock()
				status := b.recorder.statuses[shard]
				return status.Condition == ingest.ShardReading && status.Lag == 0
			})
		}},
	}
}

// recreate deletes the stream and makes another of its name, at another time as clocks of whole seconds show it.
func (b *bench) recreate(shards int) {
	b.Helper()
	deleteStream(b.context(), b, b.client, b.stream)
	pause(clockStep)
	b.create(shards)
	b.producer = NewProducer(b.backend.Endpoint, b.stream, 2)
	b.producer.made = 1 << 20 // ids of its own
	require.NotEmpty(b, b.openShards())
}
