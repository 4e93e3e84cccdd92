package localkinesis

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"
)

func (s *Server) getShardIterator(req *getShardIteratorRequest) (*getShardIteratorAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.lookup(req.streamRef)
	if err != nil {
		return nil, err
	}
	sh, err := s.lookupShard(st, req.ShardID)
	if err != nil {
		return nil, err
	}
	now := s.nowMillis()
	index, err := s.startOf(st, sh, req, now)
	if err != nil {
		return nil, err
	}
	if req.DryRun {
		return nil, dryRun()
	}
	return &getShardIteratorAnswer{s.sealToken(&iterator{Stream: st.epoch, Shard: sh.index, Index: index, Made: now, Generation: s.generation})}, nil
}

// startOf is the index of the first record that an iterator of the request's type gives. A place that has been trimmed
// is taken as it is: reading it goes on from the oldest record, as AWS does.
func (s *Server) startOf(st *stream, sh *shard, req *getShardIteratorRequest, now int64) (uint64, error) {
	kind := req.ShardIteratorType
	bySequence := kind == "AT_SEQUENCE_NUMBER" || kind == "AFTER_SEQUENCE_NUMBER"
	switch {
	case bySequence != (req.StartingSequenceNumber != ""):
		return 0, apiError(errInvalidArgument, "Must specify a StartingSequenceNumber for AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER and for no other ShardIteratorType. "+
			"Request specified %s.", kind)
	case kind == "AT_TIMESTAMP" && req.Timestamp == nil:
		return 0, apiError(errInvalidArgument, "Must specify a Timestamp for the ShardIteratorType AT_TIMESTAMP.")
	}
	switch kind {
	case "TRIM_HORIZON":
		return sh.oldest(), nil
	case "LATEST":
		return sh.next(), nil
	case "AT_TIMESTAMP":
		if int64(*req.Timestamp) > now {
			return 0, apiError(errInvalidArgument, "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "+
				"timestampInMillis: %d, currentTimestampInMillis: %d", int64(*req.Timestamp), now)
		}
		return sh.since(int64(*req.Timestamp)), nil
	case "AT_SEQUENCE_NUMBER":
		return s.indexOf(st, sh, req.StartingSequenceNumber)
	case "AFTER_SEQUENCE_NUMBER":
		index, err := s.indexOf(st, sh, req.StartingSequenceNumber)
		return index + 1, err
	}
	return 0, constraint("shardIteratorType", kind, "Member must satisfy enum value set: "+
		"[AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]")
}

// batch is an answer of GetRecords, or an event of SubscribeToShard, before its encoding: records are immutable, so it
// holds them as stored.
type batch struct {
	first        sequence // of records[0]
	records      []record
	next         string // of GetRecords: the iterator that goes on; "": the shard has ended
	continuation string // of SubscribeToShard: the number to go on after; "": the shard has ended
	behind       int64  // ms
	children     []childShardShape
}

func (s *Server) getRecords(req *getRecordsRequest) (*batch, error) {
	var it iterator
	if err := inRange("limit", req.Limit, 1, maxGetRecords); err != nil {
		return nil, err
	}
	if req.ShardIterator == "" {
		return nil, missing("shardIterator")
	}
	if !s.openToken(req.ShardIterator, &it) {
		return nil, apiError(errInvalidArgument, "Invalid ShardIterator.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.nowMillis()
	if now-it.Made > s.opt.IteratorTTL.Milliseconds() || it.Generation != s.generation {
		const layout = "Mon Jan 02 15:04:05 UTC 2006"
		return nil, apiError(errExpiredIterator, "Iterator expired. The iterator was created at time %s while right now it is %s "+
			"which is further in the future than the tolerated delay of %d milliseconds.",
			time.UnixMilli(it.Made).UTC().Format(layout), time.UnixMilli(now).UTC().Format(layout), s.opt.IteratorTTL.Milliseconds())
	}
	st := s.streamByEpoch(it.Stream)
	if st == nil {
		return nil, apiError(errResourceNotFound, "The stream of this ShardIterator no longer exists under account %s.", s.opt.AccountID)
	}
	if req.StreamARN != "" && req.StreamARN != s.arn(st.name) {
		return nil, apiError(errInvalidArgument, "The ShardIterator is of stream %s, not of %s.", st.name, req.StreamARN)
	}
	s.bytes -= st.sweep(now)
	sh := st.shard(it.Shard)
	if sh == nil {
		return nil, apiError(errResourceNotFound, "Shard %s in stream %s under account %s does not exist", shardIDOf(it.Shard), st.name, s.opt.AccountID)
	}
	if s.opt.KeepLimits && !sh.admitRead(now) {
		return nil, s.rateExceeded(st, sh)
	}
	if req.DryRun {
		return nil, dryRun()
	}
	out, size := sh.read(it.Index, int(orDefault(req.Limit, maxGetRecords)), maxGetBytes, now)
	sh.readBytes.take(int64(min(size, maxGetBytes)))
	if sh.ended(out) {
		out.children = st.childShapes(sh)
		return out, nil
	}
	out.next = s.sealToken(&iterator{Stream: st.epoch, Shard: sh.index, Index: out.end(), Made: now, Generation: s.generation})
	return out, nil
}

// end is the index that follows the last record.
func (b *batch) end() uint64 { return b.first.index + uint64(len(b.records)) }

// ended tells whether nothing will ever follow what was read.
func (sh *shard) ended(read *batch) bool { return sh.closed != 0 && read.end() == sh.next() }

func (st *stream) childShapes(sh *shard) (shapes []childShardShape) {
	for _, child := range st.children(sh.index) {
		parents := make([]string, len(child.parents))
		for i, p := range child.parents {
			parents[i] = shardIDOf(p)
		}
		shapes = append(shapes, childShardShape{ShardID: child.id(), ParentShards: parents, HashKeyRange: child.hashes.shape()})
	}
	return shapes
}

// read takes records from index on, up to a number and a size in bytes of data and keys (and at least one), and gives
// their size. MillisBehindLatest is the age of the oldest record left unread, which is how far behind the reader stays; 0
// only when none is left.
func (sh *shard) read(index uint64, limit, maxBytes int, now int64) (out *batch, size int) {
	from := min(max(index, sh.oldest()), sh.next())
	end := from
	for end < sh.next() && end-from < uint64(limit) {
		r := sh.at(end)
		more := len(r.data) + len(r.key)
		if size+more > maxBytes && end > from {
			break
		}
		size += more
		end++
	}
	out = &batch{
		first:   sh.sequence(from),
		records: append([]record(nil), sh.records[from-sh.first:end-sh.first]...),
	}
	if end < sh.next() {
		out.behind = max(1, now-sh.at(end).arrived)
	}
	return out, size
}

// wireSize is close to what the batch will take on the wire, in bytes, and seldom below it.
func (b *batch) wireSize() int {
	size := 1024
	for i := range b.records {
		size += base64.StdEncoding.EncodedLen(len(b.records[i].data)) + len(b.records[i].key) + 192
	}
	return size
}

// shape is the batch for encoders that go by types.
func (b *batch) shape() batchShape {
	shape := batchShape{
		Records:                    make([]recordShape, len(b.records)),
		MillisBehindLatest:         b.behind,
		NextShardIterator:          b.next,
		ContinuationSequenceNumber: b.continuation,
		ChildShards:                b.children,
	}
	number := b.first
	for i, r := range b.records {
		shape.Records[i] = recordShape{number.String(), epochSeconds(r.arrived), "NONE", r.key, r.data}
		number.index++
	}
	return shape
}

// appendJSON writes the batch by hand: it is the hot path of reading, and only keys need escaping.
func (b *batch) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"Records":[`...)
	number := b.first
	for i := range b.records {
		r := &b.records[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"SequenceNumber":"`...)
		dst = number.append(dst)
		number.index++
		dst = append(dst, `","ApproximateArrivalTimestamp":`...)
		dst = appendSeconds(dst, r.arrived)
		dst = append(dst, `,"EncryptionType":"NONE","PartitionKey":`...)
		dst = appendString(dst, r.key)
		dst = append(dst, `,"Data":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, r.data)
		dst = append(dst, `"}`...)
	}
	dst = append(dst, `],"MillisBehindLatest":`...)
	dst = strconv.AppendInt(dst, b.behind, 10)
	if b.next != "" {
		dst = append(dst, `,"NextShardIterator":"`...)
		dst = append(dst, b.next...)
		dst = append(dst, '"')
	}
	if b.continuation != "" {
		dst = append(dst, `,"ContinuationSequenceNumber":"`...)
		dst = append(dst, b.continuation...)
		dst = append(dst, '"')
	}
	if len(b.children) > 0 {
		children, _ := json.Marshal(b.children) // strings always marshal
		dst = append(dst, `,"ChildShards":`...)
		dst = append(dst, children...)
	}
	return append(dst, '}')
}

// appendString quotes a string; those that need no escape, nearly all keys, without an allocation.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // strings always marshal
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
