package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/localkinesis"
)

// producer publishes storefront events with a number each, n, at a rate, and remembers when which were acknowledged.
type producer struct {
	kinesis *localkinesis.Server
	stream  string
	pace    pace
	shop    *shop
	next    int64 // number of the next event
	refused int64 // records, by the limits of Kinesis
	zipper  *gzip.Writer

	mu    sync.Mutex
	acked map[string][]acknowledged // by shard, in the order of n
}

// pace is how events are published.
type pace struct {
	rate      int // events a second
	perRecord int // events in one record: beyond one, lines that are compressed with gzip
	perPut    int // records in one put
}

// The two rates. Four shards take 4,000 records and 4 MB a second: 20,000 events of 418 bytes only fit as real producers
// send them at such rates, several in a record and compressed.
var (
	slowPace = pace{rate: 1000, perRecord: 1, perPut: 5}
	fastPace = pace{rate: 20_000, perRecord: 20, perPut: 10}
)

// acknowledged are events of one record.
type acknowledged struct {
	first, last int64
	at          time.Time // zero for those of the warm-up, which do not count
}

func newProducer(k *localkinesis.Server, stream string, p pace) *producer {
	return &producer{
		kinesis: k, stream: stream, pace: p, shop: newShop(seed, time.Now()), next: 1,
		zipper: must(gzip.NewWriterLevel(nil, gzip.BestSpeed)), acked: map[string][]acknowledged{},
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// run publishes until ctx ends. What is acknowledged from the time on counts.
func (p *producer) run(ctx context.Context, from time.Time) error {
	perPut := time.Duration(p.pace.perPut*p.pace.perRecord) * time.Second / time.Duration(p.pace.rate)
	begin := time.Now()
	for puts := 1; ctx.Err() == nil; puts++ {
		if err := p.put(from); err != nil {
			return err
		}
		// A put that comes late is made up for: the rate is kept.
		wait(ctx, time.Until(begin.Add(time.Duration(puts)*perPut)))
	}
	return nil
}

// put publishes one put's worth. What Kinesis refuses is gone, and counted.
func (p *producer) put(from time.Time) error {
	records := make([]localkinesis.Record, p.pace.perPut)
	numbers := make([]acknowledged, p.pace.perPut)
	for i := range records {
		numbers[i].first = p.next
		records[i] = localkinesis.Record{PartitionKey: "v-" + strconv.FormatInt(p.next*7919, 36), Data: p.record()}
		numbers[i].last = p.next - 1
	}
	results, err := p.kinesis.PutRecords(p.stream, records)
	if err != nil {
		return fmt.Errorf("put: %w", err)
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, r := range results {
		if r.ErrorCode != "" {
			p.refused++
			continue
		}
		if now.After(from) {
			numbers[i].at = now
		}
		p.acked[r.ShardID] = append(p.acked[r.ShardID], numbers[i])
	}
	return nil
}

// record makes one record of the next events.
func (p *producer) record() []byte {
	p.shop.at = time.Now()
	data := make([]byte, 0, 512*p.pace.perRecord)
	for range p.pace.perRecord {
		data = p.shop.next(data)
		data = append(data[:len(data)-1], `,"n":`...)
		data = strconv.AppendInt(data, p.next, 10)
		data = append(data, "}\n"...)
		p.next++
	}
	if p.pace.perRecord == 1 {
		return data[:len(data)-1]
	}
	var zipped bytes.Buffer
	p.zipper.Reset(&zipped)
	_, err := p.zipper.Write(data)
	must(0, errors.Join(err, p.zipper.Close())) // a buffer takes everything
	return zipped.Bytes()
}

// seen takes note that the events of a shard up to a number are seen at a time, and gives the age of each that counts, in
// milliseconds since its acknowledgement.
func (p *producer) seen(shard string, upTo int64, at time.Time, ages []float64) []float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	left := p.acked[shard]
	for len(left) > 0 && left[0].last <= upTo {
		if !left[0].at.IsZero() {
			age := max(0, at.Sub(left[0].at).Seconds()*1000)
			for range left[0].last - left[0].first + 1 {
				ages = append(ages, age)
			}
		}
		left = left[1:]
	}
	p.acked[shard] = left
	return ages
}

// unseen is how many records are acknowledged and not seen.
func (p *producer) unseen() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, left := range p.acked {
		n += len(left)
	}
	return n
}
