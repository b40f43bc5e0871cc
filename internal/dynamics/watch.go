package dynamics

import (
	"context"
	"errors"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Watch is what was watched in a period, by which revision of the policy, and of how much of it that is. Where parts of the
// period were counted by several revisions it is the greatest.
type Watch struct {
	store.Watch
	Revision int64
	Extent
}

// policy is how a client measures.
type policy struct {
	viewing.Policy
	revision int64
}

// policy reads that of a client; one that is unknown has none.
func (d *Dynamics) policy(ctx context.Context, clientID int32) (policy, error) {
	client, err := d.source.Client(ctx, clientID)
	if errors.Is(err, store.ErrNotFound) {
		return policy{}, nil
	}
	return policy{client.Policy, client.PolicyRevision}, err
}

// keptWatch is what is kept of a period.
type keptWatch struct {
	store.Watch
	Until viewing.Millis `json:",omitempty"` // sessions that start from then on cannot change it; set where they could
}

// watch is the series of viewing of hours, days or months, of what is stored of it.
func (d *Dynamics) watch(kind store.FigureKind, p policy) series[keptWatch] {
	s := series[keptWatch]{
		kind: kind, stamp: p.watchStamp, mostPeriods: 31 * 24, mostReports: 20_000_000,
		version: func(c clock, period viewing.Window) int64 { return c.of(period).Viewing },
		empty:   func(w keptWatch) bool { return w.Watch == store.Watch{} },
		compute: func(ctx context.Context, clientID int32, periods []viewing.Window) ([]keptWatch, error) {
			return d.watched(ctx, clientID, p, periods)
		},
	}
	if p.OneChannelPerDevice {
		s.depends = dependsOnNeighbours
	}
	return s
}

// dependsOnNeighbours is the time whose sessions decide about those of the period: a session that began before it may go into
// the first ones, and whatever its devices tuned to before their last sessions ended cuts these.
func dependsOnNeighbours(period viewing.Window, w keptWatch) viewing.Window {
	return viewing.Window{From: period.From - viewing.LongestWatched, To: max(period.To, w.Until)}
}

func (d *Dynamics) watched(ctx context.Context, clientID int32, p policy, periods []viewing.Window) ([]keptWatch, error) {
	all := make([]keptWatch, 0, len(periods))
	measures := []measure.Measure{measure.Accounts, measure.Watch, measure.Sessions, measure.Cut}
	if p.OneChannelPerDevice {
		measures = append(measures, measure.End)
	}
	for _, run := range runs(periods) {
		boundaries, _ := boundariesOf(run)
		rows, err := d.source.Aggregate(ctx, measure.Query{
			Filter:   viewing.Filter{ClientID: clientID, Window: hullOf(run), Now: d.now, Policy: p.Policy},
			GroupBy:  []measure.Dimension{measure.Period},
			Measures: measures,
			Slices:   measure.Slices(boundaries),
		})
		if err != nil {
			return nil, err
		}
		watch := make([]keptWatch, len(boundaries)-1)
		for _, row := range rows {
			w := &watch[row.Period]
			w.Watch = store.Watch{Accounts: row.Values[0], Seconds: row.Values[1] / 1000, Sessions: row.Values[2], Cut: row.Values[3] / 1000}
			if p.OneChannelPerDevice {
				w.Until = viewing.Millis(row.Values[4]) + 1000 // ends are cut to seconds
			}
		}
		all = append(all, watch...)
	}
	return all, nil
}

// watchOf returns what was watched in each of the periods: what was kept of viewing that is gone, and what is stored.
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
	policy, err := d.policy(ctx, q.ClientID)
	if err != nil {
		return nil, err
	}
	found, err := d.watch(q.kind(watchKinds, g), policy).read(ctx, d, q.ClientID, stored)
	if err != nil {
		return nil, err
	}
	for n, i := range places {
		all[i] = Watch{Watch: found[n].Watch, Revision: policy.revision, Extent: gone.extent(stored[n], false)}
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
		watch.Accounts, watch.Revision, watch.Extent = month.Accounts, month.Revision, month.Extent
	}
	watch.Seconds, watch.Sessions, watch.Cut = 0, 0, 0
	for _, part := range parts {
		watch.Cut += part.Cut
		watch.Revision = max(watch.Revision, part.Revision)
		watch.Seconds += part.Seconds
		watch.Sessions += part.Sessions
		watch.Extent = watch.And(part.Extent)
	}
	return nil
}
