package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// start starts a job and returns it, as it is now or, where it is to be waited for, as it has ended.
func start(ctx context.Context, to *grpc.ClientConn, request *tvstatsv1.StartJobRequest, wait bool) (*tvstatsv1.Job, error) {
	jobs := tvstatsv1.NewJobsClient(to)
	started, err := jobs.StartJob(ctx, request)
	if err != nil || !wait {
		return started.GetJob(), err
	}
	stream, err := jobs.WatchJob(ctx, &tvstatsv1.WatchJobRequest{JobId: started.Job.JobId})
	if err != nil {
		return nil, err
	}
	job, err := watch(stream, newJobProgress(os.Stderr))
	if err != nil {
		return nil, fmt.Errorf("job %s goes on, but cannot be watched: %w", started.Job.JobId, err)
	}
	return job, nil
}

// watch shows a job until it has ended.
func watch(stream grpc.ServerStreamingClient[tvstatsv1.WatchJobResponse], shown *jobProgress) (*tvstatsv1.Job, error) {
	defer shown.Close()
	var job *tvstatsv1.Job
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return job, nil
		}
		if err != nil {
			return nil, err
		}
		job = response.Job
		shown.Changed(job)
	}
}

// resultOf is what the method of a job that has ended would have returned.
func resultOf(job *tvstatsv1.Job) (proto.Message, error) {
	if job.State != tvstatsv1.JobState_JOB_STATE_SUCCEEDED {
		return nil, errors.New(strings.TrimSuffix(fmt.Sprintf("job %s %s: %s", job.JobId, stateName(job.State), job.Error), ": "))
	}
	result := job.Result.ProtoReflect()
	return result.Get(result.WhichOneof(result.Descriptor().Oneofs().ByName("response"))).Message().Interface(), nil
}

// stateName is a state as people say it: "running".
func stateName(state tvstatsv1.JobState) string {
	return strings.ToLower(strings.TrimPrefix(state.String(), "JOB_STATE_"))
}

// jobProgress shows how far a job is: a bar on a terminal, elsewhere a line whenever its state changes.
type jobProgress struct {
	out   io.Writer
	bar   *progressbar.ProgressBar // nil where out is no terminal
	state tvstatsv1.JobState
}

// barSteps are what the whole of a job is on the bar.
const barSteps = 1000

func newJobProgress(out *os.File) *jobProgress {
	p := &jobProgress{out: out}
	if term.IsTerminal(int(out.Fd())) {
		p.bar = progressbar.NewOptions(barSteps, progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(30),
			progressbar.OptionClearOnFinish())
	}
	return p
}

// Changed shows a job as it is now.
func (p *jobProgress) Changed(job *tvstatsv1.Job) {
	if p.bar != nil {
		p.bar.Describe("job " + job.JobId + " " + stateName(job.State))
		_ = p.bar.Set(int(math.Floor(job.Progress * (barSteps - 1)))) // a full bar would end; Close does that
		return
	}
	if job.State != p.state {
		p.state = job.State
		fmt.Fprintf(p.out, "job %s %s\n", job.JobId, stateName(job.State))
	}
}

// Close takes the bar away.
func (p *jobProgress) Close() {
	if p.bar != nil {
		_ = p.bar.Exit()
		_ = p.bar.Clear()
	}
}
