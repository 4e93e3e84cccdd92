// Package jsonscan finds the borders of JSON values and judges them by RFC 8259, strictly and in place: nothing is copied,
// nothing is allocated. It is what unpack (where does a document end?), schema (what is in it?) and columns (into which
// vector?) have in common. It builds no tree.
package jsonscan

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// Kind is the kind of a JSON value.
type Kind byte

// The kinds.
const (
	Invalid Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// Error says where a text stops being JSON, and why.
type Error struct {
	Offset int    // in bytes from the start of the slice that was scanned
	Reason string // "unexpected end", "invalid UTF-8", …
	Deep   bool   // valid so far, but nested beyond the bound
	End    bool   // valid so far, but the text ends inside the value
}

// Error gives the reason and the offset.
func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset) }

func fail(i int, reason string) *Error { return &Error{Offset: i, Reason: reason} }
func ended(i int) *Error               { return &Error{Offset: i, Reason: "unexpected end", End: true} }

// Space is the index of the first byte at or after i that is not JSON white space, or len(b).
func Space(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// KindAt tells the kind of the value that starts at b[i] by its first byte.
func KindAt(b []byte, i int) Kind {
	if i >= len(b) {
		return Invalid
	}
	switch c := b[i]; c {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	default:
		if c == '-' || '0' <= c && c <= '9' {
			return Number
		}
		return Invalid
	}
}

// Value judges the value that starts at b[i], with no white space before it, and returns the index after its last byte.
// Objects and arrays may be nested maxDepth deep, the value itself included. It does not recurse: a bound as large as
// len(b) is safe and costs a bit of memory for each level.
func Value(b []byte, i, maxDepth int) (int, *Error) {
	var near [16]uint64 // a bit for each open container: 1 for an object; on the stack for the first 1,024 levels
	nest, depth := near[:], 0
	for {
		// A value starts at i.
		var err *Error
		switch KindAt(b, i) {
		case Object, Array:
			if depth >= maxDepth {
				return i, &Error{Offset: i, Reason: "nested too deep", Deep: true}
			}
			if depth/64 == len(nest) {
				nest = append(nest, 0)
			}
			object := b[i] == '{'
			if object {
				nest[depth/64] |= 1 << (depth % 64)
			} else {
				nest[depth/64] &^= 1 << (depth % 64)
			}
			depth++
			i = Space(b, i+1)
			if i < len(b) && b[i] == closing(object) {
				break // empty: it is closed below
			}
			if object {
				if i, err = name(b, i); err != nil {
					return i, err
				}
			}
			continue
		case String:
			i, _, err = Text(b, i)
		case Number:
			i, err = number(b, i)
		case Bool:
			if b[i] == 't' {
				i, err = literal(b, i, "true")
			} else {
				i, err = literal(b, i, "false")
			}
		case Null:
			i, err = literal(b, i, "null")
		default:
			err = unexpected(b, i)
		}
		if err != nil {
			return err.Offset, err
		}
		// A value has ended before i, or an empty container is about to.
		for {
			if depth == 0 {
				return i, nil
			}
			object := nest[(depth-1)/64]>>((depth-1)%64)&1 == 1
			if i = Space(b, i); i >= len(b) {
				return i, ended(i)
			}
			if b[i] == closing(object) {
				i++
				depth--
				continue
			}
			if b[i] != ',' {
				err = separator(b, i, object)
				return i, err
			}
			i = Space(b, i+1)
			if object {
				if i, err = name(b, i); err != nil {
					return i, err
				}
			}
			break
		}
	}
}

func closing(object bool) byte {
	if object {
		return '}'
	}
	return ']'
}

// name judges a member's name, which starts at b[i], and the colon after it; it returns the index of the value.
func name(b []byte, i int) (int, *Error) {
	end, _, err := nameText(b, i)
	if err != nil {
		return err.Offset, err
	}
	if i, err = colon(b, end); err != nil {
		return err.Offset, err
	}
	return i, nil
}

func nameText(b []byte, i int) (end int, escaped bool, err *Error) {
	if i >= len(b) {
		return i, false, ended(i)
	}
	if b[i] != '"' {
		return i, false, fail(i, "expected a member name, found "+quote(b, i))
	}
	return Text(b, i)
}

func colon(b []byte, i int) (int, *Error) {
	if i = Space(b, i); i >= len(b) {
		return i, ended(i)
	}
	if b[i] != ':' {
		return i, fail(i, "expected ':', found "+quote(b, i))
	}
	return Space(b, i+1), nil
}

func separator(b []byte, i int, object bool) *Error {
	return fail(i, fmt.Sprintf("expected ',' or '%c', found %s", closing(object), quote(b, i)))
}

func unexpected(b []byte, i int) *Error {
	if i >= len(b) {
		return ended(i)
	}
	return fail(i, "unexpected "+quote(b, i))
}

func quote(b []byte, i int) string {
	r, size := utf8.DecodeRune(b[i:])
	if r == utf8.RuneError && size <= 1 {
		return fmt.Sprintf("byte 0x%02x", b[i])
	}
	return fmt.Sprintf("%q", r)
}

func literal(b []byte, i int, word string) (int, *Error) {
	for k := range len(word) {
		if i+k >= len(b) {
			return i + k, ended(i + k)
		}
		if b[i+k] != word[k] {
			return i + k, fail(i+k, "unknown word")
		}
	}
	return i + len(word), nil
}

func number(b []byte, i int) (int, *Error) {
	if b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b):
		return i, ended(i)
	case b[i] == '0':
		i++
		if i < len(b) && isDigit(b[i]) {
			return i, fail(i, "leading zero in a number")
		}
	case isDigit(b[i]):
		i = digits(b, i)
	default:
		return i, fail(i, "no digit after the minus sign")
	}
	if i < len(b) && b[i] == '.' {
		i++
		from := i
		if i = digits(b, i); i == from {
			return missingDigit(b, i, "no digit after the decimal point")
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		from := i
		if i = digits(b, i); i == from {
			return missingDigit(b, i, "no digit in the exponent")
		}
	}
	return i, nil
}

func missingDigit(b []byte, i int, reason string) (int, *Error) {
	if i >= len(b) {
		return i, ended(i)
	}
	return i, fail(i, reason)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func digits(b []byte, i int) int {
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	return i
}

// Text judges the string whose opening quote is b[i]. It returns the index after the closing quote, and whether the string
// holds escapes: without them b[i+1:end-1] is its value, otherwise Unescape makes it.
func Text(b []byte, i int) (end int, escaped bool, err *Error) {
	i++
	for {
		i = plain(b, i)
		if i >= len(b) {
			return i, escaped, ended(i)
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1, escaped, nil
		case c == '\\':
			escaped = true
			if i, err = escape(b, i); err != nil {
				return i, escaped, err
			}
		case c < 0x20:
			return i, escaped, fail(i, fmt.Sprintf("control character 0x%02x in a string", c))
		default:
			r, size := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && size == 1 {
				if !utf8.FullRune(b[i:]) {
					return len(b), escaped, ended(len(b))
				}
				return i, escaped, fail(i, "invalid UTF-8")
			}
			i += size
		}
	}
}

const (
	low  = 0x0101010101010101
	high = 0x8080808080808080
)

// plain is the index of the first byte at or after i that needs a closer look: a quote, a backslash, a control
// character or a byte above 0x7f. Eight bytes at a time.
func plain(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quotes := w ^ (low * '"')
		slashes := w ^ (low * '\\')
		special := ((quotes - low) &^ quotes) | ((slashes - low) &^ slashes) | ((w - low*0x20) &^ w) | w
		if special &= high; special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for i < len(b) && b[i] >= 0x20 && b[i] < 0x80 && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// escape judges the escape sequence at b[i] and returns the index after it. A surrogate stands only in a pair: alone it
// is no character and could not be stored.
func escape(b []byte, i int) (int, *Error) {
	if i+1 >= len(b) {
		return len(b), ended(len(b))
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, nil
	case 'u':
	default:
		return i, fail(i, "unknown escape in a string")
	}
	r, err := hex4(b, i+2)
	if err != nil {
		return err.Offset, err
	}
	switch {
	case r >= 0xdc00 && r < 0xe000:
		return i, fail(i, "lone surrogate in a string")
	case r >= 0xd800 && r < 0xdc00:
		if i+6 < len(b) && b[i+6] != '\\' || i+7 < len(b) && b[i+7] != 'u' {
			return i, fail(i, "lone surrogate in a string")
		}
		if i+7 >= len(b) {
			return len(b), ended(len(b))
		}
		second, err := hex4(b, i+8)
		if err != nil {
			return err.Offset, err
		}
		if second < 0xdc00 || second >= 0xe000 {
			return i, fail(i, "lone surrogate in a string")
		}
		return i + 12, nil
	}
	return i + 6, nil
}

func hex4(b []byte, i int) (rune, *Error) {
	var r rune
	for k := i; k < i+4; k++ {
		if k >= len(b) {
			return 0, ended(k)
		}
		switch c := b[k]; {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, fail(k, "not a hexadecimal digit in an escape")
		}
	}
	return r, nil
}

// Unescape appends to dst the value of a string whose bytes between the quotes are raw, as judged by Text.
func Unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			end := i + 1
			for end < len(raw) && raw[end] != '\\' {
				end++
			}
			dst = append(dst, raw[i:end]...)
			i = end
			continue
		}
		switch c := raw[i+1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, _ := hex4(raw, i+2)
			if r >= 0xd800 && r < 0xdc00 {
				second, _ := hex4(raw, i+8)
				r = (r-0xd800)<<10 + (second - 0xdc00) + 0x10000
				i += 6
			}
			dst = utf8.AppendRune(dst, r)
			i += 4
		default:
			dst = append(dst, c)
		}
		i += 2
	}
	return dst
}
