package e2e

import (
	"slices"
	"testing"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestReplicasShareJobs starts jobs at one of two replicas on one store and watches them at the other: each is run once, and
// its result is there once.
func TestReplicasShareJobs(t *testing.T) {
	t.Parallel()
	mongo := onMongoDB(t)
	replicas := []*testServer{start(t, mongo), start(t, mongo)}
	manyClients(t, replicas[0].address, 1)
	var ids []string
	for i := range 10 {
		ids = append(ids, startJob(t, replicas[i%2], rpctest.ValidChannelSelection()).GetJobId())
	}
	var results []string
	for i, id := range ids {
		job := watchJob(t, replicas[(i+1)%2], id, untilEnd)
		if job.GetState() != tvstatsv1.JobState_JOB_STATE_SUCCEEDED || job.GetAttempts() != 1 {
			t.Errorf("got %v", job)
		}
		results = append(results, job.GetResult().GetCreateChannelSelectionByPopularity().GetSelection().GetSelectionId())
	}
	slices.Sort(results)
	if stored := storedSelections(t, replicas[0]); !slices.Equal(stored, results) {
		t.Errorf("stored are %v, the jobs returned %v", stored, results)
	}
}

// storedSelections are the ids of the selections of client 1, ascending.
func storedSelections(t *testing.T, client tvstatsv1.ViewStatsClient) []string {
	t.Helper()
	listed, err := client.ListSelections(rpctest.Context(t), &tvstatsv1.ListSelectionsRequest{ClientId: 1})
	if err != nil {
		t.Fatal(err)
	}
	var stored []string
	for _, selection := range listed.GetSelections() {
		stored = append(stored, selection.GetSelectionId())
	}
	slices.Sort(stored)
	return stored
}

// TestCancelAtAnotherReplica cancels a build at a replica that runs none.
func TestCancelAtAnotherReplica(t *testing.T) {
	t.Parallel()
	mongo := onMongoDB(t)
	works, idle := start(t, mongo), start(t, mongo, func(cfg *app.Config) { cfg.JobWorkers = 0 })
	manyClients(t, works.address, 1000) // it takes a second until the one knows of the other, in both directions
	id := startJob(t, idle, sortingOfMany(1000)).GetJobId()
	watchJob(t, idle, id, untilRunning)
	if _, err := idle.CancelJob(rpctest.Context(t), &tvstatsv1.CancelJobRequest{JobId: id}); err != nil {
		t.Fatal(err)
	}
	if job := watchJob(t, works, id, untilEnd); job.GetState() != tvstatsv1.JobState_JOB_STATE_CANCELLED || job.GetAttempts() != 1 {
		t.Errorf("got %v", job)
	}
	if got := storedSortings(t, works); got != "0 0 0" {
		t.Errorf("sortings were stored: %s", got)
	}
}

// TestReplicaTakesJobsOver kills a replica with SIGKILL while it builds: another takes the job over when its lease has run
// out.
func TestReplicaTakesJobsOver(t *testing.T) {
	t.Parallel()
	mongo := onMongoDB(t)
	var cfg app.Config
	mongo(&cfg)
	killed, address := startProgram(t, t.TempDir(), "--mongodb-uri="+string(cfg.MongodbURI))
	manyClients(t, address, many)
	client := tvstatsv1.NewJobsClient(rpctest.Connect(t, address))
	id := startJob(t, client, sortingOfMany(many)).GetJobId()
	watchJob(t, client, id, untilRunning)
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed.Wait() //nolint:errcheck // it was killed
	other := start(t, mongo)
	wantDoneOnce(t, other, other, id)
}
