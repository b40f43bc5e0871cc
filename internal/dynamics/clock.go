package dynamics

import (
	"cmp"
	"context"
	"slices"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// clock knows the versions of a client's data at one moment. They are kept by the hour of UTC, so that a period which begins or
// ends within such a one has the version of all of it.
type clock struct {
	clientID int32
	from     viewing.Millis // of the first hour that may be there

	hours  []store.HourVersion
	totals []store.Version // of all hours before each of these, and of all of them

	exclusions uint64
}

// withVersions returns what computes figures of the client by one reading of its versions, from an instant on, before anything is
// computed: a figure whose data changes meanwhile gets the older stamp, and is computed again the next time.
func (d *Dynamics) withVersions(ctx context.Context, clientID int32, from viewing.Millis) (*Dynamics, error) {
	read, err := d.clock(ctx, clientID, viewing.Window{From: from, To: store.Never})
	with := *d
	with.read = &read
	return &with, err
}

// clock reads the versions that figures of the window can depend on, unless they were read already.
func (d *Dynamics) clock(ctx context.Context, clientID int32, window viewing.Window) (clock, error) {
	window.From = viewing.ByHour.Start(window.From - viewing.LongestWatched)
	if d.read != nil && d.read.clientID == clientID && d.read.from <= window.From {
		return *d.read, nil
	}
	before, hours, err := d.source.Versions(ctx, clientID, window, d.known)
	if err != nil {
		return clock{}, err
	}
	exclusions, err := d.source.Exclusions(ctx, clientID, d.now)
	if err != nil {
		return clock{}, err
	}
	c := clock{clientID: clientID, from: window.From, hours: hours, totals: []store.Version{before}, exclusions: exclusions}
	for _, hour := range hours {
		before.Viewing += hour.Viewing
		before.Accounts += hour.Accounts
		before.Payments += hour.Payments
		before.Pending += hour.Pending
		c.totals = append(c.totals, before)
	}
	return c, nil
}

// until is the version of all hours that begin before the instant.
func (c clock) until(at viewing.Millis) store.Version {
	i, _ := slices.BinarySearchFunc(c.hours, at, func(hour store.HourVersion, at viewing.Millis) int {
		return cmp.Compare(hour.Hour, at)
	})
	return c.totals[i]
}

// of is the version of the hours that overlap the period.
func (c clock) of(period viewing.Window) store.Version {
	from, to := c.until(viewing.ByHour.Start(period.From)), c.until(period.To)
	return store.Version{
		Viewing: to.Viewing - from.Viewing, Accounts: to.Accounts - from.Accounts, Payments: to.Payments - from.Payments,
		Pending: to.Pending - from.Pending,
	}
}

// online is the version of the sessions that can have been on in the period.
func (c clock) online(period viewing.Window) int64 {
	return c.of(viewing.Window{From: period.From - viewing.LongestSession, To: period.To}).Viewing
}

// days are the UTC days up to the instant with an hour that is chosen and so many after each of these, ascending.
func (c clock) days(to viewing.Millis, after viewing.Day, chosen func(store.Version) bool) []viewing.Window {
	var days []viewing.Window
	next := -store.Never
	for _, hour := range c.hours {
		if !chosen(hour.Version) {
			continue
		}
		day := hour.Hour.Day()
		for start := max(next, day.Start()); start <= (day+after).Start() && start < to; start += viewing.DayLength {
			days = append(days, start.Day().Window())
			next = start + viewing.DayLength
		}
	}
	return days
}
