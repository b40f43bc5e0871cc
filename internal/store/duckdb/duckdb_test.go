package duckdb_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// TestPathsThatCannotBeOpened: a path of which the driver would take a part for settings is refused, and nothing is made there.
func TestPathsThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a#b", "a?b", "a%zb"} {
		dir := filepath.Join(t.TempDir(), name)
		if s, err := duckdb.Open(t.Context(), duckdb.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "--data-dir") {
			t.Errorf("%s: %v, %v", name, s, err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was made: %v", name, err)
		}
	}
	for _, name := range []string{"a b", "ä", "a%41b", "a:b", "a&b=c"} {
		if err := open(t, filepath.Join(t.TempDir(), name)).Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
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
