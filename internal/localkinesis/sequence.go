package localkinesis

import (
	"crypto/md5" //nolint:gosec // the protocol's hash of partition keys, no secret
	"encoding/binary"
	"fmt"
	"math/bits"
)

// sequence is a sequence number laid out as AWS's are, as far as the KCL looks into them: 186 bits, the top two the
// version 2, and the shard's index in bits 4 to 35. Between them lie, from the top, the epoch of the shard and the
// record's index in the shard. So numbers grow within a shard, a child's are above its parents', and no two
// incarnations of a stream share one. In decimal it has 56 digits and begins with 49.
type sequence struct {
	epoch uint64 // 46 bits; grows with each creation and reshard in this server
	index uint64 // 0 is the shard's start, its first record is 1
	shard uint32
}

const (
	sequenceDigits = 56
	tenTo18        = 1_000_000_000_000_000_000
	epochBits      = 46
)

// nextEpoch follows the last epoch and never lags behind the clock, so that a restarted server does not repeat itself:
// 36 bits of seconds, 10 to tell apart what happens within one.
func nextEpoch(last uint64, nowMillis int64) uint64 {
	return max(last+1, uint64(max(nowMillis, 0))/1000<<10)
}

func (q sequence) words() (hi, mid, lo uint64) {
	return 1<<57 | q.epoch<<10, q.index, uint64(q.shard)<<4 | 2
}

// append appends the decimal form.
func (q sequence) append(dst []byte) []byte {
	hi, mid, lo := q.words()
	var digits [sequenceDigits]byte
	for end := sequenceDigits; end > 0; end -= 18 {
		var r uint64
		hi, r = bits.Div64(0, hi, tenTo18)
		mid, r = bits.Div64(r, mid, tenTo18)
		lo, r = bits.Div64(r, lo, tenTo18)
		for i := end - 1; i >= max(end-18, 0); i-- {
			digits[i] = byte('0' + r%10)
			r /= 10
		}
	}
	return append(dst, digits[:]...)
}

func (q sequence) String() string { return string(q.append(nil)) }

// parseSequence reads the decimal form; false when no server of this kind can have made it.
func parseSequence(s string) (sequence, bool) {
	if len(s) != sequenceDigits {
		return sequence{}, false
	}
	var hi, mid, lo uint64
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return sequence{}, false
		}
		h, l := bits.Mul64(lo, 10)
		var carry uint64
		lo, carry = bits.Add64(l, uint64(c-'0'), 0)
		h += carry
		h2, m := bits.Mul64(mid, 10)
		mid, carry = bits.Add64(m, h, 0)
		hi = hi*10 + h2 + carry // 56 digits are below 2^187: no overflow
	}
	q := sequence{epoch: hi >> 10 & (1<<epochBits - 1), index: mid, shard: uint32(lo >> 4)} //nolint:gosec // checked by the round trip
	h, m, l := q.words()
	return q, h == hi && m == mid && l == lo
}

// hashKey is a 128-bit place on the ring of partition keys.
type hashKey struct{ hi, lo uint64 }

func (k hashKey) less(o hashKey) bool { return k.hi < o.hi || k.hi == o.hi && k.lo < o.lo }

// prev is k-1; next is k+1.
func (k hashKey) prev() hashKey {
	lo, borrow := bits.Sub64(k.lo, 1, 0)
	return hashKey{k.hi - borrow, lo}
}

func (k hashKey) next() hashKey {
	lo, carry := bits.Add64(k.lo, 1, 0)
	return hashKey{k.hi + carry, lo}
}

// hashOf is where a partition key lies: its MD5 as a big-endian integer.
func hashOf(partitionKey string) hashKey {
	sum := md5.Sum([]byte(partitionKey)) //nolint:gosec // as above
	return hashKey{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:])}
}

// parseHashKey reads a decimal of at most 128 bits without leading zeros.
func parseHashKey(s string) (hashKey, bool) {
	if s == "" || len(s) > 39 || s[0] == '0' && len(s) > 1 {
		return hashKey{}, false
	}
	var k hashKey
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return hashKey{}, false
		}
		over, hi := bits.Mul64(k.hi, 10)
		h, l := bits.Mul64(k.lo, 10)
		var carry uint64
		k.lo, carry = bits.Add64(l, uint64(c-'0'), 0)
		k.hi, carry = bits.Add64(hi, h, carry)
		if over != 0 || carry != 0 {
			return hashKey{}, false
		}
	}
	return k, true
}

func (k hashKey) String() string {
	hi, r := bits.Div64(0, k.hi, tenTo18)
	mid, low := bits.Div64(r, k.lo, tenTo18)
	top, middle := bits.Div64(hi, mid, tenTo18)
	switch {
	case top > 0:
		return fmt.Sprintf("%d%018d%018d", top, middle, low)
	case middle > 0:
		return fmt.Sprintf("%d%018d", middle, low)
	}
	return fmt.Sprint(low)
}

// hashRange is a range of hash keys, both ends included.
type hashRange struct{ start, end hashKey }

func (r hashRange) holds(k hashKey) bool { return !k.less(r.start) && !r.end.less(k) }

// evenRanges cuts the ring into n ranges of equal size; the last takes the rest, as AWS has it.
func evenRanges(n int) []hashRange {
	// size = 2^128 / n, by schoolbook division of the words 1, 0, 0; for n = 1 it wraps to 0, which is right below.
	count := uint64(n)
	_, r := bits.Div64(0, 1, count)
	hi, r := bits.Div64(r, 0, count)
	lo, _ := bits.Div64(r, 0, count)
	size := hashKey{hi, lo}
	ranges := make([]hashRange, n)
	start := hashKey{}
	for i := range ranges {
		l, carry := bits.Add64(start.lo, size.lo, 0)
		after := hashKey{start.hi + size.hi + carry, l}
		ranges[i] = hashRange{start, after.prev()}
		start = after
	}
	ranges[n-1].end = hashKey{^uint64(0), ^uint64(0)}
	return ranges
}
