package audience

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/viewing"
)

// The zones have days of 23 to 25 hours, a change by half an hour, offsets of quarters of an hour, and a day that was left out.
var zones = []string{"UTC", "Europe/Riga", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/Sao_Paulo"}

// TestDivision: every five minutes of random windows lies in the period that the clock on the wall says, slices follow each other without
// gaps, and of a recurring period no two touch.
func TestDivision(t *testing.T) {
	t.Parallel()
	for seed, name := range zones {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		calendar, r := viewing.CalendarOf(zone), rand.New(rand.NewPCG(uint64(seed), 1))
		for range 6 {
			start := time.Date(2009+r.IntN(16), time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), 0, time.UTC)
			if r.IntN(3) == 0 {
				start = time.Date(2011, 12, 29, r.IntN(24), r.IntN(60), 0, 0, time.UTC) // when Apia went on by a day
			}
			from := viewing.At(start)
			window := viewing.Window{From: from, To: from + 1 + viewing.Millis(r.Int64N(40*int64(viewing.DayLength)))}
			for _, dimensions := range [][]Dimension{{ByHour}, {ByDay}, {ByWeek}, {ByMonth}, {ByHourOfDay}, {ByDayOfWeek}, {ByDayOfWeek, ByChannel, ByHourOfDay}} {
				t.Run(fmt.Sprintf("%s from %v by %v", name, start, dimensions), func(t *testing.T) {
					checkDivision(t, divide(window, dimensions, calendar), window, dimensions, zone)
				})
			}
		}
	}
}

func checkDivision(t *testing.T, d division, window viewing.Window, dimensions []Dimension, zone *time.Location) {
	t.Helper()
	lengths := make([]viewing.Millis, len(d.periods))
	at, before := window.From, -1
	for _, slice := range d.slices {
		if slice.From != at || slice.To <= at {
			t.Fatalf("a slice is [%d, %d) after %d", slice.From, slice.To, at)
		}
		if slice.Period == before {
			t.Fatalf("two slices of period %d touch at %d", slice.Period, at)
		}
		for ; at < slice.To; at = min(at+300_000, slice.To) {
			wantPeriod(t, d.periods[slice.Period], at, dimensions, zone)
		}
		lengths[slice.Period] += slice.To - slice.From
		before = slice.Period
	}
	if at != window.To {
		t.Fatalf("the slices end at %d, the window at %d", at, window.To)
	}
	for i, length := range lengths {
		if d.periods[i].length != length {
			t.Errorf("period %d is %d long, its slices %d", i, d.periods[i].length, length)
		}
	}
}

// wantPeriod compares the period with what the clock shows at the instant.
func wantPeriod(t *testing.T, p period, at viewing.Millis, dimensions []Dimension, zone *time.Location) {
	t.Helper()
	now, start := at.Time().In(zone), p.Start.Time().In(zone)
	weekday := (int(now.Weekday())+6)%7 + 1
	for _, d := range dimensions {
		ok := true
		switch d {
		case ByHour:
			ok = start.Hour() == now.Hour() && at-p.Start < 2*viewing.HourLength
		case ByDay:
			ok = start.YearDay() == now.YearDay() && start.Year() == now.Year()
		case ByWeek:
			ok = at-p.Start < 7*viewing.DayLength+2*viewing.HourLength && (start.Weekday() == time.Monday || start.Hour() == 0)
		case ByMonth:
			ok = start.Month() == now.Month() && start.Year() == now.Year() && start.Day() == 1
		case ByHourOfDay:
			ok = p.HourOfDay == now.Hour()
		case ByDayOfWeek:
			ok = p.DayOfWeek == weekday
		case ByChannel, ByCategory, ByTariff, ByDevice, ByMode: // not of time
		}
		if !ok || p.Start > at {
			t.Fatalf("%v is in %+v, which starts at %v", now, p, start)
		}
	}
}
