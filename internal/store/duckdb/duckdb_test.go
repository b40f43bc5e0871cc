package duckdb_test

import (
	"testing"

	"github.com/tvstats/tvstats/internal/dynamics/dynamicstest"
	"github.com/tvstats/tvstats/internal/jobs/jobstest"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/store/storetest"
)

// TestStore holds the engine to the whole of internal/store, and, where all worlds are gone through, to what computes from it; else
// that is tested beside those packages alone. Of the stores that a test opens again every other one was made of the parts of the one
// before; where all worlds are gone through, TestPartsAreTheWholeState has that to itself.
func TestStore(t *testing.T) {
	t.Parallel()
	factory := func(t *testing.T) func() store.Store {
		dir, openings := t.TempDir(), 0
		return func() store.Store {
			openings++
			s := open(t, dir)
			if storetest.Whole() || openings%2 == 0 {
				return s
			}
			return &moving{s.(*duckdb.Store), t, func(to string) { dir = to }}
		}
	}
	storetest.Run(t, factory)
	if storetest.Whole() {
		runDependents(t, factory)
	}
}

// runDependents runs the suites of the packages that compute from a store.
func runDependents(t *testing.T, factory storetest.Factory) {
	t.Helper()
	t.Run("package dynamics", func(t *testing.T) { dynamicstest.Run(t, factory) })
	t.Run("package jobs", func(t *testing.T) { jobstest.Run(t, factory) })
}

func open(t *testing.T, dir string) store.Store {
	t.Helper()
	s, err := duckdb.Open(t.Context(), duckdb.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestLeasesEndWithTheProcess: one process owns the file, so that after a restart nobody waits for a lease to run out.
func TestLeasesEndWithTheProcess(t *testing.T) {
	t.Parallel()
	dir, ctx := t.TempDir(), t.Context()
	s := open(t, dir)
	lease := store.Lease{Owner: "first", Until: 1 << 40}
	if err := s.CreateJob(ctx, store.Job{ID: "job"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.LeaseJob(ctx, 0, lease); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	job, err := s.LeaseJob(ctx, 1, store.Lease{Owner: "second", Until: 1 << 40})
	if err != nil || job.ID != "job" || job.Attempts != 2 || job.Failures != 1 {
		t.Errorf("got %+v, %v, want the job's second attempt", job, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
