package app

import (
	"context"
	"log/slog"
	"sync"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/source/kinesis"
)

// streams finds streams in Kinesis. It keeps one client for each connection.
type streams struct {
	logger   *slog.Logger
	mu       sync.Mutex
	accounts map[ingest.Connection]*kinesis.Account
}

func newStreams(logger *slog.Logger) *streams {
	return &streams{logger: logger, accounts: map[ingest.Connection]*kinesis.Account{}}
}

func (s *streams) account(ctx context.Context, c ingest.Connection) (*kinesis.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[c]; a != nil {
		return a, nil
	}
	a, err := kinesis.NewAccount(ctx, c, s.logger)
	if err == nil {
		s.accounts[c] = a
	}
	return a, err
}

// List implements ingest.Streams.
func (s *streams) List(ctx context.Context, c ingest.Connection) ([]ingest.ListedStream, error) {
	a, err := s.account(ctx, c)
	if err != nil {
		return nil, err
	}
	return a.List(ctx)
}

// Describe implements ingest.Streams.
func (s *streams) Describe(ctx context.Context, c ingest.Connection, stream string) (ingest.StreamDetail, error) {
	a, err := s.account(ctx, c)
	if err != nil {
		return ingest.StreamDetail{}, err
	}
	return a.Describe(ctx, stream)
}

// Rate measures what a stream takes in.
func (s *streams) Rate(ctx context.Context, c ingest.Connection, stream string) (ingest.StreamRate, error) {
	a, err := s.account(ctx, c)
	if err != nil {
		return ingest.StreamRate{}, err
	}
	return a.Rate(ctx, stream)
}

// Cloud tells what this machine knows of AWS.
func (*streams) Cloud(ctx context.Context) ingest.Cloud { return kinesis.Cloud(ctx) }

// Open implements ingest.Streams.
func (s *streams) Open(ctx context.Context, c ingest.Connection, stream, consumer string) (ingest.Source, error) {
	a, err := s.account(ctx, c)
	if err != nil {
		return nil, err
	}
	return a.Source(stream, kinesis.Options{Consumer: consumer}), nil
}

// TailOptions say what to tail.
type TailOptions struct {
	Connection ingest.Connection
	Stream     string
	From       event.Start
	Filter     ingest.Filter
	Each       func(ingest.SampleEvent) error // one at a time
	Logger     *slog.Logger
}

// Tail reads a stream straight from Kinesis, without a server, until ctx ends or Each fails.
func Tail(ctx context.Context, o TailOptions) error {
	all := newStreams(o.Logger)
	// A reader tries for ever what can heal; a person who mistyped wants to know at once.
	if _, err := all.Describe(ctx, o.Connection, o.Stream); err != nil {
		return err
	}
	source, err := all.Open(ctx, o.Connection, o.Stream, "")
	if err != nil {
		return err
	}
	return ingest.Tail(ctx, source, o.From, o.Filter, o.Each)
}
