package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tvstats/tvstats/internal/boxhealth"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Admitted has reports followed for what they show of the boxes that sent them.
func (m *metrics) Admitted(reports []viewing.Report) { m.boxes.Reports(reports) }

// boxMetrics is what Prometheus sees of boxes; docs/gateways.md has what each means. It is a prometheus.Collector, so that a scrape
// walks through the devices once.
type boxMetrics struct {
	boxes *boxhealth.Watch
	now   func() time.Time

	afterSilence, channelsAtOnce, sessionsAtOnce, above, foreign, playing, silent *prometheus.Desc
}

func newBoxMetrics(boxes *boxhealth.Watch, now func() time.Time) *boxMetrics {
	silence, fallen := int(boxhealth.Silence.Minutes()), int(boxhealth.Fallen.Minutes())
	return &boxMetrics{
		boxes: boxes, now: now,
		afterSilence: described("reports_after_silence_total",
			fmt.Sprintf("Reports that came after more than %d minutes without one within their session.", silence)),
		channelsAtOnce: described("device_channels_at_once_seconds_total", "Seconds in which one device was on several channels at once."),
		sessionsAtOnce: described("device_sessions_at_once_seconds_total",
			"Seconds in which one device had several sessions on the same channel at once."),
		above: described("device_hour_sessions_above_total",
			fmt.Sprintf("Sessions above %d that one device began in one hour.", boxhealth.SessionsInHour)),
		foreign: described("catchup_of_other_channel_total", "Sessions of catch-up whose programme is one of another channel."),
		playing: described("devices_playing",
			fmt.Sprintf("Devices with a session that has not ended and a report of the last %d minutes.", silence)),
		silent: described("devices_silent", fmt.Sprintf(
			"Devices that have fallen silent: with a session that has not ended, whose last report is %d to %d minutes old.", silence, fallen)),
	}
}

// Describe names the metrics.
func (m *boxMetrics) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, to) }

// Collect reads what was counted, and counts the devices.
func (m *boxMetrics) Collect(to chan<- prometheus.Metric) {
	send := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64) {
		to <- prometheus.MustNewConstMetric(desc, kind, value)
	}
	counts := m.boxes.Counts()
	send(m.afterSilence, prometheus.CounterValue, float64(counts.Silences))
	send(m.channelsAtOnce, prometheus.CounterValue, counts.ChannelsAtOnce)
	send(m.sessionsAtOnce, prometheus.CounterValue, counts.SessionsAtOnce)
	send(m.above, prometheus.CounterValue, float64(counts.Above))
	send(m.foreign, prometheus.CounterValue, float64(counts.Foreign))
	playing, silent := m.boxes.Devices(viewing.At(m.now()))
	send(m.playing, prometheus.GaugeValue, float64(playing))
	send(m.silent, prometheus.GaugeValue, float64(silent))
}

// checkProgrammes looks the programmes of catch-up up again and again, until the returned function is called.
func (m *metrics) checkProgrammes(guide store.CatalogReader, log *slog.Logger) (stop func()) {
	return repeatedly(guideInterval, func(ctx context.Context) {
		if err := m.boxes.CheckProgrammes(ctx, guide.ProgrammeChannels); err != nil && ctx.Err() == nil {
			log.Warn("programmes of catch-up could not be looked up for the metrics", "error", err)
		}
	})
}

// guideInterval is how often programmes of catch-up are looked up. Looking them up at every scrape would cost far more.
const guideInterval = 10 * time.Second
