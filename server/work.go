package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/store"
)

// work does jobs by calling the methods that callers call, so that a job's answer is a call's. It is a jobs.Work.
type work struct {
	viewStats *viewStats
	dynamics  *subscriberDynamics
	audience  *audienceServer
}

// Do runs the command of the job and answers its JobResult.
func (w *work) Do(ctx context.Context, job store.Job, progress func(done float64)) ([]byte, error) {
	request := &tvstatsv1.StartJobRequest{}
	if err := proto.Unmarshal(job.Request, request); err != nil {
		return nil, fmt.Errorf("read job %q: %w", job.ID, err)
	}
	field, command := commandOf(request)
	response, err := w.attempt(job, progress).call(ctx, command)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(jobResult(field.Name(), response))
}

// Explain says of an error what a call would be told.
func (*work) Explain(err error) string { return ruleFor(err).message(err) }

// attempt is the work for an attempt at a job: it tells how far it is, and its results have the same ids at every attempt.
func (w *work) attempt(job store.Job, progress func(done float64)) *work {
	stats, dynamics, results := *w.viewStats, *w.dynamics, 0
	stats.builder = stats.builder.Again(func() string {
		results++
		return derivedID(job.ID, strconv.Itoa(results))
	}, progress)
	dynamics.progress = progress
	return &work{&stats, &dynamics, w.audience}
}

func (w *work) call(ctx context.Context, command proto.Message) (proto.Message, error) {
	switch r := command.(type) {
	case *tvstatsv1.CreateChannelSortingByPopularityRequest:
		return w.viewStats.CreateChannelSortingByPopularity(ctx, r)
	case *tvstatsv1.CreateChannelSelectionByPopularityRequest:
		return w.viewStats.CreateChannelSelectionByPopularity(ctx, r)
	case *tvstatsv1.CreateEpgSelectionByPopularityRequest:
		return w.viewStats.CreateEpgSelectionByPopularity(ctx, r)
	case *tvstatsv1.CacheMaxOnlineRequest:
		return w.dynamics.CacheMaxOnline(ctx, r)
	case *tvstatsv1.SaveStatsRequest:
		return w.dynamics.SaveStats(ctx, r)
	case *tvstatsv1.CollectDailyStatsRequest:
		return w.dynamics.CollectDailyStats(ctx, r)
	case *tvstatsv1.CacheCustomersDynamicRequest:
		return w.dynamics.CacheCustomersDynamic(ctx, r)
	case *tvstatsv1.GetAudienceRequest:
		return w.audience.GetAudience(ctx, r)
	case *tvstatsv1.GetProgrammeRatingsRequest:
		return w.audience.GetProgrammeRatings(ctx, r)
	default: // a newer version of the program stored it
		return nil, fmt.Errorf("%w: command %T", errors.ErrUnsupported, command)
	}
}

// commandOf returns the field of the command and what is in it; nil where there is none.
func commandOf(r *tvstatsv1.StartJobRequest) (protoreflect.FieldDescriptor, proto.Message) {
	return requestOf(r, "command")
}

// requestOf returns the field of the oneof that holds another method's request, and what is in it; nil where there is none.
func requestOf(r proto.Message, oneof protoreflect.Name) (protoreflect.FieldDescriptor, proto.Message) {
	message := r.ProtoReflect()
	field := message.WhichOneof(message.Descriptor().Oneofs().ByName(oneof))
	if field == nil {
		return nil, nil
	}
	return field, message.Get(field).Message().Interface()
}

// commandMethods are the methods that a job can do.
func commandMethods() []string {
	fields := (&tvstatsv1.StartJobRequest{}).ProtoReflect().Descriptor().Oneofs().ByName("command").Fields()
	methods := make([]string, fields.Len())
	for i := range methods {
		methods[i] = commandMethod(fields.Get(i))
	}
	return methods
}

// commandMethod is the method whose request the field holds.
func commandMethod(field protoreflect.FieldDescriptor) string {
	return strings.TrimSuffix(string(field.Message().Name()), "Request")
}

// jobResult puts a method's answer into the field that is named as that of its request. Rankings that would make it larger
// than a response may be are left out.
func jobResult(field protoreflect.Name, response proto.Message) *tvstatsv1.JobResult {
	if proto.Size(response) > maxPageBytes {
		leaveOutRankings(response)
	}
	result := &tvstatsv1.JobResult{}
	message := result.ProtoReflect()
	message.Set(message.Descriptor().Fields().ByName(field), protoreflect.ValueOfMessage(response.ProtoReflect()))
	return result
}

// leaveOutRankings takes out of an answer what can be read by its ids.
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
