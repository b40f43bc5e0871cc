package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// A job that fails for a reason that may pass is tried again after firstRetry, then after twice that time, and so on. One
// that has failed maxFailures times is given up.
const (
	maxFailures = 10
	firstRetry  = 5 * time.Second
)

var (
	errCancelled = errors.New("the job was cancelled")
	errBrokenOff = errors.New("every attempt was broken off: the service ended, or lost its store, while it ran")
)

// attempt is one try to do a job.
type attempt struct {
	*Runner
	job  store.Job
	mu   sync.Mutex // guards done
	done float64
}

// attempt tries to do the job that was leased. It ends early when ctx ends, the job is cancelled or its lease is lost.
func (r *Runner) attempt(ctx context.Context, job store.Job) {
	began := r.queue.clock.Now()
	r.observer.Began(job)
	r.queue.notifier.notify(topic{jobChanged, job.ID})
	a := &attempt{Runner: r, job: job}
	work, end := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() { a.keepLease(work, end) })
	result, err := a.do(work)
	cause := context.Cause(work)
	end(nil)
	renewing.Wait()

	ended := a.outcome(result, err, cause)
	if hindrance := a.finish(ctx, ended, cause); hindrance != nil {
		r.observer.StoreFailed(hindrance)
		ended.State = store.JobQueued // for its lease runs out, or another has it
	}
	r.observer.Ended(ended, r.queue.clock.Since(began), err)
	r.queue.notifier.notify(topic{jobChanged, job.ID})
}

// do does the work. A panic is an error of this job alone.
func (a *attempt) do(ctx context.Context) (result []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	switch {
	case a.job.Cancelling: // its runner ended before it knew
		return nil, errCancelled
	case a.job.Failures >= maxFailures:
		return nil, errBrokenOff
	}
	return a.work.Do(ctx, a.job, a.progress)
}

func (a *attempt) progress(done float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.done = max(a.done, done)
}

func (a *attempt) progressed() float64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.done
}

// keepLease renews the lease and stores the progress until ctx ends. It ends the work when the job was cancelled, and when
// the lease is lost or may be: another may then have the job.
func (a *attempt) keepLease(ctx context.Context, end context.CancelCauseFunc) {
	cancelled, stop := a.queue.notifier.follow(topic{jobCancelled, a.job.ID})
	defer stop()
	poll := a.queue.clock.NewTicker(pollInterval)
	defer poll.Stop()
	held := a.lease()
	for {
		select {
		case <-cancelled:
		case <-poll.Chan():
		case <-ctx.Done():
			return
		}
		lease := a.lease()
		cancelling, err := a.renew(ctx, held, lease)
		switch {
		case cancelling:
			end(errCancelled)
		case err == nil:
			held = lease
			a.queue.notifier.notify(topic{jobChanged, a.job.ID})
		case errors.Is(err, store.ErrLeaseLost), a.queue.now() >= held.Until:
			end(store.ErrLeaseLost)
		case ctx.Err() == nil:
			a.observer.StoreFailed(err)
		}
	}
}

// renew renews the lease, and gives up when it runs out: a store that does not respond must not keep the work going when another
// may have the job. One that has run out already is tried for a moment, since the job may still be free.
func (a *attempt) renew(ctx context.Context, held, lease store.Lease) (cancelling bool, err error) {
	left := time.Duration(held.Until-a.queue.now()) * time.Millisecond
	ctx, cancel := context.WithTimeoutCause(ctx, max(left, pollInterval), store.ErrLeaseLost)
	defer cancel()
	cancelling, err = a.queue.store.RenewLease(ctx, a.job.ID, lease, a.progressed())
	if err != nil && errors.Is(context.Cause(ctx), store.ErrLeaseLost) {
		err = store.ErrLeaseLost
	}
	return cancelling, err
}

// outcome is the job after the attempt. cause is why the work was ended; nil where it ended by itself.
func (a *attempt) outcome(result []byte, err, cause error) store.Job {
	job, now := a.job, a.queue.now()
	job.Progress, job.FinishedAt = a.progressed(), now
	switch {
	case err == nil:
		job.State, job.Progress, job.Error, job.Result = store.JobSucceeded, 1, "", result
	case errors.Is(err, errCancelled), errors.Is(cause, errCancelled):
		job.State = store.JobCancelled
	case cause != nil: // the program stops
		return queuedAgain(job, now)
	case errors.Is(err, errBrokenOff):
		job.State, job.Error = store.JobFailed, err.Error()
	default:
		job.State, job.Failures, job.Error = store.JobFailed, job.Failures+1, a.work.Explain(err)
		if errors.Is(err, store.ErrUnavailable) && job.Failures < maxFailures {
			return queuedAgain(job, now.Add(firstRetry<<(job.Failures-1)))
		}
	}
	return job
}

// queuedAgain is the job as it waits for another attempt.
func queuedAgain(job store.Job, due viewing.Millis) store.Job {
	job.State, job.Progress, job.DueAt, job.FinishedAt = store.JobQueued, 0, due, 0
	return job
}

// finish stores the job, also when ctx has ended.
func (a *attempt) finish(ctx context.Context, job store.Job, cause error) error {
	if errors.Is(cause, store.ErrLeaseLost) {
		return fmt.Errorf("job %q: %w", job.ID, cause)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseLength)
	defer cancel()
	return a.queue.store.EndAttempt(ctx, a.owner, job)
}
