package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store/duckdb"
)

// many clients make a build take seconds.
const many = 300

// manyClients makes clients 1 to n, each with one session.
func manyClients(t *testing.T, address string, n int) {
	t.Helper()
	batch := rpctest.Events(n)
	for i, event := range batch.Events {
		event.ClientId = int32(i + 1)
	}
	stream(t, address, batch.Events, n)
}

// sortingOfMany requests sortings of clients 1 to n.
func sortingOfMany(n int) *rpctest.SortingRequest {
	return rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) {
		r.ClientIds = nil
		for i := range n {
			r.ClientIds = append(r.ClientIds, int32(i+1))
		}
	})
}

// storedSortings counts the sortings of some clients of many.
func storedSortings(t *testing.T, client tvstatsv1.ViewStatsClient) string {
	t.Helper()
	var counts []string
	for _, id := range []int32{1, many / 2, many} {
		listed, err := client.ListChannelSortings(rpctest.Context(t), &tvstatsv1.ListChannelSortingsRequest{ClientId: id})
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, fmt.Sprint(len(listed.GetSortings())))
	}
	return strings.Join(counts, " ")
}

// TestCancelLongBuild: a build that is cancelled while it runs stores nothing.
func TestCancelLongBuild(t *testing.T) {
	t.Parallel()
	s := start(t)
	manyClients(t, s.address, many)
	id := startJob(t, s, sortingOfMany(many)).GetJobId()
	watchJob(t, s, id, untilRunning)
	asked := time.Now()
	if _, err := s.CancelJob(rpctest.Context(t), &tvstatsv1.CancelJobRequest{JobId: id}); err != nil {
		t.Fatal(err)
	}
	job := watchJob(t, s, id, untilEnd)
	if job.GetState() != tvstatsv1.JobState_JOB_STATE_CANCELLED || job.GetProgress() == 1 || job.GetAttempts() != 1 || job.GetResult() != nil {
		t.Errorf("got %v", job)
	}
	t.Logf("cancelled after %v, %.0f %% done", time.Since(asked), 100*job.GetProgress())
	if got := storedSortings(t, s); got != "0 0 0" {
		t.Errorf("sortings were stored: %s", got)
	}
}

// TestJobGoesOnAfterRestart stops the service in order while it builds: the job is handed back and done by the next.
func TestJobGoesOnAfterRestart(t *testing.T) {
	t.Parallel()
	s := start(t)
	manyClients(t, s.address, many)
	id := startJob(t, s, sortingOfMany(many)).GetJobId()
	watchJob(t, s, id, untilRunning)
	s = restart(t, s)
	wantDoneOnce(t, s, s, id)
}

// TestJobGoesOnAfterKill kills the service with SIGKILL while it builds: the next one takes the job over at once.
func TestJobGoesOnAfterKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, address := startProgram(t, dir)
	manyClients(t, address, many)
	client := tvstatsv1.NewJobsClient(rpctest.Connect(t, address))
	id := startJob(t, client, sortingOfMany(many)).GetJobId()
	watchJob(t, client, id, untilRunning)
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	server.Wait() //nolint:errcheck // it was killed
	_, address = startProgram(t, dir)
	conn := rpctest.Connect(t, address)
	wantDoneOnce(t, tvstatsv1.NewViewStatsClient(conn), tvstatsv1.NewJobsClient(conn), id)
}

// wantDoneOnce waits for a job that was broken off once, and looks for what it stored.
func wantDoneOnce(t *testing.T, stats tvstatsv1.ViewStatsClient, client tvstatsv1.JobsClient, id string) {
	t.Helper()
	job := watchJob(t, client, id, untilEnd)
	if job.GetState() != tvstatsv1.JobState_JOB_STATE_SUCCEEDED || job.GetAttempts() != 2 || job.GetProgress() != 1 {
		t.Errorf("got %.500v", job)
	}
	sortings := job.GetResult().GetCreateChannelSortingByPopularity().GetSortings()
	if len(sortings) != many {
		t.Fatalf("the result has %d sortings", len(sortings))
	}
	if got := storedSortings(t, stats); got != "1 1 1" {
		t.Errorf("sortings are stored %s times", got)
	}
	stored, err := stats.GetChannelSorting(rpctest.Context(t), &tvstatsv1.GetChannelSortingRequest{SortingId: sortings[many-1].GetSortingId()})
	wantAll(t, err, []*tvstatsv1.ChannelSorting{stored.GetSorting()}, sortings[many-1:])
}

// TestResultsOfAnAttemptBefore does jobs a second time, as after a kill between storing the result and ending the job: the
// second attempt returns what the first has stored, though there is more to count meanwhile.
func TestResultsOfAnAttemptBefore(t *testing.T) {
	t.Parallel()
	s := startWatched(t)
	var first []*tvstatsv1.Job
	for _, command := range builders(timestamppb.New(time.Now().Add(time.Hour))) {
		first = append(first, watchJob(t, s, startJob(t, s, command).GetJobId(), untilEnd))
	}
	stream(t, s.address, oneEvent().Events, 1)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	forgetEnds(t, s.dir, first)
	s = start(t, func(cfg *app.Config) { cfg.DataDir = s.dir })
	for _, want := range first {
		if got := watchJob(t, s, want.GetJobId(), untilEnd); !proto.Equal(got.GetResult(), want.GetResult()) {
			t.Errorf("the second attempt returned\n%v\nthe first\n%v", got.GetResult(), want.GetResult())
		}
	}
	listed, err := s.ListSelections(rpctest.Context(t), &tvstatsv1.ListSelectionsRequest{ClientId: 1})
	if err != nil || len(listed.GetSelections()) != 2 {
		t.Errorf("%d selections are stored, want 2: %v", len(listed.GetSelections()), err)
	}
}

// forgetEnds puts ended jobs of a stopped service back into the queue.
func forgetEnds(t *testing.T, dir string, jobs []*tvstatsv1.Job) {
	t.Helper()
	db, err := duckdb.Open(t.Context(), duckdb.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the service opens it again
	for _, ended := range jobs {
		job, err := db.Job(t.Context(), ended.GetJobId())
		err = errors.Join(err, db.DeleteJobs(t.Context(), job.FinishedAt+1), db.CreateJob(t.Context(), job))
		if err != nil {
			t.Fatal(err)
		}
	}
}
