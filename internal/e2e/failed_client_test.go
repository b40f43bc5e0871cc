package e2e

import (
	"encoding/json"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestFailedClient spoils what is kept of one client: a command for all names it and does the others; one for it alone fails.
func TestFailedClient(t *testing.T) {
	t.Parallel()
	s := start(t)
	day := rpctest.Instant("2026-03-01T12:00:00Z")
	var payments []*tvstatsv1.SyncRequest
	for client := range int32(3) {
		payments = append(payments, &tvstatsv1.SyncRequest{ClientId: client + 1, Payments: []*tvstatsv1.Payment{
			{PaymentId: 1, AccountId: 1, AmountMinor: 5, Currency: "EUR", PaidAt: day},
		}})
	}
	pushAll(t, s, payments...)
	collect := func(days int, clients ...int32) (*tvstatsv1.CollectDailyStatsResponse, error) {
		return s.CollectDailyStats(rpctest.Context(t), &tvstatsv1.CollectDailyStatsRequest{
			ClientIds: clients, AsOf: timestamppb.New(day.AsTime().AddDate(0, 0, days)),
		})
	}
	if done, err := collect(1); err != nil || done.GetDaysComputed() != 3 || len(done.GetFailed()) > 0 {
		t.Fatalf("got %v, error %v", done, err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	spoil(t, s.dir, 2)
	s = start(t, func(cfg *app.Config) { cfg.DataDir = s.dir })
	for _, clients := range [][]int32{nil, {2, 3, 1}} {
		done, err := collect(1, clients...)
		if err != nil || done.GetClients() != 3 || done.GetDaysFresh() != 2 || len(done.GetFailed()) != 1 ||
			done.GetFailed()[0].GetClientId() != 2 || done.GetFailed()[0].GetMessage() == "" {
			t.Errorf("clients %v: got %v, error %v, want client 2 named and the days of the others", clients, done, err)
		}
	}
	_, err := collect(1, 2)
	rpctest.WantStatus(t, err, codes.Internal, "INTERNAL")
}

// spoil makes what a stopped server keeps of the payments of a client's days unreadable.
func spoil(t *testing.T, dir string, client int32) {
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
	kept, err := db.Figures(t.Context(), store.PaymentsDay, client, viewing.Window{From: 0, To: store.Never})
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept are %v, error %v", kept, err)
	}
	kept[0].Body = json.RawMessage(`["of another version"]`)
	if err := db.SaveFigures(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
}
