package backup

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/helios-sql/helios/internal/fault"
)

// Marker is the file that stands in a directory from the beginning of a restore to its end.
const Marker = "RESTORING"

// markerText is what the marker holds once everything beside it is known to be the restore's: only then may that be removed. A
// restore that was killed before has not written anything.
const markerText = "A backup is being restored into this directory. If that was interrupted, run the restore again: it begins anew.\n"

// CheckDir refuses, with fault.Environment, a data directory that a restore has not finished.
func CheckDir(dir string) error {
	_, err := os.Lstat(filepath.Join(dir, Marker))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fault.New(fault.Environment, "cannot use the data directory: %w", err)
	default:
		return fault.New(fault.Environment, "a restore into %s is under way, or was interrupted: it is not whole", dir).
			WithHint("wait for its end, or run `helios restore` again: it begins anew")
	}
}

// beginRestore marks an empty directory, or takes over one that an interrupted restore has left, and empties it. The marker is
// locked as long as the file is open: two restores do not disturb each other.
func beginRestore(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, cannotUse(dir, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, Marker)); errors.Is(err, fs.ErrNotExist) {
		if err := onlyMarker(dir); err != nil { // before anything is written there
			return nil, err
		}
	}
	path := filepath.Join(dir, Marker)
	marker, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, cannotUse(dir, err)
	}
	if err := take(marker, dir, path); err != nil {
		return nil, errors.Join(err, marker.Close())
	}
	return marker, nil
}

func take(marker *os.File, dir, path string) error {
	if err := syscall.Flock(int(marker.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fault.New(fault.Conflict, "another restore into %s is under way", dir).WithHint("wait for its end")
	}
	opened, err := marker.Stat()
	if err != nil {
		return cannotUse(dir, err)
	}
	if now, err := os.Lstat(path); err != nil || !os.SameFile(opened, now) {
		return fault.New(fault.Conflict, "another restore into %s has just ended", dir).WithHint("look what is there")
	}
	if opened.Size() == 0 {
		err := onlyMarker(dir)
		if err == nil {
			if _, err = marker.WriteString(markerText); err == nil {
				err = errors.Join(marker.Sync(), syncDir(dir))
			}
			return cannotUse(dir, err)
		}
		return errors.Join(err, os.Remove(path))
	}
	text, err := io.ReadAll(io.LimitReader(marker, opened.Size()))
	if err == nil && !strings.HasPrefix(markerText, string(text)) { // a crash may have cut it short
		return fault.New(fault.Conflict, "%s is not empty: it holds a file %s that no restore has written", dir, Marker).
			WithHint("restore into a directory that is empty or missing")
	}
	if err == nil {
		err = empty(dir)
	}
	return cannotUse(dir, err)
}

// onlyMarker refuses a directory that holds anything else.
func onlyMarker(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return cannotUse(dir, err)
	}
	for _, e := range entries {
		if e.Name() != Marker {
			return fault.New(fault.Conflict, "%s is not empty: it holds %s", dir, e.Name()).WithHint("restore into a directory that is empty or missing")
		}
	}
	return nil
}

// empty removes all but the marker.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != Marker {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// undoRestore leaves the directory empty. The marker goes last: what is killed here is cleaned by the next restore.
func undoRestore(dir string) error {
	err := empty(dir)
	if err == nil {
		err = os.Remove(filepath.Join(dir, Marker))
	}
	return cannotUse(dir, err)
}

// endRestore makes the directory one that can be served: first all that is in it is on the disk.
func endRestore(dir string) error {
	err := syncDir(dir)
	if err == nil {
		if err = os.Remove(filepath.Join(dir, Marker)); err == nil {
			err = syncDir(dir)
		}
	}
	return cannotUse(dir, err)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func cannotUse(dir string, err error) error {
	if err == nil || fault.CodeOf(err) != fault.Internal {
		return err
	}
	return fault.New(fault.Environment, "the directory %s cannot be used: %w", dir, err).
		WithHint("choose another one with --data, or give this user the right to write it")
}
