package ingest

import (
	"time"

	"github.com/helios-sql/helios/internal/event"
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
	Example  string       `json:"example"`   // the message of the newest one
	OverTime []Tick       `json:"over_time"` // GroupSteps of them, oldest first
}

// Tick is how many there were in one step of time.
type Tick struct {
	At    time.Time `json:"at"` // where the step begins
	Count int64     `json:"count"`
}
