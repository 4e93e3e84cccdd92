package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/backup/place"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

// BackUpOptions say what a backup is made of while no server runs, and where it goes.
type BackUpOptions struct {
	Config   config.Config
	To       string // "": where the settings say
	Logger   *slog.Logger
	Progress func(done, all, written int64) // rows, of how many (0: not counted yet), and bytes
}

// progressEvery is how often a backup is asked how far it is.
const progressEvery = 200 * time.Millisecond

// BackUp makes a backup of a data directory whose server rests. fault.Environment if it does not rest.
func BackUp(ctx context.Context, o BackUpOptions) (made backup.Backup, err error) {
	onlyOurs()
	dir := o.Config.Data
	if _, err := os.Stat(filepath.Join(dir, catalog.File)); errors.Is(err, fs.ErrNotExist) {
		return made, fault.New(fault.NotFound, "no server has kept anything in %s yet", dir).WithHint("name the server's directory with --data")
	}
	if err := backup.CheckDir(dir); err != nil {
		return made, err
	}
	store, err := duckdb.Open(ctx, dir, duckdb.Options{Threads: o.Config.Store.Threads, MemoryLimit: o.Config.Store.MemoryLimit, Logger: o.Logger, LettingGo: lettingGo})
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	kept, err := catalog.Open(ctx, dir)
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	service := newBackups(backup.Deps{Store: store, Catalog: kept, Logger: o.Logger}, &o.Config)
	to, err := service.place(o.To)
	if err != nil {
		return made, err
	}
	defer running(func(ctx context.Context) {
		for tick := time.NewTicker(progressEvery); ; {
			select {
			case <-tick.C:
				if r := service.Status().Running; r != nil {
					o.Progress(r.RowsDone, r.Rows, r.Uploaded)
				}
			case <-ctx.Done():
				tick.Stop()
				return
			}
		}
	})()
	return service.Backup(ctx, to)
}

// BackupsAt lists the backups at a place, the newest first.
func BackupsAt(ctx context.Context, from string) ([]backup.Backup, error) {
	at, err := openPlace(ctx, from)
	if err != nil {
		return nil, err
	}
	return backup.List(ctx, at)
}

// openPlace opens a place as it is written on a command line.
func openPlace(ctx context.Context, from string) (backup.Place, error) {
	from, err := config.BackupPlace(from)
	if err != nil {
		return nil, err
	}
	return place.Open(ctx, from)
}

// RestoreOptions say what is restored, and into which data directory.
type RestoreOptions struct {
	From, Data string
	ID         string // "": the newest
	Logger     *slog.Logger
	Progress   func(done, all int64) // rows
}

// Restore makes a data directory from a backup. No server is needed.
func Restore(ctx context.Context, o RestoreOptions) (backup.Backup, error) {
	onlyOurs()
	from, err := openPlace(ctx, o.From)
	if err != nil {
		return backup.Backup{}, err
	}
	return backup.Restore(ctx, backup.RestoreOptions{
		Place: from, ID: o.ID, Dir: o.Data, Store: duckdb.Restore, Catalog: catalog.File, Progress: o.Progress, Logger: o.Logger,
	})
}
