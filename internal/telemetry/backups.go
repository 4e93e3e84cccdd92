package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Backups is what Prometheus is told of the backups of a server.
type Backups struct {
	At       time.Time // of the last that succeeded; zero if none is known
	Took     time.Duration
	Bytes    int64 // that restoring it reads
	Running  bool
	Uploaded int64 // bytes, since the server's start
	Failures int64 // since then
}

// backupCollector reads the state of the backups whenever it is asked.
type backupCollector struct {
	read func() Backups

	at, took, size, running, uploaded, failures *prometheus.Desc
}

// Backups asks for the state of the backups whenever Prometheus does. It is called once.
func (m *Metrics) Backups(read func() Backups) {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("helios_backup_"+name, help, nil, nil)
	}
	m.registry.MustRegister(&backupCollector{
		read:     read,
		at:       describe("last_success_timestamp_seconds", "The moment that the newest backup holds; absent while none is known."),
		took:     describe("last_duration_seconds", "How long that backup took."),
		size:     describe("last_bytes", "Bytes of that backup, those among them that were there already."),
		running:  describe("running", "Whether a backup is being made."),
		uploaded: describe("uploaded_bytes_total", "Bytes that backups have written to their places."),
		failures: describe("failures_total", "Backups that failed."),
	})
}

// Describe names what Collect gives.
func (c *backupCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.at, c.took, c.size, c.running, c.uploaded, c.failures} {
		to <- d
	}
}

// Collect gives the numbers.
func (c *backupCollector) Collect(to chan<- prometheus.Metric) {
	b := c.read()
	running := 0.0
	if b.Running {
		running = 1
	}
	to <- prometheus.MustNewConstMetric(c.running, prometheus.GaugeValue, running)
	to <- prometheus.MustNewConstMetric(c.uploaded, prometheus.CounterValue, float64(b.Uploaded))
	to <- prometheus.MustNewConstMetric(c.failures, prometheus.CounterValue, float64(b.Failures))
	if b.At.IsZero() {
		return
	}
	to <- prometheus.MustNewConstMetric(c.at, prometheus.GaugeValue, float64(b.At.UnixMilli())/1000)
	to <- prometheus.MustNewConstMetric(c.took, prometheus.GaugeValue, b.Took.Seconds())
	to <- prometheus.MustNewConstMetric(c.size, prometheus.GaugeValue, float64(b.Bytes))
}
