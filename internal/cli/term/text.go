package term

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// Clean makes text from outside safe and single-lined: control characters, which could move the cursor or change the
// terminal, are written as escapes, and bytes that are not UTF-8 as \xNN.
func Clean(s string) string {
	clean := func(r rune) bool { return r != utf8.RuneError && !unicode.IsControl(r) && !isBidi(r) }
	if strings.IndexFunc(s, func(r rune) bool { return !clean(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r != utf8.RuneError && !clean(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		s = s[n:]
	}
	return b.String()
}

// isBidi reports whether a rune changes the direction of the text around it, and so can make it look like another.
func isBidi(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }

// wide are the runes that take two columns: East Asian wide and fullwidth (UAX 11) and emoji, in coarse ranges.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1},
		{Lo: 0x2e80, Hi: 0x303e, Stride: 1},
		{Lo: 0x3041, Hi: 0x4dbf, Stride: 1},
		{Lo: 0x4e00, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xa960, Hi: 0xa97f, Stride: 1},
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1},
		{Lo: 0xf900, Hi: 0xfaff, Stride: 1},
		{Lo: 0xfe30, Hi: 0xfe6f, Stride: 1},
		{Lo: 0xff00, Hi: 0xff60, Stride: 1},
		{Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1},
		{Lo: 0x1f680, Hi: 0x1f6ff, Stride: 1},
		{Lo: 0x1f900, Hi: 0x1f9ff, Stride: 1},
		{Lo: 0x20000, Hi: 0x3fffd, Stride: 1},
	},
}

func runeColumns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// Columns is how many columns of a terminal a text takes.
func Columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// Shorten cuts a text to that many columns, with … at its end if it was longer.
func Shorten(s string, columns int) string {
	if len(s) <= columns || Columns(s) <= columns {
		return s
	}
	n := 0
	for i, r := range s {
		if n += runeColumns(r); n > columns-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// Middle cuts a text to its first and last characters, with … between them, if it is longer than that.
func Middle(s string, first, last int) string {
	r := []rune(s)
	if len(r) <= first+1+last {
		return s
	}
	return string(r[:first]) + "…" + string(r[len(r)-last:])
}

// Wrap breaks paragraphs into lines of up to that many columns. Lines that begin with a space stay as they are.
func Wrap(text string, columns int) string {
	var b strings.Builder
	line := 0 // columns of the line that is being written
	for written := range strings.SplitSeq(text, "\n") {
		if written == "" || written[0] == ' ' {
			if line > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(written + "\n")
			line = 0
			continue
		}
		for word := range strings.FieldsSeq(written) {
			switch wide := Columns(word); {
			case line == 0:
				line = wide
			case line+1+wide > columns:
				b.WriteByte('\n')
				line = wide
			default:
				b.WriteByte(' ')
				line += 1 + wide
			}
			b.WriteString(word)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// Count is a whole number with thousands separators.
func Count(n int64) string { return humanize.Comma(n) }

// Counted is a number of things: "1 row", "2,000 rows".
func Counted(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return Count(n) + " " + thing
}

// Percent is a share of 0 to 1; one that is not nothing is never shown as nothing, nor one that is not all as all.
func Percent(share float64) string {
	switch p := share * 100; {
	case p > 0 && p < 0.1:
		return "<0.1 %"
	case p < 100 && p > 99.9:
		return ">99.9 %"
	case p == float64(int64(p)):
		return fmt.Sprintf("%.0f %%", p)
	default:
		return fmt.Sprintf("%.1f %%", p)
	}
}

// Bytes is a size in decimal units, as the console shows it.
func Bytes(n float64) string { return humanize.Bytes(uint64(max(n, 0))) }

// Duration is a length of time in its largest sensible unit.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "0 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
