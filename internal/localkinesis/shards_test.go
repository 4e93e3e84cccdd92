package localkinesis_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/localkinesis"
)

// requireWholeRing checks that the shards cover every hash key exactly once.
func requireWholeRing(t *testing.T, shards []types.Shard) {
	t.Helper()
	next, all := new(big.Int), 0
	for range shards {
		for _, s := range shards {
			if number(t, s.HashKeyRange.StartingHashKey).Cmp(next) == 0 {
				next = number(t, s.HashKeyRange.EndingHashKey)
				next.Add(next, big.NewInt(1))
				all++
				break
			}
		}
	}
	require.Equal(t, len(shards), all, "ranges overlap or leave a gap: %v", ids(shards))
	require.Equal(t, new(big.Int).Lsh(big.NewInt(1), 128), next)
}

func (k kit) open() []types.Shard {
	k.Helper()
	return k.shards(kinesis.ListShardsInput{ShardFilter: &types.ShardFilter{Type: types.ShardFilterTypeAtLatest}})
}

func TestASplitShardEndsAndNamesItsChildren(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(1)
	_, before := k.put("0", "before")
	k.split(shard0, half)
	shard, after := k.put(half, "after")
	require.Equal(t, shard2, shard)

	shards := k.shards(kinesis.ListShardsInput{})
	require.Equal(t, []string{"0", "1", "2"}, ids(shards))
	requireWholeRing(t, shards[:1])
	requireWholeRing(t, shards[1:])
	ending := number(t, shards[0].SequenceNumberRange.EndingSequenceNumber)
	require.Positive(t, ending.Cmp(number(t, &before)))
	for _, child := range shards[1:] {
		require.Equal(t, shard0, *child.ParentShardId)
		require.Nil(t, child.AdjacentParentShardId)
		require.Nil(t, child.SequenceNumberRange.EndingSequenceNumber)
		require.Positive(t, number(t, child.SequenceNumberRange.StartingSequenceNumber).Cmp(ending))
	}
	require.Positive(t, number(t, &after).Cmp(number(t, shards[2].SequenceNumberRange.StartingSequenceNumber)))

	got := k.read(k.horizon(shard0))
	require.Equal(t, []string{"before"}, texts(got.Records))
	require.Nil(t, got.NextShardIterator)
	require.Equal(t, []types.ChildShard{
		{ShardId: aws.String(shard1), ParentShards: []string{shard0}, HashKeyRange: shards[1].HashKeyRange},
		{ShardId: aws.String(shard2), ParentShards: []string{shard0}, HashKeyRange: shards[2].HashKeyRange},
	}, got.ChildShards)

	for name, from := range map[string]kinesis.GetShardIteratorInput{
		"the tip of a closed shard": {ShardIteratorType: "LATEST"},
		"after its last record":     {ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: &before},
		"at its ending number":      {ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: shards[0].SequenceNumberRange.EndingSequenceNumber},
		"after its ending number":   {ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: shards[0].SequenceNumberRange.EndingSequenceNumber},
	} {
		t.Run(name, func(t *testing.T) {
			from.StreamName, from.ShardId = aws.String("orders"), aws.String(shard0)
			got := k.read(k.iterator(from))
			require.Empty(t, got.Records)
			require.Nil(t, got.NextShardIterator)
			require.Len(t, got.ChildShards, 2)
			require.Zero(t, *got.MillisBehindLatest)
		})
	}
}

func TestMergedShardsHaveOneChildBetweenThem(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(3)
	k.put("0", "left")
	k.merge(shard0, shard1)
	shards := k.shards(kinesis.ListShardsInput{})
	child := shards[3]
	require.Equal(t, shard0, *child.ParentShardId)
	require.Equal(t, shard1, *child.AdjacentParentShardId)
	requireWholeRing(t, k.open())
	shard, _ := k.put("0", "merged")
	require.Equal(t, shard3, shard)
	for _, parent := range []string{shard0, shard1} {
		got := k.read(k.horizon(parent))
		require.Nil(t, got.NextShardIterator)
		require.Len(t, got.ChildShards, 1)
		require.Equal(t, []string{shard0, shard1}, got.ChildShards[0].ParentShards)
	}
}

func TestReshardingThatMakesNoSenseIsRefused(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(4)
	split := func(shard, at string) error {
		_, err := k.c.SplitShard(t.Context(), &kinesis.SplitShardInput{StreamName: aws.String("orders"), ShardToSplit: &shard, NewStartingHashKey: &at})
		return err
	}
	merge := func(a, b string) error {
		_, err := k.c.MergeShards(t.Context(), &kinesis.MergeShardsInput{StreamName: aws.String("orders"), ShardToMerge: &a, AdjacentShardToMerge: &b})
		return err
	}
	isError(t, split(shard0, "0"), "InvalidArgumentException", "NewStartingHashKey 0")
	isError(t, split(shard0, half), "InvalidArgumentException", "less than the shard's EndingHashKey")
	isError(t, split(shard0, "x"), "ValidationException", "newStartingHashKey")
	isError(t, split("shardId-000000000009", "5"), "ResourceNotFoundException", "Could not find shard")
	isError(t, merge(shard0, shard2), "InvalidArgumentException", "not an adjacent pair")
	isError(t, merge(shard0, shard3), "InvalidArgumentException", "not an adjacent pair")
	isError(t, merge(shard3, shard0), "InvalidArgumentException", "not an adjacent pair")
	isError(t, merge(shard1, shard0), "InvalidArgumentException", "not an adjacent pair")
	isError(t, merge(shard0, shard0), "InvalidArgumentException", "not an adjacent pair")
	require.NoError(t, merge(shard0, shard1))
	isError(t, merge(shard1, shard2), "ResourceInUseException", "is closed")
	isError(t, split(shard0, "5"), "ResourceInUseException", "is closed")
}

func TestTheShardCountIsUpdatedByWayOfSplitsAndMerges(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now})
	k.stream(2)
	update := func(target int32) error {
		_, err := k.c.UpdateShardCount(t.Context(), &kinesis.UpdateShardCountInput{
			StreamName: aws.String("orders"), TargetShardCount: &target, ScalingType: types.ScalingTypeUniformScaling,
		})
		return err
	}
	isError(t, update(5), "LimitExceededException", "cannot scale up over double your current open shard count. Current open shard count: 2, Target shard count: 5")
	for _, target := range []int32{3, 6, 5, 3, 2, 1, 2} {
		require.NoError(t, update(target))
		open := k.open()
		require.Len(t, open, int(target))
		requireWholeRing(t, open)
	}
	byID := map[string]types.Shard{}
	all := k.shards(kinesis.ListShardsInput{})
	for _, s := range all {
		byID[*s.ShardId] = s
	}
	for _, s := range all {
		for _, parent := range []*string{s.ParentShardId, s.AdjacentParentShardId} {
			if parent == nil {
				continue
			}
			end := byID[*parent].SequenceNumberRange.EndingSequenceNumber
			require.Positive(t, number(t, s.SequenceNumberRange.StartingSequenceNumber).Cmp(number(t, end)))
		}
	}
	// Whatever time is asked for, the shards open then cover the ring once.
	for range 30 {
		now.pass(time.Millisecond)
		requireWholeRing(t, k.shards(kinesis.ListShardsInput{ShardFilter: &types.ShardFilter{
			Type: types.ShardFilterTypeAtTimestamp, Timestamp: aws.Time(now.now()),
		}}))
	}
	isError(t, update(0), "ValidationException", "targetShardCount")
}

func TestEachShardFilterListsWhatItSays(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now})
	k.stream(2)
	created := now.now()
	now.pass(time.Hour)
	k.split(shard0, "5") // closes 0, opens 2 and 3
	split := now.now()
	now.pass(time.Hour)
	k.merge(shard3, shard1) // closes 3 and 1, opens 4
	now.pass(time.Hour)
	for name, tc := range map[string]struct {
		filter types.ShardFilter
		want   []string
	}{
		"at latest":                        {types.ShardFilter{Type: "AT_LATEST"}, []string{"2", "4"}},
		"at the horizon":                   {types.ShardFilter{Type: "AT_TRIM_HORIZON"}, []string{"0", "1"}},
		"from the horizon":                 {types.ShardFilter{Type: "FROM_TRIM_HORIZON"}, []string{"0", "1", "2", "3", "4"}},
		"after a shard":                    {types.ShardFilter{Type: "AFTER_SHARD_ID", ShardId: aws.String(shard2)}, []string{"3", "4"}},
		"at a time before the split":       {types.ShardFilter{Type: "AT_TIMESTAMP", Timestamp: aws.Time(split.Add(-time.Minute))}, []string{"0", "1"}},
		"at the time of the split":         {types.ShardFilter{Type: "AT_TIMESTAMP", Timestamp: &split}, []string{"0", "1"}},
		"right after the split":            {types.ShardFilter{Type: "AT_TIMESTAMP", Timestamp: aws.Time(split.Add(time.Millisecond))}, []string{"1", "2", "3"}},
		"at a time before there was any":   {types.ShardFilter{Type: "AT_TIMESTAMP", Timestamp: aws.Time(created.Add(-time.Hour))}, []string{"0", "1"}},
		"from a time after the split":      {types.ShardFilter{Type: "FROM_TIMESTAMP", Timestamp: aws.Time(split.Add(time.Minute))}, []string{"1", "2", "3", "4"}},
		"from a time before there was any": {types.ShardFilter{Type: "FROM_TIMESTAMP", Timestamp: aws.Time(created.Add(-time.Hour))}, []string{"0", "1", "2", "3", "4"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.want, ids(k.shards(kinesis.ListShardsInput{ShardFilter: &tc.filter})))
			require.Equal(t, tc.want, ids(k.pages(kinesis.ListShardsInput{StreamName: aws.String("orders"), ShardFilter: &tc.filter, MaxResults: aws.Int32(1)})))
		})
	}
}

// pages lists shards page by page, as AWS wants it: the token alone from the second page on.
func (k kit) pages(in kinesis.ListShardsInput) (all []types.Shard) {
	k.Helper()
	for {
		out, err := k.c.ListShards(k.Context(), &in)
		require.NoError(k, err)
		require.LessOrEqual(k, len(out.Shards), int(*in.MaxResults))
		all = append(all, out.Shards...)
		if out.NextToken == nil {
			return all
		}
		in = kinesis.ListShardsInput{NextToken: out.NextToken, MaxResults: in.MaxResults}
	}
}

func TestTokensOfPagesExpireAndStandAlone(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now})
	k.stream(3)
	first, err := k.c.ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: aws.String("orders"), MaxResults: aws.Int32(2)})
	require.NoError(t, err)
	token := first.NextToken
	call := func(in kinesis.ListShardsInput) error {
		_, err := k.c.ListShards(t.Context(), &in)
		return err
	}
	isError(t, call(kinesis.ListShardsInput{NextToken: token, StreamName: aws.String("orders")}), "InvalidArgumentException", "NextToken and StreamName cannot be provided together.")
	isError(t, call(kinesis.ListShardsInput{NextToken: token, StreamARN: aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/orders")}),
		"InvalidArgumentException", "NextToken and StreamARN cannot be provided together.")
	isError(t, call(kinesis.ListShardsInput{NextToken: aws.String("garbage")}), "InvalidArgumentException", "NextToken")
	isError(t, call(kinesis.ListShardsInput{NextToken: k.horizon(shard0)}), "InvalidArgumentException", "NextToken")
	now.pass(300 * time.Second)
	require.NoError(t, call(kinesis.ListShardsInput{NextToken: token}))
	now.pass(time.Millisecond)
	isError(t, call(kinesis.ListShardsInput{NextToken: token}), "ExpiredNextTokenException", "300 seconds")
	require.Equal(t, []string{"2"}, ids(k.shards(kinesis.ListShardsInput{ExclusiveStartShardId: aws.String(shard1)})))
	for name, in := range map[string]kinesis.ListShardsInput{
		"a time that is missing":           {ShardFilter: &types.ShardFilter{Type: "AT_TIMESTAMP"}},
		"a shard that is missing":          {ShardFilter: &types.ShardFilter{Type: "AFTER_SHARD_ID"}},
		"a time that is not asked for":     {ShardFilter: &types.ShardFilter{Type: "AT_LATEST", Timestamp: aws.Time(now.now())}},
		"two starts":                       {ExclusiveStartShardId: aws.String(shard0), ShardFilter: &types.ShardFilter{Type: "AFTER_SHARD_ID", ShardId: aws.String(shard0)}},
		"a start that is no shard's id":    {ExclusiveStartShardId: aws.String("first")},
		"a stream that was created before": {StreamCreationTimestamp: aws.Time(now.now().Add(-time.Hour))},
	} {
		t.Run(name, func(t *testing.T) {
			in.StreamName = aws.String("orders")
			require.Error(t, call(in))
		})
	}
}

func TestTheAccountHasALimitOfShards(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(998)
	err := k.s.CreateStream("more", 3)
	var own *localkinesis.Error
	require.ErrorAs(t, err, &own)
	require.Equal(t, "LimitExceededException", own.Type)
	require.NoError(t, k.s.CreateStream("more", 2))
	_, err = k.c.SplitShard(t.Context(), &kinesis.SplitShardInput{StreamName: aws.String("orders"), ShardToSplit: aws.String(shard0), NewStartingHashKey: aws.String("7")})
	isError(t, err, "LimitExceededException", "would exceed the shard limit")
	limits, err := k.c.DescribeLimits(t.Context(), &kinesis.DescribeLimitsInput{})
	require.NoError(t, err)
	require.EqualValues(t, 1000, *limits.OpenShardCount)
	requireWholeRing(t, k.open())
}
