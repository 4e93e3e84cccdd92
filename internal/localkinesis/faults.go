package localkinesis

import (
	"net/http"
	"strings"
	"time"
)

// Faults is asked about each well-formed request before it is carried out; nil means: answer it as it should be. It is
// called from many goroutines.
type Faults func(Request) *Fault

// Request is what a fault may be chosen by. Stream and ShardID are empty where the request does not name one; a put's
// shard is not known before it is carried out.
type Request struct {
	Operation string // as in the API reference: "GetRecords"
	Stream    string
	ShardID   string
}

// Fault is what happens to one request. Its parts combine, in this order. Of a SubscribeToShard the last three, of which one
// is taken, strike in place of an event: the first that follows After events with records.
type Fault struct {
	Delay     time.Duration // wait first
	Drop      bool          // close the connection without an answer; the request has no effect
	Error     *Error        // answer this instead; the request has no effect
	Status    int           // HTTP status of Error; 0: 400
	Duplicate bool          // carry the request out twice, as after a retry whose first answer was lost
	Cut       bool          // carry it out, but close the connection in the middle of the answer, or of the event

	After       int    // SubscribeToShard only, as are those below: how many events with records are left in peace
	Silence     bool   // send nothing more, and leave the connection open
	StreamError *Error // end by this error, sent as an exception of the event stream
}

func (f *Fault) strikes(sent int) bool {
	return sent >= f.After && (f.Cut || f.Silence || f.StreamError != nil)
}

// targeter is a request that names what it is about.
type targeter interface {
	target(*Server) (stream, shardID string)
}

func (r *streamRef) target(*Server) (stream, shardID string) {
	if r.StreamName != "" {
		return r.StreamName, ""
	}
	return nameInARN(r.StreamARN), ""
}

func (r *createStreamRequest) target(*Server) (stream, shardID string) { return r.StreamName, "" }

func (r *getShardIteratorRequest) target(s *Server) (stream, shardID string) {
	stream, _ = r.streamRef.target(s)
	return stream, r.ShardID
}

func (r *consumerRef) target(*Server) (stream, shardID string) {
	if arn, _, found := strings.Cut(r.ConsumerARN, "/consumer/"); found {
		return nameInARN(arn), ""
	}
	return nameInARN(r.StreamARN), ""
}

func (r *registerStreamConsumerRequest) target(*Server) (stream, shardID string) {
	return nameInARN(r.StreamARN), ""
}

func (r *listStreamConsumersRequest) target(*Server) (stream, shardID string) {
	return nameInARN(r.StreamARN), ""
}

func (r *subscribeToShardRequest) target(s *Server) (stream, shardID string) {
	stream, _ = (&consumerRef{ConsumerARN: r.ConsumerARN}).target(s)
	return stream, r.ShardID
}

func (r *getRecordsRequest) target(s *Server) (stream, shardID string) {
	var it iterator
	if !s.openToken(r.ShardIterator, &it) {
		return "", ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.streamByEpoch(it.Stream); st != nil {
		return st.name, shardIDOf(it.Shard)
	}
	return "", ""
}

func (s *Server) serveFaulty(x exchange, name string, c call) {
	req := Request{Operation: name}
	req.Stream, req.ShardID = c.target(s)
	f := s.opt.Faults(req)
	if f == nil {
		s.answer(x, c, nil)
		return
	}
	pause(x.ctx(), f.Delay)
	switch {
	case f.Drop:
		panic(http.ErrAbortHandler)
	case f.Error != nil:
		e := *f.Error
		e.status = f.Status
		if e.status == 0 {
			e.status = http.StatusBadRequest
		}
		x.answerError(&e)
		return
	}
	if f.Duplicate {
		_, _ = c.run(s) // its answer is the one that was lost
	}
	s.answer(x, c, f)
}

// ExpireIterators makes every iterator handed out so far answer ExpiredIteratorException.
func (s *Server) ExpireIterators() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
}

// Trim forgets a shard's records before the one with that sequence number, as if their retention had ended.
func (s *Server) Trim(stream, shardID, untilSequence string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.lookup(streamRef{StreamName: stream})
	if err != nil {
		return err
	}
	sh, err := s.lookupShard(st, shardID)
	if err != nil {
		return err
	}
	index, err := s.indexOf(st, sh, untilSequence)
	if err != nil {
		return err
	}
	s.bytes -= sh.trim(index)
	return nil
}
