package simulate

import (
	"math/rand/v2"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// household is one account with its boxes.
type household struct {
	states   []catalog.Account // oldest first
	watches  viewing.Window    // the part of the span in which it may watch; empty where it is not active in it
	category int32             // that it likes
	appetite float64           // how much it watches; 1 is the middle
	firstBox int               // its boxes are numbered from here on
	boxes    int
}

// Shares of households that are not as most are.
const (
	twoBoxes    = 0.35
	neverActive = 0.04
	newcomers   = 0.05 // joined during the span
	leavers     = 0.04 // left during the span
)

// firstAccount is the id of the first household's account.
const firstAccount = 1001

// settle founds households until all boxes have one.
func (w *World) settle() []household {
	var all []household
	for boxes := 0; boxes < w.config.Boxes; {
		h := w.newHousehold(len(all))
		h.firstBox, h.boxes = boxes, min(h.boxes, w.config.Boxes-boxes)
		boxes += h.boxes
		all = append(all, h)
	}
	return all
}

func (w *World) newHousehold(number int) household {
	const year = 365 * viewing.DayLength
	r, span := w.random(forHousehold, uint64(number)), w.config.Span
	h := household{
		category: 1 + r.Int32N(lastCategory),
		appetite: 0.3 + r.ExpFloat64()*0.7, // a few watch all day, and nobody never
		boxes:    1,
		watches:  span,
	}
	if chance(r, twoBoxes) {
		h.boxes = 2
	}
	joined := catalog.Account{
		ID: firstAccount + int64(number), Active: true, Tariffs: drawTariffs(r),
		ChangedAt: span.From - between(r, viewing.DayLength, 3*year),
	}
	left := joined
	left.Active = false
	switch kind := r.Float64(); {
	case kind < neverActive:
		left.ChangedAt = between(r, joined.ChangedAt, span.From)
		h.watches.To = h.watches.From
	case kind < neverActive+newcomers:
		joined.ChangedAt = between(r, span.From, span.To)
		h.watches.From = joined.ChangedAt
	case kind < neverActive+newcomers+leavers:
		left.ChangedAt = between(r, span.From, span.To)
		h.watches.To = left.ChangedAt
	}
	joined.RegisteredAt, left.RegisteredAt = joined.ChangedAt, joined.ChangedAt
	h.states = []catalog.Account{joined}
	if left.ChangedAt > joined.ChangedAt {
		h.states = append(h.states, left)
	}
	return h
}

// drawTariffs draws one tariff, at times two.
func drawTariffs(r *rand.Rand) []int32 {
	ids := []int32{1 + r.Int32N(lastTariff)}
	if chance(r, 0.15) {
		ids = append(ids, 1+r.Int32N(lastTariff))
	}
	return viewing.Distinct(ids)
}
