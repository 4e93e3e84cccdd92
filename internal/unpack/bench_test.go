package unpack_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/unpack"
)

// storefront is an event of the size and shape of the demo's.
const storefront = `{"event_id":"0198c1f2-7c1e-7d3a-9b52-3f1c8a7e6d21","event_type":"add_to_cart","occurred_at":"2025-08-19T14:23:11.482Z","session_id":"s-4b1f9c2e7a","visitor_id":"v-83312","page":"/products/trail-running-shoe","referrer":"https://search.example/","product":{"id":"p-1042","name":"Trail Running Shoe","category":"shoes","price":129.95,"currency":"EUR"},"quantity":2,"device":"mobile","country":"DE"}`

func benchmark(b *testing.B, data string, events int) {
	b.Helper()
	r := &event.Record{PartitionKey: "pk", Data: []byte(data)}
	u := unpack.New(unpack.Options{})
	var got unpack.Result
	b.SetBytes(int64(len(storefront) * events))
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		got.Reset()
		u.Unpack(r, unpack.Range{}, &got)
		if len(got.Events) != events {
			b.Fatal(len(got.Events), got.Rejected)
		}
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(b.N*events), "allocs/event")
}

func BenchmarkUnpackOne(b *testing.B) { benchmark(b, storefront, 1) }

func BenchmarkUnpackNDJSON(b *testing.B) {
	benchmark(b, strings.Repeat(storefront+"\n", 1000), 1000)
}

func BenchmarkUnpackGzip(b *testing.B) {
	benchmark(b, gzipped(b, strings.Repeat(storefront+"\n", 1000)), 1000)
}

func BenchmarkUnpackGzipFew(b *testing.B) {
	benchmark(b, gzipped(b, strings.Repeat(storefront+"\n", 20)), 20)
}

func BenchmarkUnpackZstd(b *testing.B) {
	benchmark(b, zstandard(b, strings.Repeat(storefront+"\n", 1000)), 1000)
}

func BenchmarkUnpackAggregate(b *testing.B) {
	records := make([]string, 100)
	for i := range records {
		records[i] = userRecord(0, -1, storefront)
	}
	benchmark(b, kpl([]string{"k"}, nil, records...), 100)
}
