package backup

import (
	"context"
	"log/slog"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// Options say when backups are made by themselves, and where.
type Options struct {
	To    string        // "": none by themselves
	Every time.Duration // used with To
	Keep  int           // how many backups stay in a place; 0: all
}

// Deps is what a service works with.
type Deps struct {
	Store   Store
	Catalog Catalog
	Open    Opener
	Dir     string // the data directory, in which files are staged: no place may be inside of it
	Version string // of Helios
	Logger  *slog.Logger
	Now     func() time.Time // nil: time.Now
	Options Options
}

// Service makes backups, one at a time.
type Service struct{ deps Deps }

// New makes a service. It does nothing until Run or Backup is called.
func New(deps Deps) *Service { return &Service{deps: deps} }

// Run makes the backups of the schedule and those that Start asks for, until ctx ends; then it gives up the one under way.
func (s *Service) Run(ctx context.Context) { <-ctx.Done() }

// Start lets Run make a backup to a place, or to the scheduled one for "". What is wrong with the place is told at once;
// fault.Conflict while one is under way.
func (s *Service) Start(context.Context, string) error {
	return fault.New(fault.Unavailable, "backups are not there yet")
}

// Backup makes a backup to a place, or to the scheduled one for "", and waits for its end: for a server that rests.
func (s *Service) Backup(context.Context, string) (Backup, error) {
	return Backup{}, fault.New(fault.Unavailable, "backups are not there yet")
}

// Status tells what there is, what is under way and what failed.
func (s *Service) Status() Status { return Status{} }

// Open opens a place as this service would: "" is the scheduled one. It is for List.
func (s *Service) Open(context.Context, string) (Place, error) {
	return nil, fault.New(fault.Unavailable, "backups are not there yet")
}
