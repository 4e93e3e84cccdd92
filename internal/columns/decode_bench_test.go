package columns_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/schema"
)

// shopEvents are n events of a shop, about 390 bytes each, with nested members, an array and fields that come and go.
func shopEvents(n int) [][]byte {
	docs := make([][]byte, n)
	for i := range docs {
		query := ""
		if i%3 == 0 {
			query = fmt.Sprintf(`"query":"red shoes size %d",`, i%50)
		}
		docs[i] = fmt.Appendf(nil, `{"event_id":"%08x-1111-4222-8333-%012x","event_type":"product_view","occurred_at":"2026-03-0%dT12:%02d:%02d.123456Z",`+
			`"session_id":"s-%08d","user":{"id":%d,"country":"DE","plan":"free","returning":%t},"product":{"id":"p-%04d","name":"Trail running shoe %d",`+
			`"price":%d.99,"currency":"EUR","tags":["shoes","outdoor"]},%s"quantity":%d,"referrer":"https://www.example.com/search","duration_ms":%d.25}`,
			i, i*7, 1+i%9, i%60, i%59, i, i*13, i%2 == 0, i%500, i%500, i%200, query, i%5, i%1000)
	}
	return docs
}

// BenchmarkDecode is decoding alone, on one core: documents in memory to vectors that are handed over every 5,000 rows.
func BenchmarkDecode(b *testing.B) {
	docs := shopEvents(5000)
	in := schema.Infer(docs[:1000], schema.Options{})
	in.Table.Name = "shop"
	d := columns.NewDecoder(&in.Table)
	at := time.Unix(1_770_000_000, 0)
	record := &event.Record{ShardID: "shardId-000000000001", Sequence: "49590338271490256608559692538361571095921575989136588898", ArrivedAt: at}
	e := event.Event{Record: record, PartitionKey: "s-00000001"}
	var size int64
	for _, doc := range docs {
		size += int64(len(doc))
	}
	b.SetBytes(size / int64(len(docs)))
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	i := 0
	for b.Loop() {
		e.Data = docs[i]
		if r := d.Append(&e, at); r != nil {
			b.Fatal(r.Message)
		}
		if i++; i == len(docs) {
			i = 0
			rows, _, _ := d.Take()
			columns.Release(rows)
		}
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(b.N), "allocs/event")
}
