package columns

import (
	"github.com/helios-sql/helios/internal/jsonscan"
	"github.com/helios-sql/helios/internal/schema"
)

func (v *Vector) appendText(s string) {
	v.Text = append(v.Text, s...)
	v.Ends = append(v.Ends, len(v.Text))
	v.Null = append(v.Null, false)
}

func (v *Vector) appendInt(n int64) {
	v.Ints = append(v.Ints, n)
	v.Null = append(v.Null, false)
}

// value reads a value other than null into the vector of its column, if it fits. The judgement is schema.Fits; what is
// here besides are short cuts for the commonest forms.
func (d *Decoder) value(b []byte, m *jsonscan.Member, f *field, v *Vector) (end int, ok bool) {
	switch f.kind {
	case jsonKind:
		return d.json(b, m, f, v)
	case boolKind:
		return boolean(b, m, v)
	case textKind, dateKind, timeKind, uuidKind:
		if m.Kind != jsonscan.String {
			return 0, false
		}
		return d.text(b, m.Start, f.kind, v)
	case scalarKind:
		return d.scalar(b, m, v)
	default:
		if m.Kind != jsonscan.Number {
			return 0, false
		}
		return d.number(b, m.Start, f, v)
	}
}

func boolean(b []byte, m *jsonscan.Member, v *Vector) (end int, ok bool) {
	if m.Kind != jsonscan.Bool {
		return 0, false
	}
	end, err := jsonscan.Value(b, m.Start, 1)
	if err != nil {
		return 0, false
	}
	v.Bools = append(v.Bools, b[m.Start] == 't')
	v.Null = append(v.Null, false)
	return end, true
}

func (d *Decoder) text(b []byte, start int, k kind, v *Vector) (end int, ok bool) {
	end, escaped, err := jsonscan.Text(b, start)
	if err != nil {
		return 0, false
	}
	s := b[start+1 : end-1]
	if k == textKind {
		if escaped {
			v.Text = jsonscan.Unescape(v.Text, s)
		} else {
			v.Text = append(v.Text, s...)
		}
		v.Ends = append(v.Ends, len(v.Text))
		v.Null = append(v.Null, false)
		return end, true
	}
	if escaped {
		d.scratch = jsonscan.Unescape(d.scratch[:0], s)
		s = d.scratch
	}
	switch k {
	case uuidKind:
		id, ok := schema.ParseUUID(s)
		if !ok {
			return 0, false
		}
		v.UUIDs = append(v.UUIDs, id)
		v.Null = append(v.Null, false)
		return end, true
	case dateKind:
		days, ok := schema.ParseDate(s)
		if ok {
			v.appendInt(days)
		}
		return end, ok
	default:
		micros, ok := schema.ParseTimestamp(s)
		if ok {
			v.appendInt(micros)
		}
		return end, ok
	}
}

func (d *Decoder) number(b []byte, start int, f *field, v *Vector) (end int, ok bool) {
	switch f.kind {
	case intKind:
		if n, end, ok := shortInt(b, start); ok {
			v.appendInt(n)
			d.noteInexact(f, schema.ExactInt64(n))
			return end, true
		}
	case realKind:
		if x, end, ok := shortReal(b, start); ok {
			v.Real = append(v.Real, x)
			v.Null = append(v.Null, false)
			return end, true
		}
	default:
	}
	end, err := jsonscan.Value(b, start, 1)
	if err != nil {
		return 0, false
	}
	lit := b[start:end]
	switch f.kind {
	case intKind:
		var n int64
		wide, ok := schema.ParseInt(lit)
		if ok {
			n, ok = wide.Int64()
		}
		if !ok {
			return 0, false
		}
		v.appendInt(n)
		d.noteInexact(f, schema.ExactInt64(n))
	case hugeKind:
		n, ok := schema.ParseInt(lit)
		if !ok {
			return 0, false
		}
		v.Huge = append(v.Huge, n)
		v.Null = append(v.Null, false)
		_, exact := n.Float()
		d.noteInexact(f, exact)
	case realKind:
		x, ok := schema.ParseDouble(lit)
		if !ok {
			return 0, false
		}
		v.Real = append(v.Real, x)
		v.Null = append(v.Null, false)
	default:
		format := schema.EpochSecond
		if f.kind == epochMilliKind {
			format = schema.EpochMilli
		}
		micros, ok := schema.ParseEpoch(lit, format)
		if !ok {
			return 0, false
		}
		v.appendInt(micros)
	}
	return end, true
}

func (d *Decoder) noteInexact(f *field, exact bool) {
	if !exact && !f.inexact {
		d.inexact = append(d.inexact, f)
	}
}

// shortInt reads an integer of at most 18 digits. What follows it is for the caller's walk to judge, but for what would
// make it another number.
func shortInt(b []byte, i int) (n int64, end int, ok bool) {
	neg := b[i] == '-'
	if neg {
		i++
	}
	n, end = digits(b, i, i+18, 0)
	if end == i || end == len(b) || b[i] == '0' && end > i+1 || isNumberByte(b[end]) {
		return 0, 0, false
	}
	if neg {
		n = -n
	}
	return n, end, true
}

// shortReal reads a number without exponent and of at most 15 digits: the digits are exact in a double, so is the power of
// ten that they are divided by, and so the quotient is the double that is nearest.
func shortReal(b []byte, i int) (x float64, end int, ok bool) {
	neg := b[i] == '-'
	if neg {
		i++
	}
	n, end := digits(b, i, i+15, 0)
	if end == i || end == len(b) || b[i] == '0' && end > i+1 {
		return 0, 0, false
	}
	x = float64(n)
	if b[end] == '.' {
		point := end
		n, end = digits(b, point+1, i+16, n)
		if end == point+1 || end == len(b) {
			return 0, 0, false
		}
		x = float64(n) / powers[end-point-1]
	}
	if isNumberByte(b[end]) {
		return 0, 0, false
	}
	if neg {
		x = -x
	}
	return x, end, true
}

// digits appends to n the digits from b[i] on, those before b[limit].
func digits(b []byte, i, limit int, n int64) (int64, int) {
	for limit = min(limit, len(b)); i < limit && b[i]-'0' <= 9; i++ {
		n = n*10 + int64(b[i]-'0')
	}
	return n, i
}

func isNumberByte(c byte) bool { return c-'0' <= 9 || c == '.' || c == 'e' || c == 'E' }

var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// scalar keeps a number or a boolean as it is written, beside text.
func (d *Decoder) scalar(b []byte, m *jsonscan.Member, v *Vector) (end int, ok bool) {
	switch m.Kind {
	case jsonscan.String:
		return d.text(b, m.Start, textKind, v)
	case jsonscan.Number, jsonscan.Bool:
		end, err := jsonscan.Value(b, m.Start, 1)
		if err != nil {
			return 0, false
		}
		v.Text = append(v.Text, b[m.Start:end]...)
		v.Ends = append(v.Ends, len(v.Text))
		v.Null = append(v.Null, false)
		return end, true
	default:
		return 0, false
	}
}

// json keeps a value as it is written, without what is ignored in it.
func (d *Decoder) json(b []byte, m *jsonscan.Member, f *field, v *Vector) (end int, ok bool) {
	end, ok = d.names.once(b, m.Start, maxNesting)
	if !ok {
		return 0, false
	}
	if f.cut != nil && m.Kind == jsonscan.Object {
		v.Text = d.without(f.cut, v.Text, b, m.Start)
	} else {
		v.Text = append(v.Text, b[m.Start:end]...)
	}
	v.Ends = append(v.Ends, len(v.Text))
	v.Null = append(v.Null, false)
	return end, true
}

// without appends the valid object at b[i], of which n knows what is ignored, but for that.
func (d *Decoder) without(n *node, into, b []byte, i int) []byte {
	into = append(into, '{')
	empty := len(into)
	members := jsonscan.Members(b, i)
	for start := jsonscan.Space(b, i+1); ; {
		m, _ := members.Next()
		if m.Kind == jsonscan.Invalid {
			return append(into, '}')
		}
		end, _ := jsonscan.Value(b, m.Start, maxNesting)
		f := d.find(n, &m)
		if f == nil || f.kind != ignoredKind {
			if len(into) > empty {
				into = append(into, ',')
			}
			into = append(into, b[start:m.Start]...)
			if f != nil && f.below != nil && m.Kind == jsonscan.Object {
				into = d.without(f.below, into, b, m.Start)
			} else {
				into = append(into, b[m.Start:end]...)
			}
		}
		members.Resume(end)
		start = jsonscan.Space(b, jsonscan.Space(b, end)+1) // past the comma
	}
}
