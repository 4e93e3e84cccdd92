// Package sourcetest is the conformance suite that every source of Kinesis-compatible streams passes, on every backend. It
// publishes with the AWS SDK, lets the source read through a proxy that can break the wire, and judges what is handed
// to the intake: every record once, in order, parents before children, and nothing asked of the stream but reading. It
// knows neither the reader nor the backend.
package sourcetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
)

// Backend is a Kinesis-compatible server to run the suite against, and what it can do that not every server can.
type Backend struct {
	Endpoint  string                                            // plain HTTP
	MaxRecord int                                               // bytes of the largest record it takes
	Trim      func(stream, shardID, untilSequence string) error // drops the records before that one; nil when there is no way
	// Open makes the source under test, which reads by fan-out if a consumer is named. It should look for new shards often,
	// and take a second for a long silence.
	Open func(t *testing.T, endpoint, stream, consumer string) ingest.Source
}

// patience is for what must happen at some time; nothing is judged by how long it took.
const patience = 60 * time.Second

// Run runs the suite with sources that poll. It opens the backend once.
func Run(t *testing.T, open func(t *testing.T) Backend) {
	t.Helper()
	runAll(t, open(t), byPolling)
}

// RunFanOut runs the suite with sources that read by fan-out. It opens the backend once.
func RunFanOut(t *testing.T, open func(t *testing.T) Backend) {
	t.Helper()
	runAll(t, open(t), byFanOut)
}

// way is how a source reads; a case that says nothing is about both.
type way string

const (
	byPolling way = "polling"
	byFanOut  way = "fan-out"
)

func runAll(t *testing.T, b Backend, how way) {
	t.Helper()
	for _, group := range [][]testCase{startCases(), positionCases(), reshardCases(), faultCases(), lifeCases(), fanOutCases()} {
		for _, c := range group {
			if c.only != "" && c.only != how {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				if c.needs != nil {
					if lacks := c.needs(b); lacks != "" {
						t.Skip("the backend " + lacks)
					}
				}
				bench := newBench(t, b, how)
				// Where polling has nothing to do with the case, it is out of order: so all must have come by fan-out.
				bench.proxy.fanOut = how == byFanOut
				bench.proxy.pushing = how == byFanOut && !c.mixed
				c.run(bench)
			})
		}
	}
}

type testCase struct {
	name  string
	only  way
	mixed bool // the shards may be polled while they cannot be read by fan-out
	needs func(Backend) (lacks string)
	run   func(b *bench)
}

// bench is what one case works with: a stream of its own, a producer, and a proxy in front of the backend.
type bench struct {
	*testing.T
	backend  Backend
	how      way
	stream   string
	proxy    *proxy
	client   *kinesis.Client // goes straight to the backend
	producer *Producer
	recorder *recorder
}

func newBench(t *testing.T, backend Backend, how way) *bench {
	t.Helper()
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, t.Name())
	name = name[max(0, len(name)-100):]
	b := &bench{T: t, backend: backend, how: how, stream: name, proxy: newProxy(t, backend.Endpoint), client: newClient(backend.Endpoint), recorder: newRecorder()}
	b.producer = NewProducer(backend.Endpoint, name, 1)
	t.Cleanup(func() {
		assert.Empty(t, b.recorder.brokenRules(), "rules of the intake")
		assert.Empty(t, b.proxy.surprises(), "calls of the source")
	})
	return b
}

func (b *bench) context() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	b.Cleanup(cancel)
	return ctx
}

// open makes a source that reads through the proxy.
func (b *bench) open() ingest.Source {
	b.Helper()
	return b.backend.Open(b.T, b.proxy.url, b.stream, b.consumer())
}

// consumer is the name of the consumer that the source reads with.
func (b *bench) consumer() string {
	if b.how == byPolling {
		return ""
	}
	return "suite"
}

// start begins to read, from what the recorder remembers, and returns how to stop. Stopping fails the test when the
// source does not end soon after, or returns an error.
func (b *bench) start(start event.Start) (stop func()) {
	b.Helper()
	source := b.open()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	run := b.recorder.newRun()
	go func() { done <- source.Read(ctx, b.recorder.remembered(), start, run) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			require.NoError(b, err, "the end of a read that was stopped")
		case <-time.After(patience):
			b.Error("the source did not stop")
		}
		run.end()
	}
	b.Cleanup(stop)
	return stop
}

// until waits for something to come true.
func (b *bench) until(what string, met func() bool) {
	b.Helper()
	require.Eventually(b, met, patience, 10*time.Millisecond, what)
}

// untilRead waits until each of these events has been delivered.
func (b *bench) untilRead(ids []string) {
	b.Helper()
	deadline := time.Now().Add(patience)
	for {
		missing := b.recorder.missing(ids)
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d events were not delivered, such as %s; %s", len(missing), len(ids), missing[0], b.recorder.summary())
		}
		pause(20 * time.Millisecond)
	}
}

// untilReading waits until so many shards have been read at least once since now: then the source stands at their tips.
func (b *bench) untilReading(shards int) {
	b.Helper()
	if b.how == byFanOut {
		b.untilPushed(shards)
		return
	}
	before := b.proxy.answered()
	b.until("each of the shards is read", func() bool {
		n := 0
		for shard, reads := range b.proxy.answered() {
			if reads > before[shard] {
				n++
			}
		}
		return n >= shards
	})
}

// untilPushed waits until so many shards are read by fan-out, by the run that reads now.
func (b *bench) untilPushed(shards int) {
	b.Helper()
	b.until("the shards are read by fan-out", func() bool { return b.recorder.pushed() >= shards })
}

func (b *bench) create(shards int) {
	b.Helper()
	createStream(b.context(), b, b.client, b.stream, shards)
}

func (b *bench) put(n int) []string {
	b.Helper()
	return b.producer.Put(b.context(), b, n)
}

// exactly checks that these events were delivered, each in the one record that holds it, and no others.
func (b *bench) exactly(ids ...[]string) {
	b.Helper()
	var all []string
	for _, some := range ids {
		all = append(all, some...)
	}
	b.untilRead(all)
	b.settle()
	assert.ElementsMatch(b, all, b.recorder.delivered(), "the events delivered")
}

// settle gives the source the chance to deliver what it should not.
func (b *bench) settle() {
	b.Helper()
	if b.how == byFanOut { // what is there comes at once
		pause(300 * time.Millisecond)
		return
	}
	before := b.proxy.answered()
	b.until("two more reads", func() bool {
		for shard, reads := range b.proxy.answered() {
			if status := b.recorder.condition(shard); status != ingest.ShardFinished && reads < before[shard]+2 {
				return false
			}
		}
		return true
	})
}

// pause waits where there is nothing to wait for but time.
func pause(d time.Duration) { <-time.After(d) }

func horizon() event.Start { return event.Start{Kind: event.FromHorizon} }
func latest() event.Start  { return event.Start{Kind: event.FromLatest} }
