package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/plaintext"
)

// Jobs has the commands that look after long work.
type Jobs struct {
	List   jobsList   `cmd:"" help:"List jobs, the newest first."`
	Show   jobsShow   `cmd:"" help:"Show a job, and what it has done."`
	Watch  jobsWatch  `cmd:"" help:"Show how far a job is until it has ended. The exit code is 1 where it failed or was cancelled."`
	Cancel jobsCancel `cmd:"" help:"Cancel a job."`
}

// printed is how commands that look after things print them.
type printed struct {
	Connection
	Output string `enum:"table,json" default:"table" help:"How to print: ${enum}. JSON is what grpcurl prints."`
}

// with connects, and prints what ask returns.
func (p *printed) with(
	ctx context.Context, ask func(context.Context, *grpc.ClientConn) (proto.Message, error),
	table func(io.Writer, proto.Message, *grpc.ClientConn) error,
) error {
	connection, err := p.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	answer, err := ask(ctx, connection)
	if err != nil {
		return err
	}
	if p.Output == "json" {
		return printJSON(os.Stdout, answer)
	}
	return table(os.Stdout, answer, connection)
}

// some bounds a list.
type some struct {
	Limit int32 `default:"20" placeholder:"N" help:"How many to list at most, 1 to 1000."`
}

func (s *some) validate() error { return flags.Within("--limit", s.Limit, 1, 1000) }

type jobsList struct {
	printed
	some
	ClientID int32 `placeholder:"ID" help:"Only jobs for this operator; all by default."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *jobsList) Validate() error { return errors.Join(c.Connection.Validate(), c.validate()) }

// Run lists jobs.
func (c *jobsList) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
		return tvstatsv1.NewJobsClient(to).ListJobs(ctx, &tvstatsv1.ListJobsRequest{ClientId: c.ClientID, PageSize: c.Limit})
	}, func(out io.Writer, answer proto.Message, _ *grpc.ClientConn) error {
		table := newTable(out)
		fmt.Fprintln(table, "job\tmethod\tstate\tdone\tcreated\tfinished\terror")
		for _, job := range answer.(*tvstatsv1.ListJobsResponse).Jobs {
			fmt.Fprintf(table, "%s\t%s\t%s\t%3.0f %%\t%s\t%s\t%s\n", job.JobId, job.Method, stateName(job.State), 100*job.Progress,
				when(job.CreatedAt), when(job.FinishedAt), plaintext.ForTerminal(job.Error))
		}
		return table.Flush()
	})
}

// when is a time for people; empty where there is none.
func when(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().Format(time.RFC3339)
}

// oneJob names a job.
type oneJob struct {
	printed
	ID string `arg:"" name:"job-id" help:"The id that starting the job printed."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *oneJob) Validate() error { return c.Connection.Validate() }

func printJob(out io.Writer, job *tvstatsv1.Job) error {
	table := newTable(out)
	for _, row := range [][2]string{
		{"job", job.JobId}, {"method", job.Method}, {"clients", fmt.Sprint(job.ClientIds)}, {"schedule", job.Schedule},
		{"state", stateName(job.State)}, {"done", fmt.Sprintf("%.0f %%", 100*job.Progress)}, {"created", when(job.CreatedAt)},
		{"started", when(job.StartedAt)}, {"finished", when(job.FinishedAt)}, {"attempts", fmt.Sprint(job.Attempts)},
		{"error", plaintext.ForTerminal(job.Error)},
	} {
		if row[1] != "" && row[1] != "[]" {
			fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
		}
	}
	return table.Flush()
}

type jobsShow struct{ oneJob }

// Run shows a job.
func (c *jobsShow) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
		answer, err := tvstatsv1.NewJobsClient(to).GetJob(ctx, &tvstatsv1.GetJobRequest{JobId: c.ID})
		return answer.GetJob(), err
	}, func(out io.Writer, answer proto.Message, to *grpc.ClientConn) error {
		job := answer.(*tvstatsv1.Job)
		if err := printJob(out, job); err != nil || job.State != tvstatsv1.JobState_JOB_STATE_SUCCEEDED {
			return err
		}
		result, err := resultOf(job)
		if err != nil {
			return err
		}
		return printResult(ctx, out, result, to)
	})
}

type jobsWatch struct{ oneJob }

// Run watches a job.
func (c *jobsWatch) Run(ctx context.Context) error {
	var ended *tvstatsv1.Job
	err := c.with(ctx, func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
		stream, err := tvstatsv1.NewJobsClient(to).WatchJob(ctx, &tvstatsv1.WatchJobRequest{JobId: c.ID})
		if err != nil {
			return nil, err
		}
		ended, err = watch(stream, newJobProgress(os.Stderr))
		return ended, err
	}, func(out io.Writer, _ proto.Message, _ *grpc.ClientConn) error { return printJob(out, ended) })
	if err == nil && ended.State != tvstatsv1.JobState_JOB_STATE_SUCCEEDED {
		_, err = resultOf(ended)
	}
	return err
}

type jobsCancel struct{ oneJob }

// Run cancels a job.
func (c *jobsCancel) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
		answer, err := tvstatsv1.NewJobsClient(to).CancelJob(ctx, &tvstatsv1.CancelJobRequest{JobId: c.ID})
		return answer.GetJob(), err
	}, func(out io.Writer, answer proto.Message, _ *grpc.ClientConn) error {
		return printJob(out, answer.(*tvstatsv1.Job))
	})
}
