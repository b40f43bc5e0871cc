package e2e

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestClientCalendar reads days, months and hours by the wall clock of a client whose time zone changes, and of which some accounts are
// excluded: all four reads are those of brute force in each zone, before the commands and after them, and so are those by UTC.
func TestClientCalendar(t *testing.T) {
	t.Parallel()
	const seed = 3
	r := rand.New(rand.NewPCG(seed, 17))
	now := time.Now().UTC()
	s := randomSubscribers(r, 1, now)
	for _, id := range []int64{2, 5} {
		s.states = append(s.states, &tvstatsv1.Account{
			AccountId: id, Active: true, Tariffs: []int32{1}, Excluded: true, ChangedAt: timestamppb.New(now.Add(-30 * time.Minute).Truncate(time.Millisecond)),
		})
	}
	server := startAt(t, stoppedAt(now))
	stream(t, server.address, s.events, 100)
	pushRequest(t, server.address, &tvstatsv1.SyncRequest{ClientId: 1, Accounts: s.states, Payments: s.payments})
	counted := *s.world // without what the excluded accounts watched
	counted.events = slices.DeleteFunc(slices.Clone(s.events), func(e *tvstatsv1.ViewEvent) bool { return e.AccountId == 2 || e.AccountId == 5 })
	s.world = &counted
	for _, zone := range []string{"Asia/Kathmandu", "America/St_Johns"} {
		pushRequest(t, server.address, &tvstatsv1.SyncRequest{ClientId: 1, Client: &tvstatsv1.Client{Name: "client", TimeZone: zone}})
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		s.zone = location
		checkCalendar(t, server, s, now)
		runCommands(t, server, now)
		checkCalendar(t, server, s, now)
	}
	s.zone = time.UTC
	checkReads(t, server, s, now)
}

// checkCalendar compares every read by the client's calendar with brute force.
func checkCalendar(t *testing.T, server *testServer, s *subscribers, now time.Time) {
	t.Helper()
	const byClient = tvstatsv1.Calendar_CALENDAR_CLIENT
	from := s.midnight(s.start.AddDate(0, 0, -1))
	first, last := from.Format(time.DateOnly), now.In(s.zone).Format(time.DateOnly)
	online, err := server.GetMaxOnline(t.Context(), &tvstatsv1.GetMaxOnlineRequest{ClientId: 1, FromDay: first, ToDay: last, Calendar: byClient})
	if err != nil {
		t.Fatal(err)
	}
	records, err := server.ListDailyStats(t.Context(), &tvstatsv1.ListDailyStatsRequest{ClientId: 1, FromDay: first, ToDay: last, Calendar: byClient})
	if err != nil {
		t.Fatal(err)
	}
	wantOnline, wantRecords := &tvstatsv1.GetMaxOnlineResponse{}, &tvstatsv1.ListDailyStatsResponse{}
	for day := from; day.Before(now); day = day.AddDate(0, 0, 1) {
		end := day.AddDate(0, 0, 1)
		peak, record := s.maxOnline(day, end), s.daily(day)
		peak.Coverage, record.Coverage = coverageAt(end, now), coverageAt(end, now)
		wantOnline.Days = append(wantOnline.Days, peak)
		if end.Before(now) && s.hasBegun(end) {
			wantRecords.Days = append(wantRecords.Days, record)
		}
	}
	wantEqual(t, online, wantOnline)
	wantEqual(t, records, wantRecords)
	for granularity := tvstatsv1.Granularity_GRANULARITY_HOUR; granularity <= tvstatsv1.Granularity_GRANULARITY_MONTH; granularity++ {
		checkCalendarSeries(t, server, s, now, granularity)
	}
	asOf := now.Truncate(time.Millisecond)
	stats, err := server.GetStats(t.Context(), &tvstatsv1.GetStatsRequest{ClientId: 1, AsOf: timestamppb.New(asOf), Calendar: byClient})
	if err != nil {
		t.Fatal(err)
	}
	want := s.stats(asOf)
	ever, err := time.ParseInLocation(time.DateOnly, want.MaxOnlineEver.Day, s.zone)
	if err != nil {
		t.Fatal(err)
	}
	want.MaxOnlineToday.Coverage, want.MaxOnlineEver.Coverage = coverageAt(asOf, now), coverageAt(ever.AddDate(0, 0, 1), now)
	wantEqual(t, stats.GetStats(), want)
}

// checkCalendarSeries compares a chart of the days of the world.
func checkCalendarSeries(t *testing.T, server *testServer, s *subscribers, now time.Time, granularity tvstatsv1.Granularity) {
	t.Helper()
	from := s.start.Add(-90 * time.Minute).In(s.zone)
	got, err := server.GetCustomersDynamic(t.Context(), &tvstatsv1.GetCustomersDynamicRequest{
		ClientId: 1, From: timestamppb.New(from), To: timestamppb.New(now.Add(beyond)), Granularity: granularity, Calendar: tvstatsv1.Calendar_CALENDAR_CLIENT,
	})
	if err != nil {
		t.Fatal(err)
	}
	year, month, day := from.Date()
	begin, next := s.midnight(from), func(at time.Time) time.Time { return at.AddDate(0, 0, 1) }
	if granularity == tvstatsv1.Granularity_GRANULARITY_MONTH {
		begin, next = time.Date(year, month, 1, 0, 0, 0, 0, s.zone), func(at time.Time) time.Time { return at.AddDate(0, 1, 0) }
	}
	if granularity == tvstatsv1.Granularity_GRANULARITY_HOUR {
		begin, next = time.Date(year, month, day, from.Hour(), 0, 0, 0, s.zone), func(at time.Time) time.Time { return at.Add(time.Hour) }
	}
	want := &tvstatsv1.GetCustomersDynamicResponse{}
	for at := begin; at.Before(now.Add(beyond)); at = next(at) {
		point := s.point(at, next(at))
		point.Coverage = coverageAt(next(at), now)
		want.Points = append(want.Points, point)
	}
	wantEqual(t, got, want)
}

// TestExcludedAccounts: what an excluded account watched is in no ranking and no watch figure while its current state says so, the
// account is in the ledger all the time.
func TestExcludedAccounts(t *testing.T) {
	t.Parallel()
	s := start(t)
	batch, push := ofAccounts()
	stream(t, s.address, batch.GetEvents(), 3)
	pushAll(t, s, push)
	for day, excluded := range []bool{false, true, false} {
		pushAll(t, s, &tvstatsv1.SyncRequest{ClientId: 1, Accounts: []*tvstatsv1.Account{
			{AccountId: 2, Active: true, Excluded: excluded, ChangedAt: rpctest.Instant([]string{"2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z"}[day])},
		}})
		want := int64(3)
		if excluded {
			want = 2
		}
		if got := watchedSessions(t, s); got != want {
			t.Errorf("excluded %v: %d sessions are ranked, want %d", excluded, got, want)
		}
		got, err := s.GetStats(rpctest.Context(t), &tvstatsv1.GetStatsRequest{ClientId: 1})
		if err != nil || got.GetStats().GetViewingAccounts_24Hours() != want || got.GetStats().GetActiveAccounts() != 3 {
			t.Errorf("excluded %v: got %v, error %v, want %d that watched and 3 that are active", excluded, got, err, want)
		}
		account, err := s.GetAccount(rpctest.Context(t), &tvstatsv1.GetAccountRequest{ClientId: 1, AccountId: 2})
		if err != nil || account.GetAccount().GetExcluded() != excluded {
			t.Errorf("got %v, error %v, want excluded %v", account, err, excluded)
		}
	}
}

// TestStateToCome: a state whose time is to come is current from then on and not before; figures of later instants have it at once.
func TestStateToCome(t *testing.T) {
	t.Parallel()
	s, ctx := start(t), rpctest.Context(t)
	comes := time.Now().Add(3 * time.Second).Truncate(time.Millisecond)
	pushAll(t, s, &tvstatsv1.SyncRequest{ClientId: 1, Accounts: []*tvstatsv1.Account{
		{AccountId: 1, Tariffs: []int32{2}, ChangedAt: timestamppb.New(comes)},
		{AccountId: 1, Active: true, Tariffs: []int32{1}, ChangedAt: rpctest.Instant("2026-01-01T00:00:00Z")},
	}})
	for asOf, want := range map[time.Time]int64{comes: 1, comes.Add(time.Millisecond): 0} {
		got, err := s.GetStats(ctx, &tvstatsv1.GetStatsRequest{ClientId: 1, AsOf: timestamppb.New(asOf)})
		if err != nil || got.GetStats().GetActiveAccounts() != want || got.GetStats().GetTotalAccounts() != 1 {
			t.Errorf("at %s: got %v, error %v, want %d active of one", asOf, got, err, want)
		}
	}
	for came := false; !came; {
		before := time.Now()
		got, err := s.GetAccount(ctx, &tvstatsv1.GetAccountRequest{ClientId: 1, AccountId: 1})
		if err != nil {
			t.Fatal(err)
		}
		came = !got.GetAccount().GetActive()
		if tariff := got.GetAccount().GetTariffs()[0]; came != (tariff == 2) || came && time.Now().Before(comes) || !came && !before.Before(comes) {
			t.Fatalf("between %s and %s, of what comes at %s: %v", before, time.Now(), comes, got)
		}
	}
}
