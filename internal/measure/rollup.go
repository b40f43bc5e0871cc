package measure

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/tvstats/tvstats/internal/viewing"
)

// Rollup describes what a store keeps of the sessions of a client that started on one UTC day: sums of measures, by channel, device,
// mode and set of tariffs, and by the UTC day on which their time falls. Stores keep rollups to be quicker; a day without one is computed
// from its sessions.
type Rollup struct {
	Formula int // RollupFormula when it was made
	Day     viewing.Day
	Ends    viewing.Millis // the latest end of the sessions' watched time; the start of the day where there are none
}

// RollupFormula is the number of what rollups hold and of how it is computed. Raise it with either: rollups of another number are
// not used, and are replaced.
const RollupFormula = 2

// addsUp are the measures of a cell that are sums over its parts. Cut is one where nothing is cut.
var addsUp = map[Measure]bool{Watch: true, Sessions: true, Cut: true}

// rollupDimensions are the dimensions whose column a rollup has, or that follow from one.
var rollupDimensions = map[Dimension]bool{Channel: true, Category: true, Tariff: true, Device: true, Mode: true, Period: true}

// RefuseRollup returns why the rollup must not be used for the query, or an empty string where it gives exactly what the sessions of
// its day give, which lies in the window at least in part. The sessions of excluded accounts and of Filter.Without are in the rollup,
// and have to be taken away from it.
func (q Query) RefuseRollup(r Rollup) (reason string) {
	for _, m := range q.Measures {
		if !addsUp[m] {
			return fmt.Sprintf("the measure %s does not add up", m)
		}
	}
	for _, d := range q.GroupBy {
		if !rollupDimensions[d] {
			return fmt.Sprintf("a rollup has no sums by %s", d)
		}
	}
	switch {
	case r.Formula != RollupFormula:
		return fmt.Sprintf("it was made by formula %d, not by %d", r.Formula, RollupFormula)
	case q.Filter.Policy.Cuts():
		return "what the policy counts depends on each session"
	case !rollupHas(q.Filter):
		return "the filter looks at single sessions or accounts"
	case q.cuts(r):
		return "the window or a slice begins or ends within its sums"
	case q.Count == ByTime && q.Recurs():
		return "a session may lie in several slices of one period"
	}
	return ""
}

// rollupHas reports whether a rollup has, or the store can take away from it, all that the filter looks at. A field that is not named
// here is refused where it is set.
func rollupHas(f viewing.Filter) bool {
	f.ClientID, f.Now, f.Window, f.Channels, f.Devices, f.Tariffs, f.Modes = 0, 0, viewing.Window{}, nil, nil, nil, nil
	f.Excluded, f.Without, f.Policy = false, 0, viewing.Policy{}
	return reflect.ValueOf(f).IsZero()
}

// RollupIsOutside reports whether no session of the rollup's day lies in the query's window, whatever the filter and the policy.
func (q Query) RollupIsOutside(r Rollup) bool {
	span := q.span(r)
	return r.Formula == RollupFormula && (span.To <= q.Filter.Window.From || span.From >= q.Filter.Window.To)
}

// span is the time in which all of the rollup's sessions count: their starts, or all of their watched time.
func (q Query) span(r Rollup) viewing.Window {
	if q.Count == ByTime {
		return viewing.Window{From: r.Day.Start(), To: r.Ends}
	}
	return r.Day.Window()
}

// cuts reports whether the window or a slice begins or ends where the rollup's sums do not: within the day, or, by time, anywhere but at
// midnight.
func (q Query) cuts(r Rollup) bool {
	span := q.span(r)
	within := func(at viewing.Millis) bool {
		return at > span.From && at < span.To && (q.Count == ByStart || at != at.Day().Start())
	}
	return within(q.Filter.Window.From) || within(q.Filter.Window.To) ||
		slices.ContainsFunc(q.Slices, func(s Slice) bool { return within(s.From) })
}
