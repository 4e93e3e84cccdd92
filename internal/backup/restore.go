package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/helios-sql/helios/internal/fault"
)

// RestoreOptions say what is restored, and where.
type RestoreOptions struct {
	Place    Place
	ID       string // of the backup; "": the newest
	Dir      string // the data directory to be: empty or missing, or one that an interrupted restore has left
	Store    func(ctx context.Context, dir string, of Identity) (Target, error)
	Catalog  string                  // the name of the catalog's file in a data directory
	Progress func(done, total int64) // rows; may be nil
	Logger   *slog.Logger            // nil: silent
}

// fetchDir is where, in the directory that is restored, files are checked before they are loaded: two at a time.
const fetchDir = "helios.restore"

// Restore brings a backup into an empty directory. It refuses, by name, what is not as it was written, and then leaves the
// directory empty.
func Restore(ctx context.Context, o RestoreOptions) (Backup, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	if err := apart(o.Place, o.Dir); err != nil {
		return Backup{}, err
	}
	id, m, err := choose(ctx, o.Place, o.ID)
	if err != nil {
		return Backup{}, err
	}
	if err := m.verify(ctx, o.Place); err != nil {
		return Backup{}, err
	}
	b := m.backup(o.Place, id)
	lock, err := beginRestore(o.Dir)
	if err != nil {
		return Backup{}, err
	}
	defer lock.Close()
	r := &restoring{RestoreOptions: o, man: m, total: b.Rows, fetch: filepath.Join(o.Dir, fetchDir)}
	if err := r.all(ctx); err != nil {
		if ctx.Err() != nil {
			err = fault.New(fault.Cancelled, "the restore was stopped: %w", ctx.Err())
		}
		return Backup{}, errors.Join(err, undoRestore(o.Dir))
	}
	if err := endRestore(o.Dir); err != nil {
		return Backup{}, err
	}
	o.Logger.InfoContext(ctx, "backup restored", "id", id, "place", b.To, "rows", b.Rows, "data", o.Dir)
	return b, nil
}

// choose finds the backup that is asked for.
func choose(ctx context.Context, p Place, id string) (string, *manifest, error) {
	ids, err := backupIDs(ctx, p)
	if err != nil {
		return "", nil, err
	}
	if len(ids) == 0 {
		return "", nil, fault.New(fault.NotFound, "there is no backup in %s", p).WithHint("check its name: a backup has a file below %s", backupsDir)
	}
	if id == "" {
		id = ids[len(ids)-1]
	}
	if !slices.Contains(ids, id) {
		return "", nil, fault.New(fault.NotFound, "there is no backup %q in %s", id, p).WithHint("`helios backups %s` lists them", p)
	}
	m, err := readManifest(ctx, p, id)
	return id, m, err
}

// verify makes sure of what can be seen without reading the rows: so that most damage is told before the work begins.
func (m *manifest) verify(ctx context.Context, p Place) error {
	owner, owned, err := readOwner(ctx, p)
	switch {
	case err != nil:
		return err
	case !owned:
		return altered(p, storeName, "it is missing")
	case owner != m.Identity.Store+"\n":
		return altered(p, storeName, "it does not name the store that the backup is of")
	}
	return missing(ctx, p, m.files())
}

// restoring is a restore under way.
type restoring struct {
	RestoreOptions

	man         *manifest
	fetch       string
	done, total int64
}

// fetched is a file that has been found to be what it should be.
type fetched struct {
	table *tableRecord
	file  file
	path  string
}

func (r *restoring) all(ctx context.Context) (err error) {
	if err := os.Mkdir(r.fetch, 0o700); err != nil {
		return r.disk(err)
	}
	target, err := r.Store(ctx, r.Dir, r.man.Identity)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	tables := make([]Table, len(r.man.Tables))
	for i := range tables {
		tables[i] = r.man.Tables[i].Table
	}
	if err := target.Create(ctx, tables); err != nil {
		return err
	}
	if err := r.get(ctx, r.man.Catalog, filepath.Join(r.Dir, r.Catalog)); err != nil {
		return err
	}
	r.Progress(0, r.total)
	if err := r.loadAll(ctx, target); err != nil {
		return err
	}
	if err := r.compare(ctx, target); err != nil {
		return err
	}
	if err := target.Finish(ctx); err != nil {
		return err
	}
	return os.RemoveAll(r.fetch)
}

// loadAll fetches the files one after another, and loads each while the next is fetched.
func (r *restoring) loadAll(ctx context.Context, target Target) error {
	group, ctx := errgroup.WithContext(ctx)
	ready := make(chan fetched)
	group.Go(func() error {
		defer close(ready)
		n := 0
		for i := range r.man.Tables {
			t := &r.man.Tables[i]
			for _, part := range t.Ranges {
				for _, f := range part.Files {
					next := fetched{table: t, file: f, path: filepath.Join(r.fetch, fmt.Sprintf("%d.parquet", n))}
					n++
					if err := r.get(ctx, f, next.path); err != nil {
						return err
					}
					select {
					case ready <- next:
					case <-ctx.Done():
						return ctx.Err()
					}
				}
			}
		}
		return nil
	})
	group.Go(func() error {
		for f := range ready {
			if err := r.load(ctx, target, f); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

func (r *restoring) load(ctx context.Context, target Target, f fetched) error {
	rows, err := target.Load(ctx, f.table.Table, f.path)
	switch {
	case err == nil && rows != f.file.Rows:
		return altered(r.Place, f.file.Name, fmt.Sprintf("it has %d rows, not %d", rows, f.file.Rows))
	case err != nil:
		return fmt.Errorf("%s: %w", f.file.Name, err)
	}
	if f.table.Kind != System {
		r.done += rows
		r.Progress(r.done, r.total)
	}
	return r.disk(os.Remove(f.path))
}

// compare makes sure that each table holds the very rows that were read from the one it is a copy of. Another version of the
// engine adds up otherwise: then the number of rows must do.
func (r *restoring) compare(ctx context.Context, target Target) error {
	for i := range r.man.Tables {
		t := &r.man.Tables[i]
		if t.Kind == System {
			continue
		}
		var want Print
		for _, part := range t.Ranges {
			want = want.Plus(part.Print)
		}
		have, err := target.Print(ctx, t.Table)
		if err != nil {
			return err
		}
		if have.Rows != want.Rows || target.Engine() == r.man.Identity.Engine && have != want {
			return fault.New(fault.Internal, "the rows of %s are not those that were backed up, although all files are as they were written", t.Name).
				WithHint("nothing was restored: please report this, with the versions of Helios that made the backup (%s) and that restores it", r.man.Version)
		}
	}
	return nil
}

// tries is how often a file is fetched whose transfer breaks off.
const tries = 3

// persist does it once more when a transfer broke off: a client of S3 tries again what was not answered, and not what was
// answered in part.
func persist(ctx context.Context, log *slog.Logger, name string, once func() error) error {
	for n := 1; ; n++ {
		err := once()
		code := fault.CodeOf(err)
		if err == nil || n == tries || ctx.Err() != nil || code != fault.Unavailable && code != fault.Environment && code != fault.Internal {
			return err
		}
		log.WarnContext(ctx, "a file of the backup is fetched again", "name", name, "error", err)
		select {
		case <-time.After(time.Duration(n) * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// get fetches a file, and makes sure that it is what the manifest says, before anybody reads it.
func (r *restoring) get(ctx context.Context, f file, path string) error {
	return r.disk(persist(ctx, r.Logger, f.Name, func() error { return r.getOnce(ctx, f, path) }))
}

func (r *restoring) getOnce(ctx context.Context, f file, path string) (err error) {
	from, err := r.Place.Get(ctx, f.Name)
	if fault.CodeOf(err) == fault.NotFound {
		return altered(r.Place, f.Name, "it is missing")
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(to, sum), io.LimitReader(from, f.Size+1)) // never more than is expected
	if err == nil {
		err = to.Sync()
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return err
	}
	switch {
	case size != f.Size:
		return altered(r.Place, f.Name, fmt.Sprintf("it does not have %d bytes", f.Size))
	case hex.EncodeToString(sum.Sum(nil)) != f.SHA256:
		return altered(r.Place, f.Name, "its SHA-256 is another")
	}
	return nil
}

// disk says so when what failed is the disk of the directory.
func (r *restoring) disk(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fault.New(fault.Environment, "the disk is full that holds %s", r.Dir).WithHint("make room, or restore into another directory")
	}
	return err
}
