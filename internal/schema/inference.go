package schema

// Inference is what a sample of events says about the table they could become.
type Inference struct {
	Table           Table   `json:"table"`            // ready to be created, but for its name
	Fields          []Field `json:"fields"`           // in order of first appearance
	Events          int     `json:"events"`           // looked at
	QuarantineShare float64 `json:"quarantine_share"` // of the events that Table would send to quarantine, 0 to 1
}

// Field is what the sample says about one field.
type Field struct {
	Path            []string   `json:"path"`
	Column          string     `json:"column"` // the column it becomes
	Type            Type       `json:"type"`
	Share           float64    `json:"share"`            // of the events that have it with a value other than null, 0 to 1
	Seen            []SeenType `json:"seen"`             // most frequent first
	Examples        []string   `json:"examples"`         // up to 3 different values, as JSON, shortened to 80 characters with … at the end
	QuarantineShare float64    `json:"quarantine_share"` // of the sample's events, because of this field
}

// SeenType is how often a field had values of a type.
type SeenType struct {
	Type  Type `json:"type"`
	Count int  `json:"count"`
}
