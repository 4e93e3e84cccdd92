package localkinesis

import (
	"strconv"
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
	var err error
	at.hash, err = parseHashKey(prefix+"explicitHashKey", *e.ExplicitHashKey)
	return at, err
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
