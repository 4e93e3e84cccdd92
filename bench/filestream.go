package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

// What one read of a Kinesis shard gives at most.
const (
	deliveryRecords = 10_000
	deliveryBytes   = 10 << 20
	loadShards      = 4
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
func (s *fileStream) List(context.Context, ingest.Connection) ([]ingest.StreamSummary, error) {
	return nil, nil
}

// Describe implements ingest.Streams.
func (s *fileStream) Describe(context.Context, ingest.Connection, string) (ingest.StreamDetail, error) {
	return ingest.StreamDetail{StreamSummary: ingest.StreamSummary{Name: "file", ARN: fileStreamARN, CreatedAt: fileStreamMade}}, nil
}

// Open implements ingest.Streams.
func (s *fileStream) Open(context.Context, ingest.Connection, string) (ingest.Source, error) {
	return s, nil
}

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
	from, to := info.Size()*int64(shard)/loadShards, info.Size()*int64(shard+1)/loadShards
	d := delivery{shard: shard, last: new(big.Int).Lsh(big.NewInt(int64(shard)+49_590), 170), left: math.MaxInt}
	if s.rows > 0 {
		d.left = (s.rows + shard) / loadShards
	}
	intake.Observe(ingest.ShardStatus{ShardID: shardID(shard), Condition: ingest.ShardReading})
	for {
		if err := d.lines(ctx, file, from, to, intake); err != nil || s.rows == 0 || d.left == 0 {
			return err
		}
	}
}

// delivery makes deliveries of one shard.
type delivery struct {
	shard int
	last  *big.Int // sequence number
	left  int      // records
}

var one = big.NewInt(1)

// lines delivers the lines of a file that begin between two places.
func (d *delivery) lines(ctx context.Context, file *os.File, from, to int64, intake ingest.Intake) error {
	at := from
	if from > 0 {
		at-- // the line that begins before belongs to the shard before
	}
	in := bufio.NewReaderSize(io.NewSectionReader(file, at, 1<<62), 256<<10)
	if from > 0 {
		skipped, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		at += int64(len(skipped))
	}
	for at < to && d.left > 0 {
		// One piece of memory a delivery: it belongs to who takes it.
		block := make([]byte, 0, 5<<20)
		records := make([]event.Record, 0, deliveryRecords)
		arrived := time.Now().UTC()
		for at < to && len(records) < min(deliveryRecords, d.left) && len(block) < deliveryBytes {
			text, err := in.ReadSlice('\n')
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			at += int64(len(text))
			begin := len(block)
			block = append(block, text[:len(text)-1]...)
			records = append(records, event.Record{
				ShardID: shardID(d.shard), Sequence: d.last.Add(d.last, one).String(), PartitionKey: "v-" + strconv.Itoa(begin%visitors),
				ArrivedAt: arrived, Data: block[begin:len(block):len(block)],
			})
		}
		d.left -= len(records)
		if err := intake.Deliver(ctx, ingest.Delivery{
			ShardID: shardID(d.shard), LastHash: [16]byte{0: 0xff}, Records: records,
		}); err != nil {
			return err
		}
	}
	return nil
}
