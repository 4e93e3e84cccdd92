package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/backup/place"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

func (m *memory) restore(t *testing.T, dir, id string) error {
	t.Helper()
	_, err := backup.Restore(t.Context(), options(m, dir, id))
	return err
}

// small is a server with a backup.
func small(t *testing.T) (*server, *memory, backup.Backup) {
	t.Helper()
	s, m := newServer(t), newMemory()
	for i := range 2 {
		s.add(t, 90, minute(i))
	}
	made, err := m.backup(t, s, 0)
	require.NoError(t, err)
	return s, m, made
}

func TestEveryFileThatIsNotAsItWasWrittenIsRefusedByName(t *testing.T) {
	_, m, made := small(t)
	dir := t.TempDir()
	for i, name := range m.names("") {
		whole := m.objects[name]
		flipped := slices.Clone(whole)
		flipped[i*7919%len(flipped)] ^= 1 << (i % 8)
		for what, content := range map[string][]byte{
			"a bit is flipped": flipped, "it is cut": whole[:len(whole)-1], "it is empty": {}, "it is longer": append(slices.Clone(whole), 0), "it is missing": nil,
		} {
			m.objects[name] = content
			if content == nil {
				delete(m.objects, name)
			}
			err := m.restore(t, dir, made.ID)
			require.Error(t, err, "%s: %s", name, what)
			if strings.HasPrefix(name, "backups/") && content == nil {
				require.Equal(t, fault.NotFound, fault.CodeOf(err), "%v", err)
			} else {
				require.Equal(t, fault.Refused, fault.CodeOf(err), "%s: %s: %v", name, what, err)
				require.Contains(t, err.Error(), name, what)
			}
			require.Empty(t, files(t, dir), "%s: %s", name, what)
		}
		m.objects[name] = whole
	}
	require.NoError(t, m.restore(t, dir, made.ID))
}

func TestEveryBitOfAManifestCounts(t *testing.T) {
	_, m, made := small(t)
	name := "backups/" + made.ID + ".json"
	whole := m.objects[name]
	for bit := 0; bit < 8*len(whole); bit += 5 {
		m.objects[name] = slices.Clone(whole)
		m.objects[name][bit/8] ^= 1 << (bit % 8)
		require.Equal(t, []string{made.ID}, damaged(t, m), "bit %d", bit)
	}
}

func TestACrashAtAnyCallLeavesEarlierBackupsWhole(t *testing.T) {
	s, m, first := small(t)
	s.add(t, 100, minute(20))
	calls := m.clone()
	_, err := calls.backup(t, s, 1)
	require.NoError(t, err)
	require.Greater(t, calls.calls, 10)
	for n := 1; n <= calls.calls; n++ {
		broken := m.clone()
		broken.dieAt = n
		_, err := broken.backup(t, s, 1)
		left := broken.clone()
		if err != nil { // else it is only that old backups were not removed
			require.Equal(t, fault.Unavailable, fault.CodeOf(err), "call %d: %v", n, err)
			left.check(t, "backups/"+first.ID+".json")
		}
		require.NoDirExists(t, filepath.Join(s.dir, backup.StagingDir))
		for _, name := range left.names("backups/") {
			left.check(t, name)
		}
		if n%5 != 0 {
			continue
		}
		// The next one makes up for it, and takes away what was left.
		_, err = left.backup(t, s, 1)
		require.NoError(t, err)
		require.Len(t, left.names("backups/"), 1, "call %d", n)
		left.check(t, left.names("backups/")[0])
		require.Len(t, left.objects, len(calls.objects), "call %d: %q", n, since(left, calls))
	}
}

func TestWhatIsCommittedAndChangedMeanwhileIsOfTheNextBackup(t *testing.T) {
	s := newServer(t)
	for i := range 5 {
		s.add(t, 70, minute(i))
	}
	s.close(t)
	before := dump(t, s.dir)
	table, next := s.table, s.next
	s = openServer(t, s.dir)
	s.table, s.next = table, next
	m := newMemory()
	puts := 0
	m.put = func(name string) {
		if puts++; puts != 3 { // in the middle, from the goroutine that uploads
			return
		}
		changed := s.table.Clone()
		changed.Version++
		changed.Columns[5].Type = schema.HugeInt // from BIGINT
		change := schema.Change{Kind: schema.Widened, Version: 2, Column: changed.Columns[5], From: schema.BigInt, At: noon, Reason: "a test"}
		s.commit(t, &ingest.Batch{Table: changed, Changes: []schema.Change{change}})
		s.table = changed
		s.add(t, 100, minute(2))
		_, err := s.store.DropOldest(t.Context(), ingest.Part{Table: "shop"}, minute(99), 50)
		require.NoError(t, err)
	}
	_, err := m.backup(t, s, 0)
	require.NoError(t, err)
	require.Greater(t, puts, 3)
	require.Equal(t, before, restored(t, m, ""))
	_, err = m.backup(t, s, 0)
	require.NoError(t, err)
	require.Equal(t, dumpOf(t, s), restored(t, m, ""))
}

func TestAFileThatOnlyHasTheNameOfTheMarkerGivesNothingAway(t *testing.T) {
	_, m, _ := small(t)
	dir := t.TempDir()
	for name, text := range map[string]string{backup.Marker: "a list of what is to be restored\n", "precious": "!"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	before := files(t, dir)
	err := m.restore(t, dir, "")
	require.Equal(t, fault.Conflict, fault.CodeOf(err), "%v", err)
	require.Equal(t, before, files(t, dir))
}

func TestARestoreIntoThePlaceIsRefused(t *testing.T) {
	s := newServer(t)
	to := filepath.Join(t.TempDir(), "backups")
	s.backup(t, to)
	p, err := place.Open(t.Context(), to)
	require.NoError(t, err)
	for _, dir := range []string{filepath.Join(to, "objects", "data"), to, filepath.Dir(to)} { // the next backup would remove the first
		_, err = backup.Restore(t.Context(), options(p, dir, ""))
		require.Equal(t, fault.Invalid, fault.CodeOf(err), "%s: %v", dir, err)
	}
	require.NoDirExists(t, filepath.Join(to, "objects", "data"))
}

func TestARestoreThatIsStoppedLeavesNothing(t *testing.T) {
	_, m, _ := small(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := options(m, t.TempDir(), "")
	o.Progress = func(done, _ int64) {
		if done > 0 {
			cancel()
		}
	}
	_, err := backup.Restore(ctx, o)
	require.Equal(t, fault.Cancelled, fault.CodeOf(err), "%v", err)
	require.Empty(t, files(t, o.Dir))
}

func TestAManifestThatAsksForMoreThanRowsIsRefused(t *testing.T) {
	dir := t.TempDir()
	for name, table := range map[string]backup.Table{
		"a type that is a statement": {Kind: backup.Events, Name: "t", Columns: []backup.Column{{Name: "a", Type: "INTEGER); DROP TABLE helios.meta; --"}}},
		"a system table of its own":  {Kind: backup.System, Name: "spy", Columns: []backup.Column{{Name: "a", Type: "INTEGER"}}},
		"no name":                    {Kind: backup.Events, Columns: []backup.Column{{Name: "a", Type: "BIGINT"}}},
	} {
		target, err := duckdb.Restore(t.Context(), dir, backup.Identity{Format: 4})
		require.NoError(t, err)
		require.Equal(t, fault.Refused, fault.CodeOf(target.Create(t.Context(), []backup.Table{table})), name)
		require.NoError(t, target.Close())
		require.NoError(t, os.Remove(filepath.Join(dir, "helios.duckdb")))
	}
	_, err := duckdb.Restore(t.Context(), dir, backup.Identity{Format: -1})
	require.Equal(t, fault.Refused, fault.CodeOf(err), "%v", err)
	_, err = duckdb.Restore(t.Context(), dir, backup.Identity{Format: 99})
	require.Equal(t, fault.Environment, fault.CodeOf(err), "a newer format: %v", err)
}
