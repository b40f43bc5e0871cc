package measure

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/viewing"
)

// Attribution says when a session counts.
type Attribution uint8

// The attributions.
const (
	ByStart Attribution = iota // whole, where it started
	ByTime                     // each part of [StartedAt, StartedAt + watched time) where it falls; a session of no time nowhere
)

// Query is for measures of the sessions that pass a filter, one row for each cell.
type Query struct {
	// Filter chooses sessions. Its window is of the starts where sessions count by start, and of their time where they
	// count by time: sessions that began before it are cut there, whatever the filter says of whole sessions.
	Filter   viewing.Filter
	Count    Attribution
	GroupBy  []Dimension // none: all sessions are one cell
	Measures []Measure
	// Slices cut the filter's window for the dimension Period: ascending, none of them empty, without gaps, from its
	// beginning to its end.
	Slices []Slice
	Reach  viewing.Millis // of the measure Reach
	// Most bounds the rows: of more, any Most + 1 or a few more are returned, which shows that there were too many. 0 bounds nothing.
	Most int
}

// Slice is a part of time that belongs to a period. Several may belong to one: the period from 20 to 21 o'clock is a slice
// of each day. Between two of these a session breaks.
type Slice struct {
	viewing.Window
	Period int
}

// Slices are the slices between ascending instants, each a period of its own, numbered from 0.
func Slices(boundaries []viewing.Millis) []Slice {
	cut := make([]Slice, 0, len(boundaries))
	for i := range len(boundaries) - 1 {
		cut = append(cut, Slice{Window: viewing.Window{From: boundaries[i], To: boundaries[i+1]}, Period: i})
	}
	return cut
}

// Recurs reports whether a period has several slices.
func (q Query) Recurs() bool {
	seen := map[int]bool{}
	for _, slice := range q.Slices {
		if seen[slice.Period] {
			return true
		}
		seen[slice.Period] = true
	}
	return false
}

// Even reports whether there are slices, all but a shorter last one of the same length, and each of the period after that of the one before.
func (q Query) Even() bool {
	for i, s := range q.Slices {
		first, length := q.Slices[0], s.To-s.From
		longest := first.To - first.From
		if s.Period != first.Period+i || length > longest || length < longest && i < len(q.Slices)-1 {
			return false
		}
	}
	return len(q.Slices) > 0
}

// Cell is what the sessions of a row have in common: of each dimension that was requested its value, of the others zero.
type Cell struct {
	ChannelID  int32
	CategoryID int32
	TariffID   int32
	Device     string
	Mode       viewing.Mode
	Period     int
}

// Row is the figures of a cell.
type Row struct {
	Cell
	Values []int64 // one for each of Query.Measures, in their order
}

// Check reports a query that cannot be computed: a fault of its caller.
func (q Query) Check() error {
	if len(q.Measures) == 0 {
		return errors.New("aggregate: no measure is asked for")
	}
	for _, m := range q.Measures {
		if m.String() == "" {
			return fmt.Errorf("aggregate: measure %d does not exist", m)
		}
	}
	for i, d := range q.GroupBy {
		if d.String() == "" || slices.Contains(q.GroupBy[:i], d) {
			return fmt.Errorf("aggregate: dimension %d does not exist or stands there twice", d)
		}
	}
	if q.Count == ByTime && (slices.Contains(q.Measures, Median) || slices.Contains(q.Measures, End)) {
		return errors.New("aggregate: a median and an end are of whole sessions, which have no part by time")
	}
	return q.checkSlices()
}

func (q Query) checkSlices() error {
	if slices.Contains(q.GroupBy, Period) != (len(q.Slices) > 0) {
		return errors.New("aggregate: slices and the dimension period go together")
	}
	at := q.Filter.Window.From
	for _, s := range q.Slices {
		if s.From != at || s.To <= at {
			return fmt.Errorf("aggregate: the slice [%d, %d) does not go on at %d", s.From, s.To, at)
		}
		at = s.To
	}
	if len(q.Slices) > 0 && at != q.Filter.Window.To {
		return fmt.Errorf("aggregate: the slices end at %d, the window at %d", at, q.Filter.Window.To)
	}
	return nil
}
