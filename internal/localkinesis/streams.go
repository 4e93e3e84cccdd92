package localkinesis

import (
	"maps"
	"slices"
	"strings"
)

const (
	modeProvisioned = "PROVISIONED"
	modeOnDemand    = "ON_DEMAND"
	statusActive    = "ACTIVE"

	streamNameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
)

func validStreamName(member, name string) error {
	switch {
	case name == "":
		return missing(member)
	case len(name) > 128:
		return constraint(member, name, "Member must have length less than or equal to 128")
	case strings.ContainsFunc(name, func(r rune) bool { return !strings.ContainsRune(streamNameChars, r) }):
		return constraint(member, name, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
	}
	return nil
}

func (s *Server) arn(name string) string {
	return "arn:aws:kinesis:" + s.opt.Region + ":" + s.opt.AccountID + ":stream/" + name
}

// nameInARN is the stream's name in an ARN, or "".
func nameInARN(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "kinesis" {
		return ""
	}
	name, _ := strings.CutPrefix(parts[5], "stream/")
	return name
}

// lookup finds the stream of a request and applies its retention. It is called with the lock held.
func (s *Server) lookup(ref streamRef) (*stream, error) {
	name := ref.StreamName
	if ref.StreamARN != "" {
		fromARN := nameInARN(ref.StreamARN)
		if validStreamName("streamARN", fromARN) != nil {
			return nil, constraint("streamARN", ref.StreamARN, "Member must satisfy regular expression pattern: arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+")
		}
		if name != "" && name != fromARN {
			return nil, apiError(errInvalidArgument, "StreamARN %s and StreamName %s name different streams.", ref.StreamARN, name)
		}
		if ref.StreamARN != s.arn(fromARN) {
			return nil, apiError(errResourceNotFound, "Stream %s not found: this server has the streams %s.", ref.StreamARN, s.arn("*"))
		}
		name = fromARN
	}
	if name == "" {
		return nil, apiError(errInvalidArgument, "Either StreamARN or StreamName must be provided.")
	}
	if err := validStreamName("streamName", name); err != nil {
		return nil, err
	}
	st := s.streams[name]
	if st == nil {
		return nil, apiError(errResourceNotFound, "Stream %s under account %s not found.", name, s.opt.AccountID)
	}
	s.bytes -= st.sweep(s.nowMillis())
	return st, nil
}

func (s *Server) streamByEpoch(epoch uint64) *stream {
	for _, st := range s.streams {
		if st.epoch == epoch {
			return st
		}
	}
	return nil
}

func (s *Server) openShards() (n int) {
	for _, st := range s.streams {
		n += len(st.open())
	}
	return n
}

// roomForShards refuses more open shards than the account may have.
func (s *Server) roomForShards(more int) error {
	if open := s.openShards(); open+more > maxShards {
		return apiError(errLimitExceeded, "This request would exceed the shard limit for the account %s in %s. "+
			"Current shard count for the account: %d. Limit: %d. Number of additional shards that would have resulted from this request: %d.",
			s.opt.AccountID, s.opt.Region, open, maxShards, more)
	}
	return nil
}

func (s *Server) createStream(req *createStreamRequest) (empty, error) {
	if err := validStreamName("streamName", req.StreamName); err != nil {
		return empty{}, err
	}
	mode := modeProvisioned
	if d := req.StreamModeDetails; d != nil {
		mode = d.StreamMode
	}
	shards := int64(onDemandShards)
	switch {
	case mode != modeProvisioned && mode != modeOnDemand:
		return empty{}, invalidMode(mode)
	case mode == modeOnDemand && req.ShardCount != nil:
		return empty{}, apiError(errValidation, "ShardCount must not be given for a stream whose StreamMode is ON_DEMAND.")
	case mode == modeProvisioned && req.ShardCount == nil:
		return empty{}, apiError(errValidation, "ShardCount must be given for a stream whose StreamMode is PROVISIONED.")
	case mode == modeProvisioned:
		shards = *req.ShardCount
	}
	if req.RecordDistributionStrategy == "AUTO" || req.WarmThroughputMiBps != nil {
		return empty{}, apiError(errValidation, "localkinesis has neither the record distribution strategy AUTO nor warm throughput.")
	}
	if shards < 1 {
		return empty{}, constraint("shardCount", shards, "Member must have value greater than or equal to 1")
	}
	if err := inRange("maxRecordSizeInKiB", req.MaxRecordSizeInKiB, minRecordKiB, maxRecordKiB); err != nil {
		return empty{}, err
	}
	if err := validTags(req.Tags, nil); err != nil {
		return empty{}, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[req.StreamName] != nil {
		return empty{}, apiError(errResourceInUse, "Stream %s under account %s already exists.", req.StreamName, s.opt.AccountID)
	}
	if len(s.streams) >= maxStreams {
		return empty{}, apiError(errLimitExceeded, "The account %s may have at most %d streams.", s.opt.AccountID, maxStreams)
	}
	if shards > maxShards {
		shards = maxShards + 1 // refused below, without an overflow
	}
	if err := s.roomForShards(int(shards)); err != nil {
		return empty{}, err
	}
	now := s.nowMillis()
	s.epoch = nextEpoch(s.epoch, now)
	st := &stream{
		name:         req.StreamName,
		epoch:        s.epoch,
		created:      now,
		mode:         mode,
		retention:    s.opt.Retention,
		maxRecordKiB: orDefault(req.MaxRecordSizeInKiB, minRecordKiB),
		tags:         maps.Clone(req.Tags),
		swept:        now,
	}
	for _, r := range evenRanges(int(shards)) {
		st.addShard(s.epoch, r, now)
	}
	s.streams[st.name] = st
	return empty{}, nil
}

func (s *Server) deleteStream(req *deleteStreamRequest) (empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.lookup(req.streamRef)
	if err != nil {
		return empty{}, err
	}
	consumers := st.registered(s.nowMillis())
	if len(consumers) > 0 && !req.EnforceConsumerDeletion {
		return empty{}, apiError(errResourceInUse, "Stream %s under account %s has registered consumers: deregister them, or set EnforceConsumerDeletion.",
			st.name, s.opt.AccountID)
	}
	for _, c := range consumers {
		c.end(s.consumerNotFound(st, c.name))
	}
	for _, sh := range st.shards {
		s.bytes -= sh.trim(sh.next())
	}
	delete(s.streams, st.name)
	return empty{}, nil
}

func (s *Server) shape(st *stream) streamShape {
	return streamShape{
		StreamName:              st.name,
		StreamARN:               s.arn(st.name),
		StreamStatus:            statusActive,
		StreamModeDetails:       streamModeDetails{st.mode},
		StreamCreationTimestamp: epochSeconds(st.created),
	}
}

func (s *Server) describe(st *stream) streamDescription {
	return streamDescription{
		streamShape:          s.shape(st),
		RetentionPeriodHours: int64(st.retention.Hours()),
		EnhancedMonitoring:   []enhancedMetrics{{ShardLevelMetrics: []string{}}},
		EncryptionType:       "NONE",
		MaxRecordSizeInKiB:   st.maxRecordKiB,
	}
}

func (s *Server) describeStreamSummary(req *describeStreamSummaryRequest) (*describeStreamSummaryAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.lookup(req.streamRef)
	if err != nil {
		return nil, err
	}
	out := &describeStreamSummaryAnswer{}
	out.StreamDescriptionSummary.streamDescription = s.describe(st)
	out.StreamDescriptionSummary.OpenShardCount = len(st.open())
	out.StreamDescriptionSummary.ConsumerCount = len(st.registered(s.nowMillis()))
	return out, nil
}

func (s *Server) describeStream(req *describeStreamRequest) (*describeStreamAnswer, error) {
	if err := inRange("limit", req.Limit, 1, 10_000); err != nil {
		return nil, err
	}
	after, err := afterShard("exclusiveStartShardId", req.ExclusiveStartShardID)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.lookup(req.streamRef)
	if err != nil {
		return nil, err
	}
	out := &describeStreamAnswer{}
	d := &out.StreamDescription
	d.streamDescription = s.describe(st)
	d.Shards, d.HasMoreShards = shapes(st, after, int(orDefault(req.Limit, 100)), func(*shard) bool { return true })
	return out, nil
}

func (s *Server) listStreams(req *listStreamsRequest) (*listStreamsAnswer, error) {
	if err := inRange("limit", req.Limit, 1, 10_000); err != nil {
		return nil, err
	}
	limit := int(orDefault(req.Limit, 100))
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &listStreamsAnswer{StreamNames: []string{}, StreamSummaries: []streamShape{}}
	after := max(req.ExclusiveStartStreamName, req.NextToken)
	for _, name := range slices.Sorted(maps.Keys(s.streams)) {
		if name <= after {
			continue
		}
		if len(out.StreamNames) == limit {
			out.HasMoreStreams = true
			out.NextToken = out.StreamNames[limit-1]
			break
		}
		out.StreamNames = append(out.StreamNames, name)
		out.StreamSummaries = append(out.StreamSummaries, s.shape(s.streams[name]))
	}
	return out, nil
}

func invalidMode(mode string) error {
	return constraint("streamModeDetails.streamMode", mode, "Member must satisfy enum value set: [PROVISIONED, ON_DEMAND]")
}
