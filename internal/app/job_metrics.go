package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/tvstats/tvstats/internal/jobs"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/store"
)

// jobMetrics is what Prometheus sees of jobs.
type jobMetrics struct {
	running  *prometheus.GaugeVec
	attempts *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newJobMetrics() jobMetrics {
	return jobMetrics{
		running: prometheus.NewGaugeVec(prometheus.GaugeOpts(counter("jobs_running", "Jobs that run in this process, by method.")),
			[]string{"method"}),
		attempts: prometheus.NewCounterVec(counter("job_attempts_total",
			"Attempts at jobs that have ended, by method and outcome: succeeded, failed, cancelled, or queued for another attempt."),
			[]string{"method", "outcome"}),
		seconds: prometheus.NewHistogramVec(histogram("job_seconds", "Attempts at jobs, in seconds, by method.",
			prometheus.ExponentialBuckets(.01, 4, 10)), []string{"method"}),
	}
}

// begin gives the metrics of a method their first values.
func (m *jobMetrics) begin(method string) {
	m.running.WithLabelValues(method)
	m.seconds.WithLabelValues(method)
	for _, outcome := range outcomes {
		m.attempts.WithLabelValues(method, outcome)
	}
}

// outcomes are what attempts end with, in metrics and the log.
var outcomes = map[store.JobState]string{
	store.JobQueued: "queued", store.JobSucceeded: "succeeded", store.JobFailed: "failed", store.JobCancelled: "cancelled",
}

// jobObserver counts and logs what happens to jobs.
type jobObserver struct {
	jobMetrics
	log    *slog.Logger
	seldom *rate.Sometimes // an unreachable store would log every second
}

var _ jobs.Observer = (*jobObserver)(nil)

func newJobObserver(numbers *metrics, log *slog.Logger) *jobObserver {
	return &jobObserver{jobMetrics: numbers.jobs, log: log, seldom: &rate.Sometimes{Interval: time.Minute}}
}

// Began notes that an attempt begins.
func (o *jobObserver) Began(job store.Job) { o.running.WithLabelValues(job.Method).Inc() }

// Ended notes what became of an attempt.
func (o *jobObserver) Ended(job store.Job, took time.Duration, err error) {
	o.running.WithLabelValues(job.Method).Dec()
	o.attempts.WithLabelValues(job.Method, outcomes[job.State]).Inc()
	o.seconds.WithLabelValues(job.Method).Observe(took.Seconds())
	level, fields := slog.LevelInfo, []any{
		"job", job.ID, "method", job.Method, "outcome", outcomes[job.State], "attempt", job.Attempts, "took", took,
	}
	if err != nil {
		level, fields = max(level, intercept.LevelOf(err)), append(fields, "error", err)
	}
	o.log.Log(context.Background(), level, "attempt at a job ended", fields...)
}

// StoreFailed notes that the store did not let the runner do something.
func (o *jobObserver) StoreFailed(err error) {
	o.seldom.Do(func() { o.log.Warn("jobs fail because of the store and will be retried", "error", err) })
}
