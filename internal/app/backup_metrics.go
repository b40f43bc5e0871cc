package app

import (
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// backupMetrics is what Prometheus sees of backups, those in --backup-dir and those that were requested.
type backupMetrics struct {
	every  prometheus.Gauge
	failed prometheus.Counter
	age    prometheus.GaugeFunc

	mu   sync.Mutex
	last time.Time // when the newest one was begun; zero where there is none
}

func newBackupMetrics(now func() time.Time) *backupMetrics {
	m := &backupMetrics{
		every:  prometheus.NewGauge(prometheus.GaugeOpts(counter("backup_every_seconds", "How often a backup is made by itself, in seconds; 0 without --backup-dir."))),
		failed: prometheus.NewCounter(counter("backups_failed_total", "Backups that were begun and did not become whole.")),
	}
	m.age = prometheus.NewGaugeFunc(prometheus.GaugeOpts(counter("backup_age_seconds",
		"Time since the newest whole backup was begun, in seconds; +Inf where this process knows of none.")), func() float64 {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.last.IsZero() {
			return math.Inf(1)
		}
		return now().Sub(m.last).Seconds()
	})
	return m
}

// made notes how a backup that was begun then ended.
func (m *backupMetrics) made(begun time.Time, err error) {
	if err != nil {
		m.failed.Inc()
		return
	}
	m.newest(begun)
}

// newest notes that there is a backup of that time.
func (m *backupMetrics) newest(begun time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if begun.After(m.last) {
		m.last = begun
	}
}
