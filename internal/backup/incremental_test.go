package backup_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

// since are the objects of a place that were not there before.
func since(m, before *memory) (written []string) {
	for _, name := range m.names("") {
		if _, ok := before.objects[name]; !ok {
			written = append(written, name)
		}
	}
	return written
}

func minute(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func TestOnlyWhatHasChangedIsWrittenAgain(t *testing.T) {
	s := newServer(t)
	m := newMemory()
	for i := range 10 {
		s.add(t, 70, minute(i))
	}
	_, err := m.backup(t, s, 0)
	require.NoError(t, err)
	ranges := m.names("objects/events/shop/")
	require.Len(t, ranges, 10)

	before := m.clone()
	made, err := m.backup(t, s, 0)
	require.NoError(t, err)
	require.Zero(t, made.Uploaded)
	require.Equal(t, []string{"backups/" + made.ID + ".json"}, since(m, before), "nothing has changed")

	before = m.clone()
	s.add(t, 5, minute(60))
	_, err = m.backup(t, s, 0)
	require.NoError(t, err)
	written := since(m, before)
	require.Len(t, written, 4, "the tail, its quarantine, the positions, the manifest: %q", written)
	require.Contains(t, written[1], "objects/events/shop/20260701T130000Z-")
	require.Contains(t, written[2], "objects/quarantine/shop/20260701T130000Z-")
	require.Contains(t, written[3], "objects/system/positions/")

	before = m.clone()
	gone, err := s.store.DropOldest(t.Context(), ingest.Part{Table: "shop"}, time.Time{}, 30)
	require.NoError(t, err)
	require.Equal(t, 30, gone)
	_, err = m.backup(t, s, 0)
	require.NoError(t, err)
	written = since(m, before)
	require.Len(t, written, 2, "the oldest range, the manifest: %q", written)
	require.Contains(t, written[1], "objects/events/shop/20260701T120000Z-")

	// A new column, empty in what is there, changes no range of before.
	before = m.clone()
	next := s.table.Clone()
	next.Version++
	next.Columns = append(next.Columns, schema.Column{Name: "colour", Type: schema.Varchar, Path: []string{"colour"}})
	change := schema.Change{Kind: schema.Added, Version: 2, Column: next.Columns[len(next.Columns)-1], At: noon, Reason: "a test"}
	s.commit(t, &ingest.Batch{Table: next, Changes: []schema.Change{change}})
	s.table = next
	s.add(t, 10, minute(120))
	_, err = m.backup(t, s, 0)
	require.NoError(t, err)
	written = slices.DeleteFunc(since(m, before), func(name string) bool { return !strings.HasPrefix(name, "objects/events/") })
	require.Len(t, written, 1)
	require.Contains(t, written[0], "objects/events/shop/20260701T140000Z-")
	require.Equal(t, dumpOf(t, s), restored(t, m, ""))
}

// dumpOf is what a server holds. It ends the server.
func dumpOf(t *testing.T, s *server) string {
	t.Helper()
	s.close(t)
	return dump(t, s.dir)
}

func restored(t *testing.T, m *memory, id string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, m.restore(t, dir, id))
	return dump(t, dir)
}

// TestBackupsThroughALifeOfChanges lets a store live: events come, late ones too, the oldest leave, quarantined ones are deleted.
// After each change there is a backup, of which four are kept.
func TestBackupsThroughALifeOfChanges(t *testing.T) {
	s := newServer(t)
	m := newMemory()
	random := rand.New(rand.NewPCG(7, 7))
	for n := range 18 {
		switch random.IntN(6) {
		case 0:
			_, err := s.store.DropOldest(t.Context(), ingest.Part{Table: "shop"}, time.Time{}, random.IntN(200))
			require.NoError(t, err)
		case 1:
			_, err := s.store.DropQuarantined(t.Context(), ingest.QuarantineFilter{Table: "shop"})
			require.NoError(t, err)
		case 2:
			s.add(t, 1+random.IntN(20), minute(random.IntN(n*3+1)).Add(time.Duration(random.IntN(60))*time.Second))
		case 3: // more in a minute than a range should have
			for i := range 5 {
				s.add(t, 60, minute(n*3).Add(time.Duration(i*7)*time.Second))
			}
		default:
			s.add(t, 1+random.IntN(150), minute(n*3))
		}
		deps := backup.WithRangeRows(s.deps(m.open, backup.Options{Keep: 4}), 100)
		if n%3 == 0 {
			deps = backup.InRounds(deps)
		}
		_, err := backup.New(deps).Backup(t.Context(), "memory")
		require.NoError(t, err)
		require.LessOrEqual(t, len(m.names("backups/")), 4)
		require.LessOrEqual(t, len(m.names("objects/events/")), 4*40, "ranges stay few")
		for _, name := range m.names("backups/") { // each that is kept is whole
			m.check(t, name)
		}
	}
	require.Equal(t, dumpOf(t, s), restored(t, m, ""))
}

// TestALongBackupIsMadeInRounds lets events come and go while a backup is made in as many rounds as there are: what it holds is of
// one moment, the last.
func TestALongBackupIsMadeInRounds(t *testing.T) {
	s := newServer(t)
	m := newMemory()
	for i := range 8 {
		s.add(t, 70, minute(i))
	}
	rounds := 0
	m.put = func(string) {
		if rounds++; rounds > 4 {
			return
		}
		s.add(t, 70, minute(20+rounds))
		_, err := s.store.DropOldest(t.Context(), ingest.Part{Table: "shop"}, time.Time{}, 30)
		require.NoError(t, err)
	}
	made, err := backup.New(backup.InRounds(backup.WithRangeRows(s.deps(m.open, backup.Options{Keep: 1}), 100))).Backup(t.Context(), "memory")
	require.NoError(t, err)
	require.EqualValues(t, 12*70-4*30+(12*70+6)/7, made.Rows)
	require.Equal(t, dumpOf(t, s), restored(t, m, ""))
	m.check(t, "backups/"+made.ID+".json")
	for _, name := range m.names("objects/") {
		require.Contains(t, string(m.objects["backups/"+made.ID+".json"]), name, "what earlier rounds copied in vain is gone")
	}
}

func TestAPlaceMayHoldFilesOfOtherPeople(t *testing.T) {
	s := newServer(t)
	s.add(t, 150, noon)
	m := newMemory()
	theirs := []string{"objects/ab/cdef0123456789", "objects/pack/pack-1.parquet", "objects/catalog/1.sqlite", "backups/notes.json.part", "backups/old.json", "README"}
	ours := []string{
		"objects/events/shop/20260101T000000Z-00000000000000000000000000000000.parquet", "objects/system/positions/00000000000000000000000000000000.parquet",
		"objects/catalog/00000000000000000000000000000000.sqlite.part", "backups/20260101T000000.000Z-0000000000000000.json.part",
	}
	for _, name := range append(theirs, ours...) {
		m.objects[name] = []byte("x")
	}
	made, err := m.backup(t, s, 1)
	require.NoError(t, err)
	for _, name := range theirs {
		require.Contains(t, m.objects, name)
	}
	for _, name := range ours {
		require.NotContains(t, m.objects, name, "left by a backup that was killed")
	}
	_, err = m.backup(t, s, 1)
	require.NoError(t, err)
	require.NotContains(t, m.objects, "backups/"+made.ID+".json")
	require.Equal(t, dumpOf(t, s), restored(t, m, ""))
}

func TestRoomIsMadeBeforeAnythingIsWritten(t *testing.T) {
	s := newServer(t)
	m := newMemory()
	for i := range 4 {
		s.add(t, 70, minute(i))
		_, err := m.backup(t, s, 0)
		require.NoError(t, err)
	}
	objects := len(m.names("objects/"))
	s.add(t, 70, minute(10))
	m.put = func(string) {
		m.put = nil
		require.Len(t, m.names("backups/"), 1, "a place that is full of backups would stay full")
		require.Less(t, len(m.names("objects/")), objects)
	}
	_, err := m.backup(t, s, 1)
	require.NoError(t, err)
	require.Nil(t, m.put)
}

func TestABackupThatAnotherCopyOfTheStoreTakesFilesFromIsNone(t *testing.T) {
	s := newServer(t)
	s.add(t, 70, noon)
	m := newMemory()
	first, err := m.backup(t, s, 0)
	require.NoError(t, err)
	s.add(t, 70, minute(10))
	m.put = func(name string) {
		if strings.HasPrefix(name, "backups/") { // the other copy looked before this manifest was there
			m.mu.Lock()
			defer m.mu.Unlock()
			for object := range m.objects {
				if strings.HasPrefix(object, "objects/events/shop/20260701T1210") {
					delete(m.objects, object)
				}
			}
		}
	}
	_, err = m.backup(t, s, 0)
	require.Equal(t, fault.Unavailable, fault.CodeOf(err), "%v", err)
	require.Contains(t, err.Error(), "has changed meanwhile")
	require.Equal(t, []string{"backups/" + first.ID + ".json"}, m.names("backups/"))
	m.put = nil
	_, err = m.backup(t, s, 0)
	require.NoError(t, err)
	require.Equal(t, dumpOf(t, s), restored(t, m, ""))
}
