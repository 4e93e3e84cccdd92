package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/parquet/compress"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/query/encode"
)

const (
	// maxFile ends a file, in bytes: a range of large rows has several. It bounds what is staged.
	maxFile = 128 << 20

	// nameDigits is how many digits of its SHA-256 the name of a file has.
	nameDigits = 32
)

// keep makes a range a part of the backup: by the same files, if they are there, or by new ones.
func (m *making) keep(ctx context.Context, s Snapshot, t Table, r planned) (record rangeRecord, same bool, err error) {
	if r.same != nil && m.hasAll(r.same.Files) {
		m.done.Add(r.Rows)
		return *r.same, true, nil
	}
	rows, err := s.Rows(ctx, t, r.Span)
	if err != nil {
		return record, false, err
	}
	record = rangeRecord{Span: r.Span, Print: r.Print}
	record.Files, err = m.write(ctx, t, r.Span, rows)
	if err = errors.Join(err, rows.Close()); err != nil {
		return record, false, m.staging(err)
	}
	written := int64(0)
	for _, f := range record.Files {
		written += f.Rows
	}
	if t.Kind == System {
		record.Rows = written
	} else if written != r.Rows {
		return record, false, fault.New(fault.Internal, "%d rows of %s were counted, %d were read", r.Rows, t.Name, written)
	}
	return record, false, nil
}

func (m *making) hasAll(files []file) bool {
	for _, f := range files {
		if !m.has(f) {
			return false
		}
	}
	return true
}

// write writes rows into files and sends them.
func (m *making) write(ctx context.Context, t Table, span Span, rows query.Rows) ([]file, error) {
	var files []file
	for {
		s, more, err := m.writeFile(t, rows)
		if err != nil || s.file.Rows == 0 {
			return files, err
		}
		s.file.Name = objectName(t, span, s.file.SHA256)
		if err := m.send(ctx, s); err != nil {
			return nil, err
		}
		files = append(files, s.file)
		if !more {
			return files, nil
		}
	}
}

// writeFile writes rows until the file is large enough, and tells whether there may be more. For no rows it makes no file.
func (m *making) writeFile(t Table, rows query.Rows) (s staged, more bool, err error) {
	var f *os.File
	var sum *summing
	var w *encode.Parquet
	defer func() {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	for more = true; more; {
		batch, err := rows.Next()
		if errors.Is(err, io.EOF) {
			more = false
			break
		}
		if err == nil && f == nil {
			if f, err = os.CreateTemp(m.dir, "*.parquet"); err == nil {
				sum = newSumming(f)
				w, err = encode.NewParquet(sum, rows.Schema(), compress.Codecs.Zstd)
			}
		}
		if err == nil {
			_, err = w.Write(batch)
		}
		if batch != nil {
			s.file.Rows += batch.NumRows()
			batch.Release()
		}
		if err != nil {
			return s, false, err
		}
		if sum.size >= maxFile {
			break
		}
	}
	if f == nil {
		return s, false, nil
	}
	if t.Kind != System {
		m.done.Add(s.file.Rows)
	}
	if err := errors.Join(w.Close(), sum.w.Flush()); err != nil {
		return s, false, err
	}
	s.path, s.file.Size, s.file.SHA256 = f.Name(), sum.size, sum.hex()
	return s, more, nil
}

// describe reads a file that somebody else has written.
func (m *making) describe(path string) (file, error) {
	f, err := os.Open(path)
	if err != nil {
		return file{}, m.staging(err)
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		return file{}, m.staging(err)
	}
	return file{Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// summing writes, counts and takes the SHA-256.
type summing struct {
	w    *bufio.Writer
	sum  hash.Hash
	size int64
}

func newSumming(w io.Writer) *summing {
	return &summing{w: bufio.NewWriterSize(w, 256<<10), sum: sha256.New()}
}

// Write implements io.Writer.
func (s *summing) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.size += int64(n)
	_, _ = s.sum.Write(p[:n]) // never fails
	return n, err
}

func (s *summing) hex() string { return hex.EncodeToString(s.sum.Sum(nil)) }

// objectName names a file of rows by what is in it, so that nothing is ever written over something else, and by what people look
// for: the table, and the time of its first rows.
func objectName(t Table, span Span, sum string) string {
	name := objectsDir + string(t.Kind) + "/" + slug(t.Name) + "/"
	if t.Kind != System {
		name += time.UnixMicro(span.From).UTC().Format("20060102T150405Z") + "-"
	}
	return name + sum[:nameDigits] + ".parquet"
}

// slug makes a name that any file system takes.
func slug(name string) string {
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, name)
	return safe[:min(len(safe), 60)]
}
