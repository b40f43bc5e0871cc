package viewing

import "time"

// Millis is an instant: Unix time in milliseconds, UTC. Identity and arithmetic of sessions need no finer time.
type Millis int64

// Day is a UTC day, counted from 1970-01-01.
type Day int32

// DayLength is the length of every UTC day in milliseconds; Unix time has no leap seconds.
const DayLength Millis = 24 * 60 * 60 * 1000

// At cuts a time to the millisecond at or before it.
func At(t time.Time) Millis { return Millis(t.UnixMilli()) }

// Time is the instant as a UTC time.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// Add moves the instant by d, cut to milliseconds.
func (m Millis) Add(d time.Duration) Millis { return m + Millis(d.Milliseconds()) }

// Sub is the time from earlier to m.
func (m Millis) Sub(earlier Millis) time.Duration {
	return time.Duration(m-earlier) * time.Millisecond
}

// Day is the UTC day that holds the instant, also before 1970.
func (m Millis) Day() Day { return Day(m.floor(DayLength) / DayLength) }

// floor is the greatest multiple of step at or before the instant, also before 1970.
func (m Millis) floor(step Millis) Millis {
	rest := m % step
	if rest < 0 {
		rest += step
	}
	return m - rest
}

// Start is the first instant of the day.
func (d Day) Start() Millis { return Millis(d) * DayLength }

// OfWeek is 1 for a Monday to 7 for a Sunday.
func (d Day) OfWeek() int {
	if day := d.Start().Time().Weekday(); day != time.Sunday {
		return int(day)
	}
	return 7
}

// Window is the day as a half-open interval.
func (d Day) Window() Window { return Window{From: d.Start(), To: (d + 1).Start()} }

// String is the day as YYYY-MM-DD.
func (d Day) String() string { return d.Start().Time().Format(time.DateOnly) }

// ParseDay reads a day written as YYYY-MM-DD.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, err
	}
	return At(t).Day(), nil
}

// Window is the half-open interval [From, To).
type Window struct {
	From, To Millis
}

// DaysBefore is the window of days × 24 h that ends at to.
func DaysBefore(to Millis, days int) Window {
	return Window{From: to - Millis(days)*DayLength, To: to}
}
