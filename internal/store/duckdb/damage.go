package duckdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
)

// walStart is how a write-ahead log begins: field 100, the kind of the first entry, is 98, the version; field 101 follows.
// DuckDB takes a log that begins otherwise for one that was never finished, and deletes it.
var walStart = []byte{0x64, 0x00, 0x62, 0x65, 0x00}

// checkFiles finds what DuckDB would pass over: it must not begin a new file, or a new log, in place of what is damaged.
func checkFiles(dir string) error {
	log, err := os.Open(filepath.Join(dir, fileName+".wal"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unwritable(dir, err)
	}
	defer func() { _ = log.Close() }()
	if _, err := os.Stat(filepath.Join(dir, fileName)); errors.Is(err, fs.ErrNotExist) {
		return damaged(dir, errors.New("it is missing, but its write-ahead log is there"))
	}
	start, err := io.ReadAll(io.LimitReader(log, int64(len(walStart))))
	if err != nil {
		return fmt.Errorf("write-ahead log: %w", err)
	}
	// A machine that lost its power may leave a log that is empty, short or zero: nothing in it was ever committed.
	if len(start) < len(walStart) || bytes.Equal(start, make([]byte, len(walStart))) || bytes.Equal(start, walStart) {
		return nil
	}
	return damagedLog(dir, errors.New("it does not begin as a write-ahead log"))
}

// damage tells whether a text of DuckDB's says that the file, or its log, is not what was written. Checksums tell: of the
// headers and of what describes the tables at the start, of everything else when it is read.
func damage(text string) bool {
	for _, sign := range []string{
		"Corrupt database file", "Corrupt WAL file", "Could not read enough bytes", "not a valid DuckDB database file", "Serialization Error",
	} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// damaged is an error that says what can be done about it. What is lost was read from streams, and so were the positions:
// both go back together.
func damaged(dir string, cause error) error {
	file := filepath.Join(dir, fileName)
	if strings.Contains(cause.Error(), "Corrupt WAL file") {
		return damagedLog(dir, cause)
	}
	return fault.New(fault.Environment, "%s is damaged: %w", file, cause).WithHint("nothing was changed: restore it and %s.wal from a backup of one moment, "+
		"or move both away and start again; sources are remembered apart, and their streams are read again as far back as they reach", fileName)
}

// damagedLog says so of the write-ahead log, without which the file is whole.
func damagedLog(dir string, cause error) error {
	return fault.New(fault.Environment, "%s.wal is damaged: %w", filepath.Join(dir, fileName), cause).WithHint(
		"nothing was changed: move that file away and start again; what only it held is read again from the streams, as far back as they reach")
}
