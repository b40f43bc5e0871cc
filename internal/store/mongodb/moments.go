package mongodb

import (
	"maps"
	"slices"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// moment is what is known of a channel at an instant between two slots.
type moment struct {
	began, ended int64          // sessions, until then
	area         viewing.Millis // watched by all of them together, until then
}

// attribute adds the shares of the channel's programmes.
func (e *channelEdges) attribute(shares map[int64]share) {
	moments := e.momentsAt(boundaries(e.guide))
	for _, p := range e.guide {
		from, to := moments[p.Start], moments[p.End]
		sessions := to.began - from.ended // those that began before it was over, without those that ended before it began
		if p.Start < p.End && sessions > 0 {
			sum := shares[p.ID]
			sum.programme = p
			sum.watched += to.area - from.area
			sum.sessions += sessions
			shares[p.ID] = sum
		}
	}
}

// boundaries are the instants at which the programmes start and end, ascending, each once.
func boundaries(programmes []catalog.Programme) []viewing.Millis {
	instants := map[viewing.Millis]struct{}{}
	for _, p := range programmes {
		instants[p.Start], instants[p.End] = struct{}{}, struct{}{}
	}
	return slices.Sorted(maps.Keys(instants))
}

// momentsAt goes through the slots and answers what is known at each of the instants.
func (e *channelEdges) momentsAt(instants []viewing.Millis) map[viewing.Millis]moment {
	slots := e.slots()
	moments := make(map[viewing.Millis]moment, len(instants))
	var now moment
	var at viewing.Millis
	pass := func(to viewing.Millis) {
		now.area += (to - at) * viewing.Millis(now.began-now.ended)
		at = to
	}
	for _, instant := range instants {
		for len(slots) > 0 && viewing.Millis(slots[0])*e.width < instant {
			pass(viewing.Millis(slots[0]) * e.width)
			now.add(e.began[slots[0]], e.ended[slots[0]])
			slots = slots[1:]
		}
		pass(instant)
		moments[instant] = now
	}
	return moments
}

// slots are those in which any session began or ended, ascending.
func (e *channelEdges) slots() []int64 {
	return slices.Compact(slices.Sorted(func(yield func(int64) bool) {
		for _, edges := range []counts{e.began, e.ended} {
			for slot := range edges {
				if !yield(slot) {
					return
				}
			}
		}
	}))
}

// add counts sessions as if all of them had begun, or ended, at the start of their slot, and sets the area right for that
// they did so later: by the end of the slot it is exact.
func (m *moment) add(began, ended count) {
	m.began += began.sessions
	m.ended += ended.sessions
	m.area += viewing.Millis(ended.amount + ended.sessions - began.amount) // an end follows its last millisecond
}
