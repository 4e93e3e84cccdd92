package kinesis_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
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

func (i *intake) Describe([]ingest.StreamShard) {}
func (i *intake) Observe(ingest.ShardStatus)    {}

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
	a.serve(t, localkinesis.Options{Now: func() time.Time { return time.Now().Add(time.Duration(a.ahead.Load())) }}, shards)
	return a
}

func (a *aging) serve(t *testing.T, o localkinesis.Options, shards int) {
	t.Helper()
	a.Server = localkinesis.New(o)
	listener := httptest.NewServer(a.Handler())
	t.Cleanup(listener.Close)
	a.url = listener.URL
	a.client = sdk.New(sdk.Options{BaseEndpoint: &a.url, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")})
	require.NoError(t, a.CreateStream("orders", shards))
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

const soon = 60 * time.Second

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
	for way, consumer := range map[string]string{"polling": "", "fan-out": "orders"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			a := newAging(t, 8)
			for range 3 {
				var records []string
				for range 8 {
					records = append(records, string(make([]byte, megabyte-100)))
				}
				a.put(t, records...)
			}
			to := newIntake()
			a.read(t, event.StreamState{}, to, kinesis.Options{MaxBytes: 12 * megabyte, Consumer: consumer})
			require.Eventually(t, to.has(func() bool { return to.waiting > 0 }), soon, 10*time.Millisecond)
			time.Sleep(500 * time.Millisecond) // in which all eight would have come forward
			close(to.open)
			require.Eventually(t, to.has(func() bool { return len(to.data) == 24 }), soon, 10*time.Millisecond)
			to.mu.Lock()
			defer to.mu.Unlock()
			require.LessOrEqual(t, to.most, 12*megabyte)
		})
	}
}

func TestRecordsOfTenMebibytesAreRead(t *testing.T) {
	for way, consumer := range map[string]string{"polling": "", "fan-out": "orders"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			a := newAging(t, 1)
			stream, err := a.client.DescribeStreamSummary(t.Context(), &sdk.DescribeStreamSummaryInput{StreamName: aws.String("orders")})
			require.NoError(t, err)
			_, err = a.client.UpdateMaxRecordSize(t.Context(), &sdk.UpdateMaxRecordSizeInput{
				StreamARN: stream.StreamDescriptionSummary.StreamARN, MaxRecordSizeInKiB: aws.Int32(10 << 10),
			})
			require.NoError(t, err)
			whole := strings.Repeat("x", 10<<20-1) // and a byte for the partition key
			a.put(t, whole)
			a.put(t, whole)
			to := newIntake()
			close(to.open)
			a.read(t, event.StreamState{}, to, kinesis.Options{Consumer: consumer})
			require.Eventually(t, to.has(func() bool { return len(to.data) == 2 }), soon, 10*time.Millisecond)
			to.mu.Lock()
			defer to.mu.Unlock()
			require.True(t, to.data[0] == whole && to.data[1] == whole)
		})
	}
}

func TestAStreamWhoseClockJumpsIsReadOn(t *testing.T) {
	for way, consumer := range map[string]string{"polling": "", "fan-out": "orders"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			a := newAging(t, 1)
			to := newIntake()
			close(to.open)
			a.read(t, event.StreamState{}, to, kinesis.Options{Consumer: consumer})
			var want []string
			for i, jump := range []time.Duration{0, 2 * time.Hour, -2 * time.Hour, 10 * time.Minute, -10 * time.Hour, 0} {
				a.ahead.Store(int64(jump))
				record := fmt.Sprint(i)
				a.put(t, record)
				want = append(want, record)
				require.Eventually(t, to.has(func() bool { return len(to.data) == len(want) }), soon, 10*time.Millisecond, jump)
			}
			to.mu.Lock()
			defer to.mu.Unlock()
			require.Equal(t, want, to.data)
			require.Empty(t, to.notices)
		})
	}
}

func TestASubscriptionIsRenewedWithoutALoss(t *testing.T) {
	a := &aging{}
	a.serve(t, localkinesis.Options{SubscriptionTTL: 40 * time.Millisecond, ResubscribeAfter: 10 * time.Millisecond}, 2)
	to := newIntake()
	close(to.open)
	a.read(t, event.StreamState{}, to, kinesis.Options{Consumer: "orders", Resubscribe: 20 * time.Millisecond})
	var want []string
	for i := range 100 {
		record := fmt.Sprint(i)
		a.put(t, record)
		want = append(want, record)
		time.Sleep(10 * time.Millisecond) // so that twenty subscriptions come and go
	}
	require.Eventually(t, to.has(func() bool { return len(to.data) >= len(want) }), soon, 10*time.Millisecond)
	to.mu.Lock()
	defer to.mu.Unlock()
	require.ElementsMatch(t, want, to.data)
}

func TestFinishedShardsThatTheStreamHasForgottenAreForgottenToo(t *testing.T) {
	a := newAging(t, 2)
	a.put(t, "a", "b", "c", "d")
	to := newIntake()
	close(to.open)
	stop := a.read(t, event.StreamState{}, to, kinesis.Options{})
	require.Eventually(t, to.has(func() bool { return len(to.data) == 4 }), soon, 10*time.Millisecond)
	require.NoError(t, a.SplitShard("orders", "shardId-000000000000", "1000"))
	require.Eventually(t, to.has(func() bool { return to.finished["shardId-000000000000"] }), soon, 10*time.Millisecond)
	stop()
	// What a store would remember: the shards, one of them finished a while ago.
	state := to.state
	state.Shards[0].Finished, state.Shards[0].ArrivedAt = true, time.Now().Add(-25*time.Hour)
	for _, id := range []string{"shardId-000000000002", "shardId-000000000003"} {
		state.Shards = append(state.Shards, event.ShardState{ShardID: id, Start: event.Start{Kind: event.FromHorizon}})
	}

	still := newIntake()
	close(still.open)
	stop = a.read(t, state, still, kinesis.Options{})
	a.put(t, "e", "f", "g", "h")
	require.Eventually(t, still.has(func() bool { return len(still.data) >= 4 }), soon, 10*time.Millisecond)
	stop()
	require.False(t, still.state.Started(), "a shard that is listed is remembered")

	a.ahead.Store(int64(26 * time.Hour))
	late := newIntake()
	close(late.open)
	a.read(t, state, late, kinesis.Options{})
	a.put(t, "i")
	require.Eventually(t, late.has(func() bool { return slices.Contains(late.data, "i") }), soon, 10*time.Millisecond)
	late.mu.Lock()
	defer late.mu.Unlock()
	require.Equal(t, state.CreatedAt, late.state.CreatedAt)
	var ids []string
	for _, s := range late.state.Shards {
		ids = append(ids, s.ShardID)
	}
	require.Equal(t, []string{"shardId-000000000001", "shardId-000000000002", "shardId-000000000003"}, ids)
}
