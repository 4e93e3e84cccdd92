// Package event holds what flows through Helios: records as they lie in a stream, the events unpacked from them, the
// positions up to which a shard has been taken, and the events that could not become rows. It knows no transport, no
// store and no schema.
package event

import (
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// Record is the unit on the wire: one entry of a shard. It may hold several events.
type Record struct {
	ShardID      string
	Sequence     string // a decimal integer of up to 56 digits, without leading zeros
	PartitionKey string
	ArrivedAt    time.Time // when the stream took it, in UTC
	Data         []byte
	Taken        int64 // events of this record that an earlier run has committed: the consumer skips them
}

// Event is one JSON document, or what should have been one, and where it came from.
type Event struct {
	Record       *Record
	Index        int64  // its place in the record, from 0, in the order of the bytes
	PartitionKey string // of the user record inside an aggregate, else the record's
	Data         []byte
}

// Reason is a stable code for why an event could not become a row.
type Reason string

// The reasons.
const (
	MalformedJSON    Reason = "malformed_json"    // not RFC 8259, invalid UTF-8 included
	NotAnObject      Reason = "not_an_object"     // valid JSON, but a scalar or an array of arrays
	TypeMismatch     Reason = "type_mismatch"     // a value does not fit its column without loss
	UnknownField     Reason = "unknown_field"     // a field without a column, while the source's schema is fixed
	Empty            Reason = "empty"             // the record holds no event at all
	TooLarge         Reason = "too_large"         // beyond the bound on an event's or an unpacked record's size
	TooDeep          Reason = "too_deep"          // nested beyond the bound
	TooManyColumns   Reason = "too_many_columns"  // its new fields would take the table beyond the bound
	DecompressFailed Reason = "decompress_failed" // gzip or zstd by its magic bytes, but broken
)

// Rejected is an event that could not become a row: it goes to quarantine, whole.
type Rejected struct {
	Event
	Reason  Reason
	Field   string // the path of the field that is to blame, dot-separated, or ""
	Message string // a sentence for people
}

// WholeRecord is the Taken of a position at which every event of the record has been taken.
const WholeRecord = int64(1)<<62 - 1

// Position is how far a shard has been read: Taken events of the record at Sequence, and every record before it. The
// zero Position says that nothing has been taken.
type Position struct {
	Sequence string
	Taken    int64
}

// Compare orders positions of one shard: sequence numbers as big integers, then events inside the record.
func (p Position) Compare(q Position) int {
	if c := CompareSequences(p.Sequence, q.Sequence); c != 0 {
		return c
	}
	switch {
	case p.Taken < q.Taken:
		return -1
	case p.Taken > q.Taken:
		return 1
	}
	return 0
}

// CompareSequences orders sequence numbers as the integers they are; "" comes first.
func CompareSequences(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		if len(a) < len(b) {
			return -1
		}
		return 1
	}
	return strings.Compare(a, b)
}

// StartKind says where the reading of a shard begins when it has no position yet.
type StartKind string

// The kinds of start.
const (
	FromHorizon   StartKind = "horizon"   // the oldest record that the stream still holds
	FromLatest    StartKind = "latest"    // what arrives from now on
	FromTimestamp StartKind = "timestamp" // what arrived at or after Start.At
)

// Start is where reading begins.
type Start struct {
	Kind StartKind `json:"kind"`
	At   time.Time `json:"at,omitzero"` // for FromTimestamp; for FromLatest the moment at which the source was started
}

// ParseStart reads a start as people write it: horizon, latest, or a time in RFC 3339. Nothing at all is the horizon.
func ParseStart(text string) (Start, error) {
	switch text {
	case "", string(FromHorizon):
		return Start{Kind: FromHorizon}, nil
	case string(FromLatest):
		return Start{Kind: FromLatest}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return Start{}, fault.New(fault.Invalid, "%q is no place to start from", text).WithHint("use horizon, latest, or a time such as 2026-01-31T12:00:00Z")
	}
	return Start{Kind: FromTimestamp, At: at.UTC()}, nil
}

// ShardState is what is remembered of one shard. That a shard is known at all is said by the presence of its state, apart
// from its position: a known shard with the zero Position starts at Start, an unknown one is a child that begins at its horizon.
type ShardState struct {
	ShardID   string
	Position  Position
	ArrivedAt time.Time // of the record at Position; zero while nothing has been taken
	Start     Start
	Finished  bool // read to its end; its children may start
}

// StreamState is what is remembered of a source's stream. The zero StreamState says that the source has never started.
type StreamState struct {
	ARN       string
	CreatedAt time.Time // tells a stream from a later one of the same name
	Shards    []ShardState
}

// Started reports whether the source has ever started to read this stream.
func (s StreamState) Started() bool { return !s.CreatedAt.IsZero() }
