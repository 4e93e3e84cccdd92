package kinesis_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/localkinesis"
	"github.com/helios-sql/helios/internal/source/kinesis"
)

// intake remembers what it is given. While it is closed, deliveries wait.
type intake struct {
	open chan struct{}

	mu       sync.Mutex
	state    event.StreamState
	data     []string
	finished map[string]bool
	notices  []ingest.Notice
	waiting  int
	most     int // bytes that waited at one time
}

func newIntake() *intake { return &intake{open: make(chan struct{}), finished: map[string]bool{}} }

func (i *intake) Begin(_ context.Context, state event.StreamState) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.state = state
	return nil
}

func (i *intake) Deliver(ctx context.Context, d ingest.Delivery) error {
	size := 0
	for _, r := range d.Records {
		size += len(r.Data)
	}
	i.wait(size)
	select {
	case <-i.open:
	case <-ctx.Done():
		return ctx.Err()
	}
	i.wait(-size)
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range d.Records {
		i.data = append(i.data, string(r.Data))
	}
	i.finished[d.ShardID] = i.finished[d.ShardID] || d.Finished
	return nil
}

func (i *intake) wait(size int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.waiting += size
	i.most = max(i.most, i.waiting)
}

func (i *intake) Observe(ingest.ShardStatus) {}

func (i *intake) Notice(n ingest.Notice) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.notices = append(i.notices, n)
}

func (i *intake) has(met func() bool) func() bool {
	return func() bool {
		i.mu.Lock()
		defer i.mu.Unlock()
		return met()
	}
}

// aging is a localkinesis whose clock a test moves on, with one stream named orders.
type aging struct {
	*localkinesis.Server
	url    string
	client *sdk.Client
	ahead  atomic.Int64
}

func newAging(t *testing.T, shards int) *aging {
	t.Helper()
	a := &aging{}
	a.Server = localkinesis.New(localkinesis.Options{Now: func() time.Time { return time.Now().Add(time.Duration(a.ahead.Load())) }})
	listener := httptest.NewServer(a.Handler())
	t.Cleanup(listener.Close)
	a.url = listener.URL
	a.client = sdk.New(sdk.Options{BaseEndpoint: &a.url, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")})
	require.NoError(t, a.CreateStream("orders", shards))
	return a
}

func (a *aging) put(t *testing.T, records ...string) {
	t.Helper()
	var all []localkinesis.Record
	for i, r := range records {
		all = append(all, localkinesis.Record{PartitionKey: fmt.Sprint(i), Data: []byte(r)})
	}
	_, err := a.PutRecords("orders", all)
	require.NoError(t, err)
}

func (a *aging) read(t *testing.T, state event.StreamState, to *intake, o kinesis.Options) (stop func()) {
	t.Helper()
	account, err := connect(t, ingest.Connection{Endpoint: a.url})
	require.NoError(t, err)
	o.Poll, o.Discovery = 20*time.Millisecond, 100*time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- account.Source("orders", o).Read(ctx, state, event.Start{Kind: event.FromHorizon}, to) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(stop)
	return stop
}

const soon = 30 * time.Second

func TestAShardThatExpiredWhileNobodyReadIsReportedAndItsChildrenAreRead(t *testing.T) {
	a := newAging(t, 1)
	a.put(t, "early")
	first := newIntake()
	close(first.open)
	stop := a.read(t, event.StreamState{}, first, kinesis.Options{})
	require.Eventually(t, first.has(func() bool { return len(first.data) == 1 }), soon, 10*time.Millisecond)
	stop()
	a.put(t, "never read")
	_, err := a.client.SplitShard(t.Context(), &sdk.SplitShardInput{StreamName: aws.String("orders"), ShardToSplit: aws.String("shardId-000000000000"), NewStartingHashKey: aws.String("1000")})
	require.NoError(t, err)
	a.ahead.Store(int64(25 * time.Hour))
	a.put(t, "late")

	second := newIntake()
	close(second.open)
	a.read(t, first.state, second, kinesis.Options{})
	require.Eventually(t, second.has(func() bool { return len(second.data) == 1 }), soon, 10*time.Millisecond)
	second.mu.Lock()
	defer second.mu.Unlock()
	require.Equal(t, []string{"late"}, second.data)
	require.True(t, second.finished["shardId-000000000000"])
	require.Len(t, second.notices, 1)
	require.Equal(t, ingest.NoticeGap, second.notices[0].Kind)
	require.Equal(t, "shardId-000000000000", second.notices[0].ShardID)
}

func TestAShardThatExpiresWhileItIsBeingReadIsReportedAndItsChildrenAreRead(t *testing.T) {
	a := newAging(t, 1)
	a.put(t, "early")
	to := newIntake()
	a.read(t, event.StreamState{}, to, kinesis.Options{})
	require.Eventually(t, to.has(func() bool { return to.waiting > 0 }), soon, 10*time.Millisecond)
	a.put(t, "never read")
	_, err := a.client.SplitShard(t.Context(), &sdk.SplitShardInput{StreamName: aws.String("orders"), ShardToSplit: aws.String("shardId-000000000000"), NewStartingHashKey: aws.String("1000")})
	require.NoError(t, err)
	a.ahead.Store(int64(25 * time.Hour))
	a.put(t, "late")
	close(to.open)
	require.Eventually(t, to.has(func() bool { return len(to.data) == 2 }), soon, 10*time.Millisecond)
	to.mu.Lock()
	defer to.mu.Unlock()
	require.Equal(t, []string{"early", "late"}, to.data)
	require.True(t, to.finished["shardId-000000000000"])
	require.Len(t, to.notices, 1)
	require.Equal(t, ingest.NoticeGap, to.notices[0].Kind)
}

func TestAReaderHoldsNoMoreBytesThanItMay(t *testing.T) {
	const megabyte = 1 << 20
	a := newAging(t, 8)
	for range 6 {
		var records []string
		for range 8 {
			records = append(records, string(make([]byte, megabyte-100)))
		}
		a.put(t, records...)
	}
	to := newIntake()
	a.read(t, event.StreamState{}, to, kinesis.Options{MaxBytes: 16 * megabyte})
	require.Eventually(t, to.has(func() bool { return to.waiting > 0 }), soon, 10*time.Millisecond)
	time.Sleep(500 * time.Millisecond) // in which all eight would have come forward
	close(to.open)
	require.Eventually(t, to.has(func() bool { return len(to.data) == 48 }), soon, 10*time.Millisecond)
	to.mu.Lock()
	defer to.mu.Unlock()
	require.LessOrEqual(t, to.most, 16*megabyte)
}
