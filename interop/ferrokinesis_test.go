//go:build interop

package interop

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Helios reads by fan-out from a server that it has never seen, through renewals, a split and a merge, and takes its consumer
// back when the source is removed.
func TestHeliosReadsByFanOutFromFerrokinesis(t *testing.T) {
	const (
		stream  = "orders"
		session = 4 * time.Second // how long a subscription lasts there, instead of five minutes
	)
	endpoint := "http://" + run(t, tools+"/ferrokinesis/release/ferrokinesis-loopback", fmt.Sprint(session.Milliseconds())).line(time.Minute)
	call := func(operation, body string) []byte {
		t.Helper()
		answer, err := post(t.Context(), endpoint, "Kinesis_20131202."+operation, body)
		require.NoError(t, err)
		return answer
	}
	active := func() {
		t.Helper()
		require.Eventually(t, func() bool {
			return strings.Contains(string(call("DescribeStreamSummary", `{"StreamName":"orders"}`)), `"ACTIVE"`)
		}, time.Minute, 20*time.Millisecond)
	}
	call("CreateStream", `{"StreamName":"orders","ShardCount":2}`)
	active()
	published := 0
	publish := func(n int) {
		t.Helper()
		type entry struct {
			Data         []byte
			PartitionKey string
		}
		for ; n > 0; n -= 10 {
			records := make([]entry, 10)
			for i := range records {
				records[i] = entry{fmt.Appendf(nil, `{"id":%d}`, published), fmt.Sprint("key-", published)}
				published++
			}
			body, err := json.Marshal(map[string]any{"StreamName": stream, "Records": records})
			require.NoError(t, err)
			require.Contains(t, string(call("PutRecords", string(body))), `"FailedRecordCount":0`)
			time.Sleep(20 * time.Millisecond)
		}
	}
	publish(100)

	api, url := helios(t)
	connect(t, url, endpoint, stream, "--read", "fan_out")
	byFanOut := func(shards ...string) func() bool {
		return func() bool {
			source, err := api.Source(t.Context(), stream)
			if err != nil {
				return false
			}
			reading := map[string]bool{}
			for _, s := range source.Shards {
				reading[s.ShardID] = s.Read == "fan_out"
			}
			for _, s := range shards {
				if !reading[s] {
					return false
				}
			}
			return true
		}
	}
	require.Eventually(t, byFanOut(shard(0), shard(1)), time.Minute, 50*time.Millisecond)
	for end := time.Now().Add(5 * session / 2); time.Now().Before(end); { // two renewals
		publish(10)
	}
	call("SplitShard", `{"StreamName":"orders","ShardToSplit":"`+shard(0)+`","NewStartingHashKey":"85070591730234615865843651857942052864"}`)
	publish(200)
	active()
	call("MergeShards", `{"StreamName":"orders","ShardToMerge":"`+shard(3)+`","AdjacentShardToMerge":"`+shard(1)+`"}`)
	publish(200)
	active()
	publish(100)
	require.Eventually(t, byFanOut(shard(2), shard(4)), time.Minute, 50*time.Millisecond)
	publish(100)

	require.Eventually(t, func() bool { return number(t, api, "SELECT count(*) FROM orders") >= published }, time.Minute, 50*time.Millisecond)
	require.Equal(t, published, number(t, api, "SELECT count(*) FROM orders"), "in all")
	require.Equal(t, published, number(t, api, "SELECT count(DISTINCT id) FROM orders"), "distinct")

	require.Contains(t, string(call("ListStreamConsumers", `{"StreamARN":"arn:aws:kinesis:us-east-1:000000000000:stream/orders"}`)), `"ACTIVE"`)
	require.NoError(t, api.RemoveSource(t.Context(), stream, false))
	require.Eventually(t, func() bool {
		return !strings.Contains(string(call("ListStreamConsumers", `{"StreamARN":"arn:aws:kinesis:us-east-1:000000000000:stream/orders"}`)), `"ACTIVE"`)
	}, time.Minute, 50*time.Millisecond)
}
