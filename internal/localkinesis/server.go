// Package localkinesis is an in-process server that speaks the Amazon Kinesis Data Streams API (version 2013-12-02) to AWS
// SDKs of any language: for the demo, for development without an account, and for tests, which can make it misbehave.
// It keeps real sequence numbers, hash ranges, shard lineage and iterator expiry, and refuses what AWS refuses. It is
// not a store: records live in memory, bounded in bytes. It verifies no signatures, so it belongs on loopback.
//
// Protocol facts are from the Kinesis API reference (docs.aws.amazon.com/kinesis/latest/APIReference).
package localkinesis

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// Defaults of Options.
const (
	defaultIteratorTTL      = 5 * time.Minute
	defaultSubscriptionTTL  = 5 * time.Minute
	defaultResubscribeAfter = 5 * time.Second
	defaultConsumerDelay    = 100 * time.Millisecond
	defaultRetention        = 24 * time.Hour
	defaultMaxBytes         = 256 << 20
	defaultAccount          = "000000000000"
	defaultRegion           = "us-east-1"
)

// Options sets a Server up; the zero value is a friendly server with AWS's own figures and no limits on rates.
type Options struct {
	Now         func() time.Time // the server's clock; nil: time.Now
	KeepLimits  bool             // throttle as AWS does: see limits.go for the rates
	IteratorTTL time.Duration    // life of a shard iterator; 0: 5 minutes

	SubscriptionTTL  time.Duration // life of a SubscribeToShard, by the real clock; 0: 5 minutes
	ResubscribeAfter time.Duration // how soon another SubscribeToShard takes a shard and consumer over; 0: 5 seconds
	ConsumerDelay    time.Duration // how long a consumer stays CREATING, and DELETING; 0: 100 ms

	Retention time.Duration // how long new streams keep records; 0: 24 hours
	MaxBytes  int64         // bound on the memory of all records; 0: 256 MiB. Beyond it the oldest are trimmed: see TrimmedBytes
	Logger    *slog.Logger  // nil: silent
	AccountID string        // twelve digits, part of ARNs; "": 000000000000
	Region    string        // part of ARNs; "": us-east-1
	Faults    Faults        // consulted for each request; nil: none
}

// Server holds streams. Its methods are safe for concurrent use.
type Server struct {
	opt    Options
	ops    map[string]operation
	secret [32]byte            // signs iterators and page tokens, so that only this server's own are taken
	wire   *semaphore.Weighted // bounds the bytes of requests and answers under way

	mu         sync.Mutex // guards all below; nothing slow happens under it
	streams    map[string]*stream
	epoch      uint64 // of the newest shards: see sequence.go
	generation uint32 // of iterators: ExpireIterators begins a new one
	bytes      int64
	trimmed    int64
}

// New makes a server without streams.
func New(opt Options) *Server {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.IteratorTTL <= 0 {
		opt.IteratorTTL = defaultIteratorTTL
	}
	if opt.SubscriptionTTL <= 0 {
		opt.SubscriptionTTL = defaultSubscriptionTTL
	}
	if opt.ResubscribeAfter <= 0 {
		opt.ResubscribeAfter = defaultResubscribeAfter
	}
	if opt.ConsumerDelay <= 0 {
		opt.ConsumerDelay = defaultConsumerDelay
	}
	if opt.Retention <= 0 {
		opt.Retention = defaultRetention
	}
	if opt.MaxBytes <= 0 {
		opt.MaxBytes = defaultMaxBytes
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.AccountID == "" {
		opt.AccountID = defaultAccount
	}
	if opt.Region == "" {
		opt.Region = defaultRegion
	}
	s := &Server{opt: opt, ops: operations(), wire: semaphore.NewWeighted(maxWireBytes), streams: map[string]*stream{}}
	_, _ = rand.Read(s.secret[:]) // never fails: crypto/rand's promise since Go 1.24
	return s
}

// Handler answers the Kinesis API over HTTP.
func (s *Server) Handler() http.Handler { return s.handler(nil) }

// handler ends subscriptions when closing is closed.
func (s *Server) handler(closing <-chan struct{}) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serveHTTP(w, r, closing) })
}

// Serve answers on ln, over HTTP/1.1 and over HTTP/2 with prior knowledge, which the KCL's fan-out wants. When ctx ends it
// ends subscriptions, lets other running requests finish for up to a second and returns nil. It closes ln.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return s.serve(ctx, ln, nil, &protocols)
}

// ServeTLS is Serve over TLS: see SelfSignedCertificate. A server can serve several listeners at once.
func (s *Server) ServeTLS(ctx context.Context, ln net.Listener, cert tls.Certificate) error {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	return s.serve(ctx, tls.NewListener(ln, config), config, &protocols)
}

func (s *Server) serve(ctx context.Context, ln net.Listener, config *tls.Config, protocols *http.Protocols) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx)) // requests outlive ctx, by the grace
	defer stop()
	srv := &http.Server{
		Handler:           s.handler(ctx.Done()),
		TLSConfig:         config,
		Protocols:         protocols,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		BaseContext:       func(net.Listener) context.Context { return running },
		ErrorLog:          slog.NewLogLogger(s.opt.Logger.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve Kinesis on %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(running, time.Second)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		_ = srv.Close() // what is still running after the grace is cut off
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve Kinesis on %s: %w", ln.Addr(), err)
	}
	return nil
}

// Record is what a producer puts. ExplicitHashKey, a decimal of up to 128 bits, overrides the key's hash when not empty.
type Record struct {
	PartitionKey    string
	ExplicitHashKey string
	Data            []byte
}

// PutResult says where a record went, or, when ErrorCode is not empty, why it was not stored.
type PutResult struct {
	ShardID        string `json:"ShardId,omitempty"`
	SequenceNumber string `json:"SequenceNumber,omitempty"`
	ErrorCode      string `json:"ErrorCode,omitempty"`
	ErrorMessage   string `json:"ErrorMessage,omitempty"`
}

// CreateStream makes a stream that is active at once: provisioned with that many shards, or on demand with four when
// shards is 0. Like the other doors that do without HTTP it returns an *Error of the type that the API would answer.
func (s *Server) CreateStream(name string, shards int) error {
	req := &createStreamRequest{StreamName: name}
	if shards == 0 {
		req.StreamModeDetails = &streamModeDetails{StreamMode: modeOnDemand}
	} else {
		n := int64(shards)
		req.ShardCount = &n
	}
	_, err := s.createStream(req)
	return err
}

// DeleteStream forgets a stream, its records and its consumers at once.
func (s *Server) DeleteStream(name string) error {
	_, err := s.deleteStream(&deleteStreamRequest{streamRef: streamRef{StreamName: name}, EnforceConsumerDeletion: true})
	return err
}

// SplitShard closes an open shard and opens one on each side of a hash key, a decimal.
func (s *Server) SplitShard(stream, shardID, newStartingHashKey string) error {
	_, err := s.splitShard(&splitShardRequest{streamRef{StreamName: stream}, shardID, newStartingHashKey})
	return err
}

// MergeShards closes an open shard and the one that follows it on the ring, and opens one over both.
func (s *Server) MergeShards(stream, shardID, adjacentShardID string) error {
	_, err := s.mergeShards(&mergeShardsRequest{streamRef{StreamName: stream}, shardID, adjacentShardID})
	return err
}

// UpdateShardCount cuts a stream's ring into that many shards of equal size: at most double, at least half of what it has.
func (s *Server) UpdateShardCount(stream string, shards int) error {
	n := int64(shards)
	_, err := s.updateShardCount(&updateShardCountRequest{streamRef{StreamName: stream}, &n, "UNIFORM_SCALING"})
	return err
}

// PutRecords stores up to 500 records of up to 10 MiB together, in order; it keeps their Data, which must not be changed
// afterwards. A result may hold an error of its own only when limits are kept.
func (s *Server) PutRecords(name string, records []Record) ([]PutResult, error) {
	req := &putRecordsRequest{streamRef: streamRef{StreamName: name}, Records: make([]putEntry, len(records))}
	for i, r := range records {
		e := putEntry{PartitionKey: &r.PartitionKey, Data: &r.Data}
		if r.Data == nil {
			e.Data = &[]byte{}
		}
		if r.ExplicitHashKey != "" {
			e.ExplicitHashKey = &r.ExplicitHashKey
		}
		req.Records[i] = e
	}
	out, err := s.putRecords(req)
	if err != nil {
		return nil, err
	}
	return out.Records, nil
}

// TrimmedBytes is how much was trimmed before its retention ended to stay within MaxBytes.
func (s *Server) TrimmedBytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trimmed
}

func (s *Server) nowMillis() int64 { return s.opt.Now().UnixMilli() }
