package duckdb

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestBitmapsAreWorthIt: accounts are bitmaps only where these are small for the number of sessions and for the memory.
func TestBitmapsAreWorthIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		memory           string
		sessions, spread int // spread is how far ids of accounts are apart, of which there are a thousand
		bits             bool
	}{
		"dense":            {"2GB", 10_000, 1, true},
		"sparse":           {"2GB", 10_000, 100_000, false},
		"a lot of viewing": {"2GB", 900_000, 25_000, true},
		"little memory":    {"40MiB", 900_000, 25_000, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Open(t.Context(), Options{Dir: t.TempDir(), MemoryLimit: c.memory, Threads: 2})
			check(t, err)
			defer s.Close() //nolint:errcheck // its directory goes with it
			check(t, s.AppendReports(t.Context(), []viewing.Report{reportOf(1, "box", benchFirst)}))
			fold(t, s)
			run(t.Context(), t, s, fmt.Sprintf(`INSERT INTO sessions SELECT s.* REPLACE (1 + i %% 1000 * %d AS account_id)
				FROM sessions s, range(%d) AS more(i)`, c.spread, c.sessions))
			query := measure.Query{
				Filter:   viewing.Filter{ClientID: 1, Window: viewing.Window{From: benchFirst, To: benchFirst + viewing.DayLength}},
				Measures: []measure.Measure{measure.Accounts},
			}
			check(t, s.read(t.Context(), func(tx *sql.Tx) error {
				ids, err := idsOf(t.Context(), tx, query)
				if (ids != nil) != c.bits {
					t.Errorf("got %v, want bits: %v", ids, c.bits)
				}
				return err
			}))
			if rows, err := s.Aggregate(t.Context(), query); err != nil || len(rows) != 1 || rows[0].Values[0] != 1000 {
				t.Errorf("got %v, %v, want 1000 accounts", rows, err)
			}
		})
	}
}
