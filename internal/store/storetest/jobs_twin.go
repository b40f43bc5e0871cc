package storetest

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// jobTwin keeps jobs in the plainest way: a list that is looked through.
type jobTwin struct {
	jobs []*leasedJob // newest first
}

type leasedJob struct {
	store.Job
	lease store.Lease
}

var _ store.JobStore = (*jobTwin)(nil)

// CreateJob implements store.JobStore.
func (w *jobTwin) CreateJob(_ context.Context, job store.Job) error {
	if w.find(job.ID) == nil {
		w.jobs = append(w.jobs, &leasedJob{Job: store.Job{
			ID: job.ID, Method: job.Method, ClientIDs: job.ClientIDs, Schedule: job.Schedule, CreatedAt: job.CreatedAt,
			Request: job.Request, State: store.JobQueued, DueAt: job.DueAt,
		}})
		slices.SortFunc(w.jobs, func(a, b *leasedJob) int {
			return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), strings.Compare(b.ID, a.ID))
		})
	}
	return nil
}

func (w *jobTwin) find(id string) *leasedJob {
	for _, job := range w.jobs {
		if job.ID == id {
			return job
		}
	}
	return nil
}

// Job implements store.JobStore.
func (w *jobTwin) Job(_ context.Context, id string) (store.Job, error) {
	if job := w.find(id); job != nil {
		return job.Job, nil
	}
	return store.Job{}, store.ErrNotFound
}

// Jobs implements store.JobStore for whole lists: it knows no pages.
func (w *jobTwin) Jobs(_ context.Context, query store.JobQuery) ([]store.Job, error) {
	var listed []store.Job
	for _, job := range w.jobs {
		if query.ClientID == 0 || len(job.ClientIDs) == 0 || slices.Contains(job.ClientIDs, query.ClientID) {
			shown := job.Job
			shown.Request, shown.Result = nil, nil
			listed = append(listed, shown)
		}
	}
	return listed, nil
}

// QueuedJobs implements store.JobStore.
func (w *jobTwin) QueuedJobs(context.Context) (queued int, _ error) {
	for _, job := range w.jobs {
		if job.State == store.JobQueued {
			queued++
		}
	}
	return queued, nil
}

// LeaseJob implements store.JobStore.
func (w *jobTwin) LeaseJob(_ context.Context, now viewing.Millis, lease store.Lease) (store.Job, error) {
	var next *leasedJob
	for _, job := range w.jobs { // the last one that fits is the oldest
		if job.State == store.JobQueued && job.DueAt <= now && (next == nil || next.State == store.JobQueued) {
			next = job
		}
		if job.State == store.JobRunning && job.lease.Until <= now {
			next = job
		}
	}
	if next == nil {
		return store.Job{}, store.ErrNotFound
	}
	if next.State == store.JobRunning {
		next.Failures++
	}
	next.State, next.Progress, next.StartedAt, next.lease = store.JobRunning, 0, now, lease
	next.Attempts++
	return next.Job, nil
}

func (w *jobTwin) leased(id, owner string) (*leasedJob, error) {
	if job := w.find(id); job != nil && job.State == store.JobRunning && job.lease.Owner == owner {
		return job, nil
	}
	return nil, store.ErrLeaseLost
}

// RenewLease implements store.JobStore.
func (w *jobTwin) RenewLease(_ context.Context, id string, lease store.Lease, progress float64) (cancelling bool, err error) {
	job, err := w.leased(id, lease.Owner)
	if err != nil {
		return false, err
	}
	job.lease, job.Progress = lease, progress
	return job.Cancelling, nil
}

// EndAttempt implements store.JobStore.
func (w *jobTwin) EndAttempt(_ context.Context, owner string, ended store.Job) error {
	job, err := w.leased(ended.ID, owner)
	if err == nil {
		job.State, job.Progress, job.DueAt, job.FinishedAt = ended.State, ended.Progress, ended.DueAt, ended.FinishedAt
		job.Failures, job.Error, job.Result = ended.Failures, ended.Error, ended.Result
	}
	return err
}

// CancelJob implements store.JobStore.
func (w *jobTwin) CancelJob(_ context.Context, id string, now viewing.Millis) (store.Job, error) {
	job := w.find(id)
	switch {
	case job == nil:
		return store.Job{}, store.ErrNotFound
	case job.State == store.JobQueued:
		job.State, job.FinishedAt = store.JobCancelled, now
	case job.State == store.JobRunning:
		job.Cancelling = true
	}
	return job.Job, nil
}

// DeleteJobs implements store.JobStore.
func (w *jobTwin) DeleteJobs(_ context.Context, endedBefore viewing.Millis) error {
	w.jobs = slices.DeleteFunc(w.jobs, func(job *leasedJob) bool {
		return job.State.Ended() && job.FinishedAt < endedBefore
	})
	return nil
}
