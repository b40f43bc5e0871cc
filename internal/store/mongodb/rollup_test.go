package mongodb

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestRolledHoursNeedNoSessions removes sessions of days that are rolled up, but for those of the hours in which windows
// begin or end, and of a channel whose guide is finer than rollups are: rankings stay what they were. Of active accounts only
// those sessions are left that are to be taken away from the rollups, or, where that is less, those that are to be added up.
func TestRolledHoursNeedNoSessions(t *testing.T) {
	t.Parallel()
	for seed, percentActive := range []int{70, 20} {
		t.Run(fmt.Sprintf("%d%% active", percentActive), func(t *testing.T) {
			t.Parallel()
			s := openHourly(t)
			const days, accounts = 4, 150
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			guide := guideOf(days)
			active := activate(t, s, func() bool { return r.IntN(100) < percentActive }, accounts)
			var reports []viewing.Report
			for range 600 {
				reports = append(reports, randomSession(r, r.Int64N(accounts)+1, days))
			}
			rollUpAll(t, s, days, reports, guide)
			bounds := randomBounds(r, days)
			removeBetween(t, s, bounds, func(r *viewing.Report) bool {
				return active[r.AccountID] == (percentActive > 50) && r.ChannelID != fineChannel
			})
			for range 100 {
				filter := randomFilter(r, bounds)
				sessions := chosen(reports, filter, active)
				if got, want := ranking(t, s, filter), fmt.Sprint(plainly(sessions)); got != want {
					t.Errorf("seed %d, %+v:\n got %s\nwant %s", seed, filter, got, want)
				}
				if filter.MinSeconds > 1 {
					continue // what that gives programmes is read from sessions
				}
				if got, want := programmes(t, s, filter), fmt.Sprint(plainlyProgrammes(sessions, guide)); got != want {
					t.Errorf("seed %d, programmes, %+v:\n got %s\nwant %s", seed, filter, got, want)
				}
			}
		})
	}
}

// rollUpAll stores sessions and guide, and rolls up the days of the scenes.
func rollUpAll(t *testing.T, s *Store, days viewing.Day, reports []viewing.Report, guide []catalog.Programme) {
	t.Helper()
	err := errors.Join(
		s.ApplyCatalog(t.Context(), catalog.Batch{ClientID: 1, Programmes: guide}),
		s.AppendReports(t.Context(), reports),
		s.Maintain(t.Context(), (sceneDay+days).Start()),
	)
	if err != nil {
		t.Fatal(err)
	}
}

// removeBetween removes those of the sessions that started in hours that hold no bound, or only as their beginning.
func removeBetween(t *testing.T, s *Store, bounds []viewing.Millis, those func(*viewing.Report) bool) {
	t.Helper()
	cut := map[viewing.Millis]bool{}
	for _, bound := range bounds {
		if hour := viewing.ByHour.Start(bound); hour < bound {
			cut[hour] = true
		}
	}
	var removed []string
	err := s.EachSession(t.Context(), 1, func(r viewing.Report) error {
		if those(&r) && !cut[viewing.ByHour.Start(r.StartedAt)] {
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
	rollUpAll(t, s, 1, []viewing.Report{randomSession(r, 2, 1)}, nil)
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
	s := openHourly(t)
	r := rand.New(rand.NewPCG(4, 1))
	reports := []viewing.Report{randomSession(r, 1, 1), randomSession(r, 2, 1), randomSession(r, 3, 1)}
	guide := guideOf(1)
	rollUpAll(t, s, 1, reports, guide)
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
			sessions := chosen(reports, filter, nil)
			got, want := ranking(t, s, filter)+programmes(t, s, filter), fmt.Sprint(plainly(sessions))+fmt.Sprint(plainlyProgrammes(sessions, guide))
			if got != want {
				t.Errorf("without %s, %+v:\n got %s\nwant %s", missing.ID, filter, got, want)
			}
		}
	}
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
