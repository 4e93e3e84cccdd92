// Package web is the console: the files that web/ui was built into, and how a browser gets them. It knows nothing of what the
// console does; that it learns from the API as any other client.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed all:dist
var built embed.FS

// Built reports whether this program holds the console: Go builds without Node, and then it does not.
func Built() bool {
	_, err := fs.Stat(built, "dist/index.html")
	return err == nil
}

// Handler serves the console: assets under /assets/, which bear a hash in their name and so never change, a few files at the
// root, and at every other path the page itself, whose script knows what to show there. A missing asset is a 404.
func Handler() http.Handler {
	dist, err := fs.Sub(built, "dist")
	if err != nil {
		panic(err) // the directory's name is a constant that is valid
	}
	return handler(dist)
}

func handler(dist fs.FS) http.Handler {
	c := &console{dist: dist, files: map[string]*file{}}
	page, err := fs.ReadFile(dist, "index.html")
	if err != nil {
		return http.HandlerFunc(placeholder)
	}
	c.page = page
	return c
}

// console serves what was built.
type console struct {
	dist fs.FS
	page []byte

	mu    sync.Mutex
	files map[string]*file // that were asked for, compressed once
}

// file is a file as it is sent.
type file struct {
	kind        string // media type
	tag         string
	plain, gzip []byte
}

// ServeHTTP implements http.Handler.
func (c *console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the console is only read", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	asset := strings.HasPrefix(name, "assets/")
	f := c.file(name)
	switch {
	case f != nil && asset:
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		f.serve(w, r)
	case f != nil:
		w.Header().Set("Cache-Control", "no-cache")
		f.serve(w, r)
	case asset:
		http.Error(w, "there is no such asset: the console was built anew, load the page again", http.StatusNotFound)
	default:
		c.servePage(w)
	}
}

// file loads a file, nil if there is none. The page is none: it is never the same.
func (c *console) file(name string) *file {
	if name == "" || name == "index.html" || name == "manifest.json" || strings.HasPrefix(name, ".") {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.files[name]; f != nil {
		return f
	}
	plain, err := fs.ReadFile(c.dist, name)
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(plain)
	f := &file{kind: mediaType(name), tag: `"` + hex.EncodeToString(sum[:8]) + `"`, plain: plain}
	if packed := compressed(plain); len(packed) < len(plain) {
		f.gzip = packed
	}
	c.files[name] = f
	return f
}

// mediaType is that of a file's name, on any machine: the system's own table may say otherwise of JavaScript.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

func compressed(plain []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	_, _ = w.Write(plain)                                 // a bytes.Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.tag)
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if f.gzip != nil && acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = f.gzip
	}
	if r.Header.Get("If-None-Match") == f.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(body) // a client that is gone needs no answer; net/http sends no body for HEAD
}

// acceptsGzip reports whether a client takes gzip. Every browser does; others that refuse it say q=0.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" {
			return strings.TrimSpace(quality) != "q=0"
		}
	}
	return false
}

// servePage sends the page with a fresh nonce. Nothing comes from anywhere but this server, and no script that is not a file
// of it runs, whatever finds its way into the page.
func (c *console) servePage(w http.ResponseWriter) {
	nonce := rand.Text()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; img-src 'self' data: blob:; "+
		"font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	_, _ = w.Write(bytes.ReplaceAll(c.page, []byte("{{nonce}}"), []byte(nonce))) // as above
}

const placeholderPage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>Helios</title>
<h1>Helios runs, without its console</h1>
<p>This program was built without Node.js, which makes the console. Build it with <code>make console build</code>, or use the command line: <code>helios --help</code>.</p>
<p>The API is here: <a href="/openapi.json">/openapi.json</a> describes it.</p>
</html>
`

// placeholder tells how the console is built.
func placeholder(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	_, _ = w.Write([]byte(placeholderPage))
}
