package mongodb

import (
	"cmp"
	"slices"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// step is a change of the number online.
type step struct {
	at     viewing.Millis
	change int64
}

// peakOf is the greatest number of distinct ones that are on at once within the window, and the first instant of it.
func peakOf[Who comparable](on []presence, window viewing.Window, who func(*presence) Who) store.Peak {
	intervals := map[Who][]viewing.Window{}
	for i := range on {
		from, to := max(viewing.Millis(on[i].StartedAt), window.From), min(viewing.Millis(on[i].At), window.To)
		if from < to {
			intervals[who(&on[i])] = append(intervals[who(&on[i])], viewing.Window{From: from, To: to})
		}
	}
	var steps []step
	for _, own := range intervals {
		for _, w := range joined(own) {
			steps = append(steps, step{w.From, 1}, step{w.To, -1})
		}
	}
	return highest(steps)
}

// joined makes one interval of those that overlap. It sorts them.
func joined(own []viewing.Window) []viewing.Window {
	slices.SortFunc(own, func(a, b viewing.Window) int { return cmp.Compare(a.From, b.From) })
	apart := own[:1]
	for _, w := range own[1:] {
		if last := &apart[len(apart)-1]; w.From <= last.To {
			last.To = max(last.To, w.To)
			continue
		}
		apart = append(apart, w)
	}
	return apart
}

// highest goes along the steps, those that go down before those that go up, as an interval does not hold its end.
func highest(steps []step) store.Peak {
	slices.SortFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.change, b.change)) })
	var peak store.Peak
	level := int64(0)
	for _, s := range steps {
		if level += s.change; level > peak.Count {
			peak = store.Peak{Count: level, At: s.at}
		}
	}
	return peak
}
