package viewing_test

import (
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/viewing"
)

func at(year int, month time.Month, day, hour int) viewing.Millis {
	return viewing.At(time.Date(year, month, day, hour, 0, 0, 0, time.UTC))
}

// TestPeriods checks the first and the last period of windows, and that all of them join.
func TestPeriods(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		granularity viewing.Granularity
		window      viewing.Window
		first, last viewing.Millis // starts
		number      int
	}{
		{"one hour", viewing.ByHour, viewing.Window{From: at(2026, 3, 1, 5) + 1, To: at(2026, 3, 1, 5) + 2}, at(2026, 3, 1, 5), at(2026, 3, 1, 5), 1},
		{"the end is left out", viewing.ByHour, viewing.Window{From: at(2026, 3, 1, 5), To: at(2026, 3, 1, 7)}, at(2026, 3, 1, 5), at(2026, 3, 1, 6), 2},
		{"days across 1970", viewing.ByDay, viewing.Window{From: -1, To: 1}, at(1969, 12, 31, 0), 0, 2},
		{"leap day", viewing.ByDay, viewing.Window{From: at(2024, 2, 28, 23), To: at(2024, 3, 1, 1)}, at(2024, 2, 28, 0), at(2024, 3, 1, 0), 3},
		{"months of two years", viewing.ByMonth, viewing.Window{From: at(2023, 12, 31, 23), To: at(2024, 3, 1, 0) + 1}, at(2023, 12, 1, 0), at(2024, 3, 1, 0), 4},
		{"month before 1970", viewing.ByMonth, viewing.Window{From: at(1969, 2, 28, 0), To: at(1969, 3, 1, 0)}, at(1969, 2, 1, 0), at(1969, 2, 1, 0), 1},
	} {
		periods := test.granularity.Periods(test.window)
		if len(periods) != test.number || periods[0].From != test.first || periods[len(periods)-1].From != test.last {
			t.Errorf("%s: got %+v", test.name, periods)
			continue
		}
		for i, period := range periods {
			if i > 0 && periods[i-1].To != period.From || test.granularity.Start(period.To-1) != period.From {
				t.Errorf("%s: period %d of %+v", test.name, i, periods)
			}
		}
	}
	if none := viewing.ByDay.Periods(viewing.Window{From: 5, To: 5}); len(none) > 0 {
		t.Errorf("an empty window has %+v", none)
	}
}

func TestParseDay(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1969-12-31", "1970-01-01", "2024-02-29", "9999-12-31"} {
		if day, err := viewing.ParseDay(text); err != nil || day.String() != text {
			t.Errorf("%s is read as %v, error %v", text, day, err)
		}
	}
	for _, text := range []string{"", "2026-02-29", "2026-2-1", "20260201", "2026-02-01 ", "2026-02-01T00:00:00Z"} {
		if day, err := viewing.ParseDay(text); err == nil {
			t.Errorf("%q is read as %v", text, day)
		}
	}
}
