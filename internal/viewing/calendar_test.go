package viewing_test

import (
	"fmt"
	"testing"
	"time"
	_ "time/tzdata" // also where the system has none

	"github.com/tvstats/tvstats/internal/viewing"
)

// wall is what a clock on the wall shows, by a granularity.
func wall(g viewing.Granularity, at viewing.Millis, zone *time.Location) string {
	local := at.Time().In(zone)
	return local.Format(map[viewing.Granularity]string{
		viewing.ByHour: "2006-01-02T15", viewing.ByDay: time.DateOnly, viewing.ByMonth: "2006-01",
	}[g])
}

// step is how far the tests walk at once: all clocks that they look at are a multiple of it ahead of UTC.
const step = 30_000

// begins reports whether a period begins at the instant, from what the clock shows then and a step before.
func begins(g viewing.Granularity, at viewing.Millis, zone *time.Location, latest string) bool {
	before, now := wall(g, at-step, zone), wall(g, at, zone)
	if g == viewing.ByHour {
		local := at.Time().In(zone)
		return now != before || local.Minute() == 0 && local.Second() == 0
	}
	return now > latest
}

// TestCalendars walks around changes of clocks, and looks at the wall: half and quarter hours, days of 23
// and 25 hours, midnights and a whole day that do not exist, a clock that is put back across midnight.
func TestCalendars(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		zone string
		from string // a week
	}{
		{"Asia/Kolkata", "2026-02-25"}, {"Asia/Kathmandu", "2026-02-25"}, {"Pacific/Chatham", "2026-04-01"}, {"Europe/Berlin", "2026-03-26"},
		{"Europe/Berlin", "2026-10-22"}, {"America/Sao_Paulo", "2018-11-01"}, {"America/Sao_Paulo", "2018-02-14"}, {"Pacific/Apia", "2011-12-27"},
		{"Australia/Lord_Howe", "2026-04-01"}, {"Australia/Lord_Howe", "2026-10-01"}, {"America/St_Johns", "2008-10-30"}, {"America/St_Johns", "2008-03-06"},
		{"Asia/Pyongyang", "2015-08-12"}, {"Africa/Monrovia", "1972-01-04"}, {"Pacific/Kiritimati", "1994-12-29"}, {"UTC", "2026-02-25"},
	} {
		t.Run(test.zone+test.from, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(test.zone)
			if err != nil {
				t.Fatal(err)
			}
			day, err := viewing.ParseDay(test.from)
			if err != nil {
				t.Fatal(err)
			}
			for g := viewing.ByHour; g <= viewing.ByMonth; g++ {
				checkCalendar(t, g, zone, viewing.Window{From: day.Start(), To: (day + 8).Start()})
			}
		})
	}
}

func checkCalendar(t *testing.T, g viewing.Granularity, zone *time.Location, w viewing.Window) {
	t.Helper()
	calendar := viewing.CalendarOf(zone)
	var starts []viewing.Millis
	latest := wall(g, w.From-step, zone)
	for at := w.From; at < w.To; at += step {
		if begins(g, at, zone, latest) {
			starts = append(starts, at)
		}
		latest = max(latest, wall(g, at, zone))
	}
	periods := calendar.Periods(g, w)
	if len(periods) > 0 && (len(starts) == 0 || periods[0].From < starts[0]) {
		periods = periods[1:] // it begins before the week
	}
	got := make([]viewing.Millis, len(periods))
	for i, period := range periods {
		got[i] = period.From
		if period.To <= period.From || i > 0 && periods[i-1].To != period.From {
			t.Errorf("granularity %d: %v does not join", g, period)
		}
		for _, at := range []viewing.Millis{period.From, period.From + 1, (period.From + period.To) / 2, period.To - 1} {
			if start := calendar.Start(g, at); start != period.From {
				t.Errorf("granularity %d: %s is in the period that begins at %s, want %s", g, at.Time(), start.Time(), period.From.Time())
			}
		}
		if day := calendar.Day(period.From); g == viewing.ByDay && (day.String() != wall(g, period.From, zone) || calendar.Window(day) != period) {
			t.Errorf("%s is %s, %v", period.From.Time().In(zone), day, calendar.Window(day))
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(starts) {
		t.Errorf("granularity %d:\n got %v\nwant %v", g, got, starts)
	}
}

// TestLeftOutDay: Samoa went from 29 to 31 December 2011.
func TestLeftOutDay(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Pacific/Apia")
	if err != nil {
		t.Fatal(err)
	}
	day, err := viewing.ParseDay("2011-12-30")
	if err != nil {
		t.Fatal(err)
	}
	calendar := viewing.CalendarOf(zone)
	if w := calendar.Window(day); w.From != w.To {
		t.Errorf("the day has %v", w)
	}
	if before, after := calendar.Window(day-1), calendar.Window(day+1); before.To != after.From || after.To-after.From != viewing.DayLength {
		t.Errorf("its neighbours have %v and %v", before, after)
	}
}
