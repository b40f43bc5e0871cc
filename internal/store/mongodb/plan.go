package mongodb

import (
	"context"

	"github.com/tvstats/tvstats/internal/viewing"
)

// plan says where the sessions of a window are read: of days that are rolled up whole days and, at the edges of the window,
// whole hours from their rollups; the rest, less than an hour at each edge and the days that are not rolled up, from the
// sessions themselves.
type plan struct {
	rolled []rolledSpan     // in their order
	plain  []viewing.Window // in their order, neighbours joined
}

// rolledSpan is a span of a day whose rollups are read.
type rolledSpan struct {
	day  dayState
	span string
}

// plan plans the reading of the filter's window, from rollups too or from sessions alone.
func (s *Store) plan(ctx context.Context, filter viewing.Filter, rolled bool) (plan, error) {
	days, err := s.daysWithin(ctx, filter.ClientID, filter.Window)
	if err != nil {
		return plan{}, err
	}
	var p plan
	for _, d := range days {
		day := d.day().Window()
		within := shared(day, filter.Window)
		switch {
		case !rolled || !d.Rolled:
			p.addPlain(within)
		case within == day:
			p.rolled = append(p.rolled, rolledSpan{d, wholeDay})
		default:
			p.addHours(d, within)
		}
	}
	return p, nil
}

// addHours adds the part of a rolled day that lies in the window.
func (p *plan) addHours(d dayState, window viewing.Window) {
	for _, hour := range viewing.ByHour.Periods(window) {
		if within := shared(hour, window); within == hour {
			p.rolled = append(p.rolled, rolledSpan{d, hourName(hour.From)})
		} else {
			p.addPlain(within)
		}
	}
}

func (p *plan) addPlain(w viewing.Window) {
	if n := len(p.plain); n > 0 && p.plain[n-1].To == w.From {
		p.plain[n-1].To = w.To
		return
	}
	p.plain = append(p.plain, w)
}

// shared is what two windows that overlap have in common.
func shared(a, b viewing.Window) viewing.Window {
	return viewing.Window{From: max(a.From, b.From), To: min(a.To, b.To)}
}
