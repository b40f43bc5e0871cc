package e2e

import (
	"errors"
	"testing"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	rpcjobs "github.com/tvstats/tvstats/internal/rpc/jobs"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestScheduledJobsRun puts a job of each entry into the store of a service that is not running, and looks at what becomes
// of them when it starts.
func TestScheduledJobsRun(t *testing.T) {
	t.Parallel()
	s := startWatched(t)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	db, err := duckdb.Open(t.Context(), duckdb.Options{Dir: s.dir})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for entry := range app.DefaultSchedule {
		job, err := rpcjobs.Scheduled(entry, viewing.At(time.Now()))
		if err := errors.Join(err, db.CreateJob(t.Context(), job)); err != nil {
			t.Fatal(err)
		}
		ids[entry] = job.ID
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s = start(t, func(cfg *app.Config) { cfg.DataDir = s.dir })
	for entry, id := range ids {
		job := watchJob(t, s, id, untilEnd)
		if job.GetState() != tvstatsv1.JobState_JOB_STATE_SUCCEEDED || job.GetSchedule() != entry || len(job.GetClientIds()) != 0 {
			t.Errorf("got %v", job)
		}
		if done := answerOf(job).(interface{ GetClients() int32 }); done.GetClients() != 1 {
			t.Errorf("%s did %v", entry, done)
		}
	}
	t.Run("console", func(t *testing.T) { startBrowser(t, s.web).wantSchedule(t, ids) })
}
