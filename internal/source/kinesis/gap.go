package kinesis

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
)

const (
	doubtAfter   = time.Hour        // a position not read from for so long may have been trimmed meanwhile
	trimMargin   = 10 * time.Minute // how exactly Kinesis keeps to the retention period, generously
	edgeInterval = time.Minute      // between looks whether a reader at the edge of the retention period is losing records
	edgeGrace    = 2 * time.Second  // for which a record read last may have expired without another being lost
)

// doubtful reports whether records after the position may have been trimmed unnoticed: when it is an earlier run's, when
// it has not been read from for long (a laptop slept), and at the edge of the retention period.
func (s *shardReader) doubtful() bool {
	// A machine that sleeps stops its monotonic clock; the other may be set at will.
	return max(time.Since(s.answered), time.Since(s.answered.Round(0))) > doubtAfter || s.atEdge()
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
