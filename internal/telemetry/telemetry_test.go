package telemetry_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/telemetry"
)

func scrape(m *telemetry.Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func TestMetricsTellWhatHappened(t *testing.T) {
	m := telemetry.NewMetrics()
	sources := []telemetry.Source{{
		Name: "clicks", State: "reading", Records: 3, Bytes: 900, Rows: 5, Quarantined: 1, NewestArrived: time.Now().Add(time.Hour),
		Shards: []telemetry.Shard{
			{ID: "shardId-0", Condition: "throttled", Lag: new(1500 * time.Millisecond), Read: "poll", Limits: &telemetry.Limits{Calls: .75, Bytes: .5}},
			{ID: "shardId-1", Condition: "finished", Lag: new(time.Hour)},
		},
		Kept: []telemetry.Kept{
			{Part: "table", Measured: true, Rows: 7, Bytes: 4096, Oldest: time.UnixMilli(1500), Dropped: 8},
			{Part: "quarantine", Measured: true},
		},
	}}
	m.Disk(func() (telemetry.Disk, bool) {
		return telemetry.Disk{Used: 10, Free: 20, FullAt: time.Unix(30, 0)}, true
	})
	backups := telemetry.Backups{Uploaded: 40, Failures: 2}
	m.Backups(func() telemetry.Backups { return backups })
	m.Sources(func() []telemetry.Source { return sources })
	m.RunningQueries(func() int { return 2 })
	m.Request("GET", "/api/v1/tables", 200, 3*time.Millisecond)
	m.Query("ok", 20*time.Millisecond)
	m.Commit(4, 1000, 2*time.Millisecond)

	require.NotContains(t, scrape(m), "helios_backup_last", "there is none yet")
	backups.At, backups.Took, backups.Bytes, backups.Running = time.UnixMilli(1500), 2500*time.Millisecond, 70, true
	text := scrape(m)
	for _, line := range []string{
		`helios_backup_last_success_timestamp_seconds 1.5`,
		`helios_backup_last_duration_seconds 2.5`,
		`helios_backup_last_bytes 70`,
		`helios_backup_running 1`,
		`helios_backup_uploaded_bytes_total 40`,
		`helios_backup_failures_total 2`,
		`helios_source_records_total{source="clicks"} 3`,
		`helios_source_bytes_total{source="clicks"} 900`,
		`helios_source_rows_total{source="clicks"} 5`,
		`helios_source_quarantined_total{source="clicks"} 1`,
		`helios_source_freshness_seconds{source="clicks"} 0`,
		`helios_source_state{source="clicks",state="reading"} 1`,
		`helios_shard_lag_seconds{shard="shardId-0",source="clicks"} 1.5`,
		`helios_shard_condition{condition="throttled",shard="shardId-0",source="clicks"} 1`,
		`helios_table_rows{part="table",source="clicks"} 7`,
		`helios_table_bytes{part="table",source="clicks"} 4096`,
		`helios_table_oldest_timestamp_seconds{part="table",source="clicks"} 1.5`,
		`helios_retention_rows_total{part="table",source="clicks"} 8`,
		`helios_table_rows{part="quarantine",source="clicks"} 0`,
		`helios_disk_used_bytes 10`,
		`helios_disk_free_bytes 20`,
		`helios_disk_full_timestamp_seconds 30`,
		`helios_shard_read{read="poll",shard="shardId-0",source="clicks"} 1`,
		`helios_shard_limit_ratio{limit="calls",shard="shardId-0",source="clicks"} 0.75`,
		`helios_shard_limit_ratio{limit="bytes",shard="shardId-0",source="clicks"} 0.5`,
		`helios_queries_running 2`,
		`helios_http_request_duration_seconds_count{method="GET",route="/api/v1/tables",status="200"} 1`,
		`helios_query_duration_seconds_bucket{outcome="ok",le="0.025"} 1`,
		`helios_commit_duration_seconds_count 1`,
		`helios_commit_batches_total 4`,
		`helios_commit_bytes_total 1000`,
	} {
		require.Contains(t, text, line+"\n")
	}
	require.NotContains(t, text, "shardId-1", "a finished shard is left out")
	require.NotContains(t, text, `oldest_timestamp_seconds{part="quarantine"`, "it is empty")
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "# HELP "); ok {
			require.Regexp(t, `^(helios|go|process|promhttp)_`, name)
		}
	}

	sources = nil
	require.NotContains(t, scrape(m), "clicks", "a removed source leaves nothing behind")
}

func TestMethodsThatAreMadeUpTakeNoMemory(t *testing.T) {
	m := telemetry.NewMetrics()
	for i := range 1000 {
		m.Request(fmt.Sprintf("MADE-UP-%d", i), "none", 403, time.Millisecond)
	}
	text := scrape(m)
	require.Contains(t, text, `helios_http_request_duration_seconds_count{method="other",route="none",status="403"} 1000`)
	require.Equal(t, 1, strings.Count(text, "helios_http_request_duration_seconds_count"))
}

// screen is a terminal.
type screen struct{ bytes.Buffer }

func (*screen) IsTerminal() bool { return true }

func TestTheLogOnATerminalIsForReading(t *testing.T) {
	var b screen
	log, err := telemetry.NewLogger(&b, "info", "auto")
	require.NoError(t, err)
	log.Info("started")
	log.With("stream", "clicks").WithGroup("shard").Warn("a shard waits", "id", "s 0", "error", "no\x1b[2J\nway")
	require.Regexp(t, `^\d\d:\d\d:\d\dZ INFO  started\n\d\d:\d\d:\d\dZ WARN  a shard waits stream=clicks shard.id="s 0" shard.error="no\\x1b\[2J\\nway"\n$`, b.String())
}

func TestALoggerWritesJSONUnlessItsOutputIsATerminal(t *testing.T) {
	var b bytes.Buffer
	log, err := telemetry.NewLogger(&b, "warn", "auto")
	require.NoError(t, err)
	log.Info("not shown")
	log.Warn("shown", "n", 1)
	require.Contains(t, b.String(), `"msg":"shown","n":1`)
	require.NotContains(t, b.String(), "not shown")

	b.Reset()
	log, err = telemetry.NewLogger(&b, "debug", "text")
	require.NoError(t, err)
	log.Debug("shown", "n", 1)
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z DEBUG shown n=1\n$`, b.String())

	_, err = telemetry.NewLogger(&b, "loud", "text")
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	_, err = telemetry.NewLogger(&b, "info", "xml")
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
}
