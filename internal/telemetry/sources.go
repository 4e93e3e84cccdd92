package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Source is what Prometheus is told of one source. The counters count since the server's start.
type Source struct {
	Name          string
	State         string // starting, reading, paused, failing or stopped
	Records       int64
	Bytes         int64
	Rows          int64
	Quarantined   int64
	DuplicateKeys int64
	SchemaChanges int64
	NewestArrived time.Time // of the newest event that can be queried; zero for none
	Shards        []Shard
	Kept          []Kept
}

// Kept is what Prometheus is told of a source's table, or of its quarantine.
type Kept struct {
	Part     string // table or quarantine
	Measured bool   // else only Dropped is known
	Rows     int64
	Bytes    int64
	Oldest   time.Time // arrival of the oldest row, or quarantine of the oldest event; zero for none
	Dropped  int64     // by retention, since the server's start
}

// Shard is what Prometheus is told of one shard of a source.
type Shard struct {
	ID        string
	Condition string         // waiting, reading, throttled, failing or finished
	Lag       *time.Duration // nil while it is not known
	Read      string         // poll, fan_out, or "" while nobody reads it
	Limits    *Limits        // nil unless it is polled
}

// Limits is how much polling takes of what a stream gives to all who poll a shard, from 0 to 1.
type Limits struct {
	Calls, Bytes float64
}

// sourceMetric is one number of a source.
type sourceMetric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(s *Source, now time.Time) (v float64, known bool)
}

// sourceCollector reads all sources at once whenever it is asked, so that removed ones leave nothing behind.
type sourceCollector struct {
	list      func() []Source
	now       func() time.Time
	metrics   []sourceMetric
	state     *prometheus.Desc
	shardLag  *prometheus.Desc
	condition *prometheus.Desc
	read      *prometheus.Desc
	limits    *prometheus.Desc
	rows      *prometheus.Desc
	bytes     *prometheus.Desc
	oldest    *prometheus.Desc
	dropped   *prometheus.Desc
}

func newSourceCollector(list func() []Source, now func() time.Time) *sourceCollector {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, append([]string{"source"}, labels...), nil)
	}
	counter := func(name, help string, of func(*Source) int64) sourceMetric {
		return sourceMetric{describe(name, help), prometheus.CounterValue, func(s *Source, _ time.Time) (float64, bool) {
			return float64(of(s)), true
		}}
	}
	return &sourceCollector{
		list: list, now: now,
		metrics: []sourceMetric{
			counter("helios_source_records_total", "Records read from the stream.", func(s *Source) int64 { return s.Records }),
			counter("helios_source_bytes_total", "Bytes of the records, as they came.", func(s *Source) int64 { return s.Bytes }),
			counter("helios_source_rows_total", "Events committed as rows.", func(s *Source) int64 { return s.Rows }),
			counter("helios_source_quarantined_total", "Events committed to quarantine.", func(s *Source) int64 { return s.Quarantined }),
			counter("helios_source_duplicate_keys_total", "Members of objects that a later one of the same name replaced.", func(s *Source) int64 { return s.DuplicateKeys }),
			counter("helios_source_schema_changes_total", "Changes of the table's schema.", func(s *Source) int64 { return s.SchemaChanges }),
			{
				describe("helios_source_freshness_seconds", "Age of the newest event that can be queried; absent while there is none."),
				prometheus.GaugeValue,
				func(s *Source, now time.Time) (float64, bool) {
					return max(now.Sub(s.NewestArrived).Seconds(), 0), !s.NewestArrived.IsZero()
				},
			},
		},
		state:     describe("helios_source_state", "Always 1; its label says what the source is doing.", "state"),
		shardLag:  describe("helios_shard_lag_seconds", "How far behind the tip of a shard its reader is, as the stream told it last; absent while it is not known.", "shard"),
		condition: describe("helios_shard_condition", "Always 1; its label says what the shard's reader is doing.", "shard", "condition"),
		read:      describe("helios_shard_read", "Always 1; its label says how the shard is read: poll or fan_out.", "shard", "read"),
		limits:    describe("helios_shard_limit_ratio", "How much polling takes of what Kinesis gives to all who poll a shard, 1 being all: of 5 calls and of 2 MiB a second; absent by fan-out.", "shard", "limit"),
		rows:      describe("helios_table_rows", "Rows of the table, or events in its quarantine.", "part"),
		bytes:     describe("helios_table_bytes", "About what the table, or its quarantine, occupies on disk.", "part"),
		oldest:    describe("helios_table_oldest_timestamp_seconds", "When the oldest row arrived, or the oldest event was quarantined; absent while there is none.", "part"),
		dropped:   describe("helios_retention_rows_total", "Rows, or quarantined events, that left by age or size.", "part"),
	}
}

// Describe names what Collect gives.
func (c *sourceCollector) Describe(to chan<- *prometheus.Desc) {
	for _, m := range c.metrics {
		to <- m.desc
	}
	to <- c.state
	to <- c.shardLag
	to <- c.condition
	to <- c.read
	to <- c.limits
	to <- c.rows
	to <- c.bytes
	to <- c.oldest
	to <- c.dropped
}

// Collect gives the numbers of all sources. Finished shards are left out: there are more of them with every resharding.
func (c *sourceCollector) Collect(to chan<- prometheus.Metric) {
	now := c.now()
	for _, s := range c.list() {
		for _, m := range c.metrics {
			if v, known := m.value(&s, now); known {
				to <- prometheus.MustNewConstMetric(m.desc, m.kind, v, s.Name)
			}
		}
		to <- prometheus.MustNewConstMetric(c.state, prometheus.GaugeValue, 1, s.Name, s.State)
		for _, k := range s.Kept {
			c.kept(to, s.Name, k)
		}
		for _, shard := range s.Shards {
			if shard.Condition == "finished" {
				continue
			}
			if shard.Lag != nil {
				to <- prometheus.MustNewConstMetric(c.shardLag, prometheus.GaugeValue, shard.Lag.Seconds(), s.Name, shard.ID)
			}
			to <- prometheus.MustNewConstMetric(c.condition, prometheus.GaugeValue, 1, s.Name, shard.ID, shard.Condition)
			if shard.Read != "" {
				to <- prometheus.MustNewConstMetric(c.read, prometheus.GaugeValue, 1, s.Name, shard.ID, shard.Read)
			}
			if shard.Limits != nil {
				to <- prometheus.MustNewConstMetric(c.limits, prometheus.GaugeValue, shard.Limits.Calls, s.Name, shard.ID, "calls")
				to <- prometheus.MustNewConstMetric(c.limits, prometheus.GaugeValue, shard.Limits.Bytes, s.Name, shard.ID, "bytes")
			}
		}
	}
}

func (c *sourceCollector) kept(to chan<- prometheus.Metric, source string, k Kept) {
	to <- prometheus.MustNewConstMetric(c.dropped, prometheus.CounterValue, float64(k.Dropped), source, k.Part)
	if !k.Measured {
		return
	}
	to <- prometheus.MustNewConstMetric(c.rows, prometheus.GaugeValue, float64(k.Rows), source, k.Part)
	to <- prometheus.MustNewConstMetric(c.bytes, prometheus.GaugeValue, float64(k.Bytes), source, k.Part)
	if !k.Oldest.IsZero() {
		to <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, float64(k.Oldest.UnixMilli())/1000, source, k.Part)
	}
}
