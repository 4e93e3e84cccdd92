package unpack_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/unpack"
)

func FuzzUnpack(f *testing.F) {
	for _, data := range []string{
		"", "{}", "{\"a\":1}\n{\"a\":\n{\"b\":2}\r\n", `{"a":1}{"b":oops}`, "[\n{\"a\":[[[[[1]]]]]},\n{},3\n]", "\ufeff[]", logs, control, "5\nx\n{}",
		gzipped(f, logs), zstandard(f, "{}\n{"), gzipped(f, zstandard(f, "{}")),
		kpl([]string{"k", "\xff"}, []string{"0", "170141183460469231731687303715884105728"}, userRecord(0, -1, "{}\n["), userRecord(1, 1, gzipped(f, "{}")), userRecord(0, 0, "")),
		kpl([]string{"k"}, nil),
	} {
		f.Add([]byte(data), "a", false)
		f.Add([]byte(data), "k", true)
	}
	opts := unpack.Options{MaxEvent: 200, MaxRecord: 4096, MaxDepth: 4}
	upper := unpack.Range{First: [16]byte{0x80}, Last: [16]byte([]byte(strings.Repeat("\xff", 16)))}
	f.Fuzz(func(t *testing.T, data []byte, key string, seal bool) {
		if seal { // so that mutated aggregates have a checksum that holds
			data = []byte(sealed(data))
		}
		r := &event.Record{PartitionKey: key, Data: data}
		var got, all unpack.Result
		unpack.New(opts).Unpack(r, upper, &got)
		check(t, opts, r, got, 0)
		require.Positive(t, int64(len(got.Events)+len(got.Rejected))+got.Counts.Control+got.Counts.LeftToResend)

		// What is left out changes no other index.
		opts := opts
		opts.Aggregates = unpack.Keep
		unpack.New(opts).Unpack(r, upper, &all)
		check(t, opts, r, all, 0)
		require.Zero(t, all.Counts.LeftToResend)
		require.Subset(t, places(all), places(got))
		if got.Counts.LeftToResend == 0 {
			require.Equal(t, all, got)
		}

		// A broken piece is the same one piece by itself, unless it begins like compressed bytes or a byte order mark.
		for _, e := range all.Rejected {
			var again unpack.Result
			unpack.New(opts).Again(e.Event, &again)
			check(t, opts, r, again, e.Index)
			require.Positive(t, int64(len(again.Events)+len(again.Rejected))+again.Counts.Control)
			if e.Reason == event.MalformedJSON && strings.ContainsAny(string(e.Data[:1]), `{}[]":,`) {
				require.Empty(t, again.Events)
				require.Equal(t, event.MalformedJSON, again.Rejected[0].Reason)
				require.Len(t, again.Rejected, 1)
			}
		}
	})
}

// check holds a result against what must be true of every result.
func check(t *testing.T, opts unpack.Options, r *event.Record, got unpack.Result, first int64) {
	t.Helper()
	seen := map[int64]bool{}
	last, bytes := first-1, 0
	for _, e := range got.Events {
		require.Greater(t, e.Index, last)
		last = e.Index
		require.False(t, seen[e.Index])
		seen[e.Index] = true
		var object map[string]any
		require.NoError(t, json.Unmarshal(e.Data, &object), "%q", e.Data)
		require.NotNil(t, object)
		require.True(t, utf8.Valid(e.Data))
		require.LessOrEqual(t, len(e.Data), opts.MaxEvent)
		require.Same(t, r, e.Record)
		bytes += len(e.Data)
	}
	last = first - 1
	for _, e := range got.Rejected {
		require.Greater(t, e.Index, last)
		last = e.Index
		require.False(t, seen[e.Index])
		seen[e.Index] = true
		require.NotEmpty(t, e.Reason)
		require.NotEmpty(t, e.Message)
		require.Same(t, r, e.Record)
		bytes += len(e.Data)
	}
	require.LessOrEqual(t, bytes, len(r.Data)+opts.MaxRecord)
}

func places(r unpack.Result) []string {
	var out []string
	for _, e := range r.Events {
		out = append(out, string(rune(e.Index))+string(e.Data))
	}
	for _, e := range r.Rejected {
		out = append(out, string(rune(e.Index))+string(e.Reason)+string(e.Data))
	}
	return out
}
