package duckdb

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"unicode/utf8"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/schema"
)

// blob is the type of a vector whose Text holds bytes that need not be UTF-8. No schema has it: the quarantine does.
const blob schema.Type = "BLOB"

// appender writes columns into one table, in the transaction that runs on its connection.
//
// The driver's own appender takes rows, value by value, each boxed in an interface, and marshals JSON anew. This one copies
// our columns into DuckDB's as the memory layout of both allows (BenchmarkCommit against BenchmarkAppendRow shows what that
// is worth). The layouts are those that duckdb.h publishes: plain arrays, a bit mask of what is valid, duckdb_string_t.
type appender struct {
	handle mapping.Appender
	chunk  mapping.DataChunk
	types  []mapping.LogicalType
}

// newAppender makes an appender for a table whose name holds no NUL.
func newAppender(conn *sql.Conn, schemaName, table string) (*appender, error) {
	connection, err := native(conn)
	if err != nil {
		return nil, err
	}
	var a appender
	if mapping.AppenderCreateExt(connection, catalog, schemaName, table, &a.handle) == mapping.StateError {
		err := a.fault()
		mapping.AppenderDestroy(&a.handle)
		return nil, fmt.Errorf("append to %s: %w", in(schemaName, table), err)
	}
	for i := range mapping.AppenderColumnCount(a.handle) {
		a.types = append(a.types, mapping.AppenderColumnType(a.handle, i))
	}
	a.chunk = mapping.CreateDataChunk(a.types)
	return &a, nil
}

// close gives the memory back. What has not been flushed is forgotten.
func (a *appender) close() {
	mapping.AppenderClear(a.handle)
	mapping.AppenderDestroy(&a.handle)
	mapping.DestroyDataChunk(&a.chunk)
	for i := range a.types {
		mapping.DestroyLogicalType(&a.types[i])
	}
}

// append hands n rows to DuckDB. The vectors may be used again afterwards.
func (a *appender) append(vectors []columns.Vector, n int) error {
	if len(vectors) != len(a.types) {
		return fmt.Errorf("%d vectors for %d columns", len(vectors), len(a.types))
	}
	for i := range vectors {
		if err := check(&vectors[i], n); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	var pins runtime.Pinner // DuckDB copies long texts out of our memory while it takes a chunk
	defer pins.Unpin()
	for i := range vectors {
		if len(vectors[i].Text) > 0 {
			pins.Pin(unsafe.SliceData(vectors[i].Text))
		}
	}
	capacity := int(mapping.VectorSize())
	for from := 0; from < n; from += capacity {
		count := min(capacity, n-from)
		mapping.DataChunkReset(a.chunk)
		for i := range vectors {
			fill(mapping.DataChunkGetVector(a.chunk, mapping.IdxT(i)), &vectors[i], from, count)
		}
		mapping.DataChunkSetSize(a.chunk, mapping.IdxT(count))
		if mapping.AppendDataChunk(a.handle, a.chunk) == mapping.StateError {
			return a.fault()
		}
	}
	return nil
}

// flush moves what was appended into the transaction.
func (a *appender) flush() error {
	if mapping.AppenderFlush(a.handle) == mapping.StateError {
		return a.fault()
	}
	return nil
}

func (a *appender) fault() error {
	data := mapping.AppenderErrorData(a.handle)
	defer mapping.DestroyErrorData(&data)
	return errors.New(mapping.ErrorDataMessage(data))
}

// check makes sure that a vector can be copied blindly: that its slices are as long as they say, its texts UTF-8, its dates
// within DuckDB's 32 bits. DuckDB itself would trust, crash, or make NULL of it.
func check(v *columns.Vector, n int) error {
	if len(v.Null) != n {
		return fmt.Errorf("%d nulls for %d rows", len(v.Null), n)
	}
	var entries int
	switch v.Type {
	case schema.Boolean:
		entries = len(v.Bools)
	case schema.BigInt, schema.Timestamp:
		entries = len(v.Ints)
	case schema.Date:
		entries = len(v.Ints)
		for i, day := range v.Ints {
			if !v.Null[i] && (day < math.MinInt32 || day > math.MaxInt32) {
				return fmt.Errorf("row %d: %d is no day", i, day)
			}
		}
	case schema.HugeInt:
		entries = len(v.Huge)
	case schema.Double:
		entries = len(v.Real)
	case schema.UUID:
		entries = len(v.UUIDs)
	case schema.Varchar, schema.JSON, blob:
		entries = len(v.Ends)
		if v.Type != blob && !utf8.Valid(v.Text) {
			return errors.New("text that is not UTF-8")
		}
		from := 0
		for i, end := range v.Ends {
			if end < from || end > len(v.Text) || end-from > math.MaxUint32 {
				return fmt.Errorf("row %d: a text that ends at %d of %d bytes", i, end, len(v.Text))
			}
			if v.Type != blob && from < end && !utf8.RuneStart(v.Text[from]) {
				return fmt.Errorf("row %d: a text that starts inside of a character", i)
			}
			from = end
		}
	default:
		return fmt.Errorf("no such type: %q", v.Type)
	}
	if entries != n {
		return fmt.Errorf("%d values for %d rows", entries, n)
	}
	return nil
}

// stringT is duckdb_string_t: up to 12 bytes stand in it, of a longer text the first four and its address.
type stringT struct {
	length uint32
	rest   [12]byte
}

// hugeInt is duckdb_hugeint.
type hugeInt struct {
	lower uint64
	upper int64
}

// fill copies count values, from the row `from` on, into an empty vector of DuckDB. The vector has been checked, and its
// Text is pinned.
func fill(to mapping.Vector, v *columns.Vector, from, count int) {
	data, end := mapping.VectorGetData(to), from+count
	switch v.Type {
	case schema.Boolean:
		copy(unsafe.Slice((*bool)(data), count), v.Bools[from:end])
	case schema.BigInt, schema.Timestamp:
		copy(unsafe.Slice((*int64)(data), count), v.Ints[from:end])
	case schema.Date:
		days := unsafe.Slice((*int32)(data), count)
		for i, day := range v.Ints[from:end] {
			days[i] = int32(day)
		}
	case schema.Double:
		copy(unsafe.Slice((*float64)(data), count), v.Real[from:end])
	case schema.HugeInt:
		huge := unsafe.Slice((*hugeInt)(data), count)
		for i, x := range v.Huge[from:end] {
			huge[i] = hugeInt{lower: x.Lo, upper: x.Hi}
		}
	case schema.UUID:
		huge := unsafe.Slice((*hugeInt)(data), count)
		for i := range huge {
			id := &v.UUIDs[from+i]
			// The first bit is inverted, so that they sort as signed integers.
			upper := binary.BigEndian.Uint64(id[:8]) ^ 1<<63
			huge[i] = hugeInt{lower: binary.BigEndian.Uint64(id[8:]), upper: int64(upper)}
		}
	default:
		texts := unsafe.Slice((*stringT)(data), count)
		for i := range texts {
			texts[i] = stringT{}
			if v.Null[from+i] {
				continue
			}
			text := v.String(from + i)
			texts[i].length = uint32(len(text))
			if copy(texts[i].rest[:], text) < len(text) {
				address := uintptr(unsafe.Pointer(unsafe.SliceData(text)))
				binary.NativeEndian.PutUint64(texts[i].rest[4:], uint64(address))
			}
		}
	}
	fillNulls(to, v.Null[from:end])
}

// fillNulls clears the bits of the nulls in the vector's validity mask.
func fillNulls(to mapping.Vector, null []bool) {
	var mask []uint64
	for i, isNull := range null {
		if !isNull {
			continue
		}
		if mask == nil {
			mapping.VectorEnsureValidityWritable(to)
			mask = unsafe.Slice((*uint64)(mapping.VectorGetValidity(to)), (len(null)+63)/64)
		}
		mask[i/64] &^= 1 << (i % 64)
	}
}
