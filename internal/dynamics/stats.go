package dynamics

import (
	"context"
	"math"
	"slices"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Stats are the figures of a dashboard. What happened at or after their instant does not count.
type Stats struct {
	Total          int64              `json:"total"` // accounts
	Active         int64              `json:"active"`
	NewToday       int64              `json:"new_today"`
	NewIn7Days     int64              `json:"new_in_7_days"`
	NewIn30Days    int64              `json:"new_in_30_days"`
	Online         store.Viewers      `json:"online"`
	MaxToday       MaxOnline          `json:"max_today"`
	MaxEver        MaxOnline          `json:"max_ever"`
	MaxEverDay     viewing.Day        `json:"max_ever_day"` // that of its accounts
	Today          Extent             `json:"today"`        // of MaxToday
	Ever           Extent             `json:"ever"`         // of the day of MaxEver
	Viewers        store.ViewerCounts `json:"audience"`
	ActiveByTariff map[int32]int64    `json:"active_by_tariff,omitempty"`
	PaymentsToday  store.Payments     `json:"payments_today"`
}

// snapshots is the series of stats, whose periods hold nothing but an instant.
func (d *Dynamics) snapshots(q Question) series[Stats] {
	return series[Stats]{
		kind: q.kind(snapshotKinds, viewing.ByHour), mostPeriods: 1, mostReports: math.MaxInt64,
		stamp:   func(c clock, instant viewing.Window) string { return statsStamp(c, instant.From, d.onlineTimeout) },
		version: func(clock, viewing.Window) int64 { return 1 }, // a client without data has stats, too
		empty:   func(Stats) bool { return false },
		compute: func(ctx context.Context, _ int32, instants []viewing.Window) ([]Stats, error) {
			stats, err := d.computeStats(ctx, q, instants[0].From)
			return []Stats{stats}, err
		},
	}
}

func instant(at viewing.Millis) []viewing.Window { return []viewing.Window{{From: at, To: at + 1}} }

// mostSnapshots is how many are kept of a client, of the latest instants.
const mostSnapshots = 100

// SaveStats keeps the stats at AsOf.
func (d *Dynamics) SaveStats(ctx context.Context, c Command, progress Progress) (Done, error) {
	d = d.asOf(c.AsOf)
	return d.forEach(ctx, c, progress, func(clientID int32, progress Progress) (Done, error) {
		kept, err := d.snapshots(Question{ClientID: clientID, Now: c.AsOf}).keep(ctx, d, clientID, instant(c.AsOf), progress)
		if err != nil {
			return Done{}, err
		}
		return countRuns(kept), d.dropSnapshots(ctx, clientID, c.AsOf)
	})
}

// dropSnapshots deletes those of the earliest instants, but that of the given one, where there are too many.
func (d *Dynamics) dropSnapshots(ctx context.Context, clientID int32, but viewing.Millis) error {
	all, err := d.source.Figures(ctx, store.Snapshot, clientID, viewing.Window{From: everFrom, To: store.Never})
	if err != nil || len(all) <= mostSnapshots {
		return err
	}
	var old []viewing.Millis
	for _, snapshot := range all[:len(all)-mostSnapshots] {
		if snapshot.Start != but {
			old = append(old, snapshot.Start)
		}
	}
	return d.source.DeleteFigures(ctx, store.Snapshot, clientID, old)
}

// Stats returns the stats at asOf. Today is the calendar's.
func (d *Dynamics) Stats(ctx context.Context, q Question, asOf viewing.Millis) (Stats, error) {
	d = d.asOf(asOf)
	stats, err := d.snapshots(q).read(ctx, d, q.ClientID, instant(asOf))
	if err != nil {
		return Stats{}, err
	}
	return stats[0], nil
}

// Covers are those of the greatest numbers online today and on any day.
func (d *Dynamics) Covers(q Question, asOf viewing.Millis, s Stats) (today, ever Cover) {
	return d.covered(q, viewing.Window{To: asOf}, s.Today), d.covered(q, q.Calendar.Window(s.MaxEverDay), s.Ever)
}

func (d *Dynamics) computeStats(ctx context.Context, q Question, asOf viewing.Millis) (s Stats, err error) {
	clientID, midnight := q.ClientID, q.Calendar.Start(viewing.ByDay, asOf)
	if err := d.accounts(ctx, clientID, midnight, asOf, &s); err != nil {
		return s, err
	}
	if err := d.onlineEver(ctx, q, asOf, &s); err != nil {
		return s, err
	}
	if s.Online, err = d.source.Online(ctx, clientID, asOf, d.onlineTimeout, d.now); err != nil {
		return s, err
	}
	if s.Viewers, err = d.source.ViewerCounts(ctx, clientID, asOf, d.now); err != nil {
		return s, err
	}
	if midnight < asOf {
		payments, err := d.source.PaymentsByPeriod(ctx, clientID, []viewing.Millis{midnight, asOf})
		if err != nil {
			return s, err
		}
		s.PaymentsToday = payments[0]
	}
	return s, nil
}

// accounts counts accounts at asOf, and those that were new before it.
func (d *Dynamics) accounts(ctx context.Context, clientID int32, midnight, asOf viewing.Millis, s *Stats) error {
	week, month := viewing.DaysBefore(asOf, 7).From, viewing.DaysBefore(asOf, 30).From
	boundaries := slices.Compact([]viewing.Millis{month, week, midnight, asOf})
	before, flows, err := d.source.Flows(ctx, clientID, boundaries, d.known)
	if err != nil {
		return err
	}
	s.Active, s.Total = before.Active(), before.Existing()
	for i, f := range flows {
		s.Active += f.Active()
		s.Total += f.Existing()
		s.NewIn30Days += f.New
		if boundaries[i] >= week {
			s.NewIn7Days += f.New
		}
		if boundaries[i] >= midnight {
			s.NewToday += f.New
		}
	}
	active, err := d.source.ActiveByTariff(ctx, clientID, []viewing.Millis{asOf}, d.known)
	if err != nil {
		return err
	}
	s.ActiveByTariff = active[0]
	return nil
}

// onlineEver finds the greatest numbers online today and on any day, the first one where several are equal. All days together
// are the same in every calendar, and those of UTC are kept.
func (d *Dynamics) onlineEver(ctx context.Context, q Question, asOf viewing.Millis, s *Stats) error {
	today := q.Calendar.Day(asOf)
	d, err := d.withVersions(ctx, q.ClientID, everFrom)
	if err != nil {
		return err
	}
	days, err := d.viewingDays(ctx, q.ClientID, asOf)
	if err != nil {
		return err
	}
	return d.settled(ctx, q.ClientID, append(days, q.Calendar.Window(today)), func(gone *gone) error {
		s.MaxEver, s.Ever, s.MaxEverDay = MaxOnline{}, Extent{}, today
		if err := d.onlineOn(ctx, q, asOf, days, s, gone); err != nil {
			return err
		}
		return d.onlineToday(ctx, q, asOf, s, gone)
	})
}

// onlineOn finds the greatest numbers online on any of the days.
func (d *Dynamics) onlineOn(ctx context.Context, q Question, asOf viewing.Millis, days []viewing.Window, s *Stats, gone *gone) error {
	peaks, err := d.onlineOf(ctx, q, d.maxOnline(store.MaxOnlineDay), days, gone)
	if err != nil {
		return err
	}
	for i, day := range days {
		peak := peaks[i]
		if day.To > asOf {
			if peak, err = d.clip(ctx, q, viewing.Window{From: day.From, To: asOf}, peak, gone); err != nil {
				return err
			}
		}
		if peak.Accounts.Count > s.MaxEver.Accounts.Count {
			s.MaxEver.Accounts, s.MaxEverDay, s.Ever = peak.Accounts, q.Calendar.Day(peak.Accounts.At), peak.Extent
		}
		if peak.Devices.Count > s.MaxEver.Devices.Count {
			s.MaxEver.Devices = peak.Devices
		}
	}
	return nil
}

// onlineToday finds the greatest numbers online since midnight.
func (d *Dynamics) onlineToday(ctx context.Context, q Question, asOf viewing.Millis, s *Stats, gone *gone) error {
	day := q.Calendar.Window(q.Calendar.Day(asOf))
	if day.From == asOf {
		return nil
	}
	peaks, err := d.onlineOf(ctx, q, d.maxOnline(q.kind(onlineKinds, viewing.ByDay)), []viewing.Window{day}, gone)
	if err != nil {
		return err
	}
	today, err := d.clip(ctx, q, viewing.Window{From: day.From, To: asOf}, peaks[0], gone)
	s.MaxToday, s.Today = today.MaxOnline, today.Extent
	return err
}

// clip makes a day's greatest numbers those of its beginning. Peaks that were reached there are the same.
func (d *Dynamics) clip(ctx context.Context, q Question, beginning viewing.Window, day Online, gone *gone) (Online, error) {
	if day.Accounts.At < beginning.To && day.Devices.At < beginning.To {
		return day, nil
	}
	clipped, err := d.peaks(ctx, q.ClientID, []viewing.Window{beginning})
	if err != nil {
		return day, err
	}
	return Online{clipped[0], gone.extent(beginning, true)}, nil
}
