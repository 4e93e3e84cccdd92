package kinesis

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"

	"github.com/helios-sql/helios/internal/event"
)

const (
	sampleTime   = 10 * time.Second
	sampleBytes  = 32 << 20 // of records, after which no more are asked for
	sampleShards = 8        // read at once
	sampleReads  = 8        // at most, from one place of a shard: a long silence costs many empty answers
)

// Sample implements ingest.Source. It takes at most ten seconds, and gives what it has found by then. From each shard it
// takes an equal share, half from the horizon and half from the newest stretch of time that holds any record.
func (r *Reader) Sample(ctx context.Context, n int) ([]event.Record, error) {
	bounded, cancel := context.WithTimeout(ctx, sampleTime)
	defer cancel()
	s, err := r.account.describe(bounded, r.name)
	if err != nil {
		return nil, err
	}
	if s.status == types.StreamStatusCreating {
		return nil, nil
	}
	shards, err := r.account.listShards(bounded, s.arn, "")
	if err != nil {
		return nil, r.account.explain(err, r.name)
	}
	c := &sampler{account: r.account, arn: s.arn, seen: map[string]bool{}}
	each := int32(min(max(1, n/max(1, 2*len(shards))), 5000))
	// The newest of all shards first: they tell most, should time or room run out.
	for _, places := range [][]time.Duration{{time.Minute, 15 * time.Minute, 4 * time.Hour}, {0}} {
		var g errgroup.Group
		g.SetLimit(sampleShards)
		for _, sh := range shards {
			g.Go(func() error {
				return c.take(bounded, sh.id, places, each)
			})
		}
		if failed := g.Wait(); failed != nil && err == nil {
			err = failed
		}
	}
	if ctx.Err() != nil {
		return nil, r.account.explain(ctx.Err(), r.name)
	}
	if len(c.records) == 0 && err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, r.account.explain(err, r.name)
	}
	slices.SortFunc(c.records, func(x, y event.Record) int {
		return cmp.Or(x.ArrivedAt.Compare(y.ArrivedAt), cmp.Compare(x.ShardID, y.ShardID), event.CompareSequences(x.Sequence, y.Sequence))
	})
	return spread(c.records, n), nil
}

// spread thins records out to n, evenly.
func spread(records []event.Record, n int) []event.Record {
	if len(records) <= n {
		return records
	}
	kept := make([]event.Record, 0, n)
	for i := range n {
		kept = append(kept, records[i*len(records)/n])
	}
	return kept
}

// sampler gathers records from several shards at once.
type sampler struct {
	account *Account
	arn     string

	mu      sync.Mutex
	records []event.Record
	seen    map[string]bool // shard and sequence number
	bytes   int
}

// take adds up to n records of a shard, from the first of several ages that has any; age 0 stands for the horizon.
func (c *sampler) take(ctx context.Context, shardID string, ages []time.Duration, n int32) error {
	for _, age := range ages {
		in := &kinesis.GetShardIteratorInput{
			StreamARN: &c.arn, StreamName: nameIn(c.arn), ShardId: &shardID, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
		}
		if age > 0 {
			in.ShardIteratorType, in.Timestamp = types.ShardIteratorTypeAtTimestamp, aws.Time(time.Now().Add(-age))
		}
		it, err := c.account.client.GetShardIterator(ctx, in)
		if err != nil {
			return err
		}
		if found, err := c.walk(ctx, shardID, it.ShardIterator, n); found || err != nil {
			return err
		}
	}
	return nil
}

// walk reads from an iterator on until there are n new records, the tip is reached or the bounds are.
func (c *sampler) walk(ctx context.Context, shardID string, iterator *string, n int32) (found bool, err error) {
	for range sampleReads {
		if n <= 0 || c.full() || aws.ToString(iterator) == "" {
			break
		}
		out, err := c.account.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: iterator, StreamARN: &c.arn, Limit: &n})
		if err != nil {
			return found, err
		}
		found = found || len(out.Records) > 0
		atTip := aws.ToInt64(out.MillisBehindLatest) == 0 && len(out.Records) < int(n)
		n -= c.add(shardID, out.Records)
		if atTip {
			break
		}
		iterator = out.NextShardIterator
		if err := sleep(ctx, readsInterval); err != nil {
			return found, err
		}
	}
	return found, nil
}

func (c *sampler) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes >= sampleBytes
}

// add keeps the records that are new, and counts them.
func (c *sampler) add(shardID string, records []types.Record) int32 {
	var added int32
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range records {
		r := newRecord(shardID, &records[i])
		if key := shardID + "/" + r.Sequence; !c.seen[key] {
			c.seen[key] = true
			c.bytes += len(r.Data)
			c.records = append(c.records, r)
			added++
		}
	}
	return added
}
