package viewstats

import (
	"context"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/page"
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
func (v *Server) ListSessions(
	ctx context.Context, req *tvstatsv1.ListSessionsRequest,
) (*tvstatsv1.ListSessionsResponse, error) {
	client, err := v.Catalog.Client(ctx, req.ClientId)
	if err != nil {
		return nil, err
	}
	after, err := page.After[sessionKey](req)
	if err != nil {
		return nil, err
	}
	intercept.CallerOf(ctx).LooksAt(req.AccountId, req.DeviceUid)
	limit := page.Size(req, defaultSessions)
	query := store.SessionQuery{
		ClientID: req.ClientId, AccountID: req.AccountId, DeviceUID: req.DeviceUid, Window: convert.SpanWindow(req), Policy: client.Policy, Limit: limit + 1,
	}
	if after != nil {
		query.After = &viewing.Identity{
			ClientID: req.ClientId, AccountID: after.Account, DeviceUID: after.DeviceUID, Device: after.Device, ChannelID: after.Channel,
			Mode: after.Mode, ProgrammeID: after.Programme, StartedAt: after.Started,
		}
	}
	sessions, err := v.Sessions.Sessions(ctx, query)
	if err != nil {
		return nil, err
	}
	listed, next := page.Of(limit, sessions, convert.Session, func(s store.CountedSession) sessionKey {
		return sessionKey{s.StartedAt, s.AccountID, s.DeviceUID, s.Device, s.ChannelID, s.Mode, s.ProgrammeID}
	})
	return &tvstatsv1.ListSessionsResponse{Sessions: listed, NextPageToken: next}, nil
}
