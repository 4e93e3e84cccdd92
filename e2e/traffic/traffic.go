// Package traffic publishes numbered events to a local Kinesis, keeps the books of where each went, and audits Helios's
// tables against them. It is for tests: the truth that they compare with comes from nowhere else.
package traffic

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/localkinesis"
)

const (
	tick    = 10 * time.Millisecond
	maxPuts = 500 // records of one PutRecords
	retry   = 20 * time.Millisecond
)

// place is where a record is. Sequence numbers alone do not tell shards apart.
type place struct{ shard, sequence string }

// entry is a record in the books.
type entry struct {
	place

	first  int64 // number of its first event
	events int
	at     time.Time // when its put was acknowledged
}

// Traffic is what is published to one stream. Its methods may be called from several goroutines.
type Traffic struct {
	kinesis *localkinesis.Server
	stream  string

	publishing sync.Mutex // makes and puts records, in turn
	maker      *maker
	bytes      int64

	mu      sync.Mutex
	entries []entry
	at      map[place]int     // index into entries
	of      []int32           // index into entries, by number of event
	last    map[string]string // the newest sequence number of each shard
}

// New makes the traffic of a stream that exists. The same seed makes the same events.
func New(kinesis *localkinesis.Server, stream string, seed uint64) *Traffic {
	return &Traffic{
		kinesis: kinesis, stream: stream, maker: newMaker(seed),
		at: map[place]int{}, last: map[string]string{},
	}
}

// Run publishes so many events a second until ctx ends.
func (t *Traffic) Run(ctx context.Context, rate float64) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	owed, last := 0.0, time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		owed = min(owed+rate*time.Since(last).Seconds(), rate) // a second's worth at most, after a pause
		last = time.Now()
		if owed < 1 {
			continue
		}
		n, err := t.Publish(int(owed))
		if err != nil {
			return err
		}
		owed -= float64(n)
	}
}

// Publish publishes at least so many events, one or more records at a time, and says how many they were. What the stream
// throttles is put again: it does not return before all is taken.
func (t *Traffic) Publish(events int) (published int, err error) {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	for published < events {
		var records []localkinesis.Record
		var batch []entry
		for published < events && len(records) < maxPuts {
			first := t.maker.next
			data, n := t.maker.record()
			records = append(records, localkinesis.Record{PartitionKey: "k-" + strconv.Itoa(t.maker.rand.IntN(1_000_000)), Data: data})
			batch = append(batch, entry{first: first, events: n})
			published += n
			t.bytes += int64(len(data))
		}
		if err := t.put(records, batch); err != nil {
			return published, err
		}
	}
	return published, nil
}

// Put publishes one record of the caller's own that holds no numbered event, and counts as that many events.
func (t *Traffic) Put(data []byte, events int) error {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	first := t.maker.next
	t.maker.next += int64(events)
	return t.put([]localkinesis.Record{{PartitionKey: strconv.FormatInt(first, 10), Data: data}}, []entry{{first: first, events: events}})
}

func (t *Traffic) put(records []localkinesis.Record, batch []entry) error {
	for {
		results, err := t.kinesis.PutRecords(t.stream, records)
		if err != nil {
			return err
		}
		now := time.Now()
		var refused []localkinesis.Record
		var again []entry
		t.mu.Lock()
		for i, r := range results {
			if r.ErrorCode != "" {
				refused, again = append(refused, records[i]), append(again, batch[i])
				continue
			}
			e := batch[i]
			e.place, e.at = place{r.ShardID, r.SequenceNumber}, now
			t.at[e.place] = len(t.entries)
			for n := e.first; n < e.first+int64(e.events); n++ {
				for int64(len(t.of)) <= n {
					t.of = append(t.of, -1)
				}
				t.of[n] = int32(len(t.entries))
			}
			t.entries = append(t.entries, e)
			t.last[r.ShardID] = r.SequenceNumber
		}
		t.mu.Unlock()
		if len(refused) == 0 {
			return nil
		}
		records, batch = refused, again
		<-time.After(retry)
	}
}

// Drift changes the shape of the events to come: a new field, a wider type, or texts where numbers were.
func (t *Traffic) Drift() {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	t.maker.drift++
}

// Recreate deletes the stream and makes another of its name. Nothing that was published before may be unread.
func (t *Traffic) Recreate(shards int) error {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	if err := t.kinesis.DeleteStream(t.stream); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = map[string]string{}
	return t.kinesis.CreateStream(t.stream, shards)
}

// Published is how many events were published so far, in how many records of how many bytes.
func (t *Traffic) Published() (events, records int, bytes int64) {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.entries {
		events += t.entries[i].events
	}
	return events, len(t.entries), t.bytes
}

// At is when the event of that number was published; false if it was not yet.
func (t *Traffic) At(number int64) (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if number < 0 || number >= int64(len(t.of)) || t.of[number] < 0 {
		return time.Time{}, false
	}
	return t.entries[t.of[number]].at, true
}
