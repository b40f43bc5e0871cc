package dynamics

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// series is a kind of figure of which there is one for each period. The figure of a time without any data is its zero value.
type series[T any] struct {
	kind  store.FigureKind
	stamp func(clock, viewing.Window) stamp
	// compute answers the figure of each of the periods, which ascend and may have gaps.
	compute func(ctx context.Context, clientID int32, periods []viewing.Window) ([]T, error)
	// What is computed at once: it bounds memory, and how much is lost when a command is stopped.
	mostPeriods int
	mostReports int64 // of view sessions; a single period may have more
}

// Dated is a figure and the period that it is of.
type Dated[T any] struct {
	Period viewing.Window
	Figure T
}

// candidate is a figure that is asked for.
type candidate[T any] struct {
	Dated[T]
	stamp   stamp
	reports int64
	kept    json.RawMessage // what was kept of it, right or not; nil = nothing
	right   bool            // kept is right, and Figure is set
}

// read answers the figures of the periods: those that are kept and right, and the other ones computed.
func (s series[T]) read(ctx context.Context, d *Dynamics, clientID int32, periods []viewing.Window) ([]Dated[T], error) {
	candidates, err := s.look(ctx, d, clientID, periods)
	if err != nil {
		return nil, err
	}
	for batch := range s.stale(candidates) {
		if err := s.fill(ctx, clientID, batch); err != nil {
			return nil, err
		}
	}
	figures := make([]Dated[T], len(candidates))
	for i := range candidates {
		figures[i] = candidates[i].Dated
	}
	return figures, nil
}

// outcome is what keeping figures did.
type outcome struct {
	fresh    int // were right
	same     int // were computed again, and are what they were
	computed int // are new, or other than they were
	healed   []viewing.Millis
}

// keep computes the figures of the periods that are missing or no longer right, and keeps them.
func (s series[T]) keep(
	ctx context.Context, d *Dynamics, clientID int32, periods []viewing.Window, progress Progress,
) (outcome, error) {
	var done outcome
	candidates, err := s.look(ctx, d, clientID, periods)
	if err != nil {
		return done, err
	}
	for i := range candidates {
		if candidates[i].right {
			done.fresh++
		}
	}
	for batch := range s.stale(candidates) {
		if err := s.fill(ctx, clientID, batch); err != nil {
			return done, err
		}
		if err := s.save(ctx, d.source, clientID, batch, &done); err != nil {
			return done, err
		}
		progress(float64(done.fresh+done.same+done.computed) / float64(len(periods)))
	}
	return done, nil
}

// look finds out what is kept of the figures, and whether it is right. The stamps are read first: what changes after that
// makes a figure that is computed or read later look wrong, never right.
func (s series[T]) look(ctx context.Context, d *Dynamics, clientID int32, periods []viewing.Window) ([]candidate[T], error) {
	if len(periods) == 0 {
		return nil, nil
	}
	hull := hullOf(periods)
	now, err := d.clock(ctx, clientID, hull)
	if err != nil {
		return nil, err
	}
	figures, err := d.source.Figures(ctx, s.kind, clientID, hull)
	if err != nil {
		return nil, err
	}
	kept := make(map[viewing.Millis]store.Figure, len(figures))
	for _, figure := range figures {
		kept[figure.Start] = figure
	}
	candidates := make([]candidate[T], len(periods))
	for i, period := range periods {
		c := &candidates[i]
		c.Period, c.stamp, c.reports = period, s.stamp(now, period), now.viewing(period)
		if figure, known := kept[period.From]; known {
			if err := c.compare(figure); err != nil {
				return nil, err
			}
		}
	}
	return candidates, nil
}

// compare takes what is kept of the figure if that is right.
func (c *candidate[T]) compare(kept store.Figure) error {
	c.kept = kept.Body
	if c.right = kept.Stamp == c.stamp.String(); !c.right {
		return nil
	}
	if err := json.Unmarshal(kept.Body, &c.Figure); err != nil {
		return fmt.Errorf("decode the figure of %s: %w", c.Period.From.Time(), err)
	}
	return nil
}

// stale goes through the figures that are not right, batch by batch.
func (s series[T]) stale(candidates []candidate[T]) iter.Seq[[]*candidate[T]] {
	return func(yield func([]*candidate[T]) bool) {
		var batch []*candidate[T]
		var reports int64
		for i := range candidates {
			c := &candidates[i]
			if c.right {
				continue
			}
			if len(batch) > 0 && (len(batch) == s.mostPeriods || reports+c.reports > s.mostReports) {
				if !yield(batch) {
					return
				}
				batch, reports = nil, 0
			}
			batch, reports = append(batch, c), reports+c.reports
		}
		if len(batch) > 0 {
			yield(batch)
		}
	}
}

// fill computes the figures of the batch; where there never was any data there is nothing to compute.
func (s series[T]) fill(ctx context.Context, clientID int32, batch []*candidate[T]) error {
	var periods []viewing.Window
	var wanting []*candidate[T]
	for _, c := range batch {
		if c.stamp != (stamp{}) {
			periods, wanting = append(periods, c.Period), append(wanting, c)
		}
	}
	if len(periods) == 0 {
		return nil
	}
	figures, err := s.compute(ctx, clientID, periods)
	if err != nil {
		return err
	}
	for i, c := range wanting {
		c.Figure = figures[i]
	}
	return nil
}

// save keeps the figures of the batch under the stamps that were read before they were computed.
func (s series[T]) save(
	ctx context.Context, figures store.FigureStore, clientID int32, batch []*candidate[T], done *outcome,
) error {
	saved := make([]store.Figure, len(batch))
	for i, c := range batch {
		body, err := json.Marshal(c.Figure)
		if err != nil {
			return fmt.Errorf("encode the figure of %s: %w", c.Period.From.Time(), err)
		}
		saved[i] = store.Figure{Kind: s.kind, ClientID: clientID, Start: c.Period.From, Stamp: c.stamp.String(), Body: body}
		if bytes.Equal(body, c.kept) {
			done.same++
			continue
		}
		done.computed++
		if c.kept != nil {
			done.healed = append(done.healed, c.Period.From)
		}
	}
	return figures.SaveFigures(ctx, saved)
}

// hullOf is the window from the first period to the last one.
func hullOf(periods []viewing.Window) viewing.Window {
	return viewing.Window{From: periods[0].From, To: periods[len(periods)-1].To}
}

// runs are the periods as windows without gaps.
func runs(periods []viewing.Window) []viewing.Window {
	var whole []viewing.Window
	for _, period := range periods {
		if last := len(whole) - 1; last >= 0 && whole[last].To == period.From {
			whole[last].To = period.To
		} else {
			whole = append(whole, period)
		}
	}
	return whole
}
