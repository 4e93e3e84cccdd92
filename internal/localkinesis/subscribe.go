package localkinesis

import (
	"context"
	"time"
)

// subscription is a consumer's reading of one shard, pushed to it until it ends.
type subscription struct {
	st     *stream
	sh     *shard
	lane   *lane
	next   uint64        // index of the record to push next
	over   chan struct{} // closed when the subscription ends before its time
	reason *Error        // why it ended, once over is closed
}

// end ends a subscription before its time. It is called with the lock held; nil has nothing to end.
func (sub *subscription) end(reason *Error) {
	if sub != nil && sub.reason == nil {
		sub.reason = reason
		close(sub.over)
	}
}

// subscribeToShard makes a subscription, which push serves. AWS refuses a second one to the same shard and consumer for
// five seconds; after that it takes over, and the first ends with the error that the second would have had.
func (s *Server) subscribeToShard(req *subscribeToShardRequest) (*subscription, error) {
	switch {
	case req.ConsumerARN == "":
		return nil, missing("consumerARN")
	case req.StartingPosition == nil:
		return nil, missing("startingPosition")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, c, err := s.lookupConsumer(consumerRef{ConsumerARN: req.ConsumerARN})
	if err != nil {
		return nil, err
	}
	now := s.nowMillis()
	if c.status(now) != statusActive {
		return nil, apiError(errResourceInUse, "Consumer %s with creation timestamp %d under stream: %s, account %s is not in ACTIVE status.",
			c.name, c.created/1000, st.name, s.opt.AccountID)
	}
	sh, err := s.lookupShard(st, req.ShardID)
	if err != nil {
		return nil, err
	}
	index, err := s.startOf(st, sh, &getShardIteratorRequest{
		ShardIteratorType:      req.StartingPosition.Type,
		StartingSequenceNumber: req.StartingPosition.SequenceNumber,
		Timestamp:              req.StartingPosition.Timestamp,
	}, now)
	if err != nil {
		return nil, err
	}
	l := c.lanes[sh.index]
	if l == nil {
		l = &lane{subscribed: now - s.opt.ResubscribeAfter.Milliseconds()}
		c.lanes[sh.index] = l
	}
	taken := apiError(errResourceInUse, "Another active subscription exists for this consumer: %s:%s:%s:%s", s.opt.AccountID, st.name, sh.id(), c.name)
	if now-l.subscribed < s.opt.ResubscribeAfter.Milliseconds() {
		return nil, taken
	}
	if req.DryRun {
		return nil, dryRun()
	}
	l.current.end(taken)
	l.subscribed = now
	l.current = &subscription{st: st, sh: sh, lane: l, next: index, over: make(chan struct{})}
	return l.current, nil
}

// due is the next event of a subscription, or nil while there is nothing to say: because it is over, because wait asks for
// a pause to keep the rate, or until more is closed, once the shard has grown or ended. One who must speak says at least
// how far it is.
func (s *Server) due(sub *subscription, speak bool) (event *batch, more <-chan struct{}, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sub.reason != nil {
		return nil, nil, 0
	}
	now := s.nowMillis()
	s.bytes -= sub.st.sweep(now)
	limit := maxGetRecords
	if s.opt.KeepLimits { // a second's worth may come at once
		debt := sub.lane.pushed.level(now, shardReadBytesPerSecond) / shardReadBytesPerSecond // ms
		if wait = time.Duration(debt)*time.Millisecond - time.Second; wait > 0 {
			limit = 0
		}
	}
	event, size := sub.sh.read(sub.next, limit, maxEventBytes, now)
	sub.lane.pushed.take(int64(size))
	sub.next = event.end()
	if sub.sh.ended(event) {
		event.children = sub.st.childShapes(sub.sh)
		return event, nil, 0
	}
	event.continuation = sub.sh.sequence(sub.next - 1).String()
	switch {
	case size > 0 || speak:
		return event, nil, 0
	case limit == 0:
		return nil, nil, wait
	case sub.sh.grown == nil:
		sub.sh.grown = make(chan struct{})
	}
	return nil, sub.sh.grown, 0
}

// push serves a subscription: an initial-response, then events as records arrive, and every few seconds one without
// records, as AWS has it. It ends after five minutes, at the shard's end, with an error when the subscription is over
// before, or without a word when the client goes or the server stops.
func (s *Server) push(x exchange, sub *subscription, f *Fault) {
	ctx, cancel := context.WithTimeout(x.ctx(), s.opt.SubscriptionTTL)
	defer cancel()
	defer s.leave(sub)
	out := frames{x, s.wire}
	if out.start() != nil {
		return
	}
	idle := time.NewTimer(idleEvent)
	defer idle.Stop()
	speak, sent := true, 0 // the first event comes at once
	for ctx.Err() == nil {
		event, more, wait := s.due(sub, speak)
		if speak = false; event == nil {
			var rested <-chan time.Time
			if wait > 0 {
				rested = time.After(wait)
			}
			select {
			case <-more:
			case <-rested:
			case <-ctx.Done():
			case <-x.closing:
				return
			case <-idle.C:
				speak = true
			case <-sub.over:
				_ = out.exception(sub.reason)
				return
			}
			continue
		}
		idle.Reset(idleEvent)
		if f != nil && f.strikes(sent) {
			out.strike(ctx, f, event)
			return
		}
		if out.event(event) != nil || event.continuation == "" {
			return
		}
		if len(event.records) > 0 {
			sent++
		}
	}
}

// leave forgets a subscription that is served no more.
func (s *Server) leave(sub *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sub.lane.current == sub {
		sub.lane.current = nil
	}
}
