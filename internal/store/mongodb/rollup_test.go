package mongodb

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/viewing"
)

// TestRolledHoursNeedNoSessions removes the sessions of days that are rolled up, but for those of the hours in which windows
// begin or end: rankings stay what they were.
func TestRolledHoursNeedNoSessions(t *testing.T) {
	t.Parallel()
	s := openMigrated(t)
	const seed, days = 3, 4
	r := rand.New(rand.NewPCG(seed, 1))
	var reports []viewing.Report
	for account := range int64(600) {
		reports = append(reports, randomSession(r, account+1, days))
	}
	if err := s.AppendReports(t.Context(), reports); err != nil {
		t.Fatal(err)
	}
	if err := s.Maintain(t.Context(), (sceneDay + days).Start()); err != nil {
		t.Fatal(err)
	}
	bounds := randomBounds(r, days)
	removeBetween(t, s, bounds)
	for range 100 {
		filter := randomFilter(r, bounds)
		if got, want := ranking(t, s, filter), fmt.Sprint(plainly(reports, filter)); got != want {
			t.Errorf("seed %d, %+v:\n got %s\nwant %s", seed, filter, got, want)
		}
	}
}

// TestMissingRollupIsNoticed takes away one rollup after the other: rankings then come from the sessions.
func TestMissingRollupIsNoticed(t *testing.T) {
	t.Parallel()
	s := openMigrated(t)
	r := rand.New(rand.NewPCG(4, 1))
	reports := []viewing.Report{randomSession(r, 1, 1), randomSession(r, 2, 1), randomSession(r, 3, 1)}
	if err := s.AppendReports(t.Context(), reports); err != nil {
		t.Fatal(err)
	}
	if err := s.Maintain(t.Context(), (sceneDay + 1).Start()); err != nil {
		t.Fatal(err)
	}
	rollups, err := find[rollup](t.Context(), s.collection(rollupsCollection), bson.M{})
	if err != nil || len(rollups) == 0 {
		t.Fatalf("%d rollups: %v", len(rollups), err)
	}
	day := sceneDay.Window()
	for _, missing := range rollups {
		if _, err := s.collection(rollupsCollection).DeleteOne(t.Context(), bson.M{"_id": missing.ID}); err != nil {
			t.Fatal(err)
		}
		for _, filter := range []viewing.Filter{
			{Window: day}, {Window: day, Tariffs: []int32{1, 2, 3}}, {Window: viewing.Window{From: day.From + 1, To: day.To}},
		} {
			filter.ClientID = 1
			if got, want := ranking(t, s, filter), fmt.Sprint(plainly(reports, filter)); got != want {
				t.Errorf("without %s, %+v:\n got %s\nwant %s", missing.ID, filter, got, want)
			}
		}
	}
}

// randomBounds are instants for windows to begin and end at: in the middle of hours, on hours and at midnight, ascending.
func randomBounds(r *rand.Rand, days int) []viewing.Millis {
	var bounds []viewing.Millis
	for _, step := range []viewing.Millis{1, 1, 60_000, viewing.HourLength, viewing.HourLength, viewing.DayLength, viewing.DayLength} {
		at := viewing.Millis(r.Int64N(int64(days)*int64(viewing.DayLength)) + 1)
		bounds = append(bounds, sceneDay.Start()+at-at%step)
	}
	slices.Sort(bounds)
	return slices.Compact(bounds)
}

// removeBetween removes the sessions of all hours that hold no bound, or only as their beginning.
func removeBetween(t *testing.T, s *Store, bounds []viewing.Millis) {
	t.Helper()
	kept := bson.A{}
	for _, bound := range bounds {
		if bound%viewing.HourLength != 0 {
			kept = append(kept, bson.M{"_id": startedIn(1, viewing.Window{From: bound, To: bound + 1})})
		}
	}
	removed, err := s.collection(sessionsCollection).DeleteMany(t.Context(), bson.M{"$nor": kept})
	if err != nil || removed.DeletedCount < 500 {
		t.Fatalf("%+v were removed: %v", removed, err)
	}
}

func randomSession(r *rand.Rand, account int64, days int) viewing.Report {
	start := sceneDay.Start() + viewing.Millis(r.Int64N(int64(days)*int64(viewing.DayLength)))
	seconds := r.Int32N(100)
	tariffs := [][]int32{nil, {1}, {2}, {1, 2}, {2, 3}}[r.IntN(5)]
	return viewing.Report{
		Identity: viewing.Identity{
			ClientID: 1, AccountID: account, DeviceUID: "box", Device: fmt.Sprint("device-", r.IntN(3)), ChannelID: r.Int32N(5) + 1,
			Mode: viewing.Live, StartedAt: start,
		},
		State: viewing.State{At: start + viewing.Millis(seconds)*1000, WatchedSeconds: seconds, Tariffs: tariffs},
	}
}

func randomFilter(r *rand.Rand, bounds []viewing.Millis) viewing.Filter {
	first := r.IntN(len(bounds) - 1)
	filter := viewing.Filter{ClientID: 1, Window: viewing.Window{From: bounds[first], To: bounds[first+1+r.IntN(len(bounds)-first-1)]}}
	if r.IntN(2) == 0 {
		filter.Devices = []string{fmt.Sprint("device-", r.IntN(4))}
	}
	if r.IntN(2) == 0 {
		filter.Tariffs = []int32{r.Int32N(4) + 1, r.Int32N(4) + 1}
	}
	if r.IntN(2) == 0 {
		filter.MinSeconds = r.Int64N(100)
	}
	return filter
}

// plainly is the ranking by looking at every session, none of which was reported twice.
func plainly(sessions []viewing.Report, filter viewing.Filter) []viewing.ChannelWatch {
	lengths := map[int32][]int32{}
	for _, s := range sessions {
		if s.StartedAt >= filter.Window.From && s.StartedAt < filter.Window.To && int64(s.WatchedSeconds) >= filter.MinSeconds &&
			(len(filter.Devices) == 0 || slices.Contains(filter.Devices, s.Device)) &&
			(len(filter.Tariffs) == 0 || slices.ContainsFunc(filter.Tariffs, func(id int32) bool { return slices.Contains(s.Tariffs, id) })) {
			lengths[s.ChannelID] = append(lengths[s.ChannelID], s.WatchedSeconds)
		}
	}
	var watched []viewing.ChannelWatch
	for _, channel := range slices.Sorted(maps.Keys(lengths)) {
		seconds := slices.Sorted(slices.Values(lengths[channel]))
		n := len(seconds)
		watch := viewing.ChannelWatch{ChannelID: channel, Sessions: int64(n), MedianSeconds: float64(seconds[(n-1)/2]+seconds[n/2]) / 2}
		for _, s := range seconds {
			watch.Seconds += int64(s)
		}
		watched = append(watched, watch)
	}
	return watched
}

func ranking(t *testing.T, s *Store, filter viewing.Filter) string {
	t.Helper()
	watched, err := s.ChannelWatch(t.Context(), filter)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(watched, func(a, b viewing.ChannelWatch) int { return cmp.Compare(a.ChannelID, b.ChannelID) })
	return fmt.Sprint(watched)
}

// TestParts: what is too much for one document is cut, and nothing gets lost or empty.
func TestParts(t *testing.T) {
	for groups := range 12 {
		all := make([]rollupGroup, groups)
		for i := range all {
			all[i] = rollupGroup{Sessions: int64(i), Lengths: make([]byte, i*50)}
		}
		for _, size := range []int{1, 300, 1000, 1 << 20} {
			var joined []rollupGroup
			for _, part := range parts(all, size) {
				if len(part) == 0 {
					t.Errorf("%d groups in parts of %d bytes: one is empty", groups, size)
				}
				joined = append(joined, part...)
			}
			if fmt.Sprint(joined) != fmt.Sprint(all) {
				t.Errorf("%d groups in parts of %d bytes became %d", groups, size, len(joined))
			}
		}
	}
}
