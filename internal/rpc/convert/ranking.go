package convert

import (
	"cmp"

	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Question is the ranking that the request of a builder describes; that of sortings describes one for each of its clients.
func Question(req proto.Message, now viewing.Millis) ranking.Question {
	var q ranking.Question
	switch r := req.(type) {
	case *tvstatsv1.CreateChannelSortingByPopularityRequest:
		q = askedBy(r, store.ChannelSorting, now)
	case *tvstatsv1.CreateChannelSelectionByPopularityRequest:
		q = askedBy(r, store.ChannelSelection, now)
		q.ClientID, q.Size = r.ClientId, int(r.SelectionSize)
	case *tvstatsv1.CreateEpgSelectionByPopularityRequest:
		q = askedBy(r, store.ProgrammeSelection, now)
		q.ClientID, q.Categories, q.Channels, q.Size = r.ClientId, r.Categories, r.Channels, int(r.SelectionSize)
		q.Criterion = cmp.Or(q.Criterion, ranking.WatchTime)
	}
	return q
}

// whatIf is the policy of a dry run; nil where it has none.
func whatIf(p *tvstatsv1.MeasurementPolicy) *viewing.Policy {
	if p == nil {
		return nil
	}
	policy, _ := PolicyOf(p) // its rules were checked before
	return &policy
}

// askedBy is what all three builders have in common.
func askedBy(req Scope, kind store.Kind, now viewing.Millis) ranking.Question {
	return ranking.Question{
		Kind: kind, Criterion: ranking.Criterion(req.GetCriterion()), DryRun: req.GetDryRun(), CompareTo: req.GetCompareTo(),
		WhatIf: whatIf(req.GetPolicy()),
		Scope: ranking.Scope{
			Now: now, Days: int(req.GetDaysNumber()), AsOf: TimeOr(req.GetAsOf(), now), Choice: Choice(req),
			ReachSeconds: req.GetReachSeconds(), MinAccounts: req.GetMinAccounts(),
		},
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

// Sorting is a sorting as a message.
func Sorting(s ranking.Sorting) *tvstatsv1.ChannelSorting {
	return &tvstatsv1.ChannelSorting{
		SortingId: s.ID, ClientId: s.ClientID, Criterion: tvstatsv1.Criterion(s.Criterion),
		WindowStart: Time(s.Window.From), WindowEnd: Time(s.Window.To), CreatedAt: Time(s.CreatedAt),
		Channels: All(s.Channels, rankedChannelProto),
		Coverage: tvstatsv1.Coverage(s.Coverage), DataFrom: DataFrom(s.Cover), ProvisionalUntil: knownTime(s.ProvisionalUntil),
		SilentDevices: s.SilentDevices, Policy: Policy(s.Policy), PolicyRevision: s.PolicyRevision, CutSeconds: s.CutSeconds,
	}
}

// Selection is a selection as a message.
func Selection(s ranking.Selection) *tvstatsv1.Selection {
	return &tvstatsv1.Selection{
		SelectionId: s.ID, ClientId: s.ClientID, Name: s.Name, Kind: kindProto(s.Kind), Criterion: tvstatsv1.Criterion(s.Question.Criterion),
		WindowStart: Time(s.Window.From), WindowEnd: Time(s.Window.To), CreatedAt: Time(s.CreatedAt),
		Channels:   All(s.Channels, rankedChannelProto),
		Programmes: All(s.Programmes, rankedProgrammeProto),
		Coverage:   tvstatsv1.Coverage(s.Coverage), DataFrom: DataFrom(s.Cover), ProvisionalUntil: knownTime(s.ProvisionalUntil),
		SilentDevices: s.SilentDevices, Policy: Policy(s.Policy), PolicyRevision: s.PolicyRevision, CutSeconds: s.CutSeconds,
	}
}

func rankedChannelProto(c ranking.RankedChannel) *tvstatsv1.RankedChannel {
	return &tvstatsv1.RankedChannel{
		Rank: c.Rank, ChannelId: c.ChannelID, Score: c.Score,
		WatchSeconds: c.WatchSeconds, WatchSessions: c.WatchSessions,
		AverageWatchSeconds: c.AverageWatchSeconds, MedianWatchSeconds: c.MedianWatchSeconds,
		HasStatistics: c.HasStatistics, Accounts: c.Accounts, Reach: c.Reach, AverageAudience: c.AverageAudience, Share: c.Share,
		PreviousRank: c.PreviousRank, LowBase: c.LowBase, TopAccountShare: c.TopAccountShare,
	}
}

func rankedProgrammeProto(p ranking.RankedProgramme) *tvstatsv1.RankedProgramme {
	return &tvstatsv1.RankedProgramme{
		Rank: p.Rank, ProgrammeId: p.ProgrammeID, ChannelId: p.ChannelID, Title: p.Title, Score: p.Score,
		WatchSeconds: p.WatchSeconds, WatchSessions: p.WatchSessions,
		HasStatistics: p.HasStatistics, Accounts: p.Accounts, Reach: p.Reach, AverageAudience: p.AverageAudience, Share: p.Share,
		PreviousRank: p.PreviousRank, LowBase: p.LowBase, TopAccountShare: p.TopAccountShare,
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
