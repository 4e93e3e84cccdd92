package kinesis

import (
	"context"
	"slices"
	"sync"
)

// maxAnswer is the most that one GetRecords answers with.
const maxAnswer = 10 << 20

// budget bounds the bytes that the reads of one source have in flight: from before a GetRecords call, by an estimate, until
// the consumer has taken its records over. Without it as many answers of 10 MiB could pile up as there are shards. Those
// who wait are served in order, so that a large claim is not starved by small ones.
type budget struct {
	mu    sync.Mutex
	size  int64
	free  int64 // negative when answers were larger than was estimated
	queue []*claim
}

type claim struct {
	bytes   int64
	granted chan struct{}
}

func newBudget(size int64) *budget { return &budget{size: size, free: size} }

// acquire waits until n bytes are free, or the whole budget if it is smaller, and returns how many it holds now.
func (b *budget) acquire(ctx context.Context, n int64) (int64, error) {
	c := &claim{bytes: min(n, b.size), granted: make(chan struct{})}
	b.mu.Lock()
	b.queue = append(b.queue, c)
	b.serve()
	b.mu.Unlock()
	select {
	case <-c.granted:
		return c.bytes, nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.queue, c); i >= 0 {
		b.queue = slices.Delete(b.queue, i, i+1)
	} else {
		b.free += c.bytes // granted in the same moment
	}
	b.serve()
	return 0, ctx.Err()
}

// settle replaces what is held by what is really there: the size of an answer, or nothing. What is in memory is counted
// even where it was not free.
func (b *budget) settle(held, actual int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += held - actual
	b.serve()
}

// serve grants what fits, in order. The caller holds the lock.
func (b *budget) serve() {
	for len(b.queue) > 0 && b.queue[0].bytes <= b.free {
		b.free -= b.queue[0].bytes
		close(b.queue[0].granted)
		b.queue = b.queue[1:]
	}
}
