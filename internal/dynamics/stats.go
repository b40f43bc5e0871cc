package dynamics

import (
	"context"
	"encoding/json"
	"fmt"
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

// SaveStats keeps the stats at AsOf.
func (d *Dynamics) SaveStats(ctx context.Context, c Command, progress Progress) (Done, error) {
	return d.forEach(ctx, c, progress, func(clientID int32, progress Progress) (Done, error) {
		stamp, kept, err := d.snapshot(ctx, clientID, c.AsOf)
		if err != nil || kept != nil {
			return Done{Fresh: 1}, err
		}
		stats, err := d.computeStats(ctx, clientID, c.AsOf)
		if err != nil {
			return Done{}, err
		}
		progress(0.9)
		body, err := json.Marshal(stats)
		if err != nil {
			return Done{}, fmt.Errorf("encode stats: %w", err)
		}
		return Done{Computed: 1}, d.source.SaveFigures(ctx, []store.Figure{
			{Kind: store.Snapshot, ClientID: clientID, Start: c.AsOf, Stamp: stamp, Body: body},
		})
	})
}

// Stats answers the stats at asOf.
func (d *Dynamics) Stats(ctx context.Context, clientID int32, asOf viewing.Millis) (Stats, error) {
	_, kept, err := d.snapshot(ctx, clientID, asOf)
	if err != nil {
		return Stats{}, err
	}
	if kept == nil {
		return d.computeStats(ctx, clientID, asOf)
	}
	return *kept, nil
}

// snapshot answers the stamp of the stats at asOf, and what is kept of them if that is right. The stats depend on all that
// lies before asOf, and on what counts as online.
func (d *Dynamics) snapshot(ctx context.Context, clientID int32, asOf viewing.Millis) (string, *Stats, error) {
	hour := viewing.ByHour.Start(asOf - 1)
	now, err := d.clock(ctx, clientID, viewing.Window{From: hour, To: viewing.ByHour.Next(hour)})
	if err != nil {
		return "", nil, err
	}
	all := now.totals[len(now.totals)-1]
	stamp := fmt.Sprintf("%s within %s", stamp{viewing: all.Viewing, accounts: all.Accounts, payments: all.Payments}, d.onlineTimeout)
	figures, err := d.source.Figures(ctx, store.Snapshot, clientID, viewing.Window{From: asOf, To: asOf + 1})
	if err != nil || len(figures) == 0 || figures[0].Stamp != stamp {
		return stamp, nil, err
	}
	var kept Stats
	if err := json.Unmarshal(figures[0].Body, &kept); err != nil {
		return "", nil, fmt.Errorf("decode the stats at %s: %w", asOf.Time(), err)
	}
	return stamp, &kept, nil
}

func (d *Dynamics) computeStats(ctx context.Context, clientID int32, asOf viewing.Millis) (s Stats, err error) {
	if err := d.accounts(ctx, clientID, asOf, &s); err != nil {
		return s, err
	}
	if err := d.onlineEver(ctx, clientID, asOf, &s); err != nil {
		return s, err
	}
	if s.Online, err = d.source.Online(ctx, clientID, asOf, d.onlineTimeout); err != nil {
		return s, err
	}
	if s.Audience, err = d.source.Audience(ctx, clientID, asOf); err != nil {
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
