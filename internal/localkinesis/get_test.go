package localkinesis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/localkinesis"
)

func TestEachIteratorTypeBeginsWhereItSays(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now})
	k.stream(1)
	began := now.now()
	var numbers []string
	for _, text := range []string{"a", "b", "c"} { // 2 ms apart
		_, n := k.put("0", text)
		numbers = append(numbers, n)
		now.pass(2 * time.Millisecond)
	}
	first := k.shards(kinesis.ListShardsInput{})[0].SequenceNumberRange.StartingSequenceNumber
	for name, tc := range map[string]struct {
		in   kinesis.GetShardIteratorInput
		want []string
	}{
		"the horizon":                  {kinesis.GetShardIteratorInput{ShardIteratorType: "TRIM_HORIZON"}, []string{"a", "b", "c"}},
		"the tip":                      {kinesis.GetShardIteratorInput{ShardIteratorType: "LATEST"}, []string{"later"}},
		"at a number":                  {kinesis.GetShardIteratorInput{ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: &numbers[1]}, []string{"b", "c"}},
		"after a number":               {kinesis.GetShardIteratorInput{ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: &numbers[1]}, []string{"c"}},
		"after the last number":        {kinesis.GetShardIteratorInput{ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: &numbers[2]}, []string{"later"}},
		"after the shard's start":      {kinesis.GetShardIteratorInput{ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: first}, []string{"a", "b", "c"}},
		"at a time before all":         {kinesis.GetShardIteratorInput{ShardIteratorType: "AT_TIMESTAMP", Timestamp: aws.Time(began.Add(-time.Hour))}, []string{"a", "b", "c"}},
		"at the time of a record":      {kinesis.GetShardIteratorInput{ShardIteratorType: "AT_TIMESTAMP", Timestamp: aws.Time(began.Add(2 * time.Millisecond))}, []string{"b", "c"}},
		"at a time between records":    {kinesis.GetShardIteratorInput{ShardIteratorType: "AT_TIMESTAMP", Timestamp: aws.Time(began.Add(3 * time.Millisecond))}, []string{"c"}},
		"at a time after every record": {kinesis.GetShardIteratorInput{ShardIteratorType: "AT_TIMESTAMP", Timestamp: aws.Time(began.Add(5 * time.Millisecond))}, []string{"later"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.StreamName, tc.in.ShardId = aws.String("orders"), aws.String(shard0)
			it := k.iterator(tc.in)
			if tc.want[0] == "later" {
				got := k.read(it)
				require.Empty(t, got.Records)
				require.NotNil(t, got.NextShardIterator)
				return
			}
			require.Equal(t, tc.want, texts(k.read(it).Records))
		})
	}
	tip := k.iterator(kinesis.GetShardIteratorInput{StreamName: aws.String("orders"), ShardId: aws.String(shard0), ShardIteratorType: "LATEST"})
	tip = k.read(tip).NextShardIterator
	k.put("0", "later")
	require.Equal(t, []string{"later"}, texts(k.read(tip).Records))
}

func TestIteratorsThatMakeNoSenseAreRefused(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now})
	k.stream(2)
	_, n := k.put("0", "in shard 0")
	beyond := n[:len(n)-25] + "9" + n[len(n)-24:]
	for name, tc := range map[string]struct {
		in            kinesis.GetShardIteratorInput
		code, message string
	}{
		"a shard that is not there": {kinesis.GetShardIteratorInput{ShardId: aws.String("shardId-000000000009"), ShardIteratorType: "LATEST"}, "ResourceNotFoundException", "Could not find shard shardId-000000000009 in stream orders"},
		"an unknown type":           {kinesis.GetShardIteratorInput{ShardIteratorType: "SOMEWHERE"}, "ValidationException", "enum value set"},
		"no number":                 {kinesis.GetShardIteratorInput{ShardIteratorType: "AT_SEQUENCE_NUMBER"}, "InvalidArgumentException", "StartingSequenceNumber"},
		"a number that is none":     {kinesis.GetShardIteratorInput{ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: aws.String("7")}, "InvalidArgumentException", "did not come from this stream"},
		"a number beyond the tip":   {kinesis.GetShardIteratorInput{ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: &beyond}, "InvalidArgumentException", "did not come from this stream"},
		"another shard's number":    {kinesis.GetShardIteratorInput{ShardId: aws.String(shard1), ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: &n}, "InvalidArgumentException", "It encodes " + shard0 + ", while it was used in a call to a shard with " + shard1},
		"a number and the horizon":  {kinesis.GetShardIteratorInput{ShardIteratorType: "TRIM_HORIZON", StartingSequenceNumber: &n}, "InvalidArgumentException", "for no other ShardIteratorType"},
		"no time":                   {kinesis.GetShardIteratorInput{ShardIteratorType: "AT_TIMESTAMP"}, "InvalidArgumentException", "Timestamp"},
		"a time to come":            {kinesis.GetShardIteratorInput{ShardIteratorType: "AT_TIMESTAMP", Timestamp: aws.Time(now.now().Add(time.Second))}, "InvalidArgumentException", "cannot be greater than"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.StreamName = aws.String("orders")
			if tc.in.ShardId == nil {
				tc.in.ShardId = aws.String(shard0)
			}
			_, err := k.c.GetShardIterator(t.Context(), &tc.in)
			isError(t, err, tc.code, tc.message)
		})
	}
}

func TestIteratorsExpireAndCannotBeForged(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now})
	other := start(t, localkinesis.Options{Now: now.now})
	k.stream(1)
	other.stream(1)
	refused := func(it, code, message string) {
		t.Helper()
		_, err := k.c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: &it})
		isError(t, err, code, message)
	}
	it := *k.horizon(shard0)
	now.pass(5 * time.Minute)
	k.read(&it)
	now.pass(time.Millisecond)
	refused(it, "ExpiredIteratorException", "The iterator was created at time Sun Nov 01 12:00:00 UTC 2026")

	it = *k.horizon(shard0)
	k.s.ExpireIterators()
	refused(it, "ExpiredIteratorException", "Iterator expired")

	it = *k.horizon(shard0)
	swapped := "B"
	if it[20] == 'B' {
		swapped = "C"
	}
	refused(it[:20]+swapped+it[21:], "InvalidArgumentException", "Invalid ShardIterator.")
	refused(*other.horizon(shard0), "InvalidArgumentException", "Invalid ShardIterator.")
	refused("garbage", "InvalidArgumentException", "Invalid ShardIterator.")

	require.NoError(t, k.s.DeleteStream("orders"))
	k.stream(1)
	refused(it, "ResourceNotFoundException", "no longer exists")
}

func TestAnAnswerHoldsNoMoreThanItsLimits(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(1)
	_, err := k.c.UpdateMaxRecordSize(t.Context(), &kinesis.UpdateMaxRecordSizeInput{
		StreamARN: aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/orders"), MaxRecordSizeInKiB: aws.Int32(10240),
	})
	require.NoError(t, err)
	for i := range 5 {
		k.put("0", fmt.Sprint(i))
	}
	huge := strings.Repeat("x", 10<<20-len("key"))
	k.put("0", huge)
	k.put("0", "after")

	got, err := k.c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: k.horizon(shard0), Limit: aws.Int32(2)})
	require.NoError(t, err)
	require.Equal(t, []string{"0", "1"}, texts(got.Records))
	got = k.read(got.NextShardIterator)
	require.Equal(t, []string{"2", "3", "4"}, texts(got.Records), "the huge one does not fit any more")
	got = k.read(got.NextShardIterator)
	require.Len(t, got.Records, 1)
	require.Equal(t, huge, string(got.Records[0].Data))
	require.Equal(t, []string{"after"}, texts(k.read(got.NextShardIterator).Records))

	for _, limit := range []int32{0, 10_001} {
		_, err = k.c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: k.horizon(shard0), Limit: &limit})
		isError(t, err, "ValidationException", "at 'limit' failed to satisfy constraint")
	}
}

func TestMillisBehindLatestIsTheAgeOfWhatIsLeft(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now})
	k.stream(1)
	for range 3 {
		k.put("0", "x")
		now.pass(time.Minute)
	}
	got, err := k.c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: k.horizon(shard0), Limit: aws.Int32(1)})
	require.NoError(t, err)
	require.EqualValues(t, 120_000, *got.MillisBehindLatest)
	got = k.read(got.NextShardIterator)
	require.Len(t, got.Records, 2)
	require.Zero(t, *got.MillisBehindLatest)
	require.True(t, now.now().Add(-time.Minute).Equal(*got.Records[1].ApproximateArrivalTimestamp))
	require.Zero(t, *k.read(got.NextShardIterator).MillisBehindLatest)
}

func TestWhatIsTrimmedIsSkipped(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(1)
	var numbers []string
	for i := range 4 {
		_, n := k.put("0", fmt.Sprint(i))
		numbers = append(numbers, n)
	}
	it := k.horizon(shard0)
	require.NoError(t, k.s.Trim("orders", shard0, numbers[2]))
	require.Equal(t, []string{"2", "3"}, texts(k.read(it).Records))
	require.Equal(t, []string{"2", "3"}, texts(k.read(k.horizon(shard0)).Records))
	after := k.iterator(kinesis.GetShardIteratorInput{
		StreamName: aws.String("orders"), ShardId: aws.String(shard0), ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: &numbers[0],
	})
	require.Equal(t, []string{"2", "3"}, texts(k.read(after).Records))
}

func TestRecordsAndClosedShardsGoWithTheirRetention(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now})
	k.stream(1)
	k.put("0", "early")
	now.pass(12 * time.Hour)
	k.put("0", "late")
	k.split(shard0, half)
	now.pass(12*time.Hour + time.Second)
	require.Equal(t, []string{"late"}, texts(k.read(k.horizon(shard0)).Records))
	require.Equal(t, []string{"0", "1", "2"}, ids(k.shards(kinesis.ListShardsInput{})))
	it := k.horizon(shard0)
	now.pass(12 * time.Hour)
	shards := k.shards(kinesis.ListShardsInput{})
	require.Equal(t, []string{"1", "2"}, ids(shards))
	require.Equal(t, shard0, *shards[0].ParentShardId, "a child keeps the name of a parent that is gone")
	_, err := k.c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it})
	isError(t, err, "ExpiredIteratorException", "")
}

func TestKeysOfAnyLanguageComeBackAsTheyWere(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(1)
	keys := []string{"plain", `with "quotes" and \`, "Bär ☕", "line\nbreak\u2028", strings.Repeat("ü", 256)}
	for _, key := range keys {
		_, err := k.c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: aws.String("orders"), PartitionKey: &key, Data: []byte{}})
		require.NoError(t, err)
	}
	var got []string
	for _, r := range k.read(k.horizon(shard0)).Records {
		require.Empty(t, r.Data)
		require.Equal(t, types.EncryptionTypeNone, r.EncryptionType)
		got = append(got, *r.PartitionKey)
	}
	require.Equal(t, keys, got)
}
