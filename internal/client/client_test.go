package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/helios-sql/helios/internal/api/apitest"
	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// connect serves the world and gives a client of it.
func connect(t *testing.T, h http.Handler) *client.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, client.Options{})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// same asserts that what the client gives is, on the wire, what the server was told.
func same(t *testing.T, told, got any) {
	t.Helper()
	want, err := json.Marshal(told)
	require.NoError(t, err)
	have, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(have))
}

func TestTheClientGivesAllThatTheServerTells(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	stream := ingest.StreamDetail{
		StreamSummary: ingest.StreamSummary{Name: "clicks", ARN: "arn", Status: "ACTIVE", Mode: "ON_DEMAND", CreatedAt: at}, RetentionHours: 24, OpenShards: 1,
		Shards: []ingest.StreamShard{{ShardID: "s-0", Parents: []string{"s-1"}, FirstHash: "0", LastHash: "340282366920938463463374607431768211455", Open: true}},
	}
	table := schema.Table{
		Name: "clicks", Evolve: schema.EvolveAdd, MaxDepth: 3, MaxColumns: 500, Version: 2,
		Columns: []schema.Column{{Name: "at", Type: schema.Timestamp, Path: []string{"at"}, Format: schema.EpochMilli}},
	}
	record := &event.Record{ShardID: "s-0", Sequence: "49590338271490256608559692538361571095921575989136588898", ArrivedAt: at}
	rejected := event.Rejected{Event: event.Event{Record: record, Index: 3, PartitionKey: "p", Data: []byte("{\xff")}, Reason: event.MalformedJSON, Field: "a.b", Message: "broken"}
	w := &apitest.World{
		Streams: []ingest.StreamDetail{stream},
		Sample: ingest.Sample{
			Stream: stream, Events: []ingest.SampleEvent{{ShardID: "s-0", Sequence: "1", Index: 2, PartitionKey: "p", ArrivedAt: at, Event: "{}", Reason: "empty", Message: "m"}},
			Inference: schema.Inference{Table: table, Events: 9, QuarantineShare: .25, Fields: []schema.Field{{
				Path: []string{"a"}, Column: "a", Type: schema.BigInt, Share: .5, Seen: []schema.SeenType{{Type: schema.BigInt, Count: 4}}, Examples: []string{"1"}, QuarantineShare: .1,
			}}},
		},
		Sources: []ingest.SourceStatus{{
			Settings: ingest.Settings{
				Name: "clicks", Stream: "clicks", Connection: ingest.Connection{Region: "r", Endpoint: "e", Profile: "p", RoleARN: "a"}, Table: "clicks", From: event.Start{Kind: event.FromTimestamp, At: at},
				Evolve: "fixed", Aggregates: "keep", Read: "poll", MaxDepth: 1, MaxColumns: 9, Columns: table.Columns, Ignore: [][]string{{"a", "b"}}, Paused: true, CreatedAt: at,
				EventTime: "at", Retain: ingest.Retain{Age: time.Hour}, RetainQuarantine: ingest.Retain{Forever: true},
			},
			State: ingest.SourceFailing, Error: "why", Advice: ingest.Advice{Hint: "h", Action: "a", Policy: "{}"}, Shards: []ingest.ShardView{{ShardID: "s-0", Condition: "failing", Sequence: "7", Taken: -1, LagMS: new(int64(5)), EventsPerSec: 1.5, LastArrivedAt: &at, Error: "x", Read: "poll", Fallback: "f", Limits: &ingest.Limits{Calls: .5, Bytes: .25}}},
			Notices:  []ingest.Notice{{Kind: ingest.NoticeGap, At: at, ShardID: "s-0", Message: "gap"}},
			Counters: ingest.Counters{Records: 1, Bytes: 2, Rows: 3, Quarantined: 4, DuplicateKeys: 5, Control: 6, LeftToResend: 7, SchemaChanges: 8}, EventsPerSec: 1, BytesPerSec: 2, LagMS: new(int64(3)), NewestArrived: &at,
		}},
		Tables:      []ingest.TableInfo{{Table: table, Rows: 1 << 60, Quarantined: 4, EventTime: "at"}},
		Changes:     []schema.Change{{Kind: schema.Widened, Version: 2, Column: table.Columns[0], From: schema.Date, At: at, Reason: "r", ShardID: "s-0", Sequence: "9", Index: 1}},
		Reasons:     []ingest.ReasonCount{{Table: "clicks", Reason: event.Empty, Count: 3, First: at, Last: at, Example: "e"}},
		Quarantined: []ingest.Quarantined{{Rejected: rejected, Stream: "clicks", QuarantinedAt: at}},
	}
	c, ctx := connect(t, w.Handler()), t.Context()

	require.NoError(t, c.Ready(ctx))
	streams, err := c.Streams(ctx, client.Connection{Region: "r", Endpoint: "http://e", Profile: "p"})
	require.NoError(t, err)
	same(t, []ingest.StreamSummary{stream.StreamSummary}, streams)
	require.Equal(t, []string{"streams of r http://e p"}, w.Calls())
	described, err := c.Stream(ctx, client.Connection{}, "clicks")
	require.NoError(t, err)
	same(t, stream, described)
	sample, err := c.SampleStream(ctx, client.Connection{}, "clicks", client.SampleOptions{Limit: 77, MaxDepth: 2, MaxColumns: 9})
	require.NoError(t, err)
	require.Equal(t, 77, sample.Records)
	w.Sample.Records, w.Sample.Inference.Table.MaxDepth, w.Sample.Inference.Table.MaxColumns = 77, 2, 9
	same(t, w.Sample, sample)

	sources, err := c.Sources(ctx)
	require.NoError(t, err)
	same(t, w.Sources, sources)
	source, err := c.Source(ctx, "clicks")
	require.NoError(t, err)
	same(t, w.Sources[0], source)

	tables, err := c.Tables(ctx)
	require.NoError(t, err)
	same(t, w.Tables, tables)
	shown, err := c.Table(ctx, "clicks")
	require.NoError(t, err)
	same(t, w.Tables[0], shown)
	changes, err := c.History(ctx, "clicks")
	require.NoError(t, err)
	same(t, w.Changes, changes)

	reasons, err := c.QuarantineReasons(ctx, "clicks")
	require.NoError(t, err)
	same(t, w.Reasons, reasons)
	page, err := c.Quarantined(ctx, "clicks", "malformed_json", 5, "")
	require.NoError(t, err)
	require.Equal(t, client.QuarantinePage{Events: []client.Quarantined{{
		QuarantineKey: client.QuarantineKey{ShardID: "s-0", Sequence: record.Sequence, Index: 3}, Stream: "clicks", PartitionKey: "p",
		ArrivedAt: at, QuarantinedAt: at, Reason: "malformed_json", Field: "a.b", Message: "broken", Raw: []byte("{\xff"),
	}}}, page)
}

func TestTheClientTellsOfBackups(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	made := backup.Backup{ID: "20260102T030405Z-0123456789abcdef", At: at, To: "/srv/b", Tables: 2, Rows: 1 << 60, Bytes: 9, Uploaded: 4, DurationMS: 7, Version: "v1"}
	w := &apitest.World{
		Backups: backup.Status{
			Schedule: &backup.Schedule{To: "/srv/b", Every: "1h0m0s", Keep: 48, NextAt: at}, Last: &made, Failed: &backup.Failed{At: at, To: "/srv/b", Message: "why"},
		},
		Made: []backup.Backup{made, {ID: "broken", To: "/srv/b", Damaged: "it is empty"}},
	}
	c, ctx := connect(t, w.Handler()), t.Context()
	list, err := c.Backups(ctx, "s3://bucket/x y")
	require.NoError(t, err)
	same(t, w.Made, list)
	started, err := c.StartBackup(ctx, "/srv/b")
	require.NoError(t, err)
	require.NotNil(t, started.Running)
	same(t, w.Backups, started)
	status, err := c.BackupStatus(ctx)
	require.NoError(t, err)
	require.Equal(t, started, status)
	_, err = c.StartBackup(ctx, "")
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.Equal(t, []string{"backups at s3://bucket/x y", "backup to /srv/b", "backup to "}, w.Calls())
}

func TestTheClientAsksForWhatItIsTold(t *testing.T) {
	w := &apitest.World{Sources: []ingest.SourceStatus{{Settings: ingest.Settings{Name: "a b/ü"}}}}
	c, ctx := connect(t, w.Handler()), t.Context()

	for _, act := range []func(context.Context, string) (client.Source, error){c.PauseSource, c.ResumeSource} {
		_, err := act(ctx, "a b/ü")
		require.NoError(t, err)
	}
	changed, err := c.ChangeSource(ctx, "a b/ü", client.SourceChanges{Retain: new("200GB,30d")})
	require.NoError(t, err)
	require.Equal(t, "30d, 200GB", changed.Settings.Retain)
	require.Empty(t, changed.Settings.RetainQuarantine)
	require.NoError(t, c.RemoveSource(ctx, "a b/ü", false))
	require.NoError(t, c.RemoveSource(ctx, "a b/ü", true))
	require.Equal(t, []string{"pause a b/ü", "resume a b/ü", "remove a b/ü", "drop a b/ü"}, w.Calls())

	_, err = c.AddSource(ctx, client.NewSource{
		Stream: "s", Table: "t", Name: "n", Connection: client.Connection{Region: "r", Endpoint: "e", Profile: "p"}, From: "latest",
		Evolve: "fixed", Aggregates: "drop", Read: "fan_out", MaxDepth: 2, MaxColumns: 20, Columns: []client.Column{{Name: "x", Type: "DATE", Path: []string{"y"}}},
	})
	require.NoError(t, err)
	require.Equal(t, []ingest.Settings{{
		Name: "n", Stream: "s", Table: "t", Connection: ingest.Connection{Region: "r", Endpoint: "e", Profile: "p"}, From: event.Start{Kind: event.FromLatest},
		Evolve: "fixed", Aggregates: "drop", Read: "fan_out", MaxDepth: 2, MaxColumns: 20, Columns: []schema.Column{{Name: "x", Type: schema.Date, Path: []string{"y"}}},
	}}, w.Added())

	for _, which := range []client.ReplayRequest{{All: true}, {Reason: "empty"}, {Key: &client.QuarantineKey{ShardID: "s", Sequence: "9", Index: 2}}} {
		result, err := c.Replay(ctx, "t", which)
		require.NoError(t, err)
		require.Equal(t, client.ReplayResult{Matched: 3, Replayed: 2, Rows: 2, Rejected: 1}, result)
	}
	require.Equal(t, []ingest.QuarantineFilter{
		{Table: "t"}, {Table: "t", Reason: "empty"}, {Table: "t", Key: &ingest.QuarantineKey{ShardID: "s", Sequence: "9", Index: 2}},
	}, w.Filters())
}

func TestNumbersOfAResultAreNotRounded(t *testing.T) {
	c := connect(t, (&apitest.World{}).Handler())
	result, err := c.Query(t.Context(), client.QueryRequest{SQL: "rows 3", MaxRows: 2, Timeout: time.Minute})
	require.NoError(t, err)
	require.Equal(t, []client.QueryColumn{{Name: "id", Type: "BIGINT"}, {Name: "name", Type: "VARCHAR"}}, result.Columns)
	require.Equal(t, [][]any{{json.Number("9007199254740991"), "name 0"}, {"9007199254740992", "name 1"}}, result.Rows)
	require.EqualValues(t, 2, result.RowCount)
	require.True(t, result.Truncated)
	require.Equal(t, "clicks", result.Freshness[0].Source)
	require.NotEmpty(t, result.QueryID)
}

func TestAnExportIsWholeOrAnError(t *testing.T) {
	c, ctx := connect(t, (&apitest.World{}).Handler()), t.Context()
	var out bytes.Buffer
	result, err := c.Export(ctx, client.QueryRequest{SQL: "rows 12000"}, client.CSV, &out)
	require.NoError(t, err)
	require.EqualValues(t, 12000, result.Rows)
	require.EqualValues(t, out.Len(), result.Bytes)
	require.False(t, result.Truncated)

	result, err = c.Export(ctx, client.QueryRequest{SQL: "rows 12000", MaxRows: 10}, client.NDJSON, &bytes.Buffer{})
	require.NoError(t, err)
	require.True(t, result.Truncated)

	_, err = c.Export(ctx, client.QueryRequest{SQL: "rows 9000 then FAIL"}, client.CSV, &bytes.Buffer{})
	require.Equal(t, fault.Network, fault.CodeOf(err))
	require.ErrorContains(t, err, "broke off")

	full := errors.New("disk full")
	_, err = c.Export(ctx, client.QueryRequest{SQL: "rows 1"}, client.CSV, failing{full})
	require.ErrorIs(t, err, full)
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestQueriesAreListedAndCancelled(t *testing.T) {
	c, ctx := connect(t, (&apitest.World{}).Handler()), t.Context()
	ended := make(chan error, 1)
	go func() {
		_, err := c.Query(ctx, client.QueryRequest{SQL: "forever"})
		ended <- err
	}()
	var running []client.RunningQuery
	require.Eventually(t, func() bool {
		var err error
		running, err = c.Queries(ctx)
		return err == nil && len(running) == 1
	}, 10*time.Second, time.Millisecond)
	require.Equal(t, "forever", running[0].SQL)
	require.NoError(t, c.Cancel(ctx, running[0].ID))
	require.Equal(t, fault.Cancelled, fault.CodeOf(<-ended))
	require.Equal(t, fault.NotFound, fault.CodeOf(c.Cancel(ctx, running[0].ID)))
}

func TestATailGivesEventsUntilItsReaderHasEnough(t *testing.T) {
	w := &apitest.World{Sources: []ingest.SourceStatus{{Settings: ingest.Settings{Name: "clicks"}}}}
	c := connect(t, w.Handler())
	go func() {
		w.Emit(t, ingest.TailItem{Event: &ingest.SampleEvent{Event: `{"n":2}`}})
		w.Emit(t, ingest.TailItem{Event: &ingest.SampleEvent{Event: `{"n":1}`, ShardID: "s-0"}})
		w.Emit(t, ingest.TailItem{Skipped: &ingest.TailSkipped{Count: 7, Reason: ingest.SkipSlow}})
	}()
	enough := errors.New("enough")
	var got []client.TailItem
	err := c.Tail(t.Context(), "clicks", []string{"n=1"}, func(item client.TailItem) error {
		if got = append(got, item); len(got) == 2 {
			return enough
		}
		return nil
	})
	require.ErrorIs(t, err, enough)
	require.Equal(t, `{"n":1}`, got[0].Event.Event)
	require.Equal(t, client.TailItem{Skipped: 7}, got[1])

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = c.Tail(ctx, "clicks", nil, nil)
	require.Equal(t, fault.Cancelled, fault.CodeOf(err))
	require.Equal(t, fault.NotFound, fault.CodeOf(c.Tail(t.Context(), "other", nil, nil)))
}

func TestErrorsKeepTheirCodeHintAndPlace(t *testing.T) {
	c, ctx := connect(t, (&apitest.World{}).Handler()), t.Context()
	_, err := c.Query(ctx, client.QueryRequest{SQL: "SELECT\n x"})
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	require.Equal(t, "mend it", fault.HintOf(err))
	var at *client.SQLError
	require.ErrorAs(t, err, &at)
	require.Equal(t, &client.SQLError{Message: "syntax error", Position: 7, Line: 2, Column: 1}, at)

	_, err = c.Source(ctx, "nothing")
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
	require.EqualError(t, err, `there is no source "nothing"`)

	_, err = c.AddSource(ctx, client.NewSource{Stream: "s", Table: "t", Evolve: "maybe"})
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	require.ErrorContains(t, err, "body.evolve: ")
}

func TestAServerThatIsNotThereOrNotHelios(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	gone, err := client.New("http://"+l.Addr().String(), client.Options{})
	require.NoError(t, err)
	err = gone.Ready(t.Context())
	require.Equal(t, fault.Network, fault.CodeOf(err))
	require.Equal(t, "start one with `helios serve` or `helios demo`, or name the address of one that runs", fault.HintOf(err))

	killed := connect(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	err = killed.Ready(t.Context())
	require.Equal(t, fault.Network, fault.CodeOf(err))
	require.ErrorContains(t, err, "ended the connection without an answer")
	require.Contains(t, fault.HintOf(err), "ask again in a moment")

	other := connect(t, http.NotFoundHandler())
	require.ErrorContains(t, other.Ready(t.Context()), "404 Not Found, but not as Helios does")
	page := connect(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	_, err = page.Tables(t.Context())
	require.ErrorContains(t, err, "does not speak as this version of Helios does")

	for _, address := range []string{"", "127.0.0.1:8080", "ftp://x", "http://", "http://[::1"} {
		_, err := client.New(address, client.Options{})
		require.Equal(t, fault.Invalid, fault.CodeOf(err), address)
	}
}

// silent is a server that takes a request and never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestASilentServerIsNotWaitedForForEverButAQueryMayTakeItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := client.New("http://127.0.0.1:8080", client.Options{Transport: silent{}})
		require.NoError(t, err)
		_, err = c.Sources(t.Context())
		require.Equal(t, fault.Timeout, fault.CodeOf(err))
		require.ErrorContains(t, err, "has not answered within 1m0s")
		_, err = c.SampleStream(t.Context(), client.Connection{}, "s", client.SampleOptions{})
		require.ErrorContains(t, err, "within 5m0s")

		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		_, err = c.Query(ctx, client.QueryRequest{SQL: "SELECT 1"})
		require.ErrorContains(t, err, "no answer in time", "the context's own end")
	})
}

func TestARefusedRequestSaysWhichPart(t *testing.T) {
	c := connect(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = w.Write([]byte(`{"code":"invalid","detail":"validation failed","errors":[{"location":"query.limit","message":"expected number <= 10000"}]}`))
	}))
	_, err := c.SampleStream(t.Context(), client.Connection{}, "s", client.SampleOptions{Limit: 20_000})
	require.EqualError(t, err, "validation failed: query.limit: expected number <= 10000")
	refused, ok := errors.AsType[*client.RequestError](err)
	require.True(t, ok)
	require.Equal(t, []client.RequestPart{{Location: "query.limit", Message: "expected number <= 10000"}}, refused.Parts)
}
