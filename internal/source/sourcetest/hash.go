package sourcetest

import (
	"math/big"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

func hashKey(s *string) *big.Int {
	n, ok := new(big.Int).SetString(*s, 10)
	if !ok {
		panic("not a hash key: " + *s)
	}
	return n
}

func sortByHash(shards []types.Shard) {
	slices.SortFunc(shards, func(x, y types.Shard) int {
		return hashKey(x.HashKeyRange.StartingHashKey).Cmp(hashKey(y.HashKeyRange.StartingHashKey))
	})
}

// middle is where a range is split in half.
func middle(r *types.HashKeyRange) string {
	sum := new(big.Int).Add(hashKey(r.StartingHashKey), hashKey(r.EndingHashKey))
	return sum.Rsh(sum, 1).String()
}
