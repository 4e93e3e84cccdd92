// Package backup copies a store and its catalog to a place while events arrive, and brings them back into an empty directory.
// It decides what of a backup is there already, what goes when, and whether what comes back is what was written. It knows
// neither the database (Store and Target are ports) nor where a place is (Place is one): see backup/place.
//
// A place holds
//
//	STORE                          whose backups these are
//	objects/<kind>/<table>/….parquet  rows, in files that other tools can read
//	objects/catalog/….sqlite       the catalog
//	backups/<time>-<digest>.json   a manifest for each backup, written last: without it there is no backup
//
// A manifest names each of its objects with size and SHA-256, and its own name has 16 digits of its own SHA-256. Objects are
// named by their content and shared by backups: rows that have not changed are not written again.
package backup

import (
	"context"
	"io"
	"time"
)

// Place is where backups are kept: a directory, or a prefix of a bucket. Names have slashes, and only characters that any
// file system and any URL takes. Its errors name the place.
type Place interface {
	// Put writes an object whole or not at all, in place of one of that name.
	Put(ctx context.Context, name string, content io.ReadSeeker, size int64) error
	// Get opens an object; fault.NotFound if there is none.
	Get(ctx context.Context, name string) (io.ReadCloser, error)
	// List gives the objects whose names begin with prefix, by name. A place that does not exist yet is empty.
	List(ctx context.Context, prefix string) ([]Object, error)
	// Delete removes an object. A missing one is no error.
	Delete(ctx context.Context, name string) error
	// String names the place as people write it; it opens it again.
	String() string
}

// Object is one file of a place.
type Object struct {
	Name string
	Size int64
}

// Opener opens a place by what people call it: a directory, or s3://bucket/prefix.
type Opener func(ctx context.Context, to string) (Place, error)

// Backup is what people see of one backup.
type Backup struct {
	ID         string    `json:"id" doc:"Names it among the backups of its place"`
	At         time.Time `json:"at" doc:"The moment whose state it holds"`
	To         string    `json:"to" doc:"Where it is: a directory, or s3://bucket/prefix"`
	Tables     int       `json:"tables"`
	Rows       int64     `json:"rows" doc:"Events in tables and in quarantine"`
	Bytes      int64     `json:"bytes" doc:"Size of all its files"`
	Uploaded   int64     `json:"uploaded_bytes" doc:"Size of those that were not there before"`
	DurationMS int64     `json:"duration_ms"`
	Version    string    `json:"version" doc:"The version of Helios that made it"`
	Damaged    string    `json:"damaged,omitempty" doc:"Why its manifest cannot be used; then only id and to are known"`
}

// Status is what a server tells of its backups.
type Status struct {
	Schedule *Schedule `json:"schedule,omitempty" doc:"Absent when no backups are scheduled"`
	Running  *Running  `json:"running,omitempty"`
	Last     *Backup   `json:"last,omitempty" doc:"The last that succeeded: of this server, or as the scheduled place knows it"`
	Failed   *Failed   `json:"failed,omitempty" doc:"The last attempt, if it failed"`
}

// Schedule is when backups are made by themselves.
type Schedule struct {
	To     string    `json:"to"`
	Every  string    `json:"every" doc:"A duration: 1h0m0s"`
	Keep   int       `json:"keep" doc:"How many backups stay in a place"`
	NextAt time.Time `json:"next_at"`
}

// Running is a backup under way.
type Running struct {
	To        string    `json:"to"`
	StartedAt time.Time `json:"started_at"`
	RowsDone  int64     `json:"rows_done"`
	Rows      int64     `json:"rows" doc:"0 until they are counted"`
	Uploaded  int64     `json:"uploaded_bytes"`
}

// Failed is a backup that did not come to its end.
type Failed struct {
	At      time.Time `json:"at"`
	To      string    `json:"to"`
	Message string    `json:"message"`
}
