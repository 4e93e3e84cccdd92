package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

const (
	tick       = 10 * time.Millisecond
	maxEntries = 500         // of one PutRecords call, as Kinesis has it
	thinkTime  = 8           // seconds between two steps of one visitor, at the mean
	maxDebt    = time.Second // of events that a slow publisher is spared
)

// Entry is one record to be published.
type Entry struct {
	Data         []byte // possibly empty, never nil
	PartitionKey string
}

// Publisher takes records into a stream. It returns nil when it has taken all of them; the entries are then its own.
type Publisher interface {
	PutRecords(ctx context.Context, stream string, entries []Entry) error
}

// Options say what Run publishes.
type Options struct {
	Stream string
	Rate   float64          // events per second, above 0
	Seed   uint64           // 0: one made of the time, so that no id comes twice
	Now    func() time.Time // nil: the wall clock
	// Opening is how many events there are at the very start, before the first of the rate.
	Opening int
}

// Run publishes events as they happen until ctx ends, then returns nil. An error of the publisher ends it too.
func Run(ctx context.Context, p Publisher, opts Options) error {
	if opts.Rate <= 0 {
		return fault.New(fault.Invalid, "a rate of %g events per second is not above 0", opts.Rate)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Seed == 0 {
		opts.Seed = uint64(opts.Now().UnixNano())
	}
	shop := New(opts.Seed, int(min(opts.Rate*thinkTime, 10_000)), opts.Now)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var (
		owed = float64(opts.Opening) // events that should have happened by now
		last = opts.Now()
	)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		now := opts.Now()
		owed += opts.Rate * min(now.Sub(last), maxDebt).Seconds()
		last = now
		for owed >= 1 {
			var entries []Entry
			for owed >= 1 && len(entries) < maxEntries {
				data, key, events := shop.Record(make([]byte, 0, 512))
				entries = append(entries, Entry{Data: data, PartitionKey: key})
				owed -= float64(events)
			}
			if err := p.PutRecords(ctx, opts.Stream, entries); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return fmt.Errorf("publish to the stream %s: %w", opts.Stream, err)
			}
		}
	}
}
