package storetest

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

func found(t *testing.T, s Store) {
	t.Helper()
	tab := table("events")
	create(t, s, tab, table("others"))
	b := batch(tab)
	add := func(n int, reason event.Reason, field, message, raw string) {
		r := rejected(n, 0, reason, raw)
		r.Field, r.Message = field, message
		b.Rejected = append(b.Rejected, r)
	}
	add(1, event.TypeMismatch, "user.id", "not a number", `{"user":{"id":"Zoë"}}`)
	add(2, event.TypeMismatch, "price", "not a number", `{"price":"free"}`)
	add(3, event.MalformedJSON, "", "unexpected end", "{\xff 100% _ broken ZOË")
	add(4, event.MalformedJSON, "", "ends too early", "")
	commit(t, s, b)

	for _, c := range []struct {
		name   string
		filter ingest.QuarantineFilter
		want   []int
	}{
		{"all", ingest.QuarantineFilter{}, []int{1, 2, 3, 4}},
		{"a field", ingest.QuarantineFilter{Field: new("price")}, []int{2}},
		{"no field", ingest.QuarantineFilter{Field: new("")}, []int{3, 4}},
		{"a part of a field's name", ingest.QuarantineFilter{Field: new("user")}, nil},
		{"text in the event, in any case, beside bytes that are no text", ingest.QuarantineFilter{Search: "zoË"}, []int{1, 3}},
		{"text in the message", ingest.QuarantineFilter{Search: "TOO EARLY"}, []int{4}},
		{"text that would be a pattern", ingest.QuarantineFilter{Search: "0% _"}, []int{3}},
		{"a sequence number", ingest.QuarantineFilter{Search: sequence(4)}, []int{4}},
		{"a part of a sequence number", ingest.QuarantineFilter{Search: sequence(4)[1:]}, nil},
		{"all of it together", ingest.QuarantineFilter{Reason: event.TypeMismatch, Field: new("price"), Search: "free"}, []int{2}},
		{"text of another event", ingest.QuarantineFilter{Field: new("price"), Search: "zoë"}, nil},
	} {
		c.filter.Table = "Events"
		var got []int
		for _, q := range quarantined(t, s, c.filter) {
			for n := range 5 {
				if q.Record.Sequence == sequence(n) {
					got = append(got, n)
				}
			}
		}
		require.Equal(t, c.want, got, c.name)
		n, err := s.CountQuarantined(t.Context(), c.filter)
		require.NoError(t, err)
		require.EqualValues(t, len(c.want), n, c.name)
	}
	// Whatever was searched for, what is held is as it came, to the byte.
	for i, q := range quarantined(t, s, ingest.QuarantineFilter{Table: "events"}) {
		require.Equal(t, string(b.Rejected[i].Data), string(q.Data))
	}

	gone, err := s.DropQuarantined(t.Context(), ingest.QuarantineFilter{Table: "events", Field: new(""), Search: "zoë"})
	require.NoError(t, err)
	require.EqualValues(t, 1, gone)
	s = s.Reopen(t)
	require.Len(t, quarantined(t, s, ingest.QuarantineFilter{Table: "events"}), 3)
	gone, err = s.DropQuarantined(t.Context(), ingest.QuarantineFilter{Table: "events"})
	require.NoError(t, err)
	require.EqualValues(t, 3, gone)
	for _, f := range []func() (int64, error){
		func() (int64, error) { return s.CountQuarantined(t.Context(), ingest.QuarantineFilter{Table: "none"}) },
		func() (int64, error) { return s.DropQuarantined(t.Context(), ingest.QuarantineFilter{Table: "none"}) },
	} {
		_, err = f()
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
	}
}

func deletedBeforeRelease(t *testing.T, s Store) {
	t.Helper()
	tab := table("events", "i", schema.BigInt)
	create(t, s, tab)
	b := batch(tab)
	b.Rejected = append(b.Rejected, rejected(1, 0, event.TypeMismatch, "one"), rejected(2, 0, event.TypeMismatch, "two"))
	commit(t, s, b)
	_, err := s.DropQuarantined(t.Context(), ingest.QuarantineFilter{Table: "events", Search: "one"})
	require.NoError(t, err)

	replayed := batch(tab)
	replayed.Rows = rows(tab, 1, []any{int64(1)}, []any{int64(2)})
	replayed.Release = []ingest.QuarantineKey{keyOf(b.Rejected[0]), keyOf(b.Rejected[1])}
	require.Equal(t, fault.Conflict, fault.CodeOf(s.Commit(t.Context(), batches(replayed))))
	require.Zero(t, count(t, s, "events"), "an event that somebody has deleted does not become a row")
	require.Equal(t, 1, count(t, s, "quarantine.events"))
}

func widenedByHand(t *testing.T, s Store) {
	t.Helper()
	id := [16]byte{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00}
	for _, c := range []struct {
		name string
		to   schema.Column
		want [][]any
	}{
		{"text", schema.Column{Type: schema.Varchar, Format: schema.Scalar}, [][]any{
			{"true", "-9223372036854775808", "170141183460469231731687303715884105727", "0.1", "a \"b\"\x00", "2024-02-29", "2026-07-01T12:00:00.123456Z", "123e4567-e89b-12d3-a456-426614174000"},
			{nil, nil, nil, nil, nil, nil, nil, nil},
			{"x", "x", "x", "x", "x", "x", "x", "x"},
		}},
		{"json", schema.Column{Type: schema.JSON}, [][]any{
			{"true", "-9223372036854775808", "170141183460469231731687303715884105727", "0.1", `"a \"b\"\u0000"`, `"2024-02-29"`, `"2026-07-01T12:00:00.123456Z"`, `"123e4567-e89b-12d3-a456-426614174000"`},
			{nil, nil, nil, nil, nil, nil, nil, nil},
			{"x", "x", "x", "x", "x", "x", "x", "x"},
		}},
	} {
		tab := table(c.name, "b", schema.Boolean, "i", schema.BigInt, "h", schema.HugeInt, "r", schema.Double, "v", schema.Varchar,
			"d", schema.Date, "ts", schema.Timestamp, "u", schema.UUID)
		create(t, s, tab)
		b := batch(tab)
		b.Rows = rows(tab, 0,
			[]any{true, int64(math.MinInt64), huge("170141183460469231731687303715884105727"), 0.1, "a \"b\"\x00", day(2024, time.February, 29), noon, id},
			[]any{nil, nil, nil, nil, nil, nil, nil, nil})
		commit(t, s, b)

		var to []schema.Column
		for _, from := range tab.Columns[len(schema.SystemColumns()):] {
			from.Type, from.Format = c.to.Type, c.to.Format
			to = append(to, from)
		}
		next, changes := changed(tab, to...)
		b = batch(next) // as a person's change is: without rows
		b.Changes = changes
		commit(t, s, b)
		b = batch(next)
		b.Rows = rows(next, 2, []any{"x", "x", "x", "x", "x", "x", "x", "x"})
		commit(t, s, b)

		check := func(s Store) {
			require.Equal(t, c.want, own(t, s, next), c.name)
			loaded, err := s.Table(t.Context(), c.name)
			require.NoError(t, err)
			loaded.Inexact = nil
			require.Equal(t, next, loaded)
		}
		check(s)
		s = s.Reopen(t)
		check(s)
	}
}

func ignoring(t *testing.T, s Store) {
	t.Helper()
	tab := table("events", "i", schema.BigInt)
	create(t, s, tab)
	change := func(kind schema.ChangeKind, path ...string) {
		c := schema.Change{Kind: kind, Version: tab.Version + 1, Path: path, At: noon, Reason: schema.ByHand}
		tab = tab.Ignoring(c)
		tab.Inexact = nil
		b := batch(tab)
		b.Changes = []schema.Change{c}
		commit(t, s, b)
		loaded, err := s.Table(t.Context(), "events")
		require.NoError(t, err)
		loaded.Inexact = nil
		require.Equal(t, tab, loaded)
	}
	change(schema.Ignored, "user", "ssn")
	change(schema.Ignored, "i")
	change(schema.Unignored, "user", "ssn")
	require.Equal(t, [][]string{{"i"}}, tab.Ignore)
	s = s.Reopen(t)
	b := batch(tab)
	b.Rows = rows(tab, 0, []any{nil})
	commit(t, s, b)
}
