package store

import (
	"context"

	"github.com/tvstats/tvstats/internal/viewing"
)

// SessionQuery chooses a page of the sessions of an account or a device. Its order is by StartedAt, then AccountID, DeviceUID,
// Device, ChannelID, Mode and ProgrammeID.
type SessionQuery struct {
	ClientID  int32
	AccountID int64          // 0 = any
	DeviceUID string         // "" = any
	Window    viewing.Window // of StartedAt
	Policy    viewing.Policy // of Counted
	After     *viewing.Identity
	Limit     int
}

// CountedSession is a session as its reports say, and for how long it counts.
type CountedSession struct {
	viewing.Report
	// Counted is the seconds of it that count by the policy of the query; 0 where the policy takes it for a part of an earlier one.
	Counted int32
}

// SessionReader reads single sessions, those of excluded accounts included.
type SessionReader interface {
	// Sessions returns a page of sessions, in the order of the query.
	Sessions(ctx context.Context, query SessionQuery) ([]CountedSession, error)
}
