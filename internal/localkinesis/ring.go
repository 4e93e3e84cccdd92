package localkinesis

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
)

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
	sum := md5.Sum([]byte(partitionKey))
	return hashKey{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:])}
}

// parseHashKey reads the hash key in a member of a request: a decimal of at most 128 bits without leading zeros.
func parseHashKey(member, s string) (hashKey, error) {
	if s == "" || len(s) > 39 || s[0] == '0' && len(s) > 1 || strings.Trim(s, "0123456789") != "" {
		return hashKey{}, constraint(member, s, "Member must satisfy regular expression pattern: 0|([1-9]\\d{0,38})")
	}
	var k hashKey
	for _, c := range []byte(s) {
		over, hi := bits.Mul64(k.hi, 10)
		h, l := bits.Mul64(k.lo, 10)
		var carry uint64
		k.lo, carry = bits.Add64(l, uint64(c-'0'), 0)
		k.hi, carry = bits.Add64(hi, h, carry)
		if over != 0 || carry != 0 {
			return hashKey{}, apiError(errInvalidArgument, "Invalid %[1]s. %[1]s must be in the range: [0, 2^128-1]. Specified value was %[2]s", member, s)
		}
	}
	return k, nil
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

// before tells whether o begins right after r. The ring has an end: nothing comes after its last key.
func (r hashRange) before(o hashRange) bool { return r.end.less(o.start) && r.end.next() == o.start }

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
