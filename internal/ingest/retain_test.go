package ingest_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

const day = 24 * time.Hour

func TestWhatToKeepIsReadAndWrittenInOneWay(t *testing.T) {
	for text, want := range map[string]struct {
		retain  ingest.Retain
		written string
	}{
		"":                {},
		"30d":             {ingest.Retain{Age: 30 * day}, "30d"},
		"36h":             {ingest.Retain{Age: 36 * time.Hour}, "36h"},
		"48H":             {ingest.Retain{Age: 2 * day}, "2d"},
		"2w":              {ingest.Retain{Age: 14 * day}, "14d"},
		"200GB":           {ingest.Retain{Bytes: 200e9}, "200GB"},
		"128 MiB":         {ingest.Retain{Bytes: 128 << 20}, "128MiB"},
		"1tb":             {ingest.Retain{Bytes: 1e12}, "1TB"},
		" 200GB ,30 d":    {ingest.Retain{Age: 30 * day, Bytes: 200e9}, "30d, 200GB"},
		"forever":         {ingest.Retain{Forever: true}, "forever"},
		"500GiB, 8760h":   {ingest.Retain{Age: 365 * day, Bytes: 500 << 30}, "365d, 500GiB"},
		"36500d, 1024TiB": {ingest.Retain{Age: 36500 * day, Bytes: 1 << 50}, "36500d, 1024TiB"},
	} {
		got, err := ingest.ParseRetain("retain", text)
		require.NoError(t, err, text)
		require.Equal(t, want.retain, got, text)
		require.Equal(t, want.written, got.String())
		again, err := ingest.ParseRetain("retain", got.String())
		require.NoError(t, err)
		require.Equal(t, got, again)
	}
}

func TestWhatToKeepIsRefusedWhenItCouldMeanSomethingElse(t *testing.T) {
	for _, text := range []string{
		"30", "30m", "30M", "d", "0d", "-1d", "1.5TB", "30d 200GB", "30d,", ",", "30d, 1w", "1GB, 2GB", "200 gigs", "forever, 30d", "never",
		"36501d", "9999999999999999999d", "9223372036854775807w", "1025TiB", "99MB", "30d\x00",
	} {
		_, err := ingest.ParseRetain("retain_quarantine", text)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), text)
		require.ErrorContains(t, err, "retain_quarantine: ", text)
		require.NotEmpty(t, fault.HintOf(err), text)
	}
}

func TestSettingsOfASourceAddedBeforeThereWasRetentionAreRead(t *testing.T) {
	var s ingest.Settings
	require.NoError(t, json.Unmarshal([]byte(`{"name":"orders","stream":"orders","table":"orders"}`), &s))
	require.Equal(t, ingest.Retain{}, s.Retain)
	s.Retain = ingest.Retain{Age: 30 * day, Bytes: 200e9}
	text, err := json.Marshal(s)
	require.NoError(t, err)
	require.Contains(t, string(text), `"retain":"30d, 200GB"`)
	require.NotContains(t, string(text), "retain_quarantine", "nobody has chosen one")
	var again ingest.Settings
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, s, again)
}

func TestWhatIsKeptChangesWhileTheSourceRunsAndFollowsTheFile(t *testing.T) {
	s, store, known := newStream(), newMemory(), &registry{}
	service, stop := serving(t, s, store, known)
	added := orders
	added.Retain = ingest.Retain{Age: 30 * day}
	_, err := service.Add(t.Context(), added)
	require.NoError(t, err)
	changed, err := service.Change(t.Context(), "Orders", ingest.Changes{RetainQuarantine: &ingest.Retain{Forever: true}})
	require.NoError(t, err)
	require.Equal(t, ingest.SourceReading, changed.State)
	require.Equal(t, "30d", changed.Settings.Retain.String(), "what is not named stays")
	require.Equal(t, "forever", changed.Settings.RetainQuarantine.String())
	_, err = service.Change(t.Context(), "other", ingest.Changes{})
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
	stop()

	service, _ = serving(t, s, store, known)
	declared := orders
	declared.Retain = ingest.Retain{Bytes: 200e9}
	require.NoError(t, service.Declare(t.Context(), []ingest.Settings{declared}))
	status, err := service.Get("orders")
	require.NoError(t, err)
	require.Equal(t, "200GB", status.Settings.Retain.String())
	require.Equal(t, "forever", status.Settings.RetainQuarantine.String(), "the file says nothing of it")
	require.Equal(t, status.Settings, known.sources["orders"])
}
