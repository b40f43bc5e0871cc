// Package jobs is the service Jobs, and the work that jobs do.
package jobs

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/jobs"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/page"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// defaultJobs is the page size of lists of jobs.
const defaultJobs = 100

// Server is the service Jobs. Its requests have passed validate, and its errors become statuses in callError.
type Server struct {
	tvstatsv1.UnimplementedJobsServer
	Queue   *jobs.Queue
	Store   store.JobStore
	Catalog catalog.ClientReader
	Now     func() time.Time
	NewID   func() string
}

// StartJob stores a job.
func (j *Server) StartJob(ctx context.Context, req *tvstatsv1.StartJobRequest) (*tvstatsv1.StartJobResponse, error) {
	job, err := newJob(j.NewID(), req, viewing.At(j.Now()))
	if err != nil {
		return nil, err
	}
	for _, client := range job.ClientIDs {
		if err := catalog.Known(ctx, j.Catalog, client); err != nil {
			return nil, err
		}
	}
	if err := j.Queue.Add(ctx, job); err != nil {
		return nil, err
	}
	return &tvstatsv1.StartJobResponse{Job: convert.Job(job)}, nil
}

// newJob is a job that does what is requested. Where that is to be done as of now it is now for every attempt.
func newJob(id string, req *tvstatsv1.StartJobRequest, now viewing.Millis) (store.Job, error) {
	field, command := convert.CommandOf(req)
	message, asOf := command.ProtoReflect(), field.Message().Fields().ByName("as_of")
	if asOf != nil && !message.Has(asOf) { // reads of the audience say themselves which time they are of
		message.Set(asOf, protoreflect.ValueOfMessage(convert.Time(now).ProtoReflect()))
	}
	request, err := proto.Marshal(req)
	return store.Job{
		ID: id, Method: convert.CommandMethod(field), ClientIDs: intercept.ClientsOf(command),
		CreatedAt: now, State: store.JobQueued, Request: request,
	}, err
}

// GetJob returns one job.
func (j *Server) GetJob(ctx context.Context, req *tvstatsv1.GetJobRequest) (*tvstatsv1.GetJobResponse, error) {
	job, err := j.job(ctx, req)
	if err != nil {
		return nil, err
	}
	whole, err := convert.WholeJob(job)
	return &tvstatsv1.GetJobResponse{Job: whole}, err
}

// job returns a job that the caller may see.
func (j *Server) job(ctx context.Context, req convert.OfJob) (store.Job, error) {
	job, err := j.Store.Job(ctx, req.GetJobId())
	if err != nil {
		return job, err
	}
	return job, intercept.OwnJob(ctx, job)
}

// ListJobs pages through the jobs that the caller may see, newest first.
func (j *Server) ListJobs(ctx context.Context, req *tvstatsv1.ListJobsRequest) (*tvstatsv1.ListJobsResponse, error) {
	after, err := page.After[store.ResultKey](req)
	if err != nil {
		return nil, err
	}
	limit := page.Size(req, defaultJobs)
	found, err := j.own(ctx, store.JobQuery{ClientID: req.ClientId, After: after, Limit: limit + 1})
	if err != nil {
		return nil, err
	}
	listed, next := page.Of(limit, found, convert.Job, jobKey)
	return &tvstatsv1.ListJobsResponse{Jobs: listed, NextPageToken: next}, nil
}

func jobKey(job store.Job) store.ResultKey {
	return store.ResultKey{CreatedAt: job.CreatedAt, ID: job.ID}
}

// own returns the page without the jobs that the caller may not see, filled up from the pages after it.
func (j *Server) own(ctx context.Context, query store.JobQuery) ([]store.Job, error) {
	var own []store.Job
	for {
		listed, err := j.Store.Jobs(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, job := range listed {
			if intercept.OwnJob(ctx, job) == nil && len(own) < query.Limit {
				own = append(own, job)
			}
		}
		if len(listed) < query.Limit || len(own) == query.Limit {
			return own, nil
		}
		last := jobKey(listed[len(listed)-1])
		query.After = &last
	}
}

// CancelJob requests the end of a job.
func (j *Server) CancelJob(ctx context.Context, req *tvstatsv1.CancelJobRequest) (*tvstatsv1.CancelJobResponse, error) {
	if _, err := j.job(ctx, req); err != nil {
		return nil, err
	}
	job, err := j.Queue.Cancel(ctx, req.JobId)
	if err != nil {
		return nil, err
	}
	whole, err := convert.WholeJob(job)
	return &tvstatsv1.CancelJobResponse{Job: whole}, err
}

// WatchJob sends a job until it has ended.
func (j *Server) WatchJob(req *tvstatsv1.WatchJobRequest, stream grpc.ServerStreamingServer[tvstatsv1.WatchJobResponse]) error {
	if _, err := j.job(stream.Context(), req); err != nil {
		return err
	}
	return j.Queue.Watch(stream.Context(), req.JobId, func(job store.Job) error {
		whole, err := convert.WholeJob(job)
		if err != nil {
			return err
		}
		return stream.Send(&tvstatsv1.WatchJobResponse{Job: whole})
	})
}
