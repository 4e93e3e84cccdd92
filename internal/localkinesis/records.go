package localkinesis

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"
)

// place is where a valid entry is to go.
type place struct {
	hash hashKey
	size int // of data and key, in bytes
}

// check judges an entry by the API's model and finds its place on the ring. Slow, and so done outside the lock.
func (e *putEntry) check(prefix string) (place, error) {
	switch {
	case e.Data == nil:
		return place{}, missing(prefix + "data")
	case e.PartitionKey == nil:
		return place{}, missing(prefix + "partitionKey")
	case *e.PartitionKey == "":
		return place{}, constraint(prefix+"partitionKey", "", "Member must have length greater than or equal to 1")
	case len(*e.PartitionKey) > 256 && utf8.RuneCountInString(*e.PartitionKey) > 256:
		return place{}, constraint(prefix+"partitionKey", *e.PartitionKey, "Member must have length less than or equal to 256")
	case len(*e.Data) > maxRecordKiB<<10:
		return place{}, constraint(prefix+"data", "…", "Member must have length less than or equal to %d", maxRecordKiB<<10)
	}
	at := place{size: len(*e.Data) + len(*e.PartitionKey)}
	if e.ExplicitHashKey == nil {
		at.hash = hashOf(*e.PartitionKey)
		return at, nil
	}
	var ok bool
	if at.hash, ok = parseHashKey(*e.ExplicitHashKey); !ok {
		return place{}, apiError(errInvalidArgument, "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was %s", *e.ExplicitHashKey)
	}
	return at, nil
}

func (s *Server) tooBig(st *stream, size int) error {
	if int64(size) <= st.maxRecordKiB<<10 {
		return nil
	}
	return apiError(errInvalidArgument, "A record of %d bytes exceeds the maximum of %d KiB of stream %s: raise it with UpdateMaxRecordSize (MaxRecordSizeInKiB, up to %d).",
		size, st.maxRecordKiB, st.name, maxRecordKiB)
}

// store puts a checked record into its shard, or refuses it for its rate. It is called with the lock held.
func (s *Server) store(st *stream, e *putEntry, at place, now int64) (*shard, uint64, error) {
	sh := st.owner(at.hash)
	if s.opt.KeepLimits && !sh.admitWrite(now, at.size) {
		return nil, 0, s.rateExceeded(st, sh)
	}
	r := record{data: *e.Data, key: *e.PartitionKey, arrived: now}
	index := sh.append(r)
	s.bytes += r.cost()
	return sh, index, nil
}

func (s *Server) rateExceeded(st *stream, sh *shard) *Error {
	return apiError(errThroughputExceeded, "Rate exceeded for shard %s in stream %s under account %s.", sh.id(), st.name, s.opt.AccountID)
}

func dryRun() *Error {
	return apiError(errDryRun, "The request would have succeeded, but DryRun was set.")
}

func (s *Server) putRecord(req *putRecordRequest) (*putRecordAnswer, error) {
	at, err := req.check("")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.lookup(req.streamRef)
	if err != nil {
		return nil, err
	}
	if err := s.tooBig(st, at.size); err != nil {
		return nil, err
	}
	// Numbers grow in any case; of the ordering number only nonsense is refused.
	if n := req.SequenceNumberForOrdering; n != "" {
		if _, ok := parseSequence(n); !ok {
			return nil, apiError(errInvalidArgument, "SequenceNumberForOrdering %s is no sequence number of this stream.", n)
		}
	}
	if req.DryRun {
		return nil, dryRun()
	}
	sh, index, err := s.store(st, &req.putEntry, at, s.nowMillis())
	if err != nil {
		return nil, err
	}
	s.shrink()
	return &putRecordAnswer{ShardID: sh.id(), SequenceNumber: sh.sequence(index).String(), EncryptionType: "NONE"}, nil
}

func (s *Server) putRecords(req *putRecordsRequest) (*putRecordsAnswer, error) {
	switch n := len(req.Records); {
	case req.Records == nil:
		return nil, missing("records")
	case n == 0:
		return nil, constraint("records", "[]", "Member must have length greater than or equal to 1")
	case n > maxPutRecords:
		return nil, constraint("records", "…", "Member must have length less than or equal to %d", maxPutRecords)
	}
	places := make([]place, len(req.Records))
	total, largest := 0, 0
	for i := range req.Records {
		at, err := req.Records[i].check("records." + strconv.Itoa(i+1) + ".member.")
		if err != nil {
			return nil, err
		}
		places[i] = at
		total += at.size
		largest = max(largest, at.size)
	}
	if total > maxPutBytes {
		return nil, apiError(errInvalidArgument, "Records size exceeds 10 MiB limit")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.lookup(req.streamRef)
	if err != nil {
		return nil, err
	}
	if err := s.tooBig(st, largest); err != nil {
		return nil, err
	}
	if req.DryRun {
		return nil, dryRun()
	}
	out := &putRecordsAnswer{Records: make([]PutResult, len(req.Records)), EncryptionType: "NONE"}
	now := s.nowMillis()
	for i := range req.Records {
		sh, index, err := s.store(st, &req.Records[i], places[i], now)
		if err != nil {
			out.FailedRecordCount++
			out.Records[i] = PutResult{ErrorCode: errThroughputExceeded, ErrorMessage: s.rateExceeded(st, st.owner(places[i].hash)).Message}
			continue
		}
		out.Records[i] = PutResult{ShardID: sh.id(), SequenceNumber: sh.sequence(index).String()}
	}
	s.shrink()
	return out, nil
}

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
	return &getShardIteratorAnswer{s.sealToken(&iterator{Stream: st.epoch, Shard: sh.index, Index: index, Made: now, Generation: s.generation})}, nil
}

// startOf is the index of the first record that an iterator of the request's type gives. A place that has been trimmed
// is taken as it is: reading it goes on from the oldest record, as AWS does.
func (s *Server) startOf(st *stream, sh *shard, req *getShardIteratorRequest, now int64) (uint64, error) {
	kind := req.ShardIteratorType
	bySequence := kind == "AT_SEQUENCE_NUMBER" || kind == "AFTER_SEQUENCE_NUMBER"
	switch {
	case bySequence && req.StartingSequenceNumber == "":
		return 0, apiError(errInvalidArgument, "Must specify a StartingSequenceNumber for the ShardIteratorType %s.", kind)
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

// getRecordsAnswer is the answer before its encoding: records are immutable, so it holds them as stored.
type getRecordsAnswer struct {
	first    sequence // of records[0]
	records  []record
	next     string // "": the shard has ended
	behind   int64  // ms
	children []childShardShape
}

func (s *Server) getRecords(req *getRecordsRequest) (*getRecordsAnswer, error) {
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
	out := sh.read(it.Index, int(orDefault(req.Limit, maxGetRecords)), now)
	if end := out.first.index + uint64(len(out.records)); sh.closed == 0 || end < sh.next() {
		out.next = s.sealToken(&iterator{Stream: st.epoch, Shard: sh.index, Index: end, Made: now, Generation: s.generation})
		return out, nil
	}
	for _, child := range st.children(sh.index) {
		parents := make([]string, len(child.parents))
		for i, p := range child.parents {
			parents[i] = shardIDOf(p)
		}
		out.children = append(out.children, childShardShape{ShardID: child.id(), ParentShards: parents, HashKeyRange: child.hashes.shape()})
	}
	return out, nil
}

// read takes records from index on, up to a number and to 10 MiB (and at least one). MillisBehindLatest is the age of the
// oldest record left unread, which is how far behind the reader stays; 0 only when none is left.
func (sh *shard) read(index uint64, limit int, now int64) *getRecordsAnswer {
	from := min(max(index, sh.oldest()), sh.next())
	end, size := from, 0
	for end < sh.next() && end-from < uint64(limit) {
		r := sh.at(end)
		if size += len(r.data) + len(r.key); size > maxGetBytes && end > from {
			break
		}
		end++
	}
	sh.readBytes.debt += float64(min(size, maxGetBytes))
	out := &getRecordsAnswer{
		first:   sh.sequence(from),
		records: append([]record(nil), sh.records[from-sh.first:end-sh.first]...),
	}
	if end < sh.next() {
		out.behind = max(1, now-sh.at(end).arrived)
	}
	return out
}

// appendJSON writes the answer by hand: it is the hot path of reading, and only keys and shard ids need escaping.
func (a *getRecordsAnswer) appendJSON(dst []byte) []byte {
	size := 1024
	for i := range a.records {
		size += base64.StdEncoding.EncodedLen(len(a.records[i].data)) + len(a.records[i].key) + 192
	}
	if cap(dst)-len(dst) < size {
		dst = append(make([]byte, 0, len(dst)+size), dst...)
	}
	dst = append(dst, `{"Records":[`...)
	number := a.first
	for i := range a.records {
		r := &a.records[i]
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
	dst = strconv.AppendInt(dst, a.behind, 10)
	if a.next != "" {
		dst = append(dst, `,"NextShardIterator":"`...)
		dst = append(dst, a.next...)
		dst = append(dst, '"')
	}
	if len(a.children) > 0 {
		children, _ := json.Marshal(a.children) // strings always marshal
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
