package ingest

import (
	"context"
	"time"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/schema"
)

// GroupSteps is the number of steps in which a group of quarantined events is counted over time.
const GroupSteps = 24

// QuarantineGroup is the quarantined events of a table that have reason and field in common.
type QuarantineGroup struct {
	Table    string       `json:"table"`
	Reason   event.Reason `json:"reason"`
	Field    string       `json:"field"` // "" where no field is to blame
	Count    int64        `json:"count"` // of all that are held
	First    time.Time    `json:"first_quarantined_at"`
	Last     time.Time    `json:"last_quarantined_at"`
	Example  string       `json:"example"`                    // the message of the newest one
	OverTime []Tick       `json:"over_time" nullable:"false"` // GroupSteps of them, oldest first
}

// Tick is how many there were in one step of time.
type Tick struct {
	At    time.Time `json:"at"` // where the step begins
	Count int64     `json:"count"`
}

// MendKind is what a mend does.
type MendKind string

// The kinds of mend: those of schema's changes, and one that changes nothing.
const (
	MendWiden  = MendKind(schema.Widened)
	MendAdd    = MendKind(schema.Added)
	MendIgnore = MendKind(schema.Ignored)
	MendReplay = MendKind("replay") // what was wrong has passed
)

// Mend is something that a person could do so that quarantined events become rows.
type Mend struct {
	Kind        MendKind      `json:"kind" enum:"widen,add,ignore,replay"`
	Column      string        `json:"column,omitempty"` // to be widened, or to be added
	Path        []string      `json:"path,omitempty" nullable:"false"`
	Type        schema.Type   `json:"type,omitempty"`
	Format      schema.Format `json:"format,omitempty"`
	Title       string        `json:"title"`       // a few words, for a button
	Explanation string        `json:"explanation"` // a sentence or two: what it means for what is held and what comes
}

// DryRun says what a replay would do.
type DryRun struct {
	Matched       int64   `json:"matched"` // quarantined events that the filter names
	Tried         int64   `json:"tried"`   // of those, the first ones
	WouldPass     int64   `json:"would_pass"`
	StillRejected []Still `json:"still_rejected" nullable:"false"` // the most frequent first
}

// Still is how many events would be rejected again, and why.
type Still struct {
	Reason event.Reason `json:"reason"`
	Field  string       `json:"field"`
	Count  int64        `json:"count"`
}

// ReplayPage says which part of the events that match is replayed.
type ReplayPage struct {
	After *QuarantineKey // nil: from the beginning
	Limit int            // events; 0: all
}

// ChangeTable changes a table's schema by hand; when it returns, every event is decoded with the new one.
func (s *Service) ChangeTable(context.Context, string, schema.Alteration) error {
	return fault.New(fault.Unavailable, "not yet")
}

// Mends proposes what could be done about a group of quarantined events, the most sensible first.
func (s *Service) Mends(context.Context, QuarantineFilter) ([]Mend, error) {
	return nil, fault.New(fault.Unavailable, "not yet")
}

// DryRun finds out what a replay would do, after a change if that is not nil. Nothing is written.
func (s *Service) DryRun(context.Context, QuarantineFilter, *schema.Alteration) (DryRun, error) {
	return DryRun{}, fault.New(fault.Unavailable, "not yet")
}

// Discard deletes quarantined events, and tells how many.
func (s *Service) Discard(context.Context, QuarantineFilter) (int64, error) {
	return 0, fault.New(fault.Unavailable, "not yet")
}
