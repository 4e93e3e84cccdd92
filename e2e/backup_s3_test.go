//go:build e2e

package e2e

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"
)

// bucket is an S3 that somebody else wrote, behind a wire of ours.
type bucket struct {
	url  string
	ill  atomic.Bool // the wire does its worst
	harm atomic.Int64
	seen atomic.Int64
}

const bucketName = "backups"

func newBucket(t *testing.T) *bucket {
	t.Helper()
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket(bucketName))
	b := &bucket{}
	server := httptest.NewServer(b.wire(gofakes3.New(backend).Server()))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// env is what leads an SDK to the bucket, and nowhere else.
func (b *bucket) env() []string {
	return []string{"AWS_ENDPOINT_URL_S3=" + b.url, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=not-a-secret", "AWS_REGION=eu-central-1"}
}

// wire harms every fifth request while it is ill, in turn: the connection is cut before the request is read or in the middle of
// the answer, or the service asks to slow down.
func (b *bucket) wire(s3 http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !b.ill.Load() || b.seen.Add(1)%5 != 0 {
			s3.ServeHTTP(w, r)
			return
		}
		switch b.harm.Add(1) % 3 {
		case 0:
			panic(http.ErrAbortHandler)
		case 1:
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`)
		default:
			whole := httptest.NewRecorder()
			s3.ServeHTTP(whole, r)
			maps.Copy(w.Header(), whole.Header())
			w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
			w.WriteHeader(whole.Code)
			_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
			panic(http.ErrAbortHandler)
		}
	})
}

func TestBackupsInABucketOverABadWire(t *testing.T) {
	stream, s3 := newLocal(t, 4), newBucket(t)
	data, to := filepath.Join(t.TempDir(), "data"), "s3://"+bucketName+"/helios/of this"
	settings := filepath.Join(t.TempDir(), "helios.yaml")
	require.NoError(t, os.WriteFile(settings, []byte("backup: {to: '"+to+"', every: 1m, keep: 2}\n"), 0o600))
	s := startWith(t, s3.env(), "serve", "--data", data, "--config", settings)
	stream.connect(s)
	published := stream.publish(5000)
	require.Eventually(t, func() bool { return stream.stored(s) >= published }, time.Minute, 50*time.Millisecond)

	s3.ill.Store(true)
	var made output
	for range 5 { // one that gives up is no harm: the next goes on from there
		if made = helios(t, nil, "backup", "--url", s.url); made.code == 0 {
			break
		}
		require.Equal(t, 1, made.code)
		require.Contains(t, made.stderr, "the backup to "+to+" failed: ")
	}
	require.Zero(t, made.code, made.stderr)
	require.Contains(t, made.stderr, " to "+to+" in ")
	stream.publish(2000)
	require.Positive(t, s3.harm.Load())
	s.kill()

	restored := filepath.Join(t.TempDir(), "restored")
	for range 8 {
		if made = helios(t, s3.env(), "restore", to, "--data", restored); made.code == 0 {
			break
		}
		left, err := os.ReadDir(restored)
		require.True(t, err != nil || len(left) == 0, "%v is left: %s", left, made.stderr)
	}
	require.Zero(t, made.code, made.stderr)
	require.Contains(t, made.stderr, "helios serve --data "+restored)
	s3.ill.Store(false)
	again := startWith(t, s3.env(), "serve", "--data", restored, "--config", settings)
	stream.audit(again)

	listed := helios(t, s3.env(), "backups", to)
	require.Zero(t, listed.code, listed.stderr)
	require.Contains(t, listed.stdout, "BACKUP")
	_, metrics := again.get("/metrics")
	require.Contains(t, metrics, "helios_backup_last_success_timestamp_seconds ")
	for _, said := range []string{made.stderr, listed.stderr, again.log.String(), s.log.String(), metrics} {
		require.NotContains(t, said, "not-a-secret")
	}

	refused := helios(t, append(s3.env(), "AWS_ENDPOINT_URL_S3=http://127.0.0.1:1"), "backups", to)
	require.Equal(t, 3, refused.code, refused.stderr)
	gone := helios(t, s3.env(), "backups", strings.Replace(to, bucketName, "no-such-bucket", 1))
	require.Contains(t, gone.stderr, "there is no bucket no-such-bucket")
	require.Equal(t, 1, strings.Count(gone.stderr, "\n"), gone.stderr)
}
