//go:build linux || darwin

package duckdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

const lockName = "helios.lock"

// lockDir locks the directory for this process until the file is closed or the process ends, however it ends. DuckDB's own
// lock does not keep one process from opening a file twice, and this one can name who holds it: the owner. It tries for as
// long as patience allows.
func lockDir(ctx context.Context, dir string, owner int, patience time.Duration) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unwritable(dir, err)
	}
	err = flock(ctx, f, patience)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		holder, _ := io.ReadAll(io.LimitReader(f, 20)) // for the message only
		err = fault.New(fault.Environment, "the data directory %s is in use by another helios (process %s)", dir, bytes.TrimSpace(holder)).
			WithHint("end that one, or choose another directory with --data")
	case err != nil:
		err = fault.New(fault.Environment, "the data directory %s cannot be locked: %w", dir, err)
	default:
		if err = f.Truncate(0); err == nil {
			_, err = fmt.Fprintln(f, owner)
		}
		if err != nil {
			err = unwritable(dir, err)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// flock takes the lock on a file, or gives EWOULDBLOCK once it has waited long enough.
func flock(ctx context.Context, f *os.File, patience time.Duration) error {
	const again = 20 * time.Millisecond
	for begun := time.Now(); ; {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Since(begun) >= patience {
			return err
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// DiskSize is how many bytes the file system has that the database is on, those of other files among them.
func (db *DB) DiskSize() (int64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(db.dir, &stat); err != nil {
		return 0, fmt.Errorf("size of the file system of %s: %w", db.dir, err)
	}
	return int64(stat.Blocks * uint64(stat.Bsize)), nil
}

// freeSpace is how many bytes may still be written to the directory's file system.
func freeSpace(dir string) (int64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil //nolint:unconvert // Bsize has 32 bits on macOS
}
