package unpack_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/unpack"
)

func record(data string) *event.Record {
	return &event.Record{ShardID: "shardId-000000000000", Sequence: "4958", PartitionKey: "pk", Data: []byte(data)}
}

// lines tells a result in lines, by index: an event as its text, a rejection as its reason and raw bytes.
func lines(t *testing.T, r unpack.Result, first int64) []string {
	t.Helper()
	out := []string{}
	for events, rejected := r.Events, r.Rejected; len(events)+len(rejected) > 0; {
		if len(rejected) == 0 || len(events) > 0 && events[0].Index < rejected[0].Index {
			require.Equal(t, first+int64(len(out)), events[0].Index)
			out, events = append(out, string(events[0].Data)), events[1:]
			continue
		}
		require.Equal(t, first+int64(len(out)), rejected[0].Index)
		out, rejected = append(out, fmt.Sprintf("%s %s", rejected[0].Reason, rejected[0].Data)), rejected[1:]
	}
	return out
}

func unpacked(t *testing.T, opts unpack.Options, data string) []string {
	t.Helper()
	var r unpack.Result
	unpack.New(opts).Unpack(record(data), unpack.Range{}, &r)
	return lines(t, r, 0)
}

func gzipped(tb testing.TB, texts ...string) string {
	tb.Helper()
	var b bytes.Buffer
	for _, text := range texts {
		w := gzip.NewWriter(&b)
		_, err := w.Write([]byte(text))
		require.NoError(tb, err)
		require.NoError(tb, w.Close())
	}
	return b.String()
}

func zstandard(tb testing.TB, texts ...string) string {
	tb.Helper()
	w, err := zstd.NewWriter(nil)
	require.NoError(tb, err)
	var b []byte
	for _, text := range texts {
		b = w.EncodeAll([]byte(text), b)
	}
	require.NoError(tb, w.Close())
	return string(b)
}

func TestDocumentsAreFoundInEveryForm(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"one":                                {`{"a":1}`, []string{`{"a":1}`}},
		"one between white space":            {" \r\n\t{\"a\":1}\n\n", []string{`{"a":1}`}},
		"one over several lines":             {"{\n  \"a\": [\n    1\n  ]\n}\n", []string{"{\n  \"a\": [\n    1\n  ]\n}"}},
		"after a byte order mark":            {"\ufeff{\"a\":1}", []string{`{"a":1}`}},
		"only the first mark is passed over": {"\ufeff\ufeff{\"a\":1}", []string{"malformed_json \ufeff{\"a\":1}"}},
		"newline-delimited":                  {"{\"a\":1}\n{\"a\":2}\n", []string{`{"a":1}`, `{"a":2}`}},
		"lines that end in CR LF":            {"{\"a\":1}\r\n\r\n{\"a\":2}\r\n", []string{`{"a":1}`, `{"a":2}`}},
		"blank lines":                        {"\n\n{\"a\":1}\n  \n{\"a\":2}\n\n", []string{`{"a":1}`, `{"a":2}`}},
		"concatenated":                       {`{"a":1}{"a":2} {"a":3}`, []string{`{"a":1}`, `{"a":2}`, `{"a":3}`}},
		"two on a line":                      {"{\"a\":1}{\"a\":2}\n{\"a\":3}", []string{`{"a":1}`, `{"a":2}`, `{"a":3}`}},
		"spread out and concatenated":        {"{\n}\n{\n}", []string{"{\n}", "{\n}"}},
		"an array":                           {` [ {"a":1} , {"a":2} ] `, []string{`{"a":1}`, `{"a":2}`}},
		"an array of all kinds": {
			`[{"a":1},2,"x",null,true,[{"b":1}],{}]`,
			[]string{`{"a":1}`, `not_an_object 2`, `not_an_object "x"`, `not_an_object null`, `not_an_object true`, `not_an_object [{"b":1}]`, `{}`},
		},
		"arrays on lines":         {"[{\"a\":1}]\n[]\n[{\"a\":2}]", []string{`{"a":1}`, `{"a":2}`}},
		"a number":                {`42`, []string{`not_an_object 42`}},
		"scalars on lines":        {"\"x\"\r\n{\"a\":1}\nnull", []string{`not_an_object "x"`, `{"a":1}`, `not_an_object null`}},
		"a scalar, then a object": {`1{"a":1}`, []string{`not_an_object 1`, `{"a":1}`}},
		"nothing":                 {``, []string{`empty `}},
		"white space":             {" \r\n\t", []string{"empty  \r\n\t"}},
		"only a byte order mark":  {"\ufeff", []string{"empty \ufeff"}},
		"an empty array":          {` []`, []string{`empty  []`}},
	} {
		require.Equal(t, c.want, unpacked(t, unpack.Options{}, c.text), name)
	}
}

func TestABrokenDocumentCostsAsLittleAsCanBeTold(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"a line":                            {"{\"a\":1}\n{\"a\":oops}\n{\"a\":3}\n", []string{`{"a":1}`, `malformed_json {"a":oops}`, `{"a":3}`}},
		"a line that is cut":                {"{\"a\":1\n{\"b\":2}", []string{`malformed_json {"a":1`, `{"b":2}`}},
		"a line that is cut after a colon":  {"{\"a\":\n{\"b\":2}\n{\"c\":3}", []string{`malformed_json {"a":`, `{"b":2}`, `{"c":3}`}},
		"a line that is cut after a comma":  {"{\"a\":1,\r\n{\"b\":2}\r\n", []string{`malformed_json {"a":1,`, `{"b":2}`}},
		"a line that is cut in a string":    {"{\"a\":\"x\n{\"b\":2}", []string{`malformed_json {"a":"x`, `{"b":2}`}},
		"a line that is cut in an array":    {"{\"a\":[\n{\"b\":2}\n", []string{`malformed_json {"a":[`, `{"b":2}`}},
		"two lines":                         {"{\"a\":oops}\n{\"a\":oops}\n{\"a\":3}", []string{`malformed_json {"a":oops}`, `malformed_json {"a":oops}`, `{"a":3}`}},
		"a line of an array":                {"[{\"a\":1}]\n[{\"a\":oops}]\n[{\"a\":3}]", []string{`{"a":1}`, `malformed_json [{"a":oops}]`, `{"a":3}`}},
		"the last line":                     {"{\"a\":1}\n{\"a\":\r\n", []string{`{"a":1}`, `malformed_json {"a":`}},
		"a line of prose":                   {"{\"a\":1}\nsorry\n{\"a\":3}", []string{`{"a":1}`, `malformed_json sorry`, `{"a":3}`}},
		"a line that begins like a number":  {"2025-08-19 hello\n{\"a\":3}", []string{`malformed_json 2025-08-19 hello`, `{"a":3}`}},
		"a line that begins like a boolean": {"true story\n{\"a\":3}", []string{`malformed_json true story`, `{"a":3}`}},
		"prose":                             {"to whom\nit may\nconcern", []string{"malformed_json to whom\nit may\nconcern"}},
		"the rest of a line":                {"{\"a\":1} x {\"a\":2}\n{\"a\":3}", []string{`{"a":1}`, `malformed_json x {"a":2}`, `{"a":3}`}},
		"blank lines after it":              {"{\"a\":oops}\n\n\n{\"a\":3}", []string{`malformed_json {"a":oops}`, `{"a":3}`}},
		"indented lines":                    {"  {\"a\":oops}\n  {\"a\":3}", []string{`malformed_json {"a":oops}`, `{"a":3}`}},
		"concatenated":                      {`{"a":1}{"a":oops}{"a":3}`, []string{`{"a":1}`, `malformed_json {"a":oops}{"a":3}`}},
		"concatenated with commas":          {`{"a":1},{"a":2}`, []string{`{"a":1}`, `malformed_json ,{"a":2}`}},
		"one too many braces":               {`{"a":1}}`, []string{`{"a":1}`, `malformed_json }`}},
		"over several lines": {
			"{\n  \"a\": oops,\n  \"b\": [\n    {\"c\": 1},\n    {\"d\": 2}\n  ]\n}\n",
			[]string{"malformed_json {\n  \"a\": oops,\n  \"b\": [\n    {\"c\": 1},\n    {\"d\": 2}\n  ]\n}"},
		},
		"over several lines, then a whole one": {"{\n  \"a\": oops\n}\n{\n  \"b\": 2\n}", []string{"malformed_json {\n  \"a\": oops\n}", "{\n  \"b\": 2\n}"}},
		"an array over several lines":          {"[\n  {\"a\": 1},\n  {\"a\": oops},\n  {\"a\": 3}\n]", []string{"malformed_json [\n  {\"a\": 1},\n  {\"a\": oops},\n  {\"a\": 3}\n]"}},
		"an array with an event a line":        {"[\n{\"a\":1},\n{\"a\":oops},\n{\"a\":3}\n]", []string{"malformed_json [\n{\"a\":1},\n{\"a\":oops},\n{\"a\":3}\n]"}},
		"an array that is cut":                 {"[{\"a\":1},\n{\"a\":2},\n{\"a\":", []string{"malformed_json [{\"a\":1},\n{\"a\":2},\n{\"a\":"}},
		"bytes that are no text":               {"\x00\x01\xfe\n", []string{"malformed_json \x00\x01\xfe\n"}},
		"invalid UTF-8 in a line":              {"{\"a\":\"\xff\"}\n{\"a\":3}", []string{"malformed_json {\"a\":\"\xff\"}", `{"a":3}`}},
	} {
		require.Equal(t, c.want, unpacked(t, unpack.Options{}, c.text), name)
	}
}

func TestSizeAndDepthAreBoundedByTheEvent(t *testing.T) {
	opts := unpack.Options{MaxEvent: 20, MaxDepth: 3}
	long, deep := `{"a":"0123456789012"}`, `{"a":{"b":{"c":{}}}}`
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"as long as can be":             {long[:18] + `"}`, []string{long[:18] + `"}`}},
		"too long":                      {"{}\n" + long + "{}\n{}", []string{`{}`, `too_large ` + long, `{}`, `{}`}},
		"too long in an array":          {`[{},` + long + `,{}]`, []string{`{}`, `too_large ` + long, `{}`}},
		"as deep as can be":             {`{"a":{"b":[]}}`, []string{`{"a":{"b":[]}}`}},
		"as deep as can be in an array": {`[{"a":{"b":[]}}]`, []string{`{"a":{"b":[]}}`}},
		"too deep":                      {"{}\n" + deep + "{}\n{}", []string{`{}`, `too_deep ` + deep, `{}`, `{}`}},
		"too deep in an array":          {`[{},` + deep + `,{}]`, []string{`{}`, `too_deep ` + deep, `{}`}},
		"too deep and broken":           {deep[:19] + "\n{}", []string{`malformed_json ` + deep[:19], `{}`}},
	} {
		require.Equal(t, c.want, unpacked(t, opts, c.text), name)
	}

	brackets := strings.Repeat(`{"a":[`, 2<<20)
	require.Equal(t, []string{"malformed_json " + brackets}, unpacked(t, unpack.Options{}, brackets))
	closed := strings.Repeat(`[`, 5<<20) + strings.Repeat(`]`, 5<<20)
	require.Equal(t, []string{"not_an_object " + closed[1:len(closed)-1], "{}"}, unpacked(t, unpack.Options{}, closed+"{}"))
}

func TestARecordHoldsABoundedNumberOfEvents(t *testing.T) {
	const bound = 1 << 20
	var r unpack.Result
	u := unpack.New(unpack.Options{})
	u.Unpack(record(strings.Repeat("{}", bound+2)), unpack.Range{}, &r)
	require.Len(t, r.Events, bound)
	require.Len(t, r.Rejected, 1)
	require.Equal(t, event.TooLarge, r.Rejected[0].Reason)
	require.Equal(t, "{}{}", string(r.Rejected[0].Data))

	r.Reset()
	array := "[0" + strings.Repeat(",0", bound) + "]"
	u.Unpack(record(array), unpack.Range{}, &r)
	require.Equal(t, []string{"too_large " + array}, lines(t, r, 0))
}

func TestMessagesSayWhatAndWhere(t *testing.T) {
	for text, want := range map[string]string{
		"{}\n{\"a\":}\n":       "unexpected '}' at byte 6 of the document",
		"{\"a\":1\n{\"b\":2}":  "the document breaks off after 6 bytes",
		"{\"a\":\"x\n{}":       "the document breaks off after 7 bytes",
		`{}{"a":tru`:           "the document breaks off after 8 bytes",
		"12 monkeys":           "more text after a value at byte 4 of the document",
		"{\"a\":\"\xff\"}":     "invalid UTF-8 at byte 7 of the document",
		"[[]]":                 "an event is a JSON object; this is an array",
		"3":                    "an event is a JSON object; this is a number",
		"":                     "there is no event in it",
		`{"a":{"b":{}}}`:       "objects and arrays are nested more than 2 deep",
		`{"a":"012345678901"}`: "the event has 20 bytes; the bound is 16",
		"\x1f\x8b\x08cut":      "gzip: unexpected EOF",
		"\xf3\x89\x9a\xc2":     "this looks like a KPL aggregate, but it is damaged or lies inside another one",
	} {
		var r unpack.Result
		unpack.New(unpack.Options{MaxDepth: 2, MaxEvent: 16}).Unpack(record(text), unpack.Range{}, &r)
		require.Len(t, r.Rejected, 1, text)
		require.Equal(t, want, r.Rejected[0].Message, text)
	}
}

func TestCompressedRecordsAreOpened(t *testing.T) {
	defer goleak.VerifyNone(t)
	ndjson := "{\"a\":1}\n{\"a\":2}\n"
	both := []string{`{"a":1}`, `{"a":2}`}
	skippable := "\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
	for name, c := range map[string]struct {
		data string
		want []string
	}{
		"gzip":                         {gzipped(t, ndjson), both},
		"gzip members":                 {gzipped(t, ndjson[:10], ndjson[10:]), both},
		"zstd":                         {zstandard(t, ndjson), both},
		"zstd frames":                  {zstandard(t, ndjson[:10], ndjson[10:]), both},
		"zstd after a skippable frame": {skippable + zstandard(t, ndjson), both},
		"gzip in gzip":                 {gzipped(t, gzipped(t, ndjson)), both},
		"zstd in gzip":                 {gzipped(t, zstandard(t, ndjson)), both},
		"a byte order mark":            {gzipped(t, "\ufeff"+ndjson), both},
		"a broken line":                {gzipped(t, "{\"a\":\n"+ndjson), append([]string{`malformed_json {"a":`}, both...)},
		"nothing":                      {gzipped(t, ""), []string{"empty " + gzipped(t, "")}},
		"three times over":             {gzipped(t, gzipped(t, gzipped(t, ndjson))), []string{"decompress_failed " + gzipped(t, gzipped(t, gzipped(t, ndjson)))}},
		"gzip, cut":                    {gzipped(t, ndjson)[:20], []string{"decompress_failed " + gzipped(t, ndjson)[:20]}},
		"gzip, then something else":    {gzipped(t, ndjson) + "{}", []string{"decompress_failed " + gzipped(t, ndjson) + "{}"}},
		"zstd, cut":                    {zstandard(t, ndjson)[:12], []string{"decompress_failed " + zstandard(t, ndjson)[:12]}},
		"zstd in gzip, cut":            {gzipped(t, zstandard(t, ndjson)[:12]), []string{"decompress_failed " + gzipped(t, zstandard(t, ndjson)[:12])}},
	} {
		require.Equal(t, c.want, unpacked(t, unpack.Options{}, c.data), name)
	}
}

func TestDecompressionIsBoundedByTheRecord(t *testing.T) {
	text := `{"a":"` + strings.Repeat("x", 1000) + `"}`
	opts := unpack.Options{MaxRecord: 3 * len(text)}
	for _, compress := range []func(testing.TB, ...string) string{gzipped, zstandard} {
		fits, bomb := compress(t, text, text, text), compress(t, text, text, text, text)
		require.Equal(t, []string{text, text, text}, unpacked(t, opts, fits))
		require.Equal(t, []string{"too_large " + bomb}, unpacked(t, opts, bomb))

		one := compress(t, text)
		aggregate := kpl([]string{"k"}, nil, userRecord(0, -1, one), userRecord(0, -1, one), userRecord(0, -1, one), userRecord(0, -1, one), userRecord(0, -1, "{}"))
		require.Equal(t, []string{text, text, text, "too_large " + one, "{}"}, unpacked(t, opts, aggregate))
	}
	bomb := zstandard(t, strings.Repeat("\n", 4<<20))
	require.Equal(t, []string{"too_large " + bomb}, unpacked(t, unpack.Options{MaxRecord: 1 << 20}, bomb))
}

func TestEventsStayValidWhileOthersAreUnpacked(t *testing.T) {
	u := unpack.New(unpack.Options{})
	var r unpack.Result
	want := []string{}
	broken := []string{gzipped(t, "{}")[:15], zstandard(t, "{}")[:12], gzipped(t, "{}")}
	for i := range 50 {
		var lost unpack.Result
		u.Unpack(record(broken[i%3]), unpack.Range{}, &lost)
		text := fmt.Sprintf(`{"number":%d}`, i)
		want = append(want, text, text, text)
		for _, data := range []string{gzipped(t, text), zstandard(t, text), text} {
			u.Unpack(record(data), unpack.Range{}, &r)
		}
	}
	for i, e := range r.Events {
		require.Equal(t, want[i], string(e.Data))
	}
	require.Len(t, r.Events, len(want))
}

func TestAgainGoesOnFromTheEventsOwnPlace(t *testing.T) {
	r := record("{\"a\":1}\n{\"a\":{\"b\":{}}}\n{\"a\":3}")
	var first, second unpack.Result
	unpack.New(unpack.Options{MaxDepth: 2}).Unpack(r, unpack.Range{}, &first)
	require.Len(t, first.Rejected, 1)
	require.Equal(t, event.TooDeep, first.Rejected[0].Reason)

	unpack.New(unpack.Options{}).Again(first.Rejected[0].Event, &second)
	require.Empty(t, second.Rejected)
	require.Equal(t, []event.Event{{Record: r, Index: 1, PartitionKey: "pk", Data: []byte(`{"a":{"b":{}}}`)}}, second.Events)

	second.Reset()
	unpack.New(unpack.Options{}).Again(event.Event{Record: r, Index: 7, PartitionKey: "user", Data: []byte(`{}x`)}, &second)
	require.Equal(t, []string{"{}", "malformed_json x"}, lines(t, second, 7))
	require.Equal(t, "user", second.Events[0].PartitionKey)
}

func TestItIsToldWhatARecordWasOpenedFrom(t *testing.T) {
	u := unpack.New(unpack.Options{})
	for data, want := range map[string][]string{
		`{"a":1}`:                             nil,
		"{\"a\":1}\n":                         nil,
		"{\"a\":1}\n{\"a\":2}":                {"NDJSON"},
		"{\"a\":1\n{\"a\":2}":                 {"NDJSON"},
		`{"a":1} {"a":2}`:                     {"concatenated JSON"},
		`[{"a":1}]`:                           {"JSON array"},
		gzipped(t, "{\"a\":1}\n{\"a\":2}"):    {"gzip", "NDJSON"},
		gzipped(t, zstandard(t, `[{"a":1}]`)): {"gzip", "zstd", "JSON array"},
		gzipped(t, logs):                      {"gzip", "CloudWatch Logs"},
		kpl([]string{"k"}, nil, userRecord(0, -1, `{"a":1}`)): {"KPL aggregate"},
		`{"logEvents":[],"messageType":"whatever"}`:           nil,
	} {
		var r unpack.Result
		u.Unpack(record(data), unpack.Range{}, &r)
		require.Equal(t, want, u.Opened(), "%q", data)
	}
}
