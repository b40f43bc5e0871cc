package jobs

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/rpc/fault"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/page"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Work does jobs by the commands of the domain that calls run too, so that a job's result is a call's response. It is a
// jobs.Work.
type Work struct {
	Builder  *ranking.Builder
	Dynamics *dynamics.Dynamics
	Audience Audience
	Pages    page.Seal
	Building func(method string) (done func() time.Duration) // observes a command
	Now      func() time.Time
}

// Audience are the reads that jobs can do.
type Audience interface {
	GetAudience(ctx context.Context, req *tvstatsv1.GetAudienceRequest) (*tvstatsv1.GetAudienceResponse, error)
	GetProgrammeRatings(ctx context.Context, req *tvstatsv1.GetProgrammeRatingsRequest) (*tvstatsv1.GetProgrammeRatingsResponse, error)
}

// Do runs the command of the job and returns its JobResult.
func (w *Work) Do(ctx context.Context, job store.Job, progress func(done float64)) ([]byte, error) {
	request := &tvstatsv1.StartJobRequest{}
	if err := proto.Unmarshal(job.Request, request); err != nil {
		return nil, fmt.Errorf("read job %q: %w", job.ID, err)
	}
	field, command := convert.CommandOf(request)
	if command == nil { // a newer version of the program stored it
		return nil, fmt.Errorf("%w: the command of job %q", errors.ErrUnsupported, job.ID)
	}
	defer w.Building(convert.CommandMethod(field))()
	response, err := w.attempt(job, progress).run(ctx, command)
	if err != nil {
		return nil, err
	}
	if r, ok := command.(convert.Scope); ok && r.GetDryRun() && proto.Size(response) > page.MaxBytes {
		return nil, fault.InvalidArgument("dry_run", fmt.Sprintf("the result would have %d bytes, and jobs keep at most %d of what is stored nowhere else; "+
			"ask for fewer clients or a smaller selection", proto.Size(response), page.MaxBytes))
	}
	return proto.Marshal(jobResult(field.Name(), response))
}

// Explain says of an error what a caller may read.
func (*Work) Explain(err error) string { return intercept.Explain(err) }

// attempt is an attempt at a job: it reports how far it is, and its results have the same ids at every attempt.
type attempt struct {
	builder  *ranking.Builder
	dynamics *dynamics.Dynamics
	audience Audience
	pages    page.Seal
	now      viewing.Millis
	progress func(done float64)
}

func (w *Work) attempt(job store.Job, progress func(done float64)) *attempt {
	results, now := 0, viewing.At(w.Now())
	return &attempt{
		builder: w.Builder.Again(func() string {
			results++
			return derivedID(job.ID, strconv.Itoa(results))
		}, progress),
		dynamics: w.Dynamics.At(now), audience: w.Audience, pages: w.Pages, now: now, progress: progress,
	}
}

func (a *attempt) run(ctx context.Context, command proto.Message) (proto.Message, error) {
	switch r := command.(type) {
	case *tvstatsv1.CreateChannelSortingByPopularityRequest:
		sortings, err := a.builder.ChannelSortings(ctx, r.ClientIds, convert.Question(r, a.now), a.now)
		return convert.SortingsCreated(sortings), err
	case *tvstatsv1.CreateChannelSelectionByPopularityRequest:
		selection, err := a.builder.Selection(ctx, convert.Question(r, a.now), r.SelectionName, a.now)
		return convert.ChannelSelectionCreated(selection), err
	case *tvstatsv1.CreateEpgSelectionByPopularityRequest:
		selection, err := a.builder.Selection(ctx, convert.Question(r, a.now), r.SelectionName, a.now)
		return convert.ProgrammeSelectionCreated(selection), err
	case *tvstatsv1.CacheMaxOnlineRequest:
		done, err := a.dynamics.CacheMaxOnline(ctx, convert.DynamicsCommand(r, a.now), a.progress)
		return convert.MaxOnlineCached(done, intercept.Explain), err
	case *tvstatsv1.SaveStatsRequest:
		done, err := a.dynamics.SaveStats(ctx, convert.DynamicsCommand(r, a.now), a.progress)
		return convert.StatsSaved(done, intercept.Explain), err
	case *tvstatsv1.CollectDailyStatsRequest:
		done, err := a.dynamics.CollectDailyStats(ctx, convert.DynamicsCommand(r, a.now), a.progress)
		return convert.DailyStatsCollected(done, intercept.Explain), err
	case *tvstatsv1.CacheCustomersDynamicRequest:
		done, err := a.dynamics.CacheCustomersDynamic(ctx, convert.DynamicsCommand(r, a.now), a.progress)
		return convert.CustomersDynamicCached(done, intercept.Explain), err
	case *tvstatsv1.GetAudienceRequest:
		return pageOf(ctx, a.pages, r, a.audience.GetAudience)
	case *tvstatsv1.GetProgrammeRatingsRequest:
		return pageOf(ctx, a.pages, r, a.audience.GetProgrammeRatings)
	default:
		return nil, fmt.Errorf("%w: command %T", errors.ErrUnsupported, command)
	}
}

// pageOf reads a page of a list as a call does, whose tokens are sealed.
func pageOf[Q, R proto.Message](ctx context.Context, pages page.Seal, req Q, read func(context.Context, Q) (R, error)) (proto.Message, error) {
	response, err := pages.Unary(ctx, req, nil, func(ctx context.Context, _ any) (any, error) { return read(ctx, req) })
	if err != nil {
		return nil, err
	}
	return response.(R), nil
}

// jobResult puts a method's response into the field that is named as that of its request. Rankings that would make it larger
// than a response may be are left out.
func jobResult(field protoreflect.Name, response proto.Message) *tvstatsv1.JobResult {
	if proto.Size(response) > page.MaxBytes {
		leaveOutRankings(response)
	}
	result := &tvstatsv1.JobResult{}
	message := result.ProtoReflect()
	message.Set(message.Descriptor().Fields().ByName(field), protoreflect.ValueOfMessage(response.ProtoReflect()))
	return result
}

// leaveOutRankings removes from a response what can be read by its ids.
func leaveOutRankings(response proto.Message) {
	switch r := response.(type) {
	case *tvstatsv1.CreateChannelSortingByPopularityResponse:
		for _, sorting := range r.Sortings {
			sorting.Channels = nil
		}
	case *tvstatsv1.CreateChannelSelectionByPopularityResponse:
		r.Selection.Channels = nil
	case *tvstatsv1.CreateEpgSelectionByPopularityResponse:
		r.Selection.Programmes = nil
	}
}

// derivedID is the id of something that may be made several times and is to be there once: equal parts give equal ids.
func derivedID(whole, part string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("tvstats:"+whole+"/"+part)).String()
}

// Scheduled is the job of an entry at one time, for all clients. Every replica makes it with the same id, and so it is
// stored once.
func Scheduled(entry string, at viewing.Millis) (store.Job, error) {
	request := &tvstatsv1.StartJobRequest{}
	message := request.ProtoReflect()
	command := message.Descriptor().Fields().ByName(protoreflect.Name(entry))
	message.Set(command, message.NewField(command))
	job, err := newJob(derivedID(entry, at.Time().Format(time.RFC3339)), request, at)
	job.Schedule = entry
	return job, err
}
