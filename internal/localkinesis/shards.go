package localkinesis

import (
	"strconv"
	"strings"
)

// filterKind is the type of a ShardFilter.
type filterKind uint8

const (
	fromTrimHorizon filterKind = iota // the default: every shard that has not expired
	atTrimHorizon
	atLatest
	atTimestamp
	fromTimestamp
	afterShardID
)

func parseFilter(name string) (filterKind, bool) {
	for kind, n := range []string{"FROM_TRIM_HORIZON", "AT_TRIM_HORIZON", "AT_LATEST", "AT_TIMESTAMP", "FROM_TIMESTAMP", "AFTER_SHARD_ID"} {
		if n == name {
			return filterKind(kind), true
		}
	}
	return 0, false
}

// parseShardID reads an id; false when it is malformed.
func parseShardID(id string) (uint32, bool) {
	digits, found := strings.CutPrefix(id, "shardId-")
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), found && err == nil && len(digits) == 12
}

// afterShard is the first index after an exclusive start, 0 without one.
func afterShard(member, id string) (uint32, error) {
	if id == "" {
		return 0, nil
	}
	index, ok := parseShardID(id)
	if !ok {
		return 0, apiError(errInvalidArgument, "%s is not the id of a shard: %s.", member, id)
	}
	return index + 1, nil
}

// lookupShard finds a shard by its id.
func (s *Server) lookupShard(st *stream, id string) (*shard, error) {
	if id == "" {
		return nil, missing("shardId")
	}
	if index, ok := parseShardID(id); ok {
		if sh := st.shard(index); sh != nil {
			return sh, nil
		}
	}
	return nil, apiError(errResourceNotFound, "Could not find shard %s in stream %s under account %s.", id, st.name, s.opt.AccountID)
}

// shapes lists the shards with an index of at least from that wanted lets through, up to limit, and whether more follow.
func shapes(st *stream, from uint32, limit int, wanted func(*shard) bool) (list []shardShape, more bool) {
	list = []shardShape{}
	for _, sh := range st.shards {
		switch {
		case sh.index < from || !wanted(sh):
		case len(list) == limit:
			return list, true
		default:
			list = append(list, sh.shape())
		}
	}
	return list, false
}

func (sh *shard) shape() shardShape {
	out := shardShape{
		ShardID:             sh.id(),
		HashKeyRange:        sh.hashes.shape(),
		SequenceNumberRange: sequenceRangeShape{StartingSequenceNumber: sh.sequence(0).String()},
	}
	if sh.closed != 0 {
		out.SequenceNumberRange.EndingSequenceNumber = sh.sequence(sh.ending).String()
	}
	if len(sh.parents) > 0 {
		out.ParentShardID = shardIDOf(sh.parents[0])
	}
	if len(sh.parents) > 1 {
		out.AdjacentParentShardID = shardIDOf(sh.parents[1])
	}
	return out
}

func (r hashRange) shape() hashKeyRangeShape {
	return hashKeyRangeShape{r.start.String(), r.end.String()}
}

func (s *Server) listShards(req *listShardsRequest) (*listShardsAnswer, error) {
	if err := inRange("maxResults", req.MaxResults, 1, 10_000); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, p, err := s.listing(req)
	if err != nil {
		return nil, err
	}
	limit := min(int(orDefault(req.MaxResults, maxListShards)), maxListShards)
	now := s.nowMillis()
	horizon := st.horizon(now)
	out := &listShardsAnswer{}
	var more bool
	out.Shards, more = shapes(st, p.After, limit, func(sh *shard) bool {
		switch p.Filter {
		case atLatest:
			return sh.closed == 0
		case atTrimHorizon:
			return sh.openAt(horizon)
		case atTimestamp:
			return sh.openAt(max(p.Time, horizon))
		case fromTimestamp:
			return sh.closed == 0 || sh.closed >= max(p.Time, horizon)
		default:
			return true
		}
	})
	if more {
		last, _ := parseShardID(out.Shards[limit-1].ShardID)
		p.After, p.Made = last+1, now
		out.NextToken = s.sealToken(&p)
	}
	return out, nil
}

func (sh *shard) openAt(ms int64) bool {
	return sh.created <= ms && (sh.closed == 0 || sh.closed >= ms)
}

// listing is the stream of a ListShards and where and how to list: from its own members, or from its NextToken.
func (s *Server) listing(req *listShardsRequest) (*stream, page, error) {
	if req.NextToken != "" {
		return s.listingOf(req)
	}
	st, err := s.lookup(req.streamRef)
	if err != nil {
		return nil, page{}, err
	}
	if t := req.StreamCreationTimestamp; t != nil && int64(*t)/1000 != st.created/1000 {
		return nil, page{}, apiError(errResourceNotFound, "Stream %s under account %s created at %d not found.", st.name, s.opt.AccountID, int64(*t)/1000)
	}
	p := page{Stream: st.epoch}
	if p.After, err = afterShard("ExclusiveStartShardId", req.ExclusiveStartShardID); err != nil {
		return nil, page{}, err
	}
	f := req.ShardFilter
	if f == nil {
		return st, p, nil
	}
	kind, ok := parseFilter(f.Type)
	byTime := kind == atTimestamp || kind == fromTimestamp
	switch {
	case !ok:
		return nil, page{}, constraint("shardFilter.type", f.Type, "Member must satisfy enum value set: "+
			"[AFTER_SHARD_ID, AT_TRIM_HORIZON, FROM_TRIM_HORIZON, AT_LATEST, AT_TIMESTAMP, FROM_TIMESTAMP]")
	case byTime != (f.Timestamp != nil):
		return nil, page{}, apiError(errInvalidArgument, "ShardFilter needs a Timestamp for AT_TIMESTAMP and FROM_TIMESTAMP, and for no other type.")
	case (kind == afterShardID) != (f.ShardID != ""):
		return nil, page{}, apiError(errInvalidArgument, "ShardFilter needs a ShardId for AFTER_SHARD_ID, and for no other type.")
	case kind == afterShardID && req.ExclusiveStartShardID != "":
		return nil, page{}, apiError(errInvalidArgument, "ExclusiveStartShardId and a ShardFilter of type AFTER_SHARD_ID cannot be given together.")
	}
	p.Filter = kind
	if byTime {
		p.Time = int64(*f.Timestamp)
	}
	if kind == afterShardID {
		p.After, err = afterShard("ShardFilter.ShardId", f.ShardID)
	}
	return st, p, err
}

// listingOf goes on with the listing that a NextToken stands for. The token stands alone: AWS refuses even the ARN of the
// right stream beside it.
func (s *Server) listingOf(req *listShardsRequest) (*stream, page, error) {
	beside := ""
	switch {
	case req.StreamName != "":
		beside = "StreamName"
	case req.StreamARN != "":
		beside = "StreamARN"
	case req.ExclusiveStartShardID != "":
		beside = "ExclusiveStartShardId"
	case req.StreamCreationTimestamp != nil:
		beside = "StreamCreationTimestamp"
	case req.ShardFilter != nil:
		beside = "ShardFilter"
	}
	if beside != "" {
		return nil, page{}, apiError(errInvalidArgument, "NextToken and %s cannot be provided together.", beside)
	}
	var p page
	switch {
	case !s.openToken(req.NextToken, &p):
		return nil, page{}, apiError(errInvalidArgument, "NextToken is not one that this server made.")
	case s.nowMillis()-p.Made > nextTokenTTL.Milliseconds():
		return nil, page{}, apiError(errExpiredNextToken, "NextToken has expired: it was made more than %d seconds ago.", int(nextTokenTTL.Seconds()))
	}
	st := s.streamByEpoch(p.Stream)
	if st == nil {
		return nil, page{}, apiError(errResourceNotFound, "The stream of this NextToken no longer exists under account %s.", s.opt.AccountID)
	}
	return st, p, nil
}

// indexOf reads a sequence number that a client says is of this shard.
func (s *Server) indexOf(st *stream, sh *shard, number string) (uint64, error) {
	q, ok := parseSequence(number)
	if ok && q.epoch == sh.epoch && q.shard == sh.index && q.index <= max(sh.next()-1, sh.ending) {
		return q.index, nil
	}
	if ok && q.shard != sh.index && st.shard(q.shard) != nil && st.shard(q.shard).epoch == q.epoch {
		return 0, apiError(errInvalidArgument, "Invalid StartingSequenceNumber. It encodes %s, while it was used in a call to a shard with %s",
			shardIDOf(q.shard), sh.id())
	}
	return 0, apiError(errInvalidArgument, "StartingSequenceNumber %s used in GetShardIterator on shard %s in stream %s under account %s is invalid because it did not come from this stream.",
		number, sh.id(), st.name, s.opt.AccountID)
}
