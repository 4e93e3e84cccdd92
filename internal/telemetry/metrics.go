package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/helios-sql/helios/internal/buildinfo"
)

// Metrics are the numbers of one server. Names begin with helios_, times are in seconds, sizes in bytes. Its methods may be
// called from several goroutines.
type Metrics struct {
	registry *prometheus.Registry

	requests *prometheus.HistogramVec // by method, route and status
	queries  *prometheus.HistogramVec // by outcome

	commits       prometheus.Histogram
	commitBatches prometheus.Counter
	commitBytes   prometheus.Counter
}

// NewMetrics makes the metrics of a server, those of the Go runtime and of the process among them.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "helios_http_request_duration_seconds",
			Help:    "Time from a request's headers to the end of its answer; a live tail counts when it ends.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"method", "route", "status"}),
		queries: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "helios_query_duration_seconds",
			Help:    "Time of a query with all its rows written, by outcome: ok, or the code of its error.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
		}, []string{"outcome"}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "helios_commit_duration_seconds",
			Help:    "Time of a transaction that committed rows, quarantined events and positions.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}),
		commitBatches: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "helios_commit_batches_total",
			Help: "Batches that were committed; several share a transaction under load.",
		}),
		commitBytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "helios_commit_bytes_total",
			Help: "Bytes of the batches that were committed, as they occupied the queue.",
		}),
	}
	build := buildinfo.Read()
	m.registry.MustRegister(
		m.requests, m.queries, m.commits, m.commitBatches, m.commitBytes,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "helios_build_info",
			Help:        "Always 1; its labels say which build is running.",
			ConstLabels: prometheus.Labels{"version": build.Version, "commit": build.Commit, "go": build.Go},
		}, func() float64 { return 1 }),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Request takes note of an answered request. The route is a pattern, not a path: there are few of them. Of methods anybody may make
// up more than memory has room for: those that no standard knows are counted as other.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
}

// Query takes note of a query that ended: ok, or the code of its error.
func (m *Metrics) Query(outcome string, took time.Duration) {
	m.queries.WithLabelValues(outcome).Observe(took.Seconds())
}

// Commit takes note of a transaction.
func (m *Metrics) Commit(batches int, bytes int64, took time.Duration) {
	m.commits.Observe(took.Seconds())
	m.commitBatches.Add(float64(batches))
	m.commitBytes.Add(float64(bytes))
}

// RunningQueries asks for the number of queries that wait or run whenever Prometheus does. It is called once.
func (m *Metrics) RunningQueries(count func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "helios_queries_running",
		Help: "Queries that wait for their turn or run.",
	}, func() float64 { return float64(count()) }))
}

// Restarts tells how often the server's process was started again, by reason. It is called once.
func (m *Metrics) Restarts(counts map[string]int64) {
	restarts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "helios_restarts_total",
		Help: "New starts of the server's process under its supervisor, by what ended the one before.",
	}, []string{"reason"})
	for reason, n := range counts {
		restarts.WithLabelValues(reason).Add(float64(n))
	}
	m.registry.MustRegister(restarts)
}

// Sources asks for the state of all sources whenever Prometheus does. It is called once.
func (m *Metrics) Sources(list func() []Source) {
	m.registry.MustRegister(newSourceCollector(list, time.Now))
}
