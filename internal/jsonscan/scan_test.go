package jsonscan_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/jsonscan"
)

const deep = 1 << 20

// valid reports whether the whole text is one value between white space.
func valid(text []byte, maxDepth int) bool {
	end, err := jsonscan.Value(text, jsonscan.Space(text, 0), maxDepth)
	return err == nil && jsonscan.Space(text, end) == len(text)
}

var texts = map[string][]string{
	"valid": {
		`{}`, `[]`, `null`, `true`, `false`, `0`, `-0`, `7`, `-12`, `10`, `0.5`, `-0.0`, `1.0`, `123.456e789`, `1e1`, `1E1`, `1e+1`, `1e-1`, `0e0`, `1e0001`,
		`123456789012345678901234567890123456789`, `""`, `"a"`, `" "`, `"\""`, `"\\"`, `"\/"`, `"\b\f\n\r\t"`, `"\u0000"`, `"\u00e9"`, `"\uABCD"`,
		`"\ud83d\ude00"`, `"\uD83D\uDE00x"`, `"é"`, `"日本語"`, "\"\U0001f600\"", `"\\u12"`, `"\u0022"`, "\"\u2028\u2029\"", "\"\x7f\"", "\"\ufeff\"", "\"\uffff\"",
		`[1]`, `[1,2]`, `[ 1 , 2 ]`, "[\t1\n,\r2 ]", `[[]]`, `[[],[]]`, `[{}]`, `[null,true,"x",-1.5]`, `{"a":1}`, `{"a":1,"b":2}`, ` { "a" : 1 } `,
		"{\n\t\"a\":\r\n1}", `{"":0}`, `{"a":{"b":{"c":[]}}}`, `{"a":1,"a":2}`, `{"a":[],"b":{}}`, `{"\u0061":1}`, `[{"a":[{}]},{}]`, `"12345678"`, `"1234567\n"`,
	},
	"invalid": {
		``, ` `, `{`, `}`, `[`, `]`, `,`, `:`, `"`, `'a'`, `[1,]`, `[,1]`, `[1,,2]`, `[1 2]`, `[1`, `[1,`, `[}`, `{]`, `[1}`, `{"a":1]`, `{"a"}`, `{"a":}`, `{:1}`, `{"a" 1}`,
		`{"a":1,}`, `{,"a":1}`, `{"a":1 "b":2}`, `{a:1}`, `{1:1}`, `{"a":1,,"b":2}`, `{"a"::1}`, `{"a":1`, `{"a":`, `{"a"`, `{"a`, `{'a':1}`, `{"a":1}}`, `[]]`, `1 2`, `{}{}`,
		`01`, `-`, `-a`, `+1`, `.5`, `1.`, `1.e1`, `1e`, `1e+`, `1ee1`, `1.2.3`, `-01`, `00`, `0x10`, `1_000`, `NaN`, `Infinity`, `-Infinity`, `1a`, `--1`, `0e`, `2.e3`, `１`,
		`nul`, `nulll`, `True`, `TRUE`, `tru`, `truth`, `falsy`, `undefined`, `"a`, `"\`, `"\"`, `"\x41"`, `"\u"`, `"\u12"`, `"\u12g4"`, `"\u+123"`, `"\a"`, `"\'"`, `"\U0041"`,
		"\"a\nb\"", "\"\t\"", "\"\x00\"", "\"\x1f\"", "\"1234567\n\"", "\x00", "[\x0b1]", "[\u00a01]", "\ufeff{}", "[\f]", `/*c*/1`, `1//c`, `#1`, `["a"b]`, `"a"b`, `a`, `\u0022`,
		"\"\x80\"", "\"\xff\"", "\"\xc3\"", "\"\xc3(\"", "\"\xe2\x82\"", "\"\xc0\x80\"", "\"\xc1\xbf\"", "\"\xe0\x80\x80\"", "\"\xed\xa0\x80\"", "\"\xf0\x80\x80\x80\"",
		"\"\xf4\x90\x80\x80\"", "\"\xf8\x88\x80\x80\x80\"", "{\"\xff\":1}", `"\ud83d"`, `"\ude00"`, `"\ud83dx"`, `"\ud83d\n"`, `"\ud83d\u0041"`, `"\ud83d\ud83d"`, `"\ude00\ud83d"`,
		`{"\ud83d":1}`, `"\ud83d\u"`, `"\ud83d\ude0"`,
	},
}

func TestValueJudgesByRFC8259(t *testing.T) {
	for verdict, list := range texts {
		for _, text := range list {
			require.Equal(t, verdict == "valid", valid([]byte(text), deep), "%s: %q", verdict, text)
		}
	}
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	for _, c := range []struct {
		text, message string
		end           bool
	}{
		{`{"a":1}}`, ``, false},
		{`{"a":}`, `unexpected '}' at byte 5`, false},
		{`{"a":1 "b":2}`, `expected ',' or '}', found '"' at byte 7`, false},
		{`[1;2]`, `expected ',' or ']', found ';' at byte 2`, false},
		{`{"a":1,}`, `expected a member name, found '}' at byte 7`, false},
		{`{"a" 1}`, `expected ':', found '1' at byte 5`, false},
		{`{"a":é}`, `unexpected 'é' at byte 5`, false},
		{"{\"a\":\xff}", `unexpected byte 0xff at byte 5`, false},
		{"[\"a\x01\"]", `control character 0x01 in a string at byte 3`, false},
		{"[\"a\xff\"]", `invalid UTF-8 at byte 3`, false},
		{`"\ud83d"`, `lone surrogate in a string at byte 1`, false},
		{`[01]`, `leading zero in a number at byte 2`, false},
		{`[truth]`, `unknown word at byte 4`, false},
		{`{"a":`, `unexpected end at byte 5`, true},
		{`{"a":"x`, `unexpected end at byte 7`, true},
		{`["é`[:3], `unexpected end at byte 3`, true},
		{`[-`, `unexpected end at byte 2`, true},
		{`[1.`, `unexpected end at byte 3`, true},
		{`[tr`, `unexpected end at byte 3`, true},
		{`"\ud83d`, `unexpected end at byte 7`, true},
		{`"\ud83d\ude`, `unexpected end at byte 11`, true},
	} {
		_, err := jsonscan.Value([]byte(c.text), 0, deep)
		if c.message == "" {
			require.Nil(t, err, c.text)
			continue
		}
		require.NotNil(t, err, c.text)
		require.Equal(t, c.message, err.Error(), c.text)
		require.Equal(t, c.end, err.End, c.text)
	}
}

func TestNestingIsBoundedWithoutRecursion(t *testing.T) {
	for _, depth := range []int{1, 2, 63, 64, 65, 1023, 1024, 1025, 5000} {
		for _, text := range []string{
			strings.Repeat("[", depth) + strings.Repeat("]", depth),
			strings.Repeat(`{"a":[`, depth/2) + strings.Repeat("[", depth%2) + strings.Repeat("]", depth%2) + strings.Repeat("]}", depth/2),
			strings.Repeat("[[],", depth-1) + "{}" + strings.Repeat("]", depth-1),
		} {
			require.True(t, valid([]byte(text), depth), depth)
			_, err := jsonscan.Value([]byte(text), 0, depth-1)
			require.NotNil(t, err, depth)
			require.True(t, err.Deep, depth)
		}
	}
	hostile := []byte(strings.Repeat("[", 10<<20))
	end, err := jsonscan.Value(hostile, 0, len(hostile))
	require.NotNil(t, err)
	require.True(t, err.End)
	require.Equal(t, len(hostile), end)
}

// walk rebuilds the value at i by Members and Elements alone.
func walk(t *testing.T, b []byte, i int) (any, int) {
	t.Helper()
	switch jsonscan.KindAt(b, i) {
	case jsonscan.Object:
		object := map[string]any{}
		members := jsonscan.Members(b, i)
		for {
			m, err := members.Next()
			require.Nil(t, err)
			if m.Kind == jsonscan.Invalid {
				return object, members.End()
			}
			key := string(m.Key)
			if m.Escaped {
				key = string(jsonscan.Unescape(nil, m.Key))
			}
			value, end := walk(t, b, m.Start)
			object[key] = value
			members.Resume(end)
		}
	case jsonscan.Array:
		array := []any{}
		elements := jsonscan.Elements(b, i)
		for {
			start, kind, err := elements.Next()
			require.Nil(t, err)
			if kind == jsonscan.Invalid {
				return array, elements.End()
			}
			value, end := walk(t, b, start)
			array = append(array, value)
			elements.Resume(end)
		}
	default:
		end, err := jsonscan.Value(b, i, 1)
		require.Nil(t, err)
		switch raw := b[i:end]; jsonscan.KindAt(b, i) {
		case jsonscan.String:
			return string(jsonscan.Unescape(nil, raw[1:len(raw)-1])), end
		case jsonscan.Number:
			return json.Number(raw), end
		case jsonscan.Bool:
			return raw[0] == 't', end
		default:
			return nil, end
		}
	}
}

// loneSurrogate reports whether a valid JSON text holds half of a surrogate pair in an escape, which RFC 8259 §8.2 leaves
// open and encoding/json lets pass.
func loneSurrogate(text []byte) bool {
	pending := -1 // where the second half must stand
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			i++
			continue
		}
		if text[i+1] != 'u' {
			i += 2
			continue
		}
		unit, err := strconv.ParseUint(string(text[i+2:i+6]), 16, 32)
		if err != nil {
			return true
		}
		switch {
		case unit&^0x3ff == 0xdc00 && pending == i:
			pending = -1
		case unit&^0x3ff == 0xdc00 || pending >= 0:
			return true
		case unit&^0x3ff == 0xd800:
			pending = i + 6
		}
		i += 6
	}
	return pending >= 0
}

func FuzzScan(f *testing.F) {
	for _, list := range texts {
		for _, text := range list {
			f.Add([]byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		want := json.Valid(text) && utf8.Valid(text) && !loneSurrogate(text)
		require.Equal(t, want, valid(text, 10000))
		for i := range text {
			end, err := jsonscan.Value(text, i, 3)
			require.GreaterOrEqual(t, end, i)
			require.LessOrEqual(t, end, len(text))
			require.True(t, err == nil || err.Offset >= i && err.Offset <= len(text))
		}
		if want {
			var decoded any
			decoder := json.NewDecoder(strings.NewReader(string(text)))
			decoder.UseNumber()
			require.NoError(t, decoder.Decode(&decoded))
			walked, _ := walk(t, text, jsonscan.Space(text, 0))
			require.Equal(t, decoded, walked)
		}
	})
}

// storefront is an event of the size and shape of the demo's.
const storefront = `{"event_id":"0198c1f2-7c1e-7d3a-9b52-3f1c8a7e6d21","event_type":"add_to_cart","occurred_at":"2025-08-19T14:23:11.482Z","session_id":"s-4b1f9c2e7a","visitor_id":"v-83312","page":"/products/trail-running-shoe","referrer":"https://search.example/","product":{"id":"p-1042","name":"Trail Running Shoe","category":"shoes","price":129.95,"currency":"EUR"},"quantity":2,"device":"mobile","country":"DE"}`

func BenchmarkValue(b *testing.B) {
	text := []byte(storefront)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := jsonscan.Value(text, 0, 100); err != nil {
			b.Fatal(err)
		}
	}
}
