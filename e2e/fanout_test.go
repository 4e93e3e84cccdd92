//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/client"
)

// consumers are the names of those registered with the stream.
func (l *local) consumers() []string {
	l.t.Helper()
	stream, err := l.sdk.DescribeStreamSummary(l.t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: aws.String(localTable)})
	require.NoError(l.t, err)
	out, err := l.sdk.ListStreamConsumers(l.t.Context(), &kinesis.ListStreamConsumersInput{StreamARN: stream.StreamDescriptionSummary.StreamARN})
	require.NoError(l.t, err)
	names := []string{}
	for i := range out.Consumers {
		names = append(names, *out.Consumers[i].ConsumerName)
	}
	return names
}

// pushed counts the shards that are read by fan-out; -1 while the server does not say.
func (l *local) pushed(s *server) (n int) {
	l.t.Helper()
	source, err := s.Client.Source(l.t.Context(), localTable)
	if err != nil {
		return -1
	}
	for _, shard := range source.Shards {
		if shard.Read == "fan_out" && shard.Condition == "reading" {
			n++
		}
	}
	return n
}

func TestASourceReadByFanOutSurvivesKillsAndReshardsAndLeavesNothingBehind(t *testing.T) {
	stream := newLocal(t, 4)
	s := start(t, "serve", "--data", t.TempDir())
	_, err := s.Client.AddSource(t.Context(), client.NewSource{
		Stream: localTable, Table: localTable, Connection: client.Connection{Endpoint: stream.endpoint}, Read: "fan_out",
	})
	require.NoError(t, err)
	stop := stream.load(1500)
	for _, shards := range []int32{8, 4} {
		require.Eventually(t, func() bool { return stream.pushed(s) > 0 }, time.Minute, 20*time.Millisecond)
		for range 2 { // the second time, the subscriptions of the first block the shards for some seconds
			s.kill()
			s.run()
			before := stream.stored(s)
			require.Eventually(t, func() bool { return stream.stored(s) > before }, time.Minute, 20*time.Millisecond)
		}
		stream.scale(shards)
	}
	require.Eventually(t, func() bool { return stream.pushed(s) == 4 }, time.Minute, 20*time.Millisecond)
	stop()
	stream.audit(s)

	require.Zero(t, s.interrupt())
	require.Equal(t, []string{"helios-" + localTable}, stream.consumers(), "it stays while the server is stopped")
	s.run()
	removed := helios(t, nil, "sources", "remove", localTable, "--yes", "--url", s.url)
	require.Zero(t, removed.code, removed.stderr)
	require.Eventually(t, func() bool { return len(stream.consumers()) == 0 }, time.Minute, 20*time.Millisecond)
}
