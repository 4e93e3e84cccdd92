package apitest

import (
	"context"
	"slices"
	"time"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/fault"
)

// backups are those of a world. One that is started runs until the world's end.
type backups struct{ w *World }

func (b backups) Start(_ context.Context, to string) error {
	if b.w.Err != nil {
		return b.w.Err
	}
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	b.w.calls = append(b.w.calls, "backup to "+to)
	if b.w.Backups.Running != nil {
		return fault.New(fault.Conflict, "a backup to %s is being made", b.w.Backups.Running.To)
	}
	b.w.Backups.Running = &backup.Running{To: to, StartedAt: time.Unix(1_800_000_000, 0).UTC(), Rows: 4, RowsDone: 1, Uploaded: 2}
	return nil
}

func (b backups) Status() backup.Status {
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	return b.w.Backups
}

func (b backups) List(_ context.Context, at string) ([]backup.Backup, error) {
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	b.w.calls = append(b.w.calls, "backups at "+at)
	return slices.Clone(b.w.Made), b.w.Err
}
