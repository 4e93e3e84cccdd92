package unpack

import (
	"bytes"
	"fmt"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/jsonscan"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// documents takes a text apart: one document after another, with or without white space between them. One byte order mark
// at its start is passed over, as RFC 8259 §8.1 allows.
//
// A document that is not JSON ends where brokenEnd says. An event that is nested too deep is judged to its end all the same,
// so that it costs only itself.
func (u *Unpacker) documents(text []byte) {
	text = bytes.TrimPrefix(text, byteOrderMark)
	last := 0 // the end of the document before
	for i := jsonscan.Space(text, 0); i < len(text); i = jsonscan.Space(text, i) {
		if last > 0 {
			lines := bytes.IndexByte(text[last-1:i], '\n') >= 0
			u.opened.lines, u.opened.concatenated = u.opened.lines || lines, u.opened.concatenated || !lines
		}
		if u.full() {
			u.reject(event.TooLarge, text[i:], fmt.Sprintf("this is what follows %d events of one record, which is the bound", maxEvents))
			return
		}
		kind := jsonscan.KindAt(text, i)
		end, deep, err := u.judge(text, i, kind)
		if err == nil && kind != jsonscan.Object && kind != jsonscan.Array {
			err = scalarBorder(text, end)
		}
		switch {
		case err != nil:
			var next int
			end, next = brokenEnd(text, i)
			u.reject(event.MalformedJSON, text[i:end], explain(err, i, end))
			end = next
		case kind == jsonscan.Array:
			u.array(text[i:end])
		default:
			u.value(text[i:end], kind, deep)
		}
		i, last = end, end
	}
}

// judge finds the end of the value at text[i], and whether it is nested deeper than an event may be. An array holds events,
// so its own depth does not matter.
func (u *Unpacker) judge(text []byte, i int, kind jsonscan.Kind) (end int, deep bool, err *jsonscan.Error) {
	if kind != jsonscan.Array {
		end, err = jsonscan.Value(text, i, u.opts.MaxDepth)
		if err == nil || !err.Deep {
			return end, false, err
		}
	}
	end, err = jsonscan.Value(text, i, len(text))
	return end, kind != jsonscan.Array, err
}

// array takes a valid array of events apart.
func (u *Unpacker) array(doc []byte) {
	u.opened.array = true
	before := u.mark()
	for elements := jsonscan.Elements(doc, 0); ; {
		start, kind, err := elements.Next()
		if err != nil || kind == jsonscan.Invalid {
			return
		}
		end, deep, _ := u.judge(doc, start, kind)
		elements.Resume(end)
		if u.full() {
			u.rollback(before)
			u.reject(event.TooLarge, doc, fmt.Sprintf("the array takes the record beyond %d events, which is the bound", maxEvents))
			return
		}
		u.value(doc[start:end], kind, deep)
	}
}

// value takes a valid document that stands where an event should.
func (u *Unpacker) value(doc []byte, kind jsonscan.Kind, deep bool) {
	switch {
	case kind != jsonscan.Object:
		u.reject(event.NotAnObject, doc, fmt.Sprintf("an event is a JSON object; this is %s", kindName(kind)))
	case deep:
		u.reject(event.TooDeep, doc, fmt.Sprintf("objects and arrays are nested more than %d deep", u.opts.MaxDepth))
	case !u.envelope(doc):
		u.accept(doc)
	}
}

func kindName(kind jsonscan.Kind) string {
	switch kind {
	case jsonscan.Null:
		return "null"
	case jsonscan.Bool:
		return "a boolean"
	case jsonscan.Number:
		return "a number"
	case jsonscan.String:
		return "a string"
	default:
		return "an array"
	}
}

// explain says what is wrong with the document text[from:end], counting its bytes from 1.
func explain(err *jsonscan.Error, from, end int) string {
	if err.End || err.Offset >= end {
		return fmt.Sprintf("the document breaks off after %d bytes", min(err.Offset, end)-from)
	}
	return fmt.Sprintf("%s at byte %d of the document", err.Reason, err.Offset-from+1)
}

// scalarBorder demands that a scalar which is a document has its line to itself, or is followed by an object or array:
// a line that begins with a date or with "true" is not a number or a boolean, but a broken line.
func scalarBorder(text []byte, end int) *jsonscan.Error {
	end = blanks(text, end)
	if end == len(text) || bytes.ContainsAny(text[end:end+1], "\r\n{[") {
		return nil
	}
	return &jsonscan.Error{Offset: end, Reason: "more text after a value"}
}

// brokenEnd tells where the broken document that starts at text[from] ends, and where the text goes on.
//
// A text does not say whether its documents are newline-delimited, concatenated or spread over lines, so a broken one is
// taken to reach up to the next line that looks like the beginning of a document, and without such a line up to the
// end. A line looks like one if it starts with '{' or '[', indented no deeper than the line on which the broken document
// starts, and
//   - the text before it ends in none of ",:[", after which a value of the same document would follow; or
//   - it is by itself one or several complete objects or arrays, and the broken document is not an array.
//
// So a broken line among newline-delimited documents costs that line only, even when it breaks off at a comma; a broken
// document among concatenated ones costs the rest of its line, which is the rest of the record when that is one line; and a
// broken document spread over lines is one piece, as its inner lines are indented or follow a comma. Broken lines
// that begin with neither '{' nor '[' are one piece with those before them.
//
// The work is linear: nothing that is valid up to such a line reaches beyond it, except before a line that is complete by
// itself, and that is short to judge.
func brokenEnd(text []byte, from int) (end, next int) {
	line := bytes.LastIndexByte(text[:from], '\n') + 1
	indent := blanks(text, line) - line
	for at := from; ; {
		n := bytes.IndexByte(text[at:], '\n')
		if n < 0 {
			end = len(text)
			if text[from] == '{' || text[from] == '[' { // of other bytes nobody knows whether a newline is one
				end = from + len(bytes.TrimRight(text[from:], "\r\n"))
			}
			return end, len(text)
		}
		newline := at + n
		at = newline + 1
		first := blanks(text, at)
		if first == len(text) || text[first] != '{' && text[first] != '[' || first-at > indent {
			continue
		}
		before := bytes.TrimRight(text[from:newline], " \t\r\n")
		if !bytes.ContainsAny(before[len(before)-1:], ",:[") || text[from] != '[' && complete(text, first) {
			return from + len(bytes.TrimRight(text[from:newline], "\r\n")), at
		}
	}
}

// blanks is the index of the first byte at or after text[i] that is neither a space nor a tab.
func blanks(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t') {
		i++
	}
	return i
}

// complete reports whether the line that starts at text[i] holds whole objects or arrays and nothing else.
func complete(text []byte, i int) bool {
	if n := bytes.IndexByte(text[i:], '\n'); n >= 0 {
		text = text[:i+n]
	}
	for ; i < len(text); i = jsonscan.Space(text, i) {
		if kind := jsonscan.KindAt(text, i); kind != jsonscan.Object && kind != jsonscan.Array {
			return false
		}
		end, err := jsonscan.Value(text, i, len(text))
		if err != nil {
			return false
		}
		i = end
	}
	return true
}
