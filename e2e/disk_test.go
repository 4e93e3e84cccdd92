//go:build e2e && linux

package e2e

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// smallDisk is a file system of its own, of that many bytes.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("helios-test", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a small disk cannot be mounted: %v: run as root to see what a full disk does", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// fill takes all of the disk's free space.
func fill(t *testing.T, file string) {
	t.Helper()
	f, err := os.Create(file)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	for piece := make([]byte, 1<<20); len(piece) > 0; {
		if _, err := f.Write(piece); err != nil {
			require.ErrorIs(t, err, syscall.ENOSPC)
			piece = piece[:len(piece)/2]
		}
	}
}

func (s *server) get(path string) (status int, body string) {
	s.t.Helper()
	resp, err := http.Get(s.url + path)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return resp.StatusCode, string(text)
}

func TestAFullDiskPausesIngestionWhichSaysSoAndGoesOnByItself(t *testing.T) {
	disk := smallDisk(t, "256m")
	stream := newLocal(t, 4)
	s := start(t, "serve", "--data", filepath.Join(disk, "data"))
	stream.connect(s)
	stop := stream.load(1000)
	require.Eventually(t, func() bool { return stream.stored(s) > 500 }, time.Minute, 20*time.Millisecond)
	for range 2 {
		ballast := filepath.Join(disk, "ballast")
		fill(t, ballast)
		var source output
		require.Eventually(t, func() bool {
			source = helios(t, nil, "sources", "show", localTable, "--url", s.url)
			return strings.Contains(source.stdout, "the disk is full")
		}, time.Minute, 200*time.Millisecond, "the source does not say why it waits")
		require.Contains(t, source.stdout, "failing")
		status, ready := s.get("/readyz")
		require.Equal(t, http.StatusOK, status, "queries can be taken")
		require.Contains(t, ready, "disk is full")
		_, metrics := s.get("/metrics")
		require.Contains(t, metrics, `helios_source_state{source="events",state="failing"} 1`)
		held := stream.stored(s)
		require.Positive(t, held, "queries still answer")
		s.kill()
		s.run()
		require.GreaterOrEqual(t, stream.stored(s), held, "a server killed now starts again")
		time.Sleep(3 * time.Second)
		require.NoError(t, os.Remove(ballast))
		require.Eventually(t, func() bool { return stream.stored(s) > held+1000 }, time.Minute, 100*time.Millisecond, "it does not go on")
	}
	stop()
	stream.audit(s)
	require.Zero(t, s.interrupt())
	said := bytes.Count(s.log.Bytes(), []byte("disk is full"))
	require.Positive(t, said)
	require.Contains(t, s.log.String(), "source goes on")
	require.LessOrEqual(t, said, 8, "a log that is flooded:\n%s", s.log.String())
}
