package dynamics

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// clock knows the versions of a client's data at one moment.
type clock struct {
	hours  []store.HourVersion
	totals []store.Version // of all hours before each of these, and of all of them

	exclusions uint64
}

// clock reads the versions that figures of the window can depend on.
func (d *Dynamics) clock(ctx context.Context, clientID int32, window viewing.Window) (clock, error) {
	window.From -= viewing.LongestSession
	before, hours, err := d.source.Versions(ctx, clientID, window)
	if err != nil {
		return clock{}, err
	}
	exclusions, err := d.source.Exclusions(ctx, clientID, d.now)
	if err != nil {
		return clock{}, err
	}
	c := clock{hours: hours, totals: []store.Version{before}, exclusions: exclusions}
	for _, hour := range hours {
		before.Viewing += hour.Viewing
		before.Accounts += hour.Accounts
		before.Payments += hour.Payments
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

// viewing is the version of the viewing of the hours that begin in the window.
func (c clock) viewing(w viewing.Window) int64 {
	return c.until(w.To).Viewing - c.until(w.From).Viewing
}

// firstViewing is the first hour with viewing, store.Never where there is none.
func (c clock) firstViewing() viewing.Millis {
	for _, hour := range c.hours {
		if hour.Viewing > 0 {
			return hour.Hour
		}
	}
	return store.Never
}

// stamp is what a figure was computed from: the versions of what it depends on, which only ever grow. A figure is right for
// as long as its stamp is that of the data. The zero stamp is that of a time without any data.
type stamp struct {
	viewing  int64         // sessions that started in the period
	accounts int64         // all entries of the ledger before the period's end
	payments int64         // of the period
	online   int64         // sessions that can have been on in the period
	excluded uint64        // accounts; 0 where no viewing counts
	timeout  time.Duration // after which nobody is online; of stats only
}

// String is the form in which stamps are kept and compared.
func (s stamp) String() string {
	return fmt.Sprintf("v%d a%d p%d o%d t%s x%x", s.viewing, s.accounts, s.payments, s.online, s.timeout, s.excluded)
}

// without adds to the stamp which accounts are excluded, where it has any viewing.
func (c clock) without(s stamp) stamp {
	if s.viewing > 0 || s.online > 0 {
		s.excluded = c.exclusions
	}
	return s
}

// ofPoint is the stamp of what happened in the period.
func (c clock) ofPoint(period viewing.Window) stamp {
	from, to := c.until(period.From), c.until(period.To)
	return c.without(stamp{viewing: to.Viewing - from.Viewing, accounts: to.Accounts, payments: to.Payments - from.Payments})
}

// ofOnline is the stamp of who was online in the period.
func (c clock) ofOnline(period viewing.Window) stamp {
	return c.without(stamp{online: c.viewing(viewing.Window{From: period.From - viewing.LongestSession, To: period.To})})
}

// ofRecord is the stamp of both.
func (c clock) ofRecord(period viewing.Window) stamp {
	s := c.ofPoint(period)
	s.online = c.ofOnline(period).online
	return c.without(s)
}

// ofStats is the stamp of stats, which depend on all that lies before them and on who counts as online.
func (c clock) ofStats(asOf viewing.Millis, onlineTimeout time.Duration) stamp {
	all := c.until(asOf)
	return c.without(stamp{viewing: all.Viewing, accounts: all.Accounts, payments: all.Payments, timeout: onlineTimeout})
}
