package main

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/jobs"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// defaultJobs is the page size of lists of jobs.
const defaultJobs = 100

// jobsServer is the service Jobs. Its requests have passed validate, and its errors become statuses in callError.
type jobsServer struct {
	tvstatsv1.UnimplementedJobsServer
	queue   *jobs.Queue
	store   store.JobStore
	catalog clientReader
	now     func() time.Time
}

// StartJob stores a job.
func (j *jobsServer) StartJob(ctx context.Context, req *tvstatsv1.StartJobRequest) (*tvstatsv1.StartJobResponse, error) {
	job, err := newJob(newID(), req, viewing.At(j.now()))
	if err != nil {
		return nil, err
	}
	for _, client := range job.ClientIDs {
		if err := knownClient(ctx, j.catalog, client); err != nil {
			return nil, err
		}
	}
	if err := j.queue.Add(ctx, job); err != nil {
		return nil, err
	}
	return &tvstatsv1.StartJobResponse{Job: jobProto(job)}, nil
}

// newJob is a job that does what is asked for. Where that is to be done as of now it is now for every attempt.
func newJob(id string, req *tvstatsv1.StartJobRequest, now viewing.Millis) (store.Job, error) {
	field, command := commandOf(req)
	message, asOf := command.ProtoReflect(), field.Message().Fields().ByName("as_of")
	if asOf != nil && !message.Has(asOf) { // reads of the audience say themselves which time they are of
		message.Set(asOf, protoreflect.ValueOfMessage(timeProto(now).ProtoReflect()))
	}
	request, err := proto.Marshal(req)
	return store.Job{
		ID: id, Method: commandMethod(field), ClientIDs: clientsOf(command),
		CreatedAt: now, State: store.JobQueued, Request: request,
	}, err
}

// GetJob answers one job.
func (j *jobsServer) GetJob(ctx context.Context, req *tvstatsv1.GetJobRequest) (*tvstatsv1.GetJobResponse, error) {
	job, err := j.job(ctx, req)
	if err != nil {
		return nil, err
	}
	whole, err := wholeJobProto(job)
	return &tvstatsv1.GetJobResponse{Job: whole}, err
}

// job answers a job that the caller may see.
func (j *jobsServer) job(ctx context.Context, req ofJob) (store.Job, error) {
	job, err := j.store.Job(ctx, req.GetJobId())
	if err != nil {
		return job, err
	}
	return job, ownJob(ctx, job)
}

// ListJobs pages through the jobs that the caller may see, newest first.
func (j *jobsServer) ListJobs(ctx context.Context, req *tvstatsv1.ListJobsRequest) (*tvstatsv1.ListJobsResponse, error) {
	after, err := pageAfter[store.ResultKey](req)
	if err != nil {
		return nil, err
	}
	limit := pageSize(req, defaultJobs)
	found, err := j.own(ctx, store.JobQuery{ClientID: req.ClientId, After: after, Limit: limit + 1})
	if err != nil {
		return nil, err
	}
	page, next := pageOf(req, limit, found, jobProto, jobKey)
	return &tvstatsv1.ListJobsResponse{Jobs: page, NextPageToken: next}, nil
}

func jobKey(job store.Job) store.ResultKey {
	return store.ResultKey{CreatedAt: job.CreatedAt, ID: job.ID}
}

// own answers the page without the jobs that the caller may not see, filled up from the pages after it.
func (j *jobsServer) own(ctx context.Context, query store.JobQuery) ([]store.Job, error) {
	var own []store.Job
	for {
		page, err := j.store.Jobs(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, job := range page {
			if ownJob(ctx, job) == nil && len(own) < query.Limit {
				own = append(own, job)
			}
		}
		if len(page) < query.Limit || len(own) == query.Limit {
			return own, nil
		}
		last := jobKey(page[len(page)-1])
		query.After = &last
	}
}

// CancelJob asks for the end of a job.
func (j *jobsServer) CancelJob(ctx context.Context, req *tvstatsv1.CancelJobRequest) (*tvstatsv1.CancelJobResponse, error) {
	if _, err := j.job(ctx, req); err != nil {
		return nil, err
	}
	job, err := j.queue.Cancel(ctx, req.JobId)
	if err != nil {
		return nil, err
	}
	whole, err := wholeJobProto(job)
	return &tvstatsv1.CancelJobResponse{Job: whole}, err
}

// WatchJob answers a job until it has ended.
func (j *jobsServer) WatchJob(req *tvstatsv1.WatchJobRequest, stream grpc.ServerStreamingServer[tvstatsv1.WatchJobResponse]) error {
	if _, err := j.job(stream.Context(), req); err != nil {
		return err
	}
	return j.queue.Watch(stream.Context(), req.JobId, func(job store.Job) error {
		whole, err := wholeJobProto(job)
		if err != nil {
			return err
		}
		return stream.Send(&tvstatsv1.WatchJobResponse{Job: whole})
	})
}
