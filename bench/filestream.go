package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

const (
	loadShards      = 4
	deliveryRecords = 10_000    // what one read of a Kinesis shard gives at most
	deliveryBytes   = 4_300_000 // … and what so many of these events take: Kinesis would give up to 10 MiB
)

// fileStream is a stream of shards that a file holds: each shard has its part of the lines, read as one would read Kinesis,
// and every line is a record. When all is delivered it stays silent, as a stream does.
type fileStream struct {
	file storefrontFile
	rows int // to be delivered, each shard beginning anew at its end if need be; 0: every line once
}

const fileStreamARN = "arn:aws:kinesis:us-east-1:000000000000:stream/file"

var fileStreamMade = time.Unix(storefront0, 0).UTC()

// List implements ingest.Streams.
func (s *fileStream) List(context.Context, ingest.Connection) ([]ingest.ListedStream, error) {
	return nil, nil
}

// Describe implements ingest.Streams.
func (s *fileStream) Describe(context.Context, ingest.Connection, string) (ingest.StreamDetail, error) {
	return ingest.StreamDetail{StreamSummary: ingest.StreamSummary{Name: "file", ARN: fileStreamARN, CreatedAt: fileStreamMade}}, nil
}

// Open implements ingest.Streams.
func (s *fileStream) Open(context.Context, ingest.Connection, string, string) (ingest.Source, error) {
	return s, nil
}

// Retire implements ingest.Source.
func (s *fileStream) Retire(context.Context) error { return nil }

// Sample implements ingest.Source.
func (s *fileStream) Sample(context.Context, int) ([]event.Record, error) {
	return nil, fault.New(fault.Internal, "the columns are known")
}

// Read implements ingest.Source.
func (s *fileStream) Read(ctx context.Context, _ event.StreamState, start event.Start, intake ingest.Intake) error {
	state := event.StreamState{ARN: fileStreamARN, CreatedAt: fileStreamMade}
	for i := range loadShards {
		state.Shards = append(state.Shards, event.ShardState{ShardID: shardID(i), Start: start})
	}
	if err := intake.Begin(ctx, state); err != nil {
		return err
	}
	group, reading := errgroup.WithContext(ctx)
	for i := range loadShards {
		group.Go(func() error { return s.readShard(reading, i, intake) })
	}
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func shardID(i int) string { return fmt.Sprintf("shardId-%012d", i) }

// readShard delivers the lines that begin in the shard's part of the file.
func (s *fileStream) readShard(ctx context.Context, shard int, intake ingest.Intake) error {
	file, err := os.Open(s.file.Path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	from, err := lineStart(file, info.Size()*int64(shard)/loadShards)
	if err != nil {
		return err
	}
	to, err := lineStart(file, info.Size()*int64(shard+1)/loadShards)
	if err != nil {
		return err
	}
	d := delivery{shard: shardID(shard), prefix: fmt.Sprintf("49%038d%04d", shard, shard), left: math.MaxInt}
	if s.rows > 0 {
		d.left = (s.rows + shard) / loadShards
	}
	intake.Observe(ingest.ShardStatus{ShardID: d.shard, Condition: ingest.ShardReading})
	for at := from; d.left > 0 && from < to; {
		n, records, err := d.next(file, at, to)
		if err != nil {
			return err
		}
		if err := intake.Deliver(ctx, ingest.Delivery{ShardID: d.shard, LastHash: [16]byte{0xff}, Records: records}); err != nil {
			return err
		}
		if at += n; at < to {
			continue
		}
		if at = from; s.rows == 0 {
			break
		}
	}
	return nil
}

// lineStart is where the first line begins at or after a place.
func lineStart(file *os.File, at int64) (int64, error) {
	if at == 0 {
		return 0, nil
	}
	near := make([]byte, 16<<10) // a line is shorter
	n, err := file.ReadAt(near, at-1)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	return at + int64(bytes.IndexByte(near[:n], '\n')), nil
}

// delivery makes deliveries of one shard. What it does itself is to cost little, since it is measured too.
type delivery struct {
	shard  string
	prefix string // of its sequence numbers
	count  int    // of records so far
	left   int    // records
	keys   []string
}

// next makes one delivery of the lines from at on, at most until to, and tells how many bytes of the file it holds.
func (d *delivery) next(file *os.File, at, to int64) (int64, []event.Record, error) {
	if d.keys == nil {
		for i := range visitors {
			d.keys = append(d.keys, "v-"+strconv.Itoa(i))
		}
	}
	block := make([]byte, min(deliveryBytes, to-at)) // of the delivery: it belongs to who takes it
	if _, err := file.ReadAt(block, at); err != nil {
		return 0, nil, err
	}
	arrived := time.Now().UTC()
	records := make([]event.Record, 0, deliveryRecords)
	size := len(d.prefix) + 12
	numbers := make([]byte, 0, deliveryRecords*size)
	used := 0
	for len(records) < min(deliveryRecords, d.left) {
		end := bytes.IndexByte(block[used:], '\n')
		if end < 0 {
			break
		}
		d.count++
		numbers = append(numbers, d.prefix...)
		numbers = strconv.AppendInt(numbers, 100_000_000_000+int64(d.count), 10) // of one width
		records = append(records, event.Record{
			ShardID: d.shard, PartitionKey: d.keys[d.count%visitors], ArrivedAt: arrived, Data: block[used : used+end : used+end],
		})
		used += end + 1
	}
	all := string(numbers)
	for i := range records {
		records[i].Sequence = all[i*size : (i+1)*size]
	}
	d.left -= len(records)
	return int64(used), records, nil
}
