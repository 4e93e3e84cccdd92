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
	readsInterval = 200 * time.Millisecond // Kinesis allows five reads a second of a shard
	slowestPace   = 5 * time.Second        // a shard is throttled for so long after an answer of 10 MiB
	firstBackoff  = 200 * time.Millisecond
	longBackoff   = 10 * time.Second
	episodeGap    = time.Minute      // trouble after so long without is logged again
	doubtAfter    = time.Hour        // a position not read from for so long may have been trimmed meanwhile
	trimMargin    = 10 * time.Minute // how exactly Kinesis keeps to the retention period, generously
	edgeInterval  = time.Minute      // between looks whether a reader at the edge of the retention period is losing records
	edgeGrace     = 2 * time.Second  // for which a record read last may have expired without another being lost
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

	iterator string        // "" when a new one is needed
	verify   bool          // the record at the position should be the next one
	verified time.Time     // when that was found out last
	answered time.Time     // when the last answer came
	asked    time.Time     // when the last read began
	size     int64         // of the last answer, in bytes
	lag      time.Duration // as of the last answer
	pace     time.Duration // between reads, while there is something to read

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
	s.pace = min(readsInterval, s.opts.Poll)
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

// read does one read of the shard and hands its records over. It reports whether the shard has ended.
func (s *shardReader) read(ctx context.Context) (ended bool, err error) {
	interval := s.pace
	if s.lag == 0 {
		interval = max(s.pace, s.opts.Poll)
	}
	if err := sleep(ctx, time.Until(s.asked.Add(interval))); err != nil {
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
	s.asked = time.Now()
	out, err := s.account.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: &s.iterator, StreamARN: &s.stream.arn}, noRetry)
	if err != nil {
		return false, err
	}
	s.size = 0
	for i := range out.Records {
		s.size += int64(len(out.Records[i].Data))
	}
	s.budget.settle(held, s.size)
	held = s.size
	return s.accept(ctx, out)
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

// estimate foresees the size of the next answer: a shard takes in 1 MiB a second, and twice the last answer allows for more.
func (s *shardReader) estimate() int64 {
	if s.answered.IsZero() || s.lag > time.Second {
		return maxAnswer
	}
	return min(maxAnswer, 64<<10+2*s.size+int64(time.Since(s.answered).Seconds()*(1<<20)))
}

// accept hands an answer's records over and moves on.
func (s *shardReader) accept(ctx context.Context, out *kinesis.GetRecordsOutput) (ended bool, err error) {
	s.answered = time.Now()
	s.failures = 0
	s.lag = time.Duration(aws.ToInt64(out.MillisBehindLatest)) * time.Millisecond
	s.pace = max(min(readsInterval, s.opts.Poll), s.pace-s.pace/10)
	s.checkGap(out.Records)
	records := s.unseen(out.Records)
	ended = aws.ToString(out.NextShardIterator) == ""
	if len(records) > 0 || ended {
		if err := s.intake.Deliver(ctx, ingest.Delivery{
			ShardID: s.shard.id, FirstHash: s.shard.first, LastHash: s.shard.last, Records: records, Finished: ended,
		}); err != nil {
			return false, &intakeError{err}
		}
	}
	if len(records) > 0 {
		last := &records[len(records)-1]
		s.state.Position = event.Position{Sequence: last.Sequence, Taken: event.WholeRecord}
		s.state.ArrivedAt = last.ArrivedAt
	}
	if ended {
		s.lag = 0
		s.observe(ingest.ShardFinished, nil)
		return true, nil
	}
	s.iterator = *out.NextShardIterator
	if s.atEdge() {
		s.iterator = "" // a live one passes over what is trimmed without a word
	}
	s.observe(ingest.ShardReading, nil)
	return false, nil
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

// seek gets an iterator for the position, or for the start of a shard that has none.
func (s *shardReader) seek(ctx context.Context) error {
	in := &kinesis.GetShardIteratorInput{StreamARN: &s.stream.arn, ShardId: &s.shard.id}
	position, start := s.state.Position, s.state.Start
	s.verify = false
	switch {
	case position.Sequence != "":
		in.StartingSequenceNumber = &position.Sequence
		in.ShardIteratorType = types.ShardIteratorTypeAfterSequenceNumber
		// From AT the record at the position comes again, which shows that nothing was trimmed between it and the next.
		s.verify = s.doubtful()
		if s.verify || position.Taken != event.WholeRecord {
			in.ShardIteratorType = types.ShardIteratorTypeAtSequenceNumber
		}
	case start.Kind == event.FromLatest && s.fresh:
		in.ShardIteratorType = types.ShardIteratorTypeLatest
	case start.Kind == event.FromLatest, start.Kind == event.FromTimestamp:
		in.ShardIteratorType, in.Timestamp = types.ShardIteratorTypeAtTimestamp, &start.At
	default:
		in.ShardIteratorType = types.ShardIteratorTypeTrimHorizon
	}
	// The tip moves: whoever looks for it a second time would miss what arrived since the first.
	s.fresh = false
	out, err := s.account.client.GetShardIterator(ctx, in, noRetry)
	if isInvalid(err) && position.Sequence != "" {
		// Kinesis takes a trimmed sequence number for the horizon, some servers do not know it any more. What lies before
		// the position is skipped.
		s.verify = true
		out, err = s.account.client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
			StreamARN: &s.stream.arn, ShardId: &s.shard.id, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
		}, noRetry)
	}
	if err != nil {
		return err
	}
	if err := s.confirm(ctx); err != nil {
		return err
	}
	s.iterator = aws.ToString(out.ShardIterator)
	return nil
}

// doubtful reports whether records after the position may have been trimmed unnoticed: when it is an earlier run's, when
// it has not been read from for long (a laptop slept), and at the edge of the retention period.
func (s *shardReader) doubtful() bool {
	return time.Since(s.answered) > doubtAfter || s.atEdge()
}

// atEdge reports whether the reader is almost as far behind as the stream remembers, and this was not looked at just now.
func (s *shardReader) atEdge() bool {
	return s.lag > s.retention()-trimMargin && time.Since(s.verified) > edgeInterval
}

// checkGap looks whether the record at the position is still there. If it is not and newer ones are, those between were
// trimmed, if there were any.
func (s *shardReader) checkGap(records []types.Record) {
	if !s.verify {
		return
	}
	if len(records) == 0 {
		s.verify = s.lag > 0 // at the tip there is nothing left that could follow a gap
		return
	}
	s.verify, s.verified = false, time.Now()
	position := s.state.Position
	if event.CompareSequences(aws.ToString(records[0].SequenceNumber), position.Sequence) <= 0 {
		return
	}
	from, to := s.state.ArrivedAt, aws.ToTime(records[0].ApproximateArrivalTimestamp).UTC()
	if position.Taken == event.WholeRecord && expiredAlone(from, to, time.Now().Add(-s.retention())) {
		s.logger.Info("the record at the position has expired", "position", position.Sequence, "next_arrived_at", to)
		return
	}
	s.noticeGap(fmt.Sprintf("Records of %s that arrived between %s and %s (%s) were trimmed from the stream before they could be read. "+
		"Reading goes on from the oldest that is left.", s.shard.id, stamp(from), stamp(to), span(from, to)))
}

// expiredAlone reports whether the record at a position, which arrived at `from`, has reached its age without a sign that
// others were lost with it: it has done so just now, or the shard was quiet, as its next record arrived at `to`, long
// after what expires now.
func expiredAlone(from, to, horizon time.Time) bool {
	since := horizon.Sub(from)
	return since > 0 && (since < edgeGrace || to.Sub(horizon) > trimMargin)
}

func (s *shardReader) noticeGap(message string) {
	s.logger.Warn("records were trimmed before they could be read", "position", s.state.Position.Sequence, "arrived_at", s.state.ArrivedAt)
	s.intake.Notice(ingest.Notice{Kind: ingest.NoticeGap, At: time.Now().UTC(), ShardID: s.shard.id, Message: message})
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.UTC().Format(time.RFC3339)
}

func span(from, to time.Time) string {
	if from.IsZero() {
		return "for how long is unknown"
	}
	return to.Sub(from).Round(time.Millisecond).String()
}

// retreat takes a failed read: it waits, longer each time, and prepares the next one.
func (s *shardReader) retreat(ctx context.Context, err error) {
	s.failures++
	var expired *types.ExpiredIteratorException
	if errors.As(err, &expired) && s.failures == 1 {
		s.iterator = ""
		return
	}
	condition, level := ingest.ShardFailing, slog.LevelWarn
	if isThrottle(err) {
		condition, level = ingest.ShardThrottled, slog.LevelInfo // nothing is wrong: other readers share the shard's five reads a second
		s.pace = min(slowestPace, s.pace*3/2)
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
	_ = sleep(ctx, backoff(s.failures)) // the caller looks at ctx
}

func (s *shardReader) observe(c ingest.ShardCondition, err error) {
	status := ingest.ShardStatus{ShardID: s.shard.id, Condition: c, Lag: s.lag}
	if c == ingest.ShardFailing {
		status.Err = err.Error()
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
