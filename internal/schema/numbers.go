package schema

import (
	"bytes"
	"math"
	"math/bits"
	"strconv"
)

// Int128 is a two's complement integer: Hi*2^64 + Lo.
type Int128 struct {
	Hi int64
	Lo uint64
}

// Int128Of widens an int64.
func Int128Of(v int64) Int128 { return Int128{Hi: v >> 63, Lo: uint64(v)} }

// Int64 narrows v, and reports whether it fits.
func (v Int128) Int64() (int64, bool) {
	n := int64(v.Lo)
	return n, v.Hi == n>>63
}

// magnitude is the absolute value, 2^127 included.
func (v Int128) magnitude() (hi, lo uint64) {
	hi, lo = uint64(v.Hi), v.Lo
	if v.Hi < 0 {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	return hi, lo
}

// Float gives v as a DOUBLE, and reports whether that is exactly v. When it is not, the float means nothing.
func (v Int128) Float() (f float64, exact bool) {
	hi, lo := v.magnitude()
	shift := 0
	if hi != 0 {
		shift = bits.Len64(hi)
		if lo&(1<<shift-1) != 0 {
			return 0, false
		}
		lo = lo>>shift | hi<<(64-shift)
	}
	if lo != 0 && bits.Len64(lo)-bits.TrailingZeros64(lo) > 53 {
		return 0, false
	}
	f = math.Ldexp(float64(lo), shift)
	if v.Hi < 0 {
		f = -f
	}
	return f, true
}

// ExactInt64 reports whether a DOUBLE can hold v exactly.
func ExactInt64(v int64) bool {
	const limit = 1 << 53
	if -limit <= v && v <= limit {
		return true
	}
	_, exact := Int128Of(v).Float()
	return exact
}

// decimal is a JSON number literal taken apart: its significant digits without leading and trailing zeros, read as an
// integer, times 10^exp.
type decimal struct {
	neg    bool
	plain  bool   // written without point and exponent
	wide   bool   // the digits are more than 128 bits hold; hi and lo mean nothing
	hi, lo uint64 // the digits
	n      int    // how many; 0 for the number zero
	exp    int64
}

// maxExponent bounds what is read of an exponent: no document is so long that its digits could make up for more.
const maxExponent = int64(1) << 40

// parseDecimal takes a valid literal apart.
func parseDecimal(lit []byte) decimal {
	d := decimal{plain: true}
	i := 0
	if i < len(lit) && lit[i] == '-' {
		d.neg = true
		i++
	}
	var read, last, point, zeros int // digits read, the index of the last that counts, those before the point
	point = -1
	for ; i < len(lit); i++ {
		c := lit[i]
		if c == '.' {
			d.plain = false
			point = read
			continue
		}
		if c == 'e' || c == 'E' {
			break
		}
		read++
		if c == '0' {
			zeros++
			continue
		}
		if d.n > 0 {
			for ; zeros > 0 && !d.wide; zeros-- {
				d.push(0)
			}
			d.n += zeros
		}
		zeros = 0
		d.push(c - '0')
		last = read
	}
	if point < 0 {
		point = read
	}
	d.exp = int64(point) - int64(last)
	if i < len(lit) {
		d.plain = false
		d.exp += exponent(lit[i+1:])
	}
	return d
}

func exponent(b []byte) int64 {
	neg := len(b) > 0 && b[0] == '-'
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		b = b[1:]
	}
	var e int64
	for _, c := range b {
		if e = e*10 + int64(c-'0'); e > maxExponent {
			e = maxExponent
		}
	}
	if neg {
		return -e
	}
	return e
}

func (d *decimal) push(digit byte) {
	d.n++
	if d.n <= 19 { // 10^19 is less than 2^64
		d.lo = d.lo*10 + uint64(digit)
		return
	}
	if !d.wide {
		d.hi, d.lo, d.wide = times10(d.hi, d.lo, uint64(digit))
	}
}

func times10(hi, lo, add uint64) (rhi, rlo uint64, overflow bool) {
	carry, rlo := bits.Mul64(lo, 10)
	over, rhi := bits.Mul64(hi, 10)
	var c uint64
	rlo, c = bits.Add64(rlo, add, 0)
	rhi, c = bits.Add64(rhi, carry, c)
	return rhi, rlo, over != 0 || c != 0
}

// int128 is the number times 10^shift, if that is an integer of 128 bits.
func (d *decimal) int128(shift int64) (Int128, bool) {
	if d.n == 0 {
		return Int128{}, true
	}
	exp := d.exp + shift
	if d.wide || exp < 0 || exp > 39 {
		return Int128{}, false
	}
	hi, lo, over := d.hi, d.lo, false
	for ; exp > 0 && !over; exp-- {
		hi, lo, over = times10(hi, lo, 0)
	}
	const sign = uint64(1) << 63
	if over || hi > sign || hi == sign && (lo != 0 || !d.neg) {
		return Int128{}, false
	}
	if d.neg {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	return Int128{Hi: int64(hi), Lo: lo}, true
}

// ParseInt gives the value of a JSON number literal that is an integer of at most 128 bits, however it is written: 1000,
// 1000.0 and 1e3 are the same number. It reports whether the literal is one.
func ParseInt(lit []byte) (Int128, bool) {
	d := parseDecimal(lit)
	return d.int128(0)
}

// maxDoubleDigits is how many significant decimal digits the exact value of a double can have.
const maxDoubleDigits = 767

// ParseDouble gives the value of a JSON number literal as a DOUBLE, and reports whether nothing is lost by that: a literal
// written as an integer must be exactly the double; one with a point or an exponent must be what the double gives when it
// is written with as many significant digits as the literal has, which up to 15 digits is always so. Numbers too large, and
// those other than zero that would become zero, do not fit.
func ParseDouble(lit []byte) (float64, bool) {
	d := parseDecimal(lit)
	if d.plain && d.n+int(min(d.exp, 40)) <= 15 {
		v := int64(d.lo)
		for range d.exp {
			v *= 10
		}
		f := float64(v)
		if d.neg {
			f = -f
			if v == 0 {
				f = math.Copysign(0, -1)
			}
		}
		return f, true
	}
	if d.n > maxDoubleDigits {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(lit), 64)
	if err != nil || f == 0 && d.n > 0 {
		return 0, false
	}
	const smallestNormal = 0x1p-1022
	var buf [maxDoubleDigits + 16]byte
	switch {
	case d.plain:
		return f, bytes.Equal(strconv.AppendFloat(buf[:0], f, 'f', 0, 64), lit)
	case d.n <= 15 && (d.n == 0 || math.Abs(f) >= smallestNormal):
		return f, true
	default:
		return f, sameDigits(strconv.AppendFloat(buf[:0], f, 'e', d.n-1, 64), lit, d.n)
	}
}

// sameDigits compares the first n significant digits of two literals.
func sameDigits(a, b []byte, n int) bool {
	i, j := 0, 0
	significant := false
	for ; n > 0; n-- {
		i, j = nextDigit(a, i, significant), nextDigit(b, j, significant)
		if a[i] != b[j] {
			return false
		}
		significant = true
		i, j = i+1, j+1
	}
	return true
}

func nextDigit(b []byte, i int, zeros bool) int {
	for b[i] == '.' || b[i] == '-' || b[i] == '0' && !zeros {
		i++
	}
	return i
}
