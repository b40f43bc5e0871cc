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

// Keys tell a cell from others. Those of dimensions that were not asked for are zero.
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
	Reach    int64          // distinct accounts of which one session was in the cell for as long as asked for, without a break

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
	if rows.Base, err = a.base(ctx, q.Window, coverage.OfTime); err != nil {
		return Rows{}, err
	}
	if rows.Universe, err = a.universe(ctx); err != nil {
		return Rows{}, err
	}
	var calendar viewing.Calendar
	if q.Local {
		calendar = a.calendar
	}
	if rows.Rows, err = a.cells(ctx, q, q.GroupBy, divide(q.Window, q.GroupBy, calendar), rows.Universe); err != nil {
		return Rows{}, err
	}
	total, err := a.cells(ctx, q, nil, divide(q.Window, nil, calendar), rows.Universe)
	if err != nil {
		return Rows{}, err
	}
	if len(total) > 0 {
		rows.Total = total[0]
	}
	rows.Cut = rows.Total.Reported - rows.Total.Watch
	return rows, nil
}

// cells are the rows of the dimensions.
func (a asked) cells(ctx context.Context, q Division, dimensions []Dimension, time division, universe int64) ([]Row, error) {
	query := measure.Query{
		Filter: a.sessions(a.channels), Count: measure.ByTime, GroupBy: groups(dimensions), Measures: rowMeasures,
		Slices: time.slices, Reach: q.Reach, Most: MostRows,
	}
	found, err := a.source.Aggregate(ctx, query)
	if err == nil && len(found) > MostRows {
		err = ErrTooMany
	}
	if err != nil {
		return nil, err
	}
	all, err := a.allChannels(ctx, query, found)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(found))
	for i, cell := range found {
		p := time.periods[cell.Period]
		row := Row{
			Keys: Keys{
				cell.ChannelID, cell.CategoryID, cell.TariffID, cell.Device, cell.Mode, p.Start, p.HourOfDay, p.DayOfWeek,
			},
			Watch: viewing.Millis(cell.Values[0]), Reported: viewing.Millis(cell.Values[0] + cell.Values[1]),
			Sessions: cell.Values[2], Accounts: cell.Values[3], Reach: cell.Values[4],
		}
		row.AverageAudience = float64(row.Watch) / float64(p.length)
		row.Share = percent(float64(row.Watch), float64(all[withoutChannel(cell.Cell)]))
		row.Rating = percent(row.AverageAudience, float64(universe))
		rows[i] = row
	}
	return rows, nil
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

// allChannels is the watch time of the cells that shares are parts of: without what tells channels apart, and without what chooses
// them. Where there is nothing of either it is that of the cells that were found.
func (a asked) allChannels(ctx context.Context, query measure.Query, found []measure.Row) (map[measure.Cell]int64, error) {
	ofChannels := func(d measure.Dimension) bool { return d == measure.Channel || d == measure.Category }
	if a.channels != nil || slices.ContainsFunc(query.GroupBy, ofChannels) {
		query.GroupBy = slices.DeleteFunc(query.GroupBy, ofChannels)
		query.Filter, query.Measures = a.sessions(nil), []measure.Measure{measure.Watch}
		var err error
		if found, err = a.source.Aggregate(ctx, query); err != nil {
			return nil, err
		}
	}
	all := make(map[measure.Cell]int64, len(found))
	for _, row := range found {
		all[row.Cell] = row.Values[0]
	}
	return all, nil
}
