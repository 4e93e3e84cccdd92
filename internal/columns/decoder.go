package columns

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/jsonscan"
	"github.com/helios-sql/helios/internal/schema"
)

// Decoder turns the events of one source into rows of its table. It is for one goroutine.
//
// An event that fits the table as it is takes the fast path: one walk over its bytes, each value straight into its vector.
// Whatever else there is (a new field, a value that does not fit, a name twice in an object, a broken document) ends that
// walk, its traces are removed, and the event is reconsidered at leisure: see reconsider.
type Decoder struct {
	table   *schema.Table // never changed in place: snapshots of it are out
	root    node
	fields  []*field // by column; nil for the system columns
	rows    *Rows
	rowSize int64 // bytes of one entry in every vector, without text
	changes []schema.Change

	walk       uint64   // number of the walk, to know what it has met
	unknown    []uint64 // hashes of the names met in this walk that have no column and no value either
	inexact    []*field // columns to which this walk has given their first inexact integer
	stale      bool     // table.Inexact lacks some
	names      repeats
	scratch    []byte
	duplicates int64
	pool       *sync.Pool
}

// node is what is known of an object: its members by their unescaped names.
type node struct {
	fields  map[string]*field
	first   *field // the member with which the last object began
	columns bool   // a member has a column, or one of its members does: none is there else but ignored ones
}

// field is a member that has a column, members with columns or ignored ones, or is ignored itself.
type field struct {
	name    string
	quoted  string // the name as JSON, with a colon; "" if there are several ways to write it
	column  int    // index of its column; -1 without
	kind    kind
	inexact bool   // the column holds an integer that a DOUBLE does not
	below   *node  // its members that are known, when it is an object; nil for none
	node    *node  // below, if such an object is taken apart
	cut     *node  // below, if such an object is kept whole but for what is ignored in it
	walk    uint64 // the last walk that met it
	next    *field // the member that came after it last time: the guess that saves the look-up
}

// kind tells how the values of a column are read.
type kind byte

const (
	jsonKind kind = iota
	boolKind
	intKind
	hugeKind
	realKind
	textKind
	dateKind
	timeKind
	epochSecondKind
	epochMilliKind
	uuidKind
	scalarKind
	ignoredKind // of a field, not of a column
)

func kindOf(c schema.Column) kind {
	switch c.Type {
	case schema.Boolean:
		return boolKind
	case schema.BigInt:
		return intKind
	case schema.HugeInt:
		return hugeKind
	case schema.Double:
		return realKind
	case schema.Varchar:
		if c.Format == schema.Scalar {
			return scalarKind
		}
		return textKind
	case schema.Date:
		return dateKind
	case schema.Timestamp:
		switch c.Format {
		case schema.EpochSecond:
			return epochSecondKind
		case schema.EpochMilli:
			return epochMilliKind
		default:
			return timeKind
		}
	case schema.UUID:
		return uuidKind
	default:
		return jsonKind
	}
}

// The indexes of the system columns, with which every table begins.
const (
	shardColumn = iota
	sequenceColumn
	partitionColumn
	arrivedColumn
	ingestedColumn
	systemColumns
)

// NewDecoder makes a decoder for a table, which must begin with the system columns, as those that schema makes do.
func NewDecoder(t *schema.Table) *Decoder {
	d := &Decoder{names: repeats{seed: maphash.MakeSeed()}, pool: &sync.Pool{}}
	d.Adopt(t)
	return d
}

// Adopt goes on with another version of the table. The rows gathered until then must have been taken.
func (d *Decoder) Adopt(t *schema.Table) {
	d.table = t.Clone()
	d.root, d.fields, d.rowSize, d.inexact, d.stale = node{fields: map[string]*field{}}, nil, 0, nil, false
	for i, c := range d.table.Columns {
		d.learn(i, c)
	}
	for _, path := range d.table.Ignore {
		d.ignore(path)
	}
	d.rows = d.emptyRows()
}

// learn makes the column at index i known to the walks.
func (d *Decoder) learn(i int, c schema.Column) {
	d.fields = append(d.fields, nil)
	d.rowSize += entrySize(c.Type)
	if c.System() {
		return
	}
	f := d.field(&d.root, c.Path, 1, true)
	f.column, f.kind, f.inexact = i, kindOf(c), d.table.Inexact[c.Name]
	f.decide(len(c.Path), d.table.MaxDepth)
	d.fields[i] = f
}

// ignore lets the walks read over a field, with all that is in it. It comes after the columns.
func (d *Decoder) ignore(path []string) {
	f := d.field(&d.root, path, 1, false)
	f.column, f.kind, f.below, f.node, f.cut = -1, ignoredKind, nil, nil, nil
}

// field finds or makes the field at a path below n, whose own path has depth-1 names, or the ignored one that it is in.
func (d *Decoder) field(n *node, path []string, depth int, column bool) *field {
	n.columns = n.columns || column
	f := n.fields[path[0]]
	if f == nil {
		f = &field{name: path[0], column: -1, quoted: quote(path[0])}
		n.fields[path[0]] = f
	}
	if len(path) == 1 || f.kind == ignoredKind {
		return f
	}
	if f.below == nil {
		f.below = &node{fields: map[string]*field{}}
	}
	found := d.field(f.below, path[1:], depth+1, column)
	f.decide(depth, d.table.MaxDepth)
	return found
}

// decide says what becomes of an object as the value of the field, whose path has that many names. What is ignored in it has
// no part in that.
func (f *field) decide(depth, maxDepth int) {
	apart := f.below != nil && (f.below.columns || depth < maxDepth && (f.column < 0 || f.kind != jsonKind))
	f.node, f.cut = nil, f.below
	if apart {
		f.node, f.cut = f.below, nil
	}
}

func quote(name string) string {
	plain := utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' })
	if !plain {
		return ""
	}
	return `"` + name + `":`
}

func (d *Decoder) emptyRows() *Rows {
	rows, ok := d.pool.Get().(*Rows)
	if !ok {
		rows = &Rows{home: d.pool}
	}
	rows.shape(d.table)
	return rows
}

// Append adds a row for the event, which was made at that time, or says why it cannot. A rejected event leaves no trace:
// neither in the rows nor in the schema. Data is not kept.
func (d *Decoder) Append(e *event.Event, at time.Time) *event.Rejected {
	if !d.document(e.Data) {
		if rejected := d.reconsider(e, at); rejected != nil {
			return rejected
		}
	}
	for _, f := range d.inexact {
		f.inexact, d.stale = true, true
	}
	v := d.rows.Vectors
	v[shardColumn].appendText(e.Record.ShardID)
	v[sequenceColumn].appendText(e.Record.Sequence)
	partitionKey := e.PartitionKey
	if !utf8.ValidString(partitionKey) { // inside an aggregate it can be anything
		partitionKey = strings.ToValidUTF8(partitionKey, "\ufffd")
	}
	v[partitionColumn].appendText(partitionKey)
	v[arrivedColumn].appendInt(e.Record.ArrivedAt.UnixMicro())
	v[ingestedColumn].appendInt(at.UnixMicro())
	d.rows.N++
	d.rows.Bytes += int64(len(e.Data))
	return nil
}

// DuplicateKeys is how many members of objects were replaced by a later one of the same name, in all rows so far.
func (d *Decoder) DuplicateKeys() int64 { return d.duplicates }

// Len is the number of rows gathered since the last Take.
func (d *Decoder) Len() int { return d.rows.N }

// Bytes is about what they occupy. Nulls occupy room too: rows of a wide table are larger than their documents.
func (d *Decoder) Bytes() int64 {
	n := d.rows.Bytes + int64(d.rows.N)*d.rowSize
	for _, v := range d.rows.Vectors[:arrivedColumn] {
		n += int64(len(v.Text))
	}
	return n
}

// Table is the schema as it is now. It will not change: a later one is another Table.
func (d *Decoder) Table() *schema.Table {
	if d.stale {
		d.stale = false
		d.table = d.table.Clone()
		for i, f := range d.fields {
			if f != nil && f.inexact {
				d.table.Inexact[d.table.Columns[i].Name] = true
			}
		}
	}
	return d.table
}

// Take hands over the rows gathered since the last call, nil if there are none, the changes that they made to the schema,
// and the schema after them. The decoder goes on with that schema.
func (d *Decoder) Take() (*Rows, []schema.Change, *schema.Table) {
	t := d.Table()
	if d.rows.N == 0 {
		return nil, nil, t
	}
	rows, changes := d.rows, d.changes
	for i := range rows.Vectors {
		rows.Vectors[i].pad(rows.N)
	}
	d.rows, d.changes = d.emptyRows(), nil
	return rows, changes, t
}

// document takes the fast path. It reports whether there now is a value in the vectors for every field; otherwise it has
// left no trace.
func (d *Decoder) document(b []byte) bool {
	d.walk++
	d.unknown, d.inexact = d.unknown[:0], d.inexact[:0]
	i := jsonscan.Space(b, 0)
	if jsonscan.KindAt(b, i) == jsonscan.Object {
		end, ok := d.object(b, i, &d.root, 1)
		if ok && jsonscan.Space(b, end) == len(b) && !anyTwice(d.unknown) {
			return true
		}
	}
	for k := range d.rows.Vectors {
		d.rows.Vectors[k].truncate(d.rows.N)
	}
	return false
}

// object reads an object whose members have paths of that depth.
func (d *Decoder) object(b []byte, i int, n *node, depth int) (end int, ok bool) {
	members := jsonscan.Members(b, i)
	m, err := members.Next()
	guess := &n.first
	for {
		if err != nil {
			return 0, false
		}
		if m.Kind == jsonscan.Invalid {
			return members.End(), true
		}
		f := *guess
		if f == nil || m.Escaped || f.name != string(m.Key) {
			if f = d.find(n, &m); f != nil {
				*guess = f
			}
		}
		if f == nil {
			end, ok = d.nothing(b, i, &m, depth)
		} else {
			if end, ok = d.member(b, &m, f, depth); ok {
				end, f, ok = d.expected(b, end, f, depth)
			}
			guess = &f.next
		}
		if !ok {
			return 0, false
		}
		members.Resume(end)
		m, err = members.Next()
	}
}

// expected goes on for as long as the members come in the order in which they came last time, one space or none before
// their names: then comparing bytes is enough to know that a name is valid and whose it is. It returns the index at which
// it stopped and the last field that it read.
func (d *Decoder) expected(b []byte, end int, f *field, depth int) (int, *field, bool) {
	var m jsonscan.Member
	for end < len(b) && b[end] == ',' {
		next, name := f.next, end+1
		if name < len(b) && b[name] == ' ' {
			name++
		}
		if next == nil || next.quoted == "" || !hasPrefix(b[name:], next.quoted) {
			break
		}
		m.Start = jsonscan.Space(b, name+len(next.quoted))
		m.Kind = jsonscan.KindAt(b, m.Start)
		var ok bool
		if end, ok = d.member(b, &m, next, depth); !ok {
			return 0, next, false
		}
		f = next
	}
	return end, f, true
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

func (d *Decoder) find(n *node, m *jsonscan.Member) *field {
	key := m.Key
	if m.Escaped {
		d.scratch = jsonscan.Unescape(d.scratch[:0], key)
		key = d.scratch
	}
	return n.fields[string(key)]
}

// nothing reads a member without a column of the object at b[object], if it has no value either: null, or an object of
// nothing that could be flattened.
func (d *Decoder) nothing(b []byte, object int, m *jsonscan.Member, depth int) (end int, ok bool) {
	d.unknown = append(d.unknown, d.names.hash(m)^uint64(object)*0x9e3779b97f4a7c15)
	switch {
	case m.Kind == jsonscan.Null:
		end, err := jsonscan.Value(b, m.Start, 1)
		return end, err == nil
	case m.Kind == jsonscan.Object && depth < d.table.MaxDepth:
		return d.noMembers(b, m.Start, depth+1)
	default:
		return 0, false
	}
}

func (d *Decoder) noMembers(b []byte, i, depth int) (end int, ok bool) {
	members := jsonscan.Members(b, i)
	for {
		m, err := members.Next()
		if err != nil {
			return 0, false
		}
		if m.Kind == jsonscan.Invalid {
			return members.End(), true
		}
		if end, ok = d.nothing(b, i, &m, depth); !ok {
			return 0, false
		}
		members.Resume(end)
	}
}

// member reads the value of a field.
func (d *Decoder) member(b []byte, m *jsonscan.Member, f *field, depth int) (end int, ok bool) {
	if f.walk == d.walk {
		return 0, false // a name twice
	}
	f.walk = d.walk
	switch {
	case m.Kind == jsonscan.Invalid:
		return 0, false
	case m.Kind == jsonscan.Null:
		end, err := jsonscan.Value(b, m.Start, 1)
		return end, err == nil
	case m.Kind == jsonscan.Object && f.node != nil:
		return d.object(b, m.Start, f.node, depth+1)
	case f.column < 0:
		return d.noColumn(b, m, f, depth)
	case m.Kind == jsonscan.Object && f.kind != jsonKind:
		if depth < d.table.MaxDepth {
			return d.noMembers(b, m.Start, depth+1)
		}
		return 0, false
	default:
		v := &d.rows.Vectors[f.column]
		v.pad(d.rows.N)
		return d.value(b, m, f, v)
	}
}

// noColumn reads the value of a field that has no column: it may be ignored.
func (d *Decoder) noColumn(b []byte, m *jsonscan.Member, f *field, depth int) (end int, ok bool) {
	switch {
	case f.kind == ignoredKind:
		end, err := jsonscan.Value(b, m.Start, maxNesting)
		return end, err == nil
	case m.Kind == jsonscan.Object && depth < d.table.MaxDepth:
		return d.noMembers(b, m.Start, depth+1)
	default:
		return 0, false
	}
}
