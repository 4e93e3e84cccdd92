package unpack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/helios-sql/helios/internal/event"
)

type compression byte

const (
	plain compression = iota
	gzipped
	zstandard
)

// compressedBy tells the compression by its magic bytes: RFC 1952 (deflate is its only method) and RFC 8878. No JSON text
// begins like either.
func compressedBy(data []byte) compression {
	switch {
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b, 0x08}):
		return gzipped
	case len(data) >= 4 && binary.LittleEndian.Uint32(data) == 0xfd2fb528:
		return zstandard
	case len(data) >= 4 && binary.LittleEndian.Uint32(data)&^0xf == 0x184d2a50: // a skippable frame first
		return zstandard
	}
	return plain
}

// keepScratch is how much of the scratch memory is kept from one record to the next.
const keepScratch = 4 << 20

// decompress gives the text in all gzip members or zstd frames of data, in memory of its own, or why it is rejected.
func (u *Unpacker) decompress(data []byte) ([]byte, event.Reason, error) {
	var name string
	var from io.Reader
	var err error
	if compressedBy(data) == gzipped {
		u.opened.gzip = true
		name, from = "gzip", &u.gzip
		err = u.gzip.Reset(bytes.NewReader(data))
	} else {
		u.opened.zstd = true
		name = "zstd"
		from, err = u.zstdReader(data)
	}
	defer func() {
		if u.scratch.Reset(); u.scratch.Cap() > keepScratch {
			u.scratch = bytes.Buffer{}
		}
	}()
	if err == nil {
		_, err = u.scratch.ReadFrom(io.LimitReader(from, int64(u.room)+1))
	}
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) || u.scratch.Len() > u.room {
		return nil, event.TooLarge, fmt.Errorf("%s: the record would become larger than %d bytes, which is the bound", name, u.opts.MaxRecord)
	}
	if err != nil {
		return nil, event.DecompressFailed, fmt.Errorf("%s: %w", name, err)
	}
	u.room -= u.scratch.Len()
	return bytes.Clone(u.scratch.Bytes()), "", nil
}

// zstdReader reads in this goroutine, with a window of MaxRecord at most.
func (u *Unpacker) zstdReader(data []byte) (io.Reader, error) {
	if u.zstd == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(u.opts.MaxRecord)))
		if err != nil {
			return nil, err
		}
		u.zstd = d
	}
	return u.zstd, u.zstd.Reset(bytes.NewReader(data))
}
