package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/unpack"
)

// reread writes a source as YAML and reads it as the settings file is read.
func reread(t *testing.T, s ingest.Settings) (text string, again ingest.Settings) {
	t.Helper()
	yaml, err := declare(s)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "helios.yaml")
	require.NoError(t, os.WriteFile(file, yaml, 0o600))
	c, err := config.Load(file, func(string) (string, bool) { return "", false }, nil)
	require.NoError(t, err, string(yaml))
	declared, err := declarations(c.Sources)
	require.NoError(t, err, string(yaml))
	require.Len(t, declared, 1)
	return string(yaml), declared[0]
}

func TestASourceWrittenAsYAMLIsTheSameWhenItIsDeclared(t *testing.T) {
	for name, s := range map[string]ingest.Settings{
		"as little as can be": {Stream: "orders", Table: "orders"},
		"all there is": {
			Name: "shop", Stream: "arn:aws:kinesis:eu-central-1:123456789012:stream/orders", Table: "orders",
			Connection: ingest.Connection{Region: "eu-central-1", Endpoint: "http://127.0.0.1:4567", Profile: "on", RoleARN: "arn:aws:iam::123456789012:role/a/b"},
			From:       event.Start{Kind: event.FromTimestamp, At: time.Date(2026, 1, 31, 12, 0, 0, 1_000_000, time.UTC)},
			Evolve:     schema.EvolveFixed, Aggregates: unpack.Drop, Read: ingest.ReadFanOut, MaxDepth: 2, MaxColumns: 99, EventTime: "ordered_at",
			Ignore: [][]string{{"debug"}, {"user", "a.b: [c]"}},
			Columns: []schema.Column{
				{Name: "id", Type: schema.Varchar, Path: []string{"id"}},
				{Name: "ordered_at", Type: schema.Timestamp, Path: []string{"ordered", "at"}, Format: schema.EpochMilli},
				{Name: "yes", Type: schema.Boolean, Path: []string{"no"}},
				{Name: "_2026", Type: schema.JSON, Path: []string{"2026"}},
			},
			Retain: ingest.Retain{Age: 30 * 24 * time.Hour, Bytes: 200e9}, RetainQuarantine: ingest.Retain{Forever: true},
		},
		"from the latest": {Stream: "orders", Table: "orders", From: event.Start{Kind: event.FromLatest}},
	} {
		t.Run(name, func(t *testing.T) {
			want, err := s.Complete()
			require.NoError(t, err)
			_, got := reread(t, want)
			require.Equal(t, want, got)
		})
	}
}

func TestYAMLHasOnlyWhatDiffersFromTheDefaults(t *testing.T) {
	s, err := ingest.Settings{
		Stream: "orders", Table: "orders", Ignore: [][]string{{"user", "ssn"}},
		Columns: []schema.Column{{Name: "id", Type: schema.Varchar, Path: []string{"id"}}, {Name: "city", Type: schema.Varchar, Path: []string{"to", "city"}}},
	}.Complete()
	require.NoError(t, err)
	s.CreatedAt, s.Paused = time.Now(), true
	text, _ := reread(t, s)
	require.Equal(t, `sources:
  - stream: orders
    table: orders
    columns:
      - name: id
        type: VARCHAR
      - name: city
        type: VARCHAR
        path: [to, city]
    ignore: [[user, ssn]]
`, text)
}
