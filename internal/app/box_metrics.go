package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tvstats/tvstats/internal/boxhealth"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Admitted has reports followed for what they show of the boxes that sent them.
func (m *metrics) Admitted(reports []viewing.Report) { m.boxes.Reports(reports) }

// watchBoxes adds what is known of boxes when Prometheus comes by. docs/gateways.md says what each means.
func (m *metrics) watchBoxes(now func() time.Time) {
	for _, c := range []struct {
		name, help string
		value      func(boxhealth.Counts) float64
	}{
		{"reports_after_silence_total", "Reports that came after more than 5 minutes without one within their session.",
			func(c boxhealth.Counts) float64 { return float64(c.Silences) }},
		{"device_channels_at_once_seconds_total", "Seconds in which one device was on several channels at once.",
			func(c boxhealth.Counts) float64 { return c.ChannelsAtOnce }},
		{"device_sessions_at_once_seconds_total", "Seconds in which one device had several sessions on the same channel at once.",
			func(c boxhealth.Counts) float64 { return c.SessionsAtOnce }},
		{"device_hour_sessions_above_total", "Sessions above 200 that one device began in one hour.",
			func(c boxhealth.Counts) float64 { return float64(c.Above) }},
		{"catchup_of_other_channel_total", "Sessions of catch-up whose programme is one of another channel.",
			func(c boxhealth.Counts) float64 { return float64(c.Foreign) }},
	} {
		m.registry.MustRegister(prometheus.NewCounterFunc(counter(c.name, c.help), func() float64 { return c.value(m.boxes.Counts()) }))
	}
	devices := func(which func(playing, silent int) int) func() float64 {
		return func() float64 { return float64(which(m.boxes.Devices(viewing.At(now())))) }
	}
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts(counter("devices_playing", "Devices with a session that has not ended and a report of the last 5 minutes.")),
			devices(func(playing, _ int) int { return playing })),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts(counter("devices_silent", "Devices that have fallen silent: with a session that has not ended, whose last report is 5 minutes to an hour old.")),
			devices(func(_, silent int) int { return silent })),
	)
}

// checkProgrammes looks the programmes of catch-up up again and again, until the returned function is called.
func (m *metrics) checkProgrammes(guide store.CatalogReader, log *slog.Logger) (stop func()) {
	return inBackground(func(ctx context.Context) {
		ticker := time.NewTicker(guideInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := m.boxes.CheckProgrammes(ctx, guide.ProgrammeChannels); err != nil && ctx.Err() == nil {
				log.Warn("programmes of catch-up could not be looked up for the metrics", "error", err)
			}
		}
	})
}

// guideInterval is how often programmes of catch-up are looked up. Looking them up at every scrape would cost far more.
const guideInterval = 10 * time.Second
