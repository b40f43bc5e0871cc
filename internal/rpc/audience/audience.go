// Package audience is the service Audience on top of the domain package of the same name.
package audience

import (
	"context"
	"errors"
	"fmt"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/audience"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/rpc/fault"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/page"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// defaultRows is the page size of lists of rows and programmes.
const defaultRows = 100

// Server implements the service. Its requests have passed the rules of package intercept, which also turns its errors into statuses.
type Server struct {
	tvstatsv1.UnimplementedAudienceServer
	Meter   *audience.Meter
	Now     func() time.Time
	MinCell int64 // how many distinct accounts must be behind what readers receive
}

// GetAudience divides the viewing of a span.
func (s *Server) GetAudience(ctx context.Context, req *tvstatsv1.GetAudienceRequest) (*tvstatsv1.GetAudienceResponse, error) {
	after, err := page.After[audience.RowKey](req)
	if err != nil {
		return nil, err
	}
	question := audience.Division{
		Question: s.question(req), Local: req.Calendar == tvstatsv1.Calendar_CALENDAR_CLIENT, Reach: convert.Seconds(req.ReachSeconds, convert.DefaultReach),
		GroupBy: convert.All(req.GroupBy, func(d tvstatsv1.Dimension) audience.Dimension { return audience.Dimension(d) }),
	}
	all, err := s.Meter.Divide(ctx, question)
	if err != nil {
		return nil, tooMany(err, "group_by", "rows", "ask for fewer dimensions, longer periods or less time")
	}
	metric, order := audience.Metric(req.OrderBy), audience.InOrder(question.GroupBy)
	least := intercept.Visible(ctx, s.MinCell)
	rows, hidden := intercept.Shown(all.Rows, least, func(r audience.Row) int64 { return r.Accounts })
	key := func(r audience.Row) audience.RowKey { return r.Key(metric) }
	some, next := page.InOrder(req, defaultRows, rows, after, order, convert.AudienceRow, key)
	response := &tvstatsv1.GetAudienceResponse{
		Rows: some, Universe: all.Universe, Coverage: tvstatsv1.Coverage(all.Coverage), DataFrom: convert.DataFrom(all.Cover),
		PolicyRevision: all.PolicyRevision, CutSeconds: int64(all.Cut / 1000), NextPageToken: next, HiddenRows: hidden,
	}
	if all.Total.Accounts >= least {
		response.Total = convert.AudienceRow(all.Total)
	}
	return response, nil
}

// GetProgrammeRatings measures the audience of programmes.
func (s *Server) GetProgrammeRatings(
	ctx context.Context, req *tvstatsv1.GetProgrammeRatingsRequest,
) (*tvstatsv1.GetProgrammeRatingsResponse, error) {
	after, err := page.After[audience.ProgrammeKey](req)
	if err != nil {
		return nil, err
	}
	all, err := s.Meter.Rate(ctx, s.question(req), convert.Seconds(req.ReachSeconds, convert.DefaultReach))
	if err != nil {
		return nil, tooMany(err, "to", "programmes", "ask for less time or fewer channels")
	}
	programmes, hidden := intercept.Shown(all.Programmes, intercept.Visible(ctx, s.MinCell), func(p audience.Programme) int64 { return p.Accounts })
	key := func(p audience.Programme) audience.ProgrammeKey { return p.Key(audience.Metric(req.OrderBy)) }
	some, next := page.InOrder(req, defaultRows, programmes, after, audience.ProgrammeKey.Compare, convert.ProgrammeRating, key)
	return &tvstatsv1.GetProgrammeRatingsResponse{
		Programmes: some, Universe: all.Universe, Coverage: tvstatsv1.Coverage(all.Coverage), DataFrom: convert.DataFrom(all.Cover),
		PolicyRevision: all.PolicyRevision, CutSeconds: int64(all.Cut / 1000), NextPageToken: next, HiddenRows: hidden,
	}, nil
}

// GetAudienceCurve draws the live audience of a channel.
func (s *Server) GetAudienceCurve(
	ctx context.Context, req *tvstatsv1.GetAudienceCurveRequest,
) (*tvstatsv1.GetAudienceCurveResponse, error) {
	question, channel := s.question(req), req.ChannelId
	if req.ProgrammeId != 0 {
		var err error
		if question.Window, channel, err = s.programme(ctx, req); err != nil {
			return nil, err
		}
	}
	curve, err := s.Meter.Draw(ctx, question, channel, convert.Seconds(req.StepSeconds, convert.DefaultStep))
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.GetAudienceCurveResponse{
		Points: convert.All(curve.Points, convert.CurvePoint), Coverage: tvstatsv1.Coverage(curve.Coverage), DataFrom: convert.DataFrom(curve.Cover),
		PolicyRevision: curve.PolicyRevision, CutSeconds: int64(curve.Cut / 1000),
	}, nil
}

// programme is when and where the programme of a curve is on.
func (s *Server) programme(ctx context.Context, req *tvstatsv1.GetAudienceCurveRequest) (viewing.Window, int32, error) {
	window, channel, err := s.Meter.Programme(ctx, req.ClientId, req.ProgrammeId)
	if err != nil {
		return window, channel, err
	}
	return window, channel, intercept.CurveSteps(window, req.StepSeconds)
}

// GetAudienceFlow finds how devices switched.
func (s *Server) GetAudienceFlow(
	ctx context.Context, req *tvstatsv1.GetAudienceFlowRequest,
) (*tvstatsv1.GetAudienceFlowResponse, error) {
	all, err := s.Meter.Follow(ctx, s.question(req), convert.Seconds(req.GapSeconds, convert.DefaultGap), req.ChannelId)
	if err != nil {
		return nil, err
	}
	flows, hidden := intercept.Shown(all.Flows, intercept.Visible(ctx, s.MinCell), func(f store.Flow) int64 { return f.Accounts })
	return &tvstatsv1.GetAudienceFlowResponse{
		Flows: convert.All(flows, convert.Flow), Coverage: tvstatsv1.Coverage(all.Coverage), DataFrom: convert.DataFrom(all.Cover),
		PolicyRevision: all.PolicyRevision, CutSeconds: int64(all.Cut / 1000), HiddenRows: hidden,
	}, nil
}

// tooMany is the error of a result that would be too large: by which field, and what to do.
func tooMany(err error, field, what, hint string) error {
	if !errors.Is(err, audience.ErrTooMany) {
		return err
	}
	return fault.InvalidArgument(field, fmt.Sprintf("more than %d %s are not allowed; %s", audience.MostRows, what, hint))
}

// request is what all requests of the service have in common.
type request interface {
	convert.AudienceRequest
	convert.Span
}

func (s *Server) question(req request) audience.Question {
	return audience.Question{
		ClientID: req.GetClientId(), Now: viewing.At(s.Now()), Window: convert.SpanWindow(req), Filter: convert.ViewingFilter(req.GetFilter()),
	}
}
