package mongodb

import (
	"context"
	"slices"

	"github.com/tvstats/tvstats/internal/viewing"
)

// plan says where the sessions of a window are read: of days that are rolled up whole days and, at the edges of the window,
// whole hours from their rollups; the rest from the sessions themselves: less than an hour at each edge, hours that have
// few of them, and the days that are not rolled up.
type plan struct {
	rolled  []rolledSpan // in their order
	tallies []tally
}

// rolledSpan is a span of a day whose rollups are read.
type rolledSpan struct {
	day    dayState
	span   string
	window viewing.Window
}

// tally is sessions that the server sums up: those that started in one of the windows, which are in their order, of
// everyone or of some accounts.
type tally struct {
	windows   []viewing.Window
	everyone  bool
	accounts  []int64 // unless everyone
	byAccount bool    // they are few, or the windows long, so that the accounts lead to the sessions
	taken     bool    // the sessions are in the rollups and are to be taken away
}

// span is from the beginning of the first window to the end of the last one.
func (t *tally) span() viewing.Window {
	return viewing.Window{From: t.windows[0].From, To: t.windows[len(t.windows)-1].To}
}

func (t *tally) sign() int64 {
	if t.taken {
		return -1
	}
	return 1
}

// plan plans the reading of the filter's window, from rollups too or from sessions alone.
func (s *Store) plan(ctx context.Context, filter viewing.Filter, rolled bool) (*plan, error) {
	days, err := s.daysWithin(ctx, filter.ClientID, filter.Window)
	if err != nil {
		return nil, err
	}
	p, rest := &plan{}, tally{everyone: !filter.ActiveOnly}
	for _, d := range days {
		day := d.day().Window()
		window := shared(day, filter.Window)
		switch {
		case !rolled || !d.Rolled:
			rest.windows = extended(rest.windows, window)
		case window == day:
			p.rolled = append(p.rolled, rolledSpan{d, wholeDay, day})
		default:
			p.addHours(d, window, &rest)
		}
	}
	p.tallies = []tally{rest}
	if filter.ActiveOnly {
		return p, s.keepActive(ctx, filter.ClientID, p)
	}
	return p, nil
}

// addHours adds the whole hours of the part of a rolled day that have rollups, and to rest what is left over.
func (p *plan) addHours(d dayState, part viewing.Window, rest *tally) {
	for _, hour := range viewing.ByHour.Periods(part) {
		window := shared(hour, part)
		if window == hour && d.hasRollups(hourName(hour.From)) {
			p.rolled = append(p.rolled, rolledSpan{d, hourName(hour.From), hour})
		} else {
			rest.windows = extended(rest.windows, window)
		}
	}
}

// empty tells whether there is nothing to read.
func (p *plan) empty() bool {
	return len(p.rolled) == 0 && !slices.ContainsFunc(p.tallies, func(t tally) bool { return len(t.windows) > 0 })
}

// extended are the windows with one more, which is joined to the last one where that ends where it begins.
func extended(windows []viewing.Window, w viewing.Window) []viewing.Window {
	if n := len(windows); n > 0 && windows[n-1].To == w.From {
		windows[n-1].To = w.To
		return windows
	}
	return append(windows, w)
}

// shared is what two windows that overlap have in common.
func shared(a, b viewing.Window) viewing.Window {
	return viewing.Window{From: max(a.From, b.From), To: min(a.To, b.To)}
}
