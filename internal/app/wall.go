package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tvstats/tvstats/internal/audience"
	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Bounds of what a screen on a wall gets of an operator, so that Prometheus is asked to keep no more.
const (
	mostWallClients    = 20
	mostWallChannels   = 10
	mostWallCurrencies = 10
)

const wallInterval = 15 * time.Second // how often it is computed

// The audience of channels "now" is that of five minutes until a minute ago, since a box reports about once a minute.
const (
	wallDelay = time.Minute
	wallSpan  = 5 * time.Minute
)

// checkWall refuses what cannot be shown.
func (c *Config) checkWall() error {
	if len(c.WallClients) > mostWallClients {
		return fmt.Errorf("--wall-clients names %d clients: allowed are at most %d", len(c.WallClients), mostWallClients)
	}
	for i, id := range c.WallClients {
		if id <= 0 || slices.Contains(c.WallClients[:i], id) {
			return fmt.Errorf("--wall-clients names %d: allowed are different ids of clients, which are positive", id)
		}
	}
	return nil
}

// wall is what /metrics shows of the clients that --wall-clients names: figures of operators, not of the service. It is a
// prometheus.Collector.
type wall struct {
	cfg   *Config
	db    store.Store
	meter *audience.Meter
	now   func() time.Time
	log   *slog.Logger

	accounts, devices, payments, paid, sums, channels *prometheus.Desc

	mu   sync.Mutex
	seen []prometheus.Metric
}

func newWall(cfg *Config, db store.Store, meter *audience.Meter, now func() time.Time, log *slog.Logger) *wall {
	described := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("tvstats_wall_"+name, help+" Of clients that --wall-clients names.", append([]string{"client_id"}, labels...), nil)
	}
	return &wall{
		cfg: cfg, db: db, meter: meter, now: now, log: log,
		accounts: described("online_accounts", "Accounts online now."),
		devices:  described("online_devices", "Devices online now."),
		payments: described("payments_today", "Payments since midnight UTC, refunds included."),
		paid:     described("paid_accounts_today", "Distinct accounts that these payments are of."),
		sums:     described("payment_sum_today", "Sums of these payments in the currency's minor unit, refunds subtracted; of ten currencies at most.", "currency"),
		channels: described("channel_audience", "Average audience of five minutes until a minute ago, of the ten channels that have the greatest.", "channel_id", "channel"),
	}
}

// look computes the figures once. Those of a client that cannot be computed are absent rather than old.
func (w *wall) look(ctx context.Context) {
	var seen []prometheus.Metric
	for _, clientID := range w.cfg.WallClients {
		found, err := w.of(ctx, clientID)
		if ctx.Err() != nil {
			return // the service stops
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) { // a client that is unknown may come
			w.log.Warn("figures for walls could not be computed and are left out of /metrics until they can be", "client_id", clientID, "error", err)
		}
		seen = append(seen, found...)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = seen
}

func (w *wall) of(ctx context.Context, clientID int32) ([]prometheus.Metric, error) {
	ctx, cancel := context.WithTimeout(ctx, wallInterval) // each has its own: a slow one takes nothing from the next
	defer cancel()
	now := viewing.At(w.now())
	midnight := now.Day().Start()
	online, err := w.db.Online(ctx, clientID, now, w.cfg.OnlineTimeout, now)
	if err != nil {
		return nil, err
	}
	payments, err := w.db.PaymentsByPeriod(ctx, clientID, []viewing.Millis{midnight, max(now, midnight+1)})
	if err != nil {
		return nil, err
	}
	top, err := w.top(ctx, clientID, now)
	if err != nil {
		return nil, err
	}
	id, today := strconv.Itoa(int(clientID)), payments[0]
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
		return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, append([]string{id}, labels...)...)
	}
	found := []prometheus.Metric{
		gauge(w.accounts, float64(online.Accounts)), gauge(w.devices, float64(online.Devices)),
		gauge(w.payments, float64(today.Count)), gauge(w.paid, float64(today.Accounts)),
	}
	for i, currency := range slices.Sorted(maps.Keys(today.Sums)) {
		if i < mostWallCurrencies {
			found = append(found, gauge(w.sums, float64(today.Sums[currency]), currency))
		}
	}
	for _, channel := range top {
		found = append(found, gauge(w.channels, channel.AverageAudience, strconv.Itoa(int(channel.ChannelID)), channel.name))
	}
	return found, nil
}

// wallChannel is a channel with its audience.
type wallChannel struct {
	audience.Row

	name string
}

// top are the channels with the greatest audience, greatest first. Those with fewer accounts than --min-cell are
// left out, as in what readers receive.
func (w *wall) top(ctx context.Context, clientID int32, now viewing.Millis) ([]wallChannel, error) {
	to := now.Add(-wallDelay)
	rows, err := w.meter.Divide(ctx, audience.Division{
		Question: audience.Question{ClientID: clientID, Now: now, Window: viewing.Window{From: to.Add(-wallSpan), To: to}},
		GroupBy:  []audience.Dimension{audience.ByChannel},
	})
	if err != nil {
		return nil, err
	}
	large := slices.DeleteFunc(rows.Rows, func(r audience.Row) bool { return r.Accounts < w.cfg.MinCell })
	order := audience.InOrder([]audience.Dimension{audience.ByChannel})
	slices.SortFunc(large, func(a, b audience.Row) int {
		return order(a.Key(audience.AverageAudience), b.Key(audience.AverageAudience))
	})
	all, err := w.db.Channels(ctx, clientID)
	if err != nil {
		return nil, err
	}
	var top []wallChannel
	for _, row := range large[:min(len(large), mostWallChannels)] {
		channel := wallChannel{Row: row}
		if i := slices.IndexFunc(all, func(c catalog.Channel) bool { return c.ID == row.ChannelID }); i >= 0 {
			channel.name = all[i].Name
		}
		top = append(top, channel)
	}
	return top, nil
}

// Describe names the metrics.
func (w *wall) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{w.accounts, w.devices, w.payments, w.paid, w.sums, w.channels} {
		to <- desc
	}
}

// Collect sends what was computed last.
func (w *wall) Collect(to chan<- prometheus.Metric) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, metric := range w.seen {
		to <- metric
	}
}
