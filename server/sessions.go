package main

import (
	"context"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// defaultSessions is the page size of lists of sessions.
const defaultSessions = 100

// sessionKey is a session's place in a list.
type sessionKey struct {
	Started   viewing.Millis `json:"s"`
	Account   int64          `json:"a"`
	DeviceUID string         `json:"u"`
	Device    string         `json:"d"`
	Channel   int32          `json:"c"`
	Mode      viewing.Mode   `json:"m"`
	Programme int64          `json:"p"`
}

// ListSessions pages through the sessions of an account or a device.
func (v *viewStats) ListSessions(
	ctx context.Context, req *tvstatsv1.ListSessionsRequest,
) (*tvstatsv1.ListSessionsResponse, error) {
	client, err := v.catalog.Client(ctx, req.ClientId)
	if err != nil {
		return nil, err
	}
	after, err := pageAfter[sessionKey](req)
	if err != nil {
		return nil, err
	}
	callerOf(ctx).looksAt(req.AccountId, req.DeviceUid)
	limit := pageSize(req, defaultSessions)
	query := store.SessionQuery{
		ClientID: req.ClientId, AccountID: req.AccountId, DeviceUID: req.DeviceUid, Window: spanWindow(req), Policy: client.Policy, Limit: limit + 1,
	}
	if after != nil {
		query.After = &viewing.Identity{
			ClientID: req.ClientId, AccountID: after.Account, DeviceUID: after.DeviceUID, Device: after.Device, ChannelID: after.Channel,
			Mode: after.Mode, ProgrammeID: after.Programme, StartedAt: after.Started,
		}
	}
	sessions, err := v.sessions.Sessions(ctx, query)
	if err != nil {
		return nil, err
	}
	page, next := pageOf(req, limit, sessions, sessionProto, func(s store.CountedSession) sessionKey {
		return sessionKey{s.StartedAt, s.AccountID, s.DeviceUID, s.Device, s.ChannelID, s.Mode, s.ProgrammeID}
	})
	return &tvstatsv1.ListSessionsResponse{Sessions: page, NextPageToken: next}, nil
}

func sessionProto(s store.CountedSession) *tvstatsv1.ViewSession {
	session := &tvstatsv1.ViewSession{
		AccountId: s.AccountID, DeviceUid: s.DeviceUID, Device: s.Device, ChannelId: s.ChannelID, Mode: tvstatsv1.ViewMode(s.Mode),
		ProgrammeId: s.ProgrammeID, StartedAt: timeProto(s.StartedAt), At: timeProto(s.At), WatchedSeconds: int64(s.WatchedSeconds),
		CountedSeconds: int64(s.Counted), Ended: s.Ended, Tariffs: s.Tariffs,
	}
	if s.LastActivityAt != viewing.Unknown {
		session.LastActivityAt = timeProto(s.LastActivityAt)
	}
	if s.PositionAt != viewing.Unknown {
		session.PositionAt = timeProto(s.PositionAt)
	}
	return session
}
