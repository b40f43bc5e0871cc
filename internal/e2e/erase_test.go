package e2e

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/viewing"
)

// ofAccounts is a batch and a push about accounts 1 to 3, each with a session, a state and a payment.
func ofAccounts() (*tvstatsv1.StreamEventsRequest, *tvstatsv1.SyncRequest) {
	push := &tvstatsv1.SyncRequest{ClientId: 1}
	for id := range int64(3) {
		push.Accounts = append(push.Accounts, &tvstatsv1.Account{AccountId: id + 1, Active: true, ChangedAt: rpctest.Instant("2026-01-01T00:00:00Z")})
		push.Payments = append(push.Payments, &tvstatsv1.Payment{
			PaymentId: id + 1, AccountId: id + 1, AmountMinor: 999, Currency: "EUR", PaidAt: rpctest.Instant("2026-01-02T00:00:00Z"),
		})
	}
	return rpctest.Events(3), push
}

func watchedSessions(t *testing.T, s *testServer) int64 {
	t.Helper()
	built, err := s.CreateChannelSortingByPopularity(rpctest.Context(t), rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds = []int32{1} }))
	if err != nil {
		t.Fatal(err)
	}
	return sessionsOf(built.GetSortings()[0], 1)
}

// TestErasedAccountsStayAway: what was built before stays, what is built later is without the account, and what is sent of
// it again is refused, after a restart too.
func TestErasedAccountsStayAway(t *testing.T) {
	t.Parallel()
	s := start(t)
	batch, push := ofAccounts()
	stream(t, s.address, batch.GetEvents(), 3)
	pushAll(t, s, push)
	before, err := s.CreateChannelSortingByPopularity(rpctest.Context(t), rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds = []int32{1} }))
	if err != nil {
		t.Fatal(err)
	}
	for want := int64(1); want >= 0; want-- {
		erased, err := s.EraseAccount(rpctest.Context(t), &tvstatsv1.EraseAccountRequest{ClientId: 1, AccountId: 2})
		if err != nil || erased.GetSessions() != want || erased.GetStates() != want || erased.GetPayments() != want {
			t.Errorf("erased %v, %v, want %d of each", erased, err, want)
		}
	}
	for range 2 {
		wantAway(t, s)
		s = start(t, func(cfg *app.Config) {
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
			cfg.DataDir = s.dir
		})
	}
	stored, err := s.GetChannelSorting(rpctest.Context(t), &tvstatsv1.GetChannelSortingRequest{SortingId: before.GetSortings()[0].GetSortingId()})
	wantAll(t, err, []*tvstatsv1.ChannelSorting{stored.GetSorting()}, before.GetSortings())
}

// wantAway sends everything again: of account 2 it is refused, of the others it changes nothing.
func wantAway(t *testing.T, s *testServer) {
	t.Helper()
	_, err := s.GetAccount(rpctest.Context(t), &tvstatsv1.GetAccountRequest{ClientId: 1, AccountId: 2})
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
	again, push := ofAccounts()
	again.Events = again.GetEvents()[1:2]
	response, err := oneRequest(s.StreamEvents(rpctest.Context(t)))(again)
	if err != nil || response.GetAccepted() != 0 || len(response.GetRejected()) != 1 ||
		response.GetRejected()[0].GetReason() != viewing.ReasonInvalidEvent || !strings.Contains(response.GetRejected()[0].GetMessage(), "was erased") {
		t.Errorf("got %v, %v", response, err)
	}
	synced := pushAll(t, s, push)[0]
	if len(synced.GetRejected()) != 2 || synced.GetApplied() != 4 {
		t.Errorf("got %v", synced)
	}
	for _, r := range synced.GetRejected() {
		if r.GetIndex() != 1 || r.GetReason() != "INVALID_ENTITY" || !strings.Contains(r.GetMessage(), "was erased") {
			t.Errorf("got %v", r)
		}
	}
	if got := watchedSessions(t, s); got != 2 {
		t.Errorf("%d sessions, want 2", got)
	}
}

func TestErasingWrongly(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, err := s.EraseAccount(rpctest.Context(t), &tvstatsv1.EraseAccountRequest{ClientId: 77, AccountId: 1})
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
	_, err = s.EraseAccount(rpctest.Context(t), &tvstatsv1.EraseAccountRequest{})
	rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")
}

// TestOldViewingIsRemoved: with --retention-days the whole days before are gone, and nothing later.
func TestOldViewingIsRemoved(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	s := start(t)
	for day := range 5 {
		started := now.AddDate(0, 0, -day)
		batch := rpctest.Events(1)
		batch.Events[0].StartedAt, batch.Events[0].At = timestamppb.New(started), timestamppb.New(started)
		stream(t, s.address, batch.GetEvents(), 1)
	}
	if got := watchedSessions(t, s); got != 5 {
		t.Fatalf("%d sessions, want 5", got)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	cfg := app.DefaultConfig()
	cfg.RetentionDays = 2
	db, err := duckdb.Open(t.Context(), duckdb.Options{Dir: s.dir})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // its directory goes with it
	if err := app.Maintain(t.Context(), db, dynamics.New(db, cfg.OnlineTimeout, cfg.MaxSession), now, cfg); err != nil {
		t.Fatal(err)
	}
	left, err := db.Aggregate(t.Context(), measure.Query{
		Filter:   viewing.Filter{ClientID: 1, Window: viewing.DaysBefore(viewing.At(now)+1, 30)},
		Measures: []measure.Measure{measure.Sessions},
	})
	if err != nil || len(left) != 1 || left[0].Values[0] != 3 { // today, yesterday and the day on which the two days began
		t.Errorf("left are %+v, error %v", left, err)
	}
}

// TestFiguresOfPastDaysAreKept: what was computed before an erasure and names nobody stays as it is, also where it is
// computed again; what was not computed before is without the account.
func TestFiguresOfPastDaysAreKept(t *testing.T) {
	t.Parallel()
	s, ctx := start(t), rpctest.Context(t)
	_, push := ofAccounts()
	pushAll(t, s, push)
	day := "2026-01-02"
	for i := range int64(3) {
		batch := rpctest.Events(1)
		event := batch.Events[0]
		event.AccountId, event.DeviceUid = i+1, "box"
		event.StartedAt, event.At = rpctest.Instant(day+"T12:00:00Z"), rpctest.Instant(day+"T12:30:00Z")
		stream(t, s.address, batch.GetEvents(), 1)
	}
	asOf := rpctest.Instant("2026-01-03T00:30:00Z")
	figures := func() (*tvstatsv1.GetMaxOnlineResponse, *tvstatsv1.ListDailyStatsResponse) {
		if _, err := s.CacheMaxOnline(ctx, &tvstatsv1.CacheMaxOnlineRequest{AsOf: asOf}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CollectDailyStats(ctx, &tvstatsv1.CollectDailyStatsRequest{AsOf: asOf}); err != nil {
			t.Fatal(err)
		}
		online, err := s.GetMaxOnline(ctx, &tvstatsv1.GetMaxOnlineRequest{ClientId: 1, FromDay: day, ToDay: day})
		if err != nil {
			t.Fatal(err)
		}
		records, err := s.ListDailyStats(ctx, &tvstatsv1.ListDailyStatsRequest{ClientId: 1, FromDay: day, ToDay: day})
		if err != nil {
			t.Fatal(err)
		}
		return online, records
	}
	onlineBefore, recordsBefore := figures()
	if got := onlineBefore.GetDays()[0].GetMaxAccounts(); got != 3 {
		t.Fatalf("%d accounts were online, want 3", got)
	}
	if _, err := s.EraseAccount(ctx, &tvstatsv1.EraseAccountRequest{ClientId: 1, AccountId: 2}); err != nil {
		t.Fatal(err)
	}
	online, records := figures()
	if !proto.Equal(online, onlineBefore) || !proto.Equal(records, recordsBefore) {
		t.Errorf("after the erasure:\n%v\n%v\nbefore:\n%v\n%v", online, records, onlineBefore, recordsBefore)
	}
	stats, err := s.GetStats(ctx, &tvstatsv1.GetStatsRequest{ClientId: 1, AsOf: asOf})
	if err != nil || stats.GetStats().GetTotalAccounts() != 3 {
		t.Errorf("then: %v, %v, want three accounts", stats, err)
	}
	stats, err = s.GetStats(ctx, &tvstatsv1.GetStatsRequest{ClientId: 1})
	if err != nil || stats.GetStats().GetTotalAccounts() != 2 {
		t.Errorf("now: %v, %v, want two accounts", stats, err)
	}
}
