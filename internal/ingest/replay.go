package ingest

import (
	"context"
	"math"
	"time"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/unpack"
)

const (
	replayPage = 100 // quarantined events that are read, decoded and committed at a time

	// partShift keeps keys unique when one quarantined piece falls into several that are rejected again: no record holds
	// 2^40 events, so that no other event has such an index.
	partShift = 40
)

// replay tries the quarantined events that match once more with the schema as it is now. What has become rows leaves the
// quarantine in the same transaction; what has not stays as it was. It runs between two deliveries, which wait for it: when
// asked, the context of whoever wants it, has ended, it goes on to the end of a page.
func (l *loop) replay(ctx, asked context.Context, held Quarantine, f QuarantineFilter, p ReplayPage) (ReplayResult, error) {
	var total ReplayResult
	if err := l.flush(ctx); err != nil {
		return total, err
	}
	var release []QuarantineKey // decoded and not yet committed
	var added int64             // rows that came of them
	commit := func() error {
		if len(release) == 0 {
			return nil
		}
		b := l.cut()
		b.Release = release
		if err := l.lane.Commit(ctx, b); err != nil {
			return err
		}
		total.Replayed += int64(len(release))
		total.Rows += added
		release, added = nil, 0
		return nil
	}
	// An unpacker of its own: those of the deliveries may all wait for this very loop.
	unpacker := unpack.New(unpack.Options{Aggregates: l.settings.Aggregates})
	after, left := p.After, math.MaxInt
	if p.Limit > 0 {
		left = p.Limit
	}
	for left > 0 {
		if asked.Err() != nil {
			return total, context.Cause(asked)
		}
		page, err := held.Quarantined(ctx, f, after, min(replayPage, left))
		if err != nil || len(page) == 0 {
			return total, err
		}
		left -= len(page)
		for i := range page {
			q := &page[i]
			key := q.key()
			after = &key
			total.Matched++
			rows, rejected := again(l.decoder, unpacker, q, l.now())
			if rows == 0 {
				total.Rejected++
				continue
			}
			release = append(release, key)
			for k := range rejected {
				rejected[k].Index = key.Index + int64(k)<<partShift
				l.reject(&rejected[k])
			}
			added += rows
			if l.occupied() >= batchBytes {
				if err := commit(); err != nil {
					return total, err
				}
			}
		}
		if err := commit(); err != nil {
			return total, err
		}
	}
	total.Next = after
	return total, nil
}

// again decodes one quarantined event. It gives the rows that came of it and what was rejected again.
func again(d *columns.Decoder, u *unpack.Unpacker, q *Quarantined, at time.Time) (rows int64, rejected []event.Rejected) {
	var result unpack.Result
	u.Again(q.Event, &result)
	rejected = append(rejected, result.Rejected...)
	for i := range result.Events {
		if r := d.Append(&result.Events[i], at); r != nil {
			rejected = append(rejected, *r)
			continue
		}
		rows++
	}
	return rows, rejected
}

func (q *Quarantined) key() QuarantineKey {
	return QuarantineKey{ShardID: q.Record.ShardID, Sequence: q.Record.Sequence, Index: q.Index}
}
