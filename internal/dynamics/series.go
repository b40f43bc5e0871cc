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

// series is a part of a figure that is recomputed on its own, of which there is one for each period. Periods of whose time there is no data
// are not looked at: their part is the zero value, and is not kept.
type series[T any] struct {
	kind    store.FigureKind // 0 = is not kept
	stamp   func(clock, viewing.Window) string
	version func(clock, viewing.Window) int64 // 0 = there never was any data
	// compute returns the part of each of the periods, which ascend and may have gaps.
	compute func(ctx context.Context, clientID int32, periods []viewing.Window) ([]T, error)
	empty   func(T) bool // such a part is not kept
	// depends is the time whose data decides about a part, where that is not its period alone; the part itself may name it.
	depends func(period viewing.Window, part T) viewing.Window
	// What is computed at once: it bounds memory, and how much is lost when a command is stopped.
	mostPeriods int
	mostReports int64 // of view sessions; a single period may have more
}

// Dated is a figure and the period that it is of.
type Dated[T any] struct {
	Period viewing.Window
	Figure T
}

// candidate is a part that is requested.
type candidate[T any] struct {
	Dated[T]
	now     clock // when it was requested
	quiet   bool  // there never was any data
	reports int64
	kept    json.RawMessage // what was kept of it, right or not; nil = nothing
	right   bool            // kept is right, and Figure is set
}

// read returns the parts of the periods: those that are kept and right, and the other ones computed.
func (s series[T]) read(ctx context.Context, d *Dynamics, clientID int32, periods []viewing.Window) ([]T, error) {
	candidates, err := s.look(ctx, d, clientID, periods)
	if err != nil {
		return nil, err
	}
	if err := s.fillAll(ctx, clientID, candidates); err != nil {
		return nil, err
	}
	figures := make([]T, len(candidates))
	for i := range candidates {
		figures[i] = candidates[i].Figure
	}
	return figures, nil
}

func (s series[T]) fillAll(ctx context.Context, clientID int32, candidates []candidate[T]) error {
	for batch := range s.stale(candidates) {
		if err := s.fill(ctx, clientID, batch); err != nil {
			return err
		}
	}
	return nil
}

// outcome is what keeping did to a part, or to several of one period.
type outcome struct {
	had     bool // something was kept before
	changed bool // what is kept is new, or other than it was
	again   bool // was computed again, and is what it was
	holds   bool // something is kept now
}

func (o outcome) and(other outcome) outcome {
	return outcome{
		had: o.had || other.had, changed: o.changed || other.changed, again: o.again || other.again, holds: o.holds || other.holds,
	}
}

// keep computes the parts of the periods that are missing or no longer right, keeps them, and says what it did to each.
func (s series[T]) keep(
	ctx context.Context, d *Dynamics, clientID int32, periods []viewing.Window, progress Progress,
) ([]outcome, error) {
	candidates, err := s.look(ctx, d, clientID, periods)
	if err != nil {
		return nil, err
	}
	all := make(map[viewing.Millis]outcome, len(candidates))
	for i := range candidates {
		if c := &candidates[i]; c.right {
			all[c.Period.From] = outcome{had: true, holds: true}
		}
	}
	for batch := range s.stale(candidates) {
		if err := s.fill(ctx, clientID, batch); err != nil {
			return nil, err
		}
		if err := s.save(ctx, d.source, clientID, batch, all); err != nil {
			return nil, err
		}
		progress(float64(len(all)) / float64(len(periods)))
	}
	outcomes := make([]outcome, len(periods))
	for i, period := range periods {
		outcomes[i] = all[period.From]
	}
	return outcomes, nil
}

// look finds out what is kept of the parts, and whether it is right. The stamps are read first: what changes after that makes a
// figure that is computed or read later look wrong, never right.
func (s series[T]) look(ctx context.Context, d *Dynamics, clientID int32, periods []viewing.Window) ([]candidate[T], error) {
	if len(periods) == 0 {
		return nil, nil
	}
	hull := hullOf(periods)
	deciding := hull
	if s.depends != nil {
		deciding.To = store.Never
	}
	now, err := d.clock(ctx, clientID, deciding)
	if err != nil {
		return nil, err
	}
	kept := map[viewing.Millis]store.Figure{}
	if s.kind != 0 {
		figures, err := d.source.Figures(ctx, s.kind, clientID, hull)
		if err != nil {
			return nil, err
		}
		for _, figure := range figures {
			kept[figure.Start] = figure
		}
	}
	candidates := make([]candidate[T], len(periods))
	for i, period := range periods {
		c := &candidates[i]
		c.Period, c.now, c.reports = period, now, now.of(period).Viewing
		c.quiet = s.version(now, period) == 0
		if figure, known := kept[period.From]; known {
			if err := s.compare(c, figure); err != nil {
				return nil, err
			}
		}
	}
	return candidates, nil
}

// compare takes what is kept of the figure if that is right. What cannot be read is an error also for a command that would not look at it.
func (s series[T]) compare(c *candidate[T], kept store.Figure) error {
	var figure T
	c.kept = kept.Body
	if s.depends != nil {
		if err := decode(kept, &figure); err != nil {
			return err
		}
	}
	if c.right = kept.Stamp == s.stampOf(c, figure); !c.right {
		return nil
	}
	return decode(kept, &c.Figure)
}

// stampOf is the stamp that the part has now.
func (s series[T]) stampOf(c *candidate[T], part T) string {
	period := c.Period
	if s.depends != nil {
		period = s.depends(period, part)
	}
	return s.stamp(c.now, period)
}

// decode reads the body of a figure.
func decode(figure store.Figure, into any) error {
	if err := json.Unmarshal(figure.Body, into); err != nil {
		return fmt.Errorf("decode the figure of kind %d of client %d at %s: %w", figure.Kind, figure.ClientID, figure.Start.Time(), err)
	}
	return nil
}

// stale goes through the parts that are not right, batch by batch.
func (s series[T]) stale(candidates []candidate[T]) iter.Seq[[]*candidate[T]] {
	return func(yield func([]*candidate[T]) bool) {
		var batch []*candidate[T]
		var reports int64
		for i := range candidates {
			c := &candidates[i]
			if c.right || c.quiet {
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

// fill computes the parts of the batch.
func (s series[T]) fill(ctx context.Context, clientID int32, batch []*candidate[T]) error {
	periods := make([]viewing.Window, len(batch))
	for i, c := range batch {
		periods[i] = c.Period
	}
	figures, err := s.compute(ctx, clientID, periods)
	if err != nil {
		return err
	}
	for i, c := range batch {
		c.Figure = figures[i]
	}
	return nil
}

// save keeps the parts of the batch under the stamps that were read before they were computed; those that are empty now are no
// longer kept.
func (s series[T]) save(
	ctx context.Context, figures store.FigureStore, clientID int32, batch []*candidate[T], all map[viewing.Millis]outcome,
) error {
	var saved []store.Figure
	var gone []viewing.Millis
	for _, c := range batch {
		done := outcome{had: c.kept != nil}
		if s.empty(c.Figure) {
			if done.had {
				gone, done.changed = append(gone, c.Period.From), true
			}
			all[c.Period.From] = done
			continue
		}
		body, err := json.Marshal(c.Figure)
		if err != nil {
			return fmt.Errorf("encode the figure of %s: %w", c.Period.From.Time(), err)
		}
		saved = append(saved, store.Figure{Kind: s.kind, ClientID: clientID, Start: c.Period.From, Stamp: s.stampOf(c, c.Figure), Body: body})
		done.holds, done.again = true, bytes.Equal(body, c.kept)
		done.changed = !done.again
		all[c.Period.From] = done
	}
	if err := figures.DeleteFigures(ctx, s.kind, clientID, gone); err != nil {
		return err
	}
	return figures.SaveFigures(ctx, saved)
}

// hullOf is the window from the first period to the last one.
func hullOf(periods []viewing.Window) viewing.Window {
	return viewing.Window{From: periods[0].From, To: periods[len(periods)-1].To}
}

// runs are the periods in lists without gaps.
func runs(periods []viewing.Window) [][]viewing.Window {
	var all [][]viewing.Window
	first := 0
	for i := range periods {
		if i+1 == len(periods) || periods[i].To != periods[i+1].From {
			all = append(all, periods[first:i+1])
			first = i + 1
		}
	}
	return all
}

// boundariesOf are the instants that cut time into the periods, and into the gaps between them, and the numbers that the
// periods have then.
func boundariesOf(periods []viewing.Window) (boundaries []viewing.Millis, numbers []int) {
	for _, period := range periods {
		if last := len(boundaries) - 1; last < 0 || boundaries[last] != period.From {
			boundaries = append(boundaries, period.From)
		}
		numbers = append(numbers, len(boundaries)-1)
		boundaries = append(boundaries, period.To)
	}
	return boundaries, numbers
}
