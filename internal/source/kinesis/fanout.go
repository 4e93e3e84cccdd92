package kinesis

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/schemas"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/helios-sql/helios/internal/ingest"
)

const (
	subscribeTimeout = 2 * time.Second // for the answer, while the shard is not polled
	steadyAfter      = time.Minute     // a subscription that lived so long makes earlier refusals forgotten
	refusalsLogged   = 8               // by when what an earlier run has left is over
)

var errSlow = errors.New("no answer to the subscription came in time")

// subscription is the reading of a shard by fan-out, for five minutes at most.
type subscription struct {
	ctx      context.Context //nolint:containedctx // its end ends the stream, its cause says why
	cancel   context.CancelCauseFunc
	gate     *gate
	stream   *kinesis.SubscribeToShardEventStream
	consumer string // ARN
	since    time.Time
}

// err is why the events have ended; nil when the server has ended them, as it does after five minutes.
func (sub *subscription) err() error {
	if cause := context.Cause(sub.ctx); cause != nil {
		return cause
	}
	return sub.stream.Err()
}

func (sub *subscription) close() {
	sub.cancel(nil)
	_ = sub.stream.Close() // what it failed with does not matter any more
	sub.gate.release()
}

// subscribe begins to read by fan-out if the shard shall be read so and can: until then, and whenever a subscription is
// refused, the shard is polled.
func (s *shardReader) subscribe(ctx context.Context) {
	if s.consumer == nil || time.Now().Before(s.retry) {
		return
	}
	arn, why := s.consumer.get()
	if arn == "" {
		s.fallback = why
		return
	}
	var err error
	if s.continuation != "" && !s.doubtful() {
		err = s.open(ctx, arn, types.StartingPosition{Type: types.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: &s.continuation})
		if isInvalid(err) {
			s.continuation = "" // the next one goes by the position
		}
	} else {
		err = s.from(func(place types.StartingPosition) error { return s.open(ctx, arn, place) })
	}
	if err != nil {
		s.refuse(ctx, arn, err)
		return
	}
	s.fallback, s.iterator, s.failures = "", "", 0
	s.observe(ingest.ShardReading, nil)
}

// open makes a subscription. The SDK's protocol keeps the state of one stream, so each has its own.
func (s *shardReader) open(ctx context.Context, arn string, from types.StartingPosition) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer time.AfterFunc(subscribeTimeout, func() { cancel(errSlow) }).Stop()
	g := newGate(ctx, s.account.subscribing, s.budget, s.opts.Silence, func() { cancel(errSilent) })
	out, err := s.account.client.SubscribeToShard(ctx, &kinesis.SubscribeToShardInput{
		ConsumerARN: &arn, ShardId: &s.shard.id, StartingPosition: &from,
	}, noRetry, func(o *kinesis.Options) {
		o.HTTPClient = g
		o.Protocol = awsjson.New11(schemas.Kinesis_20131202)
	})
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		cancel(nil)
		return err
	}
	s.sub = &subscription{ctx: ctx, cancel: cancel, gate: g, stream: out.GetStream(), consumer: arn, since: time.Now()}
	return nil
}

// receive hands over the records of the next event. It reports whether the shard has ended.
func (s *shardReader) receive(ctx context.Context) (ended bool, err error) {
	sub := s.sub
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case e, ok := <-sub.stream.Events():
		if !ok {
			s.resubscribe(ctx)
			return false, nil
		}
		defer sub.gate.done()
		event, ok := e.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent)
		if !ok {
			return false, nil // an event of a kind that came after this was written
		}
		v := &event.Value
		s.size = sizeOf(v.Records)
		s.continuation = aws.ToString(v.ContinuationSequenceNumber)
		// What tells the end is the children: some servers name a continuation beside them. One that names neither is
		// asked again by polling.
		ended, err := s.accept(ctx, stretch{records: v.Records, lag: millis(v.MillisBehindLatest), ended: len(v.ChildShards) > 0})
		if s.continuation == "" && !ended && err == nil {
			s.unsubscribe(s.opts.Resubscribe, "the subscription named no place to go on from")
		}
		return ended, err
	}
}

// resubscribe takes the end of a subscription. After the five minutes that it may last, and after it broke, the next one
// follows at once.
func (s *shardReader) resubscribe(ctx context.Context) {
	err, lived := s.sub.err(), time.Since(s.sub.since)
	if lived > steadyAfter {
		s.refusals = 0
	}
	if _, ok := errors.AsType[smithy.APIError](err); ok { // another reader has taken over, the consumer is gone, the service has failed
		arn := s.sub.consumer
		s.unsubscribe(0, "")
		s.refuse(ctx, arn, err)
		return
	}
	why := "the subscription ended after " + lived.Round(time.Millisecond).String()
	if err != nil {
		why += ": " + err.Error()
	}
	s.unsubscribe(s.opts.Resubscribe-lived, why)
}

// unsubscribe ends the subscription; the shard is polled until the next.
func (s *shardReader) unsubscribe(pause time.Duration, why string) {
	if s.sub == nil {
		return
	}
	s.sub.close()
	s.sub = nil
	s.fallback, s.retry = why, time.Now().Add(pause)
}

// refuse takes a refused subscription.
func (s *shardReader) refuse(ctx context.Context, arn string, err error) {
	if isNotFound(err) {
		s.consumer.doubt(arn)
	}
	s.refusals++
	s.retry = time.Now().Add(s.opts.pause(s.refusals))
	err = s.account.explainConsumer(err, s.stream.name, s.opts.Consumer)
	s.fallback = err.Error()
	if s.refusals == refusalsLogged {
		s.logger.WarnContext(ctx, "a shard cannot be read by fan-out for now, it is polled", "error", err)
	}
}
