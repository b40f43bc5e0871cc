package audience

import (
	"slices"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Dimension is what viewing is divided by. The numbers are the contract's: never renumber.
type Dimension uint8

// The dimensions. Those of time come last.
const (
	ByChannel   Dimension = 1
	ByCategory  Dimension = 2
	ByTariff    Dimension = 3
	ByDevice    Dimension = 4
	ByMode      Dimension = 5
	ByHour      Dimension = 6
	ByDay       Dimension = 7
	ByWeek      Dimension = 8
	ByMonth     Dimension = 9
	ByHourOfDay Dimension = 10
	ByDayOfWeek Dimension = 11
)

// ofTime reports whether the dimension divides time.
func (d Dimension) ofTime() bool { return d >= ByHour }

// measured is the dimension as the store knows it.
var measured = map[Dimension]measure.Dimension{
	ByChannel: measure.Channel, ByCategory: measure.Category, ByTariff: measure.Tariff, ByDevice: measure.Device, ByMode: measure.Mode,
}

var granularities = map[Dimension]viewing.Granularity{
	ByHour: viewing.ByHour, ByDay: viewing.ByDay, ByWeek: viewing.ByWeek, ByMonth: viewing.ByMonth,
	ByHourOfDay: viewing.ByHour, ByDayOfWeek: viewing.ByDay,
}

// period is time that belongs to one cell.
type period struct {
	Start     viewing.Millis // 0 where it is not one piece
	HourOfDay int
	DayOfWeek int
	length    viewing.Millis // of what lies in the window
}

// division is how time is divided: the periods, and the slices of the window that belong to them.
type division struct {
	periods []period
	slices  []measure.Slice
}

// divide cuts the window by the dimensions of time; there are no slices where there is no such dimension.
func divide(window viewing.Window, dimensions []Dimension, calendar viewing.Calendar) division {
	dimensions = slices.DeleteFunc(slices.Clone(dimensions), func(d Dimension) bool { return !d.ofTime() })
	if len(dimensions) == 0 {
		return division{periods: []period{{length: window.To - window.From}}}
	}
	slices.Sort(dimensions) // hours of days of weeks are made of hours
	pieces := calendar.Periods(granularities[dimensions[0]], window)
	if dimensions[0] < ByHourOfDay {
		return pieceByPiece(window, pieces)
	}
	return recurring(window, pieces, dimensions, calendar)
}

// pieceByPiece makes each piece a period of its own.
func pieceByPiece(window viewing.Window, pieces []viewing.Window) division {
	var d division
	for i, piece := range pieces {
		inside := viewing.Window{From: max(piece.From, window.From), To: min(piece.To, window.To)}
		d.slices = append(d.slices, measure.Slice{Window: inside, Period: i})
		d.periods = append(d.periods, period{Start: piece.From, length: inside.To - inside.From})
	}
	return d
}

// recurring puts the pieces together that the clock shows in the same way. Two that follow each other, which happens where the
// clock is put back, are one slice: there is no break between them.
func recurring(window viewing.Window, pieces []viewing.Window, dimensions []Dimension, calendar viewing.Calendar) division {
	var d division
	numbers := map[period]int{} // by what the clock shows
	for _, piece := range pieces {
		inside := viewing.Window{From: max(piece.From, window.From), To: min(piece.To, window.To)}
		var shown period
		if slices.Contains(dimensions, ByHourOfDay) {
			shown.HourOfDay = calendar.HourOfDay(piece.From)
		}
		if slices.Contains(dimensions, ByDayOfWeek) {
			shown.DayOfWeek = calendar.Day(piece.From).OfWeek()
		}
		number, known := numbers[shown]
		if !known {
			number = len(d.periods)
			numbers[shown] = number
			d.periods = append(d.periods, shown)
		}
		d.periods[number].length += inside.To - inside.From
		if last := len(d.slices) - 1; last >= 0 && d.slices[last].Period == number {
			d.slices[last].To = inside.To
			continue
		}
		d.slices = append(d.slices, measure.Slice{Window: inside, Period: number})
	}
	return d
}
