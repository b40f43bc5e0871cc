package e2e

import (
	"math"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/viewing"
)

// yearOne allows times of year 1.
func yearOne(cfg *app.Config) { cfg.Oldest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC) }

// firstOfAll is when the viewing of year 1 began.
var firstOfAll = time.Date(1, 1, 5, 12, 0, 0, 0, time.UTC)

// startYearOne starts a service that has viewing of one day of year 1 and one that has just ended.
func startYearOne(t *testing.T, now time.Time) *testServer {
	t.Helper()
	s := start(t, yearOne)
	last := now.Add(-49 * time.Hour).Truncate(24 * time.Hour).Add(12 * time.Hour)
	for i, day := range []time.Time{firstOfAll, last} {
		at := timestamppb.New(day)
		id := int64(i) + 1
		stream(t, s.address, []*tvstatsv1.ViewEvent{{
			ClientId: 1, AccountId: id, DeviceUid: "box", Device: "mag250", ChannelId: 1, StartedAt: at, At: timestamppb.New(day.Add(time.Minute)),
		}}, 1)
		pushRequest(t, s.address, &tvstatsv1.SyncRequest{
			ClientId: 1, Accounts: []*tvstatsv1.Account{{AccountId: id, Active: true, ChangedAt: at}},
			Payments:   []*tvstatsv1.Payment{{PaymentId: id, AccountId: id, AmountMinor: 1, Currency: "EUR", PaidAt: at}},
			Programmes: []*tvstatsv1.Programme{{ProgrammeId: id, ChannelId: 1, Title: "On", Start: at, End: timestamppb.New(day.Add(time.Hour))}},
		})
	}
	return s
}

// atMostThree runs the commands twice: each has the figures of two days to compute, and nothing in between, and then none.
func atMostThree(t *testing.T, s *testServer, when string, now time.Time) {
	t.Helper()
	for round := range 2 {
		for i, computed := range runCommands(t, s, now) {
			if computed > 3 || round > 0 && computed > 0 {
				t.Errorf("%s, round %d: command %d computed %d figures", when, round, i, computed)
			}
		}
	}
}

// TestYearOne: each command computes what these days have, and nothing in between, before and after an account is erased and the
// old viewing expires.
func TestYearOne(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	s := startYearOne(t, now)
	atMostThree(t, s, "at first", now)
	readYearOne(t, s)
	if _, err := s.EraseAccount(rpctest.Context(t), &tvstatsv1.EraseAccountRequest{ClientId: 1, AccountId: 1}); err != nil {
		t.Fatal(err)
	}
	atMostThree(t, s, "after an erasure", now)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	expireYearOne(t, s.dir, now)
	s = start(t, yearOne, func(cfg *app.Config) { cfg.DataDir = s.dir })
	atMostThree(t, s, "after the old viewing expired", now)
	online, err := s.GetMaxOnline(rpctest.Context(t), &tvstatsv1.GetMaxOnlineRequest{ClientId: 1, FromDay: "0001-01-05", ToDay: "0001-01-05"})
	if err != nil || online.GetDays()[0].GetMaxAccounts() != 1 || online.GetDays()[0].GetCoverage() != tvstatsv1.Coverage_COVERAGE_COMPLETE {
		t.Errorf("got %v, error %v, want what was kept", online, err)
	}
}

// readYearOne requests rankings and figures of the first day.
func readYearOne(t *testing.T, s *testServer) {
	t.Helper()
	ctx, asOf := rpctest.Context(t), timestamppb.New(firstOfAll.AddDate(0, 0, 2))
	sorting, err := s.CreateChannelSortingByPopularity(ctx, &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{1}, DaysNumber: 3, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME, AsOf: asOf,
	})
	if err != nil || sessionsOf(sorting.GetSortings()[0], 1) != 1 {
		t.Errorf("got %v, error %v, want one session", sorting, err)
	}
	selected, err := s.CreateChannelSelectionByPopularity(ctx, &tvstatsv1.CreateChannelSelectionByPopularityRequest{
		ClientId: 1, DaysNumber: 3, Criterion: tvstatsv1.Criterion_CRITERION_REACH, ReachSeconds: 60, AsOf: asOf,
	})
	if channels := selected.GetSelection().GetChannels(); err != nil || len(channels) != 1 || channels[0].GetReach() != 1 {
		t.Errorf("got %v, error %v, want one channel that one account watched", selected, err)
	}
	epg, err := s.CreateEpgSelectionByPopularity(ctx, &tvstatsv1.CreateEpgSelectionByPopularityRequest{ClientId: 1, DaysNumber: 3, AsOf: asOf})
	if programmes := epg.GetSelection().GetProgrammes(); err != nil || len(programmes) != 1 || programmes[0].GetWatchSeconds() != 60 {
		t.Errorf("got %v, error %v, want one programme of a minute", epg, err)
	}
	stats, err := s.GetStats(ctx, &tvstatsv1.GetStatsRequest{ClientId: 1})
	if err != nil || stats.GetStats().GetMaxOnlineEver().GetDay() != "0001-01-05" || stats.GetStats().GetTotalAccounts() != 2 {
		t.Errorf("got %v, error %v, want the greatest number on the first day", stats, err)
	}
}

// expireYearOne lets a stopped server's viewing expire, and counts what the store keeps of all time.
func expireYearOne(t *testing.T, dir string, now time.Time) {
	t.Helper()
	db, err := duckdb.Open(t.Context(), duckdb.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	cfg := app.DefaultConfig()
	cfg.RetentionDays = 30
	if err := app.Maintain(t.Context(), db, dynamics.New(db, cfg.OnlineTimeout, cfg.MaxSession), now, cfg); err != nil {
		t.Fatal(err)
	}
	ever := viewing.Window{From: math.MinInt64, To: math.MaxInt64}
	kept := 0
	for kind := range store.FigureKind(32) {
		figures, err := db.Figures(t.Context(), kind, 1, ever)
		if err != nil {
			t.Fatal(err)
		}
		kept += len(figures)
	}
	lost, err := db.Lost(t.Context(), 1, ever)
	if err != nil || len(lost) == 0 || len(lost) > 4 || kept > 30 {
		t.Errorf("%d figures are kept, of %d hours viewing is gone, error %v", kept, len(lost), err)
	}
}
