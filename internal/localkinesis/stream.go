package localkinesis

import (
	"fmt"
	"sort"
	"time"
)

// recordOverhead is what a record costs in memory beside its data and key, in bytes: its header and the allocations.
const recordOverhead = 96

// record is stored once and never changed, so that it can be read outside the server's lock.
type record struct {
	data    []byte
	key     string
	arrived int64 // ms
}

func (r *record) cost() int64 { return int64(len(r.data) + len(r.key) + recordOverhead) }

// shard holds its records in order. The record with index i in sequence numbers is records[i-first].
type shard struct {
	index    uint32
	epoch    uint64
	hashes   hashRange
	parents  []uint32 // none, the one that was split, or the two that were merged
	created  int64    // ms
	closed   int64    // ms; 0 while open
	records  []record
	head     int           // records before it are trimmed and zeroed, to be shifted out in bulk
	first    uint64        // index of records[0]
	ending   uint64        // index of EndingSequenceNumber, once closed
	lastTime int64         // arrival of the newest record, in ms: arrivals never go back within a shard
	grown    chan struct{} // closed, and then forgotten, when a record comes or the shard ends; nil: nobody waits

	reads, readBytes, writes, writeBytes bucket
}

func (sh *shard) id() string { return shardIDOf(sh.index) }

func shardIDOf(index uint32) string { return fmt.Sprintf("shardId-%012d", index) }

func (sh *shard) sequence(index uint64) sequence { return sequence{sh.epoch, index, sh.index} }

// oldest and next bound what can be read: [oldest, next).
func (sh *shard) oldest() uint64 { return sh.first + uint64(sh.head) }
func (sh *shard) next() uint64   { return sh.first + uint64(len(sh.records)) }

func (sh *shard) empty() bool { return sh.head == len(sh.records) }

// at is the record with that index, which must be in [oldest, next).
func (sh *shard) at(index uint64) *record { return &sh.records[index-sh.first] }

// since is the index of the first record that arrived at or after ms, or next.
func (sh *shard) since(ms int64) uint64 {
	live := sh.records[sh.head:]
	return sh.oldest() + uint64(sort.Search(len(live), func(i int) bool { return live[i].arrived >= ms }))
}

func (sh *shard) append(r record) uint64 {
	sh.lastTime = max(sh.lastTime, r.arrived)
	r.arrived = sh.lastTime
	sh.records = append(sh.records, r)
	sh.wake()
	return sh.next() - 1
}

// wake tells the subscriptions that wait for it that the shard is not what it was.
func (sh *shard) wake() {
	if sh.grown != nil {
		close(sh.grown)
		sh.grown = nil
	}
}

// trim forgets the records before index and says how much memory that freed.
func (sh *shard) trim(index uint64) (freed int64) {
	for sh.oldest() < index && !sh.empty() {
		r := &sh.records[sh.head]
		freed += r.cost()
		*r = record{}
		sh.head++
	}
	switch {
	case sh.empty():
		sh.first, sh.head, sh.records = sh.next(), 0, nil
	case sh.head >= 1024 && sh.head >= len(sh.records)/2:
		sh.first, sh.records = sh.oldest(), append([]record(nil), sh.records[sh.head:]...)
		sh.head = 0
	}
	return freed
}

// stream is one incarnation of a stream. Its epoch tells it from others of the same name.
type stream struct {
	name         string
	epoch        uint64
	created      int64 // ms
	mode         string
	retention    time.Duration
	maxRecordKiB int64
	tags         map[string]string
	shards       []*shard // by index, closed ones included, expired ones gone
	consumers    []*consumer
	swept        int64 // ms; when retention was last applied
	nextIndex    uint32
}

// shard finds one by its index; nil when it never was, or has expired.
func (st *stream) shard(index uint32) *shard {
	i := sort.Search(len(st.shards), func(i int) bool { return st.shards[i].index >= index })
	if i < len(st.shards) && st.shards[i].index == index {
		return st.shards[i]
	}
	return nil
}

func (st *stream) open() []*shard {
	var open []*shard
	for _, sh := range st.shards {
		if sh.closed == 0 {
			open = append(open, sh)
		}
	}
	return open
}

// children of a shard that still exist.
func (st *stream) children(index uint32) []*shard {
	var children []*shard
	for _, sh := range st.shards {
		for _, p := range sh.parents {
			if p == index {
				children = append(children, sh)
			}
		}
	}
	return children
}

// owner is the open shard that takes a hash key. The open shards always cover the ring.
func (st *stream) owner(k hashKey) *shard {
	for _, sh := range st.shards {
		if sh.closed == 0 && sh.hashes.holds(k) {
			return sh
		}
	}
	panic("localkinesis: no open shard holds a hash key")
}

// addShard opens a shard no earlier than ms.
func (st *stream) addShard(epoch uint64, hashes hashRange, ms int64, parents ...*shard) *shard {
	sh := &shard{index: st.nextIndex, epoch: epoch, hashes: hashes, created: ms, lastTime: ms, first: 1}
	for _, p := range parents {
		sh.parents = append(sh.parents, p.index)
	}
	st.nextIndex++
	st.shards = append(st.shards, sh)
	return sh
}

// close ends a shard no earlier than ms and returns the first millisecond after its life, when its children begin: so at
// any time exactly one of a parent and its child was open, which ListShards' filters by time promise.
func (sh *shard) close(ms int64) (after int64) {
	sh.closed = max(ms, sh.lastTime)
	sh.ending = sh.next() // above every record's, below every child's
	sh.wake()
	return sh.closed + 1
}

// horizon is the time before which nothing is kept.
func (st *stream) horizon(now int64) int64 {
	return max(st.created, now-st.retention.Milliseconds())
}

// sweep applies retention, at most once a second of the server's clock, and says how much memory that freed.
func (st *stream) sweep(now int64) (freed int64) {
	if now >= st.swept && now-st.swept < 1000 {
		return 0
	}
	st.swept = now
	limit := now - st.retention.Milliseconds()
	kept := st.shards[:0]
	for _, sh := range st.shards {
		if !sh.empty() && sh.at(sh.oldest()).arrived < limit {
			freed += sh.trim(sh.since(limit))
		}
		if sh.closed == 0 || sh.closed >= limit {
			kept = append(kept, sh)
		}
	}
	clear(st.shards[len(kept):])
	st.shards = kept
	return freed
}

// shrink trims the oldest records of all streams once MaxBytes is passed, and a little more, so as not to be called for
// each record. It is called with the lock held.
func (s *Server) shrink() {
	if s.bytes <= s.opt.MaxBytes {
		return
	}
	if s.trimmed == 0 {
		s.opt.Logger.Warn("records are trimmed before their retention ends, to stay within the memory bound", "max_bytes", s.opt.MaxBytes)
	}
	target := s.opt.MaxBytes - s.opt.MaxBytes/64
	for s.bytes > target {
		var oldest *shard
		for _, st := range s.streams {
			for _, sh := range st.shards {
				if !sh.empty() && (oldest == nil || sh.at(sh.oldest()).arrived < oldest.at(oldest.oldest()).arrived) {
					oldest = sh
				}
			}
		}
		if oldest == nil {
			return
		}
		// A run of records at a time, so that the search over shards is paid for by many.
		for run := 0; run < 64 && !oldest.empty() && s.bytes > target; run++ {
			freed := oldest.trim(oldest.oldest() + 1)
			s.bytes -= freed
			s.trimmed += freed
		}
	}
}
