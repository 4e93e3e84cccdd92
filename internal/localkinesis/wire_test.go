package localkinesis_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/localkinesis"
)

func TestRequestsThatAreNotOfTheAPIAreAnsweredWithAReason(t *testing.T) {
	k := start(t, localkinesis.Options{})
	for name, tc := range map[string]struct {
		method, target, contentType, body string
		status                            int
		want                              string
	}{
		"a browser":                  {http.MethodGet, "", "", "", 400, "this is a Kinesis endpoint"},
		"another service":            {http.MethodPost, "DynamoDB_20120810.ListTables", "application/x-amz-json-1.0", "{}", 400, "UnknownOperationException"},
		"an operation not there":     {http.MethodPost, "Kinesis_20131202.SplitTheAtom", "application/x-amz-json-1.1", "{}", 400, `{"__type":"UnknownOperationException","message":"localkinesis does not know the operation SplitTheAtom"}`},
		"another encoding":           {http.MethodPost, "Kinesis_20131202.ListStreams", "text/xml", "<x/>", 400, "application/x-amz-json-1.1"},
		"broken JSON":                {http.MethodPost, "Kinesis_20131202.ListStreams", "application/x-amz-json-1.1", `{"Limit":`, 400, "SerializationException"},
		"a member of the wrong type": {http.MethodPost, "Kinesis_20131202.ListStreams", "application/x-amz-json-1.1", `{"Limit":"ten"}`, 400, "SerializationException"},
		"a time of the wrong type":   {http.MethodPost, "Kinesis_20131202.GetShardIterator", "application/x-amz-json-1.1", `{"Timestamp":"now"}`, 400, "a timestamp must be a number of seconds"},
		"data that is not base64":    {http.MethodPost, "Kinesis_20131202.PutRecord", "application/x-amz-json-1.1", `{"Data":"***"}`, 400, "SerializationException"},
		"no data":                    {http.MethodPost, "Kinesis_20131202.PutRecord", "application/x-amz-json-1.1", `{"PartitionKey":"k"}`, 400, "Value null at 'data' failed to satisfy constraint: Member must not be null"},
		"more than a request holds":  {http.MethodPost, "Kinesis_20131202.PutRecord", "application/x-amz-json-1.1", strings.Repeat(" ", 16<<20+1), 413, "RequestEntityTooLargeException"},
		"a charset beside the type":  {http.MethodPost, "Kinesis_20131202.ListStreams", "application/x-amz-json-1.1; charset=utf-8", `{}`, 200, `"StreamNames":[]`},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tc.method, k.url, strings.NewReader(tc.body))
			require.NoError(t, err)
			req.Header.Set("X-Amz-Target", tc.target)
			req.Header.Set("Content-Type", tc.contentType)
			resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, tc.status, resp.StatusCode)
			require.Contains(t, string(body), tc.want)
			require.NotEmpty(t, resp.Header.Get("x-amzn-RequestId"))
		})
	}
}

func TestFaultsAreInjectedPerRequest(t *testing.T) {
	var next atomic.Pointer[localkinesis.Fault]
	var asked atomic.Pointer[localkinesis.Request]
	k := start(t, localkinesis.Options{Faults: func(r localkinesis.Request) *localkinesis.Fault {
		asked.Store(&r)
		return next.Swap(nil)
	}})
	k.stream(1)
	put := func(text string) error {
		_, err := k.c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: aws.String("orders"), PartitionKey: aws.String("k"), Data: []byte(text)})
		return err
	}
	require.NoError(t, put("plain"))
	require.Equal(t, localkinesis.Request{Operation: "PutRecord", Stream: "orders"}, *asked.Load())

	next.Store(&localkinesis.Fault{Error: &localkinesis.Error{Type: "ProvisionedThroughputExceededException", Message: "slow down"}})
	isError(t, put("throttled"), "ProvisionedThroughputExceededException", "slow down")

	next.Store(&localkinesis.Fault{Error: &localkinesis.Error{Type: "InternalFailure", Message: "oh"}, Status: 500})
	isError(t, put("failed"), "InternalFailure", "oh")

	next.Store(&localkinesis.Fault{Drop: true})
	require.Error(t, put("dropped"))

	next.Store(&localkinesis.Fault{Cut: true})
	require.Error(t, put("stored, and the answer cut"))

	next.Store(&localkinesis.Fault{Duplicate: true})
	require.NoError(t, put("twice"))

	next.Store(&localkinesis.Fault{Delay: time.Hour})
	hasty, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := k.c.ListShards(hasty, &kinesis.ListShardsInput{StreamName: aws.String("orders")})
	require.ErrorIs(t, err, context.DeadlineExceeded)

	it := k.horizon(shard0)
	require.Equal(t, localkinesis.Request{Operation: "GetShardIterator", Stream: "orders", ShardID: shard0}, *asked.Load())
	next.Store(&localkinesis.Fault{Cut: true})
	_, err = k.c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it})
	require.Error(t, err)
	require.Equal(t, localkinesis.Request{Operation: "GetRecords", Stream: "orders", ShardID: shard0}, *asked.Load())
	require.Equal(t, []string{"plain", "stored, and the answer cut", "twice", "twice"}, texts(k.read(it).Records))
}

// Producers, a resharder and readers at once: every record comes out once, and in each shard in order.
func TestNothingIsLostOrDoubledWhileShardsSplitAndMerge(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(2)
	const producers, batches, size = 4, 40, 25
	var producing sync.WaitGroup
	for p := range producers {
		producing.Go(func() {
			for b := range batches {
				in := &kinesis.PutRecordsInput{StreamName: aws.String("orders")}
				for i := range size {
					in.Records = append(in.Records, types.PutRecordsRequestEntry{
						PartitionKey: aws.String(fmt.Sprintf("%d-%d-%d", p, b, i)), Data: fmt.Appendf(nil, "%d-%d-%d", p, b, i),
					})
				}
				if _, err := k.c.PutRecords(t.Context(), in); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, target := range []int32{4, 3, 5, 3, 2} {
		_, err := k.c.UpdateShardCount(t.Context(), &kinesis.UpdateShardCountInput{
			StreamName: aws.String("orders"), TargetShardCount: &target, ScalingType: types.ScalingTypeUniformScaling,
		})
		require.NoError(t, err)
	}
	producing.Wait()

	seen := map[string]bool{}
	for _, shard := range k.shards(kinesis.ListShardsInput{}) {
		var last string // numbers have one length, so that they order as text
		for it := k.horizon(*shard.ShardId); it != nil; {
			got, err := k.c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it, Limit: aws.Int32(100)})
			require.NoError(t, err)
			for _, r := range got.Records {
				require.Less(t, last, *r.SequenceNumber)
				last = *r.SequenceNumber
				require.False(t, seen[string(r.Data)], "%s came twice", r.Data)
				seen[string(r.Data)] = true
			}
			it = got.NextShardIterator
			if *got.MillisBehindLatest == 0 && len(got.Records) == 0 {
				break
			}
		}
	}
	require.Len(t, seen, producers*batches*size)
}

func TestAPutIsReadByteForByte(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(1)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	_, err := k.s.PutRecords("orders", []localkinesis.Record{{PartitionKey: "k", Data: all}, {PartitionKey: "k"}})
	require.NoError(t, err)
	got := k.read(k.horizon(shard0))
	require.Len(t, got.Records, 2)
	require.True(t, bytes.Equal(all, got.Records[0].Data))
	require.Empty(t, got.Records[1].Data)
}
