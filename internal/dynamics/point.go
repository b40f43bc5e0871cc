package dynamics

import (
	"context"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Point is what happened in one period of a chart's series.
type Point struct {
	OpeningActive int64          `json:"opening_active"` // accounts
	Flows         store.Flows    `json:"flows"`
	TotalAccounts int64          `json:"total_accounts"` // at the end, active or not
	Payments      store.Payments `json:"payments"`
	Watch         store.Watch    `json:"watch"`
}

// ClosingActive is how many accounts are active at the period's end.
func (p Point) ClosingActive() int64 { return p.OpeningActive + p.Flows.Active() }

// points computes the points of periods. The ledger and payments are read once for all, gaps included; viewing, of which
// there is much more, without the gaps.
func (d *Dynamics) points(granularity viewing.Granularity) func(context.Context, int32, []viewing.Window) ([]Point, error) {
	return func(ctx context.Context, clientID int32, periods []viewing.Window) ([]Point, error) {
		whole := boundariesOf(granularity.Periods(hullOf(periods)))
		before, flows, err := d.source.Flows(ctx, clientID, whole)
		if err != nil {
			return nil, err
		}
		payments, err := d.source.PaymentsByPeriod(ctx, clientID, whole)
		if err != nil {
			return nil, err
		}
		watch, err := d.watch(ctx, clientID, granularity, periods)
		if err != nil {
			return nil, err
		}
		points := make([]Point, 0, len(periods))
		active, total := before.Active(), before.Existing()
		for i := range flows {
			opening := active
			active, total = active+flows[i].Active(), total+flows[i].Existing()
			if next := len(points); next < len(periods) && periods[next].From == whole[i] {
				points = append(points, Point{
					OpeningActive: opening, Flows: flows[i], TotalAccounts: total, Payments: payments[i], Watch: watch[next],
				})
			}
		}
		return points, nil
	}
}

func (d *Dynamics) watch(
	ctx context.Context, clientID int32, granularity viewing.Granularity, periods []viewing.Window,
) ([]store.Watch, error) {
	var all []store.Watch
	for _, run := range runs(periods) {
		boundaries := boundariesOf(granularity.Periods(run))
		rows, err := d.source.Aggregate(ctx, measure.Query{
			Filter:   viewing.Filter{ClientID: clientID, Window: viewing.Window{From: boundaries[0], To: boundaries[len(boundaries)-1]}, Now: d.now},
			GroupBy:  []measure.Dimension{measure.Period},
			Measures: []measure.Measure{measure.Accounts, measure.Watch, measure.Sessions},
			Slices:   measure.Slices(boundaries),
		})
		if err != nil {
			return nil, err
		}
		watch := make([]store.Watch, len(boundaries)-1)
		for _, row := range rows {
			watch[row.Period] = store.Watch{Accounts: row.Values[0], Seconds: row.Values[1] / 1000, Sessions: row.Values[2]}
		}
		all = append(all, watch...)
	}
	return all, nil
}

// boundariesOf are the instants that cut time into the periods, which have no gaps.
func boundariesOf(periods []viewing.Window) []viewing.Millis {
	boundaries := make([]viewing.Millis, 0, len(periods)+1)
	for _, period := range periods {
		boundaries = append(boundaries, period.From)
	}
	return append(boundaries, periods[len(periods)-1].To)
}

// hourly is the series that charts are made of, and that is kept.
func (d *Dynamics) hourly() series[Point] {
	return series[Point]{
		kind: store.HourlyPoint, stamp: clock.ofPoint, compute: d.points(viewing.ByHour), mostPeriods: 31 * 24, mostReports: 20_000_000,
	}
}

// daily is the points that are part of the records of days.
func (d *Dynamics) daily() series[Point] {
	s := d.hourly()
	s.kind, s.stamp, s.compute = store.DailyRecord, clock.ofRecord, d.points(viewing.ByDay)
	return s
}

// CacheCustomersDynamic keeps the hourly points from the start of the calendar month before that of AsOf to its hour.
func (d *Dynamics) CacheCustomersDynamic(ctx context.Context, c Command, progress Progress) (Done, error) {
	thisMonth := viewing.ByMonth.Start(c.AsOf)
	hours := viewing.ByHour.Periods(viewing.Window{From: viewing.ByMonth.Start(thisMonth - 1), To: c.AsOf + 1})
	return d.forEach(ctx, c, progress, func(clientID int32, progress Progress) (Done, error) {
		done, err := d.hourly().keep(ctx, d, clientID, hours, progress)
		return Done{Computed: done.computed + done.same, Fresh: done.fresh}, err
	})
}

// CustomersDynamic answers the points of all periods that the window touches. Months are not kept: they are computed from
// the data, as every figure is, and never from hours or days, whose accounts overlap.
func (d *Dynamics) CustomersDynamic(
	ctx context.Context, clientID int32, window viewing.Window, granularity viewing.Granularity,
) ([]Dated[Point], error) {
	periods := granularity.Periods(window)
	switch granularity {
	case viewing.ByHour:
		return d.hourly().read(ctx, d, clientID, periods)
	case viewing.ByDay:
		return d.daily().read(ctx, d, clientID, periods)
	default:
		points, err := d.points(granularity)(ctx, clientID, periods)
		if err != nil {
			return nil, err
		}
		months := make([]Dated[Point], len(points))
		for i := range points {
			months[i] = Dated[Point]{Period: periods[i], Figure: points[i]}
		}
		return months, nil
	}
}
