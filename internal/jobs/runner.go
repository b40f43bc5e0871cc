package jobs

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tvstats/tvstats/internal/store"
)

// leaseLength is how long a replica may be silent before another takes its jobs over.
const leaseLength = 10 * time.Second

// Work is what jobs are made of.
type Work interface {
	// Do does a job and returns its result. It ends soon after ctx, reports how much is done, 0 to 1, as it goes on, and may
	// be begun again wherever it was broken off. An error that wraps store.ErrUnavailable may pass: the job is tried again.
	Do(ctx context.Context, job store.Job, progress func(done float64)) (result []byte, err error)
	// Explain is what callers may read of an error of Do.
	Explain(err error) string
}

// Observer is notified of what happens, for metrics and the log. Its methods are called from many goroutines and must not block.
type Observer interface {
	// Began is called when an attempt begins.
	Began(job store.Job)
	// Ended is called when the attempt has ended: job is what became of it, err why it did not succeed.
	Ended(job store.Job, took time.Duration, err error)
	// StoreFailed is called when the store did not let a runner do something, which it will do later.
	StoreFailed(err error)
}

// Runner runs jobs.
type Runner struct {
	queue    *Queue
	owner    string
	work     Work
	observer Observer
}

// NewRunner makes a runner of the queue's jobs. owner names it in leases and is unique, also among replicas and to this
// run of the program.
func NewRunner(queue *Queue, owner string, work Work, observer Observer) *Runner {
	return &Runner{queue: queue, owner: owner, work: work, observer: observer}
}

// Run runs jobs, at most so many at once, until ctx ends. It then hands back those that have not ended, for the next start
// or another replica, and returns.
func (r *Runner) Run(ctx context.Context, workers int) {
	var running sync.WaitGroup
	defer running.Wait()
	busy := make(chan struct{}, workers)
	for {
		select {
		case busy <- struct{}{}:
		case <-ctx.Done():
			return
		}
		job, found := r.next(ctx)
		if !found {
			return
		}
		running.Go(func() {
			defer func() { <-busy }()
			r.attempt(ctx, job)
		})
	}
}

// next waits for a job that may run and leases it; it finds none once ctx has ended.
func (r *Runner) next(ctx context.Context) (job store.Job, found bool) {
	added, stop := r.queue.notifier.follow(topic{event: jobAdded})
	defer stop()
	poll := r.queue.clock.NewTicker(pollInterval)
	defer poll.Stop()
	for ctx.Err() == nil {
		job, err := r.queue.store.LeaseJob(ctx, r.queue.now(), r.lease())
		if err == nil {
			return job, true
		}
		if !errors.Is(err, store.ErrNotFound) && ctx.Err() == nil {
			r.observer.StoreFailed(err)
		}
		select {
		case <-added:
		case <-poll.Chan():
		case <-ctx.Done():
		}
	}
	return store.Job{}, false
}

// lease is a lease from now on.
func (r *Runner) lease() store.Lease {
	return store.Lease{Owner: r.owner, Until: r.queue.now().Add(leaseLength)}
}
