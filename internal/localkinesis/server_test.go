package localkinesis_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/localkinesis"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kit is a server and the AWS SDK's client of it, which does not retry.
type kit struct {
	*testing.T
	s   *localkinesis.Server
	c   *kinesis.Client
	url string
}

func start(t *testing.T, opt localkinesis.Options) kit {
	t.Helper()
	s := localkinesis.New(opt)
	hs := httptest.NewServer(s.Handler())
	t.Cleanup(hs.Close)
	return kit{t, s, kinesis.New(kinesis.Options{
		BaseEndpoint: aws.String(hs.URL),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient:   awssdk.Steady(hs.Client()),
		Retryer:      aws.NopRetryer{},
	}), hs.URL}
}

// clock is a clock that a test moves.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ms.Store(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *clock) now() time.Time        { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) pass(d time.Duration)  { c.ms.Add(d.Milliseconds()) }
func (k kit) stream(shards int) string { k.Helper(); return k.streamNamed("orders", shards) }

func (k kit) streamNamed(name string, shards int) string {
	k.Helper()
	require.NoError(k, k.s.CreateStream(name, shards))
	return name
}

// put puts a record at a place on the ring and gives its shard and sequence number.
func (k kit) put(hashKey, data string) (shardID, sequence string) {
	k.Helper()
	out, err := k.c.PutRecord(k.Context(), &kinesis.PutRecordInput{
		StreamName: aws.String("orders"), PartitionKey: aws.String("key"), ExplicitHashKey: aws.String(hashKey), Data: []byte(data),
	})
	require.NoError(k, err)
	return *out.ShardId, *out.SequenceNumber
}

func (k kit) iterator(in kinesis.GetShardIteratorInput) *string {
	k.Helper()
	out, err := k.c.GetShardIterator(k.Context(), &in)
	require.NoError(k, err)
	return out.ShardIterator
}

func (k kit) horizon(shardID string) *string {
	k.Helper()
	return k.iterator(kinesis.GetShardIteratorInput{
		StreamName: aws.String("orders"), ShardId: &shardID, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
}

func (k kit) read(iterator *string) *kinesis.GetRecordsOutput {
	k.Helper()
	out, err := k.c.GetRecords(k.Context(), &kinesis.GetRecordsInput{ShardIterator: iterator})
	require.NoError(k, err)
	return out
}

func (k kit) shards(in kinesis.ListShardsInput) []types.Shard {
	k.Helper()
	if in.NextToken == nil {
		in.StreamName = aws.String("orders")
	}
	out, err := k.c.ListShards(k.Context(), &in)
	require.NoError(k, err)
	return out.Shards
}

func (k kit) split(shardID, at string) {
	k.Helper()
	_, err := k.c.SplitShard(k.Context(), &kinesis.SplitShardInput{
		StreamName: aws.String("orders"), ShardToSplit: &shardID, NewStartingHashKey: &at,
	})
	require.NoError(k, err)
}

func (k kit) merge(a, b string) {
	k.Helper()
	_, err := k.c.MergeShards(k.Context(), &kinesis.MergeShardsInput{
		StreamName: aws.String("orders"), ShardToMerge: &a, AdjacentShardToMerge: &b,
	})
	require.NoError(k, err)
}

func texts(records []types.Record) []string {
	out := []string{}
	for _, r := range records {
		out = append(out, string(r.Data))
	}
	return out
}

func ids(shards []types.Shard) []string {
	out := []string{}
	for _, s := range shards {
		out = append(out, (*s.ShardId)[len("shardId-00000000000"):])
	}
	return out
}

// isError checks an error's type on the wire and its sentence.
func isError(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, code, api.ErrorCode(), api.ErrorMessage())
	require.Contains(t, api.ErrorMessage(), message)
}

const (
	shard0 = "shardId-000000000000"
	shard1 = "shardId-000000000001"
	shard2 = "shardId-000000000002"
	shard3 = "shardId-000000000003"
	half   = "170141183460469231731687303715884105728" // 2^127
	last   = "340282366920938463463374607431768211455" // 2^128-1
)

func TestAStreamLivesFromCreationToDeletion(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now, Region: "eu-west-1", AccountID: "123456789012"})
	ctx := t.Context()
	_, err := k.c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("orders"), ShardCount: aws.Int32(2), Tags: map[string]string{"team": "shop"}})
	require.NoError(t, err)
	require.NoError(t, kinesis.NewStreamExistsWaiter(k.c).Wait(ctx, &kinesis.DescribeStreamInput{StreamName: aws.String("orders")}, time.Minute))

	_, err = k.c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("orders"), ShardCount: aws.Int32(2)})
	isError(t, err, "ResourceInUseException", "Stream orders under account 123456789012 already exists.")

	summary, err := k.c.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamARN: aws.String("arn:aws:kinesis:eu-west-1:123456789012:stream/orders")})
	require.NoError(t, err)
	d := summary.StreamDescriptionSummary
	require.Equal(t, "orders", *d.StreamName)
	require.Equal(t, types.StreamStatusActive, d.StreamStatus)
	require.Equal(t, types.StreamModeProvisioned, d.StreamModeDetails.StreamMode)
	require.EqualValues(t, 2, *d.OpenShardCount)
	require.EqualValues(t, 24, *d.RetentionPeriodHours)
	require.EqualValues(t, 1024, *d.MaxRecordSizeInKiB)
	require.True(t, now.now().Equal(*d.StreamCreationTimestamp))

	tags, err := k.c.ListTagsForStream(ctx, &kinesis.ListTagsForStreamInput{StreamName: aws.String("orders")})
	require.NoError(t, err)
	require.Equal(t, []types.Tag{{Key: aws.String("team"), Value: aws.String("shop")}}, tags.Tags)

	_, old := k.put("0", "of the first")
	now.pass(time.Second)
	_, err = k.c.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: aws.String("orders")})
	require.NoError(t, err)
	require.NoError(t, kinesis.NewStreamNotExistsWaiter(k.c).Wait(ctx, &kinesis.DescribeStreamInput{StreamName: aws.String("orders")}, time.Minute))

	require.NoError(t, k.s.CreateStream("orders", 0))
	describe, err := k.c.DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamName: aws.String("orders"), Limit: aws.Int32(3)})
	require.NoError(t, err)
	require.Equal(t, types.StreamModeOnDemand, describe.StreamDescription.StreamModeDetails.StreamMode)
	require.True(t, now.now().Equal(*describe.StreamDescription.StreamCreationTimestamp))
	require.Len(t, describe.StreamDescription.Shards, 3)
	require.True(t, *describe.StreamDescription.HasMoreShards)
	_, err = k.c.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: aws.String("orders"), ShardId: aws.String(shard0), ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: &old,
	})
	isError(t, err, "InvalidArgumentException", "did not come from this stream")
	_, err = k.c.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: aws.String("orders"), ShardToSplit: aws.String(shard0), NewStartingHashKey: aws.String("5")})
	isError(t, err, "ValidationException", "ON_DEMAND")
}

func TestStreamsAreListedInPages(t *testing.T) {
	k := start(t, localkinesis.Options{})
	for i := range 7 {
		k.streamNamed(fmt.Sprintf("s%d", i), 1)
	}
	var names []string
	pages := kinesis.NewListStreamsPaginator(k.c, &kinesis.ListStreamsInput{Limit: aws.Int32(3)})
	n := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		names = append(names, page.StreamNames...)
		n++
	}
	require.Equal(t, []string{"s0", "s1", "s2", "s3", "s4", "s5", "s6"}, names)
	require.Equal(t, 3, n)
}

func TestAStreamIsNamedByNameByARNOrByBoth(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(1)
	const arn = "arn:aws:kinesis:us-east-1:000000000000:stream/"
	for name, tc := range map[string]struct{ name, arn, code string }{
		"by name":                          {name: "orders"},
		"by ARN":                           {arn: arn + "orders"},
		"by both":                          {name: "orders", arn: arn + "orders"},
		"by both, which disagree":          {name: "orders", arn: arn + "other", code: "InvalidArgumentException"},
		"not at all":                       {code: "InvalidArgumentException"},
		"by an ARN of another account":     {arn: "arn:aws:kinesis:us-east-1:999999999999:stream/orders", code: "ResourceNotFoundException"},
		"by something that is not an ARN":  {arn: "arn:aws:s3:::orders", code: "ValidationException"},
		"by a name that nobody has":        {name: "nobody", code: "ResourceNotFoundException"},
		"by a name that nobody could have": {name: "a b", code: "ValidationException"},
	} {
		t.Run(name, func(t *testing.T) {
			optional := func(s string) *string {
				if s == "" {
					return nil
				}
				return &s
			}
			_, err := k.c.ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: optional(tc.name), StreamARN: optional(tc.arn)})
			if tc.code == "" {
				require.NoError(t, err)
				return
			}
			isError(t, err, tc.code, "")
		})
	}
}

func TestEveryCallWorksWithTheARNAlone(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(1)
	ctx, arn := t.Context(), aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/orders")
	_, err := k.c.PutRecord(ctx, &kinesis.PutRecordInput{StreamARN: arn, PartitionKey: aws.String("a"), Data: []byte("1")})
	require.NoError(t, err)
	_, err = k.c.PutRecords(ctx, &kinesis.PutRecordsInput{StreamARN: arn, Records: []types.PutRecordsRequestEntry{{PartitionKey: aws.String("a"), Data: []byte("2")}}})
	require.NoError(t, err)
	it := k.iterator(kinesis.GetShardIteratorInput{StreamARN: arn, ShardId: aws.String(shard0), ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	got, err := k.c.GetRecords(ctx, &kinesis.GetRecordsInput{StreamARN: arn, ShardIterator: it})
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2"}, texts(got.Records))
	_, err = k.c.GetRecords(ctx, &kinesis.GetRecordsInput{StreamARN: aws.String(*arn + "2"), ShardIterator: it})
	isError(t, err, "InvalidArgumentException", "of stream orders")
	_, err = k.c.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{StreamARN: arn, TargetShardCount: aws.Int32(2), ScalingType: types.ScalingTypeUniformScaling})
	require.NoError(t, err)
	_, err = k.c.MergeShards(ctx, &kinesis.MergeShardsInput{StreamARN: arn, ShardToMerge: aws.String(shard1), AdjacentShardToMerge: aws.String(shard2)})
	require.NoError(t, err)
	_, err = k.c.IncreaseStreamRetentionPeriod(ctx, &kinesis.IncreaseStreamRetentionPeriodInput{StreamARN: arn, RetentionPeriodHours: aws.Int32(48)})
	require.NoError(t, err)
	_, err = k.c.UpdateStreamMode(ctx, &kinesis.UpdateStreamModeInput{StreamARN: arn, StreamModeDetails: &types.StreamModeDetails{StreamMode: types.StreamModeOnDemand}})
	require.NoError(t, err)
	d, err := k.c.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamARN: arn})
	require.NoError(t, err)
	require.EqualValues(t, 1, *d.StreamDescriptionSummary.OpenShardCount)
	require.EqualValues(t, 48, *d.StreamDescriptionSummary.RetentionPeriodHours)
	_, err = k.c.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamARN: arn})
	require.NoError(t, err)
}

func TestServeStopsWithItsContext(t *testing.T) {
	reached := make(chan string, 2)
	s := localkinesis.New(localkinesis.Options{Faults: func(r localkinesis.Request) *localkinesis.Fault {
		reached <- r.Operation
		if r.Operation == "ListStreams" {
			return &localkinesis.Fault{Delay: 200 * time.Millisecond}
		}
		return nil
	}})
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Serve(ctx, ln) }()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := kinesis.New(kinesis.Options{
		BaseEndpoint: aws.String("http://" + ln.Addr().String()), Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient:  awssdk.Steady(&http.Client{Transport: transport}),
	})
	_, err = c.DescribeLimits(t.Context(), &kinesis.DescribeLimitsInput{})
	require.NoError(t, err)
	require.Equal(t, "DescribeLimits", <-reached)

	slow := make(chan error)
	go func() {
		_, err := c.ListStreams(t.Context(), &kinesis.ListStreamsInput{})
		slow <- err
	}()
	require.Equal(t, "ListStreams", <-reached)
	cancel()
	require.NoError(t, <-slow, "a running request is let finish")
	require.NoError(t, <-done)
	_, err = net.DialTimeout("tcp", ln.Addr().String(), time.Second)
	require.Error(t, err)
}
