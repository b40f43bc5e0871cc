// Package ranking turns viewing statistics into channel sortings and selections: it scores, puts in order, fills up and
// keeps the result.
package ranking

import (
	"cmp"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Criterion says what a channel's score is. The numbers are the contract's and are stored: never renumber.
type Criterion uint8

// The criteria; all are exact.
const (
	WatchTime        Criterion = 1 // seconds in all
	WatchSessions    Criterion = 2 // how often the channel was tuned to
	AverageWatchTime Criterion = 3 // seconds per session
	MedianWatchTime  Criterion = 4 // seconds per session
)

// Scope is which sessions count.
type Scope struct {
	Now        viewing.Millis // the time of the question, at which states of accounts are current
	Days       int            // 24 h each, before AsOf
	AsOf       viewing.Millis
	Devices    []string
	Tariffs    []int32
	ActiveOnly bool
	MinSeconds int64
}

// Window is the interval in which counted sessions started.
func (s Scope) Window() viewing.Window { return viewing.DaysBefore(s.AsOf, s.Days) }

func (s Scope) filter(clientID int32) viewing.Filter {
	return viewing.Filter{
		ClientID: clientID, Now: s.Now, Window: s.Window(), Devices: s.Devices, Tariffs: s.Tariffs,
		ActiveOnly: s.ActiveOnly, MinSeconds: s.MinSeconds,
	}
}

// RankedChannel is a channel's place in a sorting or selection.
type RankedChannel struct {
	Rank                int32   `json:"rank"` // from 1, without gaps
	ChannelID           int32   `json:"channel_id"`
	Score               float64 `json:"score"` // by the criterion; 0 without statistics
	WatchSeconds        int64   `json:"watch_seconds"`
	WatchSessions       int64   `json:"watch_sessions"`
	AverageWatchSeconds float64 `json:"average_watch_seconds"`
	MedianWatchSeconds  float64 `json:"median_watch_seconds"`
	HasStatistics       bool    `json:"has_statistics"` // false where it only fills up
}

// RankedProgramme is a programme's place in a selection.
type RankedProgramme struct {
	Rank          int32   `json:"rank"`
	ProgrammeID   int64   `json:"programme_id"`
	ChannelID     int32   `json:"channel_id"`
	Title         string  `json:"title"`
	Score         float64 `json:"score"` // watch seconds; 0 without statistics
	WatchSeconds  int64   `json:"watch_seconds"`
	WatchSessions int64   `json:"watch_sessions"`
	HasStatistics bool    `json:"has_statistics"`
}

// Sorting is a client's channels, best first.
type Sorting struct {
	ID        string          `json:"-"`
	ClientID  int32           `json:"-"`
	CreatedAt viewing.Millis  `json:"-"`
	Criterion Criterion       `json:"criterion"`
	Window    viewing.Window  `json:"window"`
	Channels  []RankedChannel `json:"channels"`
}

// Selection is a client's most popular channels or programmes, best first.
type Selection struct {
	ID         string            `json:"-"`
	ClientID   int32             `json:"-"`
	Kind       store.Kind        `json:"-"`
	CreatedAt  viewing.Millis    `json:"-"`
	Name       string            `json:"name"`
	Window     viewing.Window    `json:"window"`
	Channels   []RankedChannel   `json:"channels,omitempty"`
	Programmes []RankedProgramme `json:"programmes,omitempty"`
}

// place is what the order of a ranking looks at. There is one order, for channels and programmes alike.
type place struct {
	score             float64
	seconds, sessions int64
	number            int32 // of the channel
	id                int64
}

// before compares two places: the higher score first, then the greater watch time, then more sessions, then the smaller
// channel number, then the smaller id.
func before(a, b place) int {
	return cmp.Or(
		cmp.Compare(b.score, a.score),
		cmp.Compare(b.seconds, a.seconds),
		cmp.Compare(b.sessions, a.sessions),
		cmp.Compare(a.number, b.number),
		cmp.Compare(a.id, b.id),
	)
}
