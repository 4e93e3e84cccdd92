package kinesis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
)

// Options are the settings of a reader. Their zero values stand for the defaults.
type Options struct {
	Consumer    string        // by which to read, with enhanced fan-out; "": by polling only
	Poll        time.Duration // between reads of a shard; default 200 ms, what Kinesis allows
	Resubscribe time.Duration // between subscriptions to a shard; default 5 s: Kinesis refuses what comes sooner
	Silence     time.Duration // after which a subscription is given up; default 35 s: Kinesis says something every 5 s
	MaxBytes    int64         // that the reads of all shards may have in flight; default 64 MiB
	Discovery   time.Duration // between looks for new shards; default 5 s
}

func (o Options) withDefaults() Options {
	if o.Poll == 0 {
		o.Poll = readsInterval
	}
	if o.Resubscribe == 0 {
		o.Resubscribe = 5 * time.Second
	}
	if o.Silence == 0 {
		o.Silence = 35 * time.Second
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	if o.Discovery == 0 {
		o.Discovery = 5 * time.Second
	}
	return o
}

// pause is how long to wait after so many refusals of a subscription or a consumer. What an earlier run has left blocks a
// shard for as long as Resubscribe, so it is short in the beginning.
func (o Options) pause(refusals int) time.Duration {
	d := min(o.Resubscribe/5<<max(0, min(refusals-6, 10)), time.Minute)
	return d/2 + rand.N(d)
}

const (
	lookTimeout   = 10 * time.Second       // for one look for new shards
	doubtInterval = 200 * time.Millisecond // between looks that answer doubts
	holeLooks     = 3                      // a hole seen in so many looks is not a reshard in progress
)

// Reader reads one stream. It implements ingest.Source.
type Reader struct {
	account *Account
	name    string // or ARN
	opts    Options
	logger  *slog.Logger
}

var _ ingest.Source = (*Reader)(nil)

// Read implements ingest.Source.
func (r *Reader) Read(ctx context.Context, state event.StreamState, start event.Start, intake ingest.Intake) error {
	if err := r.read(ctx, state, start, intake); ctx.Err() == nil {
		return err
	}
	return nil
}

func (r *Reader) read(ctx context.Context, state event.StreamState, start event.Start, intake ingest.Intake) error {
	for name, seen := r.name, false; ; seen = true {
		s, listed, err := r.find(ctx, name, seen, state, intake)
		if err != nil {
			return err
		}
		name = s.arn
		f := newFollower(r, s, start, intake)
		if state.Started() && !sameStream(state.CreatedAt, s.createdAt) {
			f.noticeRecreated(state.CreatedAt)
			start = event.Start{Kind: event.FromHorizon}
			f.start = start
			state = event.StreamState{}
		}
		if alive := living(state.Shards, listed, time.Now().Add(-s.retention)); len(alive) < len(state.Shards) {
			state.Shards = alive
			if err := intake.Begin(ctx, state); err != nil {
				return &intakeError{err}
			}
		}
		if !state.Started() {
			state = firstState(s, start, listed, time.Now().UTC())
			if err := intake.Begin(ctx, state); err != nil {
				return &intakeError{err}
			}
			f.fresh = true
		}
		if err := f.run(ctx, state, listed); !errors.Is(err, errRecreated) {
			return err
		}
		// The next round finds the stream that has taken the place of this one.
	}
}

// find looks the stream up, with all its shards, and waits while it is being created. What cannot heal is returned, as long
// as this run has never seen the stream.
func (r *Reader) find(ctx context.Context, name string, seen bool, state event.StreamState, intake ingest.Intake) (stream, []shard, error) {
	for failures := 1; ; failures++ {
		s, err := r.account.describe(ctx, name)
		if err == nil && s.status != types.StreamStatusCreating {
			var listed []shard
			if listed, err = r.account.listShards(ctx, s.arn, ""); err == nil {
				return s, listed, nil
			}
			err = r.account.explain(err, r.name)
		}
		if ctx.Err() != nil {
			return stream{}, nil, ctx.Err()
		}
		if err != nil && !seen && isPermanent(err) {
			return stream{}, nil, err
		}
		if err != nil {
			if failures == 1 {
				r.logger.WarnContext(ctx, "the stream cannot be reached for now, trying on", "error", err)
			}
			observeAll(state, intake, err)
		}
		if err := sleep(ctx, backoff(failures)); err != nil {
			return stream{}, nil, err
		}
	}
}

// observeAll says of every shard that is remembered, or of the stream as a whole, that it cannot be read.
func observeAll(state event.StreamState, intake ingest.Intake, err error) {
	if len(state.Shards) == 0 {
		intake.Observe(ingest.ShardStatus{Condition: ingest.ShardFailing, Err: err})
	}
	for i := range state.Shards {
		if !state.Shards[i].Finished {
			intake.Observe(ingest.ShardStatus{ShardID: state.Shards[i].ShardID, Condition: ingest.ShardFailing, Err: err})
		}
	}
}

// firstState is where the reading of a stream begins. Only the tip of the open shards is of interest to a start at the
// latest; any other start reads closed shards too, as long as they have not expired.
func firstState(s stream, start event.Start, listed []shard, now time.Time) event.StreamState {
	state := event.StreamState{ARN: s.arn, CreatedAt: s.createdAt}
	if start.Kind == event.FromLatest {
		start.At = now.Truncate(time.Millisecond)
	}
	for _, sh := range listed {
		state.Shards = append(state.Shards, event.ShardState{
			ShardID: sh.id, Start: start, Finished: start.Kind == event.FromLatest && sh.closed,
		})
	}
	return state
}

// living leaves out the shards that were read to their end and that the stream has forgotten: a shard whose parent is not
// listed waits for nobody. Otherwise a stream that is resharded every day would be remembered for ever.
func living(remembered []event.ShardState, listed []shard, horizon time.Time) []event.ShardState {
	return slices.DeleteFunc(slices.Clone(remembered), func(s event.ShardState) bool {
		return s.Finished && s.ArrivedAt.Before(horizon) && !slices.ContainsFunc(listed, func(sh shard) bool { return sh.id == s.ShardID })
	})
}

// sameStream compares creation timestamps as exactly as Kinesis gives them.
func sameStream(a, b time.Time) bool {
	return a.Truncate(time.Millisecond).Equal(b.Truncate(time.Millisecond))
}

var (
	errRecreated = errors.New("the stream was made anew")
	errExpired   = errors.New("the shard is not listed any more")
)

// follower reads one stream for as long as it is the same: it finds its shards, starts a reader for each when its parents
// are finished, and waits for all of them in the end.
type follower struct {
	account  *Account
	opts     Options
	logger   *slog.Logger
	intake   ingest.Intake
	stream   stream
	start    event.Start
	fresh    bool // this run is the stream's first
	budget   *budget
	consumer *consumer    // nil: the stream is only polled
	kept     atomic.Int64 // the retention period, in nanoseconds

	// Owned by follow.
	tree    *tree
	states  map[string]event.ShardState
	cancels map[string]context.CancelCauseFunc
	missing map[string]bool // shards that the stream said it does not have
	holes   int             // looks in a row that saw a hole
	failed  bool            // the last look did

	looked time.Time // when the last look began

	ended  chan string     // shards read to their end
	missed chan string     // shards that the stream has said it does not have
	doubts chan chan error // asks whether the stream is still the same
}

func newFollower(r *Reader, s stream, start event.Start, intake ingest.Intake) *follower {
	f := &follower{
		account: r.account, opts: r.opts, logger: r.logger, intake: intake, stream: s, start: start,
		budget: newBudget(r.opts.MaxBytes), tree: newTree(),
		states: map[string]event.ShardState{}, cancels: map[string]context.CancelCauseFunc{}, missing: map[string]bool{},
		ended: make(chan string), missed: make(chan string, 1), doubts: make(chan chan error),
	}
	f.kept.Store(int64(s.retention))
	if r.opts.Consumer != "" {
		f.consumer = newConsumer(r, s, f.confirm)
	}
	return f
}

func (f *follower) retention() time.Duration { return time.Duration(f.kept.Load()) }

// run reads the stream until ctx ends, the intake fails, or the stream turns out to be another one.
func (f *follower) run(ctx context.Context, state event.StreamState, listed []shard) error {
	f.tree.merge(listed)
	f.intake.Describe(f.tree.describe())
	for _, s := range state.Shards {
		f.states[s.ShardID] = s
		switch n := f.tree.shards[s.ShardID]; {
		case n != nil && s.Finished:
			n.phase = finished
		case n == nil && !s.Finished:
			if err := f.newShardReader(shard{id: s.ShardID}).expire(ctx); err != nil {
				return err
			}
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return f.follow(ctx, g) })
	if f.consumer != nil {
		g.Go(func() error {
			f.consumer.keep(ctx)
			return nil
		})
	}
	return g.Wait()
}

// follow starts readers and looks for new shards. It alone touches the tree.
func (f *follower) follow(ctx context.Context, g *errgroup.Group) error {
	tick := time.NewTicker(f.opts.Discovery)
	defer tick.Stop()
	for {
		f.startReady(ctx, g)
		look := false
		var doubts []chan error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case id := <-f.missed:
			f.missing[id] = true
		case id := <-f.ended:
			f.tree.set(id, finished)
			delete(f.cancels, id)
			delete(f.missing, id)
			look = !f.tree.hasChild(id)
		case doubt := <-f.doubts:
			doubts = f.gather(ctx, doubt)
			look = true
		case <-tick.C:
			look = true
		}
		if look {
			if err := f.look(ctx, doubts); errors.Is(err, errRecreated) {
				return err
			}
		}
	}
}

// confirm makes sure that the stream is still the same. An iterator may be of another stream of the same name, made
// anew since the last look, whose records must not be taken for this one's: only a look that began after the iterator
// was got tells.
func (f *follower) confirm(ctx context.Context) error {
	answer := make(chan error, 1)
	select {
	case f.doubts <- answer:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// gather collects the doubts that one look can answer. It lets them come together, as describing a stream is limited to 20
// calls a second in the whole account.
func (f *follower) gather(ctx context.Context, first chan error) []chan error {
	doubts := []chan error{first}
	if sleep(ctx, time.Until(f.looked.Add(doubtInterval))) != nil {
		return doubts
	}
	for {
		select {
		case more := <-f.doubts:
			doubts = append(doubts, more)
		default:
			return doubts
		}
	}
}

// startReady starts a reader for every shard that may be read now, and says of the others that they wait.
func (f *follower) startReady(ctx context.Context, g *errgroup.Group) {
	for _, sh := range f.tree.ready() {
		f.tree.set(sh.id, reading)
		reader := f.newShardReader(sh)
		shardCtx, cancel := context.WithCancelCause(ctx)
		f.cancels[sh.id] = cancel
		g.Go(func() error {
			defer cancel(nil)
			err := reader.run(shardCtx)
			if errors.Is(err, errExpired) {
				err = reader.expire(ctx)
			}
			if err != nil {
				return err
			}
			select {
			case f.ended <- sh.id:
			case <-ctx.Done():
			}
			return nil
		})
	}
	for _, id := range f.tree.in(waiting) {
		f.intake.Observe(ingest.ShardStatus{ShardID: id, Condition: ingest.ShardWaiting})
	}
}

// newShardReader makes a reader that goes on where the shard was left. A shard not remembered has come into being since
// the stream was first read: it is read from its horizon, or from where the source started if that is a time.
func (f *follower) newShardReader(sh shard) *shardReader {
	state, known := f.states[sh.id]
	if !known {
		state = event.ShardState{ShardID: sh.id, Start: event.Start{Kind: event.FromHorizon}}
		if f.start.Kind == event.FromTimestamp {
			state.Start = f.start
		}
	}
	return &shardReader{follower: f, shard: sh, state: state, fresh: f.fresh && known, logger: f.logger.With("shard", sh.id)}
}

// miss notes that the stream does not have a shard; it is repeated with every failure, so one may be left out.
func (f *follower) miss(id string) {
	select {
	case f.missed <- id:
	default:
	}
}

// look finds out whether the stream is still the same, which it answers the doubts with, and which shards are new. What
// fails is logged, once for as long as looks fail, and tried again at the next look.
func (f *follower) look(ctx context.Context, doubts []chan error) error {
	f.looked = time.Now()
	bounded, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	now, err := f.account.lookUp(bounded, f.stream.arn)
	if err == nil && !sameStream(now.createdAt, f.stream.createdAt) {
		err = errRecreated
	}
	for _, doubt := range doubts {
		doubt <- err
	}
	if err == nil {
		f.kept.Store(int64(now.retention))
		err = f.discover(bounded, now.status)
	}
	if err != nil && !f.failed && ctx.Err() == nil && !errors.Is(err, errRecreated) {
		f.logger.WarnContext(ctx, "cannot look for new shards for now, trying on", "error", f.account.explain(err, f.stream.name))
	}
	f.failed = err != nil
	return err
}

// discover lists the shards that are new, or all when there is something to be cleared up.
func (f *follower) discover(ctx context.Context, status types.StreamStatus) error {
	whole := len(f.missing) > 0 || f.holes > 0
	after := f.tree.newest()
	if whole {
		after = ""
	}
	listed, err := f.account.listShards(ctx, f.stream.arn, after)
	if err != nil {
		return err
	}
	added := f.tree.merge(listed)
	for _, sh := range added {
		f.logger.InfoContext(ctx, "new shard", "shard", sh.id, "parents", sh.parents)
	}
	if len(added) > 0 { // their parents were closed by that
		f.intake.Describe(f.tree.describe())
	}
	if whole {
		f.dropExpired(listed)
	}
	if status == types.StreamStatusActive {
		f.checkHole()
	}
	return nil
}

// dropExpired ends the readers of shards that the stream has denied and that are not listed any more.
func (f *follower) dropExpired(listed []shard) {
	for _, sh := range listed {
		delete(f.missing, sh.id)
	}
	for id := range f.missing {
		if cancel := f.cancels[id]; cancel != nil {
			cancel(errExpired)
		}
	}
}

// checkHole makes sure that the open shards cover all hash keys: otherwise records are written to a shard that is not read.
func (f *follower) checkHole() {
	first, last, found := f.tree.hole()
	if !found {
		f.holes = 0
		return
	}
	f.holes++
	if f.holes != holeLooks {
		return
	}
	f.logger.Warn("the open shards leave a hole in the hash key range", "first", first, "last", last)
	f.intake.Notice(ingest.Notice{Kind: ingest.NoticeHole, At: time.Now().UTC(), Message: fmt.Sprintf(
		"No open shard of %s covers the hash keys from %s to %s. Records with those keys are not seen until a listing shows their shard.",
		f.stream.name, first, last)})
}

func (f *follower) noticeRecreated(before time.Time) {
	f.logger.Info("the stream was made anew", "created_before", before, "created_now", f.stream.createdAt)
	f.intake.Notice(ingest.Notice{Kind: ingest.NoticeRecreated, At: time.Now().UTC(), Message: fmt.Sprintf(
		"%s is not the stream it was: the one read so far was created %s, this one %s. It is read from its beginning.",
		f.stream.name, stamp(before), stamp(f.stream.createdAt))})
}
