package main

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/store"
)

// commandOf answers the field of the command and what is in it; nil where there is none.
func commandOf(r *tvstatsv1.StartJobRequest) (protoreflect.FieldDescriptor, proto.Message) {
	message := r.ProtoReflect()
	field := message.WhichOneof(message.Descriptor().Oneofs().ByName("command"))
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

// jobProto is a job without its result.
func jobProto(j store.Job) *tvstatsv1.Job {
	return &tvstatsv1.Job{
		JobId: j.ID, Method: j.Method, ClientIds: j.ClientIDs, Schedule: j.Schedule, State: tvstatsv1.JobState(j.State),
		Progress: j.Progress, CreatedAt: timeProto(j.CreatedAt), StartedAt: knownTimeProto(j.StartedAt),
		FinishedAt: knownTimeProto(j.FinishedAt), Attempts: j.Attempts, Error: j.Error,
	}
}

// wholeJobProto is a job with its result, if it has one.
func wholeJobProto(j store.Job) (*tvstatsv1.Job, error) {
	job := jobProto(j)
	if j.State != store.JobSucceeded {
		return job, nil
	}
	job.Result = &tvstatsv1.JobResult{}
	if err := proto.Unmarshal(j.Result, job.Result); err != nil {
		return nil, fmt.Errorf("read the result of job %q: %w", j.ID, err)
	}
	return job, nil
}
