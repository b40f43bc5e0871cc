package store

import (
	"context"

	"github.com/tvstats/tvstats/internal/viewing"
)

// JobState is how far a job is. The numbers are the contract's and are kept in stores: never renumber.
type JobState uint8

// The states; the last three are final.
const (
	JobQueued    JobState = 1 // it waits for its turn, or for its next attempt
	JobRunning   JobState = 2 // a runner has its lease, or had it and is gone
	JobSucceeded JobState = 3
	JobFailed    JobState = 4
	JobCancelled JobState = 5
)

// Ended reports whether the job has ended for good.
func (s JobState) Ended() bool { return s >= JobSucceeded }

// Job is long work. The store does not look into Request and Result.
type Job struct {
	ID        string
	Method    string
	ClientIDs []int32 // empty = all
	Schedule  string  // the entry of the schedule that made it; "" = a caller did
	CreatedAt viewing.Millis
	Request   []byte

	State      JobState
	Progress   float64        // 0 to 1
	DueAt      viewing.Millis // no attempt begins before
	StartedAt  viewing.Millis // of the latest attempt; 0 = none yet
	FinishedAt viewing.Millis // 0 = not yet
	Attempts   int32          // that have begun
	Failures   int32          // attempts that failed or whose lease ran out
	Cancelling bool           // its end was requested while it ran
	Error      string         // of the latest attempt that failed
	Result     []byte
}

// Lease is the right to run a job until some time, or longer where it is renewed.
type Lease struct {
	Owner string // unique to one run of the program
	Until viewing.Millis
}

// JobStore keeps long work and who does it. Every method is atomic, also between programs that share the store, and what it
// changed is durable when it returns.
type JobStore interface {
	// CreateJob stores a new job, queued. Where its id is taken, the job that has it stays as it is and that is no error:
	// so many may create one job that is stored once.
	CreateJob(ctx context.Context, job Job) error
	// Job returns one job, or ErrNotFound.
	Job(ctx context.Context, id string) (Job, error)
	// Jobs returns a page, newest first: by CreatedAt, then ID, descending. Request and Result are left out.
	Jobs(ctx context.Context, query JobQuery) ([]Job, error)
	// QueuedJobs returns how many jobs are queued.
	QueuedJobs(ctx context.Context) (int, error)
	// LeaseJob begins an attempt: it gives the lease of a job that may run now and returns the job, running, without
	// progress and with one attempt more. Jobs whose lease has run out come first and have one failure more; then queued
	// ones that are due; the oldest first, by CreatedAt, then ID. ErrNotFound: there is none.
	LeaseJob(ctx context.Context, now viewing.Millis, lease Lease) (Job, error)
	// RenewLease prolongs the lease of the same owner, though it may have run out, stores the progress, and returns whether
	// the job's end was requested. ErrLeaseLost: the job is not running under this owner.
	RenewLease(ctx context.Context, id string, lease Lease, progress float64) (cancelling bool, err error)
	// EndAttempt takes the lease back from its owner, though it may have run out, and stores the job's State, which is any
	// but running, its Progress, DueAt, FinishedAt, Failures, Error and Result. ErrLeaseLost: the job is not running under
	// this owner.
	EndAttempt(ctx context.Context, owner string, job Job) error
	// CancelJob ends a queued job, requests the end of a running one, leaves one that has ended, and returns the job. An
	// unknown one is ErrNotFound.
	CancelJob(ctx context.Context, id string, now viewing.Millis) (Job, error)
	// DeleteJobs removes all jobs that ended before a time.
	DeleteJobs(ctx context.Context, endedBefore viewing.Millis) error
}

// JobQuery chooses a page of jobs.
type JobQuery struct {
	ClientID int32      // only jobs for this client, those for all included; 0 = every job
	After    *ResultKey // the last one of the page before
	Limit    int
}
