package duckdb_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestDiffering: a store that is ahead, and folded other days, contradicts nothing; one with a row that is not the same contradicts the
// day, and so does one that lacks reports or a whole day.
func TestDiffering(t *testing.T) {
	t.Parallel()
	const seed = 12
	r := rand.New(rand.NewPCG(seed, 0))
	empty := func() store.Store {
		s := open(t, t.TempDir())
		t.Cleanup(func() { s.Close() }) //nolint:errcheck // its directory goes with it
		return s
	}
	one, ahead, other, less, none := empty(), empty(), empty(), empty(), empty()
	all := randomReports(r, 600)
	appendTo := func(s store.Store, reports []viewing.Report) {
		t.Helper()
		must(t, s.AppendReports(t.Context(), reports))
	}
	appendTo(one, all)
	appendTo(ahead, all[:300])
	must(t, ahead.Maintain(t.Context(), math.MaxInt32*viewing.DayLength))
	appendTo(ahead, all[300:])
	changed := slices.Clone(all)
	changed[7].WatchedSeconds++
	appendTo(other, changed)
	appendTo(less, all[:599])
	manifest := partsOf(t, one).manifest
	differing := func(s store.Store, want ...string) {
		t.Helper()
		state, err := s.(store.Snapshotter).Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer state.Close() //nolint:errcheck // it was only read
		got, err := state.Differing(t.Context(), manifest, func(store.Part) bool { return true })
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("seed %d: got %v, %v, want %v", seed, got, err, want)
		}
	}
	day := func(report viewing.Report) string { return store.SessionsPart(report.StartedAt.Day()) }
	differing(ahead)
	appendTo(ahead, all[:50]) // further reports of some days
	differing(ahead)
	differing(other, day(all[7]))
	differing(less, day(all[599]))
	var days []string
	for _, part := range manifest.Parts {
		if part.IsSessions() {
			days = append(days, part.Name)
		}
	}
	differing(none, days...)
}
