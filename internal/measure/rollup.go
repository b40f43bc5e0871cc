package measure

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/viewing"
)

// Rollup describes what a store keeps of the sessions of a client that started on one UTC day: sums of measures, by channel, device,
// mode and set of tariffs. Stores keep rollups to be quicker; a day without one is computed from its sessions.
type Rollup struct {
	Formula int // RollupFormula when it was made
	Day     viewing.Day
	Ends    viewing.Millis // the latest end of the sessions' watched time; the start of the day where there are none
}

// RollupFormula is the number of what rollups hold and of how it is computed. Raise it with either: rollups of another number are
// not used, and are replaced.
const RollupFormula = 1

// addsUp are the measures of a cell that are sums over its parts. Cut is one where nothing is cut.
var addsUp = map[Measure]bool{Watch: true, Sessions: true, Cut: true}

// rollupDimensions are the dimensions whose column a rollup has, or that follow from one.
var rollupDimensions = map[Dimension]bool{Channel: true, Category: true, Tariff: true, Device: true, Mode: true, Period: true}

// RefuseRollup returns why the rollup must not be used for the query, or an empty string where it gives exactly what the sessions of
// its day give. The sessions of excluded accounts and of Filter.Without are in the rollup, and have to be taken away from it.
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
	switch f := q.Filter; {
	case r.Formula != RollupFormula:
		return fmt.Sprintf("it was made by formula %d, not by %d", r.Formula, RollupFormula)
	case f.Policy.Cuts():
		return "what the policy counts depends on each session"
	case f.MinSeconds > 0:
		return "the filter leaves out short sessions"
	case f.ActiveOnly:
		return "the filter leaves out accounts that are not active, which may be many"
	case f.Account != 0 || f.DeviceUID != "":
		return "the filter leaves little of it"
	case !q.contains(q.span(r)):
		return "not all of its sessions lie whole in the window and in one slice of it"
	}
	return ""
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

// contains reports whether the span lies in the window and, where that is cut, in one slice.
func (q Query) contains(span viewing.Window) bool {
	within := q.Filter.Window
	if len(q.Slices) > 0 {
		after, _ := slices.BinarySearchFunc(q.Slices, span.From, func(s Slice, at viewing.Millis) int { return cmp.Compare(s.From, at+1) })
		if after == 0 {
			return false
		}
		within = q.Slices[after-1].Window // the last one that begins at the span's beginning or before
	}
	return span.From >= within.From && span.From < within.To && span.To <= within.To
}
