package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/config"
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
// the memory of this process, whatever becomes of its workers: when it stops, the storefront closes first, and what it has
// published becomes rows before the rest goes down.
func Demo(ctx context.Context, o DemoOptions) error {
	onlyOurs()
	if err := stayHere(&o.Config); err != nil {
		return err
	}
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
	t := task{Config: o.Config, Demo: "http://" + listener.Addr().String()}
	t.Config.Sources, t.Config.Queries, t.Config.Dashboards = nil, nil, nil

	apiListener, err := o.listen(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = apiListener.Close() }()

	shop := &storefront{kinesis: kinesis, open: make(chan struct{}), last: map[string]string{}}
	publishing, closeShop := context.WithCancelCause(ctx)
	defer closeShop(nil)
	if o.Rate > 0 {
		if err := kinesis.CreateStream(DemoStream, demoShards); err != nil {
			return err
		}
		t.Config.Sources = []config.Source{{Name: DemoStream, Stream: DemoStream, Table: DemoStream, Region: "us-east-1", Endpoint: t.Demo}}
		shown, err := config.Parse("storefront.yaml", demo.Dashboard)
		if err != nil {
			return err
		}
		t.Config.Queries, t.Config.Dashboards = shown.Queries, shown.Dashboards
		defer running(func(context.Context) {
			closeShop(demo.Run(publishing, shop, demo.Options{Stream: DemoStream, Rate: o.Rate, Opening: opening}))
		})()
		defer closeShop(nil)
		select { // so that the table is inferred from a sample, as it would be from a stream in use
		case <-shop.open:
		case <-publishing.Done():
		}
	}

	// The server outlives ctx by as long as the last events need.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	served := make(chan error, 1)
	go func() { served <- o.supervise(serving, apiListener, t) }()
	select {
	case err := <-served:
		return err
	case <-publishing.Done():
	}
	if o.Rate > 0 {
		shop.drain(serving, "http://"+apiListener.Addr().String())
	}
	stop()
	err = <-served
	if ctx.Err() == nil {
		return errors.Join(fmt.Errorf("the storefront closed: %w", context.Cause(publishing)), err)
	}
	return err
}

// moveDemo tells a source that an earlier demo has left where Kinesis is now.
func (s *server) moveDemo(ctx context.Context) error {
	known, err := s.catalog.Sources(ctx)
	if err != nil {
		return err
	}
	for _, source := range known {
		if source.Name == DemoStream && source.Connection.Endpoint != s.Demo {
			source.Connection.Endpoint = s.Demo
			return s.catalog.SaveSource(ctx, source)
		}
	}
	return nil
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

// drain waits until what was published is committed, as the server at url has it.
func (s *storefront) drain(ctx context.Context, url string) {
	ctx, cancel := context.WithTimeout(ctx, drainGrace)
	defer cancel()
	server, err := client.New(url, client.Options{})
	if err != nil {
		return
	}
	defer server.Close()
	check := time.NewTicker(10 * time.Millisecond)
	defer check.Stop()
	for {
		source, err := server.Source(ctx, DemoStream)
		if err != nil || source.State != string(ingest.SourceReading) || s.committed(source.Shards) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-check.C:
		}
	}
}

// committed reports whether all that was published lies behind the committed positions.
func (s *storefront) committed(shards []client.SourceShard) bool {
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
