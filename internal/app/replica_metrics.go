package app

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tvstats/tvstats/internal/store/replica"
)

// askTimeout bounds how long a scrape of the metrics waits for the log.
const askTimeout = 2 * time.Second

// replicated is a store that follows a log.
type replicated interface {
	Status() replica.Status
	Extent(ctx context.Context) (entries, bytes int64, err error)
	CopySize(ctx context.Context) (int64, error)
}

// replicaMetrics is what Prometheus sees of a replica and its log. It is a prometheus.Collector.
type replicaMetrics struct {
	of  replicated
	now func() time.Time

	lag, behind, copied, entries, bytes, checkpoint, differ *prometheus.Desc
}

func newReplicaMetrics(of replicated, now func() time.Time) *replicaMetrics {
	return &replicaMetrics{
		of: of, now: now,
		lag:        described("replica_lag_seconds", "Time since this replica last had everything that the log showed it, in seconds."),
		behind:     described("replica_behind_entries", "Entries of the log that this replica has read and not applied yet."),
		copied:     described("replica_copy_bytes", "Space that this replica's copy of the data takes in --data-dir, in bytes; NaN while it is unknown."),
		entries:    described("log_entries", "Entries of the log that no checkpoint has made superfluous yet; NaN while the log cannot be read."),
		bytes:      described("log_bytes", "Bytes of these entries; NaN while the log cannot be read."),
		checkpoint: described("log_checkpoint_age_seconds", "Time since the newest checkpoint was made, by any replica, in seconds; +Inf where this replica has seen none."),
		differ: described("replica_days_differ_total",
			"Days that were not the same here as in a checkpoint of another replica that applied the same log, since the start."),
	}
}

// Describe names the metrics.
func (m *replicaMetrics) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, to) }

// Collect reads the state of the replica, and of the log.
func (m *replicaMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	gauge := func(desc *prometheus.Desc, value float64) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
	status, now := m.of.Status(), m.now()
	gauge(m.lag, lag(status, now).Seconds())
	gauge(m.behind, float64(status.Behind))
	age := math.Inf(1)
	if !status.CheckpointAt.IsZero() {
		age = max(0, now.Sub(status.CheckpointAt).Seconds()) // clocks of replicas differ a little
	}
	gauge(m.checkpoint, age)
	to <- prometheus.MustNewConstMetric(m.differ, prometheus.CounterValue, float64(status.Differing))
	copied, err := m.of.CopySize(ctx)
	gauge(m.copied, unlessFailed(copied, err))
	entries, bytes, err := m.of.Extent(ctx)
	gauge(m.entries, unlessFailed(entries, err))
	gauge(m.bytes, unlessFailed(bytes, err))
}

// lag is the time since the replica had everything that the log showed it.
func lag(status replica.Status, now time.Time) time.Duration {
	return max(0, now.Sub(status.CaughtUpAt))
}

// unlessFailed is the number, or NaN where it could not be found out.
func unlessFailed(n int64, err error) float64 {
	if err != nil {
		return math.NaN()
	}
	return float64(n)
}
