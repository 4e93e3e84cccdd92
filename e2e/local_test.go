//go:build e2e

package e2e

import (
	"context"
	"errors"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/e2e/traffic"
	"github.com/helios-sql/helios/internal/localkinesis"
)

// local is a stream in the test's own process, the traffic on it, and what it is to be connected to.
type local struct {
	*traffic.Traffic

	t        *testing.T
	kinesis  *localkinesis.Server
	sdk      *kinesis.Client
	endpoint string
}

const localTable = "events"

// newLocal makes a stream with some events in it.
func newLocal(t *testing.T, shards int) *local {
	t.Helper()
	return newLocalOf(t, shards, localkinesis.Options{KeepLimits: true})
}

// newLarge makes a stream that holds millions of events and takes them as quickly as they are made.
func newLarge(t *testing.T, shards int) *local {
	t.Helper()
	return newLocalOf(t, shards, localkinesis.Options{MaxBytes: 8 << 30})
}

func newLocalOf(t *testing.T, shards int, o localkinesis.Options) *local {
	t.Helper()
	l := &local{t: t, kinesis: localkinesis.New(o)}
	server := httptest.NewServer(l.kinesis.Handler())
	t.Cleanup(server.Close)
	l.endpoint, l.sdk = server.URL, kinesisClient(server.URL)
	require.NoError(t, l.kinesis.CreateStream(localTable, shards))
	l.Traffic = traffic.New(l.kinesis, localTable, uint64(time.Now().UnixNano()))
	_, err := l.Publish(1000)
	require.NoError(t, err)
	return l
}

// connect makes a table of the stream.
func (l *local) connect(s *server) {
	l.t.Helper()
	added := helios(l.t, nil, "sources", "add", localTable, "--table", localTable, "--from", "horizon", "--endpoint-url", l.endpoint, "--yes", "--url", s.url)
	require.Zero(l.t, added.code, added.stderr)
}

// load publishes so many events a second until stop is called, or the test ends.
func (l *local) load(rate float64) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	var failed error
	running.Go(func() { failed = l.Run(ctx, rate) })
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		require.NoError(l.t, failed)
	})
	l.t.Cleanup(stop)
	return stop
}

// stored is how many events Helios holds; -1 when it does not say.
func (l *local) stored(s *server) int {
	n, err := traffic.Stored(l.t.Context(), s.Client, localTable)
	if err != nil {
		return -1
	}
	return n
}

// audit waits until all that was published is stored, and compares event by event.
func (l *local) audit(s *server) traffic.Audit {
	l.t.Helper()
	events, _, _ := l.Published()
	require.Eventually(l.t, func() bool { return l.stored(s) >= events }, 2*time.Minute, 50*time.Millisecond, "only part of the events has arrived")
	a, err := l.Audit(l.t.Context(), s.Client, localTable)
	require.NoError(l.t, errors.Join(err, a.Err()))
	return a
}
