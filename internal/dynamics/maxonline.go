package dynamics

import (
	"context"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// MaxOnline is the greatest number online at once.
type MaxOnline struct {
	Accounts store.Peak `json:"accounts"`
	Devices  store.Peak `json:"devices"`
}

// Online is the greatest number online at once in a period, and of how much of its viewing.
type Online struct {
	MaxOnline
	Extent
}

// maxOnline is the series of the greatest numbers of days, of what is stored of their viewing. A day has data if a session
// started then, or reaches into it.
func (d *Dynamics) maxOnline(kind store.FigureKind) series[MaxOnline] {
	return series[MaxOnline]{
		kind: kind, stamp: onlineStamp, version: clock.online, mostPeriods: 3660, mostReports: 1_000_000,
		empty:   func(m MaxOnline) bool { return m == MaxOnline{} },
		compute: d.peaks,
	}
}

// peaks sweeps over days of any length, at once over those that follow each other every 24 hours.
func (d *Dynamics) peaks(ctx context.Context, clientID int32, days []viewing.Window) ([]MaxOnline, error) {
	all := make([]MaxOnline, 0, len(days))
	for first := 0; first < len(days); {
		next := first + 1
		for next < len(days) && days[next].From == days[next-1].To && days[next-1].To-days[next-1].From == viewing.DayLength {
			next++
		}
		if next > first+1 && days[next-1].To-days[next-1].From > viewing.DayLength {
			next-- // it is two parts
		}
		run := hullOf(days[first:next])
		parts, err := d.source.Peaks(ctx, clientID, run.From, run, d.now)
		if err != nil {
			return nil, err
		}
		if next == first+1 {
			all = append(all, greatest(parts))
		} else {
			for _, part := range parts {
				all = append(all, greatest([]store.DayPeak{part}))
			}
		}
		first = next
	}
	return all, nil
}

// greatest is the greatest number in any of the parts of a period, the first one where several are equal.
func greatest(parts []store.DayPeak) (m MaxOnline) {
	for _, part := range parts {
		if part.Accounts.Count > m.Accounts.Count {
			m.Accounts = part.Accounts
		}
		if part.Devices.Count > m.Devices.Count {
			m.Devices = part.Devices
		}
	}
	return m
}

// onlineOf returns the greatest numbers of each of the days: what was kept where viewing is gone, and of what is stored.
func (d *Dynamics) onlineOf(ctx context.Context, q Question, s series[MaxOnline], days []viewing.Window, gone *gone) ([]Online, error) {
	all := make([]Online, len(days))
	var stored []viewing.Window
	var places []int
	for i, day := range days {
		if kept, known := gone.online[day]; known {
			all[i] = kept
			continue
		}
		stored, places = append(stored, day), append(places, i)
	}
	found, err := s.read(ctx, d, q.ClientID, stored)
	if err != nil {
		return nil, err
	}
	for n, i := range places {
		all[i] = Online{found[n], gone.extent(stored[n], true)}
	}
	return all, nil
}

// onlineSettled is onlineOf, whatever is removed meanwhile.
func (d *Dynamics) onlineSettled(ctx context.Context, q Question, s series[MaxOnline], days []viewing.Window) (all []Online, err error) {
	err = d.settled(ctx, q.ClientID, days, func(gone *gone) (err error) {
		all, err = d.onlineOf(ctx, q, s, days, gone)
		return err
	})
	return all, err
}

// CacheMaxOnline keeps the greatest numbers online of each day that has any, up to that of AsOf.
func (d *Dynamics) CacheMaxOnline(ctx context.Context, c Command, progress Progress) (Done, error) {
	return d.forEach(ctx, c, progress, func(clientID int32, progress Progress) (Done, error) {
		d, err := d.withVersions(ctx, clientID, everFrom)
		if err != nil {
			return Done{}, err
		}
		days, err := d.viewingDays(ctx, clientID, c.AsOf.Day().Window().To)
		if err != nil {
			return Done{}, err
		}
		gone, err := d.gone(ctx, clientID, days)
		if err != nil {
			return Done{}, err
		}
		stored, all := withoutGone(days, gone.online, func(o Online) bool { return o.MaxOnline != MaxOnline{} })
		kept, err := d.maxOnline(store.MaxOnlineDay).keep(ctx, d, clientID, stored, progress)
		return countRuns(append(all, kept...)), err
	})
}

// withoutGone splits off those of the periods whose figures were kept of viewing that is gone: they are there, and right.
func withoutGone[T any](
	periods []viewing.Window, gone map[viewing.Window]T, holds func(T) bool,
) (stored []viewing.Window, kept []outcome) {
	for _, period := range periods {
		if figure, known := gone[period]; known {
			kept = append(kept, outcome{holds: holds(figure)})
		} else {
			stored = append(stored, period)
		}
	}
	return stored, kept
}

// countRuns counts what was computed, be it as it was, and what was right.
func countRuns(all []outcome) (done Done) {
	for _, o := range all {
		switch {
		case o.changed || o.again:
			done.Computed++
		case o.holds:
			done.Fresh++
		}
	}
	return done
}

// longestInDays is how many days after the one on which it starts a session can reach into.
const longestInDays = viewing.Day(viewing.LongestSession / viewing.DayLength)

// viewingDays are the days up to the instant that viewing can reach into.
func (d *Dynamics) viewingDays(ctx context.Context, clientID int32, to viewing.Millis) ([]viewing.Window, error) {
	ever, err := d.clock(ctx, clientID, viewing.Window{From: everFrom, To: to})
	if err != nil {
		return nil, err
	}
	return ever.days(to, longestInDays, func(v store.Version) bool { return v.Viewing > 0 }), nil
}

// MaxOnline returns the greatest numbers online of each of the days, which are the calendar's.
func (d *Dynamics) MaxOnline(ctx context.Context, q Question, from, to viewing.Day) ([]Dated[Covered[MaxOnline]], error) {
	days := q.days(from, to)
	online, err := d.onlineSettled(ctx, q, d.maxOnline(q.kind(onlineKinds, viewing.ByDay)), days)
	if err != nil {
		return nil, err
	}
	all := make([]Dated[Covered[MaxOnline]], len(days))
	for i, day := range days {
		all[i] = Dated[Covered[MaxOnline]]{day, Covered[MaxOnline]{online[i].MaxOnline, d.covered(q, day, online[i].Extent)}}
	}
	return all, nil
}
