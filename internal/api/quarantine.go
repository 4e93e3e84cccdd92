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
	return w
}

type quarantinePage struct {
	Body struct {
		Events []quarantined `json:"events" nullable:"false"`
		Next   string        `json:"next,omitempty" doc:"The cursor of the next page; absent on the last"`
	}
}

type reasonList struct {
	Body struct {
		Reasons []ingest.ReasonCount `json:"reasons" nullable:"false"`
	}
}

// replay says which quarantined events to try again, in one way.
type replay struct {
	Reason event.Reason   `json:"reason"`
	Key    *QuarantineKey `json:"key"`
	All    bool           `json:"all"`
}

// Schema describes the ways to huma, which holds requests to it.
func (replay) Schema(r huma.Registry) *huma.Schema {
	way := func(name string, value *huma.Schema, doc string) *huma.Schema {
		return &huma.Schema{
			Type: huma.TypeObject, Description: doc, AdditionalProperties: false,
			Properties: map[string]*huma.Schema{name: value}, Required: []string{name},
		}
	}
	return &huma.Schema{Description: "Which events", OneOf: []*huma.Schema{
		way("reason", &huma.Schema{Type: huma.TypeString}, "Those of a reason"),
		way("key", r.Schema(reflect.TypeFor[QuarantineKey](), true, ""), "One of them"),
		way("all", &huma.Schema{Type: huma.TypeBoolean, Enum: []any{true}}, "All of the table"),
	}}
}

func (r replay) domain(table string) ingest.QuarantineFilter {
	f := ingest.QuarantineFilter{Table: table, Reason: r.Reason}
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
		list, err := s.Tables.QuarantineReasons(ctx, in.Table)
		out := &reasonList{}
		out.Body.Reasons = some(list)
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/quarantine/{table}", OperationID: "list-quarantined", Tags: tags,
		Summary:     "List a table's quarantined events",
		Description: "A page ends early when its events are large.",
	}, []int{http.StatusBadRequest, http.StatusNotFound}, func(ctx context.Context, in *struct {
		TableName
		Reason event.Reason `query:"reason" doc:"Only those of this reason"`
		Limit  int          `query:"limit" default:"100" minimum:"1" maximum:"1000"`
		After  string       `query:"after" doc:"The cursor that the page before gave as next"`
	},
	) (*quarantinePage, error) {
		return s.quarantinePage(ctx, ingest.QuarantineFilter{Table: in.Table, Reason: in.Reason}, in.After, in.Limit)
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/quarantine/{table}/replay", OperationID: "replay-quarantined", Tags: tags,
		Summary:     "Try quarantined events again with the table's schema of today",
		Description: "What fits moves from quarantine to the table, once; what does not stays as it was.",
	}, []int{http.StatusNotFound, http.StatusConflict}, func(ctx context.Context, in *struct {
		TableName
		Body replay
	},
	) (*output[ingest.ReplayResult], error) {
		return answered(s.Steering.Replay(ctx, in.Body.domain(in.Table)))
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
