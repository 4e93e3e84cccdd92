package localkinesis_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/localkinesis"
)

// Whatever is sent, the answer is one of the API's: nothing panics and nothing is a defect of the server. The shards then
// still take a record for any key.
func FuzzNoRequestBreaksTheServer(f *testing.F) {
	for op, body := range map[string]string{
		"CreateStream":                  `{"StreamName":"s","ShardCount":3,"MaxRecordSizeInKiB":1024,"Tags":{"a":"b"}}`,
		"DeleteStream":                  `{"StreamARN":"arn:aws:kinesis:us-east-1:000000000000:stream/orders"}`,
		"DescribeStream":                `{"StreamName":"orders","Limit":1,"ExclusiveStartShardId":"shardId-000000000000"}`,
		"DescribeStreamSummary":         `{"StreamName":"orders"}`,
		"ListStreams":                   `{"Limit":2,"ExclusiveStartStreamName":"a"}`,
		"ListShards":                    `{"StreamName":"orders","MaxResults":1,"ShardFilter":{"Type":"AT_TIMESTAMP","Timestamp":1.5e9}}`,
		"PutRecord":                     `{"StreamName":"orders","PartitionKey":"k","Data":"aGVsbG8=","ExplicitHashKey":"340282366920938463463374607431768211455"}`,
		"PutRecords":                    `{"StreamName":"orders","Records":[{"PartitionKey":"k","Data":"aGVsbG8="},{"PartitionKey":"ü","Data":""}]}`,
		"GetShardIterator":              `{"StreamName":"orders","ShardId":"shardId-000000000001","ShardIteratorType":"AT_TIMESTAMP","Timestamp":-1e300}`,
		"GetRecords":                    `{"ShardIterator":"AAAA","Limit":10000}`,
		"SplitShard":                    `{"StreamName":"orders","ShardToSplit":"shardId-000000000000","NewStartingHashKey":"170141183460469231731687303715884105726"}`,
		"MergeShards":                   `{"StreamName":"orders","ShardToMerge":"shardId-000000000000","AdjacentShardToMerge":"shardId-000000000001"}`,
		"UpdateShardCount":              `{"StreamName":"orders","TargetShardCount":3,"ScalingType":"UNIFORM_SCALING"}`,
		"UpdateStreamMode":              `{"StreamARN":"arn:aws:kinesis:us-east-1:000000000000:stream/orders","StreamModeDetails":{"StreamMode":"ON_DEMAND"}}`,
		"IncreaseStreamRetentionPeriod": `{"StreamName":"orders","RetentionPeriodHours":8760}`,
		"AddTagsToStream":               `{"StreamName":"orders","Tags":{"a":"b"}}`,
		"ListTagsForStream":             `{"StreamName":"orders","Limit":1}`,
		"RegisterStreamConsumer":        `{"StreamARN":"arn:aws:kinesis:us-east-1:000000000000:stream/orders","ConsumerName":"app"}`,
		"ListStreamConsumers":           `{"StreamARN":"arn:aws:kinesis:us-east-1:000000000000:stream/orders","MaxResults":1,"NextToken":"AAAA"}`,
		"DescribeStreamConsumer":        `{"ConsumerARN":"arn:aws:kinesis:us-east-1:000000000000:stream/orders/consumer/app:1"}`,
		"SubscribeToShard":              `{"ConsumerARN":"arn:aws:kinesis:us-east-1:000000000000:stream/orders/consumer/app:1","ShardId":"shardId-000000000000","StartingPosition":{"Type":"LATEST"}}`,
	} {
		f.Add(op, body, false)
	}
	f.Add("GetShardIterator", "\xa1\x69Timestamp\xc1\x1b\x00\x00\x01\x90\x00\x00\x00\x00", true)
	f.Fuzz(func(t *testing.T, op, body string, cbor bool) {
		s := localkinesis.New(localkinesis.Options{})
		require.NoError(t, s.CreateStream("orders", 2))
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", "Kinesis_20131202."+op)
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		if cbor {
			r.Header.Set("Content-Type", "application/x-amz-cbor-1.1")
		}
		s.Handler().ServeHTTP(w, r)
		require.Contains(t, []int{200, 400}, w.Code, w.Body.String())
		for _, hash := range []string{"0", half, last} {
			if _, err := s.PutRecords("orders", []localkinesis.Record{{PartitionKey: "k", ExplicitHashKey: hash}}); err != nil {
				require.ErrorContains(t, err, "ResourceNotFoundException", "only a deletion may cause this")
			}
		}
	})
}
