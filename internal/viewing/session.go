// Package viewing holds what a view session is: its identity, its state, how reports merge into it, and which of them
// are refused. It knows no storage and no transport.
package viewing

import "slices"

// Mode says how a session plays. The numbers are those of the contract and of the stores: never renumber.
type Mode uint8

// The modes; a report that names none is live.
const (
	Live      Mode = 1
	Catchup   Mode = 2
	Timeshift Mode = 3
)

// Identity is what makes reports one session: all that carry the same identity are the same session.
type Identity struct {
	ClientID    int32
	AccountID   int64
	DeviceUID   string // one physical device
	Device      string // the kind of device, for example mag250
	ChannelID   int32
	Mode        Mode
	ProgrammeID int64 // 0 = none
	StartedAt   Millis
}

// State is what a session has come to. Every report carries the whole of it, so that no report needs the one before.
type State struct {
	At             Millis // the device's clock at its last report
	WatchedSeconds int32  // play time without pauses and buffering, whole seconds
	Ended          bool
	LastActivityAt Millis  // when the viewer last touched remote control or screen; Unknown where no report says
	PositionAt     Millis  // instant of the broadcast on the screen at StartedAt; Unknown where no report says, and of live sessions
	Tariffs        []int32 // ascending, no repeats; shared, never written to
}

// Unknown stands for an optional instant that was not given. A device that reports this very millisecond has a broken clock: 1970
// is before every floor of times that is of use.
const Unknown Millis = 0

// LongestSession bounds At − StartedAt whatever is configured, so that only sessions that started so long before an
// instant, or later, can have been on at it.
const LongestSession = 7 * DayLength

// LongestWatched bounds the watched time of a report, which may exceed the session's length by a second.
const LongestWatched = LongestSession + 1000

// Report is one valid statement of a device about a session; a merged session has the same shape.
type Report struct {
	Identity
	State
}

// Merge joins two states of one session. It is commutative, associative and idempotent: order, repetition and grouping
// of reports cannot change the result, and nothing is counted that no report stated. It is the definition: stores merge as their
// engines do it best, and package storetest holds them to it.
func Merge(a, b State) State {
	return State{
		At:             max(a.At, b.At),
		WatchedSeconds: max(a.WatchedSeconds, b.WatchedSeconds),
		Ended:          a.Ended || b.Ended,
		LastActivityAt: known(a.LastActivityAt, b.LastActivityAt, max(a.LastActivityAt, b.LastActivityAt)),
		PositionAt:     known(a.PositionAt, b.PositionAt, min(a.PositionAt, b.PositionAt)),
		Tariffs:        union(a.Tariffs, b.Tariffs),
	}
}

// known returns what two optional instants merge to: the one that is known, and merged where both are.
func known(a, b, merged Millis) Millis {
	switch {
	case a == Unknown:
		return b
	case b == Unknown:
		return a
	default:
		return merged
	}
}

func union(a, b []int32) []int32 {
	if slices.Equal(a, b) {
		return a
	}
	return Distinct(slices.Concat(a, b))
}

// Distinct returns the ids ascending and without repeats: the form in which sets of ids are kept and compared. It does not
// write to ids, and returns them themselves where they have that form.
func Distinct(ids []int32) []int32 {
	for i := 1; i < len(ids); i++ {
		if ids[i] <= ids[i-1] {
			return slices.Compact(slices.Sorted(slices.Values(ids)))
		}
	}
	return ids
}
