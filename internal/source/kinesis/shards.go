package kinesis

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/helios-sql/helios/internal/ingest"
)

// shard is a shard as ListShards describes it.
type shard struct {
	id          string
	parents     []string // none, one (of a split) or two (of a merge)
	first, last [16]byte // the hash key range, big-endian, both ends inclusive
	closed      bool
}

func newShard(s *types.Shard) (shard, error) {
	sh := shard{id: aws.ToString(s.ShardId)}
	for _, p := range []*string{s.ParentShardId, s.AdjacentParentShardId} {
		if aws.ToString(p) != "" {
			sh.parents = append(sh.parents, *p)
		}
	}
	if r := s.SequenceNumberRange; r != nil {
		sh.closed = aws.ToString(r.EndingSequenceNumber) != ""
	}
	r := s.HashKeyRange
	if r == nil || !parseHash(aws.ToString(r.StartingHashKey), &sh.first) || !parseHash(aws.ToString(r.EndingHashKey), &sh.last) {
		return shard{}, fmt.Errorf("shard %q has no valid hash key range", sh.id)
	}
	return sh, nil
}

func parseHash(s string, into *[16]byte) bool {
	n, ok := new(big.Int).SetString(s, 10)
	if !ok || n.Sign() < 0 || n.BitLen() > 128 {
		return false
	}
	n.FillBytes(into[:])
	return true
}

func decimal(hash [16]byte) string { return new(big.Int).SetBytes(hash[:]).String() }

// describe is the shard as people see it.
func (sh *shard) describe() ingest.StreamShard {
	return ingest.StreamShard{ShardID: sh.id, Parents: sh.parents, FirstHash: decimal(sh.first), LastHash: decimal(sh.last), Open: !sh.closed}
}

// phase is how far the reading of a shard has come.
type phase int

const (
	waiting phase = iota
	reading
	finished
)

// tree is the shards of one stream, by descent. It says which of them may be read now. It is not safe for concurrent use.
type tree struct {
	shards map[string]*node
}

type node struct {
	shard
	phase phase
}

func newTree() *tree { return &tree{shards: map[string]*node{}} }

// merge takes over what a listing told, and returns the shards not known before. Only new shards matter to a reader, so
// a listing may be partial. A parent is closed, whether or not the listing that named its child said so.
func (t *tree) merge(listed []shard) []shard {
	var added []shard
	for _, sh := range listed {
		if n := t.shards[sh.id]; n != nil {
			n.closed = n.closed || sh.closed
			continue
		}
		t.shards[sh.id] = &node{shard: sh}
		added = append(added, sh)
	}
	for _, sh := range listed {
		for _, p := range sh.parents {
			if n := t.shards[p]; n != nil {
				n.closed = true
			}
		}
	}
	return added
}

// describe gives all shards as people see them, by id.
func (t *tree) describe() []ingest.StreamShard {
	all := make([]ingest.StreamShard, 0, len(t.shards))
	for _, n := range t.shards {
		all = append(all, n.describe())
	}
	slices.SortFunc(all, func(x, y ingest.StreamShard) int { return cmp.Compare(x.ShardID, y.ShardID) })
	return all
}

// ready gives the waiting shards that may be read now, by id: those whose parents have been read to their end or are not
// listed any more.
func (t *tree) ready() []shard {
	var ready []shard
	for _, n := range t.shards {
		if n.phase == waiting && !slices.ContainsFunc(n.parents, t.unfinished) {
			ready = append(ready, n.shard)
		}
	}
	slices.SortFunc(ready, func(x, y shard) int { return cmp.Compare(x.id, y.id) })
	return ready
}

func (t *tree) unfinished(id string) bool {
	n := t.shards[id]
	return n != nil && n.phase != finished
}

// in gives the ids of the shards in a phase, in order.
func (t *tree) in(p phase) []string {
	var ids []string
	for id, n := range t.shards {
		if n.phase == p {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (t *tree) set(id string, p phase) { t.shards[id].phase = p }

// hasChild reports whether a shard that descends from this one is known.
func (t *tree) hasChild(id string) bool {
	for _, n := range t.shards {
		if slices.Contains(n.parents, id) {
			return true
		}
	}
	return false
}

// newest is the highest shard id known, after which listings are resumed.
func (t *tree) newest() string {
	newest := ""
	for id := range maps.Keys(t.shards) {
		newest = max(newest, id)
	}
	return newest
}

// hole gives the first range of hash keys that no open shard covers.
func (t *tree) hole() (first, last string, found bool) {
	var open []*node
	for _, n := range t.shards {
		if !n.closed {
			open = append(open, n)
		}
	}
	slices.SortFunc(open, func(x, y *node) int { return slices.Compare(x.first[:], y.first[:]) })
	one := big.NewInt(1)
	next := new(big.Int) // the lowest key not covered so far
	for _, n := range open {
		if start := new(big.Int).SetBytes(n.first[:]); start.Cmp(next) > 0 {
			return next.String(), start.Sub(start, one).String(), true
		}
		if after := new(big.Int).Add(new(big.Int).SetBytes(n.last[:]), one); after.Cmp(next) > 0 {
			next = after
		}
	}
	if end := new(big.Int).Lsh(one, 128); next.Cmp(end) < 0 {
		return next.String(), end.Sub(end, one).String(), true
	}
	return "", "", false
}
