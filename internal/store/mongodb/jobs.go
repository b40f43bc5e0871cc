package mongodb

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.JobStore = (*Store)(nil)

// jobDocument is a job, with the lease of who runs it. Instants that are not yet known are 1970-01-01.
type jobDocument struct {
	ID         string             `bson:"_id"`
	Method     string             `bson:"method"`
	ClientIDs  []int32            `bson:"client_ids"`
	Schedule   string             `bson:"schedule"`
	CreatedAt  primitive.DateTime `bson:"created_at"`
	Request    []byte             `bson:"request"`
	State      int32              `bson:"state"`
	Progress   float64            `bson:"progress"`
	DueAt      primitive.DateTime `bson:"due_at"`
	StartedAt  primitive.DateTime `bson:"started_at"`
	FinishedAt primitive.DateTime `bson:"finished_at"`
	Attempts   int32              `bson:"attempts"`
	Failures   int32              `bson:"failures"`
	Cancelling bool               `bson:"cancelling"`
	Error      string             `bson:"error"`
	Result     []byte             `bson:"result"`
	Owner      string             `bson:"owner"`
	LeasedTo   primitive.DateTime `bson:"leased_to"`
}

func (d jobDocument) job() store.Job {
	return store.Job{
		ID: d.ID, Method: d.Method, ClientIDs: d.ClientIDs, Schedule: d.Schedule, CreatedAt: viewing.Millis(d.CreatedAt),
		Request: d.Request, State: store.JobState(d.State), Progress: d.Progress, DueAt: viewing.Millis(d.DueAt),
		StartedAt: viewing.Millis(d.StartedAt), FinishedAt: viewing.Millis(d.FinishedAt), Attempts: d.Attempts,
		Failures: d.Failures, Cancelling: d.Cancelling, Error: d.Error, Result: d.Result,
	}
}

// CreateJob stores a new job; see store.JobStore.
func (s *Store) CreateJob(ctx context.Context, job store.Job) error {
	if err := s.writable(ctx); err != nil {
		return err
	}
	err := upsertOne(ctx, s.collection(jobsCollection), bson.M{"_id": job.ID}, bson.M{"$setOnInsert": jobDocument{
		ID: job.ID, Method: job.Method, ClientIDs: append([]int32{}, job.ClientIDs...), Schedule: job.Schedule,
		CreatedAt: date(job.CreatedAt), Request: job.Request, State: int32(store.JobQueued), DueAt: date(job.DueAt),
	}})
	return fault(ctx, "create job", err)
}

// Job answers one job; see store.JobStore.
func (s *Store) Job(ctx context.Context, id string) (store.Job, error) {
	found, err := readOne[jobDocument](ctx, s.collection(jobsCollection), bson.M{"_id": id})
	return found.job(), jobFault(ctx, id, err)
}

// Jobs answers a page of jobs, newest first; see store.JobStore.
func (s *Store) Jobs(ctx context.Context, query store.JobQuery) ([]store.Job, error) {
	if query.Limit == 0 {
		return nil, nil
	}
	conditions := bson.A{bson.M{}} // $and must not be empty
	if query.ClientID != 0 {
		conditions = append(conditions, bson.M{"$or": bson.A{
			bson.M{"client_ids": query.ClientID}, bson.M{"client_ids": bson.M{"$size": 0}},
		}})
	}
	if query.After != nil {
		conditions = append(conditions, older(query.After))
	}
	found, err := find[jobDocument](ctx, s.collection(jobsCollection), bson.M{"$and": conditions}, newestFirst(query.Limit).
		SetProjection(bson.M{"request": 0, "result": 0}))
	return converted(found, jobDocument.job), fault(ctx, "read jobs", err)
}

// QueuedJobs counts; see store.JobStore.
func (s *Store) QueuedJobs(ctx context.Context) (int, error) {
	queued, err := s.collection(jobsCollection).CountDocuments(ctx, bson.M{"state": int32(store.JobQueued)})
	return int(queued), fault(ctx, "count jobs", err)
}

// LeaseJob begins an attempt; see store.JobStore.
func (s *Store) LeaseJob(ctx context.Context, now viewing.Millis, lease store.Lease) (store.Job, error) {
	begun := bson.M{
		"state": int32(store.JobRunning), "progress": 0.0, "started_at": date(now), "owner": lease.Owner, "leased_to": date(lease.Until),
	}
	job, err := s.changeJob(ctx,
		bson.M{"state": int32(store.JobRunning), "leased_to": bson.M{"$lte": date(now)}},
		bson.M{"$set": begun, "$inc": bson.M{"attempts": 1, "failures": 1}})
	if errors.Is(err, store.ErrNotFound) {
		job, err = s.changeJob(ctx,
			bson.M{"state": int32(store.JobQueued), "due_at": bson.M{"$lte": date(now)}},
			bson.M{"$set": begun, "$inc": bson.M{"attempts": 1}})
	}
	return job, fault(ctx, "lease a job", err)
}

// RenewLease prolongs a lease; see store.JobStore.
func (s *Store) RenewLease(ctx context.Context, id string, lease store.Lease, progress float64) (cancelling bool, err error) {
	job, err := s.changeLeased(ctx, id, lease.Owner, bson.M{"leased_to": date(lease.Until), "progress": progress})
	return job.Cancelling, err
}

// EndAttempt takes a lease back; see store.JobStore.
func (s *Store) EndAttempt(ctx context.Context, owner string, job store.Job) error {
	_, err := s.changeLeased(ctx, job.ID, owner, bson.M{
		"owner": "", "leased_to": date(0), "state": int32(job.State), "progress": job.Progress, "due_at": date(job.DueAt),
		"finished_at": date(job.FinishedAt), "failures": job.Failures, "error": job.Error, "result": job.Result,
	})
	return err
}

// CancelJob ends a job or asks for its end; see store.JobStore. Between two attempts to find it in the state that each
// begins with, the job may have been leased or handed back; then it is looked for again.
func (s *Store) CancelJob(ctx context.Context, id string, now viewing.Millis) (store.Job, error) {
	for {
		job, err := s.changeJob(ctx, bson.M{"_id": id, "state": int32(store.JobQueued)},
			bson.M{"$set": bson.M{"state": int32(store.JobCancelled), "finished_at": date(now)}})
		if errors.Is(err, store.ErrNotFound) {
			job, err = s.changeJob(ctx, bson.M{"_id": id, "state": int32(store.JobRunning)},
				bson.M{"$set": bson.M{"cancelling": true}})
		}
		if errors.Is(err, store.ErrNotFound) {
			if job, err = s.Job(ctx, id); err == nil && !job.State.Ended() {
				continue
			}
		}
		return job, jobFault(ctx, id, err)
	}
}

// DeleteJobs removes jobs that ended; see store.JobStore.
func (s *Store) DeleteJobs(ctx context.Context, endedBefore viewing.Millis) error {
	_, err := s.collection(jobsCollection).DeleteMany(ctx, bson.M{
		"state": bson.M{"$gte": int32(store.JobSucceeded)}, "finished_at": bson.M{"$lt": date(endedBefore)},
	})
	return fault(ctx, "delete jobs", err)
}

// changeLeased changes a job that runs under the owner.
func (s *Store) changeLeased(ctx context.Context, id, owner string, set bson.M) (store.Job, error) {
	job, err := s.changeJob(ctx, bson.M{"_id": id, "state": int32(store.JobRunning), "owner": owner}, bson.M{"$set": set})
	if errors.Is(err, store.ErrNotFound) {
		err = store.ErrLeaseLost
	}
	return job, jobFault(ctx, id, err)
}

// changeJob changes the oldest job that matches and answers it as it then is, or store.ErrNotFound.
func (s *Store) changeJob(ctx context.Context, match, update bson.M) (store.Job, error) {
	if err := s.writable(ctx); err != nil {
		return store.Job{}, err
	}
	var changed jobDocument
	err := s.collection(jobsCollection).FindOneAndUpdate(ctx, match, update, options.FindOneAndUpdate().
		SetSort(keys("created_at", "_id")).SetReturnDocument(options.After)).Decode(&changed)
	return changed.job(), notFound(err)
}

func jobFault(ctx context.Context, id string, err error) error {
	return fault(ctx, fmt.Sprintf("job %.60q", id), err)
}
