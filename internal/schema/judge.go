package schema

import "github.com/helios-sql/helios/internal/jsonscan"

// Classify names the narrowest type that holds a value other than null. For a string b is its value, unescaped; otherwise
// the value as written. A number with a point or an exponent is a DOUBLE if it fits one, whatever its value; a number that
// fits neither 128 bits nor a DOUBLE is JSON, which keeps it as written; so are arrays and objects.
func Classify(kind jsonscan.Kind, b []byte) Type {
	switch kind {
	case jsonscan.Bool:
		return Boolean
	case jsonscan.Number:
		return classifyNumber(b)
	case jsonscan.String:
		return classifyString(b)
	default:
		return JSON
	}
}

func classifyNumber(lit []byte) Type {
	d := parseDecimal(lit)
	_, double := ParseDouble(lit)
	if !d.plain && double {
		return Double
	}
	if v, ok := d.int128(0); ok {
		if _, ok := v.Int64(); ok {
			return BigInt
		}
		return HugeInt
	}
	if double {
		return Double
	}
	return JSON
}

func classifyString(b []byte) Type {
	if _, ok := ParseDate(b); ok {
		return Date
	}
	if _, ok := ParseTimestamp(b); ok {
		return Timestamp
	}
	if _, ok := ParseUUID(b); ok {
		return UUID
	}
	return Varchar
}

// NewFieldType is the type of the column for a field that appears while a table is being filled. One value is little
// evidence, and a type too narrow would send what follows to quarantine: so it is that of Classify, but a string is VARCHAR
// unless it is a complete RFC 3339 timestamp, with its zone.
func NewFieldType(kind jsonscan.Kind, b []byte) Type {
	if kind != jsonscan.String {
		return Classify(kind, b)
	}
	if _, complete, ok := parseTimestamp(b); ok && complete {
		return Timestamp
	}
	return Varchar
}

// Fits reports whether a value other than null can be stored in a column of the type and format without loss. The value
// is given as to Classify.
func Fits(t Type, f Format, kind jsonscan.Kind, b []byte) (ok bool) {
	switch t {
	case JSON:
		return true
	case Boolean:
		return kind == jsonscan.Bool
	case Timestamp:
		if f != ISO8601 && kind == jsonscan.Number {
			_, ok = ParseEpoch(b, f)
			return ok
		}
		if f == ISO8601 && kind == jsonscan.String {
			_, ok = ParseTimestamp(b)
		}
		return ok
	default:
	}
	switch {
	case t == Varchar && f == Scalar:
		return kind == jsonscan.String || kind == jsonscan.Number || kind == jsonscan.Bool
	case kind == jsonscan.Number:
		return numberFits(t, b)
	case kind == jsonscan.String:
		return stringFits(t, b)
	default:
		return false
	}
}

func numberFits(t Type, lit []byte) bool {
	switch t {
	case BigInt:
		v, ok := ParseInt(lit)
		if ok {
			_, ok = v.Int64()
		}
		return ok
	case HugeInt:
		_, ok := ParseInt(lit)
		return ok
	case Double:
		_, ok := ParseDouble(lit)
		return ok
	default:
		return false
	}
}

func stringFits(t Type, b []byte) (ok bool) {
	switch t {
	case Varchar:
		return true
	case Date:
		_, ok = ParseDate(b)
	case UUID:
		_, ok = ParseUUID(b)
	default:
	}
	return ok
}
