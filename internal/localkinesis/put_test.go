package localkinesis_test

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/localkinesis"
)

func TestRecordsGoToTheShardOfTheirHashAndAreNumberedUpwards(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(5)
	shards := k.shards(kinesis.ListShardsInput{})
	in := &kinesis.PutRecordsInput{StreamName: aws.String("orders")}
	for i := range 500 {
		in.Records = append(in.Records, types.PutRecordsRequestEntry{PartitionKey: aws.String(fmt.Sprint("key", i)), Data: []byte{1}})
	}
	out, err := k.c.PutRecords(t.Context(), in)
	require.NoError(t, err)
	require.Zero(t, *out.FailedRecordCount)
	highest := map[string]*big.Int{}
	for i, r := range out.Records {
		sum := md5.Sum(fmt.Append(nil, "key", i))
		hash := new(big.Int).SetBytes(sum[:])
		for _, s := range shards {
			from, to := number(t, s.HashKeyRange.StartingHashKey), number(t, s.HashKeyRange.EndingHashKey)
			if hash.Cmp(from) >= 0 && hash.Cmp(to) <= 0 {
				require.Equal(t, *s.ShardId, *r.ShardId)
			}
		}
		n := number(t, r.SequenceNumber)
		if before := highest[*r.ShardId]; before != nil {
			require.Positive(t, n.Cmp(before))
		}
		highest[*r.ShardId] = n
		require.Len(t, *r.SequenceNumber, 56)
		require.Equal(t, 186, n.BitLen(), "the KCL reads version and shard out of 186 bits")
		require.Equal(t, (*r.ShardId)[len("shardId-"):], fmt.Sprintf("%012d", new(big.Int).Rsh(n, 4).Uint64()&(1<<32-1)))
	}
	require.Len(t, highest, 5)
}

func number(t *testing.T, s *string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(*s, 10)
	require.True(t, ok, *s)
	return n
}

func TestAnExplicitHashKeyChoosesTheShard(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(2)
	for hash, want := range map[string]string{
		"0": shard0,
		"170141183460469231731687303715884105727": shard0,
		half: shard1,
		last: shard1,
	} {
		got, _ := k.put(hash, "x")
		require.Equal(t, want, got, hash)
	}
	for bad, code := range map[string]string{
		"340282366920938463463374607431768211456": "InvalidArgumentException",
		"999999999999999999999999999999999999999": "InvalidArgumentException",
		"-1":  "ValidationException",
		"0x1": "ValidationException",
		"01":  "ValidationException",
	} {
		_, err := k.c.PutRecord(t.Context(), &kinesis.PutRecordInput{
			StreamName: aws.String("orders"), PartitionKey: aws.String("k"), ExplicitHashKey: &bad, Data: []byte("x"),
		})
		isError(t, err, code, "xplicitHashKey")
	}
}

func TestPutsBeyondTheLimitsAreRefusedWhole(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(1)
	entry := func(key string, size int) types.PutRecordsRequestEntry {
		return types.PutRecordsRequestEntry{PartitionKey: &key, Data: bytes.Repeat([]byte("x"), size)}
	}
	many := func(n int, e types.PutRecordsRequestEntry) (out []types.PutRecordsRequestEntry) {
		for range n {
			out = append(out, e)
		}
		return out
	}
	for name, tc := range map[string]struct {
		records       []types.PutRecordsRequestEntry
		code, message string
	}{
		"501 records":              {many(501, entry("k", 1)), "ValidationException", "'records' failed to satisfy constraint: Member must have length less than or equal to 500"},
		"no record":                {[]types.PutRecordsRequestEntry{}, "ValidationException", "greater than or equal to 1"},
		"more than 10 MiB":         {many(11, entry("k", 1<<20-1)), "InvalidArgumentException", "exceeds 10 MiB"},
		"a record above 1 MiB":     {many(1, entry("k", 1<<20)), "InvalidArgumentException", "UpdateMaxRecordSize"},
		"an empty key":             {many(1, entry("", 1)), "ValidationException", "'records.1.member.partitionKey'"},
		"a key of 257 characters":  {many(1, entry(strings.Repeat("ü", 257), 1)), "ValidationException", "less than or equal to 256"},
		"one bad record among two": {[]types.PutRecordsRequestEntry{entry("k", 1), entry("", 1)}, "ValidationException", "'records.2.member.partitionKey'"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := k.c.PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: aws.String("orders"), Records: tc.records})
			isError(t, err, tc.code, tc.message)
		})
	}
	_, err := k.c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: aws.String("orders"), PartitionKey: aws.String("k"), Data: []byte("x"), DryRun: aws.Bool(true)})
	isError(t, err, "DryRunOperationException", "would have succeeded")
	require.Empty(t, k.read(k.horizon(shard0)).Records)

	out, err := k.c.PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: aws.String("orders"), Records: many(10, entry("k", 1<<20-1))})
	require.NoError(t, err)
	require.Zero(t, *out.FailedRecordCount)
}

func TestKeptLimitsThrottleAShardAsAWSDoes(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now, KeepLimits: true})
	k.stream(2)
	put := func(hash string, n, size int) (failed int32, codes map[string]int) {
		t.Helper()
		in := &kinesis.PutRecordsInput{StreamName: aws.String("orders")}
		for range n {
			in.Records = append(in.Records, types.PutRecordsRequestEntry{PartitionKey: aws.String("k"), ExplicitHashKey: &hash, Data: make([]byte, size)})
		}
		out, err := k.c.PutRecords(t.Context(), in)
		require.NoError(t, err)
		codes = map[string]int{}
		for _, r := range out.Records {
			codes[aws.ToString(r.ErrorCode)]++
			require.Equal(t, r.ErrorCode == nil, r.SequenceNumber != nil)
		}
		return *out.FailedRecordCount, codes
	}
	for _, n := range []int32{0, 0, 500} { // 1000 records a second
		failed, _ := put("0", 500, 1)
		require.Equal(t, n, failed)
	}
	failed, codes := put(half, 3, 500_000) // 1 MiB a second, each shard for itself
	require.EqualValues(t, 1, failed)
	require.Equal(t, map[string]int{"": 2, "ProvisionedThroughputExceededException": 1}, codes)
	_, err := k.c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: aws.String("orders"), PartitionKey: aws.String("k"), ExplicitHashKey: aws.String("0"), Data: []byte("x")})
	isError(t, err, "ProvisionedThroughputExceededException", "Rate exceeded for shard shardId-000000000000 in stream orders under account 000000000000.")
	now.pass(time.Second)
	failed, _ = put("0", 500, 1)
	require.Zero(t, failed)

	it := k.horizon(shard0)
	reads := func(it *string) (n int) {
		for ; n < 20; n++ {
			if _, err := k.c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it, Limit: aws.Int32(1)}); err != nil {
				isError(t, err, "ProvisionedThroughputExceededException", shard0)
				return n
			}
			now.pass(time.Millisecond)
		}
		return n
	}
	require.Equal(t, 5, reads(it))
	now.pass(200 * time.Millisecond)
	require.Equal(t, 1, reads(it))
}

func TestAfterAnAnswerOfTenMebibytesAShardRestsForFiveSeconds(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now, KeepLimits: true})
	k.stream(1)
	for range 11 {
		_, err := k.s.PutRecords("orders", []localkinesis.Record{{PartitionKey: "k", Data: make([]byte, 1<<20-1)}})
		require.NoError(t, err)
		now.pass(time.Second)
	}
	got := k.read(k.horizon(shard0))
	require.Len(t, got.Records, 10)
	now.pass(5*time.Second - time.Millisecond)
	_, err := k.c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: got.NextShardIterator})
	isError(t, err, "ProvisionedThroughputExceededException", shard0)
	now.pass(time.Millisecond)
	require.Len(t, k.read(got.NextShardIterator).Records, 1)
}

func TestMemoryIsBoundedByForgettingTheOldest(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now, MaxBytes: 1 << 20})
	k.streamNamed("old", 1)
	k.stream(1)
	data := bytes.Repeat([]byte("x"), 1000)
	fill := func(stream string, n int) {
		for range n {
			_, err := k.s.PutRecords(stream, []localkinesis.Record{{PartitionKey: "k", Data: data}})
			require.NoError(t, err)
			now.pass(time.Millisecond)
		}
	}
	fill("old", 500)
	require.Zero(t, k.s.TrimmedBytes())
	fill("orders", 800)
	require.Greater(t, k.s.TrimmedBytes(), int64(1300*1000-1<<20))
	require.Len(t, k.read(k.horizon(shard0)).Records, 800, "the other stream's records are older")
	fill("orders", 2000)
	got := k.read(k.horizon(shard0))
	require.Less(t, len(got.Records)*1000, 1<<20)
	require.Greater(t, len(got.Records)*1000, 7<<17)
	require.Zero(t, *got.MillisBehindLatest)
	require.NoError(t, k.s.DeleteStream("orders"))
	k.stream(1)
	trimmed := k.s.TrimmedBytes()
	fill("orders", 900)
	require.Equal(t, trimmed, k.s.TrimmedBytes(), "a deleted stream gives its memory back")
}
