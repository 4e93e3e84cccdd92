package columns

import (
	"fmt"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/jsonscan"
	"github.com/helios-sql/helios/internal/schema"
)

// reconsider takes an event that the fast path would not take: it judges the document as a whole, takes out members that
// later ones replace, plans the changes that the schema needs, and only if all of it fits makes them and decodes again.
func (d *Decoder) reconsider(e *event.Event, at time.Time) *event.Rejected {
	if reason, message := judge(e.Data); reason != "" {
		return &event.Rejected{Event: *e, Reason: reason, Message: message}
	}
	doc, repeated := withoutRepeats(e.Data)
	p := plan{decoder: d, table: d.Table(), doc: doc}
	if r := p.object(jsonscan.Space(doc, 0), &d.root); r != nil {
		r.Event = *e
		return r
	}
	for _, s := range p.steps {
		d.change(s, e, at)
	}
	if !d.document(doc) {
		return &event.Rejected{Event: *e, Reason: event.TypeMismatch, Message: "the event does not decode, although every field seemed to fit: a defect of Helios"}
	}
	d.duplicates += repeated
	return nil
}

// judge says why a document is not one JSON object; an empty reason means that it is.
func judge(b []byte) (event.Reason, string) {
	start := jsonscan.Space(b, 0)
	end, err := jsonscan.Value(b, start, maxNesting)
	if err == nil {
		if end = jsonscan.Space(b, end); end < len(b) {
			err = &jsonscan.Error{Offset: end, Reason: "text after the end of the document"}
		}
	}
	switch {
	case err == nil && b[start] != '{':
		return event.NotAnObject, "the document is valid JSON, but not an object"
	case err == nil:
		return "", ""
	case err.Deep:
		return event.TooDeep, fmt.Sprintf("the document is nested deeper than %d", maxNesting)
	default:
		return event.MalformedJSON, "the document is not valid JSON: " + err.Error()
	}
}

// inMessage is how many characters of a value a message shows.
const inMessage = 60

// step is a change that an event needs.
type step struct {
	path   []string // of a new column
	column int      // of the one to be widened; -1 for a new one
	typ    schema.Type
	reason string
}

// plan finds out what an event needs. Nothing is changed while it does.
type plan struct {
	decoder *Decoder
	table   *schema.Table
	doc     []byte
	path    []string
	added   int
	steps   []step
}

// object plans for the members of the object at doc[i], of which n is known, nil for nothing.
func (p *plan) object(i int, n *node) *event.Rejected {
	members := jsonscan.Members(p.doc, i)
	for {
		m, _ := members.Next()
		if m.Kind == jsonscan.Invalid {
			return nil
		}
		end, _ := jsonscan.Value(p.doc, m.Start, maxNesting)
		name := string(jsonscan.Unescape(nil, m.Key))
		var f *field
		if n != nil {
			f = n.fields[name]
		}
		p.path = append(p.path, name)
		if r := p.member(m.Kind, m.Start, end, f); r != nil {
			return r
		}
		p.path = p.path[:len(p.path)-1]
		members.Resume(end)
	}
}

func (p *plan) member(kind jsonscan.Kind, start, end int, f *field) *event.Rejected {
	var below *node
	hasColumn := f != nil && f.column >= 0
	isJSON := hasColumn && f.kind == jsonKind
	if f != nil {
		below = f.node
	}
	switch {
	case kind == jsonscan.Null || f != nil && f.kind == ignoredKind:
		return nil
	case kind == jsonscan.Object && (below != nil || len(p.path) < p.table.MaxDepth && !isJSON):
		return p.object(start, below)
	case hasColumn:
		return p.known(kind, p.doc[start:end], f)
	default:
		return p.unknown(kind, p.doc[start:end])
	}
}

// known plans for a value whose field has a column.
func (p *plan) known(kind jsonscan.Kind, raw []byte, f *field) *event.Rejected {
	c := p.table.Columns[f.column]
	v := content(kind, raw)
	if schema.Fits(c.Type, c.Format, kind, v) {
		return nil
	}
	why := fmt.Sprintf("field %s: %s %s does not fit %s", p.field(), kindName(kind), schema.Shorten(raw, inMessage), c.Type)
	if p.table.Evolve == schema.EvolveAdd {
		for _, to := range []schema.Type{schema.HugeInt, schema.Double, schema.Timestamp} {
			if schema.CanWiden(c.Type, to) && schema.Fits(to, c.Format, kind, v) && (to != schema.Double || !f.inexact) {
				p.steps = append(p.steps, step{column: f.column, typ: to, reason: why})
				return nil
			}
		}
	}
	return p.reject(event.TypeMismatch, why)
}

// unknown plans for a value whose field has no column.
func (p *plan) unknown(kind jsonscan.Kind, raw []byte) *event.Rejected {
	if p.table.Evolve != schema.EvolveAdd {
		return p.reject(event.UnknownField, fmt.Sprintf("field %s has no column, and the schema is fixed", p.field()))
	}
	if size := schema.PathSize(p.path); size > schema.MaxPath {
		return p.reject(event.TooLarge, fmt.Sprintf("the name of field %s has %d bytes; the bound is %d", schema.Shorten([]byte(p.field()), inMessage), size, schema.MaxPath))
	}
	if p.added++; len(p.table.Columns)+p.added > p.table.MaxColumns {
		return p.reject(event.TooManyColumns, fmt.Sprintf("field %s would be column %d, and the table may have %d",
			p.field(), len(p.table.Columns)+p.added, p.table.MaxColumns))
	}
	p.steps = append(p.steps, step{
		path: append([]string(nil), p.path...), column: -1, typ: schema.NewFieldType(kind, content(kind, raw)),
		reason: fmt.Sprintf("field %s appeared, with the %s %s", p.field(), kindName(kind), schema.Shorten(raw, inMessage)),
	})
	return nil
}

// field is the path for people, who need not see all of a name that no column has.
func (p *plan) field() string {
	return schema.Shorten([]byte(strings.Join(p.path, ".")), schema.MaxPath)
}

func (p *plan) reject(reason event.Reason, message string) *event.Rejected {
	return &event.Rejected{Reason: reason, Field: p.field(), Message: message}
}

// content is a value as schema judges it.
func content(kind jsonscan.Kind, raw []byte) []byte {
	if kind == jsonscan.String {
		return jsonscan.Unescape(nil, raw[1:len(raw)-1])
	}
	return raw
}

// change makes one planned change: to the schema, to what the walks know, and to the rows gathered.
func (d *Decoder) change(s step, e *event.Event, at time.Time) {
	c := schema.Change{At: at, Reason: s.reason, ShardID: e.Record.ShardID, Sequence: e.Record.Sequence, Index: e.Index}
	if s.column < 0 {
		c.Kind = schema.Added
		d.table, c.Column = d.Table().Add(s.path, s.typ)
		d.learn(len(d.table.Columns)-1, c.Column)
		d.rows.add(s.typ)
	} else {
		c.Kind, c.From = schema.Widened, d.table.Columns[s.column].Type
		d.table = d.Table().Widen(s.column, s.typ)
		c.Column = d.table.Columns[s.column]
		d.fields[s.column].kind = kindOf(c.Column)
		d.rows.Vectors[s.column].widen(s.typ)
		d.rowSize += entrySize(s.typ) - entrySize(c.From)
	}
	c.Version = d.table.Version
	d.changes = append(d.changes, c)
}

func kindName(kind jsonscan.Kind) string {
	switch kind {
	case jsonscan.Bool:
		return "boolean"
	case jsonscan.Number:
		return "number"
	case jsonscan.String:
		return "string"
	case jsonscan.Array:
		return "array"
	default:
		return "object"
	}
}
