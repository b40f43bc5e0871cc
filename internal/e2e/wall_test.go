package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// startWall starts a service whose clock stands still at noon, when boxes watch 12 channels of client 1, one more on each
// channel than on the one before, and one of client 2. Metrics show the first alone.
func startWall(t *testing.T) (s *testServer, noon time.Time) {
	t.Helper()
	noon = time.Now().UTC().Truncate(24 * time.Hour).Add(-12 * time.Hour)
	s = startAt(t, func() time.Time { return noon })
	var channels []*tvstatsv1.Channel
	var events []*tvstatsv1.ViewEvent
	watch := func(client, channel int32, account int64) {
		events = append(events, &tvstatsv1.ViewEvent{
			ClientId: client, AccountId: account, DeviceUid: fmt.Sprint("box", account), Device: "mag250", ChannelId: channel,
			StartedAt: timestamppb.New(noon.Add(-time.Hour)), At: timestamppb.New(noon),
		})
	}
	for channel := int32(1); channel <= 12; channel++ {
		channels = append(channels, &tvstatsv1.Channel{ChannelId: channel, Name: fmt.Sprintf("Channel %q", fmt.Sprint(channel)), Number: channel})
		for i := range channel {
			watch(1, channel, int64(100*channel+i))
		}
	}
	watch(2, 1, 1)
	paid := func(id, amount int64, currency string) *tvstatsv1.Payment {
		return &tvstatsv1.Payment{PaymentId: id, AccountId: 100, AmountMinor: amount, Currency: currency, PaidAt: timestamppb.New(noon.Add(-time.Hour))}
	}
	request := &tvstatsv1.SyncRequest{ClientId: 1, Channels: channels, Payments: []*tvstatsv1.Payment{paid(1, 500, "EUR"), paid(2, -200, "EUR"), paid(3, 70, "JPY")}}
	if response, err := oneRequest(s.Sync(rpctest.Context(t)))(request); err != nil || len(response.Rejected) > 0 {
		t.Fatal(response, err)
	}
	if err := errors.Join(sendEvents(rpctest.Context(t), s.address, events, len(events)), s.stop()); err != nil {
		t.Fatal(err)
	}
	dir := s.dir
	return startAt(t, func() time.Time { return noon }, func(cfg *app.Config) {
		cfg.DataDir, cfg.WallClients, cfg.MinCell = dir, []int32{1, 3}, 4 // there is no client 3
	}), noon
}

// scrapedWall waits until the figures have been computed for the first time.
func scrapedWall(t *testing.T, s *testServer) string {
	t.Helper()
	at := "http://" + probes(t, s) + "/metrics"
	for {
		if served := scraped(t, at); strings.Contains(served, "\ntvstats_wall_online_accounts") {
			return served
		}
	}
}

// TestWall holds what metrics show of a client to what the API returns.
func TestWall(t *testing.T) {
	t.Parallel()
	s, noon := startWall(t)
	served := scrapedWall(t, s)
	stats, err := s.GetStats(rpctest.Context(t), &tvstatsv1.GetStatsRequest{ClientId: 1})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := tvstatsv1.NewAudienceClient(s.conn).GetAudience(rpctest.Context(t), &tvstatsv1.GetAudienceRequest{
		ClientId: 1, From: timestamppb.New(noon.Add(-6 * time.Minute)), To: timestamppb.New(noon.Add(-time.Minute)),
		GroupBy: []tvstatsv1.Dimension{tvstatsv1.Dimension_DIMENSION_CHANNEL}, OrderBy: tvstatsv1.Metric_METRIC_AVERAGE_AUDIENCE,
	})
	if err != nil {
		t.Fatal(err)
	}
	if stats.Stats.OnlineAccounts != 78 || len(rows.Rows) != 12 {
		t.Fatalf("nothing is compared: %v, %v", stats, rows)
	}
	want := map[string]float64{
		`tvstats_wall_online_accounts{client_id="1"}`:     float64(stats.Stats.OnlineAccounts),
		`tvstats_wall_online_devices{client_id="1"}`:      float64(stats.Stats.OnlineDevices),
		`tvstats_wall_payments_today{client_id="1"}`:      float64(stats.Stats.PaymentsToday),
		`tvstats_wall_paid_accounts_today{client_id="1"}`: float64(stats.Stats.PaidAccountsToday),
	}
	for _, sum := range stats.Stats.PaymentSumsToday {
		want[fmt.Sprintf(`tvstats_wall_payment_sum_today{client_id="1",currency=%q}`, sum.Currency)] = float64(sum.AmountMinor)
	}
	for _, row := range rows.Rows {
		if row.Accounts >= 4 { // --min-cell
			want[fmt.Sprintf(`tvstats_wall_channel_audience{channel="Channel \"%d\"",channel_id="%d",client_id="1"}`, row.ChannelId, row.ChannelId)] = row.AverageAudience
		}
	}
	for metric, value := range want {
		if line := fmt.Sprintf("\n%s %v\n", metric, value); !strings.Contains(served, line) {
			t.Errorf("want %q in %s", line, served)
		}
	}
	if shown := strings.Count(served, "\ntvstats_wall_"); shown != len(want) || len(want) != 15 {
		t.Errorf("%d figures are shown, want %d", shown, len(want))
	}
}

// TestWallIsBounded: of many channels the ten with the greatest audience are shown.
func TestWallIsBounded(t *testing.T) {
	t.Parallel()
	s, _ := startWall(t)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	served := scrapedWall(t, startAt(t, s.now, func(cfg *app.Config) { cfg.DataDir, cfg.WallClients = s.dir, []int32{1} }))
	for channel := 1; channel <= 12; channel++ {
		shown := strings.Contains(served, fmt.Sprintf(`channel_id="%d",client_id="1"}`, channel))
		if shown != (channel > 2) {
			t.Errorf("channel %d, with the audience %d, is shown: %t", channel, channel, shown)
		}
	}
}
