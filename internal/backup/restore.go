package backup

import (
	"context"
	"log/slog"

	"github.com/helios-sql/helios/internal/fault"
)

// RestoreOptions say what is restored, and where.
type RestoreOptions struct {
	Place    Place
	ID       string // of the backup; "": the newest
	Dir      string // the data directory to be: empty or missing, or one that an interrupted restore has left
	Store    func(ctx context.Context, dir string, of Identity) (Target, error)
	Catalog  string                  // the name of the catalog's file in a data directory
	Progress func(done, total int64) // rows; may be nil
	Logger   *slog.Logger            // nil: silent
}

// Marker is the file that stands in a directory from the beginning of a restore to its end.
const Marker = "RESTORING"

// CheckDir refuses, with fault.Environment, a data directory that a restore has not finished.
func CheckDir(string) error { return nil }

// Restore brings a backup into an empty directory. It refuses, by name, what is not as it was written, and then leaves the
// directory empty.
func Restore(context.Context, RestoreOptions) (Backup, error) {
	return Backup{}, fault.New(fault.Unavailable, "backups are not there yet")
}

// List gives the backups of a place, the newest first.
func List(context.Context, Place) ([]Backup, error) {
	return nil, fault.New(fault.Unavailable, "backups are not there yet")
}
