package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	// walBound is the size of the write-ahead log at which it is written into the file. The more there is to write, the
	// longer commits wait for it.
	walBound = 16 << 20

	// idleCheckpoint is how often a log below the bound is written into the file, so that a start after a crash is quick.
	idleCheckpoint = 30 * time.Second

	// checkpointRetry is the pause after a checkpoint that failed, patience how many may fail before somebody is told: a
	// transaction that happens to run is reason enough for one.
	checkpointRetry = time.Second
	patience        = 5

	// reserve is the free space in bytes, beside twice the size of the log, without which no checkpoint is tried: DuckDB
	// gives the file up, for readers too, when the disk runs full in the middle of one. A commit that finds the disk full
	// only fails.
	reserve = 64 << 20
)

var errNoRoom = errors.New("not enough free space for a checkpoint")

// maintain makes checkpoints between commits until the store is closed.
func (db *DB) maintain() {
	ctx := context.Background()
	idle := time.NewTicker(idleCheckpoint)
	defer idle.Stop()
	grown, failed, told := db.grown, 0, false
	compacted := time.Now()
	for {
		select {
		case <-db.closing:
			return
		case <-grown:
		case <-idle.C:
		}
		if db.acquire(ctx) != nil {
			return
		}
		if db.isBroken() {
			<-db.writing
			return
		}
		var err error
		if time.Since(compacted) < compactEvery || db.bulky {
			err = db.checkpoint(ctx)
		} else {
			err = db.compact(ctx)
			compacted = time.Now()
		}
		<-db.writing
		if err == nil {
			grown, failed, told = db.grown, 0, false
			idle.Reset(idleCheckpoint)
			continue
		}
		grown = nil // not with every commit
		idle.Reset(checkpointRetry)
		if failed++; failed >= patience && !told {
			told = db.complain(ctx, err)
		}
	}
}

// complain tells that checkpoints keep failing, and returns whether it did: a query that runs on while the log is short does
// no harm.
func (db *DB) complain(ctx context.Context, err error) bool {
	if !busy(err) {
		db.log.WarnContext(ctx, "checkpoints keep failing, and are tried again", "error", err)
		return true
	}
	size, err := db.walSize()
	if err != nil || size < walBound {
		return false
	}
	db.log.WarnContext(ctx, "a query or a backup that runs on keeps the write-ahead log from being written into the file: it grows until that ends", "log_bytes", size)
	return true
}

// noteGrowth tells maintenance when the write-ahead log has grown beyond its bound.
func (db *DB) noteGrowth(ctx context.Context) {
	size, err := db.walSize()
	if err != nil {
		db.log.WarnContext(ctx, "size of the write-ahead log", "error", err)
	}
	if size < walBound {
		return
	}
	select {
	case db.grown <- struct{}{}:
	default: // it has been told
	}
}

// checkpoint writes the write-ahead log into the file. The caller holds the writer.
func (db *DB) checkpoint(ctx context.Context) error {
	size, err := db.walSize()
	if err != nil || size == 0 {
		return err
	}
	if free, err := db.freeSpace(db.dir); err != nil || free < 2*size+reserve {
		return errors.Join(errNoRoom, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := db.own.checkpoint.run(); err != nil {
		if outOfMemory(err) || damage(err.Error()) {
			db.giveUp(err)
		}
		_, after := db.writer.ExecContext(ctx, "SELECT 1") // a checkpoint that fails half-way is a fault of the instance
		db.noteBroken(after)
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// walSize is the size of the write-ahead log in bytes.
func (db *DB) walSize() (int64, error) {
	info, err := os.Stat(filepath.Join(db.dir, fileName+".wal"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("write-ahead log: %w", err)
	}
	return info.Size(), nil
}
