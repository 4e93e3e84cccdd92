package unpack

import (
	"bytes"
	"fmt"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/jsonscan"
)

// envelope takes the object apart if it is what a CloudWatch Logs subscription sends: messageType DATA_MESSAGE or
// CONTROL_MESSAGE; owner, logGroup and logStream strings; subscriptionFilters an array; logEvents an array of objects, each
// with a string id, a number timestamp (milliseconds since 1970) and a string message. Anything short of that is an
// ordinary event and gives false.
//
// Each log event becomes an event: its own members as they were written (extractedFields too, if the filter made any), and
// then owner, logGroup and logStream. message stays the string that was logged, even when that string is JSON: the streams of
// one function mix JSON lines with plain ones, so a parsed message would be a column of two types and send half of the
// log to quarantine. What is in it is one expression away (message->>'$.level' where json_valid(message)).
func (u *Unpacker) envelope(doc []byte) bool {
	if !bytes.Contains(doc, []byte(`"logEvents"`)) { // spares ordinary events the walk
		return false
	}
	fields, ok := members(doc)
	logEvents := fields["logEvents"]
	if !ok || jsonscan.KindAt(logEvents, 0) != jsonscan.Array || jsonscan.KindAt(fields["subscriptionFilters"], 0) != jsonscan.Array {
		return false
	}
	suffix := []byte{}
	for _, name := range []string{"owner", "logGroup", "logStream"} {
		if jsonscan.KindAt(fields[name], 0) != jsonscan.String {
			return false
		}
		suffix = fmt.Appendf(suffix, ",%q:%s", name, fields[name])
	}
	suffix = append(suffix, '}')
	control := false
	switch string(fields["messageType"]) {
	case `"DATA_MESSAGE"`:
	case `"CONTROL_MESSAGE"`:
		control = true
	default:
		return false
	}
	entries, ok := logEntries(logEvents)
	switch {
	case !ok:
		return false
	case control:
		u.into.Counts.Control++
		return true
	case u.next-u.first+int64(len(entries)) > maxEvents:
		u.reject(event.TooLarge, doc, fmt.Sprintf("the log events take the record beyond %d events, which is the bound", maxEvents))
		return true
	}
	size := 0
	for _, entry := range entries {
		size += len(entry) + len(suffix)
	}
	if size > u.opts.MaxRecord {
		u.reject(event.TooLarge, doc, fmt.Sprintf("the log events have %d bytes together; the bound is %d", size, u.opts.MaxRecord))
		return true
	}
	buffer := make([]byte, 0, size)
	for _, entry := range entries {
		from := len(buffer)
		buffer = append(buffer, bytes.TrimRight(entry[:len(entry)-1], " \t\r\n")...)
		buffer = append(buffer, suffix...)
		u.accept(buffer[from:len(buffer):len(buffer)])
	}
	return true
}

// logEntries gives the elements of logEvents, and whether all of them are log events.
func logEntries(array []byte) ([][]byte, bool) {
	var entries [][]byte
	for elements := jsonscan.Elements(array, 0); ; {
		start, kind, err := elements.Next()
		if err != nil || kind == jsonscan.Invalid {
			return entries, err == nil
		}
		end, err := jsonscan.Value(array, start, len(array))
		if err != nil || kind != jsonscan.Object {
			return nil, false
		}
		elements.Resume(end)
		fields, ok := members(array[start:end])
		if !ok || jsonscan.KindAt(fields["id"], 0) != jsonscan.String || jsonscan.KindAt(fields["timestamp"], 0) != jsonscan.Number ||
			jsonscan.KindAt(fields["message"], 0) != jsonscan.String {
			return nil, false
		}
		entries = append(entries, array[start:end])
	}
}

// members gives the values of an object by their names as written, the last one of each name.
func members(object []byte) (map[string][]byte, bool) {
	values := map[string][]byte{}
	for walk := jsonscan.Members(object, 0); ; {
		m, err := walk.Next()
		if err != nil || m.Kind == jsonscan.Invalid {
			return values, err == nil
		}
		end, err := jsonscan.Value(object, m.Start, len(object))
		if err != nil {
			return nil, false
		}
		values[string(m.Key)] = object[m.Start:end]
		walk.Resume(end)
	}
}
