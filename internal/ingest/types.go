package ingest

import (
	"errors"
	"time"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/unpack"
)

// Connection says where streams are: empty fields fall back to the SDK's standard chain.
type Connection struct {
	Region   string `json:"region,omitempty"`
	Endpoint string `json:"endpoint,omitempty"` // URL of a Kinesis-compatible endpoint
	Profile  string `json:"profile,omitempty"`
	RoleARN  string `json:"role_arn,omitempty"` // of a role to assume
}

// ReadMode is how a stream is read.
type ReadMode string

// The modes.
const (
	ReadAuto   ReadMode = "auto"    // whatever leaves the account as it is: polling
	ReadPoll   ReadMode = "poll"    // within the limits that all who poll a shard share
	ReadFanOut ReadMode = "fan_out" // by a consumer of the source's own, which is registered with the stream, and costs
)

// Settings are what Helios remembers of a source: the person's choices.
type Settings struct {
	Name       string          `json:"name"` // the source's name: that of its table
	Stream     string          `json:"stream"`
	Connection Connection      `json:"connection"`
	Table      string          `json:"table"`
	From       event.Start     `json:"from"`
	Evolve     schema.Evolve   `json:"evolve"`
	Aggregates unpack.Mode     `json:"aggregates"`
	Read       ReadMode        `json:"read"`
	MaxDepth   int             `json:"max_depth"`
	MaxColumns int             `json:"max_columns"`
	Columns    []schema.Column `json:"columns,omitempty"` // chosen by the person instead of inferred, system columns left out
	Ignore     [][]string      `json:"ignore,omitempty"`  // paths of fields that are read over; what the table ignores now
	Paused     bool            `json:"paused"`
	CreatedAt  time.Time       `json:"created_at"`
	EventTime  string          `json:"event_time,omitempty"` // the TIMESTAMP column that says when an event happened; "": _arrived_at

	Retain           Retain `json:"retain,omitzero"`            // of the table's rows; zero: for ever
	RetainQuarantine Retain `json:"retain_quarantine,omitzero"` // of quarantined events; zero: DefaultQuarantineRetain
}

// SourceState is what a source is doing.
type SourceState string

// The states.
const (
	SourceStarting SourceState = "starting"
	SourceReading  SourceState = "reading"
	SourcePaused   SourceState = "paused"
	SourceFailing  SourceState = "failing" // retried; SourceStatus.Error says why
	SourceStopped  SourceState = "stopped" // the server is going down
)

// Advice is what to do about an error. What is not known is empty.
type Advice struct {
	Hint   string `json:"hint,omitempty" doc:"The next thing to try"`
	Action string `json:"action,omitempty" doc:"The action of AWS that was denied, as IAM names it" example:"kinesis:GetRecords"`
	Policy string `json:"policy,omitempty" doc:"An IAM policy that allows what Helios needs, as JSON text to paste"`
}

// AdviceOf is the advice that comes with an error, or none.
func AdviceOf(err error) Advice {
	a := Advice{Hint: fault.HintOf(err)}
	if denied, ok := errors.AsType[*DeniedError](err); ok {
		a.Action, a.Policy = denied.Action, denied.Policy
	}
	return a
}

// SourceStatus is a source and how it is doing.
type SourceStatus struct {
	Settings      Settings    `json:"settings"`
	State         SourceState `json:"state"`
	Error         string      `json:"error,omitempty"`
	Advice                    // about the error
	Shards        []ShardView `json:"shards"`
	Notices       []Notice    `json:"notices"` // the newest 20
	Counters      Counters    `json:"counters"`
	EventsPerSec  float64     `json:"events_per_second"` // mean of the last 10 s
	BytesPerSec   float64     `json:"bytes_per_second"`
	LagMS         *int64      `json:"lag_ms"` // the largest of the shards'; null while one of them is not known
	NewestArrived *time.Time  `json:"newest_arrived_at"`
	Retention     Retention   `json:"retention"`

	QuarantinedLastHour int64 `json:"quarantined_last_hour" doc:"Events that went to quarantine in the last hour, those included that were replayed or deleted since; of the time before the server's process started, only those that were still held then. What is held now is counted by /quarantine"`
}

// ShardView is one shard of a source, for people.
type ShardView struct {
	ShardID       string         `json:"shard_id"`
	Parents       []string       `json:"parents"`
	FirstHash     string         `json:"starting_hash_key,omitempty"` // decimal; absent while the stream has not been asked
	LastHash      string         `json:"ending_hash_key,omitempty"`
	Open          bool           `json:"open"` // takes records: it was neither split nor merged
	Condition     ShardCondition `json:"condition"`
	Sequence      string         `json:"sequence_number"`   // committed
	Taken         int64          `json:"taken"`             // committed events of that record; -1 for all
	LagMS         *int64         `json:"lag_ms"`            // null while it is not known
	EventsPerSec  float64        `json:"events_per_second"` // read, mean of the last 10 s
	BytesPerSec   float64        `json:"bytes_per_second"`
	LastArrivedAt *time.Time     `json:"last_arrived_at"` // of the newest committed record
	Error         string         `json:"error,omitempty"`
	Read          ReadMode       `json:"read,omitempty"`     // how it is read now: poll or fan_out
	Fallback      string         `json:"fallback,omitempty"` // why it is polled although it should be read by fan-out
	Limits        *Limits        `json:"limits,omitempty"`   // while it is polled
}

// Limits is how much polling has taken, over the last 10 s, of what a stream gives to all who poll a shard: 1 is all of it,
// in Kinesis five calls and 2 MiB a second.
type Limits struct {
	Calls float64 `json:"calls"`
	Bytes float64 `json:"bytes"`
}

// Counters count since the server's start.
type Counters struct {
	Records       int64 `json:"records"`
	Bytes         int64 `json:"bytes"` // of the records, as they came
	Rows          int64 `json:"rows"`  // committed
	Quarantined   int64 `json:"quarantined"`
	DuplicateKeys int64 `json:"duplicate_keys"`   // members of an object that a later one of the same name replaced
	Control       int64 `json:"control_messages"` // of CloudWatch Logs, not stored
	LeftToResend  int64 `json:"left_to_resend"`   // user records outside their shard's range, that the KPL sends again
	SchemaChanges int64 `json:"schema_changes"`
}

// Freshness is how fresh a source's table is.
type Freshness struct {
	Source        string     `json:"source"`
	NewestArrived *time.Time `json:"newest_arrived_at"` // null while the table is empty
	LagMS         *int64     `json:"lag_ms"`            // null while it is not known
}

// StreamSummary is a stream in a list.
type StreamSummary struct {
	Name      string    `json:"name"`
	ARN       string    `json:"arn"`
	Status    string    `json:"status"` // ACTIVE, CREATING, …
	Mode      string    `json:"mode"`   // PROVISIONED or ON_DEMAND
	CreatedAt time.Time `json:"created_at"`
}

// ListedStream is a stream in a list, with what could be found out about it quickly.
type ListedStream struct {
	StreamSummary
	RetentionHours *int `json:"retention_hours,omitempty"`
	OpenShards     *int `json:"open_shards,omitempty"`
}

// StreamRate is how much a stream takes in.
type StreamRate struct {
	Records  float64 `json:"records_per_second"`
	Bytes    float64 `json:"bytes_per_second"`
	Measured int     `json:"shards_measured"` // of the open ones; the rates are for all of them
	Open     int     `json:"open_shards"`
	Window   float64 `json:"window_seconds"` // that was looked at
}

// Cloud is what the server's machine knows of AWS.
type Cloud struct {
	Profiles    []string         `json:"profiles"`         // of the configuration files
	Region      string           `json:"region,omitempty"` // that the standard chain gives
	Regions     []Region         `json:"regions"`
	Credentials CloudCredentials `json:"credentials"` // that the standard chain gives
}

// Region is a region of AWS.
type Region struct {
	Name  string `json:"name"`  // as in eu-central-1
	Title string `json:"title"` // as in Europe (Frankfurt)
}

// CloudCredentials are whether there are credentials, and whose.
type CloudCredentials struct {
	Found  bool   `json:"found"`
	Source string `json:"source,omitempty"` // for people: where they come from
	Detail string `json:"detail,omitempty"` // for people: why there are none, or how long they last
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
	FirstHash string   `json:"starting_hash_key"`
	LastHash  string   `json:"ending_hash_key"`
	Open      bool     `json:"open"`
}

// SampleEvent is one event of a sample or of a live tail.
type SampleEvent struct {
	ShardID      string       `json:"shard_id"`
	Sequence     string       `json:"sequence_number"`
	Index        int64        `json:"record_index"`
	PartitionKey string       `json:"partition_key"`
	ArrivedAt    time.Time    `json:"arrived_at"`
	Event        string       `json:"event"`              // the document; U+FFFD where its bytes are not UTF-8
	Unpacked     string       `json:"unpacked,omitempty"` // in a sample: what its record had to be opened from, as in gzip, 12 events
	Reason       event.Reason `json:"reason,omitempty"`   // of its rejection
	Message      string       `json:"message,omitempty"`  // of its rejection
	Raw          []byte       `json:"-"`                  // the document's bytes, when they are not UTF-8; else nil
}

// Sample is a look at a stream, and what it could become.
type Sample struct {
	Stream    StreamDetail     `json:"stream"`
	Records   int              `json:"records"`
	Events    []SampleEvent    `json:"events"` // oldest first
	Inference schema.Inference `json:"inference"`
}

// ReplayResult says what a replay did.
type ReplayResult struct {
	Matched  int64 `json:"matched"`  // quarantined events that the filter named
	Replayed int64 `json:"replayed"` // of those, gone from the quarantine
	Rows     int64 `json:"rows"`     // that were added to the table
	Rejected int64 `json:"rejected"` // of those matched, still in quarantine

	Next *QuarantineKey `json:"-"` // after which to go on; nil at the end
}

// TableInfo is a table with its size.
type TableInfo struct {
	schema.Table
	Rows        int64  `json:"rows"`
	Quarantined int64  `json:"quarantined"`
	EventTime   string `json:"event_time,omitempty"` // the column that says when an event happened, if one was named and is there
}

// ReasonCount is how many events of a table are in quarantine for one reason.
type ReasonCount struct {
	Table   string       `json:"table"`
	Reason  event.Reason `json:"reason"`
	Count   int64        `json:"count"`
	First   time.Time    `json:"first_quarantined_at"`
	Last    time.Time    `json:"last_quarantined_at"`
	Example string       `json:"example"` // the message of the newest one
}
