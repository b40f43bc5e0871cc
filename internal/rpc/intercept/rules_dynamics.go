package intercept

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/viewing"
)

// The bounds of what is computed, as the proto promises them. Some figures are found, and kept, day by day until as_of.
const (
	maxPoints    = 10_000 // of a series
	maxDaysAhead = 366    // of as_of
)

func (v *violations) calendar(c tvstatsv1.Calendar) {
	if _, known := tvstatsv1.Calendar_name[int32(c)]; !known {
		v.add("calendar", "%v is not allowed; it must be CALENDAR_UTC or CALENDAR_CLIENT", c)
	}
}

func (v *violations) asOf(t *timestamppb.Timestamp) {
	if v.timestamp("as_of", t) && t != nil && t.AsTime().After(v.now.AddDate(0, 0, maxDaysAhead)) {
		v.add("as_of", "it is more than %d days ahead of the service's clock", maxDaysAhead)
	}
}

func (v *violations) days(r convert.DayRange) {
	from, ok := v.day("from_day", r.GetFromDay())
	to, toOK := v.day("to_day", r.GetToDay())
	switch {
	case !ok || !toOK:
	case to < from:
		v.add("to_day", "it is before from_day; it must be the same day or a later one")
	case to-from >= maxDays:
		v.add("to_day", "%d days are not allowed; at most %d are", to-from+1, maxDays)
	}
}

func (v *violations) day(field, text string) (viewing.Day, bool) {
	day, err := viewing.ParseDay(text)
	if err != nil || day.Start().Time().Year() < 1 {
		v.add(field, "%.40q is no day; it must be YYYY-MM-DD, for example 2026-03-01", text)
		return 0, false
	}
	return day, true
}

func (v *violations) series(r *tvstatsv1.GetCustomersDynamicRequest) {
	if r.From == nil {
		v.add("from", "it is missing")
	}
	if r.To == nil {
		v.add("to", "it is missing")
	}
	valid := v.timestamp("from", r.From)
	valid = v.timestamp("to", r.To) && valid && r.From != nil && r.To != nil
	if valid && !r.To.AsTime().After(r.From.AsTime()) {
		v.add("to", "it is not after from; it must be")
		valid = false
	}
	if valid && r.Calendar == tvstatsv1.Calendar_CALENDAR_CLIENT {
		valid = v.periodStart(r.From)
	}
	if _, known := tvstatsv1.Granularity_name[int32(r.Granularity)]; !known || r.Granularity == tvstatsv1.Granularity_GRANULARITY_UNSPECIFIED {
		v.add("granularity", "%v is not allowed; it must be GRANULARITY_HOUR, GRANULARITY_DAY or GRANULARITY_MONTH", r.Granularity)
		valid = false
	}
	if valid && tooManyPoints(convert.SeriesWindow(r), viewing.Granularity(r.Granularity)) {
		v.add("to", "it is more than %d points after from; ask for less, or for a coarser granularity", maxPoints)
	}
}

// tooManyPoints counts only as far as it must: ten thousand years are many hours.
func tooManyPoints(w viewing.Window, granularity viewing.Granularity) bool {
	start := granularity.Start(w.From)
	for range maxPoints {
		start = granularity.Next(start)
	}
	return start < w.To
}

// periodStart checks that there are timestamps for the start of every period that the time can be in, and refuses it otherwise.
func (v *violations) periodStart(from *timestamppb.Timestamp) bool {
	first := time.Date(1, time.February, 1, 0, 0, 0, 0, time.UTC)
	if from.AsTime().Before(first) {
		v.add("from", "%s is not allowed; it must not be before %s", from.AsTime().Format(time.RFC3339), first.Format(time.RFC3339))
		return false
	}
	return true
}
