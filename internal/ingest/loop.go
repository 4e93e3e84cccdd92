package ingest

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/unpack"
)

const (
	intakeBytes = 16 << 20 // unpacked and not yet decoded, a source
	partBytes   = 2 << 20  // a part of a delivery of this size is handed on
	eventSize   = 64       // bytes of an event beside its document
	maxPooled   = 1 << 16  // events of a part whose memory is kept for others
	batchBytes  = 8 << 20  // a batch of this size is handed over even in the middle of a record
)

// loop is one run of one source: it takes what the reader delivers, makes batches of it and hands them to the committer.
// It owns the table's schema while it runs: whoever else would write to the table asks it by do.
//
// Records are unpacked by whoever delivers them, so on as many cores as there are shards. From there on events go one after
// another through one decoder: the schema that one event changes is the next one's. That is no narrow place, as decoding
// takes a fraction of what committing does (BenchmarkSource against the store's BenchmarkCommit).
type loop struct {
	settings Settings
	lane     *Lane
	decoder  *columns.Decoder
	known    map[string]event.ShardState // as they will be when all that was decoded is committed
	status   *status
	tails    *tails
	now      func() time.Time

	unpackers chan *unpack.Unpacker // one for each core: what is being unpacked is not bounded otherwise
	in        chan item
	room      *semaphore.Weighted
	parts     sync.Pool     // of *part
	ended     chan struct{} // closed when work has ended: nothing is taken from in any more

	// The batch in the making.
	rejected []event.Rejected
	touched  map[string]bool // shards whose state has changed
	bytes    int64           // of what is not in the decoder
}

// item is one thing for the loop to do, in order of arrival: take a part of a delivery, or run a function.
type item struct {
	part *part
	do   func(context.Context) error
}

// part is some records of a delivery, unpacked.
type part struct {
	shard    string
	records  []event.Record
	ends     []end // by record
	result   unpack.Result
	bytes    int64 // of the records
	weight   int64 // in memory
	finished bool  // the shard has ended with it
}

// end is where the events and rejections of a record end, and those of the next one begin.
type end struct{ events, rejected int }

func newLoop(s Settings, t *schema.Table, state event.StreamState, lane *Lane, st *status, tl *tails, now func() time.Time) *loop {
	l := &loop{
		settings: s,
		lane:     lane,
		decoder:  columns.NewDecoder(t),
		status:   st,
		tails:    tl,
		now:      now,
		in:       make(chan item, 1024),
		ended:    make(chan struct{}),
		room:     semaphore.NewWeighted(intakeBytes),
		touched:  map[string]bool{},
	}
	cores := runtime.GOMAXPROCS(0)
	l.unpackers = make(chan *unpack.Unpacker, cores)
	for range cores {
		l.unpackers <- unpack.New(unpack.Options{Aggregates: s.Aggregates})
	}
	l.remember(state)
	return l
}

func (l *loop) remember(state event.StreamState) {
	l.known = make(map[string]event.ShardState, len(state.Shards))
	for _, s := range state.Shards {
		l.known[s.ShardID] = s
	}
	l.status.remember(state)
}

// Begin implements Intake.
func (l *loop) Begin(ctx context.Context, state event.StreamState) error {
	return l.call(ctx, func(ctx context.Context) error {
		if err := l.flush(ctx); err != nil {
			return err
		}
		if err := l.lane.Commit(ctx, &Batch{Source: l.settings.Name, Stream: l.settings.Stream, Begin: &state, At: l.now()}); err != nil {
			return err
		}
		l.remember(state)
		return nil
	})
}

// Deliver implements Intake.
func (l *loop) Deliver(ctx context.Context, d Delivery) error {
	shard := unpack.Range{First: d.FirstHash, Last: d.LastHash}
	for rest := d.Records; ; {
		var unpacker *unpack.Unpacker
		select {
		case unpacker = <-l.unpackers:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		var p *part
		p, rest = l.unpack(unpacker, rest, shard)
		p.shard, p.finished = d.ShardID, d.Finished && len(rest) == 0
		err := l.hand(ctx, p)
		l.unpackers <- unpacker // not before: what waits for room is unpacked already
		if err != nil || len(rest) == 0 {
			return err
		}
	}
}

// unpack makes a part of the first records, and gives those that are left.
func (l *loop) unpack(u *unpack.Unpacker, records []event.Record, shard unpack.Range) (*part, []event.Record) {
	p, ok := l.parts.Get().(*part)
	if !ok {
		p = &part{}
	}
	p.weight = 1024
	n := 0
	for ; n < len(records) && p.weight < partBytes; n++ {
		r := &records[n]
		events := len(p.result.Events)
		u.Unpack(r, shard, &p.result)
		p.ends = append(p.ends, end{len(p.result.Events), len(p.result.Rejected)})
		unpacked := 0
		for i := range p.result.Events[events:] {
			unpacked += len(p.result.Events[events+i].Data) + eventSize
		}
		p.bytes += int64(len(r.Data))
		p.weight += int64(max(len(r.Data), unpacked)) + 256
	}
	p.records = records[:n]
	return p, records[n:]
}

// hand queues a part.
func (l *loop) hand(ctx context.Context, p *part) error {
	p.weight = min(p.weight, intakeBytes)
	if err := l.room.Acquire(ctx, p.weight); err != nil {
		return context.Cause(ctx)
	}
	select {
	case l.in <- item{part: p}:
		return nil
	case <-ctx.Done(): // of one shard, maybe: others go on
		l.room.Release(p.weight)
		return context.Cause(ctx)
	}
}

// Describe implements Intake.
func (l *loop) Describe(shards []StreamShard) { l.status.describe(shards) }

// Observe implements Intake.
func (l *loop) Observe(s ShardStatus) { l.status.observe(s) }

// Notice implements Intake.
func (l *loop) Notice(n Notice) { l.status.notice(n) }

// call runs a function between two deliveries and waits for it, or for the loop's end.
func (l *loop) call(ctx context.Context, do func(context.Context) error) error {
	done := make(chan error, 1)
	select {
	case l.in <- item{do: func(ctx context.Context) error {
		done <- do(ctx)
		return nil
	}}:
	case <-l.ended:
		return errLoopEnded()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-done:
		return err
	case <-l.ended:
		select {
		case err := <-done: // it was the last thing done
			return err
		default:
			return errLoopEnded()
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func errLoopEnded() error {
	return fault.New(fault.Unavailable, "the source has stopped reading meanwhile").WithHint("try again when it reads").WithRetryAfter(time.Second)
}

// work takes items until ctx ends or a batch cannot be handed over. What was delivered and not yet decoded by then is
// forgotten: its positions have not moved, and the next run reads it again.
func (l *loop) work(ctx context.Context) error {
	defer close(l.ended)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case it := <-l.in:
			if err := l.take(ctx, it); err != nil {
				return err
			}
		}
		// While more is waiting the batch grows; when nothing is, it goes at once.
		if len(l.in) == 0 || l.occupied() >= batchBytes {
			if err := l.flush(ctx); err != nil {
				return err
			}
		}
	}
}

func (l *loop) take(ctx context.Context, it item) error {
	if it.do != nil {
		return it.do(ctx)
	}
	p := it.part
	defer l.release(p)
	l.status.read(p.shard, len(p.records), p.bytes, int64(len(p.result.Events)+len(p.result.Rejected)), p.result.Counts)
	state := l.known[p.shard]
	state.ShardID = p.shard
	at := l.now()
	var begin end
	for i := range p.records {
		r, end := &p.records[i], p.ends[i]
		if whole := (event.Position{Sequence: r.Sequence, Taken: event.WholeRecord}); whole.Compare(state.Position) > 0 {
			events, rejects := p.result.Events[begin.events:end.events], p.result.Rejected[begin.rejected:end.rejected]
			if err := l.takeRecord(ctx, r, events, rejects, &state, at); err != nil {
				return err
			}
		}
		begin = end
	}
	state.Finished = state.Finished || p.finished
	l.move(state)
	return nil
}

// release gives back what a part occupies.
func (l *loop) release(p *part) {
	weight := p.weight
	p.result.Reset()
	clear(p.records) // the other parts keep the array, but not what was in these
	*p = part{ends: p.ends[:0], result: p.result}
	if cap(p.result.Events)+cap(p.result.Rejected) < maxPooled {
		l.parts.Put(p)
	}
	l.room.Release(weight)
}

// takeRecord makes rows and rejections of what a record holds. In a large one the batch may be handed over half-way: the
// position then says how many of its events have been taken.
func (l *loop) takeRecord(ctx context.Context, r *event.Record, events []event.Event, rejects []event.Rejected, state *event.ShardState, at time.Time) error {
	taken := r.Taken
	if r.Sequence == state.Position.Sequence {
		taken = max(taken, state.Position.Taken)
	}
	l.bytes += 128
	for len(events) > 0 || len(rejects) > 0 {
		var rejected *event.Rejected
		var e *event.Event
		if len(rejects) == 0 || len(events) > 0 && events[0].Index < rejects[0].Index {
			e, events = &events[0], events[1:]
			if e.Index < taken {
				continue
			}
			rejected = l.decoder.Append(e, at)
		} else {
			rejected, rejects = &rejects[0], rejects[1:]
			if rejected.Index < taken {
				continue
			}
			e = &rejected.Event
		}
		if rejected != nil {
			l.reject(rejected)
		}
		l.tails.publish(e, rejected)
		if l.occupied() >= batchBytes {
			state.Position = event.Position{Sequence: r.Sequence, Taken: e.Index + 1}
			state.ArrivedAt = r.ArrivedAt
			l.move(*state)
			if err := l.flush(ctx); err != nil {
				return err
			}
		}
	}
	state.Position = event.Position{Sequence: r.Sequence, Taken: event.WholeRecord}
	state.ArrivedAt = r.ArrivedAt
	return nil
}

// reject puts an event into the batch in the making. It is copied: a few bytes of a record must not keep all of it, or all
// that it was decompressed to, in memory as long as the batch waits.
func (l *loop) reject(r *event.Rejected) {
	kept, record := *r, *r.Record
	record.Data = nil
	kept.Record, kept.Data = &record, bytes.Clone(r.Data)
	l.rejected = append(l.rejected, kept)
	l.bytes += int64(len(kept.Data)+len(kept.Field)+len(kept.Message)) + 512
}

// occupied is the size of the batch in the making.
func (l *loop) occupied() int64 { return l.bytes + l.decoder.Bytes() }

// move remembers where a shard is once all that was decoded is committed.
func (l *loop) move(state event.ShardState) {
	l.known[state.ShardID] = state
	l.touched[state.ShardID] = true
}

// flush hands the batch in the making to the committer.
func (l *loop) flush(ctx context.Context) error {
	if len(l.touched) == 0 && l.decoder.Len() == 0 && len(l.rejected) == 0 {
		return nil
	}
	return l.lane.Submit(ctx, l.cut())
}

// cut ends the batch in the making and begins the next one.
func (l *loop) cut() *Batch {
	b := &Batch{
		Source: l.settings.Name, Stream: l.settings.Stream, At: l.now(),
		Rejected: l.rejected, Bytes: l.occupied(),
	}
	b.Rows, b.Changes, b.Table = l.decoder.Take()
	for id := range l.touched {
		b.Shards = append(b.Shards, l.known[id])
	}
	l.status.decoded(l.decoder.DuplicateKeys())
	l.rejected, l.bytes = nil, 0
	clear(l.touched)
	return b
}
