package place

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/fault"
)

// Directory is a place in a file system.
type Directory struct{ path string }

var _ backup.Place = (*Directory)(nil)

// String implements backup.Place.
func (d *Directory) String() string { return d.path }

// Dir is where it is: a place that has one may not be inside what it keeps.
func (d *Directory) Dir() string { return d.path }

// partSuffix ends the name of a file that is being written. List gives it like any other: nobody names it, so it is removed
// when a backup that was killed has left it.
const partSuffix = ".part"

// Put implements backup.Place. What a crash leaves is the file as it was before, or the new one.
func (d *Directory) Put(ctx context.Context, name string, content io.ReadSeeker, _ int64) error {
	if err := d.put(ctx, name, content); err != nil {
		return d.explain("write", name, err)
	}
	return nil
}

func (d *Directory) put(ctx context.Context, name string, content io.Reader) error {
	if err := makeDirs(d.path); err != nil {
		return err
	}
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return err
	}
	defer root.Close()
	dir := path.Dir(name)
	if err := makeDirsIn(root, dir); err != nil {
		return err
	}
	part := name + partSuffix
	f, err := root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, until(ctx, content))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(part, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(part))
	}
	return syncDir(root, dir)
}

// makeDirs makes a directory and those above it, for good, and for its user alone.
func makeDirs(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(dir)
	if err := makeDirs(above); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	root, err := os.OpenRoot(above)
	if err != nil {
		return err
	}
	return errors.Join(syncDir(root, "."), root.Close())
}

func makeDirsIn(root *os.Root, dir string) error {
	if _, err := root.Stat(dir); dir == "." || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := path.Dir(dir)
	if err := makeDirsIn(root, above); err != nil {
		return err
	}
	if err := root.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(root, above)
}

func syncDir(root *os.Root, dir string) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// reader is a function that reads.
type reader func(p []byte) (int, error)

// Read implements io.Reader.
func (r reader) Read(p []byte) (int, error) { return r(p) }

// until reads until a context ends.
func until(ctx context.Context, r io.Reader) io.Reader {
	return reader(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

// Get implements backup.Place.
func (d *Directory) Get(_ context.Context, name string) (io.ReadCloser, error) {
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return nil, d.explain("read", name, err)
	}
	defer root.Close()
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe that nobody writes to would be waited for
	if err != nil {
		return nil, d.explain("read", name, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a file")
	}
	if err != nil {
		return nil, d.explain("read", name, errors.Join(err, f.Close()))
	}
	return f, nil
}

// List implements backup.Place.
func (d *Directory) List(ctx context.Context, prefix string) ([]backup.Object, error) {
	root, err := os.OpenRoot(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, d.explain("list", prefix, err)
	}
	defer root.Close()
	var objects []backup.Object
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // another backup's, that is gone already
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case e.IsDir() && name != "." && !strings.HasPrefix(name+"/", prefix) && !strings.HasPrefix(prefix, name+"/"):
			return fs.SkipDir
		case !e.Type().IsRegular() || !strings.HasPrefix(name, prefix):
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			objects = append(objects, backup.Object{Name: name, Size: info.Size()})
		}
		return err
	})
	if err != nil {
		return nil, d.explain("list", prefix, err)
	}
	return objects, nil
}

// Delete implements backup.Place.
func (d *Directory) Delete(_ context.Context, name string) error {
	root, err := os.OpenRoot(d.path)
	if err == nil {
		err = errors.Join(root.Remove(name), root.Close())
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d.explain("delete", name, err)
	}
	return nil
}

func (d *Directory) explain(verb, name string, err error) error {
	path := filepath.Join(d.path, filepath.FromSlash(name))
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.NotFound, "there is no %s", path)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.New(fault.Environment, "the disk is full that holds the backups in %s", d.path).WithHint("make room, or keep fewer backups: backup.keep")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR):
		return fault.New(fault.Environment, "cannot %s %s: %w", verb, path, err).WithHint("give the server's user the right to read and write there")
	default:
		return fault.New(fault.Environment, "cannot %s %s: %w", verb, path, err)
	}
}
