package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/api/apitest"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

func unmarshal(t *testing.T, w *httptest.ResponseRecorder, into any) {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), into))
}

func TestATableIsChangedByHand(t *testing.T) {
	w := world()
	h := w.Handler()
	for _, body := range []string{
		`{"kind":"widen","column":"n","type":"VARCHAR"}`,
		`{"kind":"add","path":["user","name"],"type":"TIMESTAMP","format":"epoch_ms","column":null}`,
		`{"kind":"ignore","path":["user","ssn"]}`,
		`{"kind":"unignore","path":["user","ssn"],"type":null}`,
	} {
		answer := call(t, h, "POST", "/api/v1/tables/clicks/changes", body)
		require.Equal(t, 200, answer.Code, answer.Body)
		require.Contains(t, answer.Body.String(), `"name":"clicks"`)
	}
	require.Equal(t, []string{"widen clicks n[] VARCHAR", "add clicks [user name] TIMESTAMP", "ignore clicks [user ssn] ", "unignore clicks [user ssn] "}, w.Calls())
	for _, body := range []string{`{}`, `{"kind":"drop"}`, `{"kind":"widen","column":"n","type":"TEXT"}`, `{"kind":"ignore","path":"user"}`} {
		problem(t, call(t, h, "POST", "/api/v1/tables/clicks/changes", body), 422, fault.Invalid)
	}
}

func TestAFilterTellsAnEmptyFieldFromNone(t *testing.T) {
	w := world()
	w.Mends = []ingest.Mend{{Kind: ingest.MendWiden, Column: "n", Path: []string{"n"}, Type: schema.Varchar, Format: schema.Scalar, Title: "t", Explanation: "e"}}
	h := w.Handler()
	for _, c := range []struct{ method, target, body, want string }{
		{"GET", "/api/v1/quarantine/clicks/mends?reason=empty&field=", "", `{"mends":[{"kind":"widen","column":"n","path":["n"],"type":"VARCHAR","format":"scalar","title":"t","explanation":"e"}]}`},
		{"DELETE", "/api/v1/quarantine/clicks?field=a.b&search=100%25", "", `{"deleted":3}`},
		{"DELETE", "/api/v1/quarantine/clicks", "", `{"deleted":3}`},
		{"POST", "/api/v1/quarantine/clicks/dry-run", `{"filter":{"reason":"empty","field":null}}`, `{"matched":3,"tried":2,"would_pass":2,"still_rejected":[]}`},
		{"POST", "/api/v1/quarantine/clicks/dry-run", `{"filter":{"field":""},"change":{"kind":"ignore","path":["a"]}}`, `{"matched":3,"tried":2,"would_pass":2,"still_rejected":[]}`},
		{"POST", "/api/v1/quarantine/clicks/replay", `{"filter":{"search":"x"}}`, `{"matched":3,"replayed":2,"rows":2,"rejected":1}`},
	} {
		answer := call(t, h, c.method, c.target, c.body)
		require.Equal(t, 200, answer.Code, answer.Body)
		require.JSONEq(t, c.want, answer.Body.String(), c.target)
	}
	require.Equal(t, []ingest.QuarantineFilter{
		{Table: "clicks", Reason: event.Empty, Field: new("")},
		{Table: "clicks", Field: new("a.b"), Search: "100%"},
		{Table: "clicks"},
		{Table: "clicks", Reason: event.Empty},
		{Table: "clicks", Field: new("")},
		{Table: "clicks", Search: "x"},
	}, w.Filters())
	require.Equal(t, []string{"ignore clicks [a] "}, w.Calls())
}

func TestAReplayGoesOnWhereTheOneBeforeStopped(t *testing.T) {
	w := world()
	h := w.Handler()
	var first struct{ Next string }
	answer := call(t, h, "POST", "/api/v1/quarantine/clicks/replay", `{"filter":{},"limit":3}`)
	unmarshal(t, answer, &first)
	require.NotEmpty(t, first.Next)
	answer = call(t, h, "POST", "/api/v1/quarantine/clicks/replay", `{"filter":{},"limit":2,"after":"`+first.Next+`"}`)
	require.NotContains(t, answer.Body.String(), "next")
	require.Equal(t, []string{"replay after {s 7 1}"}, w.Calls())
	problem(t, call(t, h, "POST", "/api/v1/quarantine/clicks/replay", `{"filter":{},"after":"zzz"}`), 400, fault.Invalid)
	for _, body := range []string{`{"filter":{},"limit":0}`, `{"reason":"empty","limit":1}`, `{"filter":{"reasons":"empty"}}`, `{"filter":{},"all":true}`} {
		problem(t, call(t, h, "POST", "/api/v1/quarantine/clicks/replay", body), 422, fault.Invalid)
	}
}

func TestGroupsAreCountedOverTheTimeThatIsAskedFor(t *testing.T) {
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	w := world()
	w.Groups = []ingest.QuarantineGroup{{Table: "clicks", Reason: event.Empty, Count: 1, First: at, Last: at, Example: "e", OverTime: []ingest.Tick{{At: at, Count: 1}}}}
	h := w.Handler()
	answer := call(t, h, "GET", "/api/v1/quarantine-groups?hours=1", "")
	require.JSONEq(t, `{"step_seconds":150,"groups":[{"table":"clicks","reason":"empty","field":"","count":1,
		"first_quarantined_at":"2026-07-01T12:00:00Z","last_quarantined_at":"2026-07-01T12:00:00Z","example":"e","over_time":[{"at":"2026-07-01T12:00:00Z","count":1}]}]}`, answer.Body.String())
	require.Equal(t, http.StatusOK, call(t, h, "GET", "/api/v1/quarantine-groups?table=clicks", "").Code)
	require.Equal(t, []string{`groups of "" by 2m30s`, `groups of "clicks" by 1h0m0s`}, w.Calls())
	problem(t, call(t, h, "GET", "/api/v1/quarantine-groups?hours=0", ""), 422, fault.Invalid)
	require.JSONEq(t, `{"groups":[],"step_seconds":3600}`, call(t, (&apitest.World{}).Handler(), "GET", "/api/v1/quarantine-groups", "").Body.String())
}

func TestAQuarantinedEventShowsTheOffendingPlace(t *testing.T) {
	w := world()
	for i, raw := range []string{`{"n":"x"}`, `{"n":`, `{}`} {
		r := &event.Record{ShardID: "s", Sequence: string(rune('1' + i))}
		w.Quarantined = append(w.Quarantined, ingest.Quarantined{Rejected: event.Rejected{
			Event: event.Event{Record: r, Data: []byte(raw)}, Reason: []event.Reason{event.TypeMismatch, event.MalformedJSON, event.Empty}[i], Field: []string{"n", "", ""}[i],
		}})
	}
	var page struct {
		Events []struct{ Offset, Length *int }
	}
	unmarshal(t, call(t, w.Handler(), "GET", "/api/v1/quarantine/clicks", ""), &page)
	require.Len(t, page.Events, 3)
	require.Equal(t, []*int{new(5), new(3)}, []*int{page.Events[0].Offset, page.Events[0].Length})
	require.Equal(t, []*int{new(5), nil}, []*int{page.Events[1].Offset, page.Events[1].Length})
	require.Nil(t, page.Events[2].Offset)
}
