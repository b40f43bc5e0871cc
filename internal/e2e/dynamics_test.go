package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store/storetest"
)

// TestDynamicsEqualBruteForce sends random viewing, accounts and payments: every field of every read equals what brute force
// says, before anything is kept, after the commands, and after a restart, which folds.
func TestDynamicsEqualBruteForce(t *testing.T) {
	t.Parallel()
	for _, seed := range storetest.Seeds(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 7))
			now := time.Now().UTC()
			s := randomSubscribers(r, int32(seed+1), now)
			server := startAt(t, stoppedAt(now))
			stream(t, server.address, s.events, 100)
			half := len(s.states) / 2
			pushRequest(t, server.address, &tvstatsv1.SyncRequest{ClientId: s.clientID, Accounts: s.states[half:], Payments: s.payments})
			pushRequest(t, server.address, &tvstatsv1.SyncRequest{ClientId: s.clientID, Accounts: s.states[:half]})
			s.states = append(s.states[half:], s.states[:half]...) // in the order in which they were sent
			checkReads(t, server, s, now)
			runCommands(t, server, now)
			checkReads(t, server, s, now)
			server = restart(t, server)
			for _, computed := range runCommands(t, server, now) {
				if computed != 0 {
					t.Errorf("seed %d: after a restart %d figures were computed again", seed, computed)
				}
			}
			checkReads(t, server, s, now)
		})
	}
}

// runCommands runs the four for all clients and returns how many figures each computed.
func runCommands(t *testing.T, server *testServer, asOf time.Time) [4]int32 {
	t.Helper()
	at := timestamppb.New(asOf)
	series, err := server.CacheCustomersDynamic(t.Context(), &tvstatsv1.CacheCustomersDynamicRequest{AsOf: at})
	if err != nil {
		t.Fatal(err)
	}
	online, err := server.CacheMaxOnline(t.Context(), &tvstatsv1.CacheMaxOnlineRequest{AsOf: at})
	if err != nil {
		t.Fatal(err)
	}
	saved, err := server.SaveStats(t.Context(), &tvstatsv1.SaveStatsRequest{AsOf: at})
	if err != nil {
		t.Fatal(err)
	}
	days, err := server.CollectDailyStats(t.Context(), &tvstatsv1.CollectDailyStatsRequest{AsOf: at})
	if err != nil {
		t.Fatal(err)
	}
	for _, clients := range []int32{series.Clients, online.Clients, saved.Clients, days.Clients} {
		if clients != 1 {
			t.Errorf("a command looked at %d clients, want 1", clients)
		}
	}
	return [4]int32{series.HoursComputed, online.DaysComputed, saved.SnapshotsComputed, days.DaysComputed}
}

// beyond now no state of an account has come.
const beyond = 30 * time.Hour

// checkReads compares every read of the days of the world with brute force.
func checkReads(t *testing.T, server *testServer, s *subscribers, now time.Time) {
	t.Helper()
	from := s.start.AddDate(0, 0, -2).Truncate(24 * time.Hour)
	request := &tvstatsv1.GetMaxOnlineRequest{ClientId: s.clientID, FromDay: from.Format(time.DateOnly), ToDay: now.Format(time.DateOnly)}
	online, err := server.GetMaxOnline(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	records, err := server.ListDailyStats(t.Context(), &tvstatsv1.ListDailyStatsRequest{
		ClientId: s.clientID, FromDay: request.FromDay, ToDay: request.ToDay,
	})
	if err != nil {
		t.Fatal(err)
	}
	wantOnline, wantRecords := &tvstatsv1.GetMaxOnlineResponse{}, &tvstatsv1.ListDailyStatsResponse{}
	for day := from; day.Before(now); day = day.AddDate(0, 0, 1) {
		online := s.maxOnline(day, day.AddDate(0, 0, 1))
		online.Coverage = coverageAt(day.AddDate(0, 0, 1), now)
		wantOnline.Days = append(wantOnline.Days, online)
		record := s.daily(day)
		record.Coverage = online.Coverage
		if day.AddDate(0, 0, 1).Before(now) && s.hasBegun(day.AddDate(0, 0, 1)) {
			wantRecords.Days = append(wantRecords.Days, record)
		}
	}
	wantEqual(t, online, wantOnline)
	wantEqual(t, records, wantRecords)
	for _, granularity := range []tvstatsv1.Granularity{
		tvstatsv1.Granularity_GRANULARITY_HOUR, tvstatsv1.Granularity_GRANULARITY_DAY, tvstatsv1.Granularity_GRANULARITY_MONTH,
	} {
		checkSeries(t, server, s, from.Add(90*time.Minute), now, granularity)
	}
	for _, asOf := range []time.Time{now.Truncate(time.Millisecond), s.start.Add(50 * time.Hour), from.AddDate(0, 0, 4)} {
		stats, err := server.GetStats(t.Context(), &tvstatsv1.GetStatsRequest{ClientId: s.clientID, AsOf: timestamppb.New(asOf)})
		if err != nil {
			t.Fatal(err)
		}
		want := s.stats(asOf)
		want.MaxOnlineToday.Coverage = coverageAt(asOf, now)
		ever, err := time.Parse(time.DateOnly, want.MaxOnlineEver.Day)
		if err != nil {
			t.Fatal(err)
		}
		want.MaxOnlineEver.Coverage = coverageAt(ever.AddDate(0, 0, 1), now)
		wantEqual(t, stats.GetStats(), want)
	}
}

// hasBegun reports whether anything happened before the instant.
func (s *subscribers) hasBegun(at time.Time) bool {
	number, _, _ := s.paid(time.Time{}, at)
	existed := false
	for account := range s.holders() {
		from, is := s.history(account)
		for i := range from {
			existed = existed || is[i].exists && from[i].Before(at)
		}
	}
	for _, session := range s.sessions() {
		existed = existed || session.StartedAt.AsTime().Before(at)
	}
	return number > 0 || existed
}

// checkSeries compares a chart that goes on after now.
func checkSeries(t *testing.T, server *testServer, s *subscribers, from, now time.Time, granularity tvstatsv1.Granularity) {
	t.Helper()
	to := now.Add(beyond)
	got, err := server.GetCustomersDynamic(t.Context(), &tvstatsv1.GetCustomersDynamicRequest{
		ClientId: s.clientID, From: timestamppb.New(from), To: timestamppb.New(to), Granularity: granularity,
	})
	if err != nil {
		t.Fatal(err)
	}
	var begin time.Time
	var next func(time.Time) time.Time
	switch granularity {
	case tvstatsv1.Granularity_GRANULARITY_MONTH:
		begin, next = time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC), func(at time.Time) time.Time { return at.AddDate(0, 1, 0) }
	case tvstatsv1.Granularity_GRANULARITY_DAY:
		begin, next = from.Truncate(24*time.Hour), func(at time.Time) time.Time { return at.AddDate(0, 0, 1) }
	default:
		begin, next = from.Truncate(time.Hour), func(at time.Time) time.Time { return at.Add(time.Hour) }
	}
	want := &tvstatsv1.GetCustomersDynamicResponse{}
	for at := begin; at.Before(to); at = next(at) {
		point := s.point(at, next(at))
		if point.OpeningActive+point.NewActive+point.Activated-point.Deactivated-point.RemovedActive != point.ClosingActive {
			t.Fatalf("brute force does not balance: %v", point)
		}
		point.Coverage = coverageAt(next(at), now)
		want.Points = append(want.Points, point)
	}
	wantEqual(t, got, want)
}

// coverageAt is that of what ends then, of viewing that is all there.
func coverageAt(end, now time.Time) tvstatsv1.Coverage {
	if end.After(now.Add(-app.DefaultConfig().MaxSession)) {
		return tvstatsv1.Coverage_COVERAGE_PROVISIONAL
	}
	return tvstatsv1.Coverage_COVERAGE_COMPLETE
}

func wantEqual(t *testing.T, got, want proto.Message) {
	t.Helper()
	if !proto.Equal(got, want) {
		t.Fatalf("got  %s\nwant %s", protojson.Format(got), protojson.Format(want))
	}
}

// TestDaysHeal: missed days are recorded by the next run; a payment that moves makes both days right, and the one
// that had a record is reported.
func TestDaysHeal(t *testing.T) {
	t.Parallel()
	server := start(t)
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	pay := func(at time.Time) {
		t.Helper()
		pushRequest(t, server.address, &tvstatsv1.SyncRequest{ClientId: 1, Payments: []*tvstatsv1.Payment{
			{PaymentId: 1, AccountId: 1, AmountMinor: 500, Currency: "EUR", PaidAt: timestamppb.New(at)},
			{PaymentId: 2, AccountId: 1, AmountMinor: -100, Currency: "EUR", PaidAt: timestamppb.New(noon)},
		}})
	}
	collect := func(want *tvstatsv1.CollectDailyStatsResponse) {
		t.Helper()
		got, err := server.CollectDailyStats(t.Context(), &tvstatsv1.CollectDailyStatsRequest{
			ClientIds: []int32{1}, AsOf: timestamppb.New(noon.AddDate(0, 0, 10)),
		})
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, got, want)
	}
	pay(noon)
	collect(&tvstatsv1.CollectDailyStatsResponse{Clients: 1, DaysComputed: 1})
	pay(noon.AddDate(0, 0, 2))
	collect(&tvstatsv1.CollectDailyStatsResponse{Clients: 1, DaysComputed: 2, Healed: []*tvstatsv1.HealedDay{{ClientId: 1, Day: "2026-03-01"}}})
	collect(&tvstatsv1.CollectDailyStatsResponse{Clients: 1, DaysFresh: 2})
}

// TestDynamicsOfUnknownClients: each method says so, commands before they do anything.
func TestDynamicsOfUnknownClients(t *testing.T) {
	t.Parallel()
	server := start(t)
	const id = 7
	at := timestamppb.Now()
	for name, call := range map[string]func() error{
		"CacheMaxOnline": func() error {
			_, err := server.CacheMaxOnline(t.Context(), &tvstatsv1.CacheMaxOnlineRequest{ClientIds: []int32{id}})
			return err
		},
		"GetMaxOnline": func() error {
			_, err := server.GetMaxOnline(t.Context(), &tvstatsv1.GetMaxOnlineRequest{ClientId: id, FromDay: "2026-01-01", ToDay: "2026-01-01"})
			return err
		},
		"GetStats": func() error {
			_, err := server.GetStats(t.Context(), &tvstatsv1.GetStatsRequest{ClientId: id})
			return err
		},
		"ListDailyStats": func() error {
			_, err := server.ListDailyStats(t.Context(), &tvstatsv1.ListDailyStatsRequest{ClientId: id, FromDay: "2026-01-01", ToDay: "2026-01-01"})
			return err
		},
		"GetCustomersDynamic": func() error {
			_, err := server.GetCustomersDynamic(t.Context(), &tvstatsv1.GetCustomersDynamicRequest{
				ClientId: id, From: &timestamppb.Timestamp{}, To: at, Granularity: tvstatsv1.Granularity_GRANULARITY_MONTH,
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { rpctest.WantStatus(t, call(), codes.NotFound, "NOT_FOUND") })
	}
}

// TestOnlineTimeout: who reported half an hour ago is online for those who allow an hour.
func TestOnlineTimeout(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for timeout, want := range map[time.Duration]int64{5 * time.Minute: 0, time.Hour: 1} {
		server := start(t, func(cfg *app.Config) { cfg.OnlineTimeout = timeout })
		stream(t, server.address, []*tvstatsv1.ViewEvent{{
			ClientId: 1, AccountId: 1, DeviceUid: "box", Device: "mag250", ChannelId: 1,
			StartedAt: timestamppb.New(now.Add(-time.Hour)), At: timestamppb.New(now.Add(-30 * time.Minute)),
		}}, 1)
		got, err := server.GetStats(t.Context(), &tvstatsv1.GetStatsRequest{ClientId: 1})
		if err != nil || got.GetStats().GetOnlineAccounts() != want || got.GetStats().GetOnlineDevices() != want {
			t.Errorf("within %s: got %v, error %v, want %d online", timeout, got, err, want)
		}
	}
}

// TestFarFuture: figures of every day until then would be found, and those of commands kept.
func TestFarFuture(t *testing.T) {
	t.Parallel()
	server := start(t)
	pushRequest(t, server.address, &tvstatsv1.SyncRequest{ClientId: 1})
	for days, refused := range map[int]bool{365: false, 367: true, 1_000_000: true} {
		asOf := timestamppb.New(time.Now().AddDate(0, 0, days))
		_, command := server.CollectDailyStats(t.Context(), &tvstatsv1.CollectDailyStatsRequest{AsOf: asOf})
		_, job := server.StartJob(t.Context(), commandRequest(t, &tvstatsv1.CacheMaxOnlineRequest{AsOf: asOf}))
		_, read := server.GetStats(t.Context(), &tvstatsv1.GetStatsRequest{ClientId: 1, AsOf: asOf})
		for call, err := range map[string]error{"a command": command, "a job": job, "a read": read} {
			if refused {
				rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")
			} else if err != nil {
				t.Errorf("%s %d days ahead: %v", call, days, err)
			}
		}
	}
}
