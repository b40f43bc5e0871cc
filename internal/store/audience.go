package store

import (
	"context"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// The roles of this file find what audiences are made of and sums of sessions do not show. The time of a session is
// [StartedAt, StartedAt + watched time); where a filter's window is said to be of time, sessions that began before it are cut at
// its ends.

// SubscriberCounter counts who could watch.
type SubscriberCounter interface {
	// Subscribers returns how many accounts are active at the instant `at`, by the ledger at now (see LedgerReader), have one of the
	// tariffs, if any are named, and are not excluded by the state that is current at now.
	Subscribers(ctx context.Context, clientID int32, at viewing.Millis, tariffs []int32, now viewing.Millis) (int64, error)
}

// RatingQuery is a query for the audience of programmes.
type RatingQuery struct {
	Filter   viewing.Filter // of sessions, whenever they started: its window is not looked at
	Starting viewing.Window // of the programmes' starts
	Channels ChannelSet     // of the programmes
	// Days are the days that Starting touches, ascending and without gaps. A session that started on a programme's day counts for
	// Rating.SameDay.
	Days  []viewing.Window
	Reach viewing.Millis // of Rating.Reach
	Most  int            // of more programmes, any Most + 1 are returned; 0 bounds nothing
}

// Rating is the audience of a programme, by the time that sessions gave it.
type Rating struct {
	catalog.Programme

	Accounts int64 // distinct, of sessions that gave it any time
	Reach    int64 // distinct accounts of which one session gave it as much as was requested

	Watch           viewing.Millis // given by all sessions
	Live            viewing.Millis // by live ones
	SameDay         viewing.Millis // by live ones and those that started on its day
	SevenDays       viewing.Millis // by live ones and those with a lag of less than 7 × 24 h
	TwentyEightDays viewing.Millis // by live ones and those with a lag of less than 28 × 24 h

	AllLive viewing.Millis // time of the live sessions of all channels that pass the filter while it was on
}

// Ratings are the audiences of programmes.
type Ratings struct {
	Programmes []Rating       // in no order
	Cut        viewing.Millis // time that was reported and does not count, of the sessions that gave any of them time
}

// ProgrammeRater finds the audience of programmes.
type ProgrammeRater interface {
	// Ratings returns all programmes that start in the window, on the chosen channels, those without an audience included and
	// deleted ones left out. Which time a session gives to which programme is said at ProgrammeRanker.ProgrammeWatch. The lag of
	// a session that is not live is StartedAt − PositionAt, where that is unknown StartedAt − the programme's start; below 0 it is 0.
	Ratings(ctx context.Context, query RatingQuery) (Ratings, error)
}

// CurveStep is one step of a curve.
type CurveStep struct {
	Watch    viewing.Millis // time of sessions in the step
	Accounts int64          // the greatest number of distinct accounts at once
	Joined   int64          // sessions that started in the step
	Left     int64          // sessions whose time ended in the step
}

// CurveReader reads how an audience changes.
type CurveReader interface {
	// Curve cuts the filter's window, which is of time, into steps, the last of which may be shorter, and returns all of them.
	Curve(ctx context.Context, filter viewing.Filter, step viewing.Millis) ([]CurveStep, error)
}

// Flow is how often devices went from one channel to another; 0 stands for not watching.
type Flow struct {
	From, To int32 // different ones
	Switches int64
	Accounts int64 // distinct, of the devices
}

// FlowReader reads where viewers come from and go to.
type FlowReader interface {
	// ChannelFlows looks at the sessions of each device that pass the filter, in the order of StartedAt,
	// ChannelID, Mode, ProgrammeID. Where the next one starts at most gap after the end of the time of the one before, the device
	// went from one's channel to the other's, if they differ; else it went from the one's channel to 0 and from 0 to the
	// other's. It came from 0 before its first session, and goes there after its last. Flows are returned in no order; channel
	// leaves only those from or to it, 0 all.
	ChannelFlows(ctx context.Context, filter viewing.Filter, gap viewing.Millis, channel int32) ([]Flow, error)
}
