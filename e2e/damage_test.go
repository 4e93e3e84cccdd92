//go:build e2e

package e2e

import (
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const dataFile, logFile = "helios.duckdb", "helios.duckdb.wal"

// contents gives the checksums of a directory's files, but for what a start writes in any case.
func contents(t *testing.T, dir string) map[string][sha256.Size]byte {
	t.Helper()
	sums := map[string][sha256.Size]byte{}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range files {
		if f.Name() != "helios.lock" {
			data, err := os.ReadFile(filepath.Join(dir, f.Name()))
			require.NoError(t, err)
			sums[f.Name()] = sha256.Sum256(data)
		}
	}
	return sums
}

func TestADamagedFileIsRefusedWithAWayOutAndLeftAsItIs(t *testing.T) {
	stream := newLocal(t, 2)
	whole := t.TempDir()
	s := start(t, "serve", "--data", whole)
	stream.connect(s)
	_, err := stream.Publish(8000)
	require.NoError(t, err)
	stream.audit(s)
	require.Zero(t, s.interrupt()) // all is in the file …
	s.run()
	_, err = stream.Publish(2000)
	require.NoError(t, err)
	stream.audit(s)
	s.kill() // … but for this, which is in its log

	spoil := func(from, to float64) func([]byte) []byte { // shares of the length
		return func(data []byte) []byte {
			for i := int(from * float64(len(data))); i < int(to*float64(len(data))); i++ {
				data[i] ^= 0x5a
			}
			return data
		}
	}
	for name, c := range map[string]struct {
		file  string
		spoil func([]byte) []byte
		aside []string // what the message says to move away
	}{
		"a file cut in half":         {dataFile, func(d []byte) []byte { return d[:len(d)/2] }, []string{dataFile, logFile}},
		"a file cut in its header":   {dataFile, func(d []byte) []byte { return d[:1000] }, []string{dataFile, logFile}},
		"an empty file":              {dataFile, func([]byte) []byte { return nil }, []string{dataFile, logFile}},
		"no file, but a log":         {dataFile, nil, []string{dataFile, logFile}},
		"garbage in the header":      {dataFile, func(d []byte) []byte { return append(spoil(0, 1)(d[:100:100]), d[100:]...) }, []string{dataFile, logFile}},
		"garbage in the description": {dataFile, func(d []byte) []byte { return append(d[:4096:4096], spoil(0, 1)(d[4096:])...) }, []string{dataFile, logFile}},
		"garbage in all blocks":      {dataFile, func(d []byte) []byte { return append(d[:12288:12288], spoil(0, 1)(d[12288:])...) }, []string{dataFile, logFile}},
		"garbage where a log begins": {logFile, spoil(0, 0.01), []string{logFile}},
		"garbage in a log":           {logFile, spoil(0.5, 0.6), []string{logFile}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			require.NoError(t, os.CopyFS(dir, os.DirFS(whole)))
			path := filepath.Join(dir, c.file)
			if c.spoil == nil {
				require.NoError(t, os.Remove(path))
			} else {
				data, err := os.ReadFile(path)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(path, c.spoil(data), fs.FileMode(0o600)))
			}
			before := contents(t, dir)
			for range 2 {
				refused := helios(t, nil, "serve", "--data", dir, "--listen", freeAddress(t))
				require.Equal(t, 3, refused.code, refused.stderr)
				require.Contains(t, refused.stderr, "is damaged")
				require.Contains(t, refused.stderr, map[int]string{1: "move that file away", 2: "move both away"}[len(c.aside)])
				require.Equal(t, before, contents(t, dir), "what could be mended by somebody was changed")
			}
			for _, file := range c.aside {
				require.NoError(t, os.RemoveAll(filepath.Join(dir, file)))
			}
			again := start(t, "serve", "--data", dir)
			stream.audit(again)
			require.Zero(t, again.interrupt())
		})
	}
}

// TestATornLogIsWhatAPowerCutLeaves and no damage: the end of the log was never committed.
func TestATornLogIsWhatAPowerCutLeavesAndNoDamage(t *testing.T) {
	stream := newLocal(t, 2)
	whole := t.TempDir()
	s := start(t, "serve", "--data", whole)
	stream.connect(s)
	stream.audit(s)
	s.kill()
	for _, share := range []float64{0, 0.3, 0.7, 0.99} {
		dir := filepath.Join(t.TempDir(), "data")
		require.NoError(t, os.CopyFS(dir, os.DirFS(whole)))
		info, err := os.Stat(filepath.Join(dir, logFile))
		require.NoError(t, err)
		require.NoError(t, os.Truncate(filepath.Join(dir, logFile), int64(share*float64(info.Size()))))
		again := start(t, "serve", "--data", dir)
		stream.audit(again)
		require.Zero(t, again.interrupt())
	}
}
