package e2e

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/auth"
)

// TestSmallCells: readers do not receive what has too few accounts, but how much that is; others receive it.
func TestSmallCells(t *testing.T) {
	t.Parallel()
	const least = 4
	g := startGuarded(t, func(cfg *app.Config) { cfg.MinCell = least })
	w := randomWorld(rand.New(rand.NewPCG(3, 15)), 1, time.Now())
	backend, reader := g.as(t, auth.Backend), g.as(t, auth.Reader)
	if _, err := oneRequest(g.Sync(backend))(&tvstatsv1.SyncRequest{ClientId: 1, Channels: w.channels, Accounts: w.accounts, Programmes: w.programmes}); err != nil {
		t.Fatal(err)
	}
	if _, err := oneRequest(g.StreamEvents(backend))(&tvstatsv1.StreamEventsRequest{Events: w.events}); err != nil {
		t.Fatal(err)
	}
	client := tvstatsv1.NewAudienceClient(g.conn)
	from, to := timestamppb.New(w.start), timestamppb.New(w.start.Add(time.Duration(w.days)*24*time.Hour))
	rows := &tvstatsv1.GetAudienceRequest{
		ClientId: 1, From: from, To: to, PageSize: 1000,
		GroupBy: []tvstatsv1.Dimension{tvstatsv1.Dimension_DIMENSION_CHANNEL, tvstatsv1.Dimension_DIMENSION_DEVICE},
	}
	wholeRows, err := client.GetAudience(backend, rows)
	if err != nil {
		t.Fatal(err)
	}
	someRows, err := client.GetAudience(reader, rows)
	if err != nil {
		t.Fatal(err)
	}
	wantHidden(t, least, wholeRows.Rows, someRows.Rows, wholeRows.HiddenRows, someRows.HiddenRows)
	flow := &tvstatsv1.GetAudienceFlowRequest{ClientId: 1, From: from, To: to}
	wholeFlows, err := client.GetAudienceFlow(backend, flow)
	if err != nil {
		t.Fatal(err)
	}
	someFlows, err := client.GetAudienceFlow(reader, flow)
	if err != nil {
		t.Fatal(err)
	}
	wantHidden(t, least, wholeFlows.Flows, someFlows.Flows, wholeFlows.HiddenRows, someFlows.HiddenRows)
	job, err := g.StartJob(backend, &tvstatsv1.StartJobRequest{Command: &tvstatsv1.StartJobRequest_GetAudience{GetAudience: rows}})
	if err != nil {
		t.Fatal(err)
	}
	got := resultOf(reader, t, g, job.Job.JobId).GetGetAudience()
	wantHidden(t, least, wholeRows.Rows, got.GetRows(), 0, got.GetHiddenRows())
}

// wantHidden holds what a reader received against what is there.
func wantHidden[T interface{ GetAccounts() int64 }](t *testing.T, least int64, whole, some []T, hiddenOfWhole, hidden int64) {
	t.Helper()
	small := 0
	for _, one := range whole {
		if one.GetAccounts() < least {
			small++
		}
	}
	if small == 0 || len(some) == 0 || hiddenOfWhole != 0 || hidden != int64(small) || len(some) != len(whole)-small {
		t.Errorf("of %d, %d of which are small, a reader received %d, and %d as hidden", len(whole), small, len(some), hidden)
	}
}

// TestAudienceJobs: a job's result is what the call returns.
func TestAudienceJobs(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	w := randomWorld(rand.New(rand.NewPCG(4, 15)), 1, time.Now())
	backend := g.as(t, auth.Backend)
	if _, err := oneRequest(g.Sync(backend))(&tvstatsv1.SyncRequest{ClientId: 1, Channels: w.channels, Accounts: w.accounts, Programmes: w.programmes}); err != nil {
		t.Fatal(err)
	}
	if _, err := oneRequest(g.StreamEvents(backend))(&tvstatsv1.StreamEventsRequest{Events: w.events}); err != nil {
		t.Fatal(err)
	}
	from, to := timestamppb.New(w.start), timestamppb.New(w.start.Add(2*24*time.Hour))
	rows := &tvstatsv1.GetAudienceRequest{ClientId: 1, From: from, To: to, GroupBy: []tvstatsv1.Dimension{tvstatsv1.Dimension_DIMENSION_HOUR}, PageSize: 5}
	ratings := &tvstatsv1.GetProgrammeRatingsRequest{ClientId: 1, From: from, To: to}
	client := tvstatsv1.NewAudienceClient(g.conn)
	wantRows, err := client.GetAudience(backend, rows)
	if err != nil {
		t.Fatal(err)
	}
	wantRatings, err := client.GetProgrammeRatings(backend, ratings)
	if err != nil {
		t.Fatal(err)
	}
	job, err := g.StartJob(backend, &tvstatsv1.StartJobRequest{Command: &tvstatsv1.StartJobRequest_GetAudience{GetAudience: rows}})
	if err != nil {
		t.Fatal(err)
	}
	if got := resultOf(backend, t, g, job.Job.JobId).GetGetAudience(); !proto.Equal(got, wantRows) {
		t.Errorf("got %v, want %v", got, wantRows)
	}
	job, err = g.StartJob(backend, &tvstatsv1.StartJobRequest{Command: &tvstatsv1.StartJobRequest_GetProgrammeRatings{GetProgrammeRatings: ratings}})
	if err != nil {
		t.Fatal(err)
	}
	if got := resultOf(backend, t, g, job.Job.JobId).GetGetProgrammeRatings(); !proto.Equal(got, wantRatings) {
		t.Errorf("got %v, want %v", got, wantRatings)
	}
}

// resultOf waits for the job's end and reads its result as the caller of the context.
func resultOf(ctx context.Context, t *testing.T, jobs tvstatsv1.JobsClient, id string) *tvstatsv1.JobResult {
	t.Helper()
	stream, err := jobs.WatchJob(ctx, &tvstatsv1.WatchJobRequest{JobId: id})
	if err != nil {
		t.Fatal(err)
	}
	var last *tvstatsv1.Job
	for {
		change, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		last = change.Job
	}
	if last.State != tvstatsv1.JobState_JOB_STATE_SUCCEEDED {
		t.Fatalf("the job ended as %v", last)
	}
	got, err := jobs.GetJob(ctx, &tvstatsv1.GetJobRequest{JobId: id})
	if err != nil || !proto.Equal(got.Job, last) {
		t.Fatalf("watched %v, got %v, %v", last, got, err)
	}
	return last.Result
}
