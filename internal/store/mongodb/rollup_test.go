package mongodb

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestRolledHoursNeedNoSessions removes sessions of days that are rolled up, but for those of the hours in which windows
// begin or end: rankings stay what they were. Of active accounts only those sessions are left that are to be taken away from
// the rollups, or, where that is less, those that are to be added up.
func TestRolledHoursNeedNoSessions(t *testing.T) {
	t.Parallel()
	for seed, percentActive := range []int{70, 20} {
		t.Run(fmt.Sprintf("%d%% active", percentActive), func(t *testing.T) {
			t.Parallel()
			s := openMigrated(t)
			const days, accounts = 4, 150
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			var reports []viewing.Report
			for range 600 {
				reports = append(reports, randomSession(r, r.Int64N(accounts)+1, days))
			}
			active := activate(t, s, func() bool { return r.IntN(100) < percentActive }, accounts)
			if err := s.AppendReports(t.Context(), reports); err != nil {
				t.Fatal(err)
			}
			if err := s.Maintain(t.Context(), (sceneDay + days).Start()); err != nil {
				t.Fatal(err)
			}
			bounds := randomBounds(r, days)
			removeBetween(t, s, bounds, func(account int64) bool { return active[account] == (percentActive > 50) })
			for range 100 {
				filter := randomFilter(r, bounds)
				if got, want := ranking(t, s, filter), fmt.Sprint(plainly(reports, filter, active)); got != want {
					t.Errorf("seed %d, %+v:\n got %s\nwant %s", seed, filter, got, want)
				}
			}
		})
	}
}

// activate tells the store of accounts 1 to n and answers which of them are active.
func activate(t *testing.T, s *Store, isActive func() bool, n int64) map[int64]bool {
	t.Helper()
	batch, active := catalog.Batch{ClientID: 1}, map[int64]bool{}
	for id := range n {
		active[id+1] = isActive()
		batch.Accounts = append(batch.Accounts, catalog.Account{ID: id + 1, Active: active[id+1], ChangedAt: sceneDay.Start()})
	}
	if err := s.ApplyCatalog(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	return active
}

// TestLateReportIsNoticed: a report between the reading of rollups and of the sessions that are to be taken away from them.
func TestLateReportIsNoticed(t *testing.T) {
	t.Parallel()
	s := openMigrated(t)
	r := rand.New(rand.NewPCG(1, 1))
	activate(t, s, func() bool { return true }, 1)
	late := randomSession(r, 2, 1)
	if err := s.AppendReports(t.Context(), []viewing.Report{randomSession(r, 2, 1)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Maintain(t.Context(), (sceneDay + 1).Start()); err != nil {
		t.Fatal(err)
	}
	filter := viewing.Filter{ClientID: 1, Window: sceneDay.Window(), ActiveOnly: true}
	p, err := s.plan(t.Context(), filter, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.confirm(t.Context(), filter, p); err != nil {
		t.Errorf("before: %v", err)
	}
	if err := s.AppendReports(t.Context(), []viewing.Report{late}); err != nil {
		t.Fatal(err)
	}
	if err := s.confirm(t.Context(), filter, p); !errors.Is(err, errRollupsMoved) {
		t.Errorf("after: %v", err)
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
			if got, want := ranking(t, s, filter), fmt.Sprint(plainly(reports, filter, nil)); got != want {
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

// removeBetween removes the sessions of the accounts in all hours that hold no bound, or only as their beginning.
func removeBetween(t *testing.T, s *Store, bounds []viewing.Millis, whose func(account int64) bool) {
	t.Helper()
	cut := map[viewing.Millis]bool{}
	for _, bound := range bounds {
		if hour := viewing.ByHour.Start(bound); hour < bound {
			cut[hour] = true
		}
	}
	var removed []string
	err := s.EachSession(t.Context(), 1, func(r viewing.Report) error {
		if whose(r.AccountID) && !cut[viewing.ByHour.Start(r.StartedAt)] {
			removed = append(removed, sessionID(&r.Identity))
		}
		return nil
	})
	if err != nil || len(removed) < 300 {
		t.Fatalf("%d sessions are to be removed: %v", len(removed), err)
	}
	if _, err := s.collection(sessionsCollection).DeleteMany(t.Context(), bson.M{"_id": bson.M{"$in": removed}}); err != nil {
		t.Fatal(err)
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
	filter.ActiveOnly = r.IntN(2) == 0
	return filter
}

// plainly is the ranking by looking at every session, none of which was reported twice.
func plainly(sessions []viewing.Report, filter viewing.Filter, active map[int64]bool) []viewing.ChannelWatch {
	lengths := map[int32][]int32{}
	for _, s := range sessions {
		if s.StartedAt >= filter.Window.From && s.StartedAt < filter.Window.To && int64(s.WatchedSeconds) >= filter.MinSeconds &&
			(!filter.ActiveOnly || active[s.AccountID]) &&
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
