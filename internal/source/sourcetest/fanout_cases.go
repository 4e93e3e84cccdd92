package sourcetest

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/ingest"
)

func fanOutCases() []testCase {
	cases := []testCase{
		{name: "polling registers no consumer", only: byPolling, run: func(b *bench) {
			b.create(1)
			b.start(horizon())
			b.exactly(b.put(10))
			assert.Empty(b, b.consumers())
		}},
		{name: "shards are polled no more once they are read by fan-out", only: byFanOut, mixed: true, run: func(b *bench) {
			b.create(3)
			ids := b.put(30)
			b.start(horizon())
			b.untilRead(ids)
			b.untilPushed(3)
			polls := b.proxy.called("GetRecords")
			b.exactly(ids, b.put(60))
			assert.Equal(b, polls, b.proxy.called("GetRecords"))
		}},
		{name: "the consumer outlives a stop, and a source that is removed takes it along", only: byFanOut, run: func(b *bench) {
			b.create(2)
			stop := b.start(horizon())
			b.untilPushed(2)
			stop()
			require.Len(b, b.consumers(), 1)
			b.start(horizon())
			b.exactly(b.put(20))
			assert.Equal(b, 1, b.proxy.called("RegisterStreamConsumer"))
			require.NoError(b, b.open().Retire(b.context()))
			b.until("the consumer is gone", func() bool { return len(b.consumers()) == 0 })
			require.NoError(b, b.open().Retire(b.context()), "there is nothing left to do")
		}},
		{name: "a consumer that cannot be removed is told of", only: byFanOut, run: func(b *bench) {
			b.create(1)
			b.proxy.obey(func(c call) verdict {
				if c.operation == "DeregisterStreamConsumer" {
					return verdict{code: "AccessDeniedException"}
				}
				return verdict{}
			})
			err := b.open().Retire(b.context())
			require.ErrorContains(b, err, "suite")
			require.ErrorContains(b, err, "kinesis:DeregisterStreamConsumer")
		}},
		{name: "a consumer that somebody removes is registered again", only: byFanOut, mixed: true, run: func(b *bench) {
			b.create(2)
			b.start(horizon())
			ids := b.put(20)
			b.untilRead(ids)
			b.untilPushed(2)
			_, err := b.client.DeregisterStreamConsumer(b.context(), &kinesis.DeregisterStreamConsumerInput{ConsumerARN: b.consumers()[0].ConsumerARN})
			require.NoError(b, err)
			ids = append(ids, b.put(20)...)
			b.until("the consumer is registered again", func() bool { return b.proxy.called("RegisterStreamConsumer") == 2 })
			b.untilPushed(2)
			b.exactly(ids, b.put(20))
		}},
		{name: "a silent subscription is given up", only: byFanOut, run: func(b *bench) {
			b.create(1)
			b.start(horizon())
			ids := b.put(10)
			b.untilRead(ids)
			var hushed atomic.Bool
			b.proxy.obey(func(c call) verdict {
				return verdict{hush: c.operation == pushedEvent && hushed.CompareAndSwap(false, true)}
			})
			b.exactly(ids, b.put(10))
			assert.True(b, hushed.Load())
		}},
		{name: "a consumer that takes nothing for long is not taken for a silent stream", only: byFanOut, run: func(b *bench) {
			b.create(1)
			b.start(horizon())
			ids := b.put(1)
			b.untilRead(ids)
			release := b.recorder.hold()
			for range 10 { // more events than are read ahead
				ids = append(ids, b.put(10)...)
				pause(20 * time.Millisecond)
			}
			b.until("a delivery waits", func() bool { return b.recorder.held() == 1 })
			subscribed := b.proxy.called("SubscribeToShard")
			pause(3 * time.Second)
			assert.Equal(b, subscribed, b.proxy.called("SubscribeToShard"))
			release()
			b.exactly(ids)
			assert.Equal(b, subscribed, b.proxy.called("SubscribeToShard"))
		}},
		{name: "a shard's end is told by its children, whatever continuation is named", only: byFanOut, run: func(b *bench) {
			b.create(1)
			b.proxy.obey(func(c call) verdict {
				if c.operation != pushedEvent {
					return verdict{}
				}
				return verdict{change: func(event map[string]any) {
					if event["ContinuationSequenceNumber"] == nil {
						event["ContinuationSequenceNumber"] = "49590338271490256608559692538361571095921575989136588898"
					}
				}}
			})
			b.start(horizon())
			ids := b.put(20)
			b.untilRead(ids)
			b.split(0)
			b.exactly(ids, b.put(40))
			b.inOrder()
		}},
		{name: "an event without a continuation and without children is no end", only: byFanOut, mixed: true, run: func(b *bench) {
			b.create(1)
			var events atomic.Int32
			b.proxy.obey(func(c call) verdict {
				if c.operation != pushedEvent || events.Add(1)%2 == 0 {
					return verdict{}
				}
				return verdict{change: func(event map[string]any) { delete(event, "ContinuationSequenceNumber") }}
			})
			b.start(horizon())
			var ids []string
			for range 5 {
				ids = append(ids, b.put(10)...)
				b.untilRead(ids)
			}
			b.exactly(ids)
		}},
		{name: "a stop comes through while a subscription is quiet", only: byFanOut, run: func(b *bench) {
			b.create(2)
			stop := b.start(horizon())
			b.untilPushed(2)
			stop()
		}},
		{name: "a stop comes through while the subscription is not answered", only: byFanOut, run: func(b *bench) {
			b.create(2)
			b.proxy.obey(func(c call) verdict {
				if c.operation == "SubscribeToShard" {
					return verdict{delay: time.Hour}
				}
				return verdict{}
			})
			stop := b.start(horizon())
			b.until("both shards hang", func() bool { return b.proxy.called("SubscribeToShard") >= 2 })
			stop()
		}},
	}
	for _, f := range []struct {
		name, operation, code, says string
	}{
		{"a subscription that an earlier run blocks", "SubscribeToShard", "ResourceInUseException", "in use"},
		{"a subscription that is not permitted", "SubscribeToShard", "AccessDeniedException", "kinesis:SubscribeToShard"},
		{"too many subscriptions at once", "SubscribeToShard", "LimitExceededException", "no more"},
		{"a consumer that may not be looked for", "DescribeStreamConsumer", "AccessDeniedException", "kinesis:DescribeStreamConsumer"},
		{"a consumer that may not be registered", "RegisterStreamConsumer", "AccessDeniedException", "kinesis:RegisterStreamConsumer"},
		{"one consumer too many", "RegisterStreamConsumer", "LimitExceededException", "no more consumers"},
	} {
		cases = append(cases, testCase{name: "polling stands in for " + f.name, only: byFanOut, mixed: true, run: func(b *bench) {
			b.create(2)
			b.proxy.obey(func(c call) verdict {
				if c.operation == f.operation {
					return verdict{code: f.code}
				}
				return verdict{}
			})
			b.start(horizon())
			ids := b.put(20)
			b.untilRead(ids)
			shard := aws.ToString(b.openShards()[0].ShardId)
			b.until("the status says why", func() bool {
				s := b.recorder.status(shard)
				return s.Read == ingest.ReadPoll && s.Condition == ingest.ShardReading && strings.Contains(s.Fallback, f.says)
			})
			b.proxy.obey(nil)
			b.untilPushed(2)
			assert.Empty(b, b.recorder.status(shard).Fallback)
			b.exactly(ids, b.put(20))
		}})
	}
	for _, f := range []struct {
		name string
		harm verdict
	}{
		{"cut off in the middle", verdict{cut: true}},
		{"lost with its connection", verdict{drop: true}},
		{"not an event at all", verdict{raw: "<html>a proxy's login page</html>"}},
		{"an error of the service", verdict{code: "InternalFailureException"}},
		{"word that another reader has taken over", verdict{code: "ResourceInUseException"}},
		{"word that the consumer is gone", verdict{code: "ResourceNotFoundException"}},
		{"word of throttled keys", verdict{code: "KMSThrottlingException"}},
	} {
		cases = append(cases, testCase{name: "one event in three is " + f.name, only: byFanOut, run: func(b *bench) {
			b.create(1)
			var events atomic.Int32
			b.proxy.obey(func(c call) verdict {
				if c.operation == pushedEvent && events.Add(1)%3 == 0 {
					return f.harm
				}
				return verdict{}
			})
			b.start(horizon())
			var ids []string
			for range 4 {
				ids = append(ids, b.put(10)...)
				b.untilRead(ids)
			}
			b.proxy.obey(nil)
			b.exactly(ids)
			b.inOrder()
			assert.Empty(b, b.recorder.noticed(ingest.NoticeGap))
		}})
	}
	return cases
}

func (b *bench) consumers() []types.Consumer {
	b.Helper()
	stream, err := b.client.DescribeStreamSummary(b.context(), &kinesis.DescribeStreamSummaryInput{StreamName: &b.stream})
	require.NoError(b, err)
	out, err := b.client.ListStreamConsumers(b.context(), &kinesis.ListStreamConsumersInput{StreamARN: stream.StreamDescriptionSummary.StreamARN})
	require.NoError(b, err)
	return out.Consumers
}
