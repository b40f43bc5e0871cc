package audience

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/coverage"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Point is one step of a curve.
type Point struct {
	store.CurveStep

	Start           viewing.Millis
	AverageAudience float64
}

// Curve is the live audience of one channel, step by step.
type Curve struct {
	Base

	Points []Point
}

// Programme is a programme of the guide.
func (m *Meter) Programme(ctx context.Context, clientID int32, programmeID int64) (viewing.Window, int32, error) {
	p, err := m.source.Programme(ctx, clientID, programmeID)
	return viewing.Window{From: p.Start, To: p.End}, p.ChannelID, err
}

// Draw measures the live audience of the channel in steps that count from the beginning of the window; the last may be shorter.
func (m *Meter) Draw(ctx context.Context, q Question, channel int32, step viewing.Millis) (Curve, error) {
	a, err := m.ask(ctx, q)
	if err != nil {
		return Curve{}, err
	}
	filter := a.sessions([]int32{channel})
	if a.channels != nil && !slices.Contains(a.channels, channel) {
		filter.Channels = []int32{}
	}
	filter.Modes = []viewing.Mode{viewing.Live}
	if len(q.Filter.Modes) > 0 && !slices.Contains(q.Filter.Modes, viewing.Live) {
		filter.Channels = []int32{}
	}
	steps, err := m.source.Curve(ctx, filter, step)
	if err != nil {
		return Curve{}, err
	}
	curve := Curve{Points: make([]Point, len(steps))}
	for i, s := range steps {
		start := q.Window.From + viewing.Millis(i)*step
		length := min(step, q.Window.To-start)
		curve.Points[i] = Point{s, start, float64(s.Watch) / float64(length)}
	}
	if curve.Base, err = a.base(ctx, q.Window, coverage.OfTime); err != nil {
		return Curve{}, err
	}
	curve.Cut, err = a.cut(ctx, filter, measure.ByTime)
	return curve, err
}

// cut is the reported time that does not count of the sessions that pass the filter.
func (a asked) cut(ctx context.Context, filter viewing.Filter, count measure.Attribution) (viewing.Millis, error) {
	rows, err := a.source.Aggregate(ctx, measure.Query{Filter: filter, Count: count, Measures: []measure.Measure{measure.Cut}})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return viewing.Millis(rows[0].Values[0]), nil
}

// Flows is where viewers came from and went to, in order: by switches, the most first, then by channels.
type Flows struct {
	Base

	Flows []store.Flow
}

// Follow finds how devices switched: sessions that start in the window, with at most gap between two of one device. channel leaves
// flows from or to it alone, 0 all.
func (m *Meter) Follow(ctx context.Context, q Question, gap viewing.Millis, channel int32) (Flows, error) {
	a, err := m.ask(ctx, q)
	if err != nil {
		return Flows{}, err
	}
	filter := a.sessions(a.channels)
	var flows Flows
	if flows.Flows, err = m.source.ChannelFlows(ctx, filter, gap, channel); err != nil {
		return Flows{}, err
	}
	slices.SortFunc(flows.Flows, func(x, y store.Flow) int {
		return cmp.Or(cmp.Compare(y.Switches, x.Switches), cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To))
	})
	if flows.Base, err = a.base(ctx, q.Window, coverage.OfStarts); err != nil {
		return Flows{}, err
	}
	if flows.Cut, err = a.cut(ctx, filter, measure.ByStart); err != nil {
		return Flows{}, fmt.Errorf("find what the policy cuts: %w", err)
	}
	return flows, nil
}
