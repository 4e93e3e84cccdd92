package auth

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// limiter allows every key a number of tries at once, and one more each time a span has gone by. It keeps a fixed number of
// buckets, which keys share by a hash that nobody outside can foresee: what it holds is bounded whatever keys come, and no
// flood of new keys makes it forget the old ones. When it is full it refuses.
type limiter struct {
	burst float64
	every time.Duration
	seed  maphash.Seed

	mu      sync.Mutex
	buckets [1 << 14]bucket
}

type bucket struct {
	used float64   // tries, as of at
	at   time.Time // zero: never used
	told bool      // that it is empty, since the last try that was allowed
}

func newLimiter(burst int, every time.Duration) *limiter {
	return &limiter{burst: float64(burst), every: every, seed: maphash.MakeSeed()}
}

func (l *limiter) of(key string) *bucket {
	return &l.buckets[maphash.String(l.seed, key)%uint64(len(l.buckets))]
}

// take spends a try. If there is none, wait is how long until there is, and first says that nobody was told so before.
func (l *limiter) take(key string, now time.Time) (wait time.Duration, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.of(key)
	if since := now.Sub(b.at); since > 0 { // a clock that was set back gives nothing
		b.used = max(0, b.used-float64(since)/float64(l.every))
		b.at = now
	}
	if over := b.used + 1 - l.burst; over > 0 {
		first, b.told = !b.told, true
		return time.Duration(over * float64(l.every)), first
	}
	b.used++
	b.told = false
	return 0, false
}

// giveBack gives a try back: it was none of those that are to be few.
func (l *limiter) giveBack(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.of(key)
	b.used = max(0, b.used-1)
}

// network is what counts as one address: of IPv6 the first 64 bits, as one customer has all that follow.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		if prefix, err := ip.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return ip.String()
}
