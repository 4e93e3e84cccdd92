package ingest

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/fault"
)

// CommitterOptions bound a Committer.
type CommitterOptions struct {
	Group      time.Duration // how long batches may wait for company under load; default 100 ms
	GroupBytes int64         // a group of this size waits no longer; default 32 MiB
	QueueBytes int64         // what may wait for a commit, over all sources; default 64 MiB
	Logger     *slog.Logger
	// Committed, when set, is told of every successful transaction.
	Committed func(batches int, bytes int64, took time.Duration)
}

func (o *CommitterOptions) defaults() {
	if o.Group == 0 {
		o.Group = 100 * time.Millisecond
	}
	if o.GroupBytes == 0 {
		o.GroupBytes = 32 << 20 // enough events of 400 bytes to fill a row group: see ADR 9
	}
	if o.QueueBytes == 0 {
		o.QueueBytes = 64 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// Committer groups the batches of all sources into transactions of one store. It commits at once when it is idle. Under
// load it waits, so that small batches share a transaction: as long as the last commit took, so that committing costs at
// most half of its time, and never longer than Options.Group.
type Committer struct {
	sink  Sink
	opt   CommitterOptions
	room  *semaphore.Weighted
	queue chan *pending
	given atomic.Bool // up: see GiveUp
}

type pending struct {
	batch  *Batch
	lane   *Lane
	weight int64
	done   chan error // nil when nobody waits; else buffered
}

// NewCommitter makes a Committer for a store. Run must be called for anything to be committed.
func NewCommitter(sink Sink, opt CommitterOptions) *Committer {
	opt.defaults()
	return &Committer{sink: sink, opt: opt, room: semaphore.NewWeighted(opt.QueueBytes), queue: make(chan *pending, 4096)}
}

var errGivenUp = errors.New("given up while the server stops")

// GiveUp lets all that is queued fail, but for what is being committed, and all that is submitted later. Nothing is lost by
// that: it is read again.
func (c *Committer) GiveUp() { c.given.Store(true) }

// Lane is one source's way into the store: its batches are committed in the order in which they were submitted. Once one
// has failed, all later ones fail: a gap between positions and rows cannot arise. A new run of the source takes a new lane.
type Lane struct {
	committer *Committer
	fail      context.CancelCauseFunc
	committed func(*Batch)
	waiting   sync.WaitGroup
	failed    error // why a batch failed; the committer's own, as ctx may have ended before with another cause
}

// Lane opens a lane. The context that it returns ends, with the error as its cause, when a batch of the lane fails.
// Committed is called, in order, for every batch that is committed.
func (c *Committer) Lane(ctx context.Context, committed func(*Batch)) (context.Context, *Lane) {
	ctx, fail := context.WithCancelCause(ctx)
	return ctx, &Lane{committer: c, fail: fail, committed: committed}
}

// Submit hands over a batch. It blocks while the queue is full.
func (l *Lane) Submit(ctx context.Context, b *Batch) error {
	return l.submit(ctx, &pending{batch: b, lane: l})
}

// Commit hands over a batch and waits until it is committed, or not. A batch that fails here does not fail the lane when it
// moves no position, and holds no rows that were decoded for a table that it changes.
func (l *Lane) Commit(ctx context.Context, b *Batch) error {
	p := &pending{batch: b, lane: l, done: make(chan error, 1)}
	if err := l.submit(ctx, p); err != nil {
		return err
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *Lane) submit(ctx context.Context, p *pending) error {
	c := l.committer
	p.weight = min(max(p.batch.Bytes, 1024), c.opt.QueueBytes)
	if err := c.room.Acquire(ctx, p.weight); err != nil {
		return context.Cause(ctx)
	}
	l.waiting.Add(1)
	select {
	case c.queue <- p:
		return nil
	case <-ctx.Done():
		l.waiting.Done()
		c.room.Release(p.weight)
		return context.Cause(ctx)
	}
}

// Close waits until all that was submitted is committed or has failed, and ends the lane.
func (l *Lane) Close() {
	l.waiting.Wait()
	l.fail(context.Canceled)
}

// Run commits until ctx ends. The lanes must have been closed by then: what they would submit later waits for ever.
func (c *Committer) Run(ctx context.Context) {
	var took time.Duration // of the last commit
	for {
		select {
		case p := <-c.queue:
			took = c.commit(ctx, c.gather(ctx, p, 0))
		case <-ctx.Done():
			return
		}
		for busy := true; busy; {
			select {
			case p := <-c.queue:
				took = c.commit(ctx, c.gather(ctx, p, min(took, c.opt.Group)))
			default:
				busy = false
			}
		}
	}
}

// gather collects the group that first begins: what is queued, and what arrives within wait. A batch that changes its table
// begins a group of its own, so that no rows of the older schema are written in the same transaction.
func (c *Committer) gather(ctx context.Context, first *pending, wait time.Duration) [][]*pending {
	groups := [][]*pending{{first}}
	bytes := first.weight
	take := func(p *pending) {
		bytes += p.weight
		if len(p.batch.Changes) > 0 {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], p)
	}
	var timeout <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		timeout = timer.C
	}
	for bytes < c.opt.GroupBytes {
		select {
		case p := <-c.queue:
			take(p)
			continue
		default:
		}
		if timeout == nil {
			return groups
		}
		select {
		case p := <-c.queue:
			take(p)
		case <-timeout:
			timeout = nil
		case <-ctx.Done():
			return groups
		}
	}
	return groups
}

// commit commits the groups and gives the time that the last one took.
func (c *Committer) commit(ctx context.Context, groups [][]*pending) time.Duration {
	// What was accepted is committed even when the server is stopping, until that takes too long: see GiveUp.
	ctx = context.WithoutCancel(ctx)
	var took time.Duration
	for _, group := range groups {
		begin := time.Now()
		c.commitGroup(ctx, group)
		took = time.Since(begin)
	}
	return took
}

func (c *Committer) commitGroup(ctx context.Context, group []*pending) {
	var batches []*Batch
	var bytes int64
	alive := group[:0:0]
	for _, p := range group {
		switch {
		case p.lane.failed != nil:
			c.settle(p, p.lane.failed)
			continue
		case c.given.Load():
			c.settle(p, errGivenUp)
			continue
		}
		alive = append(alive, p)
		batches = append(batches, p.batch)
		bytes += p.batch.Bytes
	}
	if len(alive) == 0 {
		return
	}
	begin := time.Now()
	err := c.sink.Commit(ctx, batches)
	switch {
	case err == nil:
		if c.opt.Committed != nil {
			c.opt.Committed(len(batches), bytes, time.Since(begin))
		}
		for _, p := range alive {
			c.settle(p, nil)
		}
	case len(alive) > 1 && !ofStore(err):
		// One bad batch must not take the others with it: each by itself.
		c.opt.Logger.WarnContext(ctx, "group commit failed; committing its batches one by one", "batches", len(alive), "error", err)
		for _, p := range alive {
			c.commitGroup(ctx, []*pending{p})
		}
	default:
		for _, p := range alive {
			c.settle(p, err)
		}
	}
}

// ofStore tells whether an error is about the store as a whole: none of the batches is to blame.
func ofStore(err error) bool {
	code := fault.CodeOf(err)
	return code == fault.Environment || code == fault.Unavailable
}

func (c *Committer) settle(p *pending, err error) {
	if err == nil {
		if p.lane.committed != nil {
			p.lane.committed(p.batch)
		}
	} else if p.done == nil || len(p.batch.Shards) > 0 || p.batch.Begin != nil || p.batch.Rows != nil && len(p.batch.Changes) > 0 {
		p.lane.failed = err
		p.lane.fail(err)
	}
	columns.Release(p.batch.Rows)
	p.batch.Rows = nil
	if p.done != nil {
		p.done <- err
	}
	c.room.Release(p.weight)
	p.lane.waiting.Done()
}
