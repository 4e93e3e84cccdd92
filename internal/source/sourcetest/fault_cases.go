package sourcetest

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"

	"github.com/helios-sql/helios/internal/ingest"
)

func faultCases() []testCase {
	cases := []testCase{
		{name: "throttling is waited out and observed", only: byPolling, run: func(b *bench) {
			b.create(2)
			b.start(horizon())
			ids := b.put(20)
			b.untilRead(ids)
			b.proxy.obey(func(c call) verdict {
				if c.operation == "GetRecords" {
					return verdict{code: "ProvisionedThroughputExceededException"}
				}
				return verdict{}
			})
			b.until("both shards are throttled", func() bool {
				n := 0
				for _, s := range b.openShards() {
					if b.recorder.condition(aws.ToString(s.ShardId)) == ingest.ShardThrottled {
						n++
					}
				}
				return n == 2
			})
			ids = append(ids, b.put(20)...)
			iterators := b.proxy.called("GetShardIterator")
			b.proxy.obey(nil)
			b.exactly(ids)
			assert.Equal(b, iterators, b.proxy.called("GetShardIterator"), "a throttled iterator is still good")
			for _, s := range b.openShards() {
				assert.Equal(b, ingest.ShardReading, b.recorder.condition(aws.ToString(s.ShardId)))
			}
		}},
		{name: "a shard that cannot be read does not stop the others, and heals", run: func(b *bench) {
			b.create(3)
			bad := aws.ToString(b.openShards()[1].ShardId)
			b.proxy.obey(func(c call) verdict {
				if c.shard == bad {
					return verdict{code: "InternalFailure", status: http.StatusInternalServerError}
				}
				return verdict{}
			})
			ids := b.put(90)
			b.start(horizon())
			b.until("the bad shard fails", func() bool {
				text, ever := b.recorder.was(bad, ingest.ShardFailing)
				return ever && text != ""
			})
			b.until("the other shards are read", func() bool { return len(b.recorder.delivered()) >= 30 })
			for _, r := range b.recorder.all() {
				assert.NotEqual(b, bad, r.ShardID)
			}
			b.proxy.obey(nil)
			b.exactly(ids)
		}},
		{name: "even a permission that is taken away is waited for", mixed: true, run: func(b *bench) {
			b.create(1)
			shard := aws.ToString(b.openShards()[0].ShardId)
			b.start(horizon())
			ids := b.put(10)
			b.untilRead(ids)
			b.proxy.obey(func(call) verdict { return verdict{code: "AccessDeniedException"} })
			b.until("the shard fails", func() bool { return b.recorder.condition(shard) == ingest.ShardFailing })
			text, _ := b.recorder.was(shard, ingest.ShardFailing)
			assert.Contains(b, text, "kinesis:")
			ids = append(ids, b.put(10)...)
			b.proxy.obey(nil)
			b.exactly(ids)
		}},
		{name: "credentials that expire are waited for", mixed: true, run: func(b *bench) {
			b.create(1)
			shard := aws.ToString(b.openShards()[0].ShardId)
			b.start(horizon())
			ids := b.put(10)
			b.untilRead(ids)
			b.proxy.obey(func(call) verdict { return verdict{code: "ExpiredTokenException"} })
			b.until("the shard fails", func() bool { return b.recorder.condition(shard) == ingest.ShardFailing })
			text, _ := b.recorder.was(shard, ingest.ShardFailing)
			assert.Contains(b, text, "credentials have expired")
			ids = append(ids, b.put(10)...)
			b.proxy.obey(nil)
			b.exactly(ids)
		}},
		{name: "a stream that cannot be reached at the start is waited for", run: func(b *bench) {
			b.create(1)
			ids := b.put(10)
			b.proxy.obey(func(call) verdict { return verdict{drop: true} })
			b.start(horizon())
			b.until("the source has tried", func() bool { return b.proxy.called("DescribeStreamSummary") > 0 })
			b.proxy.obey(nil)
			b.exactly(ids)
		}},
		{name: "records that come again are not delivered again", only: byPolling, run: func(b *bench) {
			b.create(1)
			b.start(horizon())
			ids := b.put(20)
			b.untilRead(ids)
			// Whatever position is asked for, the answer begins at the horizon.
			b.proxy.obey(func(c call) verdict {
				if c.operation == "GetShardIterator" {
					c.body["ShardIteratorType"] = "TRIM_HORIZON"
					delete(c.body, "StartingSequenceNumber")
					delete(c.body, "Timestamp")
				}
				return verdict{}
			})
			b.proxy.expireIterators()
			b.exactly(ids, b.put(20))
		}},
	}
	for _, f := range []struct {
		name  string
		calls string // that are harmed begin so
		harm  verdict
	}{
		{"internal errors", "", verdict{code: "InternalFailure", status: http.StatusInternalServerError}},
		{"an overloaded service", "", verdict{code: "ServiceUnavailable", status: http.StatusServiceUnavailable}},
		{"refused iterators", "Get", verdict{code: "InvalidArgumentException"}},
		{"connections closed without an answer", "", verdict{drop: true}},
		{"answers cut off in the middle", "", verdict{cut: true}},
		{"answers that are not JSON", "", verdict{raw: "<html>a proxy's login page</html>"}},
		{"slow answers", "", verdict{delay: 300 * time.Millisecond}},
	} {
		cases = append(cases, testCase{name: "one call in four meets " + f.name, mixed: true, run: func(b *bench) {
			b.create(2)
			ids := b.put(40)
			chance := rand.New(rand.NewPCG(4, 4)) // rules are obeyed one at a time
			b.proxy.obey(func(c call) verdict {
				if strings.HasPrefix(c.operation, f.calls) && chance.IntN(4) == 0 {
					return f.harm
				}
				return verdict{}
			})
			b.start(horizon())
			b.untilRead(ids)
			b.split(0)
			ids = append(ids, b.put(40)...)
			b.untilRead(ids)
			b.proxy.obey(nil)
			b.exactly(ids)
			b.inOrder()
			assert.Empty(b, b.recorder.noticed(ingest.NoticeGap))
		}})
	}
	return cases
}
