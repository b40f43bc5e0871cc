package dynamics

import (
	"context"
	"slices"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Stats are the figures of a dashboard. What happened at or after their instant does not count.
type Stats struct {
	Total          int64           `json:"total"` // accounts
	Active         int64           `json:"active"`
	NewToday       int64           `json:"new_today"`
	NewIn7Days     int64           `json:"new_in_7_days"`
	NewIn30Days    int64           `json:"new_in_30_days"`
	Online         store.Viewers   `json:"online"`
	MaxToday       MaxOnline       `json:"max_today"`
	MaxEver        MaxOnline       `json:"max_ever"`
	MaxEverDay     viewing.Day     `json:"max_ever_day"` // that of its accounts
	Audience       store.Audience  `json:"audience"`
	ActiveByTariff map[int32]int64 `json:"active_by_tariff,omitempty"`
	PaymentsToday  store.Payments  `json:"payments_today"`
}

// snapshots is the series of stats, whose periods hold nothing but an instant.
func (d *Dynamics) snapshots() series[Stats] {
	return series[Stats]{
		kind: store.Snapshot, mostPeriods: 1,
		stamp: func(c clock, instant viewing.Window) stamp { return c.ofStats(instant.From, d.onlineTimeout) },
		compute: func(ctx context.Context, clientID int32, instants []viewing.Window) ([]Stats, error) {
			stats, err := d.computeStats(ctx, clientID, instants[0].From)
			return []Stats{stats}, err
		},
	}
}

func instant(at viewing.Millis) []viewing.Window { return []viewing.Window{{From: at, To: at + 1}} }

// SaveStats keeps the stats at AsOf.
func (d *Dynamics) SaveStats(ctx context.Context, c Command, progress Progress) (Done, error) {
	return d.forEach(ctx, c, progress, func(clientID int32, progress Progress) (Done, error) {
		done, err := d.snapshots().keep(ctx, d, clientID, instant(c.AsOf), progress)
		return Done{Computed: done.computed + done.same, Fresh: done.fresh}, err
	})
}

// Stats answers the stats at asOf.
func (d *Dynamics) Stats(ctx context.Context, clientID int32, asOf viewing.Millis) (Stats, error) {
	stats, err := d.snapshots().read(ctx, d, clientID, instant(asOf))
	if err != nil {
		return Stats{}, err
	}
	return stats[0].Figure, nil
}

func (d *Dynamics) computeStats(ctx context.Context, clientID int32, asOf viewing.Millis) (s Stats, err error) {
	if err := d.accounts(ctx, clientID, asOf, &s); err != nil {
		return s, err
	}
	if err := d.onlineEver(ctx, clientID, asOf, &s); err != nil {
		return s, err
	}
	if s.Online, err = d.source.Online(ctx, clientID, asOf, d.onlineTimeout, d.now); err != nil {
		return s, err
	}
	if s.Audience, err = d.source.Audience(ctx, clientID, asOf, d.now); err != nil {
		return s, err
	}
	if midnight := asOf.Day().Start(); midnight < asOf {
		payments, err := d.source.PaymentsByPeriod(ctx, clientID, []viewing.Millis{midnight, asOf})
		if err != nil {
			return s, err
		}
		s.PaymentsToday = payments[0]
	}
	return s, nil
}

// accounts counts accounts at asOf, and those that were new before it.
func (d *Dynamics) accounts(ctx context.Context, clientID int32, asOf viewing.Millis, s *Stats) error {
	midnight, week, month := asOf.Day().Start(), viewing.DaysBefore(asOf, 7).From, viewing.DaysBefore(asOf, 30).From
	boundaries := slices.Compact([]viewing.Millis{month, week, midnight, asOf})
	before, flows, err := d.source.Flows(ctx, clientID, boundaries)
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
	active, err := d.source.ActiveByTariff(ctx, clientID, []viewing.Millis{asOf})
	if err != nil {
		return err
	}
	s.ActiveByTariff = active[0]
	return nil
}

// onlineEver finds the greatest numbers online today and on any day, the first one where several are equal.
func (d *Dynamics) onlineEver(ctx context.Context, clientID int32, asOf viewing.Millis, s *Stats) error {
	days, err := d.viewingDays(ctx, clientID, asOf)
	if err != nil {
		return err
	}
	peaks, err := d.maxOnline().read(ctx, d, clientID, days)
	if err != nil {
		return err
	}
	s.MaxEverDay = asOf.Day()
	for _, day := range peaks {
		if day.Period.To > asOf {
			if err := d.clip(ctx, clientID, asOf, &day); err != nil {
				return err
			}
			s.MaxToday = day.Figure
		}
		if day.Figure.Accounts.Count > s.MaxEver.Accounts.Count {
			s.MaxEver.Accounts, s.MaxEverDay = day.Figure.Accounts, day.Period.From.Day()
		}
		if day.Figure.Devices.Count > s.MaxEver.Devices.Count {
			s.MaxEver.Devices = day.Figure.Devices
		}
	}
	return nil
}

// clip makes the day's figure that of its part before asOf. Peaks that were reached before are the same.
func (d *Dynamics) clip(ctx context.Context, clientID int32, asOf viewing.Millis, day *Dated[MaxOnline]) error {
	if day.Figure.Accounts.At < asOf && day.Figure.Devices.At < asOf {
		return nil
	}
	clipped, err := d.peaks(ctx, clientID, []viewing.Window{{From: day.Period.From, To: asOf}})
	if err != nil {
		return err
	}
	day.Figure = clipped[0]
	return nil
}
