package ingest

import "time"

// HistoryStep is the time that one point of a history is about.
const HistoryStep = 10 * time.Second

// HistorySpan is how far a history reaches back, as long as the worker has run.
const HistorySpan = 6 * time.Hour

// HistoryPoint is how a source did for a HistoryStep.
type HistoryPoint struct {
	At           time.Time `json:"at"`                // the beginning of the step
	EventsPerSec float64   `json:"events_per_second"` // committed, those quarantined included
	BytesPerSec  float64   `json:"bytes_per_second"`  // of records, as they came
	Quarantined  int64     `json:"quarantined"`
	LagMS        *int64    `json:"lag_ms,omitempty"`       // at the end of the step; absent if it was not known
	FreshnessMS  *int64    `json:"freshness_ms,omitempty"` // the median age of events, since they arrived, when they became queryable; absent if none did
}

// SourceHistory is how a source did.
type SourceHistory struct {
	Name   string         `json:"name"`
	Points []HistoryPoint `json:"points"` // oldest first
}
