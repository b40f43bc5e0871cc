// Package jobs does long work in the background. A Queue adds, reads and cancels jobs, a Runner runs them, and a
// Schedule makes them by itself. All that they know is in the store, so that any number of replicas share the work and any
// of them may die: a job runs under a lease, which its runner renews and another takes over once it has run out.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// ErrQueueFull means that as many jobs wait as may.
var ErrQueueFull = errors.New("too many jobs are queued")

// pollInterval is how soon what other replicas did is noticed; what happens in this one is noticed at once.
const pollInterval = time.Second

// Queue adds, reads and cancels jobs.
type Queue struct {
	store    store.JobStore
	clock    clockwork.Clock
	limit    int
	notifier notifier
}

// NewQueue makes a queue in which about so many jobs may wait: replicas that add at the same moment may exceed it a little.
func NewQueue(jobs store.JobStore, clock clockwork.Clock, limit int) *Queue {
	return &Queue{store: jobs, clock: clock, limit: limit}
}

func (q *Queue) now() viewing.Millis { return viewing.At(q.clock.Now()) }

// Add stores a new job, unless its id is there already. ErrQueueFull: too many wait.
func (q *Queue) Add(ctx context.Context, job store.Job) error {
	queued, err := q.store.QueuedJobs(ctx)
	if err != nil {
		return err
	}
	if queued >= q.limit {
		return fmt.Errorf("%w: %d of %d", ErrQueueFull, queued, q.limit)
	}
	if err := q.store.CreateJob(ctx, job); err != nil {
		return err
	}
	q.notifier.notify(topic{event: jobAdded})
	return nil
}

// Cancel ends a job, or asks its runner to, and returns the job as it is now; see store.JobStore.
func (q *Queue) Cancel(ctx context.Context, id string) (store.Job, error) {
	job, err := q.store.CancelJob(ctx, id, q.now())
	if err != nil {
		return store.Job{}, err
	}
	q.notifier.notify(topic{jobCancelled, id})
	q.notifier.notify(topic{jobChanged, id})
	return job, nil
}

// Watch shows the job at once and then whenever it has changed, until it has ended, show fails or ctx ends.
func (q *Queue) Watch(ctx context.Context, id string, show func(store.Job) error) error {
	changed, stop := q.notifier.follow(topic{jobChanged, id})
	defer stop()
	poll := q.clock.NewTicker(pollInterval)
	defer poll.Stop()
	var shown store.Job
	for {
		job, err := q.store.Job(ctx, id)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(job, shown) {
			if err := show(job); err != nil {
				return err
			}
			shown = job
		}
		if job.State.Ended() {
			return nil
		}
		select {
		case <-changed:
		case <-poll.Chan():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
