package viewing

import "time"

// Granularity is how long the periods of a series are. The numbers are the contract's: never renumber.
type Granularity uint8

// The granularities; all periods begin and end in UTC.
const (
	ByHour  Granularity = 1
	ByDay   Granularity = 2
	ByMonth Granularity = 3 // calendar months
	ByWeek  Granularity = 4 // from Monday; no series of the contract has it
)

// HourLength is the length of an hour in milliseconds.
const HourLength Millis = 60 * 60 * 1000

// Start is the first instant of the period that holds the instant.
func (g Granularity) Start(at Millis) Millis {
	switch g {
	case ByMonth:
		year, month, _ := at.Time().Date()
		return At(time.Date(year, month, 1, 0, 0, 0, 0, time.UTC))
	case ByWeek:
		day := at.Day()
		return (day - Day(day.OfWeek()-1)).Start()
	case ByDay:
		return at.floor(DayLength)
	default:
		return at.floor(HourLength)
	}
}

// Next is where the period that begins at start ends and the next one begins.
func (g Granularity) Next(start Millis) Millis {
	switch g {
	case ByMonth:
		return At(start.Time().AddDate(0, 1, 0))
	case ByWeek:
		return start + 7*DayLength
	case ByDay:
		return start + DayLength
	default:
		return start + HourLength
	}
}

// Periods are the whole periods that the window touches, ascending; an empty window touches none.
func (g Granularity) Periods(w Window) []Window {
	if w.To <= w.From {
		return nil
	}
	var periods []Window
	for start := g.Start(w.From); start < w.To; {
		end := g.Next(start)
		periods = append(periods, Window{From: start, To: end})
		start = end
	}
	return periods
}
