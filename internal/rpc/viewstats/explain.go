package viewstats

import (
	"context"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/rpc/fault"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/viewing"
)

// ExplainRank says why something has its place in a ranking.
func (v *Server) ExplainRank(
	ctx context.Context, req *tvstatsv1.ExplainRankRequest,
) (*tvstatsv1.ExplainRankResponse, error) {
	question, err := v.explained(ctx, req, viewing.At(v.Now()))
	if err != nil {
		return nil, err
	}
	subject := ranking.Subject{ChannelID: req.ChannelId, ProgrammeID: req.ProgrammeId}
	explanation, err := v.Builder.Explain(ctx, question, subject, intercept.Visible(ctx, v.MinCell))
	if err != nil {
		return nil, err
	}
	return convert.Explanation(explanation), nil
}

// explained is the question of the ranking that is to be explained.
func (v *Server) explained(ctx context.Context, req *tvstatsv1.ExplainRankRequest, now viewing.Millis) (ranking.Question, error) {
	if _, request := convert.RequestOf(req, "request"); request != nil {
		question := convert.Question(request, now)
		if sorting := req.GetCreateChannelSortingByPopularity(); sorting != nil {
			question.ClientID = sorting.ClientIds[0]
		}
		return question, nil
	}
	question, err := v.Archive.Question(ctx, req.ResultId, now)
	if err != nil {
		return question, err
	}
	if err := intercept.OwnResult(ctx, "explain", req.ResultId, question.ClientID); err != nil {
		return question, err
	}
	if question.Days == 0 {
		return question, fault.InvalidArgument("result_id", "an older version built it, and did not keep what it was asked for; build it anew, "+
			"or set the request")
	}
	return question, nil
}
