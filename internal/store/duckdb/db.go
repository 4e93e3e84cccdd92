// Package duckdb keeps tables, their quarantine and the positions of their sources in one DuckDB file, and queries them.
// It is the only package that knows DuckDB. One connection writes, in transactions that hold rows and positions together;
// any number of others read beside it.
package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/schema"
)

const (
	fileName = "helios.duckdb"
	tempName = "helios.tmp" // where queries spill what does not fit into memory

	// catalog is the name under which the file is attached. It differs from the names of our schemas, since DuckDB refuses
	// a qualified name whose first part is both a catalog and a schema.
	catalog = "db"

	// rowGroupSize is smaller than DuckDB's 122,880: a checkpoint writes the last, unfinished row group of a table anew,
	// so that this bounds the time for which it holds up commits. BenchmarkCommit with 10,000 rows, on two busy cores: at
	// most 0.13 s and 3 s of CPU per million rows, against 2.3 s and 8 s.
	rowGroupSize = 20480

	// storageVersion is that of the DuckDB in use: by default it would write what version 0.10 can read, and need a third
	// more CPU for a checkpoint.
	storageVersion = "latest"
)

// Options are the settings of a store. The zero Options are good.
type Options struct {
	Threads     int              // of DuckDB; 0: one for each core
	MemoryLimit int64            // of DuckDB's buffers, in bytes; 0: three fifths of the memory of the machine or its cgroup
	Logger      *slog.Logger     // nil: silent
	Now         func() time.Time // nil: time.Now
	Owner       int              // the process that a person ends to end this one, named to others who want the directory; 0: this one
	LettingGo   time.Duration    // how long to wait for another process that is ending to let go of the directory
}

// DB is an open store. Its methods may be called from several goroutines.
type DB struct {
	dir  string
	log  *slog.Logger
	now  func() time.Time
	lock *os.File // on the directory, as long as the store is open

	pool    *sql.DB       // connections to the one instance; all but the writer's only read
	writing chan struct{} // holds a token while somebody uses the writer
	writer  *sql.Conn
	own     writerStatements
	parser  *sql.DB // another instance, empty, that parses statements for the guard
	// What the writer knows of the file, so that it need not ask for every batch. Forgotten when a transaction fails.
	tables    map[string]*schema.Table             // by key
	positions map[string]map[string]event.Position // by source and shard
	bulky     bool                                 // whether the file holds a text of bulkyText bytes, or will soon

	maintenance sync.WaitGroup
	grown       chan struct{} // tells maintenance that a commit took the write-ahead log beyond its bound
	closing     chan struct{}
	broken      chan struct{} // closed when the instance must be opened anew
	breaking    sync.Once
	cause       error                           // set before broken is closed
	freeSpace   func(dir string) (int64, error) // replaced by tests

	audit atomic.Pointer[AuditLog] // nil until ShowAudit

	dialectMu sync.Mutex
	dialect   *query.Dialect // once it has been asked for
}

// Open opens the store in a directory, and makes both if they are missing. Its errors are of code Environment when the
// directory cannot be written, is in use by another process, or was written by a newer version.
func Open(ctx context.Context, dir string, opt Options) (*DB, error) {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Threads <= 0 {
		opt.Threads = runtime.GOMAXPROCS(0)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if strings.Contains(dir, "?") { // DuckDB takes what follows for parameters, and puts its log elsewhere
		return nil, fault.New(fault.Environment, "the data directory %s has a question mark in its path", dir).
			WithHint("choose another one with --data")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unwritable(dir, err)
	}
	lock, err := lockDir(ctx, dir, cmp.Or(opt.Owner, os.Getpid()), opt.LettingGo)
	if err != nil {
		return nil, err
	}
	db := &DB{
		dir: dir, log: opt.Logger, now: opt.Now, lock: lock,
		writing: make(chan struct{}, 1),
		grown:   make(chan struct{}, 1),
		closing: make(chan struct{}), broken: make(chan struct{}), freeSpace: freeSpace,
	}
	db.unlearn()
	if err := db.open(ctx, opt); err != nil {
		return nil, errors.Join(db.explain(err), db.release())
	}
	db.maintenance.Go(db.maintain)
	return db, nil
}

// open makes the instance, attaches the file to it, closes every door that a query could use, and migrates.
func (db *DB) open(ctx context.Context, opt Options) error {
	if err := os.RemoveAll(filepath.Join(db.dir, tempName)); err != nil { // what a killed process has left
		return unwritable(db.dir, err)
	}
	if err := checkFiles(db.dir); err != nil {
		return err
	}
	life := context.WithoutCancel(ctx)
	// The first connection sets the instance up, all others find it so: its configuration is locked.
	statements := setup(db.dir, opt)
	// The instance itself is in memory, so that the file can be attached with options, and under a name of our choice.
	connector, err := duckdb.NewConnector("", func(conn driver.ExecerContext) error {
		for _, s := range statements {
			if _, err := conn.ExecContext(life, s, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("start DuckDB: %w", err)
	}
	db.pool = sql.OpenDB(connector)
	if db.parser, err = openParser(ctx); err != nil {
		return err
	}
	if db.writer, err = db.pool.Conn(ctx); err != nil {
		return cannotOpen(db.dir, err)
	}
	statements = []string{use}
	if err := db.registerAudit(db.writer); err != nil {
		return err
	}
	if err := db.prepareOwn(); err != nil {
		return err
	}
	if err := db.migrate(ctx); err != nil {
		return err
	}
	if db.own.save, err = prepare(db.writer, savePositions); err != nil {
		return err
	}
	return db.findBulky(ctx)
}

const use = "USE " + catalog

// setup gives the statements that attach the file and configure the instance, in an order that matters: what a query
// could use to get at files, at the network or at these very settings is closed last.
func setup(dir string, opt Options) []string {
	statements := []string{
		// Before ATTACH, which reads the log and makes a checkpoint of a large one.
		"SET GLOBAL checkpoint_threshold = '1TB'", // checkpoints are ours: see maintain and Close
		joinNone,
		fmt.Sprintf("ATTACH %s AS %s (ROW_GROUP_SIZE %d, STORAGE_VERSION %s)",
			literal(filepath.Join(dir, fileName)), catalog, rowGroupSize, literal(storageVersion)),
		use,
		fmt.Sprintf("SET GLOBAL threads = %d", opt.Threads),
		"SET GLOBAL temp_directory = " + literal(filepath.Join(dir, tempName)),
		"SET GLOBAL TimeZone = 'UTC'",
		"PRAGMA disable_checkpoint_on_shutdown",
		// ORDER BY … LIMIT would miss rows: this passes over row groups by counting rows that are deleted (DuckDB 1.5.6).
		"SET GLOBAL disabled_optimizers = 'row_group_pruner'",
		"SET GLOBAL autoinstall_known_extensions = false",
		"SET GLOBAL autoload_known_extensions = false",
		"SET GLOBAL allow_community_extensions = false",
	}
	// DuckDB's default is four fifths of the machine's memory or its cgroup's, as "12.5 GiB". That leaves too little for
	// what DuckDB does not count, and for the rest of Helios: three quarters of it.
	memory := "0.75 * split_part(current_setting('memory_limit'), ' ', 1)::DOUBLE || split_part(current_setting('memory_limit'), ' ', 2)"
	if opt.MemoryLimit > 0 {
		memory = fmt.Sprintf("'%dB'", opt.MemoryLimit)
	}
	statements = append(statements, "SET GLOBAL memory_limit = "+memory)
	return append(statements,
		"SET GLOBAL allowed_configs = ['"+joinSetting+"']",
		"SET GLOBAL enable_external_access = false",
		"SET GLOBAL lock_configuration = true",
	)
}

// Broken is closed when the instance is of no more use: after an internal error, in whichever query, DuckDB refuses all
// further work until the file is opened anew; and a writer that lacked memory leaves it in disorder. What was committed is
// safe; the owner closes the store, once nobody reads any more, and opens it again.
func (db *DB) Broken() <-chan struct{} { return db.broken }

// Close waits for the running commit, writes the write-ahead log into the file and closes the store; who wants to write
// from now on is told that it is Unavailable. When ctx ends first, the disk is full or a query does not end, the log stays, and is read at the
// next start: nothing is lost. It is called once, when nobody reads any more.
func (db *DB) Close(ctx context.Context) error {
	close(db.closing)
	db.maintenance.Wait()
	db.writing <- struct{}{} // for good
	var err error
	if !db.isBroken() { // else it is known
		err = db.checkpoint(ctx)
		if found := db.Damage(); found != nil {
			err = found
		} else if ctx.Err() != nil || errors.Is(err, errNoRoom) || busy(err) || db.isBroken() {
			err = nil
		}
	}
	return errors.Join(err, db.release())
}

// busy tells whether a checkpoint found a query that still reads what was before the last commits.
func busy(err error) bool {
	return err != nil && strings.Contains(err.Error(), "Cannot CHECKPOINT: there are other")
}

// release gives back what open has taken.
func (db *DB) release() error {
	var errs []error
	db.own.close()
	if db.writer != nil {
		errs = append(errs, db.writer.Close())
	}
	if db.pool != nil {
		errs = append(errs, db.pool.Close())
	}
	if db.parser != nil {
		errs = append(errs, db.parser.Close())
	}
	return errors.Join(append(errs, db.lock.Close())...)
}

// noteBroken tells the owner when an error says that DuckDB has given the instance up.
func (db *DB) noteBroken(err error) {
	if err != nil && strings.Contains(err.Error(), "database has been invalidated") {
		db.giveUp(err)
	}
}

// giveUp tells the owner that the instance must not be used any more.
func (db *DB) giveUp(cause error) {
	db.breaking.Do(func() {
		db.log.Error("the database had a fault and must be opened anew", "error", cause)
		db.cause = cause
		close(db.broken)
	})
}

// Damage is what opening the file anew does not mend: it is not as it was written. Nil if the store is whole, as far as is
// known.
func (db *DB) Damage() error {
	if !db.isBroken() || !damage(db.cause.Error()) {
		return nil
	}
	return damaged(db.dir, db.cause)
}

const retryHint = "try again in a moment: what was committed is safe"

var errBroken = fault.New(fault.Unavailable, "the database had a fault and is opened again").
	WithHint("%s", retryHint).WithRetryAfter(time.Second)

func (db *DB) isBroken() bool {
	select {
	case <-db.broken:
		return true
	default:
		return false
	}
}

// explain says so when what failed is the instance, the file or its disk. A commit that finds the disk full leaves no
// trace, and the next one may succeed. The appender's errors have no type: all are known by their text.
func (db *DB) explain(err error) error {
	db.noteBroken(err)
	if err == nil || fault.CodeOf(err) != fault.Internal {
		return err
	}
	text := err.Error()
	switch {
	case db.isBroken():
		return fault.New(fault.Unavailable, "%s: %w", errBroken.Message, err).
			WithHint("%s", retryHint).WithRetryAfter(time.Second)
	case outOfMemory(err):
		message, _, _ := strings.Cut(text, "\n") // what follows advises to change settings
		return fault.New(fault.Unavailable, "queries have taken the database's memory: %s", message).
			WithHint("try again in a moment").WithRetryAfter(time.Second)
	case diskFull(text):
		return fault.New(fault.Environment, "the disk is full that holds %s: events wait in the stream until there is room", db.dir).
			WithHint("make room, and reading goes on by itself: what was committed is safe")
	case damage(text):
		return damaged(db.dir, err)
	case strings.Contains(text, "IO Error"), strings.Contains(text, "Could not write file"):
		return fault.New(fault.Environment, "%s cannot be written: %w", filepath.Join(db.dir, fileName), err).
			WithHint("look at the disk and its free space: what was committed is safe")
	default:
		return err
	}
}

// diskFull tells whether a text of DuckDB's says that the disk, or the user's share of it, is full.
func diskFull(text string) bool {
	return strings.Contains(text, "No space left on device") || strings.Contains(text, "Disk quota exceeded")
}

// cannotOpen says for people why the file could not be opened.
func cannotOpen(dir string, err error) error {
	text := err.Error()
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case strings.Contains(text, "Could not set lock"):
		return fault.New(fault.Environment, "%s is in use by another program: %w", filepath.Join(dir, fileName), err).
			WithHint("end that program: DuckDB lets one process at a time open a file")
	case strings.Contains(text, "database file with version number"), strings.Contains(text, "newer version of DuckDB"):
		return newer(dir, err)
	case strings.Contains(text, "Permission denied"), strings.Contains(text, "Read-only file system"):
		return unwritable(dir, err)
	case damage(text):
		return damaged(dir, err)
	default:
		return fault.New(fault.Environment, "%s cannot be opened: %w", filepath.Join(dir, fileName), err)
	}
}

func newer(dir string, err error) error {
	return fault.New(fault.Environment, "%s was made by a newer version of Helios: %w", filepath.Join(dir, fileName), err).
		WithHint("use that version, or another data directory")
}

func unwritable(dir string, err error) error {
	return fault.New(fault.Environment, "the data directory %s cannot be written: %w", dir, err).
		WithHint("choose another one with --data, or give this user the right to write it")
}

// quote makes an SQL identifier of any name.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal makes an SQL string of a text.
func literal(text string) string { return `'` + strings.ReplaceAll(text, `'`, `''`) + `'` }
