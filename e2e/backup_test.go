//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/client"
)

var backupRows = flag.Int("rows", 200_000, "how many events the test of backups has: 5000000 for the whole story")

// marker stands in a directory while it is being restored.
const marker = "RESTORING"

// TestEachEventIsThereOnceAfterBackupsUnderLoadAndARestore is what a backup is for: events keep coming while the server makes
// backups, backups and a restore are killed half-way, the server is lost, and what was restored reads on; in the end every event
// is there once, in the table or in quarantine. Then no file of a backup may be altered or cut unnoticed.
func TestEachEventIsThereOnceAfterBackupsUnderLoadAndARestore(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("%d events; moments of death by seed %d", *backupRows, seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	stream := newLarge(t, 16)
	place := filepath.Join(t.TempDir(), "place")
	s := start(t, "serve", "--data", filepath.Join(t.TempDir(), "data"))
	stream.connect(s)
	published := stream.publish(*backupRows * 7 / 10)
	require.Eventually(t, func() bool { return stream.stored(s) >= published }, 10*time.Minute, 50*time.Millisecond, "only part of the events has arrived")
	stop := stream.load(float64(max(2000, *backupRows/500)))

	for range 2 { // the first backup, and once more what it had not finished
		dieDuringABackup(t, s, place, moments)
	}
	full := backedUp(t, "backup", place, "--url", s.url)
	require.Greater(t, full.Rows, int64(published)*9/10)
	require.Len(t, manifests(t, place), 1, "a backup that was killed is none")
	dieDuringABackup(t, s, place, moments)
	last := backedUp(t, "backup", place, "--url", s.url)
	require.Greater(t, last.Rows, full.Rows, "nothing came while backups were made")
	t.Logf("the first backup: %d rows, %d bytes in %d ms; the last: %d rows, %d of %d bytes written in %d ms",
		full.Rows, full.Bytes, full.DurationMS, last.Rows, last.UploadedBytes, last.Bytes, last.DurationMS)

	stream.publish(*backupRows * 3 / 10) // what no backup has
	stop()
	s.kill()
	restored := filepath.Join(t.TempDir(), "restored")
	dieDuringTheRestore(t, place, restored)
	refused := helios(t, nil, "serve", "--data", restored, "--listen", freeAddress(t))
	require.Equal(t, 3, refused.code, refused.stderr)
	require.Contains(t, refused.stderr, "restore")
	began := time.Now()
	got := backedUp(t, "restore", place, "--data", restored)
	require.Equal(t, last.ID, got.ID)
	require.Equal(t, last.Rows, got.Rows)
	t.Logf("restored %d rows in %s", got.Rows, time.Since(began).Round(time.Millisecond))
	again := start(t, "serve", "--data", restored)
	audit := stream.audit(again)
	t.Logf("%d events: %d rows, %d in quarantine, each once", audit.Published, audit.Rows, audit.Quarantined)
	require.GreaterOrEqual(t, audit.Published, *backupRows)
	require.Positive(t, audit.Quarantined)
	require.Zero(t, again.interrupt())

	aside := filepath.Join(t.TempDir(), "aside")
	first, second := backedUp(t, "backup", aside, "--data", restored), backedUp(t, "backup", aside, "--data", restored)
	require.Equal(t, first.Rows, second.Rows)
	require.Less(t, second.UploadedBytes, second.Bytes/100, "what has not changed is written again")
	require.NoError(t, os.Remove(filepath.Join(aside, "backups", first.ID+".json")))
	refuseWhatIsDamaged(t, aside, moments)
}

// publish publishes at least so many events, a part at a time.
func (l *local) publish(events int) (published int) {
	l.t.Helper()
	for published < events {
		n, err := l.Publish(min(20_000, events-published))
		require.NoError(l.t, err)
		published += n
	}
	return published
}

// backedUp runs a command that makes a backup or restores one, to its end.
func backedUp(t *testing.T, args ...string) client.Backup {
	t.Helper()
	did := helios(t, nil, append(args, "--json")...)
	require.Zero(t, did.code, did.stderr)
	var b client.Backup
	require.NoError(t, json.Unmarshal([]byte(did.stdout), &b))
	return b
}

func manifests(t *testing.T, place string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(place, "backups", "*.json"))
	require.NoError(t, err)
	return names
}

// dieDuringABackup kills the server while it makes a backup, and starts it again.
func dieDuringABackup(t *testing.T, s *server, place string, moments *rand.Rand) {
	t.Helper()
	before := manifests(t, place)
	_, err := s.StartBackup(t.Context(), place)
	require.NoError(t, err)
	deadline := time.Now().Add(time.Minute)
	for {
		status, err := s.BackupStatus(t.Context())
		require.NoError(t, err)
		require.Nil(t, status.Failed)
		require.NotNil(t, status.Running, "the backup was quicker than its death")
		if status.Running.Rows > 0 {
			break
		}
		require.True(t, time.Now().Before(deadline), "the backup does not begin")
	}
	time.Sleep(time.Duration(moments.IntN(30+*backupRows/10_000)) * time.Millisecond)
	s.kill()
	require.Equal(t, before, manifests(t, place), "the backup was quicker than its death")
	s.run()
}

// dieDuringTheRestore kills a restore once there are rows.
func dieDuringTheRestore(t *testing.T, place, dir string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "restore", place, "--data", dir)
	cmd.Env = environment()
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(dir, marker))
		rows, missing := os.Stat(filepath.Join(dir, dataFile))
		return err == nil && missing == nil && rows.Size() > 1<<20
	}, time.Minute, time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.FileExists(t, filepath.Join(dir, marker), "the restore was quicker than its death")
}

// refuseWhatIsDamaged flips a bit in each file of a place in turn, then cuts each: a restore names the file, and leaves nothing.
func refuseWhatIsDamaged(t *testing.T, place string, moments *rand.Rand) {
	t.Helper()
	var files []string
	require.NoError(t, filepath.WalkDir(place, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	require.Greater(t, len(files), 4, "%v", files)
	damages := map[string]func([]byte) []byte{
		"a bit flipped": func(b []byte) []byte { b[moments.IntN(len(b))] ^= 1 << moments.IntN(8); return b },
		"cut short":     func(b []byte) []byte { return b[:moments.IntN(len(b))] },
	}
	for _, file := range files {
		whole, err := os.ReadFile(file)
		require.NoError(t, err)
		for how, damage := range damages {
			require.NoError(t, os.WriteFile(file, damage(append([]byte(nil), whole...)), 0o600))
			dir := filepath.Join(t.TempDir(), "data")
			refused := helios(t, nil, "restore", place, "--data", dir)
			require.Equal(t, 1, refused.code, "%s with %s was taken: %s", file, how, refused.stderr)
			require.Contains(t, refused.stderr, strings.TrimPrefix(file, place+"/"), "%s with %s is not named", file, how)
			left, err := os.ReadDir(dir)
			require.True(t, err == nil && len(left) == 0 || errors.Is(err, fs.ErrNotExist), "%v is left", left)
		}
		require.NoError(t, os.WriteFile(file, whole, 0o600))
	}
	t.Logf("%d files: each refused with a bit flipped, and cut short", len(files))
	backedUp(t, "restore", place, "--data", filepath.Join(t.TempDir(), "data")) // whole again, it is taken
}
