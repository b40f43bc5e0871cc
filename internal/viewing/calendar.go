package viewing

import "time"

// Calendar says when hours, days and months begin: by the wall clock of a time zone. The zero value goes by UTC.
//
// A day begins at the first instant at which the clock shows it or, where it leaves midnight out, a later time; so days have 23
// to 25 hours, and one that the clock leaves out whole has no length. Hours begin where the clock shows a full hour, and where
// it jumps into another one: an hour that it shows twice is two, and where it is moved by half an hour, one hour is shorter or
// longer. Hours fit into days, days into months.
type Calendar struct {
	zone *time.Location // nil = UTC
}

// CalendarOf goes by the wall clock of the zone.
func CalendarOf(zone *time.Location) Calendar {
	if zone == time.UTC {
		zone = nil
	}
	return Calendar{zone: zone}
}

// IsUTC reports whether all periods begin by UTC.
func (c Calendar) IsUTC() bool { return c.zone == nil }

// Day is the day that holds the instant.
func (c Calendar) Day(at Millis) Day {
	if c.zone == nil {
		return at.Day()
	}
	_, offset, _ := c.clock(at)
	day := (at + offset).Day()
	for c.DayStart(day+1) <= at { // the clock was put back across midnight
		day++
	}
	return day
}

// DayStart is the first instant of the day, or of the one after it where the zone left the day out.
func (c Calendar) DayStart(day Day) Millis {
	midnight := day.Start()
	if c.zone == nil {
		return midnight
	}
	for at := midnight - 2*DayLength; ; { // no clock is two days ahead
		_, offset, end := c.clock(at)
		if start := max(at, midnight-offset); start < end {
			return start
		}
		at = end
	}
}

// HourOfDay is the hour that the clock shows at the instant, 0 to 23.
func (c Calendar) HourOfDay(at Millis) int {
	if c.zone != nil {
		_, ahead, _ := c.clock(at)
		at += ahead
	}
	return at.Time().Hour()
}

// Window is the day as a half-open interval; it is empty where the zone left the day out.
func (c Calendar) Window(day Day) Window {
	return Window{From: c.DayStart(day), To: c.DayStart(day + 1)}
}

// Start is the first instant of the period that holds the instant.
func (c Calendar) Start(g Granularity, at Millis) Millis {
	switch {
	case c.zone == nil:
		return g.Start(at)
	case g == ByMonth || g == ByWeek:
		return c.DayStart(g.Start(c.Day(at).Start()).Day())
	case g == ByDay:
		return c.DayStart(c.Day(at))
	default:
		return c.hour(at)
	}
}

// Next is where the period that begins at start ends and the next one begins.
func (c Calendar) Next(g Granularity, start Millis) Millis {
	switch {
	case c.zone == nil:
		return g.Next(start)
	case g == ByMonth || g == ByWeek:
		return c.DayStart(g.Next(g.Start(c.Day(start).Start())).Day())
	case g == ByDay:
		return c.Window(c.Day(start)).To
	default:
		return c.nextHour(start)
	}
}

// Periods are the whole periods that the window touches, ascending; an empty window touches none.
func (c Calendar) Periods(g Granularity, w Window) []Window {
	if w.To <= w.From {
		return nil
	}
	var periods []Window
	for start := c.Start(g, w.From); start < w.To; {
		end := c.Next(g, start)
		periods = append(periods, Window{From: start, To: end})
		start = end
	}
	return periods
}

// clock returns by how much the wall clock is ahead of UTC at the instant, and from when until when it is.
func (c Calendar) clock(at Millis) (since, ahead, until Millis) {
	local := at.Time().In(c.zone)
	_, seconds := local.Zone()
	from, to := local.ZoneBounds()
	since, until = -1<<62, 1<<62
	if !from.IsZero() {
		since = At(from)
	}
	if !to.IsZero() {
		until = At(to)
	}
	return since, Millis(seconds) * 1000, until
}

// hour is the first instant of the hour.
func (c Calendar) hour(at Millis) Millis {
	since, ahead, _ := c.clock(at)
	if start := (at + ahead).floor(HourLength) - ahead; start >= since {
		return start
	}
	if c.strikes(since) {
		return since
	}
	return c.hour(since - 1)
}

// nextHour is where the hour ends that holds the instant.
func (c Calendar) nextHour(at Millis) Millis {
	for {
		_, ahead, until := c.clock(at)
		if next := (at + ahead).floor(HourLength) + HourLength - ahead; next < until {
			return next
		}
		if at = until; c.strikes(at) {
			return at
		}
	}
}

// strikes reports whether an hour begins at an instant at which the clock was changed: it shows a full hour, or another hour than
// just before.
func (c Calendar) strikes(changed Millis) bool {
	_, before, _ := c.clock(changed - 1)
	_, ahead, _ := c.clock(changed)
	now := changed + ahead
	return now.floor(HourLength) == now || now.floor(HourLength) != (changed-1+before).floor(HourLength)
}
