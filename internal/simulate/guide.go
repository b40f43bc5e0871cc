package simulate

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// archive is for how many days past programmes can be watched; the guide reaches back as far.
const archive = 2

// Guide is every programme of every channel from the start of the archive to the end of tomorrow, day by day.
func (w *World) Guide() iter.Seq[catalog.Programme] {
	first, last := w.config.Span.From.Day()-archive, w.config.Span.To.Day()+1
	return func(yield func(catalog.Programme) bool) {
		for day := first; day <= last; day++ {
			for place := range lineup {
				for programme := range w.schedule(place, day) {
					if !yield(programme) {
						return
					}
				}
			}
		}
	}
}

// onAir is the programme of a channel at a moment. It makes up the channel's day again rather than keep all days.
func (w *World) onAir(place int, at viewing.Millis) catalog.Programme {
	for programme := range w.schedule(place, at.Day()) {
		if at < programme.End {
			return programme
		}
	}
	panic("a schedule fills its day") // to the last millisecond, see schedule
}

// interest is how readily a viewer who comes across a programme stays: most are middling, a few are the talk of the town.
func (w *World) interest(programme int64) float64 {
	return 0.15 + 0.85*math.Pow(w.random(forInterest, uint64(programme)).Float64(), 4)
}

// schedule fills one day of one channel without gaps.
func (w *World) schedule(place int, day viewing.Day) iter.Seq[catalog.Programme] {
	return func(yield func(catalog.Programme) bool) {
		r := w.random(forGuide, uint64(day)*uint64(len(lineup))+uint64(place))
		genre := genres[lineup[place].category]
		window := day.Window()
		for slot, start := int64(0), window.From; start < window.To; slot++ {
			end := start + genre.length(r)
			if window.To-end < genre.shortest { // too little would be left for another programme
				end = window.To
			}
			programme := catalog.Programme{
				ID: programmeID(place, day, slot), ChannelID: channelID(place), Title: genre.title(r, day), Start: start, End: end,
			}
			if !yield(programme) {
				return
			}
			start = end
		}
	}
}

// programmeID reads as day, channel, slot: it is the same in every simulation, so that the guides of two that overlap
// replace each other in the catalog and do not lie on top of each other.
func programmeID(place int, day viewing.Day, slot int64) int64 {
	return (int64(day)*1000+int64(channelID(place)))*1000 + slot
}

// genre is what programmes of a category are like.
type genre struct {
	shortest, longest viewing.Millis
	titles            []string // a %d stands for the number of the episode
}

// length draws the length of a programme, in steps of five minutes.
func (g genre) length(r *rand.Rand) viewing.Millis {
	const step = 5 * minute
	return between(r, g.shortest/step, g.longest/step+1) * step
}

func (g genre) title(r *rand.Rand, day viewing.Day) string {
	title := g.titles[r.IntN(len(g.titles))]
	if isSeries := title[len(title)-1] == 'd'; isSeries {
		return fmt.Sprintf(title, 1+int(day)%240)
	}
	return title
}
