package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// sumsName is the file of checksums, as sha256sum writes and reads it.
const sumsName = "checksums.txt"

// file is one of an archive: content, or that of a file.
type file struct {
	name    string
	from    string
	content []byte
	mode    fs.FileMode
}

// pack writes an archive of files in a directory of their own. Owner, time and order depend on nothing else.
func pack(to, dir string, made time.Time, files []file) (err error) {
	archive, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, archive.Close()) }()
	zipped, err := gzip.NewWriterLevel(archive, gzip.BestCompression)
	if err != nil {
		return err
	}
	tape := tar.NewWriter(zipped)
	for _, f := range files {
		if err := f.add(tape, dir, made); err != nil {
			return err
		}
	}
	return errors.Join(tape.Close(), zipped.Close())
}

func (f *file) add(tape *tar.Writer, dir string, made time.Time) error {
	content, size := io.Reader(bytes.NewReader(f.content)), int64(len(f.content))
	if f.from != "" {
		from, err := os.Open(f.from)
		if err != nil {
			return err
		}
		defer func() { _ = from.Close() }()
		info, err := from.Stat()
		if err != nil {
			return err
		}
		content, size = from, info.Size()
	}
	head := &tar.Header{Typeflag: tar.TypeReg, Name: dir + "/" + f.name, Mode: int64(f.mode), Size: size, ModTime: made, Format: tar.FormatUSTAR}
	if err := tape.WriteHeader(head); err != nil {
		return err
	}
	_, err := io.Copy(tape, content)
	return err
}

// checksums writes the SHA-256 of files of a directory beside them.
func checksums(dir string, names []string) error {
	var lines bytes.Buffer
	for _, name := range slices.Sorted(slices.Values(names)) {
		sum, err := digest(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%x  %s\n", sum, name)
	}
	return os.WriteFile(filepath.Join(dir, sumsName), lines.Bytes(), 0o644)
}

func digest(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	hash := sha256.New()
	_, err = io.Copy(hash, f)
	return hash.Sum(nil), err
}
