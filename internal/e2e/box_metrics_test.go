package e2e

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestMisbehavingBoxesAreCounted sends what such boxes send: one sleeps for hours, one is on five channels at once, one states
// another started_at with each report of one view, one is zapped by a machine.
func TestMisbehavingBoxesAreCounted(t *testing.T) {
	t.Parallel()
	s := start(t)
	start := time.Now().Add(-12 * time.Hour).Truncate(time.Hour)
	var events []*tvstatsv1.ViewEvent
	report := func(box string, channel int32, started, at time.Duration) {
		events = append(events, &tvstatsv1.ViewEvent{
			ClientId: 1, AccountId: 1, DeviceUid: box, Device: "mag250", ChannelId: channel,
			StartedAt: timestamppb.New(start.Add(started)), At: timestamppb.New(start.Add(at)),
		})
	}
	for _, at := range []time.Duration{5 * time.Minute, 9*time.Hour + 5*time.Minute, 9*time.Hour + 6*time.Minute} {
		report("sleeps", 1, 0, at)
	}
	for channel := range int32(5) {
		report("five at once", 1+channel, 0, 10*time.Minute)
	}
	for i := range 10 {
		report("restless", 1, time.Duration(5*i)*time.Millisecond, 4*time.Minute)
	}
	for i := range 203 {
		report("zapped", 1+int32(i%5), time.Duration(i)*time.Second, time.Duration(i+1)*time.Second)
	}
	report("plays", 1, 11*time.Hour, time.Since(start)-time.Minute)
	report("fell silent", 1, 11*time.Hour, time.Since(start)-10*time.Minute)
	answer, err := oneRequest(s.StreamEvents(rpctest.Context(t)))(&tvstatsv1.StreamEventsRequest{BatchId: 1, Events: events})
	if err != nil || len(answer.GetRejected()) > 0 {
		t.Fatalf("got %v, %v", answer, err)
	}
	served := scraped(t, "http://"+probes(t, s)+"/metrics")
	for _, want := range []string{
		"tvstats_reports_after_silence_total 1", "tvstats_device_channels_at_once_seconds_total 600",
		"tvstats_device_sessions_at_once_seconds_total 239.995", "tvstats_device_hour_sessions_above_total 3",
		"tvstats_devices_playing 1", "tvstats_devices_silent 1",
	} {
		if !strings.Contains(served, "\n"+want+"\n") {
			t.Errorf("%s is not in the metrics", want)
		}
	}
}
