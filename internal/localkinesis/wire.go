package localkinesis

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	targetPrefix = "Kinesis_20131202."
	jsonType     = "application/x-amz-json-1.1"
)

// operation decodes a request, carries it out and gives the answer to encode. Decoding is apart so that faults can be
// asked about a request before it has any effect.
type operation func(body []byte) (call, error)

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
		"DescribeLimits":                op((*Server).describeLimits),
		"DescribeStream":                op((*Server).describeStream),
		"DescribeStreamSummary":         op((*Server).describeStreamSummary),
		"GetRecords":                    op((*Server).getRecords),
		"GetShardIterator":              op((*Server).getShardIterator),
		"IncreaseStreamRetentionPeriod": op((*Server).increaseRetention),
		"ListShards":                    op((*Server).listShards),
		"ListStreams":                   op((*Server).listStreams),
		"ListTagsForStream":             op((*Server).listTags),
		"MergeShards":                   op((*Server).mergeShards),
		"PutRecord":                     op((*Server).putRecord),
		"PutRecords":                    op((*Server).putRecords),
		"RemoveTagsFromStream":          op((*Server).removeTags),
		"SplitShard":                    op((*Server).splitShard),
		"UpdateMaxRecordSize":           op((*Server).updateMaxRecordSize),
		"UpdateShardCount":              op((*Server).updateShardCount),
		"UpdateStreamMode":              op((*Server).updateStreamMode),
	}
}

func op[Req, Answer any](run func(*Server, *Req) (Answer, error)) operation {
	return func(body []byte) (call, error) {
		req := new(Req)
		if err := decodeJSON(body, req); err != nil {
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

func decodeJSON(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		if own, ok := errors.AsType[*Error](err); ok {
			return own
		}
		return apiError(errSerialization, "%v", err)
	}
	return nil
}

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("x-amzn-RequestId", uuid.NewString())
	name, found := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	if !found || r.Method != http.MethodPost {
		answerError(w, apiError(errUnknownOperation, "this is a Kinesis endpoint: POST with the header X-Amz-Target: "+
			"%s<operation>, as AWS SDKs and `aws kinesis … --endpoint-url` do", targetPrefix))
		return
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != jsonType && media != "application/json" {
		answerError(w, apiError(errSerialization, "this server speaks %s, not %q: AWS SDKs for Java do so with CBOR disabled (aws.cborEnabled=false)", jsonType, media))
		return
	}
	decode, known := s.ops[name]
	if !known {
		answerError(w, apiError(errUnknownOperation, "localkinesis does not know the operation %s", name))
		return
	}
	c, err := s.receive(w, r, decode)
	if err != nil {
		answerError(w, err)
		return
	}
	if s.opt.Faults != nil {
		s.serveFaulty(r.Context(), w, name, c)
		return
	}
	s.answer(r.Context(), w, c)
}

// receive reads and decodes a request. Its bytes count as under way until then.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, decode operation) (call, error) {
	weight := r.ContentLength
	if weight < 0 || weight > maxRequestBytes {
		weight = maxRequestBytes
	}
	if err := s.wire.Acquire(r.Context(), weight); err != nil {
		return call{}, err // the client has gone
	}
	defer s.wire.Release(weight)
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(wirePatience)) // unsupported only by recorders in tests
	body := bytes.NewBuffer(make([]byte, 0, min(weight, 1<<20)+bytes.MinRead))
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	_ = rc.SetReadDeadline(time.Time{})
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		e := apiError(errRequestTooLarge, "a request may have at most %d bytes", tooLarge.Limit)
		e.status = http.StatusRequestEntityTooLarge
		return call{}, e
	}
	if err != nil {
		return call{}, apiError(errSerialization, "the body ended early: %v", err)
	}
	return decode(body.Bytes())
}

func (s *Server) answer(ctx context.Context, w http.ResponseWriter, c call) {
	out, err := c.run(s)
	weight := int64(0)
	if sized, ok := out.(*getRecordsAnswer); ok && err == nil {
		weight = int64(sized.jsonSize())
		if s.wire.Acquire(ctx, weight) != nil {
			return // the client has gone
		}
	}
	defer s.wire.Release(weight)
	status, body := encode(out, err)
	write(w, status, body)
}

func answerError(w http.ResponseWriter, err error) {
	status, body := encode(nil, err)
	write(w, status, body)
}

func write(w http.ResponseWriter, status int, body []byte) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(wirePatience)) // unsupported only by recorders in tests
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away is no concern of ours
}

// encode gives an answer its form on the wire.
func encode(out any, err error) (status int, body []byte) {
	if err != nil {
		e := &Error{Type: "InternalFailure", Message: err.Error(), status: http.StatusInternalServerError}
		_ = errors.As(err, &e)
		body, _ = json.Marshal(struct { // two strings always marshal
			Type    string `json:"__type"`
			Message string `json:"message"`
		}{e.Type, e.Message})
		return e.status, body
	}
	switch v := out.(type) {
	case empty:
		return http.StatusOK, nil
	case *getRecordsAnswer:
		return http.StatusOK, v.appendJSON(make([]byte, 0, v.jsonSize()))
	}
	body, err = json.Marshal(out)
	if err != nil {
		return encode(nil, err)
	}
	return http.StatusOK, body
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
