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
	b, wait, first := l.look(key, now)
	if wait == 0 {
		b.used++
		b.told = false
	}
	return wait, first
}

// full is take without spending a try.
func (l *limiter) full(key string, now time.Time) (wait time.Duration, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, wait, first = l.look(key, now)
	return wait, first
}

// look is the bucket of a key as it is now, with what take says of it. The lock is held.
func (l *limiter) look(key string, now time.Time) (b *bucket, wait time.Duration, first bool) {
	b = l.of(key)
	if since := now.Sub(b.at); since > 0 { // a clock that was set back gives nothing
		b.used = max(0, b.used-float64(since)/float64(l.every))
		b.at = now
	}
	if wait = time.Duration(max(0, b.used+1-l.burst) * float64(l.every)); wait > 0 {
		first, b.told = !b.told, true
	}
	return b, wait, first
}

// giveBack gives a try back: it was none of those that are to be few.
func (l *limiter) giveBack(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.of(key)
	b.used = max(0, b.used-1)
}

// tries bounds how often passwords and links are tried, and how often people come in.
type tries struct {
	address *limiter // failures from it, whoever they are at
	account *limiter // failures at it from one address
	anyhow  *limiter // failures at it, wherever they come from
	good    *limiter // sign-ins of it: each costs as much as a failure, and leaves a session
}

func newTries() *tries {
	return &tries{
		address: newLimiter(triesPerAddress, addressTryEvery), account: newLimiter(triesPerAccount, accountTryEvery),
		anyhow: newLimiter(triesAtAccount, atAccountTryEvery), good: newLimiter(signInsPerAccount, accountSignInEvery),
	}
}

// accountFrom is the key of tries at an account from an address: who tries elsewhere does not keep its owner out.
func accountFrom(email, address string) string { return address + " " + email }

// take spends a try of a password.
func (t *tries) take(email, address string, now time.Time) (wait time.Duration, first bool) {
	if wait, first = t.good.full(email, now); wait > 0 {
		return wait, first
	}
	if wait, first = t.address.take(address, now); wait > 0 {
		return wait, first
	}
	if wait, first = t.account.take(accountFrom(email, address), now); wait > 0 {
		return wait, first
	}
	return t.anyhow.take(email, now)
}

// giveBack takes a try for none of those that are to be few.
func (t *tries) giveBack(email, address string) {
	t.address.giveBack(address)
	t.account.giveBack(accountFrom(email, address))
	t.anyhow.giveBack(email)
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
