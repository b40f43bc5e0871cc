package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.JobStore = (*Store)(nil)

// CreateJob stores a new job; see store.JobStore.
func (s *Store) CreateJob(ctx context.Context, job store.Job) error {
	_, err := s.changeJobs(ctx, "create job", `INSERT INTO jobs SELECT ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, 0, 0, 0, false, '', ''::BLOB, '', 0
		WHERE NOT EXISTS (FROM jobs WHERE job_id = ?)`,
		job.ID, job.Method, append([]int32{}, job.ClientIDs...), job.Schedule, int64(job.CreatedAt), append([]byte{}, job.Request...),
		uint8(store.JobQueued), int64(job.DueAt), job.ID)
	return err
}

const (
	jobListed = `job_id, method, client_ids, schedule, created_at, state, progress, due_at, started_at, finished_at, attempts,
		failures, cancelling, error`
	jobWhole = jobListed + `, request, result`
)

// Conditions on the state of a job.
var (
	jobQueued = fmt.Sprintf("(state = %d)", store.JobQueued)
	jobRuns   = fmt.Sprintf("(state = %d)", store.JobRunning)
	jobEnded  = fmt.Sprintf("(state >= %d)", store.JobSucceeded)
)

func listedJob(j *store.Job) []any {
	return []any{
		&j.ID, &j.Method, (*intList)(&j.ClientIDs), &j.Schedule, &j.CreatedAt, &j.State, &j.Progress, &j.DueAt, &j.StartedAt,
		&j.FinishedAt, &j.Attempts, &j.Failures, &j.Cancelling, &j.Error,
	}
}

func scanListedJob(rows *sql.Rows, j *store.Job) error { return rows.Scan(listedJob(j)...) }

func scanWholeJob(rows *sql.Rows, j *store.Job) error {
	return rows.Scan(append(listedJob(j), &j.Request, &j.Result)...)
}

// jobNamed is how errors name a job, whose id is whatever a caller asked for.
const jobNamed = "job %.60q"

// Job returns one job; see store.JobStore.
func (s *Store) Job(ctx context.Context, id string) (store.Job, error) {
	jobs, err := collect(ctx, s.db, scanWholeJob, `SELECT `+jobWhole+` FROM jobs WHERE job_id = ?`, id)
	return only(jobs, err, jobNamed, id)
}

// Jobs returns a page of jobs, newest first; see store.JobStore.
func (s *Store) Jobs(ctx context.Context, query store.JobQuery) ([]store.Job, error) {
	where, args := "true", []any{}
	if query.ClientID != 0 {
		where = `(len(client_ids) = 0 OR list_contains(client_ids, ?))`
		args = append(args, query.ClientID)
	}
	if last := query.After; last != nil {
		where += ` AND (created_at, job_id) < (?, ?)`
		args = append(args, int64(last.CreatedAt), last.ID)
	}
	return collect(ctx, s.db, scanListedJob, fmt.Sprintf(
		`SELECT %s FROM jobs WHERE %s ORDER BY created_at DESC, job_id DESC LIMIT %d`, jobListed, where, query.Limit), args...)
}

// QueuedJobs counts; see store.JobStore.
func (s *Store) QueuedJobs(ctx context.Context) (queued int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM jobs WHERE `+jobQueued).Scan(&queued)
	return queued, err
}

// LeaseJob begins an attempt; see store.JobStore.
func (s *Store) LeaseJob(ctx context.Context, now viewing.Millis, lease store.Lease) (store.Job, error) {
	return s.leaseWhere(ctx, now, lease, `leased_to <= ?`, int64(now))
}

// TakeLease begins an attempt; see store.LeaseTaker.
func (s *Store) TakeLease(ctx context.Context, now viewing.Millis, lease store.Lease, over []store.Held) (store.Job, error) {
	conditions, args := []string{"false"}, []any{}
	for _, h := range over {
		conditions = append(conditions, `(job_id = ? AND owner = ? AND leased_to = ?)`)
		args = append(args, h.JobID, h.Owner, int64(h.Until))
	}
	return s.leaseWhere(ctx, now, lease, `(`+strings.Join(conditions, " OR ")+`)`, args...)
}

// leaseWhere begins an attempt at a job that is due, or one that runs under a lease for which the condition holds.
func (s *Store) leaseWhere(ctx context.Context, now viewing.Millis, lease store.Lease, over string, args ...any) (store.Job, error) {
	jobs, err := s.changeJobs(ctx, "lease job", `UPDATE jobs SET state = ?, progress = 0, started_at = ?, attempts = attempts + 1,
			failures = failures + `+jobRuns+`::INTEGER, owner = ?, leased_to = ?
		WHERE job_id = (SELECT job_id FROM jobs WHERE (`+jobRuns+` AND `+over+`) OR (`+jobQueued+` AND due_at <= ?)
			ORDER BY `+jobRuns+` DESC, created_at, job_id LIMIT 1)`,
		append(append([]any{uint8(store.JobRunning), int64(now), lease.Owner, int64(lease.Until)}, args...), int64(now))...)
	return only(jobs, err, "a job that may run")
}

// RenewLease prolongs a lease; see store.JobStore.
func (s *Store) RenewLease(ctx context.Context, id string, lease store.Lease, progress float64) (cancelling bool, err error) {
	job, err := s.changeLeased(ctx, "renew lease", id, lease.Owner, `leased_to = ?, progress = ?`, int64(lease.Until), progress)
	return job.Cancelling, err
}

// EndAttempt takes a lease back; see store.JobStore.
func (s *Store) EndAttempt(ctx context.Context, owner string, job store.Job) error {
	_, err := s.changeLeased(ctx, "end attempt", job.ID, owner,
		`owner = '', leased_to = 0, state = ?, progress = ?, due_at = ?, finished_at = ?, failures = ?, error = ?, result = ?`,
		uint8(job.State), job.Progress, int64(job.DueAt), int64(job.FinishedAt), job.Failures, job.Error,
		append([]byte{}, job.Result...))
	return err
}

// changeLeased changes a job that runs under the owner.
func (s *Store) changeLeased(ctx context.Context, what, id, owner, set string, args ...any) (store.Job, error) {
	jobs, err := s.changeJobs(ctx, what, `UPDATE jobs SET `+set+` WHERE job_id = ? AND `+jobRuns+` AND owner = ?`,
		append(args, id, owner)...)
	job, err := only(jobs, err, jobNamed, id)
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf(jobNamed+": %w", id, store.ErrLeaseLost)
	}
	return job, err
}

// CancelJob ends a job or requests its end; see store.JobStore.
func (s *Store) CancelJob(ctx context.Context, id string, now viewing.Millis) (store.Job, error) {
	jobs, err := s.changeJobs(ctx, "cancel job", `UPDATE jobs SET cancelling = cancelling OR `+jobRuns+`,
			finished_at = CASE WHEN `+jobQueued+` THEN ? ELSE finished_at END, state = CASE WHEN `+jobQueued+` THEN ? ELSE state END
		WHERE job_id = ?`, int64(now), uint8(store.JobCancelled), id)
	return only(jobs, err, jobNamed, id)
}

// DeleteJobs removes jobs that ended; see store.JobStore.
func (s *Store) DeleteJobs(ctx context.Context, endedBefore viewing.Millis) error {
	_, err := s.changeJobs(ctx, "delete jobs", `DELETE FROM jobs WHERE `+jobEnded+` AND finished_at < ?`, int64(endedBefore))
	return err
}

// changeJobs runs a statement that changes jobs and returns those that it changed. One after the other: they would else
// meet conflicts.
func (s *Store) changeJobs(ctx context.Context, what, statement string, args ...any) ([]store.Job, error) {
	s.leasing.Lock()
	defer s.leasing.Unlock()
	var jobs []store.Job
	err := s.change(ctx, func(tx *sql.Tx) (err error) {
		jobs, err = collect(ctx, tx, scanWholeJob, statement+` RETURNING `+jobWhole, args...)
		return err
	})
	if err != nil {
		return nil, writeError(ctx, what, err)
	}
	return jobs, nil
}

// releaseLeases makes every job that was running fit to run again: one process owns the store, so those who ran them are
// gone.
func releaseLeases(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `UPDATE jobs SET leased_to = 0 WHERE `+jobRuns)
	return err
}
