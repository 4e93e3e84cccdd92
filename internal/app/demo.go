package app

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/demo"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/localkinesis"
)

// The demo's stream and the table that it becomes.
const (
	DemoStream = "storefront"
	demoShards = 4
	opening    = 400         // events with which the storefront opens
	drainGrace = time.Second // for what was published to become rows when the demo stops

	throttlePause = 100 * time.Millisecond
)

// DemoOptions of a demo.
type DemoOptions struct {
	Options
	KinesisListen string
	Rate          float64 // events per second; 0: an empty Kinesis and no storefront
}

// Demo runs a local Kinesis, a storefront that publishes to it, and a server that reads it, until ctx ends. Records live in
// memory: when it stops, the storefront closes first, and what it has published becomes rows before the rest goes down.
func Demo(ctx context.Context, o DemoOptions) error {
	listener, err := listen(ctx, o.KinesisListen, "--kinesis-listen")
	if err != nil {
		return err
	}
	kinesis := localkinesis.New(localkinesis.Options{Logger: o.Logger})
	defer running(func(ctx context.Context) {
		if err := kinesis.Serve(ctx, listener); err != nil {
			o.Logger.WarnContext(ctx, "the local Kinesis ended", "error", err)
		}
	})()
	endpoint := "http://" + listener.Addr().String()

	shop := &storefront{kinesis: kinesis, open: make(chan struct{}), last: map[string]string{}}
	publishing, closeShop := context.WithCancelCause(ctx)
	wait := func() {}
	defer func() {
		closeShop(nil)
		wait()
	}()
	if o.Rate > 0 {
		if err := kinesis.CreateStream(DemoStream, demoShards); err != nil {
			return err
		}
		wait = running(func(context.Context) {
			closeShop(demo.Run(publishing, shop, demo.Options{Stream: DemoStream, Rate: o.Rate, Opening: opening}))
		})
	}

	// The server outlives ctx by as long as the last events need.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	return serve(serving, o.Options, func(serving context.Context, s *server) error {
		s.addresses.Kinesis = endpoint
		if o.Rate > 0 {
			if err := s.moveDemo(serving, endpoint); err != nil {
				return err
			}
		}
		if err := s.sources.Start(serving); err != nil {
			return err
		}
		if o.Rate > 0 {
			select { // so that the table is inferred from a sample, as it would be from a stream in use
			case <-shop.open:
			case <-publishing.Done():
			}
			connection := ingest.Connection{Region: "us-east-1", Endpoint: endpoint}
			if err := s.sources.Declare(serving, []ingest.Settings{{Stream: DemoStream, Table: DemoStream, Connection: connection}}); err != nil {
				return err
			}
		}
		s.announce()
		select {
		case <-serving.Done():
			return nil
		case <-publishing.Done():
		}
		if o.Rate > 0 {
			s.drain(serving, shop)
		}
		if ctx.Err() == nil {
			return fmt.Errorf("the storefront closed: %w", context.Cause(publishing))
		}
		return nil
	})
}

// moveDemo tells a source that an earlier demo has left where Kinesis is now.
func (s *server) moveDemo(ctx context.Context, endpoint string) error {
	known, err := s.catalog.Sources(ctx)
	if err != nil {
		return err
	}
	for _, source := range known {
		if source.Name == DemoStream && source.Connection.Endpoint != endpoint {
			source.Connection.Endpoint = endpoint
			return s.catalog.SaveSource(ctx, source)
		}
	}
	return nil
}

// drain waits until what the storefront has published is committed.
func (s *server) drain(ctx context.Context, shop *storefront) {
	ctx, cancel := context.WithTimeout(ctx, drainGrace)
	defer cancel()
	check := time.NewTicker(10 * time.Millisecond)
	defer check.Stop()
	for {
		source, err := s.sources.Get(DemoStream)
		if err != nil || source.State != ingest.SourceReading || shop.committed(source.Shards) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-check.C:
		}
	}
}

// storefront publishes to the local Kinesis and remembers the last record of each shard.
type storefront struct {
	kinesis *localkinesis.Server
	open    chan struct{} // closed once something is published
	opened  sync.Once
	mu      sync.Mutex
	last    map[string]string
}

// PutRecords implements demo.Publisher. What is throttled is put again until it is taken.
func (s *storefront) PutRecords(ctx context.Context, stream string, entries []demo.Entry) error {
	records := make([]localkinesis.Record, len(entries))
	for i, e := range entries {
		records[i] = localkinesis.Record{PartitionKey: e.PartitionKey, Data: e.Data}
	}
	pause := time.NewTimer(0)
	defer pause.Stop()
	for len(records) > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
		results, err := s.kinesis.PutRecords(stream, records)
		if err != nil {
			return err
		}
		s.opened.Do(func() { close(s.open) })
		records = s.remember(results, records)
		pause.Reset(throttlePause)
	}
	return nil
}

// remember takes note of what was stored, and gives what was not.
func (s *storefront) remember(results []localkinesis.PutResult, records []localkinesis.Record) []localkinesis.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	var refused []localkinesis.Record
	for i, r := range results {
		if r.ErrorCode == "" {
			s.last[r.ShardID] = r.SequenceNumber
		} else {
			refused = append(refused, records[i])
		}
	}
	return refused
}

// committed reports whether all that was published lies behind the committed positions.
func (s *storefront) committed(shards []ingest.ShardView) bool {
	s.mu.Lock()
	open := maps.Clone(s.last)
	s.mu.Unlock()
	for i := range shards {
		if event.CompareSequences(shards[i].Sequence, open[shards[i].ShardID]) >= 0 {
			delete(open, shards[i].ShardID)
		}
	}
	return len(open) == 0
}
