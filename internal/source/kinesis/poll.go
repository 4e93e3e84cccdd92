package kinesis

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/helios-sql/helios/internal/ingest"
)

// What Kinesis gives to all who poll a shard, together.
const (
	readsInterval = time.Second / 5
	readBytes     = 2 << 20 // a second
)

const (
	slowestPace = time.Second     // of a shard that is throttled for long: a call a second is nobody's trouble
	idleAfter   = 5 * time.Second // without a record, the limits are left to others a little
)

// pacer says when a shard may be polled again. It keeps within the limits by itself, gives way to others who poll the shard
// when it is throttled, and comes back step by step. Its times are of the monotonic clock.
type pacer struct {
	fastest time.Duration // between reads
	pace    time.Duration // the same, as others leave room for
	busy    time.Time     // when there was something to read last
	next    time.Time     // the earliest moment of the next read
}

func newPacer(fastest time.Duration, now time.Time) pacer {
	return pacer{fastest: fastest, pace: fastest, busy: now, next: now}
}

// asked books a read that begins. The pace is jittered a little: two readers in step could keep a third from ever being served.
func (p *pacer) asked(now time.Time) { p.next = now.Add(p.pace + rand.N(p.pace/20)) }

// answered books what the read that was asked last has given. In idle times a read is left out now and then: the first record
// after them still comes well within the 350 ms that are promised.
func (p *pacer) answered(now time.Time, bytes int64, more bool) {
	if bytes > 0 || more {
		p.busy = now
	}
	if now.Sub(p.busy) > idleAfter {
		p.next = p.next.Add(p.fastest * 2 / 5)
	}
	if paid := now.Add(timeFor(bytes)); paid.After(p.next) {
		p.next = paid
	}
	p.pace = max(p.fastest, p.pace-p.pace/50)
}

// throttled gives way: others have used up the limits.
func (p *pacer) throttled(now time.Time) {
	p.pace = min(max(slowestPace, p.fastest), p.pace*3/2)
	p.next = now.Add(p.pace/2 + rand.N(p.pace))
}

// timeFor is how long the limits give to so many bytes.
func timeFor(bytes int64) time.Duration { return time.Duration(bytes) * time.Second / readBytes }

// poll does one read of the shard and hands its records over. It reports whether the shard has ended.
func (s *shardReader) poll(ctx context.Context) (ended bool, err error) {
	if err := sleep(ctx, time.Until(s.pacer.next)); err != nil {
		return false, err
	}
	if s.iterator == "" {
		if err := s.seek(ctx); err != nil {
			return false, err
		}
	}
	held, err := s.budget.acquire(ctx, s.estimate())
	if err != nil {
		return false, err
	}
	defer func() { s.budget.settle(held, 0) }()
	s.pacer.asked(time.Now())
	out, err := s.account.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: &s.iterator, StreamARN: &s.stream.arn}, noRetry)
	if err != nil {
		return false, err
	}
	s.size = sizeOf(out.Records)
	s.budget.settle(held, s.size)
	held = s.size
	s.pacer.answered(time.Now(), s.size, aws.ToInt64(out.MillisBehindLatest) > 0)
	s.spent = ingest.Spent{Calls: readsInterval, Bytes: timeFor(s.size)}
	s.iterator, s.continuation = aws.ToString(out.NextShardIterator), ""
	return s.accept(ctx, stretch{records: out.Records, lag: millis(out.MillisBehindLatest), ended: s.iterator == ""})
}

// estimate foresees the size of the next answer: a shard takes in 1 MiB a second, and twice the last answer allows for more.
func (s *shardReader) estimate() int64 {
	if s.answered.IsZero() || s.lag > time.Second {
		return maxAnswer
	}
	return min(maxAnswer, 64<<10+2*s.size+int64(time.Since(s.answered).Seconds()*(1<<20)))
}

// sizeOf is what records count against the limits.
func sizeOf(records []types.Record) int64 {
	size := 0
	for i := range records {
		size += len(records[i].Data) + len(aws.ToString(records[i].PartitionKey))
	}
	return int64(size)
}

// seek gets an iterator for the place to go on from.
func (s *shardReader) seek(ctx context.Context) error {
	var out *kinesis.GetShardIteratorOutput
	err := s.from(func(place types.StartingPosition) (err error) {
		out, err = s.account.client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
			StreamARN: &s.stream.arn, StreamName: nameIn(s.stream.arn), ShardId: &s.shard.id,
			ShardIteratorType: place.Type, StartingSequenceNumber: place.SequenceNumber, Timestamp: place.Timestamp,
		}, noRetry)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.confirm(ctx); err != nil {
		return err
	}
	s.iterator = aws.ToString(out.ShardIterator)
	return nil
}

func millis(n *int64) time.Duration { return time.Duration(aws.ToInt64(n)) * time.Millisecond }
