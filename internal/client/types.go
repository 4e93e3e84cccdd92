package client

import "time"

// Connection says where streams are; empty fields fall back to the server's standard AWS chain.
type Connection struct {
	Region   string `json:"region,omitempty"`
	Endpoint string `json:"endpoint,omitempty"` // URL of a Kinesis-compatible endpoint
	Profile  string `json:"profile,omitempty"`
	RoleARN  string `json:"role_arn,omitempty"` // of a role to assume
}

// StreamSummary is a stream in a list.
type StreamSummary struct {
	Name      string    `json:"name"`
	ARN       string    `json:"arn"`
	Status    string    `json:"status"`
	Mode      string    `json:"mode"`
	CreatedAt time.Time `json:"created_at"`
}

// StreamDetail is a stream with its shards.
type StreamDetail struct {
	StreamSummary
	RetentionHours int           `json:"retention_hours"`
	OpenShards     int           `json:"open_shards"`
	Shards         []StreamShard `json:"shards"`
}

// StreamShard is a shard as the stream describes it.
type StreamShard struct {
	ShardID   string   `json:"shard_id"`
	Parents   []string `json:"parents,omitempty"`
	FirstHash string   `json:"starting_hash_key"` // decimal, inclusive
	LastHash  string   `json:"ending_hash_key"`   // decimal, inclusive
	Open      bool     `json:"open"`
}

// SampleEvent is one event of a sample or of a live tail.
type SampleEvent struct {
	ShardID      string    `json:"shard_id"`
	Sequence     string    `json:"sequence_number"`
	Index        int64     `json:"record_index"`
	PartitionKey string    `json:"partition_key"`
	ArrivedAt    time.Time `json:"arrived_at"`
	Event        string    `json:"event"`              // the document
	Unpacked     string    `json:"unpacked,omitempty"` // in a sample: what its record had to be opened from
	Reason       string    `json:"reason,omitempty"`   // why it could not become a row, if it could not
	Message      string    `json:"message,omitempty"`  // the same, for people
}

// Sample is a look at a stream, and what it could become.
type Sample struct {
	Stream    StreamDetail  `json:"stream"`
	Records   int           `json:"records"` // looked at
	Events    []SampleEvent `json:"events"`  // oldest first
	Inference Inference     `json:"inference"`
}

// Inference is what a sample says about the table that a stream could become.
type Inference struct {
	Table           TableSchema `json:"table"`
	Fields          []Field     `json:"fields"`           // in order of first appearance
	Events          int         `json:"events"`           // looked at
	QuarantineShare float64     `json:"quarantine_share"` // of the events that would go to quarantine, 0 to 1
}

// Field is what a sample says about one field.
type Field struct {
	Path            []string   `json:"path"`
	Column          string     `json:"column"` // that it becomes
	Type            string     `json:"type"`
	Share           float64    `json:"share"` // of the events that have it, 0 to 1
	Seen            []SeenType `json:"seen"`  // most frequent first
	Examples        []string   `json:"examples"`
	QuarantineShare float64    `json:"quarantine_share"` // of the events, because of this field
}

// SeenType is how often a field had values of a type.
type SeenType struct {
	Type  string `json:"type"`
	Count int    `json:"count"`
}

// Column is one column of a table; Path is empty for a system column.
type Column struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Path   []string `json:"path,omitempty"`
	Format string   `json:"format,omitempty"` // of a TIMESTAMP's values: "", "epoch_s", "epoch_ms"; of a VARCHAR's: "", "scalar"
}

// TableSchema is what a table looks like.
type TableSchema struct {
	Name       string     `json:"name"`
	Columns    []Column   `json:"columns"`
	Evolve     string     `json:"evolve"` // "add" or "fixed"
	MaxDepth   int        `json:"max_depth"`
	MaxColumns int        `json:"max_columns"`
	Ignore     [][]string `json:"ignore"` // paths of fields that are read over
	Version    int        `json:"version"`
}

// Table is a table with its size.
type Table struct {
	TableSchema
	Rows        int64  `json:"rows"`
	Quarantined int64  `json:"quarantined"`
	EventTime   string `json:"event_time,omitempty"` // the column that says when an event happened, if its source names one
}

// Change is one recorded change of a table's schema.
type Change struct {
	Kind     string    `json:"kind"` // "create", "add", "widen", "ignore" or "unignore"
	Version  int       `json:"version"`
	Column   Column    `json:"column"`
	Path     []string  `json:"path,omitempty"` // that is ignored from now on, or not any more
	From     string    `json:"from,omitempty"` // the type before a widening
	At       time.Time `json:"at"`
	Reason   string    `json:"reason"`
	ShardID  string    `json:"shard_id,omitempty"` // of the first event that caused it; empty when a person did
	Sequence string    `json:"sequence_number,omitempty"`
	Index    int64     `json:"record_index"`
}

// NewSource is a source to be added. Only Stream and Table are required; what is empty gets the server's default.
type NewSource struct {
	Stream string `json:"stream"`
	Table  string `json:"table"`
	Name   string `json:"name,omitempty"` // default: the table's
	Connection
	From       string     `json:"from,omitempty"`       // "horizon", "latest" or a time, RFC 3339
	Evolve     string     `json:"evolve,omitempty"`     // "add" or "fixed"
	Aggregates string     `json:"aggregates,omitempty"` // "auto", "keep" or "drop"
	Read       string     `json:"read,omitempty"`       // "auto", "poll" or "fan_out"
	MaxDepth   int        `json:"max_depth,omitempty"`
	MaxColumns int        `json:"max_columns,omitempty"`
	Columns    []Column   `json:"columns,omitempty"` // instead of inferring them from a sample
	Ignore     [][]string `json:"ignore,omitempty"`  // paths of fields to read over

	EventTime        string `json:"event_time,omitempty"` // the TIMESTAMP column that says when an event happened
	Retain           string `json:"retain,omitempty"`     // "30d", "200GB", "30d, 200GB" or "forever"
	RetainQuarantine string `json:"retain_quarantine,omitempty"`
}

// SourceChanges are settings of a source to be changed; nil leaves one as it is.
type SourceChanges struct {
	Retain           *string `json:"retain,omitempty"`
	RetainQuarantine *string `json:"retain_quarantine,omitempty"`
	Read             *string `json:"read,omitempty"`       // "auto", "poll" or "fan_out"
	EventTime        *string `json:"event_time,omitempty"` // "" for _arrived_at
}

// Start is where the reading of a source began.
type Start struct {
	Kind string    `json:"kind"` // "horizon", "latest" or "timestamp"
	At   time.Time `json:"at,omitzero"`
}

// SourceSettings are a source's settings.
type SourceSettings struct {
	Name       string     `json:"name"`
	Stream     string     `json:"stream"`
	Connection Connection `json:"connection"`
	Table      string     `json:"table"`
	From       Start      `json:"from"`
	Evolve     string     `json:"evolve"`
	Aggregates string     `json:"aggregates"`
	Read       string     `json:"read"`
	MaxDepth   int        `json:"max_depth"`
	MaxColumns int        `json:"max_columns"`
	Columns    []Column   `json:"columns,omitempty"`
	Ignore     [][]string `json:"ignore,omitempty"`
	Paused     bool       `json:"paused"`
	CreatedAt  time.Time  `json:"created_at"`
	EventTime  string     `json:"event_time,omitempty"` // "" for _arrived_at

	Retain           string `json:"retain,omitempty"` // as somebody chose it
	RetainQuarantine string `json:"retain_quarantine,omitempty"`
}

// Source is a source and how it is doing.
type Source struct {
	Settings      SourceSettings `json:"settings"`
	State         string         `json:"state"` // "starting", "reading", "paused", "failing" or "stopped"
	Error         string         `json:"error,omitempty"`
	Hint          string         `json:"hint,omitempty"`   // the next thing to try about the error
	Action        string         `json:"action,omitempty"` // of AWS that was denied
	Policy        string         `json:"policy,omitempty"` // JSON text that allows it
	Shards        []SourceShard  `json:"shards"`
	Notices       []Notice       `json:"notices"`
	Counters      Counters       `json:"counters"`
	EventsPerSec  float64        `json:"events_per_second"`
	BytesPerSec   float64        `json:"bytes_per_second"`
	LagMS         *int64         `json:"lag_ms"` // nil while it is not known
	NewestArrived *time.Time     `json:"newest_arrived_at"`
	Retention     Retention      `json:"retention"`

	QuarantinedLastHour int64 `json:"quarantined_last_hour"`
}

// Retention is how much is kept of a source, as it was measured last.
type Retention struct {
	Table      Kept       `json:"table"`
	Quarantine Kept       `json:"quarantine"`
	Disk       Disk       `json:"disk"`
	MeasuredAt *time.Time `json:"measured_at"` // nil until the table's first rows have been counted: then there are no numbers
	Error      string     `json:"error,omitempty"`
}

// Kept is how much of a table or quarantine is kept.
type Kept struct {
	Retain  string     `json:"retain"` // in force: as it was set, or the default
	Rows    int64      `json:"rows"`
	Bytes   int64      `json:"bytes"` // on disk, about
	Oldest  *time.Time `json:"oldest_at"`
	Dropped int64      `json:"dropped"` // since the server's start
}

// Disk is the room that all tables of the server share.
type Disk struct {
	Used        int64      `json:"used_bytes"`
	Free        int64      `json:"free_bytes"`
	BytesPerDay *int64     `json:"bytes_per_day"` // nil until it has been observed for an hour
	Observed    int64      `json:"observed_s"`
	FullAt      *time.Time `json:"full_at"` // nil if not within ten years
}

// SourceShard is one shard of a source.
type SourceShard struct {
	ShardID       string     `json:"shard_id"`
	Parents       []string   `json:"parents"`
	FirstHash     string     `json:"starting_hash_key,omitempty"` // decimal; "" while the stream has not been asked
	LastHash      string     `json:"ending_hash_key,omitempty"`
	Open          bool       `json:"open"` // takes records: it was neither split nor merged
	Condition     string     `json:"condition"`
	Sequence      string     `json:"sequence_number"`   // committed
	Taken         int64      `json:"taken"`             // committed events of that record; -1 for all
	LagMS         *int64     `json:"lag_ms"`            // nil while it is not known
	EventsPerSec  float64    `json:"events_per_second"` // read
	BytesPerSec   float64    `json:"bytes_per_second"`
	LastArrivedAt *time.Time `json:"last_arrived_at"`
	Error         string     `json:"error,omitempty"`
	Read          string     `json:"read,omitempty"`     // how it is read now: "poll" or "fan_out"
	Fallback      string     `json:"fallback,omitempty"` // why it is polled although it should be read by fan-out
	Limits        *Limits    `json:"limits,omitempty"`   // while it is polled
}

// Limits is how much polling has taken, over the last 10 s, of what a stream gives to all who poll a shard: 1 is all of it.
type Limits struct {
	Calls float64 `json:"calls"`
	Bytes float64 `json:"bytes"`
}

// Notice is something about a source that people should know.
type Notice struct {
	Kind    string    `json:"kind"`
	At      time.Time `json:"at"`
	ShardID string    `json:"shard_id,omitempty"`
	Message string    `json:"message"`
}

// Counters count since the server's start.
type Counters struct {
	Records       int64 `json:"records"`
	Bytes         int64 `json:"bytes"`
	Rows          int64 `json:"rows"`
	Quarantined   int64 `json:"quarantined"`
	DuplicateKeys int64 `json:"duplicate_keys"`
	Control       int64 `json:"control_messages"`
	LeftToResend  int64 `json:"left_to_resend"`
	SchemaChanges int64 `json:"schema_changes"`
}

// ReasonCount is how many events of a table are in quarantine for one reason.
type ReasonCount struct {
	Table   string    `json:"table"`
	Reason  string    `json:"reason"`
	Count   int64     `json:"count"`
	First   time.Time `json:"first_quarantined_at"`
	Last    time.Time `json:"last_quarantined_at"`
	Example string    `json:"example"` // the message of the newest one
}

// QuarantineKey names one quarantined event of a table.
type QuarantineKey struct {
	ShardID  string `json:"shard_id"`
	Sequence string `json:"sequence_number"`
	Index    int64  `json:"record_index"`
}

// Quarantined is one quarantined event.
type Quarantined struct {
	QuarantineKey
	Stream        string    `json:"stream"`
	PartitionKey  string    `json:"partition_key"`
	ArrivedAt     time.Time `json:"arrived_at"`
	QuarantinedAt time.Time `json:"quarantined_at"`
	Reason        string    `json:"reason"`
	Field         string    `json:"field,omitempty"`
	Message       string    `json:"message"`
	Raw           []byte    `json:"raw_base64"`       // the event's bytes, whole
	Offset        *int      `json:"offset,omitempty"` // where in them the trouble is, if that is known
	Length        *int      `json:"length,omitempty"` // how many of them the field's value has
}

// QuarantinePage is a part of a table's quarantine.
type QuarantinePage struct {
	Events []Quarantined `json:"events"`
	Next   string        `json:"next,omitempty"` // the cursor of the next page; "" after the last
}

// ReplayRequest says which quarantined events to try again: exactly one of Reason, Key, All and Filter is set.
type ReplayRequest struct {
	Reason string            `json:"reason,omitempty"`
	Key    *QuarantineKey    `json:"key,omitempty"`
	All    bool              `json:"all,omitempty"`
	Filter *QuarantineFilter `json:"filter,omitempty"`
	Limit  int               `json:"limit,omitempty"` // with Filter: events at most
	After  string            `json:"after,omitempty"` // with Filter: the cursor that the replay before gave as Next
}

// QuarantineFilter names the quarantined events that match all of it.
type QuarantineFilter struct {
	Reason string  `json:"reason,omitempty"`
	Field  *string `json:"field,omitempty"`  // "" for those of no field
	Search string  `json:"search,omitempty"` // in the event or the message, or the sequence number of its record
}

// ReplayResult says what a replay did.
type ReplayResult struct {
	Matched  int64  `json:"matched"`        // events that the request named
	Replayed int64  `json:"replayed"`       // of those, gone from the quarantine
	Rows     int64  `json:"rows"`           // that were added to the table
	Rejected int64  `json:"rejected"`       // of those matched, still in quarantine
	Next     string `json:"next,omitempty"` // the cursor from which to go on; "" at the end
}

// DryRun says what a replay would do.
type DryRun struct {
	Matched       int64   `json:"matched"` // events that the filter names
	Tried         int64   `json:"tried"`   // of those, the first ones
	WouldPass     int64   `json:"would_pass"`
	StillRejected []Still `json:"still_rejected"`
}

// Still is how many events would be rejected again, and why.
type Still struct {
	Reason string `json:"reason"`
	Field  string `json:"field"`
	Count  int64  `json:"count"`
}
