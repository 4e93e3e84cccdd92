package ingest

// TailRequest says which of a source's events to show, and how many.
type TailRequest struct {
	Filter  Filter
	Text    string // to be found anywhere in the document as it is written, in any letter case of ASCII; "": any
	MaxRate int    // events shown a second at most; 0: as many as the caller takes
}

// TailItem is one thing that a tail tells: exactly one of its fields is set.
type TailItem struct {
	Event   *SampleEvent
	Skipped *TailSkipped
	Rate    *TailRate
}

// SkipReason is why a tail left events out.
type SkipReason string

// The reasons.
const (
	SkipSampled SkipReason = "sampled" // there were more than TailRequest.MaxRate
	SkipSlow    SkipReason = "slow"    // the caller did not take them in time
)

// TailSkipped is how many events that match were left out since the last time it was said.
type TailSkipped struct {
	Count  int64      `json:"count"`
	Reason SkipReason `json:"reason" enum:"sampled,slow"`
}

// TailRate is how many events a tail has seen in the last second.
type TailRate struct {
	Events  float64 `json:"events_per_second"`  // of the source
	Matched float64 `json:"matched_per_second"` // of those, the ones that were asked for
}
