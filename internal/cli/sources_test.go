package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const source = `{"settings":{"name":"clicks","stream":"click-stream","connection":{"region":"eu-central-1"},"table":"clicks",
	"from":{"kind":"timestamp","at":"2026-03-01T12:00:00Z"},"evolve":"add","aggregates":"auto","read":"auto","max_depth":3,"max_columns":500,"paused":false,
	"created_at":"2026-03-01T12:00:00Z","event_time":"clicked_at"},"state":"failing","error":"throttled by AWS","hint":"Add it to the policy.","action":"kinesis:GetRecords","policy":"{\n  \"Statement\": []\n}","shards":[
	{"shard_id":"shardId-000000000000","condition":"reading","sequence_number":"49640000000000000000000000000000000000000000000000000001","taken":-1,
	 "lag_ms":120,"events_per_second":12.4,"last_arrived_at":"2026-03-01T12:30:00.123Z","read":"poll","limits":{"calls":0.724,"bytes":0.031},
	 "fallback":"AWS does not allow kinesis:RegisterStreamConsumer"},
	{"shard_id":"shardId-000000000001","condition":"failing","sequence_number":"49640000000000000000000000000000000000000000000000000002","taken":3,
	 "lag_ms":7200000,"events_per_second":0.4,"last_arrived_at":null,"error":"throttled by AWS"},
	{"shard_id":"shardId-000000000002","condition":"waiting","sequence_number":"","taken":0,"lag_ms":0,"events_per_second":0,"last_arrived_at":null}],
	"notices":[{"kind":"gap","at":"2026-03-01T12:10:00Z","message":"records were trimmed before they could be read"}],
	"counters":{"records":1200000,"bytes":468000000,"rows":1199000,"quarantined":1,"duplicate_keys":0,"control_messages":0,"left_to_resend":0,"schema_changes":2},
	"events_per_second":1012.7,"bytes_per_second":395000,"lag_ms":7200000,"newest_arrived_at":"2026-03-01T12:30:00.123Z","retention":{
	"table":{"retain":"30d, 200GB","rows":81234567,"bytes":9123456789,"oldest_at":"2026-01-30T12:30:00.123Z","dropped":1234567},
	"quarantine":{"retain":"forever","rows":0,"bytes":0,"oldest_at":null,"dropped":0},
	"disk":{"used_bytes":9200000000,"free_bytes":81000000000,"bytes_per_day":1500000000,"observed_s":21600,"full_at":"2026-04-24T12:30:00Z"},
	"measured_at":"2026-03-01T12:30:00Z"}}`

const sample = `{"stream":{"name":"click-stream","arn":"arn:aws:kinesis:eu-central-1:000000000000:stream/click-stream","status":"ACTIVE","mode":"PROVISIONED",
	"created_at":"2026-01-01T00:00:00Z","retention_hours":24,"open_shards":2,"shards":[]},"records":998,"events":[
	{"shard_id":"shardId-000000000000","sequence_number":"1","record_index":0,"partition_key":"k","arrived_at":"2026-03-01T12:00:00Z","event":"{\"id\":1,\"user\":{\"name\":\"Zo\u00eb\"}}"},
	{"shard_id":"shardId-000000000001","sequence_number":"2","record_index":0,"partition_key":"k","arrived_at":"2026-03-01T12:00:01Z","event":"{\"id\":\u001b","reason":"malformed_json","message":"the document ends early"}],
	"inference":{"table":{"name":"","columns":[],"evolve":"add","max_depth":3,"max_columns":500,"version":1},"fields":[
	{"path":["id"],"column":"id","type":"BIGINT","share":1,"seen":[{"type":"BIGINT","count":998},{"type":"VARCHAR","count":2}],"examples":["1","2"],"quarantine_share":0.002},
	{"path":["user","name"],"column":"user_name","type":"VARCHAR","share":0.333,"seen":[{"type":"VARCHAR","count":333}],"examples":["\"Zoë\""],"quarantine_share":0}],
	"events":1000,"quarantine_share":0.004}}`

const quarantinePage = `{"events":[
	{"shard_id":"shardId-000000000000","sequence_number":"496","record_index":2,"stream":"click-stream","partition_key":"k","arrived_at":"2026-03-01T12:00:00Z",
	 "quarantined_at":"2026-03-01T12:00:01Z","reason":"type_mismatch","field":"product.price","message":"\"free\" is no DOUBLE","raw_base64":"eyJwcmljZSI6ImZyZWUifQ=="},
	{"shard_id":"shardId-000000000001","sequence_number":"497","record_index":0,"stream":"click-stream","partition_key":"k","arrived_at":"2026-03-01T12:00:00Z",
	 "quarantined_at":"2026-03-01T12:00:01Z","reason":"malformed_json","message":"not UTF-8","raw_base64":"eyJh/wo="}],"next":"cursor"}`

func everything() map[string]answer {
	return map[string]answer{
		"GET /api/v1/streams":                     {body: `{"streams":[{"name":"click-stream","arn":"arn:aws:kinesis:eu-central-1:0:stream/click-stream","status":"ACTIVE","mode":"ON_DEMAND","created_at":"2026-01-01T00:00:00Z"}]}`},
		"GET /api/v1/streams/click-stream/sample": {body: sample},
		"GET /api/v1/sources":                     {body: `{"sources":[` + source + `]}`},
		"POST /api/v1/sources":                    {body: source},
		"GET /api/v1/sources/clicks":              {body: source},
		"DELETE /api/v1/sources/clicks":           {status: 204},
		"PATCH /api/v1/sources/clicks":            {body: source},
		"POST /api/v1/sources/clicks/pause":       {body: source},
		"POST /api/v1/sources/clicks/resume":      {body: source},
		"GET /api/v1/tables":                      {body: `{"tables":[{"name":"orders","columns":[{"name":"id"}],"rows":1234567,"quarantined":3}]}`},
		"GET /api/v1/tables/orders":               {body: `{"name":"orders","columns":[{"name":"_shard_id","type":"VARCHAR"},{"name":"user_name","type":"VARCHAR","path":["user","name"]},{"name":"at","type":"TIMESTAMP","path":["at"],"format":"epoch_ms"}],"evolve":"fixed","max_depth":3,"max_columns":500,"version":2,"rows":1234567,"quarantined":3}`},
		"GET /api/v1/tables/orders/history":       {body: `{"changes":[{"kind":"create","version":1,"column":{"name":"","type":""},"at":"2026-03-01T12:00:00Z","reason":"","record_index":0},{"kind":"widen","version":2,"column":{"name":"at","type":"TIMESTAMP"},"from":"DATE","at":"2026-03-01T12:00:01Z","reason":"a time","record_index":0}]}`},
		"GET /api/v1/queries":                     {body: `{"queries":[{"id":"q1","sql":"SELECT\n  1","started_at":"2026-03-01T12:00:00Z","elapsed_ms":61000,"rows":12,"waiting":false}]}`},
		"DELETE /api/v1/queries/q1":               {status: 204},
		"GET /api/v1/quarantine":                  {body: `{"reasons":[{"table":"clicks","reason":"type_mismatch","count":12345,"first_quarantined_at":"2026-03-01T12:00:00Z","last_quarantined_at":"2026-03-01T13:00:00Z","example":"\"free\" is no DOUBLE"}]}`},
		"GET /api/v1/quarantine/clicks":           {body: quarantinePage},
		"POST /api/v1/quarantine/clicks/replay":   {body: `{"matched":12,"replayed":10,"rows":10,"rejected":2}`},
		"POST /api/v1/quarantine/clicks/dry-run":  {body: `{"matched":1310000,"tried":20000,"would_pass":19998,"still_rejected":[{"reason":"type_mismatch","field":"product.price","count":2}]}`},
		"DELETE /api/v1/quarantine/clicks":        {body: `{"deleted":1204}`},
	}
}

func TestCommandsPrintDataForPeopleAndJSONForPrograms(t *testing.T) {
	serve(t, everything())
	for name, line := range map[string]string{
		"streams_list": "streams list", "streams_sample": "streams sample click-stream", "sources_list": "sources list", "sources_show": "sources show clicks",
		"sources_add": "sources add click-stream --table clicks --yes", "sources_pause": "sources pause clicks", "sources_resume": "sources resume clicks",
		"sources_set": "sources set clicks --retain 30d --yes", "sources_remove": "sources remove clicks --yes", "quarantine_list": "quarantine list", "quarantine_show": "quarantine show clicks --limit 2",
		"quarantine_replay": "quarantine replay clicks --all --yes", "quarantine_dry_run": "quarantine replay clicks --field product.price --dry-run",
		"quarantine_delete": "quarantine delete clicks --reason empty --yes", "tables_list": "tables list", "tables_show": "tables show orders",
		"queries_list": "queries list", "queries_cancel": "queries cancel q1",
	} {
		t.Run(name, func(t *testing.T) {
			got := helios(t, "", strings.Fields(line)...)
			require.Zero(t, got.code, got.talk)
			programs := helios(t, "", strings.Fields(line+" --json")...)
			require.Zero(t, programs.code, programs.talk)
			require.Empty(t, programs.talk)
			require.True(t, json.Valid([]byte(programs.out)), programs.out)
			golden(t, name, "$ helios "+line+"\n"+got.out+"--- standard error\n"+got.talk+"--- with --json\n"+programs.out)
		})
	}
}

func TestEmptyListsSayWhatToDoNextAndAreListsInJSON(t *testing.T) {
	serve(t, map[string]answer{
		"GET /api/v1/streams":    {body: `{"streams":null}`},
		"GET /api/v1/sources":    {body: `{"sources":[]}`},
		"GET /api/v1/quarantine": {body: `{}`},
	})
	for line, want := range map[string]string{
		"streams list": "--endpoint-url", "sources list": "helios sources add STREAM", "quarantine list": "every event became a row",
	} {
		got := helios(t, "", strings.Fields(line)...)
		require.Zero(t, got.code)
		require.Empty(t, got.out)
		require.Contains(t, got.talk, want)
		require.Contains(t, helios(t, "", strings.Fields(line+" --json")...).out, "[]")
	}
}

func TestAddingASourceSendsWhatWasSaid(t *testing.T) {
	server := serve(t, everything())
	got := helios(t, "", strings.Fields("sources add s --table t --name n --from 2026-03-01T00:00:00Z --region r --endpoint-url http://127.0.0.1:1 --profile p"+
		" --role-arn arn:aws:iam::123456789012:role/reader --event-time at --evolve fixed --aggregates keep --read fan_out --max-depth 2 --max-columns 9 --yes")...)
	require.Zero(t, got.code, got.talk)
	require.Len(t, server.saw(), 2)
	require.JSONEq(t, `{"stream":"s","table":"t","name":"n","from":"2026-03-01T00:00:00Z","region":"r","endpoint":"http://127.0.0.1:1","profile":"p",
		"role_arn":"arn:aws:iam::123456789012:role/reader","event_time":"at",
		"evolve":"fixed","aggregates":"keep","read":"fan_out","max_depth":2,"max_columns":9}`, server.saw()[1].body)
}

func TestChangingHowASourceIsReadSendsWhatWasSaid(t *testing.T) {
	server := serve(t, everything())
	require.Zero(t, helios(t, "", "sources", "set", "clicks", "--read", "poll", "--event-time", "").code)
	require.JSONEq(t, `{"read":"poll","event_time":""}`, server.saw()[0].body)
	require.Equal(t, 2, helios(t, "", "sources", "set", "clicks", "--read", "push").code)
}

func TestChangingWhatIsKeptSendsWhatWasSaidAndAsksBeforeAnythingIsDeleted(t *testing.T) {
	server := serve(t, everything())
	got := heliosOnTerminal(t, "y\n", "sources", "set", "clicks", "--retain", "30d, 200GB", "--retain-quarantine", "7d")
	require.Zero(t, got.code, got.talk)
	require.Contains(t, got.talk, "Of the source clicks, delete for good, now and from now on: rows older than 30d or beyond the newest 200GB; quarantined events older than 7d? [y/N]")
	require.Zero(t, helios(t, "", "sources", "set", "clicks", "--retain", "forever").code, "nothing is deleted")
	require.JSONEq(t, `{"retain":"30d, 200GB","retain_quarantine":"7d"}`, server.saw()[0].body)
	require.JSONEq(t, `{"retain":"forever"}`, server.saw()[1].body)
	require.Equal(t, 1, heliosOnTerminal(t, "n\n", "sources", "set", "clicks", "--retain", "30d").code)
	require.Equal(t, 2, helios(t, "", "sources", "set", "clicks", "--retain", "30d").code, "nobody is there to be asked")
	require.Equal(t, 2, helios(t, "", "sources", "set", "clicks").code)
	require.Len(t, server.saw(), 2)
}

func TestRemovingASourceThatReadsByFanOutSaysThatItsConsumerIsGone(t *testing.T) {
	answers := everything()
	answers["GET /api/v1/sources/clicks"] = answer{body: `{"settings":{"name":"clicks","stream":"click-stream","table":"clicks","read":"fan_out"}}`}
	serve(t, answers)
	got := helios(t, "", "sources", "remove", "clicks", "--yes")
	require.Zero(t, got.code, got.talk)
	require.Contains(t, got.talk, "Its consumer for fan-out is removed from the stream click-stream.")
}

func TestTheDiskIsToldAsFarAsItIsKnown(t *testing.T) {
	answers := everything()
	for disk, want := range map[string]string{
		`"bytes_per_day":null,"observed_s":60,"full_at":null`:                            "81 GB free; an hour of history is needed to tell when it will be full",
		`"bytes_per_day":-5,"observed_s":7200,"full_at":null`:                            "81 GB free; the data does not grow (from the last 2 hours)",
		`"bytes_per_day":5000,"observed_s":86400,"full_at":null`:                         "81 GB free; the data grows by 5.0 kB a day, for more than ten years (from the last 24 hours)",
		`"bytes_per_day":1073741824,"observed_s":86400,"full_at":"2026-05-15T00:00:00Z"`: "full on 2026-05-15 (from the last 24 hours)",
	} {
		answers["GET /api/v1/sources/clicks"] = answer{body: `{"settings":{"name":"clicks"},"retention":{"table":{"retain":"forever"},"quarantine":{"retain":"30d"},
			"measured_at":"2026-03-01T12:30:00Z","error":"no room","disk":{"used_bytes":1,"free_bytes":81000000000,` + disk + `}}}`}
		serve(t, answers)
		got := helios(t, "", "sources", "show", "clicks")
		require.Contains(t, got.out, want)
		require.Contains(t, got.out, "no room")
	}
}

func TestWhatIsKeptIsNotToldBeforeItIsMeasured(t *testing.T) {
	serve(t, map[string]answer{"GET /api/v1/sources/clicks": {body: `{"settings":{"name":"clicks"},"retention":{"table":{"retain":"forever"},"quarantine":{"retain":"30d"},"measured_at":null}}`}})
	got := helios(t, "", "sources", "show", "clicks")
	require.Contains(t, got.out, "forever; not measured yet\n")
	require.Contains(t, got.out, "30d; not measured yet\n")
}

func TestAddingToAKeptTableSaysThatItGoesOn(t *testing.T) {
	answers := everything()
	answers["GET /api/v1/tables/clicks"] = answer{body: `{"name":"clicks"}`}
	serve(t, answers)
	got := heliosOnTerminal(t, "y\n", "sources", "add", "click-stream", "--table", "Clicks")
	require.Zero(t, got.code, got.talk)
	require.Contains(t, got.talk, "to the table Clicks, which is there already, and go on where it stopped?")
	require.Contains(t, got.talk, "it goes on where it stopped; --from is not used.")
	require.Contains(t, got.talk, "Clicks is clicks.")
}

func TestFromTakesADateAndHowLongAgo(t *testing.T) {
	server := serve(t, everything())
	require.Zero(t, helios(t, "", "sources", "add", "s", "--table", "t", "--yes", "--from", "2026-03-01").code)
	require.Contains(t, server.saw()[1].body, `"from":"2026-03-01T00:00:00Z"`)
	before := time.Now()
	require.Zero(t, helios(t, "", "sources", "add", "s", "--table", "t", "--yes", "--from", "2h").code)
	var sent struct {
		From time.Time `json:"from"`
	}
	require.NoError(t, json.Unmarshal([]byte(server.saw()[3].body), &sent))
	require.WithinRange(t, sent.From, before.Add(-2*time.Hour-time.Second), time.Now().Add(-2*time.Hour))
}

func TestAReplayThatNamesAnEventThatIsNotThereFailsAndOneInVainSaysWhy(t *testing.T) {
	answers := everything()
	answers["POST /api/v1/quarantine/clicks/replay"] = answer{body: `{"matched":0,"replayed":0,"rows":0,"rejected":0}`}
	serve(t, answers)
	got := helios(t, "", "quarantine", "replay", "clicks", "--key", "shardId-0:1:0", "--yes")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.talk, "there is no such event in the quarantine of clicks")
	answers["POST /api/v1/quarantine/clicks/replay"] = answer{body: `{"matched":1,"replayed":0,"rows":0,"rejected":1}`}
	serve(t, answers)
	got = helios(t, "", "quarantine", "replay", "clicks", "--all", "--yes")
	require.Zero(t, got.code)
	require.Contains(t, got.talk, "1 stays in it")
	require.Contains(t, got.talk, `type_mismatch, 12,345 events; the newest says: "free" is no DOUBLE`)
}

func TestATableOnATerminalLeavesOutWhatSaysNothing(t *testing.T) {
	serve(t, everything())
	got := heliosOnTerminal(t, "", "sources", "list")
	require.NotContains(t, got.out, "TABLE", "the source has its name")
	require.Contains(t, got.talk, "clicks: throttled by AWS\n")
	got = heliosOnTerminal(t, "", "sources", "show", "clicks")
	require.Contains(t, got.out, " 4964…00002+3 ")
	require.Contains(t, got.out, "shardId-000000000001: throttled by AWS\n")
	require.NotContains(t, heliosOnTerminal(t, "", "streams", "list").out, "arn:aws")
}

func TestAnUnknownLagIsNoLag(t *testing.T) {
	serve(t, map[string]answer{"GET /api/v1/sources": {body: `{"sources":[{"settings":{"name":"s"},"state":"failing","lag_ms":null}]}`}})
	require.Regexp(t, `failing +0 +– `, helios(t, "", "sources", "list").out)
}

func TestAddingASourceOnATerminalShowsTheSchemaAndAsks(t *testing.T) {
	for typed, want := range map[string]struct{ code, posts int }{"y\n": {0, 1}, "n\n": {1, 0}, "": {1, 0}} {
		server := serve(t, everything())
		got := heliosOnTerminal(t, typed, "sources", "add", "click-stream", "--table", "clicks")
		require.Equal(t, want.code, got.code, got.talk)
		require.Contains(t, got.out, "user_name")
		require.Contains(t, got.talk, "Connect the stream click-stream to the new table clicks, from horizon? [y/N]")
		require.Contains(t, got.talk, "0.4 % of events would go to quarantine")
		posts := 0
		for _, r := range server.saw() {
			if strings.HasPrefix(r.what, "POST") {
				posts++
			}
		}
		require.Equal(t, want.posts, posts, "%q", typed)
	}
}

func TestNothingIsAskedOrChangedWithoutATerminalAndWithoutYes(t *testing.T) {
	server := serve(t, everything())
	for _, line := range []string{
		"sources add click-stream --table clicks", "sources remove clicks", "sources remove clicks --drop-table", "quarantine replay clicks --all",
		"quarantine delete clicks --all",
	} {
		got := helios(t, "y\n", strings.Fields(line)...)
		require.Equal(t, 2, got.code, line)
		require.Contains(t, got.talk, "Add --yes", line)
	}
	for _, r := range server.saw() {
		require.True(t, strings.HasPrefix(r.what, "GET "), r.what)
	}
}

func TestRemovingAndReplayingNameWhatTheyTouch(t *testing.T) {
	server := serve(t, everything())
	got := heliosOnTerminal(t, "y\n", "sources", "remove", "clicks", "--drop-table")
	require.Zero(t, got.code, got.talk)
	require.Contains(t, got.talk, "Remove the source clicks and drop its table clicks?")
	require.Contains(t, got.talk, "the table clicks is dropped")
	got = helios(t, "", "quarantine", "replay", "clicks", "--key", "shardId-000000000000:496:2", "--yes")
	require.Zero(t, got.code, got.talk)
	got = helios(t, "", "quarantine", "replay", "clicks", "--reason", "type_mismatch", "--field", "", "--yes")
	require.Zero(t, got.code, got.talk)
	got = helios(t, "", "quarantine", "replay", "clicks", "--reason", "type_mismatch", "--yes")
	require.Zero(t, got.code, got.talk)
	all := server.saw()
	require.Equal(t, "DELETE /api/v1/sources/clicks?drop_table=true", all[1].what)
	require.JSONEq(t, `{"key":{"shard_id":"shardId-000000000000","sequence_number":"496","record_index":2}}`, all[2].body)
	require.JSONEq(t, `{"filter":{"reason":"type_mismatch","field":""}}`, all[3].body)
	require.JSONEq(t, `{"reason":"type_mismatch"}`, all[4].body)
	got = heliosOnTerminal(t, "y\n", "quarantine", "delete", "clicks", "--reason", "type_mismatch", "--field", "a.b")
	require.Zero(t, got.code, got.talk)
	require.Contains(t, got.talk, "Delete all events of reason type_mismatch of field a.b in the quarantine of clicks for good? [y/N]")
	all = server.saw()
	require.Equal(t, "DELETE /api/v1/quarantine/clicks?field=a.b&reason=type_mismatch", all[len(all)-1].what)
}

func TestTheQuarantinesHelpReadsEventsThatAreNoText(t *testing.T) {
	help := helios(t, "", "quarantine", "--help").out
	require.Contains(t, help, `helios sql "SELECT try(decode(raw)) FROM quarantine.clicks`)
	require.Equal(t, strings.Count(help, "decode("), strings.Count(help, "try(decode("), "decode alone fails at bytes that are no UTF-8")
}
