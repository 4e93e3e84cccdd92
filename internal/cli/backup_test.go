package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	older = `{"id":"20260301T110000Z-aaaaaaaaaaaaaaaa","at":"2026-03-01T11:00:00Z","to":"/srv/b","tables":2,"rows":1000,"bytes":90000,"uploaded_bytes":90000,"duration_ms":900,"version":"v1.0.0"}`
	newer = `{"id":"20260301T120000Z-bbbbbbbbbbbbbbbb","at":"2026-03-01T12:00:00Z","to":"/srv/b","tables":2,"rows":1234567,"bytes":90500000,"uploaded_bytes":500000,"duration_ms":3200,"version":"v1.0.0"}`
	plan  = `"schedule":{"to":"/srv/b","every":"1h0m0s","keep":48,"next_at":"2026-03-01T13:00:00Z"}`
	busy  = `"running":{"to":"/srv/b","started_at":"2026-03-01T12:00:00Z","rows_done":500,"rows":1000,"uploaded_bytes":2000000}`
)

// backing is a server that is asked for a backup: its statuses, one after the other, the last one again and again.
func backing(t *testing.T, statuses ...string) (requests func() string) {
	t.Helper()
	var asked, posted atomic.Int64
	var body atomic.Value
	body.Store("")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodPost {
			body.Store(string(text))
			posted.Add(1)
			w.WriteHeader(http.StatusAccepted)
		}
		n := min(int(asked.Add(1)), len(statuses)) - 1
		if statuses[n] == "" {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "{"+statuses[n]+"}")
	}))
	t.Cleanup(server.Close)
	t.Setenv("HELIOS_URL", server.URL)
	return func() string {
		require.EqualValues(t, 1, posted.Load())
		return body.Load().(string)
	}
}

func TestABackupIsWatchedToItsEnd(t *testing.T) {
	requests := backing(t, plan+`,"last":`+older, plan+","+busy+`,"last":`+older, "", plan+","+busy+`,"last":`+older, plan+`,"last":`+newer)
	got := helios(t, "", "backup", "/srv/b")
	require.Zero(t, got.code, got.talk)
	require.Empty(t, got.out)
	require.JSONEq(t, `{"to":"/srv/b"}`, requests())
	require.Equal(t, "Backing up to /srv/b …\n"+
		"Backed up 1,234,567 rows of 2 tables to /srv/b in 3.2 s: 91 MB, of which 500 kB had to be written. It is called 20260301T120000Z-bbbbbbbbbbbbbbbb.\n", got.talk)
}

func TestABackupShowsHowFarItIsOnATerminal(t *testing.T) {
	requests := backing(t, plan, plan+","+busy, plan+`,"last":`+newer)
	got := heliosOnTerminal(t, "", "backup")
	require.Zero(t, got.code, got.talk)
	require.JSONEq(t, `{}`, requests())
	require.Contains(t, got.talk, "\r\x1b[KBacking up to /srv/b: 50 %, 2.0 MB written\r\x1b[K")
}

func TestABackupForPrograms(t *testing.T) {
	backing(t, plan, plan+","+busy, plan+`,"last":`+newer)
	got := helios(t, "", "backup", "--json")
	require.Zero(t, got.code, got.talk)
	require.JSONEq(t, newer, got.out)
}

func TestABackupThatFailsSaysWhy(t *testing.T) {
	old := `,"failed":{"at":"2026-03-01T10:00:00Z","to":"/srv/b","message":"of yesterday"}`
	backing(t, plan+old, plan+","+busy+old, plan+`,"failed":{"at":"2026-03-01T12:00:00Z","to":"/srv/b","message":"cannot write: no space left on device"}`)
	got := helios(t, "", "backup")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.talk, "helios: the backup to /srv/b failed: cannot write: no space left on device.\n")
}

func TestTheBackupsOfAServer(t *testing.T) {
	serve(t, map[string]answer{
		"GET /api/v1/backups":        {body: `{` + plan + `,"backups":[` + newer + `,` + older + `,{"id":"20260301T100000Z-cccccccccccccccc","at":"0001-01-01T00:00:00Z","to":"/srv/b","tables":0,"rows":0,"bytes":0,"uploaded_bytes":0,"duration_ms":0,"version":"","damaged":"it is not what its name says"}]}`},
		"GET /api/v1/backups/status": {body: `{` + plan + `,` + busy + `,"last":` + newer + `,"failed":{"at":"2026-03-01T12:30:00Z","to":"/srv/b","message":"the bucket is gone"}}`},
	})
	got := helios(t, "", "backups")
	require.Zero(t, got.code, got.talk)
	golden(t, "backups", got.out+"--\n"+got.talk)
	var all struct {
		Backups []map[string]any `json:"backups"`
		Status  map[string]any   `json:"status"`
	}
	require.NoError(t, json.Unmarshal([]byte(helios(t, "", "backups", "--json").out), &all))
	require.Len(t, all.Backups, 3)
	require.Contains(t, all.Status, "schedule")
}

func TestAServerWithoutAScheduleSaysHowToGetOne(t *testing.T) {
	serve(t, map[string]answer{"GET /api/v1/backups/status": {body: `{}`}})
	got := helios(t, "", "backups")
	require.Zero(t, got.code)
	require.Equal(t, "This server makes no backups by itself: name a place in its settings (backup.to), or make one with `helios backup TO`.\n", got.talk)
}

func TestARestoreRefusesWhatItMustNotTouch(t *testing.T) {
	place, full := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(full, "mine"), nil, 0o600))
	for _, c := range []struct {
		line string
		code int
		says string
	}{
		{"restore " + place + " --data " + full, 1, "there is no backup in " + place},
		{"restore s3://me:word@b/x --data " + full, 2, "holds no credentials"},
		{"restore http://b --data " + full, 2, "this is not a place for backups"},
		{"backups s3://me:word@b/x", 2, "holds no credentials"},
		{"backup --data " + place + " " + place, 1, "no server has kept anything in"},
		{"backup --data " + full + " --url http://127.0.0.1:1 " + place, 2, "--data and --url cannot be given together"},
	} {
		got := helios(t, "", strings.Fields(c.line)...)
		require.Equal(t, c.code, got.code, "%s: %s", c.line, got.talk)
		require.Contains(t, got.talk, c.says, c.line)
		require.NotContains(t, got.talk, "word")
	}
	left, err := os.ReadDir(full)
	require.NoError(t, err)
	require.Len(t, left, 1)
}
