package kinesis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shardLimits are those of Kinesis: five reads and 2 MiB a second for all who poll a shard. What an answer holds beyond them
// is owed.
type shardLimits struct {
	reads []time.Time // in the last second
	owed  time.Time   // until when nothing is given, for bytes given before
}

func (l *shardLimits) read(now time.Time, bytes int64) (throttled bool) {
	if now.Before(l.owed) {
		return true
	}
	for len(l.reads) > 0 && now.Sub(l.reads[0]) >= time.Second {
		l.reads = l.reads[1:]
	}
	if len(l.reads) == 5 {
		return true
	}
	l.reads = append(l.reads, now)
	l.owed = now.Add(timeFor(bytes))
	return false
}

// poller is a reader as the pacer steers it; its reads take 10 ms.
type poller struct {
	pacer
	answers, throttles int
	longest            time.Duration // between two answers
	last               time.Time
}

func (p *poller) poll(l *shardLimits, now time.Time, bytes int64) {
	p.asked(now)
	if l.read(now, bytes) {
		p.throttles++
		p.throttled(now)
		return
	}
	p.answered(now.Add(10*time.Millisecond), bytes, false)
	p.longest = max(p.longest, now.Sub(p.last))
	p.answers, p.last = p.answers+1, now
}

// share polls one shard by all of them for a while.
func share(pollers []*poller, from time.Time, d time.Duration, bytes int64) {
	(&shardLimits{}).share(pollers, from, d, bytes)
}

func (l *shardLimits) share(pollers []*poller, from time.Time, d time.Duration, bytes int64) {
	for now := from; now.Before(from.Add(d)); now = now.Add(time.Millisecond) {
		for _, p := range pollers {
			if !now.Before(p.next) {
				p.poll(l, now, bytes)
			}
		}
	}
}

func TestAPacerKeepsWithinTheLimitsByItself(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		name    string
		bytes   int64 // of each answer
		answers int   // in a minute
	}{
		{"small answers", 1000, 292},
		{"answers of 400 KiB", 400 << 10, 286},
		{"answers of 2 MiB", 2 << 20, 60},
		{"answers of 10 MiB", 10 << 20, 12},
		{"nothing", 0, 217},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &poller{pacer: newPacer(readsInterval, now), last: now}
			share([]*poller{p}, now, time.Minute, c.bytes)
			require.Zero(t, p.throttles)
			require.InDelta(t, c.answers, p.answers, 5)
		})
	}
}

func TestPacersShareAShard(t *testing.T) {
	now := time.Now()
	var pollers []*poller
	for i := range 3 {
		pollers = append(pollers, &poller{pacer: newPacer(readsInterval, now.Add(time.Duration(i)*37*time.Millisecond)), last: now})
	}
	share(pollers, now, 5*time.Minute, 1000)
	answers := 0
	for _, p := range pollers {
		require.Greater(t, p.answers, 200, "each gets a share")
		require.Less(t, p.throttles, p.answers/2, "most of what is asked for is given")
		require.Less(t, p.longest, 15*time.Second)
		answers += p.answers
	}
	require.Greater(t, answers, 1100, "little of the limits is left unused")

	// The others go away: what they took is taken back.
	alone := pollers[0]
	alone.throttles = 0
	share(pollers[:1], now.Add(5*time.Minute), 2*time.Minute, 1000)
	require.Zero(t, alone.throttles)
	require.Equal(t, readsInterval, alone.pace)
}

func TestAShardThatIsThrottledForMinutesIsAskedNowAndThenAndFreshSoonAfter(t *testing.T) {
	now := time.Now()
	p := &poller{pacer: newPacer(readsInterval, now), last: now}
	over := now.Add(3 * time.Minute)
	l := &shardLimits{owed: over}
	l.share([]*poller{p}, now, 3*time.Minute, 1000)
	require.Zero(t, p.answers)
	require.Less(t, p.throttles, 200)
	l.share([]*poller{p}, over, 2*time.Second, 1000)
	require.Positive(t, p.answers, "soon after")
	l.share([]*poller{p}, over.Add(2*time.Second), time.Minute, 1000)
	require.Equal(t, readsInterval, p.pace, "as quick as before")
}

func TestTheFirstRecordAfterAnIdleTimeIsFreshAndTheNextAreFresher(t *testing.T) {
	now := time.Now()
	p := newPacer(readsInterval, now)
	for range 100 {
		p.asked(now)
		p.answered(now, 0, false)
		now = p.next
	}
	began := now
	p.asked(now)
	p.answered(now, 0, false)
	require.Less(t, p.next.Sub(began), 300*time.Millisecond)
	p.asked(now)
	p.answered(now, 100, false)
	require.Less(t, p.next.Sub(now), 220*time.Millisecond)
}
