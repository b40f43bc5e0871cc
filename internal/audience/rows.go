package audience

import (
	"context"
	"slices"

	"github.com/tvstats/tvstats/internal/coverage"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Division is a question for the audience of cells.
type Division struct {
	Question

	GroupBy []Dimension    // up to three; of time one, or ByHourOfDay with ByDayOfWeek
	Local   bool           // periods begin by the clock of the client's time zone, not by UTC
	Reach   viewing.Millis // of Row.Reach
}

// Keys identify a cell. Those of dimensions that were not asked for are zero.
type Keys struct {
	ChannelID   int32
	CategoryID  int32 // 0 = none
	TariffID    int32 // 0 = none
	Device      string
	Mode        viewing.Mode
	PeriodStart viewing.Millis
	HourOfDay   int
	DayOfWeek   int // 1 = Monday
}

// Row is the figures of a cell.
type Row struct {
	Keys

	Watch    viewing.Millis
	Reported viewing.Millis // the same of the time that devices reported
	Sessions int64          // with some time in the cell
	Accounts int64          // distinct, of these
	Reach    int64          // distinct accounts of which one session was in the cell for as long as requested, without a break

	AverageAudience float64
	Share           float64 // percent
	Rating          float64 // percent of the universe that AverageAudience is
}

// Rows are the figures of all cells with some viewing, in no order, and of all of them together.
type Rows struct {
	Base

	Rows     []Row
	Total    Row
	Universe int64
}

var rowMeasures = []measure.Measure{measure.Watch, measure.Cut, measure.Sessions, measure.Accounts, measure.Reach}

// Divide measures the audience of each cell.
func (m *Meter) Divide(ctx context.Context, q Division) (Rows, error) {
	a, err := m.ask(ctx, q.Question)
	if err != nil {
		return Rows{}, err
	}
	var rows Rows
	if rows.Universe, err = a.universe(ctx); err != nil {
		return Rows{}, err
	}
	var calendar viewing.Calendar
	if q.Local {
		calendar = a.calendar
	}
	cells, whole := a.cells(q, q.GroupBy, calendar), a.cells(q, nil, calendar)
	queries := []measure.Query{cells.query, whole.query}
	queries, ofCells := cells.allChannels(queries, 0)
	queries, ofWhole := whole.allChannels(queries, 1)
	found, err := a.aggregate(ctx, queries...)
	if err != nil {
		return Rows{}, err
	}
	// What is gone is looked at last: what was removed meanwhile must not look as if it were all that there is.
	if rows.Base, err = a.base(ctx, q.Window, coverage.OfTime); err != nil {
		return Rows{}, err
	}
	rows.Rows = cells.rows(found[0], found[ofCells], rows.Universe)
	if total := whole.rows(found[1], found[ofWhole], rows.Universe); len(total) > 0 {
		rows.Total = total[0]
	}
	rows.Cut = rows.Total.Reported - rows.Total.Watch
	return rows, nil
}

// aggregate measures at one moment, so that no part is greater than its whole.
func (a asked) aggregate(ctx context.Context, queries ...measure.Query) ([][]measure.Row, error) {
	found, err := a.source.AggregateAtOnce(ctx, queries...)
	if err != nil {
		return nil, err
	}
	return found, tooMany(queries, found)
}

// tooMany refuses what was cut short: shares of cells that were not found would be 0.
func tooMany(queries []measure.Query, found [][]measure.Row) error {
	for i, rows := range found {
		if len(rows) > queries[i].Most {
			return ErrTooMany
		}
	}
	return nil
}

// cells are a question for the figures of the cells of some dimensions.
type cells struct {
	asked
	division

	query measure.Query
}

func (a asked) cells(q Division, dimensions []Dimension, calendar viewing.Calendar) cells {
	time := divide(q.Window, dimensions, calendar)
	return cells{a, time, measure.Query{
		Filter: a.sessions(a.channels), Count: measure.ByTime, GroupBy: groups(dimensions), Measures: rowMeasures,
		Slices: time.slices, Reach: q.Reach, Most: MostRows,
	}}
}

// allChannels adds to the queries one for the watch time that shares are parts of: without what distinguishes channels, and without
// what chooses them. Where there is nothing of either, the cells' own query, at the given place, finds it. It returns the place.
func (c cells) allChannels(queries []measure.Query, own int) (all []measure.Query, place int) {
	ofChannels := func(d measure.Dimension) bool { return d == measure.Channel || d == measure.Category }
	if c.channels == nil && !slices.ContainsFunc(c.query.GroupBy, ofChannels) {
		return queries, own
	}
	query := c.query
	query.GroupBy = slices.DeleteFunc(slices.Clone(query.GroupBy), ofChannels)
	query.Filter, query.Measures = c.sessions(nil), []measure.Measure{measure.Watch}
	return append(queries, query), len(queries)
}

// rows are the figures of the cells that were found; all what shares are parts of.
func (c cells) rows(found, all []measure.Row, universe int64) []Row {
	wholes := make(map[measure.Cell]int64, len(all))
	for _, row := range all {
		wholes[row.Cell] = row.Values[0]
	}
	rows := make([]Row, len(found))
	for i, cell := range found {
		p := c.periods[cell.Period]
		row := Row{
			Keys: Keys{
				cell.ChannelID, cell.CategoryID, cell.TariffID, cell.Device, cell.Mode, p.Start, p.HourOfDay, p.DayOfWeek,
			},
			Watch: viewing.Millis(cell.Values[0]), Reported: viewing.Millis(cell.Values[0] + cell.Values[1]),
			Sessions: cell.Values[2], Accounts: cell.Values[3], Reach: cell.Values[4],
		}
		row.AverageAudience = float64(row.Watch) / float64(p.length)
		row.Share = measure.Percent(float64(row.Watch), float64(wholes[withoutChannel(cell.Cell)]))
		row.Rating = measure.Percent(row.AverageAudience, float64(universe))
		rows[i] = row
	}
	return rows
}

// groups are the dimensions as the store knows them; all of time are one.
func groups(dimensions []Dimension) []measure.Dimension {
	var groups []measure.Dimension
	for _, d := range dimensions {
		group, ok := measured[d]
		if !ok {
			group = measure.Period
		}
		if !slices.Contains(groups, group) {
			groups = append(groups, group)
		}
	}
	return groups
}

// withoutChannel is the cell that a share is a part of.
func withoutChannel(cell measure.Cell) measure.Cell {
	cell.ChannelID, cell.CategoryID = 0, 0
	return cell
}
