package jobs_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"go.uber.org/goleak"

	"github.com/tvstats/tvstats/internal/jobs"
	"github.com/tvstats/tvstats/internal/viewing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var byDefault = jobs.Schedule{"hourly": "0 * * * *", "daily": "5 0 * * *"}

func TestScheduleIsChanged(t *testing.T) {
	for text, want := range map[string]jobs.Schedule{
		"":                                 byDefault,
		" ; ":                              byDefault,
		"off":                              {},
		"daily=off":                        {"hourly": "0 * * * *"},
		" hourly = 30 */2 * * 1-5 ;":       {"hourly": "30 */2 * * 1-5", "daily": "5 0 * * *"},
		"daily=0 3 * * *;hourly=off":       {"daily": "0 3 * * *"},
		"daily=off;hourly=off":             {},
		"daily=off;daily=0 3 1,15 jan *":   {"hourly": "0 * * * *", "daily": "0 3 1,15 jan *"},
		"hourly=0 * * * *;daily=5 0 * * *": byDefault,
	} {
		got, err := byDefault.With(text)
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestUpcoming(t *testing.T) {
	now := time.Date(2026, 3, 11, 1, 0, 0, 0, time.FixedZone("UTC+2", 2*60*60)) // 23:00 UTC: a time of an entry is not after itself
	got, err := byDefault.Upcoming(now)
	midnight := time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC)
	want := []jobs.Upcoming{{Name: "daily", Cron: "5 0 * * *", At: midnight.Add(5 * time.Minute)}, {Name: "hourly", Cron: "0 * * * *", At: midnight}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// An error names the entry and teaches what is right.
func TestWrongSchedules(t *testing.T) {
	for text, want := range map[string]string{
		"weekly=0 0 * * 0":              `entry "weekly=0 0 * * 0": there is no "weekly"; the names are daily, hourly`,
		"daily":                         `entry "daily": a name is followed by = and "off" or five fields`,
		"hourly=off;daily=61 * * * *":   `entry "daily=61 * * * *": a name`,
		"daily=0 0 0 * * *":             "five fields",
		"daily=@hourly":                 "five fields",
		"daily=@every 1h":               "five fields",
		"daily=TZ=Asia/Tokyo 0 0 * * *": "in UTC",
		"daily=TZ=Asia/Tokyo 0 0 * *":   "in UTC",
		"daily=0 0 31 2 *":              "five fields", // never
		"off;daily=off":                 `there is no "off"`,
	} {
		got, err := byDefault.With(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, want %q", text, got, err, want)
		}
	}
}

// TestTicks: replicas tick for the very same times, whenever they began and however late their timers are.
func TestTicks(t *testing.T) {
	midnight := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	type tick struct {
		entry string
		at    time.Time
	}
	for began, late := range map[time.Duration]time.Duration{30 * time.Second: 0, time.Minute: 7 * time.Second, time.Hour: 4 * time.Minute} {
		clock := clockwork.NewFakeClockAt(midnight.Add(-began).Add(time.Second))
		ticks := make(chan tick)
		stop, err := byDefault.Start(clock, func(_ context.Context, entry string, at viewing.Millis) {
			ticks <- tick{entry, at.Time()}
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []tick{
			{"hourly", midnight}, {"daily", midnight.Add(5 * time.Minute)}, {"hourly", midnight.Add(time.Hour)},
		} {
			if err := clock.BlockUntilContext(t.Context(), len(byDefault)); err != nil {
				t.Fatal(err)
			}
			clock.Advance(want.at.Add(late).Sub(clock.Now()))
			if got := <-ticks; got != want {
				t.Errorf("begun %v before midnight and %v late: got %v, want %v", began, late, got, want)
			}
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
}
