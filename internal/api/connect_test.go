package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/api/apitest"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

func TestADenialIsToldWithItsActionAndThePolicyToPaste(t *testing.T) {
	w := world()
	w.Err = fault.New(fault.Credentials, "AWS does not allow it: %w", &ingest.DeniedError{
		Action: "kinesis:GetRecords", Policy: `{"Version":"2012-10-17"}`, Cause: fmt.Errorf("AccessDenied"),
	}).WithHint("add it")
	p := problem(t, call(t, w.Handler(), "GET", "/api/v1/streams?role_arn=arn:aws:iam::123456789012:role/r", ""), 502, fault.Credentials)
	require.Equal(t, "AWS does not allow it: AccessDenied", p["detail"])
	require.Equal(t, "kinesis:GetRecords", p["action"])
	require.JSONEq(t, `{"Version":"2012-10-17"}`, p["policy"].(string))
	require.Equal(t, "add it", p["hint"])
}

func TestAConnectionIsLookedAtBeforeItIsMade(t *testing.T) {
	w := world()
	w.Cloud = ingest.Cloud{Profiles: []string{}, Regions: []ingest.Region{{Name: "eu-central-1", Title: "Europe (Frankfurt)"}}, Credentials: ingest.CloudCredentials{Detail: "none"}}
	w.Rate = ingest.StreamRate{Records: 2.5, Bytes: 1000, Measured: 8, Open: 10, Window: 60}
	h := w.Handler()
	for target, want := range map[string]string{
		"/api/v1/aws": `{"profiles":[],"regions":[{"name":"eu-central-1","title":"Europe (Frankfurt)"}],"credentials":{"found":false,"detail":"none"}}`,
		"/api/v1/streams/orders/rate?region=eu-central-1&role_arn=arn:r": `{"records_per_second":2.5,"bytes_per_second":1000,"shards_measured":8,"open_shards":10,"window_seconds":60}`,
	} {
		answer := call(t, h, "GET", target, "")
		require.Equal(t, http.StatusOK, answer.Code, answer.Body)
		require.JSONEq(t, want, answer.Body.String())
	}
	require.Equal(t, []string{"rate of orders as arn:r"}, w.Calls())
}

func TestAPredictionForATableThatIsBeingEdited(t *testing.T) {
	h := world().Handler()
	answer := call(t, h, "POST", "/api/v1/schema/predict", `{
		"events":["{\"id\":1,\"user\":{\"ssn\":\"a\"}}","{\"id\":\"x\",\"user\":{\"ssn\":2}}","[1]"],
		"columns":[{"name":"number","type":"BIGINT","path":["id"]}],"ignore":[["user","ssn"]],"evolve":"fixed","max_depth":null}`)
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	require.JSONEq(t, `{"events":2,"quarantine_share":0.5,"fields":[
		{"path":["id"],"column":"number","type":"BIGINT","share":1,"seen":[{"type":"BIGINT","count":1},{"type":"VARCHAR","count":1}],"examples":["1","\"x\""],"quarantine_share":0.5},
		{"path":["user","ssn"],"column":"","type":"","share":1,"seen":[{"type":"BIGINT","count":1},{"type":"VARCHAR","count":1}],"examples":["\"a\"","2"],"quarantine_share":0}]}`,
		answer.Body.String())
	require.JSONEq(t, `{"events":0,"quarantine_share":0,"fields":[]}`, call(t, h, "POST", "/api/v1/schema/predict", `{"events":[],"columns":[]}`).Body.String())

	twice := `{"events":[],"columns":[{"name":"a","type":"BIGINT","path":["x"]},{"name":"A","type":"BIGINT","path":["y"]}]}`
	problem(t, call(t, h, "POST", "/api/v1/schema/predict", twice), 400, fault.Invalid)
	many, err := json.Marshal(strings.Split(strings.Repeat("{},", 10_000), ","))
	require.NoError(t, err)
	problem(t, call(t, h, "POST", "/api/v1/schema/predict", `{"columns":[],"events":`+string(many)+`}`), 422, fault.Invalid)

	large := `{"columns":[],"events":["{\"a\":\"` + strings.Repeat("x", 20<<20) + `\"}"]}`
	require.Equal(t, http.StatusOK, call(t, h, "POST", "/api/v1/schema/predict", large).Code, "a whole sample fits")
}

func TestHistories(t *testing.T) {
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	w := world()
	for i := range 10 {
		w.History = append(w.History, ingest.HistoryPoint{At: at.Add(time.Duration(i) * ingest.HistoryStep), EventsPerSec: float64(i), LagMS: new(int64(5))})
	}
	h := w.Handler()
	point := `{"at":"2026-07-01T12:01:30Z","events_per_second":9,"bytes_per_second":0,"quarantined":0,"lag_ms":5}`
	var one struct {
		Step   int               `json:"step_seconds"`
		Points []json.RawMessage `json:"points"`
	}
	answer := call(t, h, "GET", "/api/v1/sources/clicks/history?minutes=1", "")
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &one))
	require.Equal(t, 10, one.Step)
	require.Len(t, one.Points, 6)
	require.JSONEq(t, point, string(one.Points[5]))

	w.History = w.History[9:]
	require.JSONEq(t, `{"step_seconds":10,"sources":[{"name":"clicks","points":[`+point+`]}]}`, call(t, h, "GET", "/api/v1/source-history", "").Body.String())
	problem(t, call(t, h, "GET", "/api/v1/sources/nothing/history", ""), 404, fault.NotFound)
	problem(t, call(t, h, "GET", "/api/v1/sources/clicks/history?minutes=361", ""), 422, fault.Invalid)
	w = &apitest.World{}
	require.JSONEq(t, `{"step_seconds":10,"sources":[]}`, call(t, w.Handler(), "GET", "/api/v1/source-history", "").Body.String())
}

func TestASourceIsGivenAsYAML(t *testing.T) {
	w := world()
	w.Sources[0].Settings.Stream = "click-stream"
	answer := call(t, w.Handler(), "GET", "/api/v1/sources/clicks/yaml", "")
	require.Equal(t, "text/yaml", answer.Header().Get("Content-Type"))
	require.Equal(t, "sources:\n  - stream: click-stream\n", answer.Body.String())
	problem(t, call(t, w.Handler(), "GET", "/api/v1/sources/nothing/yaml", ""), 404, fault.NotFound)
}

func TestATableTellsTheEventTimeOfItsSource(t *testing.T) {
	w := world()
	w.Tables[0].Columns = []schema.Column{{Name: "at", Type: schema.Timestamp, Path: []string{"at"}}, {Name: "id", Type: schema.Varchar, Path: []string{"id"}}}
	for column, want := range map[string]any{"AT": "at", "id": nil, "gone": nil, "": nil} {
		w.Sources[0].Settings.EventTime = column
		var one map[string]any
		require.NoError(t, json.Unmarshal(call(t, w.Handler(), "GET", "/api/v1/tables/clicks", "").Body.Bytes(), &one))
		require.Equal(t, want, one["event_time"], column)
		var all map[string][]map[string]any
		require.NoError(t, json.Unmarshal(call(t, w.Handler(), "GET", "/api/v1/tables", "").Body.Bytes(), &all))
		require.Equal(t, want, all["tables"][0]["event_time"], column)
		w.Tables[0].EventTime = ""
	}
}

func TestASourceIsAddedAndChangedWithAllThatItCanHave(t *testing.T) {
	w := world()
	h := w.Handler()
	answer := call(t, h, "POST", "/api/v1/sources", `{"stream":"s","table":"t","role_arn":"arn:r","event_time":"at","ignore":[["a","b"]]}`)
	require.Equal(t, http.StatusCreated, answer.Code, answer.Body)
	added := w.Added()[0]
	require.Equal(t, "arn:r", added.Connection.RoleARN)
	require.Equal(t, "at", added.EventTime)
	require.Equal(t, [][]string{{"a", "b"}}, added.Ignore)

	answer = call(t, h, "PATCH", "/api/v1/sources/clicks", `{"read":"poll","event_time":"at"}`)
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	require.Contains(t, answer.Body.String(), `"read":"poll"`)
	require.Contains(t, answer.Body.String(), `"event_time":"at"`)
	answer = call(t, h, "PATCH", "/api/v1/sources/clicks", `{"read":null}`)
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	problem(t, call(t, h, "PATCH", "/api/v1/sources/clicks", `{"read":"push"}`), 422, fault.Invalid)
}
