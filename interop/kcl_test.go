//go:build interop

package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/localkinesis"
)

const (
	application = "judge"         // the name of the KCL's lease table
	patience    = 3 * time.Minute // the KCL takes its time: its first lease alone half a minute
)

// The KCL, the strictest reader of the protocol that there is, reads a stream that is split and merged while records come:
// each record at least once, each closed shard to its end, and a child only after its parents.
func TestTheKCLReadsEveryShardToItsEnd(t *testing.T) {
	for _, mode := range []string{"polling", "fan_out"} {
		t.Run(mode, func(t *testing.T) { judge(t, mode) })
	}
}

// reader is what the KCL has said so far.
type reader struct {
	*program
	records      map[string]int  // how often, by their data
	begun, ended map[string]bool // shards
	parents      map[string][]string
}

// readByKCL runs the KCL in polling or fan_out mode.
func readByKCL(t *testing.T, mode, endpoint, dynamo, stream string, parents map[string][]string) *reader {
	t.Helper()
	p := java(t, "Consume.java", mode, endpoint, dynamo, stream, application)
	return &reader{p, map[string]int{}, map[string]bool{}, map[string]bool{}, parents}
}

func judge(t *testing.T, mode string) {
	t.Helper()
	const stream = "orders"
	var polled, subscribed atomic.Int64
	s, plain, _ := local(t, localkinesis.Options{
		KeepLimits:      true,
		SubscriptionTTL: 8 * time.Second, // so that it is renewed during the test
		Faults: func(r localkinesis.Request) *localkinesis.Fault {
			switch r.Operation {
			case "GetRecords":
				polled.Add(1)
			case "SubscribeToShard":
				subscribed.Add(1)
			}
			return nil
		},
	})
	require.NoError(t, s.CreateStream(stream, 2))
	dynamo := moto(t)
	kcl := readByKCL(t, mode, "http://"+plain.String(), dynamo, stream, map[string][]string{
		shard(2): {shard(0)}, shard(3): {shard(0)}, shard(4): {shard(3), shard(1)},
	})

	published := 0
	publish := func(n int) {
		for ; n > 0; n -= 20 {
			records := make([]localkinesis.Record, 20)
			for i := range records {
				records[i] = localkinesis.Record{PartitionKey: fmt.Sprint("key-", published), Data: fmt.Appendf(nil, "%06d", published)}
				published++
			}
			results, err := s.PutRecords(stream, records)
			require.NoError(t, err)
			for _, r := range results {
				require.Empty(t, r.ErrorMessage)
			}
			time.Sleep(50 * time.Millisecond) // within the shards' rate
		}
	}
	publish(500)
	kcl.until("the first records are read", func() bool { return len(kcl.records) == published })

	publish(200)
	require.NoError(t, s.SplitShard(stream, shard(0), "85070591730234615865843651857942052864")) // 2^126
	publish(200)
	require.NoError(t, s.MergeShards(stream, shard(3), shard(1)))
	publish(200)
	kcl.until("all is read and three shards have ended", func() bool {
		return len(kcl.records) == published && kcl.ended[shard(0)] && kcl.ended[shard(1)] && kcl.ended[shard(3)]
	})
	require.Len(t, kcl.ended, 3, "shards 2 and 4 are open")
	if mode == "polling" {
		require.Zero(t, subscribed.Load())
	} else {
		require.Zero(t, polled.Load())
		kcl.until("subscriptions to the five shards are renewed", func() bool { return subscribed.Load() > 6 })
	}
	publish(200)
	kcl.until("the last records are read", func() bool { return len(kcl.records) == published })

	// What the KCL notes of an ended shard is the end, or nothing any more.
	var leases map[string]string
	kcl.until("leases of ended shards are complete", func() (complete bool) {
		var err error
		leases, err = checkpoints(t.Context(), dynamo)
		complete = err == nil // moto fails now and then
		for _, ended := range []string{shard(0), shard(1), shard(3)} {
			at, kept := leases[ended]
			complete = complete && (!kept || at == "SHARD_END")
		}
		return complete
	})
	for _, open := range []string{shard(2), shard(4)} {
		require.NotEqual(t, "SHARD_END", leases[open])
		require.NotEmpty(t, leases[open])
	}
}

func shard(n int) string { return fmt.Sprintf("shardId-%012d", n) }

// until listens to the KCL until something holds.
func (r *reader) until(what string, holds func() bool) {
	r.t.Helper()
	for end := time.Now().Add(patience); !holds(); {
		require.True(r.t, time.Now().Before(end), "not within %s: %s; %d records, begun %v, ended %v", patience, what, len(r.records), r.begun, r.ended)
		select {
		case line, running := <-r.lines:
			require.True(r.t, running, "the KCL ended by itself")
			r.hear(line)
		case <-time.After(time.Second):
		}
	}
}

// hear takes a line of Consume.java.
func (r *reader) hear(line string) {
	r.t.Helper()
	word := strings.Fields(line)
	require.GreaterOrEqual(r.t, len(word), 2, line)
	switch word[0] {
	case "begin":
		r.begun[word[1]] = true
		for _, parent := range r.parents[word[1]] {
			require.True(r.t, r.ended[parent], "%s begins before its parent %s has ended", word[1], parent)
		}
	case "record":
		r.records[word[2]]++
	case "end":
		r.ended[word[1]] = true
	default:
		require.Fail(r.t, "an unknown line", line)
	}
}

// checkpoints reads the KCL's lease table: how far it is, by shard.
func checkpoints(ctx context.Context, dynamo string) (map[string]string, error) {
	answer, err := post(ctx, dynamo, "DynamoDB_20120810.Scan", `{"TableName":"`+application+`"}`)
	if err != nil {
		return nil, err
	}
	type attribute struct {
		S string `json:"S"`
	}
	var scan struct {
		Items []struct {
			LeaseKey   attribute `json:"leaseKey"`
			Checkpoint attribute `json:"checkpoint"`
		} `json:"Items"`
	}
	if err := json.Unmarshal(answer, &scan); err != nil {
		return nil, err
	}
	at := map[string]string{}
	for _, item := range scan.Items {
		if strings.HasPrefix(item.LeaseKey.S, "shardId-") { // the KCL keeps more there than leases
			at[item.LeaseKey.S] = item.Checkpoint.S
		}
	}
	return at, nil
}
