package schema

import "encoding/hex"

const (
	microsPerSecond = 1_000_000
	secondsPerDay   = 86_400
	firstMicro      = -62_135_596_800 * microsPerSecond   // 0001-01-01T00:00:00Z
	lastMicro       = 253_402_300_800*microsPerSecond - 1 // the last of 9999
)

// ParseDate gives the days since 1970-01-01 of a calendar date written YYYY-MM-DD, from 0001-01-01 to 9999-12-31.
func ParseDate(b []byte) (days int64, ok bool) {
	if len(b) != 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	y, ok1 := number(b[:4])
	m, ok2 := number(b[5:7])
	d, ok3 := number(b[8:10])
	if !ok1 || !ok2 || !ok3 || y < 1 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, false
	}
	return civilDays(y, m, d), true
}

// number reads decimal digits and nothing else.
func number(b []byte) (int64, bool) {
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

func daysIn(y, m int64) int64 {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}

// civilDays counts the days from 1970-01-01 to a date of the proleptic Gregorian calendar, in years that begin in March so
// that the leap day is the last.
func civilDays(y, m, d int64) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 1 - 719_468
}

// ParseTimestamp gives the microseconds since 1970-01-01 UTC of an ISO 8601 time: YYYY-MM-DD, T or a space, hh:mm:ss, a
// fraction of at most six digits (zeros after them do no harm), and Z, ±hh:mm, ±hhmm or nothing, which means UTC. A date
// alone is its midnight. Leap seconds, 24:00:00 and times outside the years 1 to 9999 are refused.
func ParseTimestamp(b []byte) (micros int64, ok bool) {
	micros, _, ok = parseTimestamp(b)
	return micros, ok
}

// parseTimestamp also tells whether b is complete: a date, a time and a zone.
func parseTimestamp(b []byte) (micros int64, complete, ok bool) {
	if len(b) < 10 {
		return 0, false, false
	}
	days, ok := ParseDate(b[:10])
	if !ok || len(b) == 10 {
		return days * secondsPerDay * microsPerSecond, false, ok
	}
	if len(b) < 19 || b[10] != 'T' && b[10] != ' ' || b[13] != ':' || b[16] != ':' {
		return 0, false, false
	}
	h, ok1 := number(b[11:13])
	m, ok2 := number(b[14:16])
	s, ok3 := number(b[17:19])
	if !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || s > 59 {
		return 0, false, false
	}
	fraction, rest, ok := parseFraction(b[19:])
	if !ok {
		return 0, false, false
	}
	offset, ok := parseZone(rest)
	if !ok {
		return 0, false, false
	}
	micros = (days*secondsPerDay+h*3600+m*60+s-offset)*microsPerSecond + fraction
	return micros, len(rest) > 0, firstMicro <= micros && micros <= lastMicro
}

// parseFraction reads a fraction of a second, if b begins with one, and returns it in microseconds with what follows.
func parseFraction(b []byte) (micros int64, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '.' {
		return 0, b, true
	}
	i := 1
	for unit := int64(100_000); i < len(b) && '0' <= b[i] && b[i] <= '9'; i++ {
		digit := int64(b[i] - '0')
		if unit == 0 && digit != 0 {
			return 0, nil, false
		}
		micros += digit * unit
		unit /= 10
	}
	return micros, b[i:], i > 1
}

// parseZone gives the offset from UTC in seconds.
func parseZone(b []byte) (seconds int64, ok bool) {
	switch {
	case len(b) == 0 || len(b) == 1 && b[0] == 'Z':
		return 0, true
	case len(b) == 6 && b[3] == ':', len(b) == 5:
		h, ok1 := number(b[1:3])
		m, ok2 := number(b[len(b)-2:])
		if !ok1 || !ok2 || h > 23 || m > 59 || b[0] != '+' && b[0] != '-' {
			return 0, false
		}
		seconds = h*3600 + m*60
		if b[0] == '-' {
			seconds = -seconds
		}
		return seconds, true
	default:
		return 0, false
	}
}

// ParseEpoch gives the microseconds since 1970-01-01 UTC of a JSON number literal in the format of an epoch, if they are
// whole and within the years 1 to 9999.
func ParseEpoch(lit []byte, f Format) (micros int64, ok bool) {
	shift := int64(6)
	if f == EpochMilli {
		shift = 3
	}
	d := parseDecimal(lit)
	v, ok := d.int128(shift)
	if !ok {
		return 0, false
	}
	micros, ok = v.Int64()
	return micros, ok && firstMicro <= micros && micros <= lastMicro
}

// ParseUUID gives the bytes of a UUID written 8-4-4-4-12, in either letter case.
func ParseUUID(b []byte) (id [16]byte, ok bool) {
	if len(b) != 36 || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return id, false
	}
	var digits [32]byte
	copy(digits[:8], b[:8])
	copy(digits[8:12], b[9:13])
	copy(digits[12:16], b[14:18])
	copy(digits[16:20], b[19:23])
	copy(digits[20:], b[24:])
	_, err := hex.Decode(id[:], digits[:])
	return id, err == nil
}
