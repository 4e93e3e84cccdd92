package app

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/fault"
)

// onlyOurs sees to it that what this process makes is its user's alone, whatever the directory lets others see.
func onlyOurs() { syscall.Umask(0o077) }

// takeAway keeps others from what there is of Helios's in a data directory: the directory may be older than the server, and not its
// own. What else is there stays as it is.
func takeAway(dir string) error {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.New(fault.Environment, "cannot use the data directory: %w", err)
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		top, _, _ := strings.Cut(path, "/")
		ours := strings.HasPrefix(top, "helios.") || strings.HasPrefix(top, catalog.File) || top == selfSignedDir || top == acmeDir
		switch {
		case path == "." || errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case !ours && e.IsDir():
			return fs.SkipDir
		case !ours || !e.IsDir() && !e.Type().IsRegular():
			return nil
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			err = root.Chmod(path, info.Mode().Perm()&0o700)
		}
		if errors.Is(err, fs.ErrNotExist) { // a server at work removes some
			return nil
		}
		return err
	})
	if err != nil {
		return fault.New(fault.Environment, "what is in the data directory %s cannot be kept from others on this machine: %w", dir, err).
			WithHint("give it to the server's user with chown -R")
	}
	return nil
}
