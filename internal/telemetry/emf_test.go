package telemetry_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/telemetry"
)

func TestCloudWatchIsToldWhatIsKnownAndNothingElse(t *testing.T) {
	lines := func(m telemetry.Minute) []string {
		var b bytes.Buffer
		log := slog.New(slog.NewJSONHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey {
				return slog.Attr{}
			}
			return a
		}}))
		for _, attrs := range m.Lines() {
			log.LogAttrs(t.Context(), slog.LevelInfo, "metrics", attrs...)
		}
		return strings.Split(strings.TrimSpace(b.String()), "\n")
	}
	says := func(m telemetry.Minute, want ...string) {
		got := lines(m)
		require.Len(t, got, len(want))
		for i := range want {
			require.JSONEq(t, want[i], got[i])
		}
	}
	m := telemetry.Minute{At: time.UnixMilli(1700000000123), Deployment: "helios", Version: "v1.2.3"}
	says(m, `{"_aws":{"Timestamp":1700000000123,"CloudWatchMetrics":[{"Namespace":"Helios","Dimensions":[["Deployment"]],
		"Metrics":[{"Name":"Events","Unit":"Count"},{"Name":"Quarantined","Unit":"Count"}]}]},"version":"v1.2.3","Deployment":"helios","Events":0,"Quarantined":0}`)

	m.DiskUsedPercent, m.BackupAge = new(12.5), new(90*time.Second)
	m.Sources = []telemetry.SourceMinute{
		{Name: "klicks_ü", Events: 3, Quarantined: 1, Freshness: new(-time.Second)}, // a clock that goes before this machine's
		{Name: "orders", Events: 4, Lag: new(1500 * time.Millisecond), Freshness: new(2500 * time.Millisecond)},
	}
	says(m, `{"_aws":{"Timestamp":1700000000123,"CloudWatchMetrics":[{"Namespace":"Helios","Dimensions":[["Deployment"]],
		"Metrics":[{"Name":"LagMax","Unit":"Milliseconds"},{"Name":"FreshnessMax","Unit":"Seconds"},{"Name":"Events","Unit":"Count"},{"Name":"Quarantined","Unit":"Count"},
		{"Name":"DiskUsedPercent","Unit":"Percent"},{"Name":"BackupAge","Unit":"Seconds"}]}]},
		"version":"v1.2.3","Deployment":"helios","LagMax":1500,"FreshnessMax":2.5,"Events":7,"Quarantined":1,"DiskUsedPercent":12.5,"BackupAge":90}`,
		`{"_aws":{"Timestamp":1700000000123,"CloudWatchMetrics":[{"Namespace":"Helios","Dimensions":[["Deployment","Source"]],
		"Metrics":[{"Name":"Freshness","Unit":"Seconds"},{"Name":"Events","Unit":"Count"}]}]},
		"version":"v1.2.3","Deployment":"helios","Source":"klicks_\\u00fc","Freshness":0,"Events":3}`,
		`{"_aws":{"Timestamp":1700000000123,"CloudWatchMetrics":[{"Namespace":"Helios","Dimensions":[["Deployment","Source"]],
		"Metrics":[{"Name":"Lag","Unit":"Milliseconds"},{"Name":"Freshness","Unit":"Seconds"},{"Name":"Events","Unit":"Count"}]}]},
		"version":"v1.2.3","Deployment":"helios","Source":"orders","Lag":1500,"Freshness":2.5,"Events":4}`)
}
