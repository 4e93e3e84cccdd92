package backup_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/backup"
)

func TestWhatIsRestoredIsWhatWasBackedUp(t *testing.T) {
	s := newServer(t)
	for i := range 8 {
		s.add(t, 60, noon.Add(time.Duration(i)*time.Minute))
	}
	to := filepath.Join(t.TempDir(), "backups")
	made := s.backup(t, to)
	require.EqualValues(t, s.next+(s.next+6)/7, made.Rows)
	require.Equal(t, 1, made.Tables)
	require.Equal(t, "v1", made.Version)
	require.Positive(t, made.Bytes)
	s.close(t)
	before := dump(t, s.dir)

	dir, err := restore(t, to, "")
	require.NoError(t, err)
	require.Equal(t, before, dump(t, dir))
	for name := range files(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, name)
	}
	require.NoError(t, backup.CheckDir(dir))

	// It goes on from its position, and its backups from the one that it was made of.
	again := openServer(t, dir)
	table, err := again.store.Table(t.Context(), "shop")
	require.NoError(t, err)
	again.table, again.next = table, s.next
	state, err := again.store.StreamState(t.Context(), "shop")
	require.NoError(t, err)
	require.Equal(t, sequence(s.next), state.Shards[0].Position.Sequence)
	again.add(t, 10, noon.Add(time.Hour))
	next := again.backup(t, to)
	require.Less(t, next.Uploaded, next.Bytes)
	require.Equal(t, made.Rows+10+1, next.Rows)
}
