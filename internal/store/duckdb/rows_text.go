package duckdb

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// textTypes have no Arrow type that every reader knows. They are spelled as DuckDB does, so that a cast reads them back.
var textTypes = map[mapping.Type]func(mapping.Vector, selection) func(row int) string{
	mapping.TypeUHugeInt: speller(func(v *hugeInt) string {
		n := new(big.Int).SetUint64(uint64(v.upper))
		return n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(v.lower)).String()
	}),
	mapping.TypeBigNum:   speller(func(v *stringT) string { return spellBigNum(v.bytes()) }),
	mapping.TypeBit:      speller(func(v *stringT) string { return spellBits(v.bytes()) }),
	mapping.TypeTimeTZ:   speller(func(v *uint64) string { return spellTimeTZ(*v) }),
	mapping.TypeInterval: speller(spellInterval),
}

func speller[T any](spell func(*T) string) func(mapping.Vector, selection) func(int) string {
	return func(vec mapping.Vector, s selection) func(int) string {
		from := values[T](vec, s)
		return func(row int) string { return spell(&from[row]) }
	}
}

// spelled makes strings of a vector's values.
func spelled(spell func(mapping.Vector, selection) func(row int) string) func(mapping.Vector, selection) (arrow.Array, error) {
	return func(vec mapping.Vector, s selection) (arrow.Array, error) {
		mask, _ := validity(vec, s)
		text := spell(vec, s)
		b := array.NewStringBuilder(memory.DefaultAllocator)
		defer b.Release()
		for i := range s.n {
			if isNull(mask, i) {
				b.AppendNull()
			} else {
				b.Append(text(s.row(i)))
			}
		}
		return b.NewArray(), nil
	}
}

// spellBigNum reads a BIGNUM: three bytes of length, whose first bit is set if it is not negative, and the magnitude, big
// end first; all of it is inverted if it is negative.
func spellBigNum(b []byte) string {
	magnitude := append([]byte(nil), b[3:]...)
	negative := b[0]&0x80 == 0
	if negative {
		for i := range magnitude {
			magnitude[i] = ^magnitude[i]
		}
	}
	n := new(big.Int).SetBytes(magnitude)
	if negative {
		n.Neg(n)
	}
	return n.String()
}

// spellBits reads a BIT: one byte that counts the unused bits at the start, then the bits.
func spellBits(b []byte) string {
	unused := int(b[0])
	text := make([]byte, 0, 8*len(b))
	for i := unused; i < 8*(len(b)-1); i++ {
		text = append(text, '0'+b[1+i/8]>>(7-i%8)&1)
	}
	return string(text)
}

// spellTimeTZ reads a TIMETZ: 40 bits of microseconds, then 24 bits of the offset, counted down from its largest value.
func spellTimeTZ(v uint64) string {
	const largestOffset = 16*60*60 - 1 // seconds
	offset := largestOffset - int64(v&0xff_ffff)
	text := spellTime(int64(v >> 24))
	sign := "+"
	if offset < 0 {
		sign, offset = "-", -offset
	}
	text += fmt.Sprintf("%s%02d", sign, offset/3600)
	if offset%3600 != 0 {
		text += fmt.Sprintf(":%02d", offset/60%60)
	}
	if offset%60 != 0 {
		text += fmt.Sprintf(":%02d", offset%60)
	}
	return text
}

// spellTime writes microseconds as 15:04:05.123456, without needless zeros.
func spellTime(micros int64) string {
	seconds := micros / 1_000_000
	text := fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	if fraction := micros % 1_000_000; fraction != 0 {
		text += strings.TrimRight(fmt.Sprintf(".%06d", fraction), "0")
	}
	return text
}

// interval is a duckdb_interval.
type interval struct {
	months, days int32
	micros       int64
}

func spellInterval(v *interval) string {
	var parts []string
	for _, unit := range []struct {
		n    int32
		name string
	}{{v.months / 12, "year"}, {v.months % 12, "month"}, {v.days, "day"}} {
		switch unit.n {
		case 0:
		case 1, -1:
			parts = append(parts, fmt.Sprintf("%d %s", unit.n, unit.name))
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", unit.n, unit.name))
		}
	}
	switch {
	case v.micros < 0:
		parts = append(parts, "-"+spellTime(-v.micros))
	case v.micros > 0 || len(parts) == 0:
		parts = append(parts, spellTime(v.micros))
	}
	return strings.Join(parts, " ")
}
