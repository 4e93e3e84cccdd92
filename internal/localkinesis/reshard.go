package localkinesis

func (s *Server) reshardable(ref streamRef) (*stream, error) {
	st, err := s.lookup(ref)
	if err != nil {
		return nil, err
	}
	if st.mode == modeOnDemand {
		return nil, apiError(errValidation, "Stream %s under account %s has the capacity mode ON_DEMAND, in which shards cannot be split, merged or counted by hand.",
			st.name, s.opt.AccountID)
	}
	return st, nil
}

// openShard finds a shard that can be resharded.
func (s *Server) openShard(st *stream, id string) (*shard, error) {
	sh, err := s.lookupShard(st, id)
	if err != nil {
		return nil, err
	}
	if sh.closed != 0 {
		return nil, apiError(errResourceInUse, "Shard %s in stream %s under account %s is closed: it was split or merged before.",
			id, st.name, s.opt.AccountID)
	}
	return sh, nil
}

func (s *Server) splitShard(req *splitShardRequest) (empty, error) {
	at, err := parseHashKey("newStartingHashKey", req.NewStartingHashKey)
	if err != nil {
		return empty{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.reshardable(req.streamRef)
	if err != nil {
		return empty{}, err
	}
	sh, err := s.openShard(st, req.ShardToSplit)
	if err != nil {
		return empty{}, err
	}
	if !sh.hashes.start.less(at) || !at.less(sh.hashes.end) {
		return empty{}, apiError(errInvalidArgument, "NewStartingHashKey %s used in SplitShard() on shard %s in stream %s under account %s is not both greater than "+
			"one plus the shard's StartingHashKey %s and less than the shard's EndingHashKey %s.",
			req.NewStartingHashKey, sh.id(), st.name, s.opt.AccountID, sh.hashes.start, sh.hashes.end)
	}
	if err := s.roomForShards(1); err != nil {
		return empty{}, err
	}
	s.split(st, sh, at)
	return empty{}, nil
}

func (s *Server) mergeShards(req *mergeShardsRequest) (empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.reshardable(req.streamRef)
	if err != nil {
		return empty{}, err
	}
	a, err := s.openShard(st, req.ShardToMerge)
	if err != nil {
		return empty{}, err
	}
	b, err := s.openShard(st, req.AdjacentShardToMerge)
	if err != nil {
		return empty{}, err
	}
	if !a.hashes.before(b.hashes) { // AWS refuses the pair the other way round, too
		return empty{}, apiError(errInvalidArgument, "Shards %s and %s in stream %s under account %s are not an adjacent pair of shards eligible for merging",
			a.id(), b.id(), st.name, s.opt.AccountID)
	}
	s.merge(st, a, b)
	return empty{}, nil
}

// split closes a shard and opens one on each side of the key at.
func (s *Server) split(st *stream, sh *shard, at hashKey) {
	s.epoch = nextEpoch(s.epoch, s.nowMillis())
	ms := sh.close(s.nowMillis())
	st.addShard(s.epoch, hashRange{sh.hashes.start, at.prev()}, ms, sh)
	st.addShard(s.epoch, hashRange{at, sh.hashes.end}, ms, sh)
}

// merge closes a shard and the one that follows it on the ring, and opens one over both.
func (s *Server) merge(st *stream, a, b *shard) *shard {
	s.epoch = nextEpoch(s.epoch, s.nowMillis())
	now := max(s.nowMillis(), a.lastTime, b.lastTime) // both end at the same time, so that the ring is covered once
	ms := max(a.close(now), b.close(now))
	return st.addShard(s.epoch, hashRange{a.hashes.start, b.hashes.end}, ms, a, b)
}

// updateShardCount cuts the ring evenly by splits at the borders that are missing, then merges what lies between two
// borders: the short-lived shards that this makes are as AWS documents them.
func (s *Server) updateShardCount(req *updateShardCountRequest) (*updateShardCountAnswer, error) {
	switch {
	case req.TargetShardCount == nil:
		return nil, missing("targetShardCount")
	case *req.TargetShardCount < 1:
		return nil, constraint("targetShardCount", *req.TargetShardCount, "Member must have value greater than or equal to 1")
	case req.ScalingType != "UNIFORM_SCALING":
		return nil, constraint("scalingType", req.ScalingType, "Member must satisfy enum value set: [UNIFORM_SCALING]")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.reshardable(req.streamRef)
	if err != nil {
		return nil, err
	}
	current := len(st.open())
	beyond := ""
	switch {
	case *req.TargetShardCount > 2*int64(current):
		beyond = "up over double"
	case *req.TargetShardCount < int64(current+1)/2:
		beyond = "down below half"
	}
	if beyond != "" {
		return nil, apiError(errLimitExceeded, "UpdateShardCount cannot scale %s your current open shard count. "+
			"Current open shard count: %d, Target shard count: %d", beyond, current, *req.TargetShardCount)
	}
	target := int(*req.TargetShardCount)
	if err := s.roomForShards(max(0, target-current)); err != nil {
		return nil, err
	}
	ranges := evenRanges(target)
	for _, r := range ranges {
		if sh := st.owner(r.start); sh.hashes.start != r.start {
			s.split(st, sh, r.start)
		}
	}
	for _, r := range ranges {
		for sh := st.owner(r.start); sh.hashes.end.less(r.end); {
			sh = s.merge(st, sh, st.owner(sh.hashes.end.next()))
		}
	}
	return &updateShardCountAnswer{
		StreamName: st.name, StreamARN: s.arn(st.name), CurrentShardCount: current, TargetShardCount: target,
	}, nil
}
