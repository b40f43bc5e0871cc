package dynamics_test

import (
	"testing"

	"github.com/tvstats/tvstats/internal/dynamics/dynamicstest"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
)

// TestFigures compares what is kept and read, in random worlds, with a twin that computes it plainly: stats, points, records and
// greatest numbers online, before and after data comes late or is removed.
func TestFigures(t *testing.T) {
	t.Parallel()
	dynamicstest.Run(t, func(t *testing.T) func() store.Store {
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
