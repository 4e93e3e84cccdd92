package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
)

// void is a store with nothing in it. Its snapshots fail as long as it is told so.
type void struct{ failing atomic.Bool }

func (v *void) Snapshot(context.Context) (backup.Snapshot, error) {
	if v.failing.Load() {
		return nil, fault.New(fault.Unavailable, "not now")
	}
	return v, nil
}

func (*void) Identity() backup.Identity {
	return backup.Identity{Store: "s", Format: 1, Engine: "none"}
}
func (*void) Tables() []backup.Table { return nil }
func (*void) Close() error           { return nil }

func (*void) Cells(context.Context, backup.Table, backup.Span, time.Duration) ([]backup.Cell, error) {
	return nil, nil
}

func (*void) Rows(context.Context, backup.Table, backup.Span) (query.Rows, error) { return nil, nil }

// emptyCatalog is a catalog whose sources change `changes` times while a snapshot is begun.
type emptyCatalog struct{ changes int }

func (c *emptyCatalog) Sources(context.Context) ([]ingest.Settings, error) {
	if c.changes > 0 {
		c.changes--
		return make([]ingest.Settings, c.changes), nil
	}
	return nil, nil
}

func (*emptyCatalog) Snapshot(_ context.Context, file string) error {
	return os.WriteFile(file, []byte("catalog"), 0o600)
}

func TestTheScheduleIsKept(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m, store := newMemory(), &void{}
		deps := backup.Deps{Store: store, Catalog: &emptyCatalog{}, Open: m.open, Dir: dir, Options: backup.Options{To: "memory", Every: time.Hour, Keep: 3}}
		leftover := filepath.Join(dir, backup.StagingDir, "killed")
		require.NoError(t, os.MkdirAll(leftover, 0o700))
		run := func() (s *backup.Service, stop func()) {
			s = backup.New(deps)
			require.Equal(t, fault.Unavailable, fault.CodeOf(s.Start(t.Context(), "")), "before Run")
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				s.Run(ctx)
				close(done)
			}()
			synctest.Wait()
			return s, func() {
				cancel()
				<-done
			}
		}
		s, stop := run()
		require.NoDirExists(t, leftover, "what a killed process had staged")
		require.NotNil(t, s.Status().Last, "the first at once")
		require.Len(t, m.names("backups/"), 1)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, m.names("backups/"), 2)
		require.Equal(t, &backup.Schedule{To: "memory", Every: "1h0m0s", Keep: 3, NextAt: time.Now().UTC().Add(time.Hour)}, s.Status().Schedule)

		// A new process goes on with the schedule.
		time.Sleep(20 * time.Minute)
		stop()
		s, stop = run()
		require.Len(t, m.names("backups/"), 2)
		require.Equal(t, time.Now().UTC().Add(40*time.Minute), s.Status().Schedule.NextAt)
		require.NotNil(t, s.Status().Last)

		// One that fails is tried again soon.
		store.failing.Store(true)
		time.Sleep(40 * time.Minute)
		synctest.Wait()
		require.Equal(t, "not now", s.Status().Failed.Message)
		store.failing.Store(false)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		require.Nil(t, s.Status().Failed)
		require.Len(t, m.names("backups/"), 3)

		// A place that is named by hand and is none is told of where it is named; the backups of the schedule did not fail.
		deps.Open = func(ctx context.Context, to string) (backup.Place, error) {
			return nil, fault.New(fault.Invalid, "no such place")
		}
		typo := backup.New(deps)
		_, err := typo.Backup(t.Context(), "memroy")
		require.Equal(t, fault.Invalid, fault.CodeOf(err), "%v", err)
		require.Nil(t, typo.Status().Failed)
		require.Nil(t, typo.Status().Running)
		_, err = typo.Backup(t.Context(), "")
		require.Error(t, err)
		require.NotNil(t, typo.Status().Failed)

		// By hand, and no more than are kept.
		time.Sleep(time.Minute)
		require.NoError(t, s.Start(t.Context(), ""))
		synctest.Wait()
		require.Len(t, m.names("backups/"), 3)
		require.Equal(t, time.Now().UTC(), s.Status().Last.At)
		stop()
	})
}

func TestOneBackupAtATime(t *testing.T) {
	s := newServer(t)
	s.add(t, 50, noon)
	m := newMemory()
	service := backup.New(s.deps(m.open, backup.Options{}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m.put = func(name string) {
		if name == "STORE" {
			require.Equal(t, "memory", service.Status().Running.To)
			_, err := service.Backup(t.Context(), "elsewhere")
			require.Equal(t, fault.Conflict, fault.CodeOf(err), "%v", err)
		}
		if len(m.objects) > 1 {
			cancel()
		}
	}
	_, err := service.Backup(ctx, "memory")
	require.Equal(t, fault.Cancelled, fault.CodeOf(err), "%v", err)
	require.Equal(t, backup.Status{}, service.Status(), "a backup that somebody stopped did not fail")
	require.NoDirExists(t, filepath.Join(s.dir, backup.StagingDir))
	m.put = nil
	made, err := service.Backup(t.Context(), "memory")
	require.NoError(t, err)
	require.Equal(t, &made, service.Status().Last)
	listed, err := backup.List(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, []backup.Backup{made}, listed)
}

func TestABackupAfterAClockWasSetBackIsTheNewest(t *testing.T) {
	m := newMemory()
	now := noon
	deps := backup.Deps{Store: &void{}, Catalog: &emptyCatalog{}, Open: m.open, Dir: t.TempDir(), Now: func() time.Time { return now }, Options: backup.Options{Keep: 1}}
	_, err := backup.New(deps).Backup(t.Context(), "memory")
	require.NoError(t, err)
	now = noon.Add(-time.Hour)
	made, err := backup.New(deps).Backup(t.Context(), "memory")
	require.NoError(t, err)
	require.Equal(t, now, made.At, "whoever watches its age goes by this")
	require.Equal(t, []string{"backups/" + made.ID + ".json"}, m.names("backups/"))
	now = noon.Add(-time.Minute)
	made, err = backup.New(deps).Backup(t.Context(), "memory")
	require.NoError(t, err)
	require.Equal(t, []string{"backups/" + made.ID + ".json"}, m.names("backups/"))
}

func TestTheCatalogFitsTheStore(t *testing.T) {
	m := newMemory()
	deps := backup.Deps{Store: &void{}, Catalog: &emptyCatalog{changes: 5}, Open: m.open, Dir: t.TempDir()}
	_, err := backup.New(deps).Backup(t.Context(), "memory")
	require.NoError(t, err)
	deps.Catalog = &emptyCatalog{changes: 1000}
	_, err = backup.New(deps).Backup(t.Context(), "memory")
	require.Equal(t, fault.Unavailable, fault.CodeOf(err), "sources that never rest: %v", err)
	require.Len(t, m.names("backups/"), 1)
}
