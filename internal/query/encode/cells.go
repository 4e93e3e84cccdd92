package encode

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/extensions"

	"github.com/helios-sql/helios/internal/query"
)

// cell appends one value of a column, NULL included.
type cell func(b []byte, row int) []byte

// binder makes the cell of a column, by its number: types are looked at once a batch, not once a value.
type binder func(i int, column arrow.Array) cell

// maxSafe is the largest whole number up to which every one is a double (ECMAScript's MAX_SAFE_INTEGER).
const maxSafe = 1<<53 - 1

// jsonCells write values as JSON.
func jsonCells(_ int, column arrow.Array) cell { return jsonCell(column) }

// jsonCell writes values as JSON.
func jsonCell(column arrow.Array) cell {
	value := jsonValue(column)
	if column.NullN() == 0 {
		return value
	}
	return func(b []byte, row int) []byte {
		if column.IsNull(row) {
			return append(b, "null"...)
		}
		return value(b, row)
	}
}

// jsonValue writes values that are not NULL as JSON.
func jsonValue(column arrow.Array) cell {
	switch a := column.(type) {
	case *array.String:
		return func(b []byte, i int) []byte { return appendString(b, a.Value(i)) }
	case *array.Int64:
		return func(b []byte, i int) []byte { return appendInt(b, a.Value(i)) }
	case *array.Uint64:
		return func(b []byte, i int) []byte {
			if v := a.Value(i); v > maxSafe {
				return append(strconv.AppendUint(append(b, '"'), v, 10), '"')
			}
			return strconv.AppendUint(b, a.Value(i), 10)
		}
	case *extensions.JSONArray:
		text := a.Storage().(*array.String)
		return func(b []byte, i int) []byte { return append(b, text.Value(i)...) }
	case array.ListLike:
		return jsonList(a)
	case *array.Struct:
		return jsonStruct(a)
	}
	text := textValue(column)
	if bare(column) {
		return text
	}
	return func(b []byte, i int) []byte {
		mark := len(b)
		b = text(append(b, '"'), i)
		if isFloat(column) && b[mark+1] != 'N' && b[len(b)-1] != 'y' { // not NaN nor Infinity: a number needs no quotes
			return append(b[:mark], b[mark+1:]...)
		}
		return append(b, '"')
	}
}

// bare tells of types whose text is JSON.
func bare(column arrow.Array) bool {
	switch column.DataType().ID() { //nolint:exhaustive // the others are not
	case arrow.BOOL, arrow.INT8, arrow.INT16, arrow.INT32, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.NULL:
		return true
	}
	return false
}

func isFloat(column arrow.Array) bool {
	id := column.DataType().ID()
	return id == arrow.FLOAT32 || id == arrow.FLOAT64
}

func appendInt(b []byte, v int64) []byte {
	if v > maxSafe || v < -maxSafe {
		return append(strconv.AppendInt(append(b, '"'), v, 10), '"')
	}
	return strconv.AppendInt(b, v, 10)
}

func jsonList(a array.ListLike) cell {
	element := jsonCell(a.ListValues())
	return func(b []byte, i int) []byte {
		from, to := a.ValueOffsets(i)
		b = append(b, '[')
		for k := from; k < to; k++ {
			if k > from {
				b = append(b, ',')
			}
			b = element(b, int(k))
		}
		return append(b, ']')
	}
}

func jsonStruct(a *array.Struct) cell {
	fields := a.DataType().(*arrow.StructType).Fields()
	_, union := fields[0].Metadata.GetValue(unionMember)
	keys, cells := make([][]byte, len(fields)), make([]cell, len(fields))
	for k := range fields {
		keys[k] = append(appendString([]byte{','}, fields[k].Name), ':')
		cells[k] = jsonCell(a.Field(k))
	}
	return func(b []byte, i int) []byte {
		mark := len(b)
		for k := range fields {
			if union && a.Field(k).IsNull(i) {
				continue
			}
			b = cells[k](append(b, keys[k]...), i)
		}
		b[mark] = '{'
		return append(b, '}')
	}
}

// unionMember is the key that query's engines set in the metadata of a UNION's tag.
const unionMember = "union"

// csvCells write values as RFC 4180 has them; guarded, no text is a formula.
func csvCells(columns []query.Column, guarded bool) binder {
	return func(i int, column arrow.Array) cell { return csvCell(column, guarded && holdsText(columns[i].Type)) }
}

// holdsText tells whether strings of a column are texts, and no numbers or lengths of time, which may begin with a minus.
func holdsText(engineType string) bool { return engineType != "BIGNUM" && engineType != "INTERVAL" }

func csvCell(column arrow.Array, guarded bool) cell {
	var value cell
	switch a := column.(type) {
	case *array.String:
		value = func(b []byte, i int) []byte { return appendCSV(b, a.Value(i), guarded) }
	case *extensions.JSONArray:
		text := a.Storage().(*array.String)
		value = func(b []byte, i int) []byte {
			v := text.Value(i)
			return appendCSV(b, v, guarded && !negative(v))
		}
	case array.ListLike, *array.Struct:
		nested := jsonValue(column)
		var scratch []byte
		value = func(b []byte, i int) []byte {
			scratch = nested(scratch[:0], i)
			return appendCSV(b, string(scratch), false)
		}
	default:
		value = textValue(column) // has neither comma, quote nor line break
	}
	if column.NullN() == 0 {
		return value
	}
	return func(b []byte, row int) []byte {
		if column.IsNull(row) {
			return b
		}
		return value(b, row)
	}
}

// textValue writes the text of values that are neither NULL, nor nested, nor text already: the same in JSON and CSV.
func textValue(column arrow.Array) cell {
	switch a := column.(type) {
	case *array.Boolean:
		return func(b []byte, i int) []byte { return strconv.AppendBool(b, a.Value(i)) }
	case *array.Int8:
		return func(b []byte, i int) []byte { return strconv.AppendInt(b, int64(a.Value(i)), 10) }
	case *array.Int16:
		return func(b []byte, i int) []byte { return strconv.AppendInt(b, int64(a.Value(i)), 10) }
	case *array.Int32:
		return func(b []byte, i int) []byte { return strconv.AppendInt(b, int64(a.Value(i)), 10) }
	case *array.Int64:
		return func(b []byte, i int) []byte { return strconv.AppendInt(b, a.Value(i), 10) }
	case *array.Uint8:
		return func(b []byte, i int) []byte { return strconv.AppendUint(b, uint64(a.Value(i)), 10) }
	case *array.Uint16:
		return func(b []byte, i int) []byte { return strconv.AppendUint(b, uint64(a.Value(i)), 10) }
	case *array.Uint32:
		return func(b []byte, i int) []byte { return strconv.AppendUint(b, uint64(a.Value(i)), 10) }
	case *array.Uint64:
		return func(b []byte, i int) []byte { return strconv.AppendUint(b, a.Value(i), 10) }
	case *array.Float32:
		return func(b []byte, i int) []byte { return appendFloat(b, float64(a.Value(i)), 32) }
	case *array.Float64:
		return func(b []byte, i int) []byte { return appendFloat(b, a.Value(i), 64) }
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return func(b []byte, i int) []byte { return appendDecimal(b, a.Value(i), scale) }
	case *array.Binary:
		return func(b []byte, i int) []byte { return base64.StdEncoding.AppendEncode(b, a.Value(i)) }
	case *extensions.UUIDArray:
		return func(b []byte, i int) []byte {
			id := a.Value(i)
			text, _ := id.MarshalText() // never fails
			return append(b, text...)
		}
	case *array.Date32:
		return func(b []byte, i int) []byte { return appendDate(b, int64(a.Value(i))) }
	case *array.Time64:
		return func(b []byte, i int) []byte {
			return appendTime(b, time.UnixMicro(int64(a.Value(i))), int64(a.Value(i)) == dayMicros)
		}
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		return func(b []byte, i int) []byte { return appendTimestamp(b, int64(a.Value(i)), unit) }
	default: // a NULL column
		return func(b []byte, _ int) []byte { return append(b, "null"...) }
	}
}

// appendDecimal writes a decimal number with all its digits.
func appendDecimal(b []byte, v decimal128.Num, scale int32) []byte {
	small := int64(v.LowBits())
	if v.HighBits() != small>>63 || scale > 18 || small == math.MinInt64 {
		return append(b, v.ToString(scale)...)
	}
	if small < 0 {
		b = append(b, '-')
		small = -small
	}
	if scale == 0 {
		return strconv.AppendInt(b, small, 10)
	}
	unit := int64(pow10(int(scale)))
	b = append(strconv.AppendInt(b, small/unit, 10), '.')
	return appendPadded(b, int(small%unit), int(scale))
}

// appendFloat writes the shortest decimal that reads back as the same number, in ECMAScript's choice of notation.
func appendFloat(b []byte, v float64, bits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, "NaN"...)
	case math.IsInf(v, 1):
		return append(b, "Infinity"...)
	case math.IsInf(v, -1):
		return append(b, "-Infinity"...)
	}
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.AppendFloat(b, v, 'e', -1, bits)
	}
	return strconv.AppendFloat(b, v, 'f', -1, bits)
}

const (
	dayMicros    = 24 * 60 * 60 * 1_000_000
	infiniteDate = math.MaxInt32
	infiniteTime = math.MaxInt64
)

func appendDate(b []byte, days int64) []byte {
	switch days {
	case infiniteDate:
		return append(b, "infinity"...)
	case -infiniteDate:
		return append(b, "-infinity"...)
	}
	return appendDay(b, time.Unix(days*86400, 0).UTC())
}

// appendDay writes the date of t; a year outside 0 to 9999 has a sign (ISO 8601, expanded).
func appendDay(b []byte, t time.Time) []byte {
	year, month, day := t.Date()
	switch {
	case year < 0:
		b = append(b, '-')
		year = -year
	case year > 9999:
		b = append(b, '+')
	}
	b = appendPadded(b, year, 4)
	b = appendPadded(append(b, '-'), int(month), 2)
	return appendPadded(append(b, '-'), day, 2)
}

// appendTime writes the time of day of t, with as many decimals as it has; 24:00:00 is the end of a day, which DuckDB has.
func appendTime(b []byte, t time.Time, end bool) []byte {
	if end {
		return append(b, "24:00:00"...)
	}
	t = t.UTC()
	hour, minute, second := t.Clock()
	b = appendPadded(b, hour, 2)
	b = appendPadded(append(b, ':'), minute, 2)
	b = appendPadded(append(b, ':'), second, 2)
	if ns := t.Nanosecond(); ns > 0 {
		b = appendPadded(append(b, '.'), ns, 9)
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
	}
	return b
}

func appendTimestamp(b []byte, v int64, unit arrow.TimeUnit) []byte {
	switch v {
	case infiniteTime:
		return append(b, "infinity"...)
	case -infiniteTime:
		return append(b, "-infinity"...)
	}
	var t time.Time
	switch unit {
	case arrow.Second:
		t = time.Unix(v, 0)
	case arrow.Millisecond:
		t = time.UnixMilli(v)
	case arrow.Microsecond:
		t = time.UnixMicro(v)
	case arrow.Nanosecond:
		t = time.Unix(0, v)
	}
	t = t.UTC()
	return append(appendTime(append(appendDay(b, t), 'T'), t, false), 'Z')
}

// appendPadded writes v with zeros in front, width digits at least.
func appendPadded(b []byte, v, width int) []byte {
	for limit := pow10(width - 1); limit > 1 && v < limit; limit /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(v), 10)
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// negative tells whether a document is a number below zero.
func negative(document string) bool {
	return strings.HasPrefix(document, "-") && json.Valid([]byte(document))
}

// formula tells whether a spreadsheet may take a text for one: those of Japanese read the wide forms of the signs, too, and some pass
// over white space and what cannot be seen.
func formula(s string) bool {
	if s == "" || s[0] > '@' && s[0] < utf8.RuneSelf {
		return false
	}
	if strings.ContainsRune("\t\r\n", rune(s[0])) {
		return true
	}
	for _, r := range s {
		switch {
		case strings.ContainsRune("=+-@＝＋－＠", r):
			return true
		case r > ' ' && r < 0x7f, !unicode.IsSpace(r) && !unicode.In(r, unicode.C, unicode.Z, unicode.M):
			return false
		}
	}
	return false
}

// appendCSV writes a field, in quotes where RFC 4180 wants them, and where it would otherwise be taken for NULL; guarded, it is
// no formula.
func appendCSV(b []byte, s string, guarded bool) []byte {
	if guarded && formula(s) {
		s = "'" + s
	}
	plain := s != ""
	for i := 0; i < len(s) && plain; i++ {
		c := s[i]
		plain = c != ',' && c != '"' && c != '\n' && c != '\r'
	}
	if plain {
		return append(b, s...)
	}
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string. What is not UTF-8, which DuckDB does not have in a VARCHAR, becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}
