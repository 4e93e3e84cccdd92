package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often, at most, files are looked at for a change.
const lookEvery = time.Second

// files are a pair of files, read again when they have changed.
type files struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mu     sync.Mutex
	looked time.Time
	tried  stamp // of the files that were read last
	broken bool  // they could not be used
	pair   *tls.Certificate
}

// stamp tells files apart without reading them.
type stamp struct{ cert, key os.FileInfo }

func stampOf(certFile, keyFile string) (s stamp, err error) {
	s.cert, err = os.Stat(certFile)
	if err != nil {
		return s, err
	}
	s.key, err = os.Stat(keyFile)
	return s, err
}

func (s stamp) same(as stamp) bool { return same(s.cert, as.cert) && same(s.key, as.key) }

func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && os.SameFile(a, b)
}

// Files keeps the pair of two files in PEM, and shows a new one when they change. now is the clock, nil for the system's.
func Files(certFile, keyFile string, now func() time.Time, log *slog.Logger) (Keeper, error) {
	f, err := openFiles(certFile, keyFile, now, log)
	if err != nil {
		return nil, err // not a nil *files
	}
	return f, nil
}

func openFiles(certFile, keyFile string, now func() time.Time, log *slog.Logger) (*files, error) {
	if now == nil {
		now = time.Now
	}
	f := &files{certFile: certFile, keyFile: keyFile, log: log, now: now, looked: now()}
	f.tried, _ = stampOf(certFile, keyFile) // before they are read: a change meanwhile is found later
	var err error
	if f.pair, err = load(certFile, keyFile); err != nil {
		return nil, err
	}
	log.LogAttrs(context.Background(), slog.LevelInfo, "the certificate has been read", describe(f.pair.Leaf))
	return f, nil
}

// Config implements Keeper.
func (f *files) Config() *tls.Config {
	return config(func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.current(), nil })
}

// Trusted implements Keeper.
func (f *files) Trusted() bool { return !selfSigned(f.current().Leaf) }

// Run implements Keeper: files are looked at when somebody comes.
func (f *files) Run(ctx context.Context) { <-ctx.Done() }

// current is the pair of now. A new one that cannot be used changes nothing.
func (f *files) current() *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if age := now.Sub(f.looked); age >= 0 && age < lookEvery {
		return f.pair
	}
	f.looked = now
	found, err := stampOf(f.certFile, f.keyFile)
	changed := !found.same(f.tried)
	if !changed && !f.broken {
		return f.pair
	}
	f.tried = found
	pair, wrong := load(f.certFile, f.keyFile)
	f.broken = errors.Join(err, wrong) != nil
	switch {
	case !f.broken:
		f.pair = pair
		f.log.LogAttrs(context.Background(), slog.LevelInfo, "the certificate has changed", describe(pair.Leaf))
	case changed: // once for each change
		f.log.LogAttrs(context.Background(), slog.LevelError, "the new certificate is not used: the one before goes on", slog.Any("error", errors.Join(err, wrong)))
	}
	return f.pair
}
