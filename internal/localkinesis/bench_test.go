package localkinesis_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/localkinesis"
)

// The benchmarks speak to the handler over HTTP on one keep-alive connection with a plain client, so that what is measured
// is the server and not an SDK. Records are JSON events of 300 bytes, 500 a request in and up to 10,000 a request out.

type bench struct {
	*testing.B
	url    string
	client *http.Client
}

func newBench(b *testing.B) (bench, *localkinesis.Server) {
	b.Helper()
	s := localkinesis.New(localkinesis.Options{})
	require.NoError(b, s.CreateStream("events", 4))
	hs := httptest.NewServer(s.Handler())
	b.Cleanup(hs.Close)
	return bench{b, hs.URL, hs.Client()}, s
}

func (b bench) call(op string, body []byte) []byte {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.url, bytes.NewReader(body))
	require.NoError(b, err)
	req.Header.Set("X-Amz-Target", "Kinesis_20131202."+op)
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	resp, err := b.client.Do(req)
	require.NoError(b, err)
	out, err := io.ReadAll(resp.Body)
	require.NoError(b, err)
	require.NoError(b, resp.Body.Close())
	require.Equal(b, http.StatusOK, resp.StatusCode, "%s", out)
	return out
}

func payload(n int) []byte {
	return fmt.Appendf(nil, `{"event_id":"%08d","event_type":"view","product":%d,"referrer":"%s"}`, n, n%97, strings.Repeat("x", 232))
}

func BenchmarkPutRecords(b *testing.B) {
	c, _ := newBench(b)
	type entry struct {
		Data         []byte `json:"Data"`
		PartitionKey string `json:"PartitionKey"`
	}
	var req struct {
		StreamName string  `json:"StreamName"`
		Records    []entry `json:"Records"`
	}
	req.StreamName = "events"
	for i := range 500 {
		req.Records = append(req.Records, entry{payload(i), fmt.Sprintf("visitor-%d", i)})
	}
	body, err := json.Marshal(req)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		c.call("PutRecords", body)
	}
	b.ReportMetric(float64(500*b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkGetRecords(b *testing.B) {
	c, s := newBench(b)
	for range 80 {
		var records []localkinesis.Record
		for i := range 500 {
			records = append(records, localkinesis.Record{PartitionKey: fmt.Sprintf("visitor-%d", i), Data: payload(i), ExplicitHashKey: "0"})
		}
		_, err := s.PutRecords("events", records)
		require.NoError(b, err)
	}
	var it struct {
		ShardIterator string `json:"ShardIterator"`
	}
	require.NoError(b, json.Unmarshal(c.call("GetShardIterator",
		[]byte(`{"StreamName":"events","ShardId":"shardId-000000000000","ShardIteratorType":"TRIM_HORIZON"}`)), &it))
	body := fmt.Appendf(nil, `{"ShardIterator":%q,"Limit":10000}`, it.ShardIterator)
	require.Equal(b, 10_000, bytes.Count(c.call("GetRecords", body), []byte(`"SequenceNumber"`)))
	b.ReportAllocs()
	for b.Loop() {
		c.call("GetRecords", body)
	}
	b.ReportMetric(float64(10_000*b.N)/b.Elapsed().Seconds(), "records/s")
}

// From the call of a put to the whole event at a client of plain HTTP; one record at a time, then as many as go into an event.
func BenchmarkPush(b *testing.B) {
	for name, size := range map[string]int{"one record": 1, "500 records": 500} {
		b.Run(name, func(b *testing.B) {
			c, s := newBench(b)
			const arn = "arn:aws:kinesis:us-east-1:000000000000:stream/events"
			var made struct {
				Consumer struct {
					ARN string `json:"ConsumerARN"`
				} `json:"Consumer"`
			}
			require.NoError(b, json.Unmarshal(c.call("RegisterStreamConsumer", []byte(`{"StreamARN":"`+arn+`","ConsumerName":"app"}`)), &made))
			time.Sleep(200 * time.Millisecond) // until it is active
			frames := c.stream("SubscribeToShard", fmt.Appendf(nil, `{"ConsumerARN":%q,"ShardId":"shardId-000000000000","StartingPosition":{"Type":"LATEST"}}`, made.Consumer.ARN))
			frames() // the initial-response
			frames() // how far it is
			records := make([]localkinesis.Record, size)
			for i := range records {
				records[i] = localkinesis.Record{PartitionKey: fmt.Sprintf("visitor-%d", i), Data: payload(i), ExplicitHashKey: "0"}
			}
			b.ReportAllocs()
			for b.Loop() {
				_, err := s.PutRecords("events", records)
				require.NoError(b, err)
				require.Equal(b, size, bytes.Count(frames(), []byte(`"SequenceNumber"`)))
			}
			b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// stream begins a request whose answer is an event stream, and gives a function that reads a frame.
func (b bench) stream(op string, body []byte) (frame func() []byte) {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.url, bytes.NewReader(body))
	require.NoError(b, err)
	req.Header.Set("X-Amz-Target", "Kinesis_20131202."+op)
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	resp, err := b.client.Do(req)
	require.NoError(b, err)
	b.Cleanup(func() { _ = resp.Body.Close() })
	in := bufio.NewReader(resp.Body)
	var buffer []byte
	return func() []byte {
		length, err := in.Peek(4)
		require.NoError(b, err)
		buffer = slices.Grow(buffer[:0], int(binary.BigEndian.Uint32(length)))[:binary.BigEndian.Uint32(length)]
		_, err = io.ReadFull(in, buffer)
		require.NoError(b, err)
		return buffer
	}
}
