package dynamics

import (
	"context"
	"math"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Record is what is kept of a day.
type Record struct {
	Point
	ActiveByTariff map[int32]int64 `json:"active_by_tariff,omitempty"` // accounts at the day's end
	MaxOnline      int64           `json:"max_online"`                 // accounts
}

// records is the series of the records of days.
func (d *Dynamics) records() series[Record] {
	return series[Record]{
		kind: store.DailyRecord, stamp: clock.ofRecord, compute: d.record, mostPeriods: 3660, mostReports: 20_000_000,
	}
}

func (d *Dynamics) record(ctx context.Context, clientID int32, days []viewing.Window) ([]Record, error) {
	points, err := d.points(viewing.ByDay)(ctx, clientID, days)
	if err != nil {
		return nil, err
	}
	peaks, err := d.maxOnline().read(ctx, d, clientID, days)
	if err != nil {
		return nil, err
	}
	ends := make([]viewing.Millis, len(days))
	for i, day := range days {
		ends[i] = day.To
	}
	active, err := d.source.ActiveByTariff(ctx, clientID, ends)
	if err != nil {
		return nil, err
	}
	records := make([]Record, len(days))
	for i := range days {
		records[i] = Record{Point: points[i], ActiveByTariff: active[i], MaxOnline: peaks[i].Figure.Accounts.Count}
	}
	return records, nil
}

// CollectDailyStats keeps the records of the days that ended by AsOf. Days whose record was other than it is now are
// answered as healed.
func (d *Dynamics) CollectDailyStats(ctx context.Context, c Command, progress Progress) (Done, error) {
	return d.forEach(ctx, c, progress, func(clientID int32, progress Progress) (Done, error) {
		days, err := d.recordedDays(ctx, clientID, c.AsOf)
		if err != nil {
			return Done{}, err
		}
		done, err := d.records().keep(ctx, d, clientID, days, progress)
		healed := make([]ClientDay, len(done.healed))
		for i, start := range done.healed {
			healed[i] = ClientDay{ClientID: clientID, Day: start.Day()}
		}
		return Done{Computed: done.computed, Fresh: done.fresh + done.same, Healed: healed}, err
	})
}

// endedDays are the days that had ended by the instant, from the first one with any data on.
func (d *Dynamics) endedDays(ctx context.Context, clientID int32, by viewing.Millis) ([]viewing.Window, error) {
	began, err := d.source.Beginning(ctx, clientID)
	if err != nil {
		return nil, err
	}
	first := min(began.Viewing, began.Accounts, began.Payments)
	return viewing.ByDay.Periods(viewing.Window{From: first, To: viewing.ByDay.Start(by)}), nil
}

// recordedDays are the ended days and those before them that have a record: the data that these began with was moved or
// deleted since, and they are to heal.
func (d *Dynamics) recordedDays(ctx context.Context, clientID int32, by viewing.Millis) ([]viewing.Window, error) {
	ended, err := d.endedDays(ctx, clientID, by)
	if err != nil {
		return nil, err
	}
	before := viewing.Window{From: math.MinInt64, To: viewing.ByDay.Start(by)}
	if len(ended) > 0 {
		before.To = ended[0].From
	}
	recorded, err := d.source.Figures(ctx, store.DailyRecord, clientID, before)
	if err != nil || len(recorded) == 0 {
		return ended, err
	}
	before.From = recorded[0].Start
	return append(viewing.ByDay.Periods(before), ended...), nil
}

// DailyStats answers the records of those of the days that had ended by now, from the first one with any data on.
func (d *Dynamics) DailyStats(
	ctx context.Context, clientID int32, days viewing.Window, now viewing.Millis,
) ([]Dated[Record], error) {
	ended, err := d.endedDays(ctx, clientID, min(days.To, now))
	if err != nil {
		return nil, err
	}
	for len(ended) > 0 && ended[0].From < days.From {
		ended = ended[1:]
	}
	return d.records().read(ctx, d, clientID, ended)
}
