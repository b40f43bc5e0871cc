package dynamics

import (
	"context"
	"math"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// MaxOnline is the greatest number online at once.
type MaxOnline struct {
	Accounts store.Peak `json:"accounts"`
	Devices  store.Peak `json:"devices"`
}

// maxOnline is the series of the greatest numbers of days.
func (d *Dynamics) maxOnline() series[MaxOnline] {
	return series[MaxOnline]{
		kind: store.MaxOnlineDay, stamp: clock.ofOnline, compute: d.peaks, mostPeriods: 3660, mostReports: 1_000_000,
	}
}

func (d *Dynamics) peaks(ctx context.Context, clientID int32, days []viewing.Window) ([]MaxOnline, error) {
	all := make([]MaxOnline, 0, len(days))
	for _, run := range runs(days) {
		peaks, err := d.source.Peaks(ctx, clientID, run, d.now)
		if err != nil {
			return nil, err
		}
		for _, peak := range peaks {
			all = append(all, MaxOnline{Accounts: peak.Accounts, Devices: peak.Devices})
		}
	}
	return all, nil
}

// CacheMaxOnline keeps the greatest numbers online of each day, from the first one with viewing to that of AsOf.
func (d *Dynamics) CacheMaxOnline(ctx context.Context, c Command, progress Progress) (Done, error) {
	return d.forEach(ctx, c, progress, func(clientID int32, progress Progress) (Done, error) {
		days, err := d.viewingDays(ctx, clientID, c.AsOf.Day().Window().To)
		if err != nil {
			return Done{}, err
		}
		done, err := d.maxOnline().keep(ctx, d, clientID, days, progress)
		return Done{Computed: done.computed + done.same, Fresh: done.fresh}, err
	})
}

// viewingDays are the days from the first one with viewing up to the instant.
func (d *Dynamics) viewingDays(ctx context.Context, clientID int32, to viewing.Millis) ([]viewing.Window, error) {
	ever, err := d.clock(ctx, clientID, viewing.Window{From: math.MinInt64 + viewing.LongestSession, To: to})
	if err != nil {
		return nil, err
	}
	return viewing.ByDay.Periods(viewing.Window{From: ever.firstViewing(), To: to}), nil
}

// MaxOnline answers the greatest numbers online of each of the days.
func (d *Dynamics) MaxOnline(ctx context.Context, clientID int32, days viewing.Window) ([]Dated[MaxOnline], error) {
	return d.maxOnline().read(ctx, d, clientID, viewing.ByDay.Periods(days))
}
