package app

import (
	"context"
	"sync/atomic"
	"time"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"

	"github.com/tvstats/tvstats/internal/boxhealth"
	"github.com/tvstats/tvstats/internal/ingest"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// latencies are the buckets of what takes milliseconds: acknowledging and committing.
var latencies = []float64{.001, .0025, .005, .01, .025, .05, .1, .15, .25, .5, 1, 2.5, 5, 10}

// metrics is what Prometheus sees. It is an ingest.Observer.
type metrics struct {
	registry      *prometheus.Registry
	grpc          *grpcprom.ServerMetrics
	accepted      atomic.Int64 // reports
	rejected      *prometheus.CounterVec
	batches       prometheus.Histogram
	commits       prometheus.Histogram
	failedCommits prometheus.Counter
	streams       *prometheus.GaugeVec
	builds        *prometheus.HistogramVec
	connections   *prometheus.CounterVec
	controls      prometheus.Counter
	jobs          jobMetrics
	boxes         *boxhealth.Watch
}

var _ ingest.Observer = (*metrics)(nil)

func newMetrics(devices int, now func() time.Time) *metrics {
	m := &metrics{
		boxes:         boxhealth.New(devices),
		registry:      prometheus.NewRegistry(),
		grpc:          grpcprom.NewServerMetrics(),
		rejected:      prometheus.NewCounterVec(counter("reports_rejected_total", "View events refused, by reason."), []string{"reason"}),
		batches:       prometheus.NewHistogram(histogram("batch_seconds", "From the receipt of a batch of view events to its acknowledgement, in seconds.", latencies)),
		commits:       prometheus.NewHistogram(histogram("commit_seconds", "Making a group of reports durable, in seconds.", latencies)),
		failedCommits: prometheus.NewCounter(counter("commits_failed_total", "Groups of reports that could not be made durable; their batches were not acknowledged.")),
		streams:       prometheus.NewGaugeVec(prometheus.GaugeOpts(counter("open_streams", "Streams that are open, by method.")), []string{"method"}),
		controls:      prometheus.NewCounter(counter("control_characters_replaced_total", "Control characters in names and titles of the catalog, and in names of selections, that were replaced by U+FFFD.")),
		jobs:          newJobMetrics(),
		builds:        prometheus.NewHistogramVec(histogram("build_seconds", "Building sortings, selections and figures of subscriber dynamics, in seconds, by method.", prometheus.ExponentialBuckets(.005, 2, 14)), []string{"method"}),
	}
	accepted := prometheus.NewCounterFunc(counter("reports_accepted_total", "View events acknowledged as durable."), func() float64 { return float64(m.accepted.Load()) })
	m.registry.MustRegister(newBoxMetrics(m.boxes, now), accepted)
	m.connections = prometheus.NewCounterVec(counter("connections_refused_total", "Connections closed at once because there were too many, by which bound."), []string{"bound"})
	m.registry.MustRegister(m.connections, m.controls, m.grpc, m.rejected, m.batches, m.commits, m.failedCommits, m.streams, m.builds,
		m.jobs.running, m.jobs.attempts, m.jobs.seconds,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// begin gives what has labels its first value, 0, before anything has happened: rates miss the first one of what comes into
// being with it, and alerts cannot distinguish what is absent from what is well.
func (m *metrics) begin(server reflection.ServiceInfoProvider) {
	m.grpc.InitializeMetrics(server)
	for name, service := range server.GetServiceInfo() {
		for _, method := range service.Methods {
			if method.IsClientStream || method.IsServerStream {
				m.streams.WithLabelValues("/" + name + "/" + method.Name)
			}
		}
	}
	for _, reason := range []string{viewing.ReasonInvalidEvent, viewing.ReasonCollectionDisabled, viewing.ReasonPermissionDenied} {
		m.rejected.WithLabelValues(reason)
	}
	for _, bound := range []string{intercept.BoundAll, intercept.BoundUnauthenticated} {
		m.connections.WithLabelValues(bound)
	}
	for _, method := range convert.CommandMethods() {
		m.builds.WithLabelValues(method)
		m.jobs.begin(method)
	}
}

func counter(name, help string) prometheus.CounterOpts {
	return prometheus.CounterOpts{Namespace: "tvstats", Name: name, Help: help}
}

func described(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("tvstats_"+name, help, nil, nil)
}

func histogram(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{Namespace: "tvstats", Name: name, Help: help, Buckets: buckets}
}

// watch adds what is read when Prometheus scrapes.
func (m *metrics) watch(in *ingest.Ingest, db store.Monitor, now func() time.Time) {
	queue := prometheus.GaugeOpts(counter("queue_reports", "Reports that wait to be made durable."))
	size := prometheus.GaugeOpts(counter("store_bytes", "Space that the store takes, in bytes; NaN while it is unknown."))
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(queue, func() float64 { return float64(in.Pending()) }),
		prometheus.NewGaugeFunc(size, func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
			defer cancel()
			return unlessFailed(db.Size(ctx))
		}),
	)
	if follows, is := db.(replicated); is {
		m.registry.MustRegister(newReplicaMetrics(follows, now))
	}
}

// Rejected counts a refused view event.
func (m *metrics) Rejected(reason string) { m.rejected.WithLabelValues(reason).Inc() }

// Committed observes a group of reports that was, or was not, made durable.
func (m *metrics) Committed(_ int, took time.Duration, err error) {
	if err != nil {
		m.failedCommits.Inc()
		return
	}
	m.commits.Observe(took.Seconds())
}

// refused counts a connection that was one too many.
func (m *metrics) refused(bound string) { m.connections.WithLabelValues(bound).Inc() }

// replaced counts control characters of names and titles that were replaced.
func (m *metrics) replaced(controls int) { m.controls.Add(float64(controls)) }

// acknowledged observes a batch of view events of which so many were accepted.
func (m *metrics) acknowledged(accepted int, took time.Duration) {
	m.accepted.Add(int64(accepted))
	m.batches.Observe(took.Seconds())
}

// building observes a build until the returned function is called.
func (m *metrics) building(method string) func() time.Duration {
	return prometheus.NewTimer(m.builds.WithLabelValues(method)).ObserveDuration
}

// countStream is the interceptor that keeps the number of open streams.
func (m *metrics) countStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	open := m.streams.WithLabelValues(info.FullMethod)
	open.Inc()
	defer open.Dec()
	return handler(srv, stream)
}

// links count calls and streams.
func (m *metrics) links() []intercept.Link {
	return []intercept.Link{
		{Unary: m.grpc.UnaryServerInterceptor(), Stream: m.grpc.StreamServerInterceptor()},
		{Stream: m.countStream},
	}
}
