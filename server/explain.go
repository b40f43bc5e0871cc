package main

import (
	"context"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/viewing"
)

// ExplainRank says why something has its place in a ranking.
func (v *viewStats) ExplainRank(
	ctx context.Context, req *tvstatsv1.ExplainRankRequest,
) (*tvstatsv1.ExplainRankResponse, error) {
	question, err := v.explained(ctx, req, viewing.At(v.now()))
	if err != nil {
		return nil, err
	}
	explanation, err := v.builder.Explain(ctx, question, ranking.Subject{ChannelID: req.ChannelId, ProgrammeID: req.ProgrammeId})
	if err != nil {
		return nil, mistaken(err)
	}
	return explanationProto(explanation), nil
}

// explained is the question of the ranking that is to be explained.
func (v *viewStats) explained(ctx context.Context, req *tvstatsv1.ExplainRankRequest, now viewing.Millis) (ranking.Question, error) {
	if _, request := requestOf(req, "request"); request != nil {
		question := questionOf(request, now)
		if sorting := req.GetCreateChannelSortingByPopularity(); sorting != nil {
			question.ClientID = sorting.ClientIds[0]
		}
		return question, nil
	}
	question, err := v.archive.Question(ctx, req.ResultId, now)
	if err != nil {
		return question, err
	}
	if err := ownResult(ctx, "explain", req.ResultId, question.ClientID); err != nil {
		return question, err
	}
	if question.Days == 0 {
		return question, invalidArgument("result_id", "an older version built it, and did not keep what it was asked for; build it anew, "+
			"or set the request")
	}
	return question, nil
}

func explanationProto(e ranking.Explanation) *tvstatsv1.ExplainRankResponse {
	return &tvstatsv1.ExplainRankResponse{
		Rank: e.Rank, Score: e.Score, TopAccountShare: e.TopAccountShare, RankWithoutTopAccount: e.RankWithoutTopAccount,
		Filters: convertAll(e.Filters, func(f ranking.Effect) *tvstatsv1.FilterEffect {
			return &tvstatsv1.FilterEffect{Filter: f.Filter, Sessions: f.Sessions, Seconds: f.Seconds}
		}),
		Before: neighbourProto(e.Before), After: neighbourProto(e.After),
		Days: convertAll(e.Days, func(d ranking.PlaceOnDay) *tvstatsv1.PlaceOnDay {
			return &tvstatsv1.PlaceOnDay{WindowEnd: timeProto(d.WindowEnd), Rank: d.Rank, Score: d.Score}
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
