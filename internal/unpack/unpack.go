// Package unpack turns the bytes of a record into JSON events: it opens KPL aggregates, decompresses gzip and zstd, finds
// the documents in the text (one, newline-delimited, concatenated, in a top-level array) and takes CloudWatch Logs
// envelopes apart. What cannot be an event becomes a rejection, whole and with a reason; nothing is lost and nothing fails.
// It knows no schema: an event is any JSON object.
package unpack

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/helios-sql/helios/internal/event"
)

// Mode says what to do with user records of an aggregate that lie outside the hash range of the shard they were read from.
//
// There are two truths. The KPL sends such records again when a reshard made them land in a wrong shard: keeping them
// doubles. Other producers put any key into one aggregate and never send again: dropping them loses. The KPL's own
// aggregates are known by their partition key, "a".
type Mode string

// The modes.
const (
	Auto Mode = "auto" // leave them to the re-send when the aggregate is the KPL's, keep them otherwise
	Keep Mode = "keep" // keep all
	Drop Mode = "drop" // leave all of them out
)

// The bounds that hold where Options says nothing.
const (
	DefaultMaxEvent  = 10 << 20
	DefaultMaxRecord = 64 << 20
	DefaultMaxDepth  = 100
)

const (
	maxEvents = 1 << 20 // events and rejections of one record: a few bytes decompressed can name very many
	maxLayers = 2       // gzip or zstd around gzip or zstd; more than that is an attack, not a format
)

// Options are an Unpacker's settings; zero fields mean Auto and the defaults.
type Options struct {
	Aggregates Mode
	MaxEvent   int // bytes of one event's document
	MaxRecord  int // bytes that are made of one record by decompressing it and by taking envelopes apart
	MaxDepth   int // nesting of an event's document, itself included
}

// Range is a shard's hash key range: big-endian, both ends inclusive. A zero Last says that it is not known.
type Range struct{ First, Last [16]byte }

// Counts count what was left out on purpose.
type Counts struct {
	Control      int64 // CloudWatch Logs' control messages
	LeftToResend int64 // user records outside their shard's range
}

// Result is what came out of records. Events and Rejected are each in the order of Index within a record; an index is used
// once, and counts both in the order of the bytes.
type Result struct {
	Events   []event.Event
	Rejected []event.Rejected
	Counts   Counts
}

// Reset empties the result and keeps its memory for the next record.
func (r *Result) Reset() {
	clear(r.Events)
	clear(r.Rejected)
	r.Events, r.Rejected, r.Counts = r.Events[:0], r.Rejected[:0], Counts{}
}

// Unpacker unpacks records, one at a time: it is for one goroutine.
type Unpacker struct {
	opts    Options
	gzip    gzip.Reader
	zstd    *zstd.Decoder // made when the first zstd frame comes
	scratch bytes.Buffer

	// Of the record at hand.
	record *event.Record
	key    string // partition key of its events
	first  int64
	next   int64 // index
	room   int   // what is left of MaxRecord
	into   *Result
	opened opened
}

// opened is what a record had to be opened from.
type opened struct {
	aggregate, gzip, zstd, array, lines, concatenated, logs bool
}

// New makes an Unpacker.
func New(opts Options) *Unpacker {
	if opts.Aggregates == "" {
		opts.Aggregates = Auto
	}
	if opts.MaxEvent <= 0 {
		opts.MaxEvent = DefaultMaxEvent
	}
	if opts.MaxRecord <= 0 {
		opts.MaxRecord = DefaultMaxRecord
	}
	if opts.MaxDepth <= 0 {
		opts.MaxDepth = DefaultMaxDepth
	}
	return &Unpacker{opts: opts}
}

// Unpack appends what the record holds. Each record gives at least one event, rejection or count. The events' Data lies in
// the record's own bytes or in memory made for it, so it stays valid, and the record's bytes must not change. Indices do
// not depend on the Mode: what is left out keeps its own.
func (u *Unpacker) Unpack(r *event.Record, shard Range, into *Result) {
	u.begin(r, 0, into)
	if mode := u.opts.Aggregates; mode == Keep || mode == Auto && r.PartitionKey != kplPartitionKey {
		shard = Range{}
	}
	u.open(r.Data, r.PartitionKey, shard)
}

// Again unpacks once more what an earlier run rejected, as if its Data were a record: with its record's identity, from its
// Index on, and whatever the shard's range.
func (u *Unpacker) Again(e event.Event, into *Result) {
	u.begin(e.Record, e.Index, into)
	u.open(e.Data, e.PartitionKey, Range{})
}

func (u *Unpacker) begin(r *event.Record, index int64, into *Result) {
	u.record, u.into, u.first, u.next, u.room = r, into, index, index, u.opts.MaxRecord
	u.opened = opened{}
}

// Opened names, for people, what the last record had to be opened from, from the outside in; none for a document by itself.
func (u *Unpacker) Opened() []string {
	var names []string
	for _, o := range []struct {
		there bool
		name  string
	}{
		{u.opened.aggregate, "KPL aggregate"},
		{u.opened.gzip, "gzip"},
		{u.opened.zstd, "zstd"},
		{u.opened.lines, "NDJSON"},
		{u.opened.concatenated, "concatenated JSON"},
		{u.opened.array, "JSON array"},
		{u.opened.logs, "CloudWatch Logs"},
	} {
		if o.there {
			names = append(names, o.name)
		}
	}
	return names
}

// open unpacks an aggregate or a plain record. An unknown range keeps every user record.
func (u *Unpacker) open(data []byte, key string, shard Range) {
	users, ok := Aggregate(data)
	if !ok {
		u.payload(data, key)
		return
	}
	u.opened.aggregate = true
	switch {
	case len(users) == 0:
		u.key = key
		u.reject(event.Empty, data, "the aggregate holds no user record")
		return
	case len(users) > maxEvents:
		u.key = key
		u.reject(event.TooLarge, data, fmt.Sprintf("the aggregate holds %d user records; the bound is %d", len(users), maxEvents))
		return
	}
	for i := range users {
		before := u.mark()
		u.payload(users[i].Data, strings.ToValidUTF8(users[i].PartitionKey, "\ufffd"))
		if shard.Last != [16]byte{} && !users[i].within(shard) {
			next := u.next
			u.rollback(before)
			u.next = next
			u.into.Counts.LeftToResend++
		}
	}
}

// payload unpacks the bytes of a record or of a user record.
func (u *Unpacker) payload(data []byte, key string) {
	u.key = key
	if bytes.HasPrefix(data, aggregateMagic) {
		u.reject(event.MalformedJSON, data, "this looks like a KPL aggregate, but it is damaged or lies inside another one")
		return
	}
	before := u.mark()
	text := data
	for layer := 0; compressedBy(text) != plain; layer++ {
		if layer == maxLayers {
			u.reject(event.DecompressFailed, data, fmt.Sprintf("compressed more than %d times over", maxLayers))
			return
		}
		var reason event.Reason
		var err error
		if text, reason, err = u.decompress(text); err != nil {
			u.reject(reason, data, err.Error())
			return
		}
	}
	u.documents(text)
	if u.mark() == before {
		u.reject(event.Empty, data, "there is no event in it")
	}
}

func (u *Unpacker) accept(doc []byte) {
	if len(doc) > u.opts.MaxEvent {
		u.reject(event.TooLarge, doc, fmt.Sprintf("the event has %d bytes; the bound is %d", len(doc), u.opts.MaxEvent))
		return
	}
	u.into.Events = append(u.into.Events, u.event(doc))
}

func (u *Unpacker) reject(reason event.Reason, raw []byte, message string) {
	u.into.Rejected = append(u.into.Rejected, event.Rejected{Event: u.event(raw), Reason: reason, Message: message})
}

func (u *Unpacker) event(data []byte) event.Event {
	e := event.Event{Record: u.record, Index: u.next, PartitionKey: u.key, Data: data}
	u.next++
	return e
}

// full reports whether the record has given as many events and rejections as a record may.
func (u *Unpacker) full() bool { return u.next-u.first >= maxEvents }

// mark is a state to which the result at hand can return.
type mark struct {
	events, rejected int
	next             int64
	counts           Counts
}

func (u *Unpacker) mark() mark {
	return mark{len(u.into.Events), len(u.into.Rejected), u.next, u.into.Counts}
}

func (u *Unpacker) rollback(m mark) {
	u.into.Events, u.into.Rejected = u.into.Events[:m.events], u.into.Rejected[:m.rejected]
	u.next, u.into.Counts = m.next, m.counts
}
