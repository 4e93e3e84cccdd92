package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

// QuarantineKey names one quarantined event of a table.
type QuarantineKey struct {
	ShardID  string `json:"shard_id" minLength:"1"`
	Sequence string `json:"sequence_number" minLength:"1"`
	Index    whole  `json:"record_index" minimum:"0" nullable:"false"`
}

func (k QuarantineKey) domain() *ingest.QuarantineKey {
	return &ingest.QuarantineKey{ShardID: k.ShardID, Sequence: k.Sequence, Index: int64(k.Index)}
}

func keyOf(q *ingest.Quarantined) QuarantineKey {
	return QuarantineKey{ShardID: q.Record.ShardID, Sequence: q.Record.Sequence, Index: whole(q.Index)}
}

// quarantined is one quarantined event on the wire.
type quarantined struct {
	QuarantineKey
	Stream        string       `json:"stream"`
	PartitionKey  string       `json:"partition_key"`
	ArrivedAt     time.Time    `json:"arrived_at"`
	QuarantinedAt time.Time    `json:"quarantined_at"`
	Reason        event.Reason `json:"reason"`
	Field         string       `json:"field,omitempty" doc:"The path of the field that is to blame"`
	Message       string       `json:"message" doc:"Why, for people"`
	Raw           *string      `json:"raw,omitempty" doc:"The event's bytes as text, if they are UTF-8"`
	RawBase64     []byte       `json:"raw_base64" doc:"The event's bytes, whole"`
	Offset        *int         `json:"offset,omitempty" doc:"Where the trouble is, in bytes of the event from 0: where it stops being JSON, or where the value of the field begins; absent if that is not known"`
	Length        *int         `json:"length,omitempty" doc:"How many bytes the value of the field has"`
}

// Blame says why events are in quarantine, in the parameters of a request.
type Blame struct {
	Reason event.Reason `query:"reason" doc:"Only those of this reason"`
	Field  string       `query:"field" doc:"Only those of this field; if it is empty, only those of no field"`

	asked bool // for a field
}

// Resolve tells an empty field from none: it is called by huma.
func (b *Blame) Resolve(c huma.Context) []error {
	url := c.URL()
	b.asked = url.Query().Has("field")
	return nil
}

func (b *Blame) domain(table string) ingest.QuarantineFilter {
	f := ingest.QuarantineFilter{Table: table, Reason: b.Reason}
	if b.asked {
		f.Field = &b.Field
	}
	return f
}

// quarantineFilter says which quarantined events are meant: those that match all of it.
type quarantineFilter struct {
	Reason event.Reason `json:"reason,omitempty" doc:"Those of this reason"`
	Field  *string      `json:"field,omitempty" nullable:"true" doc:"Those of this field; if it is empty, those of no field"`
	Search string       `json:"search,omitempty" maxLength:"1000" doc:"Those with this text in the event or the message, in any letter case, or with this sequence number"`
}

func (f quarantineFilter) domain(table string) ingest.QuarantineFilter {
	return ingest.QuarantineFilter{Table: table, Reason: f.Reason, Field: f.Field, Search: f.Search}
}

func wire(q *ingest.Quarantined) quarantined {
	w := quarantined{
		QuarantineKey: keyOf(q),
		Stream:        q.Stream, PartitionKey: q.PartitionKey, ArrivedAt: q.Record.ArrivedAt, QuarantinedAt: q.QuarantinedAt,
		Reason: q.Reason, Field: q.Field, Message: q.Message, RawBase64: q.Data,
	}
	if w.RawBase64 == nil {
		w.RawBase64 = []byte{}
	}
	if utf8.Valid(q.Data) {
		text := string(q.Data)
		w.Raw = &text
	}
	if offset, length, ok := q.Blame(); ok {
		w.Offset = &offset
		if length > 0 {
			w.Length = &length
		}
	}
	return w
}

// Searched is a parameter that looks for a text.
type Searched struct {
	Search string `query:"search" maxLength:"1000" doc:"Only those with this text in the event or the message, in any letter case, or with this sequence number"`
}

type deleted struct {
	Body struct {
		Deleted int64 `json:"deleted" doc:"How many there were"`
	}
}

type quarantinePage struct {
	Body struct {
		Events []quarantined `json:"events"`
		Next   string        `json:"next,omitempty" doc:"The cursor of the next page; absent on the last"`
	}
}

type reasonList struct {
	Body struct {
		Reasons []ingest.ReasonCount `json:"reasons"`
	}
}

// replay says which quarantined events to try again, in one way.
type replay struct {
	Reason event.Reason     `json:"reason"`
	Key    *QuarantineKey   `json:"key"`
	All    bool             `json:"all"`
	Filter quarantineFilter `json:"filter"`
	Limit  whole            `json:"limit"`
	After  string           `json:"after"`
}

// replayResult is what a replay did, and where the next one goes on.
type replayResult struct {
	ingest.ReplayResult
	Next string `json:"next,omitempty" doc:"The cursor from which to go on; absent at the end"`
}

// Schema describes the ways to huma, which holds requests to it.
func (replay) Schema(r huma.Registry) *huma.Schema {
	way := func(name string, value *huma.Schema, doc string) *huma.Schema {
		return &huma.Schema{
			Type: huma.TypeObject, Description: doc, AdditionalProperties: false,
			Properties: map[string]*huma.Schema{name: value}, Required: []string{name},
		}
	}
	filtered := way("filter", r.Schema(reflect.TypeFor[quarantineFilter](), true, ""), "Those that match, a limited number at a time if there is a limit")
	filtered.Properties["limit"] = &huma.Schema{Type: huma.TypeInteger, Minimum: new(float64(1)), Description: "How many events at most; all unless said"}
	filtered.Properties["after"] = &huma.Schema{Type: huma.TypeString, Description: "The cursor that the replay before gave as next"}
	return &huma.Schema{Description: "Which events", OneOf: []*huma.Schema{
		filtered,
		way("reason", &huma.Schema{Type: huma.TypeString}, "Those of a reason"),
		way("key", r.Schema(reflect.TypeFor[QuarantineKey](), true, ""), "One of them"),
		way("all", &huma.Schema{Type: huma.TypeBoolean, Enum: []any{true}}, "All of the table"),
	}}
}

func (r replay) domain(table string) ingest.QuarantineFilter {
	f := r.Filter.domain(table)
	if r.Reason != "" {
		f.Reason = r.Reason
	}
	if r.Key != nil {
		f.Key = r.Key.domain()
	}
	return f
}

func (s *server) quarantineRoutes() {
	tags := []string{"quarantine"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/quarantine", OperationID: "list-quarantine-reasons", Tags: tags,
		Summary: "Count the quarantined events by table and reason",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *struct {
		Table string `query:"table" doc:"Only this table's"`
	},
	) (*reasonList, error) {
		if err := mayFilter(ctx, in.Table); err != nil {
			return nil, err
		}
		list, err := s.Tables.QuarantineReasons(ctx, in.Table)
		out := &reasonList{}
		out.Body.Reasons = allowed(ctx, list, func(r *ingest.ReasonCount) string { return r.Table })
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/quarantine/{table}", OperationID: "list-quarantined", Tags: tags,
		Summary:     "List a table's quarantined events",
		Description: "A page ends early when its events are large.",
	}, []int{http.StatusBadRequest, http.StatusNotFound}, func(ctx context.Context, in *struct {
		TableName
		Blame
		Searched
		Limit int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
		After string `query:"after" doc:"The cursor that the page before gave as next"`
	},
	) (*quarantinePage, error) {
		if err := mayTable(ctx, in.Table); err != nil {
			return nil, err
		}
		f := in.Blame.domain(in.Table)
		f.Search = in.Search
		tell(ctx, in.Table, map[string]any{"reason": f.Reason, "field": f.Field, "search": f.Search})
		return s.quarantinePage(ctx, f, in.After, in.Limit)
	})
	register(s, huma.Operation{
		Method: http.MethodDelete, Path: "/api/v1/quarantine/{table}", OperationID: "delete-quarantined", Tags: tags,
		Summary:     "Delete quarantined events for good",
		Description: "Those that match all that is asked for; without anything, all of the table.",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *struct {
		TableName
		Blame
		Searched
	},
	) (*deleted, error) {
		if err := mayTable(ctx, in.Table); err != nil {
			return nil, err
		}
		f := in.Blame.domain(in.Table)
		f.Search = in.Search
		n, err := s.Mending.Discard(ctx, f)
		tell(ctx, in.Table, map[string]any{"reason": f.Reason, "field": f.Field, "search": f.Search, "deleted": n})
		out := &deleted{}
		out.Body.Deleted = n
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/quarantine/{table}/replay", OperationID: "replay-quarantined", Tags: tags,
		Summary:     "Try quarantined events again with the table's schema of today",
		Description: "What fits moves from quarantine to the table, once; what does not stays as it was. With a limit, the answer tells where to go on.",
	}, []int{http.StatusNotFound, http.StatusConflict}, func(ctx context.Context, in *struct {
		TableName
		Body replay
	},
	) (*output[replayResult], error) {
		if err := mayTable(ctx, in.Table); err != nil {
			return nil, err
		}
		after, err := readCursor(in.Body.After)
		if err != nil {
			return nil, err
		}
		result, err := s.Mending.Replay(ctx, in.Body.domain(in.Table), ingest.ReplayPage{After: after, Limit: int(in.Body.Limit)})
		tell(ctx, in.Table, map[string]any{"matched": result.Matched, "replayed": result.Replayed})
		out := replayResult{ReplayResult: result}
		if result.Next != nil {
			out.Next = writeCursor(QuarantineKey{ShardID: result.Next.ShardID, Sequence: result.Next.Sequence, Index: whole(result.Next.Index)})
		}
		return answered(out, err)
	})
}

// Bounds of a page in memory: an event can have 10 MiB.
const (
	pageBytes = 8 << 20
	pageStep  = 16 // events loaded at once
)

func (s *server) quarantinePage(ctx context.Context, f ingest.QuarantineFilter, cursor string, limit int) (*quarantinePage, error) {
	after, err := readCursor(cursor)
	if err != nil {
		return nil, err
	}
	page := &quarantinePage{}
	page.Body.Events = []quarantined{}
	for bytes := 0; ; {
		step := min(pageStep, limit+1-len(page.Body.Events)) // one more than asked for says whether there is a next page
		loaded, err := s.Tables.Quarantined(ctx, f, after, step)
		if err != nil {
			return nil, err
		}
		if len(loaded) == 0 {
			return page, nil
		}
		for i := range loaded {
			if len(page.Body.Events) == limit || bytes > pageBytes {
				page.Body.Next = writeCursor(page.Body.Events[len(page.Body.Events)-1].QuarantineKey)
				return page, nil
			}
			page.Body.Events = append(page.Body.Events, wire(&loaded[i]))
			bytes += len(loaded[i].Data)
		}
		after = page.Body.Events[len(page.Body.Events)-1].domain()
	}
}

func writeCursor(k QuarantineKey) string {
	text, _ := json.Marshal(k) // strings and a number: it cannot fail
	return base64.RawURLEncoding.EncodeToString(text)
}

func readCursor(cursor string) (*ingest.QuarantineKey, error) {
	if cursor == "" {
		return nil, nil //nolint:nilnil // no cursor, no error: the beginning
	}
	var k QuarantineKey
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	if err != nil || k.ShardID == "" {
		return nil, fault.New(fault.Invalid, "%q is no cursor", cursor).WithHint("give what the page before gave as next")
	}
	return k.domain(), nil
}
