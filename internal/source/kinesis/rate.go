package kinesis

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

// Bounds of a measurement: it takes of the limits that all readers of the stream share.
const (
	rateTime   = 10 * time.Second
	rateWindow = time.Minute
	rateShards = 8
	rateReads  = 5       // of a shard
	rateBytes  = 4 << 20 // of a shard, after which no more is read
)

// flow is what was seen of one shard.
type flow struct {
	records int
	bytes   int
	time    time.Duration // in which they arrived; 0: nothing was seen
}

// Rate measures what a stream takes in, by reading the newest minute of up to eight of its open shards.
func (a *Account) Rate(ctx context.Context, name string) (ingest.StreamRate, error) {
	bounded, cancel := context.WithTimeout(ctx, rateTime)
	defer cancel()
	s, err := a.describe(bounded, name)
	if err != nil || s.status == types.StreamStatusCreating {
		return ingest.StreamRate{}, err
	}
	listed, err := a.listShards(bounded, s.arn, "")
	if err != nil {
		return ingest.StreamRate{}, a.explain(err, name)
	}
	var open []shard
	for _, sh := range listed {
		if !sh.closed {
			open = append(open, sh)
		}
	}
	from := time.Now().Add(-rateWindow)
	if s.createdAt.After(from) {
		from = s.createdAt
	}
	flows := make([]flow, min(len(open), rateShards))
	var g errgroup.Group
	for i := range flows {
		sh := open[i*len(open)/len(flows)]
		g.Go(func() (err error) {
			flows[i], err = a.measure(bounded, s.arn, sh.id, from)
			return err
		})
	}
	err = g.Wait()
	r := ingest.StreamRate{Open: len(open)}
	for _, f := range flows {
		if f.time > 0 {
			r.Measured++
			r.Records += float64(f.records) / f.time.Seconds()
			r.Bytes += float64(f.bytes) / f.time.Seconds()
			r.Window += f.time.Seconds()
		}
	}
	switch {
	case r.Measured > 0:
		whole := float64(r.Open) / float64(r.Measured)
		r.Records, r.Bytes, r.Window = r.Records*whole, r.Bytes*whole, r.Window/float64(r.Measured)
		return r, nil
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return r, fault.New(fault.Timeout, "the rate of stream %s could not be measured within %s", name, rateTime).WithHint("Others may read it too: try again in a moment.")
	}
	return r, a.explain(err, name)
}

// measure reads what a shard holds from a time on, or as much of it as the bounds allow. What was seen before an error counts.
func (a *Account) measure(ctx context.Context, arn, shardID string, from time.Time) (flow, error) {
	it, err := a.client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamARN: &arn, StreamName: nameIn(arn), ShardId: &shardID, ShardIteratorType: types.ShardIteratorTypeAtTimestamp, Timestamp: &from,
	})
	if err != nil {
		return flow{}, err
	}
	var f flow
	iterator := it.ShardIterator
	for range rateReads {
		out, err := a.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: iterator, StreamARN: &arn})
		if err != nil {
			return f, err
		}
		f.records += len(out.Records)
		for i := range out.Records {
			f.bytes += len(out.Records[i].Data)
		}
		behind := time.Duration(aws.ToInt64(out.MillisBehindLatest)) * time.Millisecond
		f.time = max(time.Since(from)-behind, 0)
		if iterator = out.NextShardIterator; behind == 0 || f.bytes >= rateBytes || aws.ToString(iterator) == "" {
			break
		}
		if err := sleep(ctx, readsInterval); err != nil {
			return f, err
		}
	}
	return f, nil
}
