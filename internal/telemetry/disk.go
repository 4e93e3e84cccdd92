package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Disk is what Prometheus is told of the room that all tables share.
type Disk struct {
	Used, Free int64     // bytes
	FullAt     time.Time // at the rate of the last day; zero if that is not known, or never
}

// diskCollector reads the disk's state whenever it is asked.
type diskCollector struct {
	read             func() (d Disk, known bool)
	used, free, full *prometheus.Desc
}

// Disk asks for the state of the disk whenever Prometheus does. It is called once.
func (m *Metrics) Disk(read func() (d Disk, known bool)) {
	m.registry.MustRegister(&diskCollector{
		read: read,
		used: prometheus.NewDesc("helios_disk_used_bytes", "Bytes of the data file that hold something.", nil, nil),
		free: prometheus.NewDesc("helios_disk_free_bytes", "Bytes that can still be written: of the file system, and free ones of the data file.", nil, nil),
		full: prometheus.NewDesc("helios_disk_full_timestamp_seconds", "When the disk will be full at the rate of the last day; absent while there is no growth, or less than an hour to tell it from.", nil, nil),
	})
}

// Describe names what Collect gives.
func (c *diskCollector) Describe(to chan<- *prometheus.Desc) {
	to <- c.used
	to <- c.free
	to <- c.full
}

// Collect gives the numbers.
func (c *diskCollector) Collect(to chan<- prometheus.Metric) {
	d, known := c.read()
	if !known {
		return
	}
	to <- prometheus.MustNewConstMetric(c.used, prometheus.GaugeValue, float64(d.Used))
	to <- prometheus.MustNewConstMetric(c.free, prometheus.GaugeValue, float64(d.Free))
	if !d.FullAt.IsZero() {
		to <- prometheus.MustNewConstMetric(c.full, prometheus.GaugeValue, float64(d.FullAt.Unix()))
	}
}
