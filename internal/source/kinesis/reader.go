package kinesis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
)

const (
	firstBackoff = 200 * time.Millisecond
	longBackoff  = 10 * time.Second
	episodeGap   = time.Minute // trouble after so long without is logged again
)

// noRetry is given to calls that this package retries itself.
func noRetry(o *kinesis.Options) { o.Retryer = aws.NopRetryer{} }

// shardReader reads one shard from where it was left to its end.
type shardReader struct {
	*follower
	shard  shard
	state  event.ShardState // its position moves when a delivery has been accepted
	fresh  bool             // started by this very run: latest means the tip
	logger *slog.Logger

	verify   bool          // the record at the position should be the next one
	verified time.Time     // when that was found out last
	answered time.Time     // when the last answer came
	size     int64         // of the last answer, in bytes
	lag      time.Duration // as of the last answer

	// By polling.
	iterator string // "" when a new one is needed
	pacer    pacer
	spent    ingest.Spent // since it was observed last

	// By fan-out.
	sub          *subscription // nil while the shard is polled
	continuation string        // where the last subscription was, as long as nothing has been polled since
	retry        time.Time     // when to subscribe again
	refusals     int
	fallback     string // why the shard is polled, for people

	failures int
	trouble  map[ingest.ShardCondition]time.Time // when it was last seen
}

// intakeError is a failure of the consumer: it ends the reading, nothing is retried.
type intakeError struct{ cause error }

func (e *intakeError) Error() string {
	return "the records could not be handed over: " + e.cause.Error()
}
func (e *intakeError) Unwrap() error { return e.cause }

// run reads until the shard has ended, which it returns nil for, or ctx has.
func (s *shardReader) run(ctx context.Context) error {
	s.pacer = newPacer(s.opts.Poll, time.Now())
	defer s.unsubscribe(0, "")
	if s.consumer != nil {
		_, s.fallback = s.consumer.get()
	}
	s.trouble = map[ingest.ShardCondition]time.Time{}
	s.observe(ingest.ShardReading, nil)
	for {
		ended, err := s.read(ctx)
		var refused *intakeError
		switch {
		case ended:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &refused):
			return err
		case err != nil:
			s.retreat(ctx, err)
		}
	}
}

// read does one read of the shard, in the way that is open now, and hands its records over. It reports whether the shard has
// ended.
func (s *shardReader) read(ctx context.Context) (ended bool, err error) {
	if s.sub == nil {
		s.subscribe(ctx)
	}
	if s.sub != nil {
		return s.receive(ctx)
	}
	return s.poll(ctx)
}

// stretch is what one read has given, however it was done.
type stretch struct {
	records []types.Record
	lag     time.Duration
	ended   bool // these are the last records of the shard
}

// accept hands what was read over and moves on.
func (s *shardReader) accept(ctx context.Context, a stretch) (ended bool, err error) {
	s.answered = time.Now()
	s.failures = 0
	s.lag = a.lag
	s.checkGap(a.records)
	records := s.unseen(a.records)
	taken := s.state
	if n := len(records); n > 0 {
		taken.Position = event.Position{Sequence: records[n-1].Sequence, Taken: event.WholeRecord}
		taken.ArrivedAt = records[n-1].ArrivedAt
	}
	if len(records) > 0 || a.ended {
		if err := s.intake.Deliver(ctx, ingest.Delivery{
			ShardID: s.shard.id, FirstHash: s.shard.first, LastHash: s.shard.last, Records: records, Finished: a.ended,
		}); err != nil {
			return false, &intakeError{err}
		}
	}
	s.state = taken
	if a.ended {
		s.lag = 0
		s.observe(ingest.ShardFinished, nil)
		return true, nil
	}
	if s.atEdge() { // whoever goes on from here would pass over what is trimmed without a word
		s.iterator = ""
		s.unsubscribe(0, "the oldest records are about to expire")
	}
	s.observe(ingest.ShardReading, nil)
	return false, nil
}

// expire ends a shard that the stream does not have any more, and which was not read to its end.
func (s *shardReader) expire(ctx context.Context) error {
	s.noticeGap(fmt.Sprintf("Shard %s expired before it was read to its end. Records of it that arrived after %s are lost to this source.",
		s.shard.id, stamp(s.state.ArrivedAt)))
	if err := s.intake.Deliver(ctx, ingest.Delivery{
		ShardID: s.shard.id, FirstHash: s.shard.first, LastHash: s.shard.last, Finished: true,
	}); err != nil {
		return &intakeError{err}
	}
	s.observe(ingest.ShardFinished, nil)
	return nil
}

// unseen gives the records after the position, in order. Servers may repeat some; an iterator at the position does.
func (s *shardReader) unseen(from []types.Record) []event.Record {
	position := s.state.Position
	var records []event.Record
	for i := range from {
		r := newRecord(s.shard.id, &from[i])
		switch c := event.CompareSequences(r.Sequence, position.Sequence); {
		case c < 0, c == 0 && position.Taken == event.WholeRecord:
			continue
		case c == 0:
			r.Taken = position.Taken
		}
		records = append(records, r)
		position = event.Position{Sequence: r.Sequence, Taken: event.WholeRecord}
	}
	return records
}

func newRecord(shardID string, r *types.Record) event.Record {
	return event.Record{
		ShardID: shardID, Sequence: aws.ToString(r.SequenceNumber), PartitionKey: aws.ToString(r.PartitionKey),
		ArrivedAt: aws.ToTime(r.ApproximateArrivalTimestamp).UTC(), Data: r.Data,
	}
}

// from opens the place to go on from: the position, or the start of a shard that has none.
func (s *shardReader) from(open func(types.StartingPosition) error) error {
	position, start := s.state.Position, s.state.Start
	var place types.StartingPosition
	verify := false
	switch {
	case position.Sequence != "":
		place.SequenceNumber = &position.Sequence
		place.Type = types.ShardIteratorTypeAfterSequenceNumber
		// From AT the record at the position comes again, which shows that nothing was trimmed between it and the next.
		verify = s.doubtful()
		if verify || position.Taken != event.WholeRecord {
			place.Type = types.ShardIteratorTypeAtSequenceNumber
		}
	case start.Kind == event.FromLatest && s.fresh:
		place.Type = types.ShardIteratorTypeLatest
	case start.Kind == event.FromLatest, start.Kind == event.FromTimestamp:
		place.Type, place.Timestamp = types.ShardIteratorTypeAtTimestamp, &start.At
	default:
		place.Type = types.ShardIteratorTypeTrimHorizon
	}
	// The tip moves: whoever looks for it a second time would miss what arrived since the first.
	s.fresh = false
	err := open(place)
	if isInvalid(err) && position.Sequence != "" {
		// Kinesis takes a trimmed sequence number for the horizon, some servers do not know it any more. What lies before
		// the position is skipped.
		verify = true
		err = open(types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon})
	}
	if err == nil {
		s.verify = verify
	}
	return err
}

// retreat takes a failed poll: it waits, longer each time, and prepares the next one.
func (s *shardReader) retreat(ctx context.Context, err error) {
	s.failures++
	var expired *types.ExpiredIteratorException
	if errors.As(err, &expired) && s.failures == 1 {
		s.iterator = ""
		return
	}
	condition, level, wait := ingest.ShardFailing, slog.LevelWarn, backoff(s.failures)
	if isThrottle(err) {
		condition, level, wait = ingest.ShardThrottled, slog.LevelInfo, 0 // nothing is wrong: others poll the shard too
		s.pacer.throttled(time.Now())
	} else {
		s.iterator = "" // whatever is wrong with it, the position is right
		if isNotFound(err) {
			s.miss(s.shard.id)
		}
	}
	err = s.account.explain(err, s.stream.name)
	if time.Since(s.trouble[condition]) > episodeGap {
		s.logger.Log(ctx, level, "a shard cannot be read for now, trying on", "condition", condition, "error", err)
	}
	s.trouble[condition] = time.Now()
	s.observe(condition, err)
	_ = sleep(ctx, wait) // the caller looks at ctx
}

func (s *shardReader) observe(c ingest.ShardCondition, err error) {
	status := ingest.ShardStatus{ShardID: s.shard.id, Condition: c, Lag: s.lag, Read: ingest.ReadPoll, Fallback: s.fallback, Spent: s.spent}
	s.spent = ingest.Spent{}
	if s.sub != nil {
		status.Read = ingest.ReadFanOut
	}
	if c == ingest.ShardFailing {
		status.Err = err
	}
	s.intake.Observe(status)
}

// backoff doubles with every failure up to a bound, and is jittered so that shards which failed together do not come back
// together.
func backoff(failures int) time.Duration {
	d := min(firstBackoff<<min(failures-1, 10), longBackoff)
	return d/2 + rand.N(d/2)
}

// sleep waits for d or the end of ctx, which it returns the error of.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
