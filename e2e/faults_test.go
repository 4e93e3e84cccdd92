//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"
)

// kills is how often the server is killed in a run; HELIOS_E2E_KILLS asks for another number.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("HELIOS_E2E_KILLS")
	if text == "" {
		return 8
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

func TestKillsUnderLoadAndSchemaChangesLoseAndDoubleNothing(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("moments of death by seed %d", seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	stream := newLocal(t, 4)
	s := start(t, "serve", "--data", t.TempDir())
	stream.connect(s)
	stop := stream.load(2000)
	for range kills(t) {
		stream.Drift()
		time.Sleep(time.Duration(moments.IntN(1200)) * time.Millisecond)
		s.kill()
		s.run()
	}
	stop()
	audit := stream.audit(s)
	require.Positive(t, audit.Quarantined)
	require.Positive(t, s.number("SELECT count(*) FROM helios.schema_changes WHERE kind = 'add' AND column_name LIKE 'drift_%'"))
	require.Zero(t, s.interrupt())
}

// scale changes the number of shards as far as Kinesis allows in one step, again and again, until it is that.
func (l *local) scale(count int32) {
	l.t.Helper()
	for {
		_, open := shards(l.t, l.sdk, localTable)
		n := int32(len(open))
		target := min(max(count, (n+1)/2), 2*n)
		_, err := l.sdk.UpdateShardCount(l.t.Context(), &kinesis.UpdateShardCountInput{
			StreamName: aws.String(localTable), ScalingType: types.ScalingTypeUniformScaling, TargetShardCount: aws.Int32(target),
		})
		require.NoError(l.t, err)
		if target == count {
			return
		}
	}
}

func TestAStreamIsScaledFrom4To16To4ShardsUnderLoadAndWhileNobodyReads(t *testing.T) {
	stream := newLocal(t, 4)
	s := start(t, "serve", "--data", t.TempDir())
	stream.connect(s)
	stop := stream.load(1500)
	grow := func() {
		for _, count := range []int32{16, 4} {
			time.Sleep(time.Second)
			stream.scale(count)
		}
		time.Sleep(time.Second)
	}
	grow()
	require.Zero(t, s.interrupt())
	grow()
	s.run()
	time.Sleep(time.Second)
	stop()
	stream.audit(s)
	all, _ := shards(t, stream.sdk, localTable)
	require.Equal(t, len(all), s.number("SELECT count(*) FROM helios.positions"))
	require.Equal(t, len(all)-4, s.number("SELECT count(*) FROM helios.positions WHERE finished"))
}

func TestAnAggregateWithAWrongChecksumIsKeptWholeInQuarantine(t *testing.T) {
	stream := newLocal(t, 1)
	// What follows the magic bytes of the KPL is a message in full, but its MD5 is not there.
	record := append([]byte("\xf3\x89\x9a\xc2\x0a\x01k\x1a\x06\x08\x00\x1a\x02{}"), make([]byte, 16)...)
	require.NoError(t, stream.Put(record, 1))
	_, err := stream.Publish(100)
	require.NoError(t, err)
	s := start(t, "serve", "--data", t.TempDir())
	stream.connect(s)
	stream.audit(s)
	require.Equal(t, 1, s.number(fmt.Sprintf(`SELECT count(*) FROM quarantine.events WHERE reason = 'malformed_json' AND hex(raw) = '%X'`, record)))
}

func TestSIGTERMUnderLoadEndsInOrderAndSoon(t *testing.T) {
	stream := newLocal(t, 4)
	s := start(t, "serve", "--data", t.TempDir())
	stream.connect(s)
	stop := stream.load(3000)
	for range 3 {
		before := stream.stored(s)
		require.Eventually(t, func() bool { return stream.stored(s) > before }, time.Minute, 20*time.Millisecond)
		began := time.Now()
		s.end(syscall.SIGTERM)
		require.Zero(t, s.cmd.ProcessState.ExitCode())
		require.Less(t, time.Since(began), 5*time.Second) // the promise, far above what it takes
		s.run()
	}
	stop()
	stream.audit(s)
}

func TestAStreamMadeAnewUnderItsNameIsReadFromItsBeginning(t *testing.T) {
	for name, running := range map[string]bool{"while Helios reads": true, "while it does not": false} {
		t.Run(name, func(t *testing.T) {
			stream := newLocal(t, 2)
			s := start(t, "serve", "--data", t.TempDir())
			stream.connect(s)
			stream.audit(s)
			if !running {
				require.Zero(t, s.interrupt())
			}
			require.NoError(t, stream.Recreate(3))
			_, err := stream.Publish(1000)
			require.NoError(t, err)
			if !running {
				s.run()
			}
			stream.audit(s)
			source, err := s.Source(t.Context(), localTable)
			require.NoError(t, err)
			require.NotEmpty(t, source.Notices)
			require.Equal(t, "recreated", source.Notices[0].Kind)
			require.Equal(t, 3, s.number("SELECT count(*) FROM helios.positions"))
		})
	}
}
