package mongodb

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/viewing"
)

// TestRolledDaysNeedNoSessions removes the sessions of days that are rolled up: rankings of these days stay what they were.
func TestRolledDaysNeedNoSessions(t *testing.T) {
	t.Parallel()
	s := openMigrated(t)
	const seed, days = 3, 4
	r := rand.New(rand.NewPCG(seed, 1))
	var reports []viewing.Report
	for account := range int64(400) {
		reports = append(reports, randomSession(r, account+1, days))
	}
	if err := s.AppendReports(t.Context(), reports); err != nil {
		t.Fatal(err)
	}
	filters := make([]viewing.Filter, 40)
	before := make([]string, len(filters))
	for i := range filters {
		filters[i] = randomFilter(r, days)
		before[i] = ranking(t, s, filters[i])
	}
	if err := s.Maintain(t.Context(), (sceneDay + days).Start()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.collection(sessionsCollection).DeleteMany(t.Context(), bson.M{}); err != nil {
		t.Fatal(err)
	}
	for i, filter := range filters {
		if after := ranking(t, s, filter); after != before[i] {
			t.Errorf("seed %d, %+v:\n got %s\nwant %s", seed, filter, after, before[i])
		}
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

// randomFilter asks for whole days.
func randomFilter(r *rand.Rand, days int) viewing.Filter {
	first := sceneDay + viewing.Day(r.IntN(days))
	filter := viewing.Filter{ClientID: 1, Window: viewing.Window{From: first.Start(), To: (sceneDay + viewing.Day(days)).Start()}}
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
