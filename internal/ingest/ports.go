// Package ingest moves events from a source into a store, each exactly once: read, unpack, decode into columns, commit
// rows, rejections and positions in one transaction. One Loop drives one source; one Committer groups the batches of all of
// them. The package declares what it needs of a source (Source) and of a store (Sink), and knows neither Kinesis nor DuckDB.
package ingest

import (
	"context"
	"time"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/schema"
)

// Source reads one stream.
type Source interface {
	// Read reads every shard, parents before children, from the remembered state on, and hands what it reads to the intake,
	// until ctx ends: then it returns nil, after all its goroutines have ended. What can heal (throttling, a broken
	// connection, a shard that cannot be read, the stream's absence once it has been seen) is retried for ever and observed;
	// an error is only returned for what cannot: no such stream at the start, no credentials, no permission.
	Read(ctx context.Context, state event.StreamState, start event.Start, intake Intake) error
	// Sample gives up to n records taken from every shard, oldest and newest, without touching any position.
	Sample(ctx context.Context, n int) ([]event.Record, error)
	// Retire takes back what reading has left in the stream's account, a consumer for fan-out. Nothing is read any more.
	Retire(ctx context.Context) error
}

// Intake takes what a Source reads. It may be called from several goroutines, but for one shard from one at a time.
type Intake interface {
	// Begin commits the shards with which a stream starts, before any record is delivered, and replaces all that was
	// remembered. It is called on the very first start, when the stream turns out to be another one of the same name, and at
	// a start that finds shards which need not be remembered any more.
	Begin(ctx context.Context, state event.StreamState) error
	// Deliver takes over records, in the order of their shard: neither they nor their Data may be touched afterwards. It blocks while the
	// queue is full. What is delivered earlier is committed earlier: a child's records after its parent's end.
	Deliver(ctx context.Context, d Delivery) error
	// Describe takes note of all shards of the stream that are known, whenever there is news.
	Describe(shards []StreamShard)
	// Observe takes note of how a shard is doing.
	Observe(s ShardStatus)
	// Notice takes note of something that people should know about: a gap, a stream made anew.
	Notice(n Notice)
}

// Delivery is what one read of one shard gave.
type Delivery struct {
	ShardID   string
	FirstHash [16]byte // the shard's hash key range, big-endian, both ends inclusive
	LastHash  [16]byte
	Records   []event.Record // possibly none
	Finished  bool           // the shard has ended: these were its last records
}

// ShardCondition is what a shard's reader is doing.
type ShardCondition string

// The conditions.
const (
	ShardWaiting   ShardCondition = "waiting" // for its parents to be finished
	ShardReading   ShardCondition = "reading"
	ShardThrottled ShardCondition = "throttled" // backing off
	ShardFailing   ShardCondition = "failing"   // retrying; Err says why
	ShardFinished  ShardCondition = "finished"
	ShardPaused    ShardCondition = "paused" // with its source
)

// ShardStatus is how a shard is doing.
type ShardStatus struct {
	ShardID   string // "" for the stream as a whole, before Begin has named its shards
	Condition ShardCondition
	Lag       time.Duration // behind the tip of the shard, as the stream told it last
	Err       error         // when failing
	Read      ReadMode      // how it is read now: ReadPoll or ReadFanOut; "" while nobody reads it
	Fallback  string        // why it is polled although it should be read by fan-out, for people
	Spent     Spent         // since it was observed last
}

// Spent is what polling has taken of the limits that all who poll a shard share, as the time that the limits give to it.
type Spent struct {
	Calls, Bytes time.Duration
}

// DeniedError is why a cloud refuses: somebody must allow an action. It stands below a *fault.Error of code Credentials.
type DeniedError struct {
	Action string // as in kinesis:GetRecords
	Policy string // JSON text that allows all that Helios needs, to be pasted
	Cause  error
}

// Error gives the cause.
func (e *DeniedError) Error() string { return e.Cause.Error() }

// Unwrap gives the cause.
func (e *DeniedError) Unwrap() error { return e.Cause }

// NoticeKind is the kind of a notice.
type NoticeKind string

// The kinds of notice.
const (
	NoticeGap       NoticeKind = "gap"        // records were trimmed before they could be read
	NoticeRecreated NoticeKind = "recreated"  // the stream was deleted and made anew under its name
	NoticeHole      NoticeKind = "hole"       // the open shards do not cover the whole hash range
	NoticeEventTime NoticeKind = "event_time" // the table has no such column
)

// Notice is something about a source that people should know.
type Notice struct {
	Kind    NoticeKind `json:"kind"`
	At      time.Time  `json:"at"`
	ShardID string     `json:"shard_id,omitempty"`
	Message string     `json:"message"` // a sentence: from, to, how long
}

// Sink is a store of tables. Its methods may be called from several goroutines; it serialises what writes.
type Sink interface {
	// Commit writes the batches in one transaction, in their order, and of each: begin, schema changes, releases, rows,
	// rejections (one may bear the key of a release) and shard states. On an error nothing of it is there. A *fault.Error of code Conflict says that a release
	// named a quarantined event that is not there any more.
	Commit(ctx context.Context, batches []*Batch) error
	// CreateTable makes a table and its quarantine, and records the change; fault.Conflict if the name is taken.
	CreateTable(ctx context.Context, t *schema.Table, reason string) error
	// DropTable removes a table, its quarantine and its history. A missing one is no error.
	DropTable(ctx context.Context, name string) error
	// Table loads a table's schema, Inexact filled in from its rows; fault.NotFound if there is none.
	Table(ctx context.Context, name string) (*schema.Table, error)
	// StreamState loads what is remembered of a source; the zero state if nothing is.
	StreamState(ctx context.Context, source string) (event.StreamState, error)
	// Forget removes what is remembered of a source.
	Forget(ctx context.Context, source string) error
}

// Quarantine is what a store keeps of the events that could not become rows.
type Quarantine interface {
	// Quarantined loads quarantined events that match, ordered by key, those after the key `after` if that is not nil, with
	// their raw bytes: up to limit, fewer when they are large, and none only when there are no more.
	Quarantined(ctx context.Context, f QuarantineFilter, after *QuarantineKey, limit int) ([]Quarantined, error)
	// CountQuarantined counts those that match.
	CountQuarantined(ctx context.Context, f QuarantineFilter) (int64, error)
	// DropQuarantined deletes those that match, in one transaction, and tells how many there were.
	DropQuarantined(ctx context.Context, f QuarantineFilter) (int64, error)
}

// Store is all that a Service needs of a store.
type Store interface {
	Sink
	Quarantine
}

// Batch is one source's part of a transaction. Its borders can be replayed exactly: the shard states before and after it
// name the events that it holds.
type Batch struct {
	Source   string
	Begin    *event.StreamState // not nil: forget the source's shards and remember these instead
	Table    *schema.Table      // as it is after Changes; nil for a batch without rows and rejections
	Changes  []schema.Change    // to be made to the table before the rows are written
	Rows     *columns.Rows      // nil for none; decoded for Table
	Rejected []event.Rejected   // for the table's quarantine
	Release  []QuarantineKey    // to be removed from the table's quarantine: they are being replayed
	Shards   []event.ShardState // what is remembered of each shard from now on
	Stream   string             // the stream's name, for the quarantine
	At       time.Time          // when the rows were made: _ingested_at, quarantined_at
	Bytes    int64              // what the batch occupies in the queue
}

// QuarantineKey names one quarantined event of a table.
type QuarantineKey struct {
	ShardID  string
	Sequence string
	Index    int64
}

// QuarantineFilter says which quarantined events of a table are meant; empty fields match all.
type QuarantineFilter struct {
	Table  string
	Reason event.Reason
	Field  *string // "" for those of no field
	Search string  // in the event or the message, in any letter case, or the sequence number of its record
	Key    *QuarantineKey
}

// Quarantined is one quarantined event.
type Quarantined struct {
	event.Rejected
	Stream        string
	QuarantinedAt time.Time
}
