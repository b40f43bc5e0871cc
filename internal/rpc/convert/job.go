package convert

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/store"
)

// CommandOf returns the field of the command and what is in it; nil where there is none.
func CommandOf(r *tvstatsv1.StartJobRequest) (protoreflect.FieldDescriptor, proto.Message) {
	return RequestOf(r, "command")
}

// RequestOf returns the field of the oneof that holds another method's request, and what is in it; nil where there is none.
func RequestOf(r proto.Message, oneof protoreflect.Name) (protoreflect.FieldDescriptor, proto.Message) {
	message := r.ProtoReflect()
	field := message.WhichOneof(message.Descriptor().Oneofs().ByName(oneof))
	if field == nil {
		return nil, nil
	}
	return field, message.Get(field).Message().Interface()
}

// CommandMethods are the methods that a job can do.
func CommandMethods() []string {
	fields := (&tvstatsv1.StartJobRequest{}).ProtoReflect().Descriptor().Oneofs().ByName("command").Fields()
	methods := make([]string, fields.Len())
	for i := range methods {
		methods[i] = CommandMethod(fields.Get(i))
	}
	return methods
}

// CommandMethod is the method whose request the field holds.
func CommandMethod(field protoreflect.FieldDescriptor) string {
	return strings.TrimSuffix(string(field.Message().Name()), "Request")
}

// Job is a job without its result.
func Job(j store.Job) *tvstatsv1.Job {
	return &tvstatsv1.Job{
		JobId: j.ID, Method: j.Method, ClientIds: j.ClientIDs, Schedule: j.Schedule, State: tvstatsv1.JobState(j.State),
		Progress: j.Progress, CreatedAt: Time(j.CreatedAt), StartedAt: knownTime(j.StartedAt),
		FinishedAt: knownTime(j.FinishedAt), Attempts: j.Attempts, Error: j.Error,
	}
}

// WholeJob is a job with its result, if it has one.
func WholeJob(j store.Job) (*tvstatsv1.Job, error) {
	job := Job(j)
	if j.State != store.JobSucceeded {
		return job, nil
	}
	job.Result = &tvstatsv1.JobResult{}
	if err := proto.Unmarshal(j.Result, job.Result); err != nil {
		return nil, fmt.Errorf("read the result of job %q: %w", j.ID, err)
	}
	return job, nil
}
