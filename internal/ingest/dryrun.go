package ingest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/unpack"
)

// Bounds of a dry run.
const (
	dryRunEvents = 20_000
	dryRunTime   = 20 * time.Second
	dryRunStill  = 100 // kinds of rejection that are told apart
	trialsAtOnce = 4   // each holds a page of events and a batch of rows in memory
)

// DryRun says what a replay would do.
type DryRun struct {
	Matched       int64   `json:"matched"` // quarantined events that the filter names
	Tried         int64   `json:"tried"`   // of those, the first ones
	WouldPass     int64   `json:"would_pass"`
	StillRejected []Still `json:"still_rejected"` // the most frequent first
}

// Still is how many events would be rejected again, and why.
type Still struct {
	Reason event.Reason `json:"reason"`
	Field  string       `json:"field"`
	Count  int64        `json:"count"`
}

// DryRun finds out what a replay would do, after a change if that is not nil. Nothing is written, and no source is disturbed.
func (s *Service) DryRun(ctx context.Context, f QuarantineFilter, a *schema.Alteration) (DryRun, error) {
	f.Table = strings.ToLower(f.Table)
	table, settings, err := s.tableOf(ctx, f.Table)
	if err != nil {
		return DryRun{}, err
	}
	if a != nil {
		if table, _, err = table.Alter(*a); err != nil {
			return DryRun{}, err
		}
	}
	var result DryRun
	if result.Matched, err = s.sink.CountQuarantined(ctx, f); err != nil {
		return DryRun{}, err
	}
	still := map[Still]int64{}
	t := newTrial(table, settings)
	err = s.held(ctx, f, dryRunEvents, dryRunTime, func(q *Quarantined) {
		result.Tried++
		if rejected := t.try(q, s.opt.Now()); rejected != nil {
			still[Still{Reason: rejected.Reason, Field: rejected.Field}]++
		} else {
			result.WouldPass++
		}
	})
	for kind, n := range still {
		kind.Count = n
		result.StillRejected = append(result.StillRejected, kind)
	}
	slices.SortFunc(result.StillRejected, func(a, b Still) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(string(a.Reason), string(b.Reason)), strings.Compare(a.Field, b.Field))
	})
	result.StillRejected = append([]Still{}, result.StillRejected[:min(dryRunStill, len(result.StillRejected))]...)
	result.Matched = max(result.Matched, result.Tried) // events that came meanwhile
	return result, err
}

// held hands out quarantined events, up to n of them, as long as there is time. It waits for its turn.
func (s *Service) held(ctx context.Context, f QuarantineFilter, n int, patience time.Duration, each func(*Quarantined)) error {
	if err := s.trials.Acquire(ctx, 1); err != nil {
		return context.Cause(ctx)
	}
	defer s.trials.Release(1)
	begin := time.Now()
	var after *QuarantineKey
	for n > 0 && time.Since(begin) < patience {
		page, err := s.sink.Quarantined(ctx, f, after, min(n, 1000))
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			each(&page[i])
		}
		n -= len(page)
		last := page[len(page)-1].key()
		after = &last
	}
	return nil
}

// trial tells what would become of events, and keeps nothing of them.
type trial struct {
	decoder  *columns.Decoder
	unpacker *unpack.Unpacker
}

func newTrial(t *schema.Table, settings Settings) *trial {
	return &trial{columns.NewDecoder(t), unpack.New(unpack.Options{Aggregates: cmp.Or(settings.Aggregates, unpack.Auto)})}
}

// try gives nil if a replay would make a row of a quarantined event, or of a part of it, else why it would not.
func (t *trial) try(q *Quarantined, at time.Time) *event.Rejected {
	rows, rejected := again(t.decoder, t.unpacker, q, at)
	if t.decoder.Bytes() > batchBytes {
		taken, _, _ := t.decoder.Take()
		columns.Release(taken)
	}
	switch {
	case rows > 0:
		return nil
	case len(rejected) == 0: // there was no event in it
		return &event.Rejected{Event: q.Event, Reason: q.Reason, Field: q.Field, Message: q.Message}
	default:
		return &rejected[0]
	}
}
