package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"

	"github.com/helios-sql/helios/internal/localkinesis"
)

const (
	backlogShards   = 8
	backlogMemory   = 4 << 30 // bound on what the local Kinesis holds
	backlogStream   = "backlog"
	catchUpPatience = 3 * time.Minute
)

// measureCatchUp lets Helios read a backlog until nothing is left, in turns with a reader that reads and forgets: Kinesis
// is in this process, and its work counts for both.
func measureCatchUp(ctx context.Context, b *bench) error {
	file, err := b.storefrontEvents(ctx)
	if err != nil {
		return err
	}
	// The rates of Kinesis are not kept: they would be all that is measured.
	return withKinesis(ctx, localkinesis.Options{MaxBytes: backlogMemory}, func(k *localkinesis.Server, endpoint string) error {
		if err := fill(ctx, k, file.Path, b.backlog); err != nil {
			return err
		}
		b.say("%s records wait on %d shards", figure(float64(b.backlog)), backlogShards)
		began := time.Now()
		if err := readAndForget(ctx, endpoint, b.backlog); err != nil {
			return err
		}
		base := float64(b.backlog) / time.Since(began).Seconds()
		b.say("reading and forgetting: %s records/s", figure(base))
		for _, read := range []string{readPoll, readFanOut} {
			name := "catch-up, " + readNames[read]
			took, err := b.catchUp(ctx, endpoint, read)
			if err != nil && ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				b.failed(name, err)
				continue
			}
			rate := float64(b.backlog) / took.Seconds()
			b.say("%s: %s events/s", name, figure(rate))
			b.report.add(measured(name, rate, "events/s").against(base))
		}
		return nil
	})
}

// fill puts the first n lines of a file into a new stream, a record each.
func fill(ctx context.Context, k *localkinesis.Server, path string, n int) error {
	if err := k.CreateStream(backlogStream, backlogShards); err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	put := make([]localkinesis.Record, 0, 500)
	for i := range n {
		if !lines.Scan() {
			return errors.Join(fmt.Errorf("there are only %d events", i), lines.Err())
		}
		put = append(put, localkinesis.Record{PartitionKey: "v-" + strconv.Itoa(i), Data: bytes.Clone(lines.Bytes())})
		if len(put) < cap(put) && i < n-1 {
			continue
		}
		if _, err := k.PutRecords(backlogStream, put); err != nil {
			return err
		}
		put = put[:0]
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// catchUp measures how long Helios takes from being told of the stream until all of it is rows and the lag is zero.
func (b *bench) catchUp(ctx context.Context, endpoint, read string) (took time.Duration, err error) {
	s, err := b.serve(ctx, b.scratch("catchup-"+read))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	began := time.Now()
	if err := s.connect(ctx, backlogStream, endpoint, read); err != nil {
		return 0, err
	}
	for {
		source, err := s.Source(ctx, backlogStream)
		took = time.Since(began)
		switch {
		case err != nil:
			return 0, err
		case source.Counters.Rows+source.Counters.Quarantined >= int64(b.backlog) && source.LagMS != nil && *source.LagMS == 0:
			return took, nil
		case took > catchUpPatience:
			return 0, fmt.Errorf("only %d rows after %s", source.Counters.Rows, catchUpPatience)
		}
		wait(ctx, 20*time.Millisecond)
	}
}

// readAndForget reads n records of the stream with AWS's SDK, every shard in a goroutine, and does nothing with them.
func readAndForget(ctx context.Context, endpoint string, n int) error {
	api := kinesis.New(kinesis.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("bench", "bench", ""),
	})
	shards, err := api.ListShards(ctx, &kinesis.ListShardsInput{StreamName: aws.String(backlogStream)})
	if err != nil {
		return err
	}
	var read atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for _, shard := range shards.Shards {
		group.Go(func() error {
			at, err := api.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
				StreamName: aws.String(backlogStream), ShardId: shard.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
			})
			if err != nil {
				return err
			}
			for next := at.ShardIterator; ; {
				out, err := api.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: next})
				if err != nil {
					return err
				}
				read.Add(int64(len(out.Records)))
				if aws.ToInt64(out.MillisBehindLatest) == 0 {
					return nil
				}
				next = out.NextShardIterator
			}
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if got := int(read.Load()); got != n {
		return fmt.Errorf("%d of %d records were read", got, n)
	}
	return nil
}
