package dynamics

import (
	"context"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Watch is what was watched in a period, and of how much of it that is.
type Watch struct {
	store.Watch
	Extent
}

// watch is the series of viewing of hours, days or months, of what is stored of it.
func (d *Dynamics) watch(kind store.FigureKind) series[store.Watch] {
	return series[store.Watch]{
		kind: kind, stamp: watchStamp, mostPeriods: 31 * 24, mostReports: 20_000_000,
		version: func(c clock, period viewing.Window) int64 { return c.of(period).Viewing },
		empty:   func(w store.Watch) bool { return w == store.Watch{} },
		compute: d.watched,
	}
}

func (d *Dynamics) watched(ctx context.Context, clientID int32, periods []viewing.Window) ([]store.Watch, error) {
	all := make([]store.Watch, 0, len(periods))
	for _, run := range runs(periods) {
		boundaries, _ := boundariesOf(run)
		rows, err := d.source.Aggregate(ctx, measure.Query{
			Filter:   viewing.Filter{ClientID: clientID, Window: hullOf(run), Now: d.now},
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

// watchOf answers what was watched in each of the periods: what was kept of viewing that is gone, and what is stored.
func (d *Dynamics) watchOf(
	ctx context.Context, q Question, g viewing.Granularity, periods []viewing.Window, gone *gone,
) ([]Watch, error) {
	all := make([]Watch, len(periods))
	var stored []viewing.Window
	var places []int
	for i, period := range periods {
		if kept, known := gone.watch[period]; known && g != viewing.ByMonth {
			all[i] = kept
			continue
		}
		stored, places = append(stored, period), append(places, i)
	}
	found, err := d.watch(q.kind(watchKinds, g)).read(ctx, d, q.ClientID, stored)
	if err != nil {
		return nil, err
	}
	for n, i := range places {
		all[i] = Watch{Watch: found[n], Extent: gone.extent(stored[n], false)}
		if err := d.addUp(ctx, q, g, stored[n], gone, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// addUp makes what adds up in a period the sum of its parts, where viewing of it is gone, and takes the distinct accounts that
// were kept of a month.
func (d *Dynamics) addUp(
	ctx context.Context, q Question, g viewing.Granularity, period viewing.Window, gone *gone, watch *Watch,
) error {
	if g == viewing.ByHour || !gone.reaches(period) {
		return nil
	}
	parts, err := d.watchOf(ctx, q, g-1, q.Calendar.Periods(g-1, period), gone)
	if err != nil {
		return err
	}
	if month, known := gone.months[period]; known && g == viewing.ByMonth {
		watch.Accounts, watch.Extent = month.Accounts, month.Extent
	}
	watch.Seconds, watch.Sessions = 0, 0
	for _, part := range parts {
		watch.Seconds += part.Seconds
		watch.Sessions += part.Sessions
		watch.Extent = watch.And(part.Extent)
	}
	return nil
}
