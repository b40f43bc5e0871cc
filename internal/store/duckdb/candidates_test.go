package duckdb

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestCandidates holds the best programmes that are found by candidates to those that are found without: of a guide of short programmes at
// odd milliseconds, of which many share a half hour and have far less than their bound.
func TestCandidates(t *testing.T) {
	for seed := range uint64(2) {
		random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // repeatable worlds
		s, err := Open(t.Context(), Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() }) //nolint:errcheck // its directory goes with it
		guide := catalog.Batch{ClientID: 1}
		query := store.ProgrammeWatchQuery{
			Filter: viewing.Filter{ClientID: 1, Now: benchNow, Window: viewing.Window{From: benchFirst, To: benchFirst + viewing.DayLength}},
			Reach:  180_000,
		}
		var all []int64
		for id := range int64(200) {
			start := benchFirst + viewing.Millis(random.Int64N(int64(viewing.DayLength)))
			guide.Programmes = append(guide.Programmes, catalog.Programme{
				ID: id + 1, ChannelID: 1 + random.Int32N(3), Title: "t", Start: start, End: start + 1 + viewing.Millis(random.Int64N(5_000_000)),
			})
			all = append(all, id+1)
		}
		if err := s.ApplyCatalog(t.Context(), guide); err != nil {
			t.Fatal(err)
		}
		if err := s.AppendReports(t.Context(), candidateReports(random)); err != nil {
			t.Fatal(err)
		}
		for range 12 {
			query.Score, query.MinAccounts = store.ProgrammeScore(random.IntN(4)), int64(random.IntN(12))
			query.Limit, query.Programmes = 1+random.IntN(6), nil
			got := sortedProgrammes(t, s, query)
			query.Programmes = all
			if want := sortedProgrammes(t, s, query); !slices.Equal(got, want) {
				t.Fatalf("seed %d, %d programmes by %d with %d accounts:\n got %+v\nwant %+v",
					seed, query.Limit, query.Score, query.MinAccounts, got, want)
			}
		}
	}
}

// candidateReports are of sessions of all modes, some of which name a programme.
func candidateReports(random *rand.Rand) []viewing.Report {
	var reports []viewing.Report
	for range 300 {
		started, seconds := benchFirst+viewing.Millis(random.Int64N(int64(viewing.DayLength))), random.Int32N(4000)
		report := viewing.Report{
			Identity: viewing.Identity{
				ClientID: 1, AccountID: 1 + random.Int64N(40), DeviceUID: "box", Device: "mag250", ChannelID: 1 + random.Int32N(3),
				Mode: viewing.Live, StartedAt: started,
			},
			State: viewing.State{
				At: started + viewing.Millis(seconds)*1000, WatchedSeconds: seconds, LastActivityAt: viewing.Unknown, PositionAt: viewing.Unknown,
			},
		}
		if random.IntN(4) == 0 {
			report.Mode, report.PositionAt = viewing.Catchup, started-viewing.Millis(random.Int64N(int64(viewing.DayLength)))
			report.ProgrammeID = max(0, random.Int64N(400)-200)
		}
		reports = append(reports, report)
	}
	return reports
}

func sortedProgrammes(t *testing.T, s *Store, query store.ProgrammeWatchQuery) []viewing.ProgrammeWatch {
	t.Helper()
	watched, err := s.ProgrammeWatch(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(watched.Programmes, func(a, b viewing.ProgrammeWatch) int { return cmp.Compare(a.ProgrammeID, b.ProgrammeID) })
	return watched.Programmes
}
