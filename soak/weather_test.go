//go:build soak

package soak

import (
	"context"
	"math/big"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/helios-sql/helios/internal/localkinesis"
)

// weather is what Kinesis inflicts on its readers.
type weather struct {
	storm atomic.Pointer[storm] // nil in fair weather
	until atomic.Int64          // when the last storm ended, unix ns
	kinds map[string]int
}

// longRun is the number of minutes from which on there is time for one storm of two minutes.
const longRun = 10

// storm is one kind of fault for a while.
type storm struct {
	fault localkinesis.Fault
	only  []string // operations; nil: all that read
	shard string   // "": all
	share float64  // of the requests
}

var reading = []string{
	"GetRecords", "GetShardIterator", "ListShards", "DescribeStreamSummary", "DescribeStream", "SubscribeToShard", "DescribeStreamConsumer",
}

// fault implements localkinesis.Faults.
func (w *weather) fault(r localkinesis.Request) *localkinesis.Fault {
	s := w.storm.Load()
	switch {
	case s == nil, !slices.Contains(reading, r.Operation), s.only != nil && !slices.Contains(s.only, r.Operation),
		s.shard != "" && s.shard != r.ShardID, rand.Float64() > s.share:
		return nil
	}
	f := s.fault
	return &f
}

func answer(status int, kind string) localkinesis.Fault {
	return localkinesis.Fault{Status: status, Error: &localkinesis.Error{Type: kind, Message: "so the soak wants it"}}
}

// blow makes weather until ctx ends, and leaves it fair.
func (w *weather) blow(ctx context.Context, r *rand.Rand, k *localkinesis.Server, shards func() []string) {
	defer w.storm.Store(nil)
	kinds := []struct {
		name  string
		storm storm
	}{
		{"throttling", storm{fault: answer(400, "ProvisionedThroughputExceededException"), share: 1, only: []string{"GetRecords"}}},
		{"throttling of listings", storm{fault: answer(400, "LimitExceededException"), share: 1, only: []string{"ListShards", "DescribeStreamSummary", "SubscribeToShard"}}},
		{"server errors", storm{fault: answer(500, "InternalFailure"), share: 0.7}},
		{"resets", storm{fault: localkinesis.Fault{Drop: true}, share: 0.5}},
		{"truncated answers", storm{fault: localkinesis.Fault{Cut: true}, share: 0.5}},
		{"slow answers", storm{fault: localkinesis.Fault{Delay: 700 * time.Millisecond}, share: 0.6}},
		{"expired credentials", storm{fault: answer(400, "ExpiredTokenException"), share: 1}},
		{"one failing shard", storm{fault: answer(500, "InternalFailure"), share: 1, shard: "?"}},
		{"expired iterators", storm{}},
	}
	if *minutes >= longRun {
		w.kinds["throttling for two minutes"]++
		w.storm.Store(&storm{fault: kinds[0].storm.fault, share: 1, only: []string{"GetRecords", "SubscribeToShard"}})
		pause(ctx, 2*time.Minute)
		w.storm.Store(nil)
		w.until.Store(time.Now().UnixNano())
	}
	for pause(ctx, between(r, 2, 9)) {
		kind := kinds[r.IntN(len(kinds))]
		w.kinds[kind.name]++
		switch {
		case kind.storm.share == 0:
			k.ExpireIterators()
		case kind.storm.shard != "":
			open := shards()
			if len(open) == 0 {
				continue
			}
			kind.storm.shard = open[r.IntN(len(open))]
		}
		w.storm.Store(&kind.storm)
		pause(ctx, between(r, 0.5, 7))
		w.storm.Store(nil)
		w.until.Store(time.Now().UnixNano())
	}
}

// fair tells whether nothing was inflicted since then.
func (w *weather) fair(since time.Time) bool {
	return w.storm.Load() == nil && w.until.Load() < since.UnixNano()
}

func between(r *rand.Rand, from, to float64) time.Duration {
	return time.Duration((from + r.Float64()*(to-from)) * float64(time.Second))
}

// pause waits, and tells whether ctx still lives.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// resharder splits, merges and scales the stream.
type resharder struct {
	k      *kinesis.Client
	stream string

	mu                     sync.Mutex
	splits, merges, scales int
	last                   time.Time
}

func newResharder(endpoint, stream string) *resharder {
	return &resharder{stream: stream, k: kinesis.New(kinesis.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(endpoint), Credentials: credentials.NewStaticCredentialsProvider("soak", "soak", ""),
	})}
}

// open gives the open shards in the order of their hash keys.
func (r *resharder) open(ctx context.Context) (open []types.Shard, err error) {
	in := &kinesis.ListShardsInput{StreamName: &r.stream, ShardFilter: &types.ShardFilter{Type: types.ShardFilterTypeAtLatest}}
	out, err := r.k.ListShards(ctx, in)
	if err != nil {
		return nil, err
	}
	for _, s := range out.Shards {
		if s.SequenceNumberRange.EndingSequenceNumber == nil {
			open = append(open, s)
		}
	}
	slices.SortFunc(open, func(a, b types.Shard) int {
		return key(a.HashKeyRange.StartingHashKey).Cmp(key(b.HashKeyRange.StartingHashKey))
	})
	return open, nil
}

func key(decimal *string) *big.Int {
	n, _ := new(big.Int).SetString(*decimal, 10)
	return n
}

// ids gives the open shards' ids, or none if they cannot be listed at the moment.
func (r *resharder) ids(ctx context.Context) (ids []string) {
	open, _ := r.open(ctx)
	for _, s := range open {
		ids = append(ids, *s.ShardId)
	}
	return ids
}

// reshard reshards now and then until ctx ends. What Kinesis refuses is no matter: there is a next time.
func (r *resharder) reshard(ctx context.Context, rnd *rand.Rand) {
	for pause(ctx, between(rnd, 4, 15)) {
		open, err := r.open(ctx)
		if err != nil || len(open) == 0 {
			continue
		}
		switch i := rnd.IntN(len(open)); {
		case rnd.IntN(4) == 0 || len(open) > 16:
			for _, count := range []int32{8, 16, 8, 4} { // from 4, as nobody may more than double or halve
				_ = r.scale(ctx, count)
				if !pause(ctx, between(rnd, 0.2, 4)) {
					return
				}
			}
		case rnd.IntN(2) == 0:
			r.split(ctx, open[i])
		case i > 0:
			_, err := r.k.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: &r.stream, ShardToMerge: open[i-1].ShardId, AdjacentShardToMerge: open[i].ShardId})
			r.count(&r.merges, err)
		}
	}
}

func (r *resharder) split(ctx context.Context, s types.Shard) {
	first, last := key(s.HashKeyRange.StartingHashKey), key(s.HashKeyRange.EndingHashKey)
	middle := new(big.Int).Rsh(new(big.Int).Add(first, last), 1)
	_, err := r.k.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: &r.stream, ShardToSplit: s.ShardId, NewStartingHashKey: aws.String(middle.String())})
	r.count(&r.splits, err)
}

// scale cuts the stream evenly, in steps that Kinesis allows.
func (r *resharder) scale(ctx context.Context, count int32) error {
	for {
		open, err := r.open(ctx)
		if err != nil {
			return err
		}
		n := int32(len(open))
		target := min(max(count, (n+1)/2), 2*n)
		_, err = r.k.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{StreamName: &r.stream, ScalingType: types.ScalingTypeUniformScaling, TargetShardCount: &target})
		r.count(&r.scales, err)
		if err != nil || target == count {
			return err
		}
	}
}

func (r *resharder) count(what *int, err error) {
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	*what++
	r.last = time.Now()
}

// quiet tells whether there was no reshard since then.
func (r *resharder) quiet(since time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last.Before(since)
}
