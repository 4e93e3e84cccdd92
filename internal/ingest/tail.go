package ingest

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/jsonscan"
	"github.com/helios-sql/helios/internal/unpack"
)

// Condition is one condition of a filter: the field at Path is a scalar whose text is Value.
type Condition struct {
	Path  []string
	Value string
}

// Filter matches the events that meet all of its conditions; an empty one matches all.
type Filter []Condition

// ParseFilter reads conditions of the form path=value, where the names of a path are separated by dots: product.id=p-17.
func ParseFilter(conditions []string) (Filter, error) {
	var f Filter
	for _, c := range conditions {
		path, value, ok := strings.Cut(c, "=")
		if !ok || path == "" {
			return nil, fault.New(fault.Invalid, "filter %q is not of the form field=value", c).WithHint("name a field and its value, as in event_type=purchase or product.id=p-17")
		}
		f = append(f, Condition{Path: strings.Split(path, "."), Value: value})
	}
	return f, nil
}

// Match reports whether a document meets all conditions. What is no JSON object meets only the empty filter.
func (f Filter) Match(doc []byte) bool {
	for _, c := range f {
		text, ok := field(doc, c.Path)
		if !ok || text != c.Value {
			return false
		}
	}
	return true
}

const maxFilterDepth = 100

// field is the text of the scalar at path: strings without quotes and escapes, all else as written.
func field(doc []byte, path []string) (string, bool) {
	i := jsonscan.Space(doc, 0)
	for depth, name := range path {
		if jsonscan.KindAt(doc, i) != jsonscan.Object {
			return "", false
		}
		found := -1
		members := jsonscan.Members(doc, i)
		for {
			m, err := members.Next()
			if err != nil {
				return "", false
			}
			if m.Kind == jsonscan.Invalid {
				break
			}
			key := string(m.Key)
			if m.Escaped {
				key = string(jsonscan.Unescape(nil, m.Key))
			}
			if key == name {
				found = m.Start // the last of duplicates wins
			}
			end, err := jsonscan.Value(doc, m.Start, maxFilterDepth-depth)
			if err != nil {
				return "", false
			}
			members.Resume(end)
		}
		if found < 0 {
			return "", false
		}
		i = found
	}
	end, err := jsonscan.Value(doc, i, maxFilterDepth)
	if err != nil {
		return "", false
	}
	switch jsonscan.KindAt(doc, i) {
	case jsonscan.String:
		return string(jsonscan.Unescape(nil, doc[i+1:end-1])), true
	case jsonscan.Object, jsonscan.Array:
		return "", false
	default:
		return string(doc[i:end]), true
	}
}

// sampleEvent shows an event, accepted or rejected, to people.
func sampleEvent(e *event.Event, rejected *event.Rejected) SampleEvent {
	s := SampleEvent{
		ShardID: e.Record.ShardID, Sequence: e.Record.Sequence, Index: e.Index, PartitionKey: e.PartitionKey,
		ArrivedAt: e.Record.ArrivedAt, Event: strings.ToValidUTF8(string(e.Data), "\uFFFD"),
	}
	if !utf8.Valid(e.Data) {
		s.Raw = bytes.Clone(e.Data)
	}
	if rejected != nil {
		s.Reason, s.Message = rejected.Reason, rejected.Message
	}
	return s
}

// Tail reads a stream itself, keeping nothing, and calls each for every event that matches, until ctx ends or each fails.
func Tail(ctx context.Context, src Source, from event.Start, f Filter, each func(SampleEvent) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := &directTail{filter: f, each: each}
	err := src.Read(ctx, event.StreamState{}, from, t)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return t.err
	}
	return err
}

// directTail is an Intake that shows what it is given.
type directTail struct {
	filter Filter
	each   func(SampleEvent) error

	mu  sync.Mutex
	err error
}

func (t *directTail) Begin(context.Context, event.StreamState) error { return nil }
func (t *directTail) Describe([]StreamShard)                         {}
func (t *directTail) Observe(ShardStatus)                            {}
func (t *directTail) Notice(Notice)                                  {}

func (t *directTail) Deliver(_ context.Context, d Delivery) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	unpacker := unpack.New(unpack.Options{Aggregates: unpack.Auto})
	for i := range d.Records {
		for _, e := range unpacked(unpacker, &d.Records[i], unpack.Range{First: d.FirstHash, Last: d.LastHash}) {
			if t.err == nil && t.filter.Match([]byte(e.Event)) {
				t.err = t.each(e)
			}
			if t.err != nil {
				return t.err
			}
		}
	}
	return nil
}

// unpacked shows what a record holds, accepted and rejected, in order.
func unpacked(u *unpack.Unpacker, r *event.Record, shard unpack.Range) []SampleEvent {
	var res unpack.Result
	u.Unpack(r, shard, &res)
	var all []SampleEvent
	for len(res.Events) > 0 || len(res.Rejected) > 0 {
		if len(res.Rejected) == 0 || len(res.Events) > 0 && res.Events[0].Index < res.Rejected[0].Index {
			all = append(all, sampleEvent(&res.Events[0], nil))
			res.Events = res.Events[1:]
		} else {
			all = append(all, sampleEvent(&res.Rejected[0].Event, &res.Rejected[0]))
			res.Rejected = res.Rejected[1:]
		}
	}
	return all
}
