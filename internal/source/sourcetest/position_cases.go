package sourcetest

import (
	"encoding/json"
	"fmt"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
)

func positionCases() []testCase {
	cases := []testCase{
		{name: "a restart goes on after the last record of each shard", run: func(b *bench) {
			b.create(3)
			first := b.put(60)
			stop := b.start(horizon())
			b.untilRead(first)
			stop()
			second := b.put(60)
			b.start(horizon())
			b.exactly(first, second)
			assert.Equal(b, 1, b.recorder.beginnings())
			assert.Empty(b, b.recorder.noticed(ingest.NoticeGap))
		}},
		{name: "a restart at the tip of every shard delivers nothing again", run: func(b *bench) {
			b.create(3)
			first := b.put(60)
			stop := b.start(horizon())
			b.untilRead(first)
			stop()
			records := len(b.recorder.all())
			stop = b.start(horizon())
			b.untilReading(3)
			b.settle()
			stop()
			assert.Len(b, b.recorder.all(), records)
			assert.Empty(b, b.recorder.noticed(ingest.NoticeGap))
		}},
		{name: "an expired iterator is renewed after the last record", run: func(b *bench) {
			b.create(2)
			b.start(horizon())
			ids := b.put(30)
			b.untilRead(ids)
			for range 3 {
				b.proxy.expireIterators()
				more := b.put(30)
				b.untilRead(more)
				ids = append(ids, more...)
			}
			b.exactly(ids)
		}},
		{name: "an iterator that expires before the first record loses nothing that came since a start at the latest", only: byPolling, run: func(b *bench) {
			b.create(2)
			b.put(20)
			pause(clockStep)
			b.start(latest())
			b.untilReading(2)
			b.proxy.obey(func(c call) verdict {
				if c.operation == "GetRecords" {
					return verdict{code: "ExpiredIteratorException"}
				}
				return verdict{}
			})
			ids := b.put(40)
			b.until("every shard's iterator has expired", func() bool { return b.proxy.called("GetShardIterator") >= 4 })
			b.proxy.obey(nil)
			b.exactly(ids)
		}},
		{
			name:  "a trimmed position is reported and the reading goes on",
			needs: canTrim,
			run: func(b *bench) {
				b.create(1)
				records := b.readAndStop(30)
				b.recorder.rewind(func(s *event.ShardState) {
					s.Position, s.ArrivedAt = event.Position{Sequence: records[9].Sequence, Taken: event.WholeRecord}, records[9].ArrivedAt
				})
				require.NoError(b, b.backend.Trim(b.stream, records[0].ShardID, records[20].Sequence))
				b.start(horizon())
				b.exactly(idsOf(b, records[20:]))
				gaps := b.recorder.noticed(ingest.NoticeGap)
				require.Len(b, gaps, 1)
				assert.Equal(b, records[0].ShardID, gaps[0].ShardID)
				assert.NotEmpty(b, gaps[0].Message)
			},
		},
		{
			name:  "a record that was trimmed while half taken is reported and not resumed",
			needs: canTrim,
			run: func(b *bench) {
				b.create(1)
				records := b.readAndStop(10)
				b.recorder.rewind(func(s *event.ShardState) {
					s.Position, s.ArrivedAt = event.Position{Sequence: records[4].Sequence, Taken: 2}, records[4].ArrivedAt
				})
				require.NoError(b, b.backend.Trim(b.stream, records[0].ShardID, records[5].Sequence))
				b.start(horizon())
				b.exactly(idsOf(b, records[5:]))
				assert.Len(b, b.recorder.noticed(ingest.NoticeGap), 1)
			},
		},
		{
			name:  "a trim up to the position is no gap",
			needs: canTrim,
			run: func(b *bench) {
				b.create(1)
				records := b.readAndStop(30)
				b.recorder.rewind(func(s *event.ShardState) {
					s.Position, s.ArrivedAt = event.Position{Sequence: records[9].Sequence, Taken: event.WholeRecord}, records[9].ArrivedAt
				})
				require.NoError(b, b.backend.Trim(b.stream, records[0].ShardID, records[9].Sequence))
				b.start(horizon())
				b.exactly(idsOf(b, records[10:]))
				assert.Empty(b, b.recorder.noticed(ingest.NoticeGap))
			},
		},
	}
	for _, p := range []struct {
		name  string
		at    int // the record of the position
		taken int64
		first int // the record that comes first
	}{
		{"after a record in the middle", 9, event.WholeRecord, 10},
		{"after the first record", 0, event.WholeRecord, 1},
		{"inside a record, after three of its events", 9, 3, 9},
		{"before a record's first event", 9, 0, 9},
		{"inside the last record", 29, 1, 29},
	} {
		cases = append(cases, testCase{name: "a restart goes on " + p.name, run: func(b *bench) {
			b.create(1)
			records := b.readAndStop(30)
			b.recorder.rewind(func(s *event.ShardState) {
				s.Position, s.ArrivedAt = event.Position{Sequence: records[p.at].Sequence, Taken: p.taken}, records[p.at].ArrivedAt
			})
			b.start(horizon())
			b.exactly(idsOf(b, records[p.first:]))
			resumed := b.recorder.all()[0]
			assert.Equal(b, records[p.first].Sequence, resumed.Sequence)
			if p.first == p.at {
				assert.Equal(b, p.taken, resumed.Taken)
			}
			assert.Empty(b, b.recorder.noticed(ingest.NoticeGap))
		}})
	}
	return cases
}

func canTrim(b Backend) string {
	if b.Trim == nil {
		return "has no way to trim records before their time"
	}
	return ""
}

// readAndStop publishes n events, reads them from the horizon and stops.
func (b *bench) readAndStop(n int) []event.Record {
	b.Helper()
	ids := b.put(n)
	stop := b.start(horizon())
	b.untilRead(ids)
	stop()
	return b.recorder.all()
}

func idsOf(b *bench, records []event.Record) []string {
	b.Helper()
	var ids []string
	for i := range records {
		e, err := decode(&records[i])
		require.NoError(b, err)
		ids = append(ids, e.ID)
	}
	return ids
}

func decode(r *event.Record) (Event, error) {
	var e Event
	if err := json.Unmarshal(r.Data, &e); err != nil {
		return e, fmt.Errorf("record %s: %w", r.Sequence, err)
	}
	return e, nil
}
