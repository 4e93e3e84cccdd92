package schema_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/schema"
)

func TestEveryDayOfTheCalendarIsADate(t *testing.T) {
	for day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 10_000; day = day.AddDate(0, 0, 1) {
		days, ok := schema.ParseDate([]byte(day.Format(time.DateOnly)))
		if want := day.Unix() / 86_400; !ok || days != want {
			t.Fatalf("%s: got %d %t, want %d", day.Format(time.DateOnly), days, ok, want)
		}
	}
	for _, s := range []string{"0000-01-01", "2023-02-29", "1900-02-29", "2024-04-31", "2024-13-01", "2024-00-01", "2024-01-00", "2024-1-1", "20240101", "2024/01/01", "+024-01-01", "2024-01-01 "} {
		_, ok := schema.ParseDate([]byte(s))
		require.False(t, ok, s)
	}
}

func TestTimestampsAreISO8601InMicroseconds(t *testing.T) {
	for s, want := range map[string]string{
		"2026-03-01T12:34:56Z":             "2026-03-01T12:34:56Z",
		"2026-03-01 12:34:56":              "2026-03-01T12:34:56Z",
		"2026-03-01":                       "2026-03-01T00:00:00Z",
		"2026-03-01T12:34:56.1Z":           "2026-03-01T12:34:56.1Z",
		"2026-03-01T12:34:56.123456000Z":   "2026-03-01T12:34:56.123456Z",
		"2026-03-01T12:34:56.000001+05:30": "2026-03-01T07:04:56.000001Z",
		"2026-03-01T00:34:56-0230":         "2026-03-01T03:04:56Z",
		"0001-01-01T00:00:00Z":             "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999999-00:00": "9999-12-31T23:59:59.999999Z",
		"1969-12-31T23:59:59.999999":       "1969-12-31T23:59:59.999999Z",
	} {
		micros, ok := schema.ParseTimestamp([]byte(s))
		require.True(t, ok, s)
		at, err := time.Parse(time.RFC3339Nano, want)
		require.NoError(t, err)
		require.Equal(t, at.UnixMicro(), micros, s)
	}
	for _, s := range []string{
		"", "2026-03-01T", "2026-03-01T12:34Z", "2026-03-01T12:34:60Z", "2026-03-01T24:00:00Z", "2026-03-01T12:34:56.1234567Z", "2026-03-01T12:34:56.Z",
		"2026-03-01T12:34:56,5Z", "2026-03-01T12:34:56z", "2026-03-01t12:34:56Z", "2026-03-01T12:34:56+5", "2026-03-01T12:34:56+24:00", "2026-03-01T12:34:56+05:60",
		"2026-02-30T12:34:56Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-03-01T12:34:56 Z", "2026-03-01T12:34:56ZZ", "2026-03-01T12:34:56+05.30", "10000-01-01T00:00:00Z",
	} {
		_, ok := schema.ParseTimestamp([]byte(s))
		require.False(t, ok, s)
	}
}

// FuzzTimestamp compares with time.Parse, which knows most of the forms.
func FuzzTimestamp(f *testing.F) {
	for _, s := range []string{"2026-03-01T12:34:56Z", "2026-03-01T12:34:56.123456+05:30", "2024-02-29 00:00:00.5", "2024-02-29", "1999-12-31T23:59:59-0800"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		micros, ok := schema.ParseTimestamp([]byte(s))
		normal := s
		if len(s) > 10 && s[10] == ' ' {
			normal = s[:10] + "T" + s[11:]
		}
		for _, layout := range []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02"} {
			at, err := time.Parse(layout, normal)
			if err != nil || !strings.HasPrefix(at.Format("2006-01-02T15:04:05"), normal[:min(len(normal), 19)]) || strings.Contains(s, ",") {
				continue // Go also takes a comma and an hour of one digit
			}
			inRange := at.Year() >= 1 && at.UTC().Year() >= 1 && at.UTC().Year() <= 9999 // as it is written, and in UTC
			if _, zone := at.Zone(); !ok && inRange && at.Nanosecond()%1000 == 0 && zone%60 == 0 && len(normal) <= 32 {
				t.Fatalf("%q is a time, and was refused", s)
			}
			if ok {
				require.Equal(t, at.UnixMicro(), micros, s)
			}
			return
		}
		require.False(t, ok, s)
	})
}

func TestEpochsAreExactToTheMicrosecond(t *testing.T) {
	for _, c := range []struct {
		lit    string
		format schema.Format
		want   int64
	}{
		{"1700000000", schema.EpochSecond, 1_700_000_000_000_000},
		{"1700000000.123456", schema.EpochSecond, 1_700_000_000_123_456},
		{"1.7e9", schema.EpochSecond, 1_700_000_000_000_000},
		{"-0.5", schema.EpochSecond, -500_000},
		{"1700000000123", schema.EpochMilli, 1_700_000_000_123_000},
		{"1700000000123.456", schema.EpochMilli, 1_700_000_000_123_456},
	} {
		micros, ok := schema.ParseEpoch([]byte(c.lit), c.format)
		require.True(t, ok, c.lit)
		require.Equal(t, c.want, micros, c.lit)
	}
	for _, lit := range []string{"0.0000001", "1700000000000", "1e300", "-62135596801", "253402300800"} {
		_, ok := schema.ParseEpoch([]byte(lit), schema.EpochSecond)
		require.False(t, ok, lit)
	}
}

func TestUUIDsAreCanonical(t *testing.T) {
	id, ok := schema.ParseUUID([]byte("550e8400-E29B-41d4-a716-446655440000"))
	require.True(t, ok)
	require.Equal(t, [16]byte{0x55, 0x0e, 0x84, 0, 0xe2, 0x9b, 0x41, 0xd4, 0xa7, 0x16, 0x44, 0x66, 0x55, 0x44}, id)
	for _, s := range []string{"", "550e8400e29b41d4a716446655440000", "{550e8400-e29b-41d4-a716-44665544000}", "550e8400-e29b-41d4-a716-44665544000g", "550e8400-e29b-41d4-a716-4466554400000"} {
		_, ok := schema.ParseUUID([]byte(s))
		require.False(t, ok, s)
	}
}
