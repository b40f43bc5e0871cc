// Package ranking turns viewing statistics into channel sortings and selections: it scores, puts in order, fills up, keeps the
// result, and explains it.
package ranking

import (
	"cmp"

	"github.com/tvstats/tvstats/internal/coverage"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Criterion says what a score is. The numbers are the contract's and are stored: never renumber.
type Criterion uint8

// The criteria; all are exact.
const (
	WatchTime        Criterion = 1 // seconds in all
	WatchSessions    Criterion = 2 // how often the channel was tuned to
	AverageWatchTime Criterion = 3 // seconds per session; of channels only
	MedianWatchTime  Criterion = 4 // seconds per session; of channels only
	Reach            Criterion = 5 // distinct accounts with a session of Scope.ReachSeconds
	AverageAudience  Criterion = 6 // watching time by length of the window, or of the programme
)

// DefaultReach is for how many seconds an account must watch to be reached by default.
const DefaultReach = 180

// Scope is which sessions count, and for how much a few of them count. It is kept with results.
type Scope struct {
	Now  viewing.Millis `json:"-"`    // the time of the question, at which states of accounts are current
	Days int            `json:"days"` // 24 h each, before AsOf
	AsOf viewing.Millis `json:"as_of"`
	viewing.Choice
	ReachSeconds int64 `json:"reach_seconds,omitempty"` // 0 = DefaultReach
	MinAccounts  int64 `json:"min_accounts,omitempty"`  // places with fewer come after the others with statistics
}

// Window is the interval in which counted sessions started.
func (s Scope) Window() viewing.Window { return viewing.DaysBefore(s.AsOf, s.Days) }

func (s Scope) reach() viewing.Millis {
	return viewing.Millis(cmp.Or(s.ReachSeconds, DefaultReach)) * 1000
}

// Question describes a ranking of a client. It is kept with results, of which it is all that they were built from.
type Question struct {
	ClientID  int32      `json:"-"`
	Kind      store.Kind `json:"-"`
	Criterion Criterion  `json:"criterion"`
	Scope
	Categories []int32 `json:"categories,omitempty"` // of the channels of programmes; empty = all
	Channels   []int32 `json:"channels,omitempty"`   // of programmes; empty = all
	Size       int     `json:"size,omitempty"`       // of selections; 0 = defaultSize
	CompareTo  string  `json:"-"`                    // the id of an earlier result of the same client and kind; "" = none
	DryRun     bool    `json:"-"`                    // build it, and store nothing

	// WhatIf is a policy to count by in place of the client's own; nil = none. What it is compared with, where CompareTo names
	// nothing, is the ranking under the client's own.
	WhatIf *viewing.Policy `json:"-"`
	// Counting is the policy that counts; the builder puts it in.
	Counting `json:"-"`
}

// Counting is the policy that a client's seconds are counted by, and its revision; one that is none of the client's has none.
type Counting struct {
	Policy         viewing.Policy `json:"policy,omitzero"`
	PolicyRevision int64          `json:"policy_revision,omitempty"`
}

// filter chooses the sessions that count.
func (q Question) filter() viewing.Filter {
	return viewing.Filter{ClientID: q.ClientID, Now: q.Now, Window: q.Window(), Choice: q.Under(q.Policy), Policy: q.Policy}
}

// Figures are what places of channels and of programmes have in common besides their score.
type Figures struct {
	Accounts        int64   `json:"accounts,omitempty"` // distinct, whose sessions count
	Reach           int64   `json:"reach,omitempty"`
	AverageAudience float64 `json:"average_audience,omitempty"`
	Share           float64 `json:"share,omitempty"`             // percent of the watching time of all channels
	TopAccountShare float64 `json:"top_account_share,omitempty"` // percent of the place's watching time
	PreviousRank    int32   `json:"previous_rank,omitempty"`     // in the result that it is compared with; 0 = in none
	LowBase         bool    `json:"low_base,omitempty"`          // fewer accounts than requested
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
	Figures
}

// RankedProgramme is a programme's place in a selection.
type RankedProgramme struct {
	Rank          int32   `json:"rank"`
	ProgrammeID   int64   `json:"programme_id"`
	ChannelID     int32   `json:"channel_id"`
	Title         string  `json:"title"`
	Score         float64 `json:"score"` // by the criterion; 0 without statistics
	WatchSeconds  int64   `json:"watch_seconds"`
	WatchSessions int64   `json:"watch_sessions"`
	HasStatistics bool    `json:"has_statistics"`
	Figures

	start viewing.Millis // of the programme; only where it fills up
}

// Trust says how far a result can be relied on.
type Trust struct {
	coverage.Cover
	ProvisionalUntil viewing.Millis `json:"provisional_until,omitempty"` // only where Coverage is viewing.Provisional
	SilentDevices    int64          `json:"silent_devices,omitempty"`    // see store.SilenceFinder
	Counting
	CutSeconds int64 `json:"cut_seconds,omitempty"` // reported, and not counted
}

// Sorting is a client's channels, best first.
type Sorting struct {
	ID        string          `json:"-"`
	ClientID  int32           `json:"-"`
	CreatedAt viewing.Millis  `json:"-"`
	Criterion Criterion       `json:"criterion"`
	Window    viewing.Window  `json:"window"`
	Channels  []RankedChannel `json:"channels"`
	Trust
	Question Question `json:"question,omitzero"` // zero where an older version built it
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
	Trust
	Question Question `json:"question,omitzero"` // zero where an older version built it
}

// standing is which part of a ranking a place is in.
type standing uint8

const (
	sound     standing = iota // has statistics of enough accounts
	lowBase                   // has statistics of too few
	unwatched                 // has none
)

func standingOf(hasStatistics, low bool) standing {
	switch {
	case !hasStatistics:
		return unwatched
	case low:
		return lowBase
	default:
		return sound
	}
}

// place is what the order of a ranking looks at. There is one order, for channels and programmes alike.
type place struct {
	standing          standing
	score             float64
	seconds, sessions int64
	start             viewing.Millis // of a programme that fills up
	number            int32          // of the channel
	id                int64
}

// before compares two places: what has statistics first, that of enough accounts before all other; then the higher score, then
// the greater watch time, then more sessions, then, of programmes that fill up, the later start, then the smaller channel number,
// then the smaller id.
func before(a, b place) int {
	return cmp.Or(
		cmp.Compare(a.standing, b.standing),
		cmp.Compare(b.score, a.score),
		cmp.Compare(b.seconds, a.seconds),
		cmp.Compare(b.sessions, a.sessions),
		cmp.Compare(b.start, a.start),
		cmp.Compare(a.number, b.number),
		cmp.Compare(a.id, b.id),
	)
}
