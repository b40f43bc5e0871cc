package convert

import (
	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// SortingParams is the command that a request asks for.
func SortingParams(req *tvstatsv1.CreateChannelSortingByPopularityRequest, now viewing.Millis) ranking.SortingParams {
	return ranking.SortingParams{
		ClientIDs: req.ClientIds, Scope: scopeOf(req, req.AccountsActive, now), Criterion: ranking.Criterion(req.Criterion),
	}
}

// ChannelSelectionParams is the command that a request asks for.
func ChannelSelectionParams(req *tvstatsv1.CreateChannelSelectionByPopularityRequest, now viewing.Millis) ranking.ChannelSelectionParams {
	return ranking.ChannelSelectionParams{
		ClientID: req.ClientId, Scope: scopeOf(req, req.AccountsActive, now), Criterion: ranking.Criterion(req.Criterion),
		Size: int(req.SelectionSize), Name: req.SelectionName,
	}
}

// ProgrammeSelectionParams is the command that a request asks for.
func ProgrammeSelectionParams(req *tvstatsv1.CreateEpgSelectionByPopularityRequest, now viewing.Millis) ranking.ProgrammeSelectionParams {
	return ranking.ProgrammeSelectionParams{
		ClientID: req.ClientId, Scope: scopeOf(req, false, now), Categories: req.Categories, Channels: req.Channels,
		Size: int(req.SelectionSize), Name: req.SelectionName,
	}
}

// SortingsCreated is the response of a command.
func SortingsCreated(sortings []ranking.Sorting) *tvstatsv1.CreateChannelSortingByPopularityResponse {
	return &tvstatsv1.CreateChannelSortingByPopularityResponse{Sortings: All(sortings, Sorting)}
}

// ChannelSelectionCreated is the response of a command.
func ChannelSelectionCreated(selection ranking.Selection) *tvstatsv1.CreateChannelSelectionByPopularityResponse {
	return &tvstatsv1.CreateChannelSelectionByPopularityResponse{Selection: Selection(selection)}
}

// ProgrammeSelectionCreated is the response of a command.
func ProgrammeSelectionCreated(selection ranking.Selection) *tvstatsv1.CreateEpgSelectionByPopularityResponse {
	return &tvstatsv1.CreateEpgSelectionByPopularityResponse{Selection: Selection(selection)}
}

func scopeOf(req Scope, activeOnly bool, now viewing.Millis) ranking.Scope {
	return ranking.Scope{
		Now: now, Days: int(req.GetDaysNumber()), AsOf: TimeOr(req.GetAsOf(), now),
		Devices: req.GetDevices(), Tariffs: req.GetTariffs(),
		ActiveOnly: activeOnly, MinSeconds: req.GetMinWatchSeconds(),
	}
}

// Sorting is a stored sorting as a message.
func Sorting(s ranking.Sorting) *tvstatsv1.ChannelSorting {
	return &tvstatsv1.ChannelSorting{
		SortingId: s.ID, ClientId: s.ClientID, Criterion: tvstatsv1.Criterion(s.Criterion),
		WindowStart: Time(s.Window.From), WindowEnd: Time(s.Window.To), CreatedAt: Time(s.CreatedAt),
		Channels: All(s.Channels, rankedChannelProto),
	}
}

// Selection is a stored selection as a message.
func Selection(s ranking.Selection) *tvstatsv1.Selection {
	return &tvstatsv1.Selection{
		SelectionId: s.ID, ClientId: s.ClientID, Name: s.Name, Kind: kindProto(s.Kind),
		WindowStart: Time(s.Window.From), WindowEnd: Time(s.Window.To), CreatedAt: Time(s.CreatedAt),
		Channels:   All(s.Channels, rankedChannelProto),
		Programmes: All(s.Programmes, rankedProgrammeProto),
	}
}

func rankedChannelProto(c ranking.RankedChannel) *tvstatsv1.RankedChannel {
	return &tvstatsv1.RankedChannel{
		Rank: c.Rank, ChannelId: c.ChannelID, Score: c.Score,
		WatchSeconds: c.WatchSeconds, WatchSessions: c.WatchSessions,
		AverageWatchSeconds: c.AverageWatchSeconds, MedianWatchSeconds: c.MedianWatchSeconds,
		HasStatistics: c.HasStatistics,
	}
}

func rankedProgrammeProto(p ranking.RankedProgramme) *tvstatsv1.RankedProgramme {
	return &tvstatsv1.RankedProgramme{
		Rank: p.Rank, ProgrammeId: p.ProgrammeID, ChannelId: p.ChannelID, Title: p.Title, Score: p.Score,
		WatchSeconds: p.WatchSeconds, WatchSessions: p.WatchSessions, HasStatistics: p.HasStatistics,
	}
}

func kindProto(k store.Kind) tvstatsv1.SelectionKind {
	switch k {
	case store.ChannelSelection:
		return tvstatsv1.SelectionKind_SELECTION_KIND_CHANNELS
	case store.ProgrammeSelection:
		return tvstatsv1.SelectionKind_SELECTION_KIND_PROGRAMMES
	default:
		return tvstatsv1.SelectionKind_SELECTION_KIND_UNSPECIFIED
	}
}

// KindsOf are the kinds of results that a filter lets pass; nil is all.
func KindsOf(k tvstatsv1.SelectionKind) []store.Kind {
	switch k {
	case tvstatsv1.SelectionKind_SELECTION_KIND_CHANNELS:
		return []store.Kind{store.ChannelSelection}
	case tvstatsv1.SelectionKind_SELECTION_KIND_PROGRAMMES:
		return []store.Kind{store.ProgrammeSelection}
	default:
		return nil
	}
}
