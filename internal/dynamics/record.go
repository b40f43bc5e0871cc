package dynamics

import (
	"context"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Record is what is kept of a day.
type Record struct {
	Point
	MaxOnline int64 // accounts
}

// recordOnline is the series of the greatest numbers online of days that are recorded.
func (d *Dynamics) recordOnline() series[MaxOnline] {
	s := d.maxOnline(store.RecordOnline)
	s.compute, s.mostReports = d.maxOnlineRead, d.watch(0, policy{}).mostReports // most need only be read
	return s
}

func (d *Dynamics) maxOnlineRead(ctx context.Context, clientID int32, days []viewing.Window) ([]MaxOnline, error) {
	return d.maxOnline(store.MaxOnlineDay).read(ctx, d, clientID, days)
}

// CollectDailyStats keeps the records of the days that ended by AsOf and have any data. Days whose record was other than it is
// now are returned as healed.
func (d *Dynamics) CollectDailyStats(ctx context.Context, c Command, progress Progress) (Done, error) {
	return d.forEach(ctx, c, progress, func(clientID int32, progress Progress) (Done, error) {
		to := viewing.ByDay.Start(c.AsOf)
		d, err := d.withVersions(ctx, clientID, everFrom)
		if err != nil {
			return Done{}, err
		}
		days := merge(
			d.read.days(to, 0, func(store.Version) bool { return true }),
			d.read.days(to, longestInDays, func(v store.Version) bool { return v.Viewing > 0 }))
		all, err := d.keepRecords(ctx, clientID, days, progress)
		return countRecords(clientID, days, all), err
	})
}

// merge puts two ascending lists of days together, each day once.
func merge(a, b []viewing.Window) []viewing.Window {
	var all []viewing.Window
	for len(a) > 0 || len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && a[0].From <= b[0].From {
			if len(b) > 0 && a[0] == b[0] {
				b = b[1:]
			}
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	return all
}

func (d *Dynamics) keepRecords(ctx context.Context, clientID int32, days []viewing.Window, progress Progress) ([]outcome, error) {
	all, err := d.keepPoints(ctx, clientID, viewing.ByDay, days, progress.part(0, 2))
	if err != nil {
		return nil, err
	}
	gone, err := d.gone(ctx, clientID, days)
	if err != nil {
		return nil, err
	}
	stored, _ := withoutGone(days, gone.online, func(Online) bool { return true })
	online, err := d.recordOnline().keep(ctx, d, clientID, stored, progress.part(1, 2))
	if err != nil {
		return nil, err
	}
	next := 0 // of stored
	for i, day := range days {
		if kept, known := gone.online[day]; known {
			all[i].holds = all[i].holds || kept.MaxOnline != MaxOnline{}
			continue
		}
		all[i] = all[i].and(online[next])
		next++
	}
	return all, nil
}

func countRecords(clientID int32, days []viewing.Window, all []outcome) (done Done) {
	for i, o := range all {
		switch {
		case o.changed:
			done.Computed++
			if o.had {
				done.Healed = append(done.Healed, ClientDay{ClientID: clientID, Day: days[i].From.Day()})
			}
		case o.holds:
			done.Fresh++
		}
	}
	return done
}

// DailyStats returns the records of those of the days that had ended by now, from the first one with any data on.
func (d *Dynamics) DailyStats(ctx context.Context, q Question, from, to viewing.Day) ([]Dated[Record], error) {
	began, err := d.source.Beginning(ctx, q.ClientID, d.known)
	if err != nil {
		return nil, err
	}
	first := min(began.Viewing, began.Accounts, began.Payments)
	var days []viewing.Window
	for _, day := range q.days(from, to) {
		if day.To > first && day.To <= q.Now {
			days = append(days, day)
		}
	}
	points, extents, err := d.points(ctx, q, viewing.ByDay, days)
	if err != nil {
		return nil, err
	}
	series := d.recordOnline()
	if !q.Calendar.IsUTC() {
		series = d.maxOnline(0)
	}
	online, err := d.onlineSettled(ctx, q, series, days)
	if err != nil {
		return nil, err
	}
	records := make([]Dated[Record], len(days))
	for i, day := range days {
		point := points[i]
		point.Cover = d.covered(q, day, extents[i].And(online[i].Extent))
		records[i] = Dated[Record]{Period: day, Figure: Record{Point: point, MaxOnline: online[i].Accounts.Count}}
	}
	return records, nil
}
