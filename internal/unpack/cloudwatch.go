package unpack

import (
	"bytes"
	"fmt"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/jsonscan"
)

// The members by which an envelope is known, and their places in envelopeNames.
const (
	owner = iota
	logGroup
	logStream
	messageType
	subscriptionFilters
	logEvents
)

var (
	envelopeNames = []string{"owner", "logGroup", "logStream", "messageType", "subscriptionFilters", "logEvents"}
	logEventNames = []string{"id", "timestamp", "message"}
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
	if !bytes.Contains(doc, []byte(`Events"`)) { // spares ordinary events the walk; a rare first byte is found fast
		return false
	}
	var fields [6][]byte
	pick(doc, envelopeNames, fields[:])
	for i, value := range fields {
		kind := jsonscan.String
		if i == subscriptionFilters || i == logEvents {
			kind = jsonscan.Array
		}
		if jsonscan.KindAt(value, 0) != kind {
			return false
		}
	}
	control := string(fields[messageType]) == `"CONTROL_MESSAGE"`
	if !control && string(fields[messageType]) != `"DATA_MESSAGE"` {
		return false
	}
	entries, ok := logEntries(fields[logEvents])
	u.opened.logs = u.opened.logs || ok
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
	suffix := fmt.Appendf(nil, `,"owner":%s,"logGroup":%s,"logStream":%s}`, fields[owner], fields[logGroup], fields[logStream])
	size := 0
	for _, entry := range entries {
		size += len(entry) + len(suffix)
	}
	if size > u.room {
		u.reject(event.TooLarge, doc, fmt.Sprintf("the log events have %d bytes together, and take the record beyond %d, which is the bound", size, u.opts.MaxRecord))
		return true
	}
	u.room -= size
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
		var fields [3][]byte
		pick(array[start:end], logEventNames, fields[:])
		if jsonscan.KindAt(fields[0], 0) != jsonscan.String || jsonscan.KindAt(fields[1], 0) != jsonscan.Number ||
			jsonscan.KindAt(fields[2], 0) != jsonscan.String {
			return nil, false
		}
		entries = append(entries, array[start:end])
	}
}

// pick gives the values of a valid object's members of these names: the last one of each name, nil where there is none.
func pick(object []byte, names []string, values [][]byte) {
	for walk := jsonscan.Members(object, 0); ; {
		m, err := walk.Next()
		if err != nil || m.Kind == jsonscan.Invalid {
			return
		}
		end, _ := jsonscan.Value(object, m.Start, len(object))
		for i, name := range names {
			if string(m.Key) == name {
				values[i] = object[m.Start:end]
			}
		}
		walk.Resume(end)
	}
}
