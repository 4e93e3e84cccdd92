package kinesis_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/localkinesis"
	"github.com/helios-sql/helios/internal/source/kinesis"
)

// serveTLS serves a stream named orders over TLS and HTTP/2, with a certificate that this process trusts as the SDK's users
// make theirs trusted.
func serveTLS(t *testing.T, shards int) (*localkinesis.Server, string) {
	t.Helper()
	certificate, err := localkinesis.SelfSignedCertificate()
	require.NoError(t, err)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}), 0o600))
	t.Setenv("AWS_CA_BUNDLE", bundle)
	server := localkinesis.New(localkinesis.Options{})
	require.NoError(t, server.CreateStream("orders", shards))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- server.ServeTLS(ctx, listener, tls.Certificate{Certificate: certificate.Certificate, PrivateKey: certificate.PrivateKey})
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return server, "https://" + listener.Addr().String()
}

// Over HTTP/2 all subscriptions share connections: one whose records nobody takes must not hold up the others.
func TestAShardThatIsHeldUpDoesNotHoldUpOthersOnItsConnection(t *testing.T) {
	bareMachine(t)
	server, url := serveTLS(t, 2)
	account, err := connect(t, ingest.Connection{Endpoint: url})
	require.NoError(t, err)
	to := &turnstile{intake: newIntake(), shut: "shardId-000000000000"}
	close(to.intake.open)
	to.wait = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- account.Source("orders", kinesis.Options{Consumer: "orders"}).Read(ctx, event.StreamState{}, event.Start{Kind: event.FromHorizon}, to)
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	put := func(shard int, n int) {
		for i := range n {
			_, err := server.PutRecords("orders", []localkinesis.Record{{
				PartitionKey: "k", ExplicitHashKey: []string{"0", "340282366920938463463374607431768211455"}[shard], Data: []byte(fmt.Sprint(shard, " ", i, strings.Repeat("x", 1<<17))),
			}})
			require.NoError(t, err)
		}
	}
	require.Eventually(t, func() bool { return to.subscribed() == 2 }, soon, 10*time.Millisecond)
	put(0, 30) // 3.75 MiB, more than is read ahead
	put(1, 30)
	require.Eventually(t, to.has(func() bool { return len(to.data) == 30 }), soon, 10*time.Millisecond)
	put(1, 10)
	require.Eventually(t, to.has(func() bool { return len(to.data) == 40 }), soon, 10*time.Millisecond)
	close(to.wait)
	require.Eventually(t, to.has(func() bool { return len(to.data) == 70 }), soon, 10*time.Millisecond)
}

// turnstile is an intake that takes nothing of one shard for a while.
type turnstile struct {
	*intake
	shut string
	wait chan struct{}
	ways map[string]ingest.ReadMode
}

func (t *turnstile) Deliver(ctx context.Context, d ingest.Delivery) error {
	if d.ShardID == t.shut {
		select {
		case <-t.wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return t.intake.Deliver(ctx, d)
}

func (t *turnstile) Observe(s ingest.ShardStatus) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ways == nil {
		t.ways = map[string]ingest.ReadMode{}
	}
	t.ways[s.ShardID] = s.Read
}

// subscribed counts the shards that are read by fan-out.
func (t *turnstile) subscribed() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, way := range t.ways {
		if way == ingest.ReadFanOut {
			n++
		}
	}
	return n
}
