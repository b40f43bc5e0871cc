package dynamics

import (
	"context"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Point is what happened in one period of a chart's series.
type Point struct {
	Ledger
	Payments store.Payments
	Watch    store.Watch
	Revision int64 // of the policy that Watch was counted by
	Cover
}

// points puts the parts of each of the periods together, which follow each other without gaps.
func (d *Dynamics) points(ctx context.Context, q Question, g viewing.Granularity, periods []viewing.Window) ([]Point, []Extent, error) {
	ledgers, err := d.ledgersOf(ctx, q.ClientID, d.ledger(q.kind(ledgerKinds, g), g == viewing.ByDay), periods)
	if err != nil {
		return nil, nil, err
	}
	payments, err := d.payments(q.kind(paymentsKinds, g)).read(ctx, d, q.ClientID, periods)
	if err != nil {
		return nil, nil, err
	}
	var watch []Watch
	err = d.settled(ctx, q.ClientID, periods, func(gone *gone) (err error) {
		watch, err = d.watchOf(ctx, q, g, periods, gone)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	points, extents := make([]Point, len(periods)), make([]Extent, len(periods))
	for i, period := range periods {
		extents[i] = watch[i].Extent
		points[i] = Point{ledgers[i], payments[i], watch[i].Watch, watch[i].Revision, d.covered(q, period, extents[i])}
	}
	return points, extents, nil
}

// CacheCustomersDynamic keeps the parts of the hours that have any, from the start of the calendar month before that of AsOf to
// its hour.
func (d *Dynamics) CacheCustomersDynamic(ctx context.Context, c Command, progress Progress) (Done, error) {
	thisMonth := viewing.ByMonth.Start(c.AsOf)
	hours := viewing.ByHour.Periods(viewing.Window{From: viewing.ByMonth.Start(thisMonth - 1), To: c.AsOf + 1})
	return d.forEach(ctx, c, progress, func(clientID int32, progress Progress) (Done, error) {
		d, err := d.withVersions(ctx, clientID, hours[0].From)
		if err != nil {
			return Done{}, err
		}
		all, err := d.keepPoints(ctx, clientID, viewing.ByHour, hours, progress)
		return countRuns(all), err
	})
}

// keepPoints keeps the parts of points by UTC.
func (d *Dynamics) keepPoints(
	ctx context.Context, clientID int32, g viewing.Granularity, periods []viewing.Window, progress Progress,
) ([]outcome, error) {
	gone, err := d.gone(ctx, clientID, periods)
	if err != nil {
		return nil, err
	}
	ledger, err := d.ledger(ledgerKinds[g], g == viewing.ByDay).keep(ctx, d, clientID, periods, progress.part(0, 3))
	if err != nil {
		return nil, err
	}
	payments, err := d.payments(paymentsKinds[g]).keep(ctx, d, clientID, periods, progress.part(1, 3))
	if err != nil {
		return nil, err
	}
	stored, _ := withoutGone(periods, gone.watch, func(Watch) bool { return true })
	policy, err := d.policy(ctx, clientID)
	if err != nil {
		return nil, err
	}
	watch, err := d.watch(watchKinds[g], policy).keep(ctx, d, clientID, stored, progress.part(2, 3))
	if err != nil {
		return nil, err
	}
	all := make([]outcome, len(periods))
	next := 0 // of stored
	for i, period := range periods {
		all[i] = ledger[i].and(payments[i])
		if kept, known := gone.watch[period]; known {
			all[i].holds = all[i].holds || kept.Watch != store.Watch{}
			continue
		}
		all[i] = all[i].and(watch[next])
		next++
	}
	return all, nil
}

// CustomersDynamic returns the points of all periods of the calendar that the window touches.
func (d *Dynamics) CustomersDynamic(
	ctx context.Context, q Question, window viewing.Window, g viewing.Granularity,
) ([]Dated[Point], error) {
	periods := q.Calendar.Periods(g, window)
	points, _, err := d.points(ctx, q, g, periods)
	if err != nil {
		return nil, err
	}
	all := make([]Dated[Point], len(points))
	for i := range points {
		all[i] = Dated[Point]{Period: periods[i], Figure: points[i]}
	}
	return all, nil
}
