package sourcetest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"
)

// newClient goes to an emulator, which checks no signatures.
func newClient(endpoint string) *kinesis.Client {
	return kinesis.New(kinesis.Options{
		BaseEndpoint: &endpoint, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
		Retryer:     retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 10; o.RateLimiter = unlimited{} }),
	})
}

// unlimited lets the SDK retry as often as MaxAttempts says: a fast local server makes it retry a lot.
type unlimited struct{}

func (unlimited) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (unlimited) AddTokens(uint) error { return nil }

// Event is what a Producer publishes, as JSON.
type Event struct {
	ID  string `json:"id"`
	Key string `json:"key"`
	N   int    `json:"n"` // counts the events of this producer with this key
	Pad string `json:"pad,omitempty"`
}

// Producer publishes events with ids to a stream, reproducibly. The SDK sends some requests again although they have
// been carried out, so an event may be in the stream twice: judge by id and sequence number, not by counting.
type Producer struct {
	client *kinesis.Client
	stream string
	rng    *rand.Rand
	made   int
	counts map[string]int // by key
}

const producerKeys = 48

// NewProducer makes a producer for a stream behind an endpoint that checks no signatures.
func NewProducer(endpoint, stream string, seed uint64) *Producer {
	return &Producer{client: newClient(endpoint), stream: stream, rng: rand.New(rand.NewPCG(seed, seed)), counts: map[string]int{}}
}

// Put publishes n events, each with one of 48 partition keys, in order for each key, and returns their ids.
func (p *Producer) Put(ctx context.Context, tb testing.TB, n int) []string {
	tb.Helper()
	return p.put(ctx, tb, n, 0)
}

// PutPadded publishes n events of at least so many bytes.
func (p *Producer) PutPadded(ctx context.Context, tb testing.TB, n, bytes int) []string {
	tb.Helper()
	return p.put(ctx, tb, n, bytes)
}

func (p *Producer) put(ctx context.Context, tb testing.TB, n, pad int) []string {
	tb.Helper()
	var ids []string
	batch := []types.PutRecordsRequestEntry{}
	size := 0
	for range n {
		e := Event{ID: fmt.Sprintf("%s-%06d", p.stream, p.made), Key: fmt.Sprintf("key-%02d", p.rng.IntN(producerKeys))}
		p.made++
		e.N = p.counts[e.Key]
		p.counts[e.Key]++
		if pad > 0 {
			e.Pad = strings.Repeat("x", pad)
		}
		data, err := json.Marshal(e)
		require.NoError(tb, err)
		if len(batch) == 250 || size+len(data) > 4<<20 {
			p.send(ctx, tb, batch)
			batch, size = batch[:0], 0
		}
		batch = append(batch, types.PutRecordsRequestEntry{Data: data, PartitionKey: aws.String(e.Key)})
		size += len(data)
		ids = append(ids, e.ID)
	}
	p.send(ctx, tb, batch)
	return ids
}

// send puts a batch; what is refused for now is sent again, before anything later.
func (p *Producer) send(ctx context.Context, tb testing.TB, batch []types.PutRecordsRequestEntry) {
	tb.Helper()
	for len(batch) > 0 {
		out, err := p.client.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: &p.stream, Records: batch})
		require.NoError(tb, err)
		var again []types.PutRecordsRequestEntry
		for i := range out.Records {
			if aws.ToString(out.Records[i].ErrorCode) != "" {
				again = append(again, batch[i])
			}
		}
		batch = again
	}
}

func createStream(ctx context.Context, tb testing.TB, c *kinesis.Client, name string, shards int) {
	tb.Helper()
	_, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(int32(shards))})
	require.NoError(tb, err)
	untilActive(tb, c, name)
}

func untilActive(tb testing.TB, c *kinesis.Client, name string) {
	tb.Helper()
	require.Eventually(tb, func() bool {
		out, err := c.DescribeStreamSummary(context.Background(), &kinesis.DescribeStreamSummaryInput{StreamName: &name})
		return err == nil && out.StreamDescriptionSummary.StreamStatus == types.StreamStatusActive
	}, patience, 20*time.Millisecond, "the stream is active")
}

func deleteStream(ctx context.Context, tb testing.TB, c *kinesis.Client, name string) {
	tb.Helper()
	_, err := c.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: &name, EnforceConsumerDeletion: aws.Bool(true)})
	require.NoError(tb, err)
	require.Eventually(tb, func() bool {
		_, err := c.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &name})
		return err != nil && strings.Contains(err.Error(), "ResourceNotFound")
	}, patience, 20*time.Millisecond, "the stream is gone")
}

func listShards(ctx context.Context, tb testing.TB, c *kinesis.Client, name string) []types.Shard {
	tb.Helper()
	out, err := c.ListShards(ctx, &kinesis.ListShardsInput{StreamName: &name})
	require.NoError(tb, err)
	return out.Shards
}

func isOpen(s *types.Shard) bool {
	return s.SequenceNumberRange == nil || aws.ToString(s.SequenceNumberRange.EndingSequenceNumber) == ""
}
