//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/e2e/emulator"
)

const generated = 20_000

func kinesisClient(endpoint string) *kinesis.Client {
	return kinesis.New(kinesis.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(endpoint), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

// TestEveryEventIsThereOnceWhateverHappens is the main promise: events are published to a stream that is split and merged while
// Helios reads it and is killed twice; in the end each record of the stream is in the table or in quarantine, once.
func TestEveryEventIsThereOnceWhateverHappens(t *testing.T) {
	const stream, table = "events", "events"
	endpoint := emulator.StartKinesisLocal(t)
	k := kinesisClient(endpoint)
	_, err := k.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String(stream), ShardCount: aws.Int32(4)})
	require.NoError(t, err)
	waitActive(t, k, stream)

	github := githubEvents(t)
	publish(t, k, stream, github)

	helios1 := start(t, "serve", "--data", t.TempDir())
	added := helios(t, nil, "sources", "add", stream, "--table", table, "--from", "horizon", "--endpoint-url", endpoint, "--yes", "--url", helios1.url)
	require.Zero(t, added.code, added.stderr)

	seed := uint64(time.Now().UnixNano())
	t.Logf("moments of death by seed %d", seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	deaths := [2]int{1000 + moments.IntN(8000), 10_000 + moments.IntN(9000)}
	for from := 0; from < generated; from += 250 {
		publish(t, k, stream, generate(from, from+250))
		switch from {
		case generated / 4:
			splitFirst(t, k, stream)
		case generated * 5 / 8:
			mergeFirst(t, k, stream)
		}
		for i, death := range deaths {
			if death >= 0 && from >= death {
				deaths[i] = -1
				helios1.kill()
				helios1.run()
			}
		}
	}

	truth := everything(t, k, stream) // by shard and sequence number, read by the SDK alone
	require.GreaterOrEqual(t, len(truth), generated+len(github))
	total := fmt.Sprintf(`SELECT (SELECT count(*) FROM %s) + (SELECT count(*) FROM quarantine.%s)`, table, table)
	require.Eventually(t, func() bool { return helios1.number(total) >= len(truth) }, 2*time.Minute, 100*time.Millisecond,
		"only part of the stream has arrived")

	seen := map[string]int{}
	ids := regexp.MustCompile(`"id":\s*"([^"]+)"`)
	for _, row := range helios1.query(fmt.Sprintf(`SELECT _shard_id, _sequence_number, id FROM %s
		UNION ALL SELECT shard_id, sequence_number, '?' || decode(raw) FROM quarantine.%s`, table, table)) {
		at := fmt.Sprint(row[0], " ", row[1])
		seen[at]++
		require.Contains(t, truth, at, "a row of no record")
		id := fmt.Sprint(row[2])
		if strings.HasPrefix(id, "?") {
			id = ids.FindStringSubmatch(id)[1]
		}
		require.Equal(t, idOf(truth[at]), id)
	}
	for at := range truth {
		require.Equal(t, 1, seen[at], "record %s is there %d times", at, seen[at])
	}
	require.Positive(t, helios1.number("SELECT count(*) FROM quarantine."+table), "broken events are in quarantine")

	// No position is ahead of its rows, nor behind them.
	ahead := helios1.query(fmt.Sprintf(`WITH taken AS (
			SELECT _shard_id AS shard_id, _sequence_number AS n FROM %s UNION ALL SELECT shard_id, sequence_number FROM quarantine.%s),
		newest AS (SELECT shard_id, max(lpad(n, 60, '0')) AS n FROM taken GROUP BY 1)
		SELECT p.shard_id, p.sequence_number, newest.n FROM helios.positions p LEFT JOIN newest USING (shard_id)
		WHERE p.source = '%s' AND p.sequence_number <> '' AND lpad(p.sequence_number, 60, '0') IS DISTINCT FROM newest.n`, table, table, table))
	require.Empty(t, ahead)
	require.Zero(t, helios1.interrupt())
}

// generate makes the events of a range of numbers. One in 97 is broken; each names its id in its text.
func generate(from, to int) []string {
	events := make([]string, 0, to-from)
	for n := from; n < to; n++ {
		switch {
		case n%97 == 5:
			events = append(events, fmt.Sprintf(`{"id":"g-%d","amount":`, n))
		case n%97 == 50:
			events = append(events, fmt.Sprintf(`{"id":"g-%d","amount":"much"}`, n))
		case n > generated/2: // a field that turns up later
			events = append(events, fmt.Sprintf(`{"id":"g-%d","amount":%d.5,"user":{"name":"u%d"},"tags":["a",%d]}`, n, n, n%100, n))
		default:
			events = append(events, fmt.Sprintf(`{"id":"g-%d","amount":%d,"user":{"name":"u%d"}}`, n, n, n%100))
		}
	}
	return events
}

func githubEvents(t *testing.T) []string {
	t.Helper()
	path := data(t, "github_events.ndjson")
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// idOf finds the id of an event, broken or not: the last "id" at the top level stands last in a GitHub event and first in a
// generated one.
func idOf(event []byte) string {
	if !bytes.HasPrefix(event, []byte(`{"id":`)) {
		event = event[bytes.LastIndex(event, []byte(`"id":`)):]
	}
	return strings.Split(string(event), `"`)[3]
}

// publish puts events until the stream has taken each of them, at least once: an answer that gets lost makes a double, which the
// stream then truly holds.
func publish(t *testing.T, k *kinesis.Client, stream string, events []string) {
	t.Helper()
	entries := make([]types.PutRecordsRequestEntry, len(events))
	for i, e := range events {
		entries[i] = types.PutRecordsRequestEntry{Data: []byte(e), PartitionKey: aws.String(fmt.Sprint(len(e), i))}
	}
	for try := 0; len(entries) > 0; try++ {
		require.Less(t, try, 100, "the stream takes nothing")
		out, err := k.PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: aws.String(stream), Records: entries})
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		var failed []types.PutRecordsRequestEntry
		for i, r := range out.Records {
			if r.ErrorCode != nil {
				failed = append(failed, entries[i])
			}
		}
		entries = failed
	}
}

func waitActive(t *testing.T, k *kinesis.Client, stream string) {
	t.Helper()
	require.Eventually(t, func() bool {
		d, err := k.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: aws.String(stream)})
		return err == nil && d.StreamDescriptionSummary.StreamStatus == types.StreamStatusActive
	}, 30*time.Second, 20*time.Millisecond)
}

func shards(t *testing.T, k *kinesis.Client, stream string) (all, open []types.Shard) {
	t.Helper()
	out, err := k.ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: aws.String(stream)})
	require.NoError(t, err)
	for _, s := range out.Shards {
		if s.SequenceNumberRange.EndingSequenceNumber == nil {
			open = append(open, s)
		}
	}
	return out.Shards, open
}

func splitFirst(t *testing.T, k *kinesis.Client, stream string) {
	t.Helper()
	_, open := shards(t, k, stream)
	_, err := k.SplitShard(t.Context(), &kinesis.SplitShardInput{
		StreamName: aws.String(stream), ShardToSplit: open[0].ShardId, NewStartingHashKey: aws.String("42535295865117307932921825928971026432"),
	})
	require.NoError(t, err)
	waitActive(t, k, stream)
}

func mergeFirst(t *testing.T, k *kinesis.Client, stream string) {
	t.Helper()
	_, open := shards(t, k, stream)
	var last error
	for _, a := range open { // the emulator says which two are neighbours
		for _, b := range open {
			if a.ShardId == b.ShardId {
				continue
			}
			_, last = k.MergeShards(t.Context(), &kinesis.MergeShardsInput{StreamName: aws.String(stream), ShardToMerge: a.ShardId, AdjacentShardToMerge: b.ShardId})
			if last == nil {
				waitActive(t, k, stream)
				return
			}
		}
	}
	require.NoError(t, last)
}

// everything reads the whole stream with nothing but the SDK.
func everything(t *testing.T, k *kinesis.Client, stream string) map[string][]byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	truth := map[string][]byte{}
	all, _ := shards(t, k, stream)
	for _, s := range all {
		var it *string
		for tries := 0; it == nil; tries++ {
			out, err := k.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
				StreamName: aws.String(stream), ShardId: s.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
			})
			if err == nil {
				it = out.ShardIterator
			}
			require.Less(t, tries, 20, "%v", err)
		}
		for it != nil {
			out, err := k.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it})
			require.NoError(t, ctx.Err())
			if err != nil {
				continue
			}
			for _, r := range out.Records {
				truth[*s.ShardId+" "+*r.SequenceNumber] = r.Data
			}
			it = out.NextShardIterator
			if len(out.Records) == 0 && aws.ToInt64(out.MillisBehindLatest) == 0 {
				break
			}
		}
	}
	return truth
}
