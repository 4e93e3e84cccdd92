package localkinesis

import "math/bits"

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
	q := sequence{epoch: hi >> 10 & (1<<epochBits - 1), index: mid, shard: uint32(lo >> 4)}
	h, m, l := q.words()
	return q, h == hi && m == mid && l == lo
}
