package localkinesis_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/localkinesis"
)

const ordersARN = "arn:aws:kinesis:us-east-1:000000000000:stream/orders"

// register makes a consumer that is active.
func (k kit) register(name string) string {
	k.Helper()
	out, err := k.c.RegisterStreamConsumer(k.Context(), &kinesis.RegisterStreamConsumerInput{StreamARN: aws.String(ordersARN), ConsumerName: &name})
	require.NoError(k, err)
	require.Equal(k, types.ConsumerStatusCreating, out.Consumer.ConsumerStatus)
	arn := out.Consumer.ConsumerARN
	require.Eventually(k, func() bool {
		out, err := k.c.DescribeStreamConsumer(k.Context(), &kinesis.DescribeStreamConsumerInput{ConsumerARN: arn})
		return err == nil && out.ConsumerDescription.ConsumerStatus == types.ConsumerStatusActive
	}, 10*time.Second, time.Millisecond)
	return *arn
}

// reading is a subscription as the SDK shows it.
type reading struct {
	kit
	events *kinesis.SubscribeToShardEventStream
}

// subscribe takes a client of its own for each subscription: those of one client share a decoder (smithy-go 1.28), which is
// a data race.
func (k kit) subscribe(consumer, shardID string, from types.StartingPosition) (reading, error) {
	k.Helper()
	out, err := kinesis.New(k.c.Options()).SubscribeToShard(k.Context(), &kinesis.SubscribeToShardInput{ConsumerARN: &consumer, ShardId: &shardID, StartingPosition: &from})
	if err != nil {
		return reading{}, err
	}
	k.Cleanup(func() { _ = out.GetStream().Close() })
	return reading{k, out.GetStream()}, nil
}

func (k kit) mustSubscribe(consumer, shardID string, from types.StartingPosition) reading {
	k.Helper()
	r, err := k.subscribe(consumer, shardID, from)
	require.NoError(k, err)
	return r
}

// event is the next event, or nil at the end of the stream.
func (r reading) event() *types.SubscribeToShardEvent {
	r.Helper()
	select {
	case got := <-r.events.Events():
		if e, ok := got.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent); ok {
			return &e.Value
		}
		require.Nil(r, got)
		return nil
	case <-time.After(20 * time.Second):
		require.Fail(r, "no event within 20 s")
		return nil
	}
}

// upTo reads until n records are there, and gives their texts and the last event.
func (r reading) upTo(n int) (got []string, last *types.SubscribeToShardEvent) {
	r.Helper()
	for len(got) < n {
		last = r.event()
		require.NotNil(r, last, "the stream ended: %v", r.events.Err())
		got = append(got, texts(last.Records)...)
	}
	return got, last
}

var fromHorizon = types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}

func after(sequence *string) types.StartingPosition {
	return types.StartingPosition{Type: types.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: sequence}
}

func TestAConsumerLivesFromRegistrationToDeregistration(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now, ConsumerDelay: time.Second})
	k.stream(1)
	ctx := t.Context()
	arn := aws.String(ordersARN)
	made, err := k.c.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: arn, ConsumerName: aws.String("app")})
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("%s/consumer/app:%d", ordersARN, now.now().Unix()), *made.Consumer.ConsumerARN)
	_, err = k.subscribe(*made.Consumer.ConsumerARN, shard0, fromHorizon)
	isError(t, err, "ResourceInUseException", "is not in ACTIVE status")
	_, err = k.c.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: arn, ConsumerName: aws.String("app")})
	isError(t, err, "ResourceInUseException", "Consumer app under stream orders already exists")
	for i := range 4 {
		_, err = k.c.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: arn, ConsumerName: aws.String(fmt.Sprint("c", i))})
		require.NoError(t, err)
	}
	_, err = k.c.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: arn, ConsumerName: aws.String("sixth")})
	isError(t, err, "LimitExceededException", "CREATING")
	for i := range 15 {
		now.pass(time.Second)
		_, err = k.c.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: arn, ConsumerName: aws.String(fmt.Sprint("d", i))})
		require.NoError(t, err)
	}
	now.pass(time.Second)
	_, err = k.c.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: arn, ConsumerName: aws.String("one too many")})
	isError(t, err, "ValidationException", "consumerName")
	_, err = k.c.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: arn, ConsumerName: aws.String("one-too-many")})
	isError(t, err, "LimitExceededException", "at most 20 registered consumers")

	var names []string
	pages := kinesis.NewListStreamConsumersPaginator(k.c, &kinesis.ListStreamConsumersInput{StreamARN: arn, MaxResults: aws.Int32(7)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		require.NoError(t, err)
		for _, c := range page.Consumers {
			names = append(names, *c.ConsumerName)
		}
	}
	require.Len(t, names, 20)
	require.IsIncreasing(t, names)
	summary, err := k.c.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamARN: arn})
	require.NoError(t, err)
	require.EqualValues(t, 20, *summary.StreamDescriptionSummary.ConsumerCount)

	_, err = k.c.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamARN: arn})
	isError(t, err, "ResourceInUseException", "EnforceConsumerDeletion")

	byName := &kinesis.DescribeStreamConsumerInput{StreamARN: arn, ConsumerName: aws.String("app")}
	_, err = k.c.DeregisterStreamConsumer(ctx, &kinesis.DeregisterStreamConsumerInput{ConsumerARN: made.Consumer.ConsumerARN})
	require.NoError(t, err)
	d, err := k.c.DescribeStreamConsumer(ctx, byName)
	require.NoError(t, err)
	require.Equal(t, types.ConsumerStatusDeleting, d.ConsumerDescription.ConsumerStatus)
	now.pass(time.Second)
	_, err = k.c.DescribeStreamConsumer(ctx, byName)
	isError(t, err, "ResourceNotFoundException", "Consumer app under stream orders not found")

	_, err = k.c.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamARN: arn, EnforceConsumerDeletion: aws.Bool(true)})
	require.NoError(t, err)
}

func TestRecordsArePushedAsTheyArrive(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(1)
	k.put("0", "before")
	r := k.mustSubscribe(k.register("app"), shard0, fromHorizon)
	got, _ := r.upTo(1)
	require.Equal(t, []string{"before"}, got)
	for i := range 100 {
		_, number := k.put("0", fmt.Sprint(i))
		e := r.event()
		require.Equal(t, []string{fmt.Sprint(i)}, texts(e.Records))
		require.Equal(t, number, *e.Records[0].SequenceNumber)
		require.Equal(t, number, *e.ContinuationSequenceNumber)
		require.Zero(t, *e.MillisBehindLatest)
		require.Empty(t, e.ChildShards)
	}
}

func TestASubscriptionBeginsWhereItsPositionSays(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now, ResubscribeAfter: time.Millisecond})
	k.stream(1)
	k.put("0", "a")
	now.pass(time.Second)
	at := now.now()
	_, b := k.put("0", "b")
	now.pass(time.Second)
	_, c := k.put("0", "c")
	now.pass(time.Second)
	consumer := k.registerOn(now, "app")
	for name, tc := range map[string]struct {
		from types.StartingPosition
		want []string
	}{
		"the horizon":           {fromHorizon, []string{"a", "b", "c"}},
		"at a number":           {types.StartingPosition{Type: types.ShardIteratorTypeAtSequenceNumber, SequenceNumber: &b}, []string{"b", "c"}},
		"after a number":        {after(&b), []string{"c"}},
		"after the last number": {after(&c), nil},
		"the tip":               {types.StartingPosition{Type: types.ShardIteratorTypeLatest}, nil},
		"at a time":             {types.StartingPosition{Type: types.ShardIteratorTypeAtTimestamp, Timestamp: &at}, []string{"b", "c"}},
	} {
		now.pass(time.Second)
		e := k.mustSubscribe(consumer, shard0, tc.from).event()
		require.ElementsMatch(t, tc.want, texts(e.Records), name)
		require.Equal(t, c, *e.ContinuationSequenceNumber, name)
	}
	for name, tc := range map[string]struct {
		consumer, shard string
		from            types.StartingPosition
		code            string
	}{
		"no consumer of that name": {ordersARN + "/consumer/other:1", shard0, fromHorizon, "ResourceNotFoundException"},
		"no ARN of a consumer":     {ordersARN, shard0, fromHorizon, "ValidationException"},
		"no such shard":            {consumer, shard1, fromHorizon, "ResourceNotFoundException"},
		"a number that is none":    {consumer, shard0, after(aws.String("7")), "InvalidArgumentException"},
		"no number":                {consumer, shard0, after(nil), "InvalidArgumentException"},
	} {
		_, err := k.subscribe(tc.consumer, tc.shard, tc.from)
		require.Error(t, err, name)
		isError(t, err, tc.code, "")
	}
}

// registerOn makes a consumer that is active on a clock that the test moves.
func (k kit) registerOn(now *clock, name string) string {
	k.Helper()
	out, err := k.c.RegisterStreamConsumer(k.Context(), &kinesis.RegisterStreamConsumerInput{StreamARN: aws.String(ordersARN), ConsumerName: &name})
	require.NoError(k, err)
	now.pass(time.Second)
	return *out.Consumer.ConsumerARN
}

func TestASubscriptionEndsWithItsShard(t *testing.T) {
	k := start(t, localkinesis.Options{})
	k.stream(1)
	consumer := k.register("app")
	r := k.mustSubscribe(consumer, shard0, fromHorizon)
	k.put("0", "last words")
	require.NoError(t, k.s.SplitShard("orders", shard0, half))
	got, last := r.upTo(1)
	for last.ContinuationSequenceNumber != nil {
		last = r.event()
		got = append(got, texts(last.Records)...)
	}
	require.Equal(t, []string{"last words"}, got)
	require.Len(t, last.ChildShards, 2)
	require.Equal(t, []string{shard0}, last.ChildShards[0].ParentShards)
	require.Equal(t, half, *last.ChildShards[1].HashKeyRange.StartingHashKey)
	require.Nil(t, r.event())
	require.NoError(t, r.events.Err())

	child := k.mustSubscribe(consumer, shard1, fromHorizon)
	require.NoError(t, k.s.MergeShards("orders", shard1, shard2))
	for last = child.event(); last.ContinuationSequenceNumber != nil; {
		last = child.event()
	}
	require.Equal(t, []string{shard1, shard2}, last.ChildShards[0].ParentShards)
}

func TestASecondSubscriptionTakesOverAfterFiveSeconds(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now})
	k.stream(2)
	consumer := k.registerOn(now, "app")
	first := k.mustSubscribe(consumer, shard0, fromHorizon)
	k.mustSubscribe(consumer, shard1, fromHorizon)
	k.mustSubscribe(k.registerOn(now, "other"), shard0, fromHorizon)
	now.pass(3 * time.Second)
	_, err := k.subscribe(consumer, shard0, fromHorizon)
	isError(t, err, "ResourceInUseException", "Another active subscription exists for this consumer: 000000000000:orders:"+shard0+":app")
	now.pass(time.Second)
	second := k.mustSubscribe(consumer, shard0, fromHorizon)
	for e := first.event(); e != nil; e = first.event() {
		require.Empty(t, e.Records)
	}
	isError(t, first.events.Err(), "ResourceInUseException", "Another active subscription")
	k.put("0", "to the second")
	got, _ := second.upTo(1)
	require.Equal(t, []string{"to the second"}, got)

	_, err = k.c.DeregisterStreamConsumer(t.Context(), &kinesis.DeregisterStreamConsumerInput{ConsumerARN: &consumer})
	require.NoError(t, err)
	require.Nil(t, second.event())
	isError(t, second.events.Err(), "ResourceNotFoundException", "Consumer app under stream orders not found")
}

func TestASubscriptionIsRenewedWithoutLoss(t *testing.T) {
	k := start(t, localkinesis.Options{SubscriptionTTL: 20 * time.Millisecond, ResubscribeAfter: time.Millisecond})
	k.stream(1)
	consumer := k.register("app")
	const n = 200
	go func() {
		for i := range n {
			_, _ = k.s.PutRecords("orders", []localkinesis.Record{{PartitionKey: "k", Data: fmt.Append(nil, i)}})
			time.Sleep(time.Millisecond)
		}
	}()
	var got []string
	from, renewals := fromHorizon, 0
	for len(got) < n {
		r, err := k.subscribe(consumer, shard0, from)
		if err != nil {
			isError(t, err, "ResourceInUseException", "")
			continue
		}
		renewals++
		for e := r.event(); e != nil; e = r.event() {
			got = append(got, texts(e.Records)...)
			from = after(e.ContinuationSequenceNumber)
		}
		require.NoError(t, r.events.Err())
	}
	require.Greater(t, renewals, 1)
	for i := range n {
		require.Equal(t, fmt.Sprint(i), got[i])
	}
}

func TestEventsAreBoundedAndKeepTheShardsRate(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now, KeepLimits: true})
	k.stream(1)
	text := strings.Repeat("x", 256<<10)
	for range 24 { // 6 MiB
		now.pass(time.Second)
		k.put("0", text)
	}
	consumer := k.registerOn(now, "app")
	r := k.mustSubscribe(consumer, shard0, fromHorizon)
	total := 0
	for total < 9 { // a second's worth may come at once, and the event that passes it
		e := r.event()
		require.LessOrEqual(t, len(e.Records), 3, "256 KiB and a key each, within 1 MiB")
		require.Positive(t, *e.MillisBehindLatest)
		total += len(e.Records)
	}
	require.Equal(t, 9, total)
	var more atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for more.Load() < 24-9 {
			e, ok := <-r.events.Events()
			if !ok {
				return
			}
			more.Add(int64(len(e.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value.Records)))
		}
	}()
	require.Never(t, func() bool { return more.Load() > 0 }, 300*time.Millisecond, 50*time.Millisecond, "the clock stands still")
	require.Eventually(t, func() bool { now.pass(500 * time.Millisecond); return more.Load() == 24-9 }, 20*time.Second, 10*time.Millisecond)
	<-done
}

func TestFaultsStrikeSubscriptions(t *testing.T) {
	var next atomic.Pointer[localkinesis.Fault]
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now, Faults: func(r localkinesis.Request) *localkinesis.Fault {
		if r == (localkinesis.Request{Operation: "SubscribeToShard", Stream: "orders", ShardID: shard0}) {
			return next.Swap(nil)
		}
		return nil
	}})
	k.stream(1)
	consumer := k.registerOn(now, "app")
	k.put("0", "one")
	subscribe := func(f localkinesis.Fault) reading {
		now.pass(5 * time.Second)
		next.Store(&f)
		return k.mustSubscribe(consumer, shard0, fromHorizon)
	}

	next.Store(&localkinesis.Fault{Error: &localkinesis.Error{Type: "LimitExceededException", Message: "slow down"}})
	_, err := k.subscribe(consumer, shard0, fromHorizon)
	isError(t, err, "LimitExceededException", "slow down")

	r := subscribe(localkinesis.Fault{Cut: true})
	require.Nil(t, r.event(), "which is all that the SDK tells: it takes a frame cut short for the end of the stream")

	r = subscribe(localkinesis.Fault{Cut: true, After: 1})
	got, _ := r.upTo(1)
	require.Equal(t, []string{"one"}, got)
	k.put("0", "two")
	require.Nil(t, r.event())

	r = subscribe(localkinesis.Fault{StreamError: &localkinesis.Error{Type: "InternalFailureException", Message: "oh"}, After: 1})
	r.upTo(2)
	k.put("0", "three")
	require.Nil(t, r.event())
	isError(t, r.events.Err(), "InternalFailureException", "oh")

	r = subscribe(localkinesis.Fault{Silence: true})
	require.Never(t, func() bool {
		select {
		case <-r.events.Events():
			return true
		default:
			return false
		}
	}, 100*time.Millisecond, 10*time.Millisecond)
}

// The SDK and a plain client reach one server over TLS, where HTTP/2 is agreed on, and over plain HTTP/2.
func TestTheServerSpeaksHTTP2WithAndWithoutTLS(t *testing.T) {
	s := localkinesis.New(localkinesis.Options{})
	require.NoError(t, s.CreateStream("orders", 1))
	cert, err := localkinesis.SelfSignedCertificate()
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert.Leaf)
	listen := func() net.Listener {
		ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		return ln
	}
	plain, secure := listen(), listen()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- s.Serve(ctx, plain) }()
	go func() { ended <- s.ServeTLS(ctx, secure, cert) }()

	var onlyHTTP2 http.Protocols
	onlyHTTP2.SetUnencryptedHTTP2(true)
	var both http.Protocols
	both.SetHTTP1(true)
	both.SetHTTP2(true)
	for url, transport := range map[string]*http.Transport{
		"http://" + plain.Addr().String():   {Protocols: &onlyHTTP2},
		"https://" + secure.Addr().String(): {Protocols: &both, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}},
	} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		require.NoError(t, err)
		resp, err := transport.RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 2, resp.ProtoMajor)

		c := kinesis.New(kinesis.Options{
			BaseEndpoint: &url, Region: "us-east-1", HTTPClient: &http.Client{Transport: transport}, Retryer: aws.NopRetryer{},
			Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
		})
		k := kit{t, s, c, url}
		r := k.mustSubscribe(k.register(strings.ReplaceAll(url[:5], ":", "")), shard0, types.StartingPosition{Type: types.ShardIteratorTypeLatest})
		require.Empty(t, r.event().Records)
		k.put("0", url)
		require.Equal(t, []string{url}, texts(r.event().Records))
		t.Cleanup(transport.CloseIdleConnections)
	}
	stop() // ends the subscriptions, which would go on for minutes
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)
}
