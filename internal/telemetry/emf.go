package telemetry

import (
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// CloudWatchNamespace is where the metrics are that CloudWatch makes of a server's log.
const CloudWatchNamespace = "Helios"

// Minute is what CloudWatch is told of a server once a minute.
type Minute struct {
	At         time.Time
	Deployment string
	Version    string
	Sources    []SourceMinute

	DiskUsedPercent *float64       // of the file system that holds the data; nil while it is not measured
	BackupAge       *time.Duration // nil without a backup
}

// SourceMinute is what CloudWatch is told of one source.
type SourceMinute struct {
	Name        string
	Lag         *time.Duration // nil while it is not known
	Freshness   *time.Duration // nil for an empty table
	Events      int64          // committed since the last time
	Quarantined int64          // committed to quarantine since the last time
}

// directive is what CloudWatch reads metrics by; the values are beside it. The format is AWS's embedded metric format:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
type directive struct {
	Timestamp         int64 // milliseconds
	CloudWatchMetrics []metricSet
}

type metricSet struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []metric
}

type metric struct {
	Name, Unit string
}

// member is one of a document: its name is CloudWatch's choice, not that of our log.
func member(name string, value any) slog.Attr { return slog.Any(name, value) }

// document is one line of a log that CloudWatch takes metrics from.
type document struct {
	set    metricSet
	values []slog.Attr
}

func (d *document) number(name, unit string, value any) {
	d.set.Metrics = append(d.set.Metrics, metric{name, unit})
	d.values = append(d.values, member(name, value))
}

// duration adds a metric unless its value is not known: one that a directive names must be there.
func (d *document) duration(name, unit string, of time.Duration, value *time.Duration) {
	if value != nil {
		d.number(name, unit, max(float64(*value)/float64(of), 0))
	}
}

func (d *document) attrs(at time.Time) []slog.Attr {
	return append([]slog.Attr{member("_aws", directive{at.UnixMilli(), []metricSet{d.set}})}, d.values...)
}

// document begins one whose metrics have the dimensions: pairs of name and value.
func (m *Minute) document(dimensions ...string) *document {
	d := &document{set: metricSet{Namespace: CloudWatchNamespace}, values: []slog.Attr{member("version", m.Version)}}
	var names []string
	for i := 0; i < len(dimensions); i += 2 {
		names = append(names, dimensions[i])
		d.values = append(d.values, member(dimensions[i], ascii(dimensions[i+1])))
	}
	d.set.Dimensions = [][]string{names}
	return d
}

// Lines are what is to be logged, as JSON, so that CloudWatch makes metrics of it: a line of the server, then one of each source.
func (m *Minute) Lines() [][]slog.Attr {
	var lag, freshness *time.Duration
	var events, quarantined int64
	var sources [][]slog.Attr
	for i := range m.Sources {
		s := &m.Sources[i]
		lag, freshness = largest(lag, s.Lag), largest(freshness, s.Freshness)
		events, quarantined = events+s.Events, quarantined+s.Quarantined
		d := m.document("Deployment", m.Deployment, "Source", s.Name)
		d.duration("Lag", "Milliseconds", time.Millisecond, s.Lag)
		d.duration("Freshness", "Seconds", time.Second, s.Freshness)
		d.number("Events", "Count", s.Events)
		sources = append(sources, d.attrs(m.At))
	}
	d := m.document("Deployment", m.Deployment)
	d.duration("LagMax", "Milliseconds", time.Millisecond, lag)
	d.duration("FreshnessMax", "Seconds", time.Second, freshness)
	d.number("Events", "Count", events)
	d.number("Quarantined", "Count", quarantined)
	if m.DiskUsedPercent != nil {
		d.number("DiskUsedPercent", "Percent", *m.DiskUsedPercent)
	}
	d.duration("BackupAge", "Seconds", time.Second, m.BackupAge)
	return append([][]slog.Attr{d.attrs(m.At)}, sources...)
}

func largest(a, b *time.Duration) *time.Duration {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}

// ascii is a text as CloudWatch takes it for the value of a dimension, which has no other letters.
func ascii(text string) string {
	quoted := strconv.QuoteToASCII(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
