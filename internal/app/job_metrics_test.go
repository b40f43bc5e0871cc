package app

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store"
)

// TestJobObserver counts attempts by what became of them, and logs their errors by what they mean.
func TestJobObserver(t *testing.T) {
	log, numbers := &rpctest.Log{}, newMetrics(1000, time.Now)
	o := newJobObserver(numbers, slog.New(slog.NewJSONHandler(log, nil)))
	for _, attempt := range []struct {
		state store.JobState
		err   error
		level string
	}{
		{store.JobSucceeded, nil, "INFO"},
		{store.JobFailed, fmt.Errorf("client 7: %w", store.ErrNotFound), "INFO"},
		{store.JobFailed, errors.New("index out of range"), "ERROR"},
		{store.JobQueued, fmt.Errorf("%w: disk full", store.ErrUnavailable), "WARN"},
	} {
		job := store.Job{ID: "id", Method: "SaveStats", State: store.JobRunning, Attempts: 1}
		o.Began(job)
		job.State = attempt.state
		o.Ended(job, time.Second, attempt.err)
		ended := log.Find(t, "attempt at a job ended")
		last := ended[len(ended)-1]
		if last["level"] != attempt.level || last["outcome"] != outcomes[attempt.state] || last["job"] != "id" || (attempt.err == nil) != (last["error"] == nil) {
			t.Errorf("logged %v, want %s", last, attempt.level)
		}
	}
	o.Began(store.Job{Method: "SaveStats"})
	for name, want := range map[string]float64{"tvstats_jobs_running": 1, "tvstats_job_attempts_total": 4} {
		if got := metricSum(t, numbers, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for range 3 {
		o.StoreFailed(store.ErrUnavailable)
	}
	if failed := log.Find(t, "jobs fail because of the store and will be retried"); len(failed) != 1 {
		t.Errorf("logged %v, want one line a minute", failed)
	}
}
