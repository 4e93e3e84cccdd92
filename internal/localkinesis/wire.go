package localkinesis

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

const targetPrefix = "Kinesis_20131202."

// operation decodes a request, carries it out and gives the answer to encode. Decoding is apart so that faults can be
// asked about a request before it has any effect.
type operation func(c *codec, body []byte) (call, error)

// call is a decoded request. target says which stream and shard it is about, as far as it says so itself.
type call struct {
	run    func(*Server) (any, error)
	target func(*Server) (stream, shard string)
}

func operations() map[string]operation {
	return map[string]operation{
		"AddTagsToStream":               op((*Server).addTags),
		"CreateStream":                  op((*Server).createStream),
		"DecreaseStreamRetentionPeriod": op((*Server).decreaseRetention),
		"DeleteStream":                  op((*Server).deleteStream),
		"DeregisterStreamConsumer":      op((*Server).deregisterStreamConsumer),
		"DescribeLimits":                op((*Server).describeLimits),
		"DescribeStream":                op((*Server).describeStream),
		"DescribeStreamConsumer":        op((*Server).describeStreamConsumer),
		"DescribeStreamSummary":         op((*Server).describeStreamSummary),
		"GetRecords":                    op((*Server).getRecords),
		"GetShardIterator":              op((*Server).getShardIterator),
		"IncreaseStreamRetentionPeriod": op((*Server).increaseRetention),
		"ListShards":                    op((*Server).listShards),
		"ListStreamConsumers":           op((*Server).listStreamConsumers),
		"ListStreams":                   op((*Server).listStreams),
		"ListTagsForStream":             op((*Server).listTags),
		"MergeShards":                   op((*Server).mergeShards),
		"PutRecord":                     op((*Server).putRecord),
		"PutRecords":                    op((*Server).putRecords),
		"RegisterStreamConsumer":        op((*Server).registerStreamConsumer),
		"RemoveTagsFromStream":          op((*Server).removeTags),
		"SplitShard":                    op((*Server).splitShard),
		"SubscribeToShard":              op((*Server).subscribeToShard),
		"UpdateMaxRecordSize":           op((*Server).updateMaxRecordSize),
		"UpdateShardCount":              op((*Server).updateShardCount),
		"UpdateStreamMode":              op((*Server).updateStreamMode),
	}
}

func op[Req, Answer any](run func(*Server, *Req) (Answer, error)) operation {
	return func(c *codec, body []byte) (call, error) {
		req := new(Req)
		if err := c.decode(body, req); err != nil {
			return call{}, err
		}
		return call{
			run: func(s *Server) (any, error) { return run(s, req) },
			target: func(s *Server) (string, string) {
				if t, ok := any(req).(targeter); ok {
					return t.target(s)
				}
				return "", ""
			},
		}, nil
	}
}

// exchange is one request and the way back to its client.
type exchange struct {
	w       http.ResponseWriter
	r       *http.Request
	codec   *codec
	closing <-chan struct{} // closed when the server stops: for what would go on for minutes
}

// ctx ends when the client goes.
func (x exchange) ctx() context.Context { return x.r.Context() }

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request, closing <-chan struct{}) {
	w.Header().Set("x-amzn-RequestId", uuid.NewString())
	x := exchange{w, r, codecFor(jsonType), closing}
	name, found := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	if !found || r.Method != http.MethodPost {
		x.answerError(apiError(errUnknownOperation, "this is a Kinesis endpoint: POST with the header X-Amz-Target: "+
			"%s<operation>, as AWS SDKs and `aws kinesis … --endpoint-url` do", targetPrefix))
		return
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if c := codecFor(media); c != nil {
		x.codec = c
	} else {
		x.answerError(apiError(errSerialization, "this server speaks %s and %s, not %q", jsonType, cborType, media))
		return
	}
	decode, known := s.ops[name]
	if !known {
		x.answerError(apiError(errUnknownOperation, "localkinesis does not know the operation %s", name))
		return
	}
	c, err := s.receive(x, decode)
	if err != nil {
		x.answerError(err)
		return
	}
	if s.opt.Faults != nil {
		s.serveFaulty(x, name, c)
		return
	}
	s.answer(x, c, nil)
}

// receive reads and decodes a request. Its bytes count as under way until then.
func (s *Server) receive(x exchange, decode operation) (call, error) {
	weight := x.r.ContentLength
	if weight < 0 || weight > maxRequestBytes {
		weight = maxRequestBytes
	}
	if err := s.wire.Acquire(x.ctx(), weight); err != nil {
		return call{}, err // the client has gone
	}
	defer s.wire.Release(weight)
	rc := http.NewResponseController(x.w)
	_ = rc.SetReadDeadline(time.Now().Add(wirePatience)) // unsupported only by recorders in tests
	body := bytes.NewBuffer(make([]byte, 0, min(weight, 1<<20)+bytes.MinRead))
	_, err := body.ReadFrom(http.MaxBytesReader(x.w, x.r.Body, maxRequestBytes))
	_ = rc.SetReadDeadline(time.Time{})
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		e := apiError(errRequestTooLarge, "a request may have at most %d bytes", tooLarge.Limit)
		e.status = http.StatusRequestEntityTooLarge
		return call{}, e
	}
	if err != nil {
		return call{}, apiError(errSerialization, "the body ended early: %v", err)
	}
	return decode(x.codec, body.Bytes())
}

// answer carries a request out. Of the fault, which may be nil, only what happens to the answer is left to do.
func (s *Server) answer(x exchange, c call, f *Fault) {
	out, err := c.run(s)
	if sub, ok := out.(*subscription); ok && err == nil {
		s.push(x, sub, f)
		return
	}
	weight := int64(0)
	if read, ok := out.(*batch); ok && err == nil {
		weight = int64(read.wireSize())
		if s.wire.Acquire(x.ctx(), weight) != nil {
			return // the client has gone
		}
	}
	defer s.wire.Release(weight)
	status, body := x.codec.encode(out, err)
	if f != nil && f.Cut {
		x.write(status, body[:len(body)/2], len(body)+1)
		_ = http.NewResponseController(x.w).Flush()
		panic(http.ErrAbortHandler)
	}
	x.write(status, body, len(body))
}

func (x exchange) answerError(err error) {
	status, body := x.codec.encode(nil, err)
	x.write(status, body, len(body))
}

func (x exchange) write(status int, body []byte, length int) {
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Now().Add(wirePatience)) // unsupported only by recorders in tests
	x.w.Header().Set("Content-Type", x.codec.media)
	x.w.Header().Set("Content-Length", strconv.Itoa(length))
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body) // a client that went away is no concern of ours
}

// pause waits, unless the context ends first.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
