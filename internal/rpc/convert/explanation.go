package convert

import (
	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Explanation is an explanation as a message.
func Explanation(e ranking.Explanation) *tvstatsv1.ExplainRankResponse {
	return &tvstatsv1.ExplainRankResponse{
		Rank: e.Rank, Score: e.Score, TopAccountShare: e.TopAccountShare, RankWithoutTopAccount: e.RankWithoutTopAccount,
		Filters: All(e.Filters, func(f ranking.Effect) *tvstatsv1.FilterEffect {
			return &tvstatsv1.FilterEffect{Filter: f.Filter, Sessions: f.Sessions, Seconds: f.Seconds}
		}),
		Before: neighbourProto(e.Before), After: neighbourProto(e.After),
		Days: All(e.Days, func(d ranking.PlaceOnDay) *tvstatsv1.PlaceOnDay {
			return &tvstatsv1.PlaceOnDay{WindowEnd: Time(d.WindowEnd), Rank: d.Rank, Score: d.Score}
		}),
		PolicyRevision: e.PolicyRevision,
	}
}

func neighbourProto(n *ranking.Neighbour) *tvstatsv1.NeighbouringPlace {
	if n == nil {
		return nil
	}
	return &tvstatsv1.NeighbouringPlace{
		Rank: n.Rank, ChannelId: n.ChannelID, ProgrammeId: n.ProgrammeID, Score: n.Score, Margin: n.Margin,
	}
}

// Session is a session as a message.
func Session(s store.CountedSession) *tvstatsv1.ViewSession {
	session := &tvstatsv1.ViewSession{
		AccountId: s.AccountID, DeviceUid: s.DeviceUID, Device: s.Device, ChannelId: s.ChannelID, Mode: tvstatsv1.ViewMode(s.Mode),
		ProgrammeId: s.ProgrammeID, StartedAt: Time(s.StartedAt), At: Time(s.At), WatchedSeconds: int64(s.WatchedSeconds),
		CountedSeconds: int64(s.Counted), Ended: s.Ended, Tariffs: s.Tariffs,
	}
	if s.LastActivityAt != viewing.Unknown {
		session.LastActivityAt = Time(s.LastActivityAt)
	}
	if s.PositionAt != viewing.Unknown {
		session.PositionAt = Time(s.PositionAt)
	}
	return session
}
