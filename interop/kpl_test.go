//go:build interop

package interop

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/localkinesis"
)

// The native KPL publishes over TLS while the stream is resharded. It aggregates user records by the shard that it believes
// they belong to, and when an aggregate lands in another (its retrier.cc) it sends again those that do not belong there, which
// readers are to leave out, or all of them if it does not know that shard yet: those that do belong are then in the stream
// twice, for every reader. So Helios must have each user record once if the KPL sent it once; the doubles must be such ones,
// and Helios must have all that AWS's own reader has.
func TestHeliosHasEachUserRecordThatTheKPLSentOnceOnce(t *testing.T) {
	const (
		stream = "clicks"
		n      = 6000
	)
	s, plain, secure := local(t, localkinesis.Options{KeepLimits: true})
	require.NoError(t, s.CreateStream(stream, 2))
	api, url := helios(t)
	connect(t, url, "http://"+plain.String(), stream)

	_, port, _ := strings.Cut(secure.String(), ":")
	kpl := java(t, "Produce.java", port, stream, t.TempDir())
	event := func(i int) string { return fmt.Sprintf(`{"id":"event-%05d","page":"/products/%d"}`, i, i%97) }
	keys := rand.New(rand.NewPCG(1, 2))
	send := func(i int) {
		_, err := fmt.Fprintf(kpl.stdin, "visitor-%d\t%s\n", keys.IntN(1000), event(i))
		require.NoError(t, err)
	}
	attempts := map[string]int{} // by event
	hear := func(until int) {
		t.Helper()
		for len(attempts) < until {
			line := kpl.line(time.Minute)
			var event string
			var times int
			_, err := fmt.Sscanf(line, "stored %d %s", &times, &event)
			require.NoError(t, err, line)
			attempts[event] = times
		}
	}
	// It aggregates once it knows the shards, which it asks for with the first record.
	send(0)
	hear(1)
	time.Sleep(2500 * time.Millisecond)

	reshard := map[int]func() error{
		n / 6:     func() error { return s.SplitShard(stream, shard(0), "85070591730234615865843651857942052864") }, // 2^126
		2 * n / 6: func() error { return s.MergeShards(stream, shard(3), shard(1)) },
		3 * n / 6: func() error { return s.UpdateShardCount(stream, 4) },
		4 * n / 6: func() error { return s.UpdateShardCount(stream, 8) },
		5 * n / 6: func() error { return s.UpdateShardCount(stream, 4) },
	}
	for i := 1; i < n; i++ {
		send(i)
		if change := reshard[i]; change != nil {
			require.NoError(t, change())
		}
		if i%10 == 0 {
			time.Sleep(15 * time.Millisecond)
		}
	}
	require.NoError(t, kpl.stdin.Close())
	hear(n)
	// Behind a last record in each open shard nothing is left to come.
	last := event(n)
	for _, hash := range []string{"0", "1" + strings.Repeat("0", 38), "2" + strings.Repeat("0", 38), "3" + strings.Repeat("0", 38)} {
		_, err := s.PutRecords(stream, []localkinesis.Record{{PartitionKey: "last", ExplicitHashKey: hash, Data: []byte(last)}})
		require.NoError(t, err)
	}

	require.Eventually(t, func() bool {
		return number(t, api, fmt.Sprintf("SELECT count(*) FROM clicks WHERE id = 'event-%05d'", n)) == 4
	}, time.Minute, 100*time.Millisecond)
	have := map[string]int{} // how often, by event
	rows, err := api.Query(t.Context(), client.QueryRequest{
		MaxRows: 2 * n, SQL: `SELECT '{"id":"' || id || '","page":"' || page || '"}', _partition_key, _shard_id FROM clicks`,
	})
	require.NoError(t, err)
	ranges := hashRanges(t, "http://"+plain.String(), stream)
	for _, row := range rows.Rows {
		event, key, shard := row[0].(string), row[1].(string), row[2].(string)
		have[event]++
		if event != last {
			require.True(t, ranges[shard].holds(key), "%s does not belong into %s, and is sent again elsewhere", event, shard)
		}
	}
	require.Zero(t, number(t, api, "SELECT count(*) FROM quarantine.clicks"))
	again, double := 0, 0
	for event, times := range attempts {
		require.Positive(t, have[event], "%s is lost", event)
		require.LessOrEqual(t, have[event], times, "%s is there more often than it was sent", event)
		if times > 1 {
			again++
			double += have[event] - 1
		}
	}
	require.Len(t, have, n+1)
	require.Greater(t, again, double, "no record was sent again that did not belong where it was: the test shows nothing")
	records := number(t, api, "SELECT count(DISTINCT (_shard_id, _sequence_number)) FROM clicks")
	require.Less(t, records, n/2, "the KPL did not aggregate")
	t.Logf("%d user records in %d records; the KPL sent %d again, %d of them though they were where they belong", n, records, again, double)

	kcl := readByKCL(t, "polling", "http://"+plain.String(), moto(t), stream, nil)
	kcl.until("the last records are read", func() bool { return kcl.records[last] == 4 })
	for event, times := range kcl.records {
		require.GreaterOrEqual(t, have[event], times, "the KCL has %s more often", event)
	}
}

// hashRange is what a shard takes, both ends included.
type hashRange struct{ start, end *big.Int }

func (r hashRange) holds(partitionKey string) bool {
	sum := md5.Sum([]byte(partitionKey))
	hash := new(big.Int).SetBytes(sum[:])
	return r.start.Cmp(hash) <= 0 && hash.Cmp(r.end) <= 0
}

// hashRanges gives what the shards of a stream take, closed ones too.
func hashRanges(t *testing.T, endpoint, stream string) map[string]hashRange {
	t.Helper()
	answer, err := post(t.Context(), endpoint, "Kinesis_20131202.ListShards", `{"StreamName":"`+stream+`"}`)
	require.NoError(t, err)
	var list struct {
		Shards []struct {
			ShardID      string `json:"ShardId"`
			HashKeyRange struct {
				Start string `json:"StartingHashKey"`
				End   string `json:"EndingHashKey"`
			} `json:"HashKeyRange"`
		} `json:"Shards"`
	}
	require.NoError(t, json.Unmarshal(answer, &list))
	ranges := map[string]hashRange{}
	for _, s := range list.Shards {
		start, ok := new(big.Int).SetString(s.HashKeyRange.Start, 10)
		require.True(t, ok)
		end, ok := new(big.Int).SetString(s.HashKeyRange.End, 10)
		require.True(t, ok)
		ranges[s.ShardID] = hashRange{start, end}
	}
	return ranges
}
