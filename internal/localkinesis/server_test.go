package localkinesis_test

import (
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/helios-sql/helios/internal/localkinesis"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server with those options and gives it with the AWS SDK's client of it, which does not retry.
func start(tb testing.TB, opt localkinesis.Options) (*localkinesis.Server, *kinesis.Client) {
	tb.Helper()
	s := localkinesis.New(opt)
	hs := httptest.NewServer(s.Handler())
	tb.Cleanup(hs.Close)
	return s, kinesis.New(kinesis.Options{
		BaseEndpoint: aws.String(hs.URL),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient:   hs.Client(),
		Retryer:      aws.NopRetryer{},
	})
}

func TestARecordThatWasPutIsRead(t *testing.T) {
	s, c := start(t, localkinesis.Options{})
	ctx := t.Context()
	_, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("orders"), ShardCount: aws.Int32(2)})
	require.NoError(t, err)
	summary, err := c.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("orders")})
	require.NoError(t, err)
	require.Equal(t, types.StreamStatusActive, summary.StreamDescriptionSummary.StreamStatus)
	put, err := c.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: aws.String("orders"), PartitionKey: aws.String("k"), Data: []byte("hello")})
	require.NoError(t, err)
	require.Len(t, *put.SequenceNumber, 56)
	require.Equal(t, "49", (*put.SequenceNumber)[:2])
	it, err := c.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: aws.String("orders"), ShardId: put.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	require.NoError(t, err)
	got, err := c.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
	require.NoError(t, err)
	require.Len(t, got.Records, 1)
	require.Equal(t, "hello", string(got.Records[0].Data))
	require.Equal(t, *put.SequenceNumber, *got.Records[0].SequenceNumber)
	require.Zero(t, *got.MillisBehindLatest)
	require.Zero(t, s.TrimmedBytes())
}
