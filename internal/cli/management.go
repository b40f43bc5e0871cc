package cli

import (
	"context"
	"fmt"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// management is what all management commands have in common.
type management struct {
	Connection
	AsOf   instant `name:"as_of" placeholder:"TIME" help:"Do it as of this time instead of now: a day (2026-03-02, from its midnight UTC), a time (2026-03-02T06:00:00Z, \"2026-03-02 06:00\" in UTC), today, yesterday, or -7d."`
	Async  bool    `help:"Do it in the background: start a job and print its id."`
	Wait   bool    `help:"Do it in the background, show how far the job is and print what it has done."`
	Output string  `enum:"table,json" default:"table" help:"How to print what was done: ${enum}. JSON is what grpcurl prints."`
	OldSettings
}

// OldSettings is the flag of older cron lines that means nothing here.
type OldSettings struct {
	Settings string `help:"Accepted for the sake of older cron lines, and ignored."`
}

// Note reports that the flag had no effect.
func (s OldSettings) Note() {
	if s.Settings != "" {
		fmt.Fprintf(os.Stderr, "note: --settings=%s is ignored\n", s.Settings)
	}
}

// work is what a command requests: to do it now, or to have it done by a job.
type work struct {
	now func(context.Context, *grpc.ClientConn) (proto.Message, error)
	job *tvstatsv1.StartJobRequest
}

// run has the work done and prints what was done.
func (m *management) run(ctx context.Context, w work) error {
	m.Note()
	connection, err := m.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	done, err := m.do(ctx, w, connection)
	if err != nil {
		return err
	}
	for _, note := range notes(done) {
		fmt.Fprintln(os.Stderr, "note:", note)
	}
	if m.Output == "json" {
		return printJSON(os.Stdout, done)
	}
	return printResult(ctx, os.Stdout, done, connection)
}

// do returns the method's response, or the job that will call it.
func (m *management) do(ctx context.Context, w work, connection *grpc.ClientConn) (proto.Message, error) {
	if !m.Async && !m.Wait {
		return w.now(ctx, connection)
	}
	job, err := start(ctx, connection, w.job, m.Wait)
	if err != nil || !m.Wait {
		return job, err
	}
	return resultOf(job)
}
