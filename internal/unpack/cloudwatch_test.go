package unpack_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/unpack"
)

// What AWS's guide shows of a subscription, shortened; and the message by which a destination is checked.
const (
	logs = `{"owner":"111111111111","logGroup":"CloudTrail/logs","logStream":"111111111111_CloudTrail/logs_us-east-1",` +
		`"subscriptionFilters":["Destination"],"messageType":"DATA_MESSAGE","logEvents":[` +
		`{"id":"31953106606966983378809025079804211143289615424298221568","timestamp":1432826855000,"message":"{\"level\":\"info\"}"},` +
		`{"id":"31953106606966983378809025079804211143289615424298221569","timestamp":1432826855001,"message":"START","extractedFields":{"a":"b"} }]}`
	control = `{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],` +
		`"logEvents":[{"id":"","timestamp":1510109208016,"message":"CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}]}`
)

func TestLogEventsLeaveTheirEnvelope(t *testing.T) {
	where := `,"owner":"111111111111","logGroup":"CloudTrail/logs","logStream":"111111111111_CloudTrail/logs_us-east-1"}`
	want := []string{
		`{"id":"31953106606966983378809025079804211143289615424298221568","timestamp":1432826855000,"message":"{\"level\":\"info\"}"` + where,
		`{"id":"31953106606966983378809025079804211143289615424298221569","timestamp":1432826855001,"message":"START","extractedFields":{"a":"b"}` + where,
	}
	require.Equal(t, want, unpacked(t, unpack.Options{}, gzipped(t, logs)))
	require.Equal(t, want, unpacked(t, unpack.Options{}, "["+logs+"]"))
	require.Equal(t, []string{want[0], want[1], want[0], want[1]}, unpacked(t, unpack.Options{}, logs+logs))
	room := len(want[0]) + len(want[1]) + 10 // what is compared is a little more: white space goes
	require.Equal(t, []string{want[0], want[1], "too_large " + logs}, unpacked(t, unpack.Options{MaxRecord: room}, logs+logs))
	require.Equal(t, []string{"too_large " + want[0], "too_large " + want[1]}, unpacked(t, unpack.Options{MaxEvent: 100}, logs))

	entries := logs[strings.Index(logs, `{"id"`) : len(logs)-2]
	empty := strings.Replace(logs, entries, "", 1)
	require.Equal(t, []string{"empty " + empty}, unpacked(t, unpack.Options{}, empty))

	// One long name repeated for each of many log events would make much out of little.
	amplified := strings.Replace(logs, "CloudTrail/logs", strings.Repeat("x", 1000), 1)
	amplified = strings.Replace(amplified, entries, strings.Repeat(entries+",", 100)+entries, 1)
	require.Equal(t, []string{"too_large " + amplified}, unpacked(t, unpack.Options{MaxRecord: 2 * len(amplified)}, amplified))
}

func TestControlMessagesAreCountedAndNotStored(t *testing.T) {
	var r unpack.Result
	u := unpack.New(unpack.Options{})
	u.Unpack(record(gzipped(t, control)), unpack.Range{}, &r)
	u.Unpack(record(control+"\n"+`{"a":1}`), unpack.Range{}, &r)
	require.Equal(t, unpack.Counts{Control: 2}, r.Counts)
	require.Equal(t, []string{`{"a":1}`}, lines(t, r, 0))
}

func TestOrdinaryEventsAreNotMistakenForEnvelopes(t *testing.T) {
	for _, change := range [][2]string{
		{`"messageType":"DATA_MESSAGE"`, `"messageType":"data"`},
		{`"messageType":"DATA_MESSAGE"`, `"messageType":["DATA_MESSAGE"]`},
		{`"messageType":"DATA_MESSAGE",`, ``},
		{`"owner":"111111111111",`, ``},
		{`"logGroup":"CloudTrail/logs"`, `"logGroup":null`},
		{`"logStream":"1`, `"LogStream":"1`},
		{`"subscriptionFilters":["Destination"]`, `"subscriptionFilters":"Destination"`},
		{`"logEvents":[`, `"logEvents":[[],`},
		{`"logEvents":[`, `"logEvents":[{},`},
		{`"timestamp":1432826855000`, `"timestamp":"1432826855000"`},
		{`"message":"START"`, `"message":{"a":1}`},
		{`"id":"31953106606966983378809025079804211143289615424298221569"`, `"id":7`},
		{`"logEvents":[`, `"logEvents":{},"events":[`},
	} {
		require.Contains(t, logs, change[0])
		doc := strings.Replace(logs, change[0], change[1], 1)
		require.Equal(t, []string{doc}, unpacked(t, unpack.Options{}, doc))
	}
}
