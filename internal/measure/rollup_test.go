package measure_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

const rolledDay = viewing.Day(19_700)

// rollup is one of a day whose last session goes on for an hour of the next day.
var rollup = measure.Rollup{Formula: measure.RollupFormula, Day: rolledDay, Ends: (rolledDay + 1).Start() + viewing.HourLength}

// sums is a query for what rollups have, of three days.
func sums() measure.Query {
	return measure.Query{
		Filter:   viewing.Filter{ClientID: 1, Window: viewing.Window{From: (rolledDay - 1).Start(), To: (rolledDay + 2).Start()}},
		Measures: []measure.Measure{measure.Watch, measure.Sessions, measure.Cut},
	}
}

// slice cuts the window of the query at instants.
func slice(q *measure.Query, at ...viewing.Millis) {
	q.GroupBy = append(q.GroupBy, measure.Period)
	q.Slices = measure.Slices(append(append([]viewing.Millis{q.Filter.Window.From}, at...), q.Filter.Window.To))
}

// TestRefuseRollup tries each reason for which a rollup is not used, and what stands next to it that is none.
func TestRefuseRollup(t *testing.T) {
	t.Parallel()
	begin, end := rolledDay.Start(), (rolledDay + 1).Start()
	for name, c := range map[string]struct {
		change func(*measure.Query, *measure.Rollup)
		reason string // empty = it is used
	}{
		"sums":       {func(*measure.Query, *measure.Rollup) {}, ""},
		"a median":   {func(q *measure.Query, _ *measure.Rollup) { q.Measures = append(q.Measures, measure.Median) }, "measure median"},
		"accounts":   {func(q *measure.Query, _ *measure.Rollup) { q.Measures = append(q.Measures, measure.Accounts) }, "measure accounts"},
		"an end":     {func(q *measure.Query, _ *measure.Rollup) { q.Measures = append(q.Measures, measure.End) }, "measure latest_end"},
		"formula":    {func(_ *measure.Query, r *measure.Rollup) { r.Formula-- }, "formula"},
		"a policy":   {func(q *measure.Query, _ *measure.Rollup) { q.Filter.Policy.InactivitySeconds = 1 }, "policy"},
		"its least":  {func(q *measure.Query, _ *measure.Rollup) { q.Filter.Policy.MinSessionSeconds = 1 }, ""}, // Filter.MinSeconds is what counts
		"short ones": {func(q *measure.Query, _ *measure.Rollup) { q.Filter.MinSeconds = 1 }, "single"},
		"excluded":   {func(q *measure.Query, _ *measure.Rollup) { q.Filter.Excluded = true }, ""},
		"one less":   {func(q *measure.Query, _ *measure.Rollup) { q.Filter.Without = 1 }, ""},
		"active":     {func(q *measure.Query, _ *measure.Rollup) { q.Filter.ActiveOnly = true }, "single"},
		"an account": {func(q *measure.Query, _ *measure.Rollup) { q.Filter.Account = 1 }, "single"},
		"a device":   {func(q *measure.Query, _ *measure.Rollup) { q.Filter.DeviceUID = "box" }, "single"},
		"starts":     {func(q *measure.Query, _ *measure.Rollup) { q.Filter.Window = rolledDay.Window() }, ""},
		"later":      {func(q *measure.Query, _ *measure.Rollup) { q.Filter.Window.From = begin + 1 }, "window"},
		"earlier":    {func(q *measure.Query, _ *measure.Rollup) { q.Filter.Window.To = end - 1 }, "window"},
		"by time":    {func(q *measure.Query, r *measure.Rollup) { q.Count, q.Filter.Window.To = measure.ByTime, r.Ends }, ""},
		"by time, cut": {
			func(q *measure.Query, r *measure.Rollup) { q.Count, q.Filter.Window.To = measure.ByTime, r.Ends-1 }, "window",
		},
		"no sessions": {func(q *measure.Query, r *measure.Rollup) { q.Count, r.Ends = measure.ByTime, begin }, ""},
		"days":        {func(q *measure.Query, _ *measure.Rollup) { slice(q, begin, end) }, ""},
		"noon":        {func(q *measure.Query, _ *measure.Rollup) { slice(q, begin, begin+viewing.DayLength/2, end) }, "slice"},
		"days of time": {func(q *measure.Query, _ *measure.Rollup) {
			slice(q, begin, end)
			q.Count = measure.ByTime
		}, ""},
		"other days of time": {func(q *measure.Query, r *measure.Rollup) {
			slice(q, r.Ends-1)
			q.Count = measure.ByTime
		}, "slice"},
		"longer than the day's": {func(q *measure.Query, r *measure.Rollup) {
			slice(q, begin, r.Ends)
			q.Count = measure.ByTime
		}, ""},
		"every other day": {func(q *measure.Query, _ *measure.Rollup) {
			slice(q, begin, end)
			q.Slices[2].Period = 0
			q.Count = measure.ByTime
		}, "one period"},
	} {
		q, r := sums(), rollup
		c.change(&q, &r)
		if got := q.RefuseRollup(r); (got == "") != (c.reason == "") || !strings.Contains(got, c.reason) {
			t.Errorf("%s: %q, want one with %q", name, got, c.reason)
		}
	}
	for _, d := range []measure.Dimension{measure.Channel, measure.Category, measure.Tariff, measure.Device, measure.Mode} {
		q := sums()
		q.GroupBy = []measure.Dimension{d}
		if got := q.RefuseRollup(rollup); got != "" {
			t.Errorf("by %s: %q", d, got)
		}
	}
}

// TestRollupsKnowFilters: a field of filters that nobody thought of is refused where it is set. What rollups have or the store can take
// away is named here again.
func TestRollupsKnowFilters(t *testing.T) {
	t.Parallel()
	known := []string{"ClientID", "Now", "Window", "Devices", "Tariffs", "Modes", "Channels", "Excluded", "Without", "Policy"}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[viewing.Filter]()) {
		if field.Anonymous {
			continue
		}
		q := sums()
		set := reflect.ValueOf(&q.Filter).Elem().FieldByIndex(field.Index)
		switch field.Type.Kind() {
		case reflect.Bool:
			set.SetBool(true)
		case reflect.String:
			set.SetString("set")
		case reflect.Slice:
			set.Set(reflect.MakeSlice(field.Type, 1, 1))
		case reflect.Struct:
			continue // the window and the policy have cases of their own
		default:
			set.SetInt(1)
		}
		if refused := q.RefuseRollup(rollup) != ""; refused == slices.Contains(known, field.Name) {
			t.Errorf("%s: refused %t", field.Name, refused)
		}
	}
}

// TestRollupIsOutside: by time, what ended before the window is outside of it, to the millisecond; one of another formula may say
// something else by its end.
func TestRollupIsOutside(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		count    measure.Attribution
		from, to viewing.Millis
		formula  int
		outside  bool
	}{
		{measure.ByTime, rollup.Ends, rollup.Ends + 1, measure.RollupFormula, true},
		{measure.ByTime, rollup.Ends - 1, rollup.Ends + 1, measure.RollupFormula, false},
		{measure.ByTime, rollup.Ends, rollup.Ends + 1, measure.RollupFormula + 1, false},
		{measure.ByTime, rolledDay.Start() - 1, rolledDay.Start(), measure.RollupFormula, true},
		{measure.ByStart, rolledDay.Start() - 1, rolledDay.Start() + 1, measure.RollupFormula, false},
	} {
		q, r := sums(), rollup
		q.Count, q.Filter.Window, r.Formula = c.count, viewing.Window{From: c.from, To: c.to}, c.formula
		if got := q.RollupIsOutside(r); got != c.outside {
			t.Errorf("%+v: %t", c, got)
		}
	}
}
