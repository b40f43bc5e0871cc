package jobs_test

import (
	"testing"

	"github.com/tvstats/tvstats/internal/jobs/jobstest"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
)

// TestRunner has runners share a real queue: leases, retries, cancelling, and what a runner that stops or dies leaves to others.
func TestRunner(t *testing.T) {
	t.Parallel()
	jobstest.Run(t, func(t *testing.T) func() store.Store {
		dir := t.TempDir()
		return func() store.Store {
			s, err := duckdb.Open(t.Context(), duckdb.Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}
