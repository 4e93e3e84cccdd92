package ingest

import (
	"strings"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/jsonscan"
	"github.com/helios-sql/helios/internal/unpack"
)

// Blame tells where in its bytes the trouble with a quarantined event is: where it stops being a document, length 0, or where
// the value of the field that is to blame stands. It is false when that is not known.
func (q *Quarantined) Blame() (offset, length int, ok bool) {
	switch {
	case q.Field != "":
		return fieldIn(q.Data, q.Field)
	case q.Reason == event.MalformedJSON || q.Reason == event.TooDeep:
		return brokenAt(q.Data)
	default:
		return 0, 0, false
	}
}

// brokenAt is where a document stops being one.
func brokenAt(doc []byte) (offset, length int, ok bool) {
	end, err := jsonscan.Value(doc, jsonscan.Space(doc, 0), unpack.DefaultMaxDepth)
	if err != nil {
		return err.Offset, 0, true
	}
	end = jsonscan.Space(doc, end)
	return end, 0, end < len(doc)
}

// fieldIn finds the value of the field whose names, joined by dots, are given.
func fieldIn(doc []byte, field string) (offset, length int, ok bool) {
	start := jsonscan.Space(doc, 0)
	if _, err := jsonscan.Value(doc, start, len(doc)+1); err != nil || doc[start] != '{' {
		return 0, 0, false
	}
	return memberOf(doc, start, field)
}

// memberOf finds a field in the valid object at doc[i]. Of members with the same name the last one counts.
func memberOf(doc []byte, i int, field string) (offset, length int, ok bool) {
	members := jsonscan.Members(doc, i)
	for {
		m, _ := members.Next()
		if m.Kind == jsonscan.Invalid {
			return offset, length, ok
		}
		end, _ := jsonscan.Value(doc, m.Start, len(doc)+1)
		name := string(jsonscan.Unescape(nil, m.Key))
		switch rest, inside := strings.CutPrefix(field, name+"."); {
		case name == field:
			offset, length, ok = m.Start, end-m.Start, true
		case inside && m.Kind == jsonscan.Object:
			if o, l, found := memberOf(doc, m.Start, rest); found {
				offset, length, ok = o, l, true
			}
		}
		members.Resume(end)
	}
}
