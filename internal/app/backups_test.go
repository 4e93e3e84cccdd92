package app

import (
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // stands for any other tool
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/localkinesis"
)

// TestABackupIsReadByOtherToolsAsTheDocumentationSays runs the SQL of docs/BACKUP.md.
func TestABackupIsReadByOtherToolsAsTheDocumentationSays(t *testing.T) {
	place := filepath.Join(t.TempDir(), "place")
	var data string
	url, kinesis, stop := serveWith(t, config.Source{Columns: []config.Column{{Name: "kind", Type: "VARCHAR"}}}, func(o *Options) {
		o.Config.Backup.To, o.Worker, data = place, append(o.Worker, calm), o.Config.Data
	})
	defer stop()
	status := func() backup.Status {
		_, s := send[backup.Status](t, http.MethodGet, url+"/api/v1/backups/status", nil)
		return s
	}
	require.Eventually(t, func() bool { return status().Last != nil }, time.Minute, 10*time.Millisecond, "none is made at the start")
	require.Equal(t, "1h0m0s", status().Schedule.Every)
	require.WithinDuration(t, time.Now().Add(time.Hour), status().Schedule.NextAt, time.Minute)

	for _, event := range []string{`{"kind":"view"}`, `{"kind":"order"}`, `{"kind":"view"}`, `{"kind":`} {
		_, err := kinesis.PutRecords("shop", []localkinesis.Record{{PartitionKey: event, Data: []byte(event)}})
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool {
		_, list := send[struct {
			Rows [][]int `json:"rows"`
		}](t, http.MethodPost, url+"/api/v1/query", map[string]string{"sql": "SELECT (SELECT count(*) FROM shop) + (SELECT count(*) FROM quarantine.shop)"})
		return len(list.Rows) == 1 && list.Rows[0][0] == 4
	}, time.Minute, 10*time.Millisecond)
	first := status().Last.ID
	code, _ := send[backup.Status](t, http.MethodPost, url+"/api/v1/backups", map[string]string{})
	require.Equal(t, http.StatusAccepted, code)
	require.Eventually(t, func() bool { return status().Last.ID != first }, time.Minute, 10*time.Millisecond)
	require.EqualValues(t, 4, status().Last.Rows)

	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	page, err := os.ReadFile("../../docs/BACKUP.md")
	require.NoError(t, err)
	_, example, found := strings.Cut(string(page), "```sql\n")
	require.True(t, found)
	example, _, _ = strings.Cut(example, "```")
	require.Contains(t, example, "'/srv/backups'")
	statements := strings.Split(strings.TrimRight(strings.ReplaceAll(example, "/srv/backups", place), "; \n"), ";\n")
	for _, statement := range statements[:len(statements)-1] {
		_, err := conn.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	rows, err := conn.QueryContext(t.Context(), statements[len(statements)-1])
	require.NoError(t, err)
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var kind string
		var n int
		var from, to time.Time
		require.NoError(t, rows.Scan(&kind, &n, &from, &to))
		counts[kind] = n
	}
	require.NoError(t, rows.Err())
	require.Equal(t, map[string]int{"view": 2, "order": 1}, counts)

	for to, says := range map[string]string{
		"backups": "relative path", filepath.Join(data, "backups"): "one in the other", "s3://key:word@bucket/x": "holds no credentials", "ftp://x": "not a place",
	} {
		code, problem := send[map[string]any](t, http.MethodPost, url+"/api/v1/backups", map[string]string{"to": to})
		require.Equal(t, http.StatusBadRequest, code)
		require.Contains(t, problem["detail"], says)
		require.NotContains(t, problem["detail"], "word")
	}
}
