package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/audience"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// What 0 means in questions about audiences, in seconds, and the page size of their lists.
const (
	defaultReach = 180
	defaultGap   = 60
	defaultRows  = 100
)

// audienceServer is the service Audience. Its requests have passed validate, and its errors become statuses in callError.
type audienceServer struct {
	tvstatsv1.UnimplementedAudienceServer
	meter   *audience.Meter
	now     func() time.Time
	minCell int64 // what readers may see
}

// GetAudience divides the viewing of a span.
func (s *audienceServer) GetAudience(ctx context.Context, req *tvstatsv1.GetAudienceRequest) (*tvstatsv1.GetAudienceResponse, error) {
	after, err := pageAfter[audience.RowKey](req)
	if err != nil {
		return nil, err
	}
	question := audience.Division{
		Question: s.question(req), Local: req.Calendar == tvstatsv1.Calendar_CALENDAR_CLIENT, Reach: millis(req.ReachSeconds, defaultReach),
		GroupBy: convertAll(req.GroupBy, func(d tvstatsv1.Dimension) audience.Dimension { return audience.Dimension(d) }),
	}
	all, err := s.meter.Divide(ctx, question)
	if err != nil {
		return nil, err
	}
	metric, order := audience.Metric(req.OrderBy), audience.InOrder(question.GroupBy)
	least := visible(ctx, s.minCell)
	rows, hidden := shown(all.Rows, least, func(r audience.Row) int64 { return r.Accounts })
	key := func(r audience.Row) audience.RowKey { return r.Key(metric) }
	page, next := pageInOrder(req, rows, after, order, rowProto, key)
	response := &tvstatsv1.GetAudienceResponse{
		Rows: page, Universe: all.Universe, Coverage: tvstatsv1.Coverage(all.Coverage), DataFrom: knownTimeProto(all.DataFrom),
		PolicyRevision: all.PolicyRevision, CutSeconds: int64(all.Cut / 1000), NextPageToken: next, HiddenRows: hidden,
	}
	if all.Total.Accounts >= least {
		response.Total = rowProto(all.Total)
	}
	return response, nil
}

// GetProgrammeRatings measures the audience of programmes.
func (s *audienceServer) GetProgrammeRatings(
	ctx context.Context, req *tvstatsv1.GetProgrammeRatingsRequest,
) (*tvstatsv1.GetProgrammeRatingsResponse, error) {
	after, err := pageAfter[audience.ProgrammeKey](req)
	if err != nil {
		return nil, err
	}
	all, err := s.meter.Rate(ctx, s.question(req), millis(req.ReachSeconds, defaultReach))
	if err != nil {
		return nil, err
	}
	programmes, hidden := shown(all.Programmes, visible(ctx, s.minCell), func(p audience.Programme) int64 { return p.Accounts })
	key := func(p audience.Programme) audience.ProgrammeKey { return p.Key(audience.Metric(req.OrderBy)) }
	page, next := pageInOrder(req, programmes, after, audience.ProgrammeKey.Compare, ratingProto, key)
	return &tvstatsv1.GetProgrammeRatingsResponse{
		Programmes: page, Universe: all.Universe, Coverage: tvstatsv1.Coverage(all.Coverage), DataFrom: knownTimeProto(all.DataFrom),
		PolicyRevision: all.PolicyRevision, CutSeconds: int64(all.Cut / 1000), NextPageToken: next, HiddenRows: hidden,
	}, nil
}

// GetAudienceCurve draws the live audience of a channel.
func (s *audienceServer) GetAudienceCurve(
	ctx context.Context, req *tvstatsv1.GetAudienceCurveRequest,
) (*tvstatsv1.GetAudienceCurveResponse, error) {
	question, channel := s.question(req), req.ChannelId
	if req.ProgrammeId != 0 {
		var err error
		if question.Window, channel, err = s.programme(ctx, req); err != nil {
			return nil, err
		}
	}
	curve, err := s.meter.Draw(ctx, question, channel, millis(req.StepSeconds, defaultStep))
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.GetAudienceCurveResponse{
		Points: convertAll(curve.Points, curvePointProto), Coverage: tvstatsv1.Coverage(curve.Coverage), DataFrom: knownTimeProto(curve.DataFrom),
		PolicyRevision: curve.PolicyRevision, CutSeconds: int64(curve.Cut / 1000),
	}, nil
}

// programme is when and where the programme of a curve is on.
func (s *audienceServer) programme(ctx context.Context, req *tvstatsv1.GetAudienceCurveRequest) (viewing.Window, int32, error) {
	window, channel, err := s.meter.Programme(ctx, req.ClientId, req.ProgrammeId)
	if err != nil {
		return window, channel, err
	}
	v := &violations{}
	v.steps(window, req.StepSeconds)
	return window, channel, v.err()
}

// GetAudienceFlow finds how devices switched.
func (s *audienceServer) GetAudienceFlow(
	ctx context.Context, req *tvstatsv1.GetAudienceFlowRequest,
) (*tvstatsv1.GetAudienceFlowResponse, error) {
	all, err := s.meter.Follow(ctx, s.question(req), millis(req.GapSeconds, defaultGap), req.ChannelId)
	if err != nil {
		return nil, err
	}
	flows, hidden := shown(all.Flows, visible(ctx, s.minCell), func(f store.Flow) int64 { return f.Accounts })
	return &tvstatsv1.GetAudienceFlowResponse{
		Flows: convertAll(flows, flowProto), Coverage: tvstatsv1.Coverage(all.Coverage), DataFrom: knownTimeProto(all.DataFrom),
		PolicyRevision: all.PolicyRevision, CutSeconds: int64(all.Cut / 1000), HiddenRows: hidden,
	}, nil
}

// audienceRequest is what all requests of the service have in common.
type audienceRequest interface {
	ofClient
	filtered
	span
}

func (s *audienceServer) question(req audienceRequest) audience.Question {
	return audience.Question{
		ClientID: req.GetClientId(), Now: viewing.At(s.now()), Window: spanWindow(req), Filter: viewingFilterOf(req.GetFilter()),
	}
}

func viewingFilterOf(f *tvstatsv1.ViewingFilter) audience.Filter {
	return audience.Filter{
		Devices: f.GetDevices(), Tariffs: f.GetTariffs(), Channels: f.GetChannels(), Categories: f.GetCategories(),
		Modes: convertAll(f.GetModes(), modeOf), ActiveOnly: f.GetAccountsActive(), MinSeconds: f.GetMinWatchSeconds(),
	}
}

// modeOf is a mode of a request, of which an unspecified one is live.
func modeOf(mode tvstatsv1.ViewMode) viewing.Mode {
	return viewing.Mode(cmp.Or(mode, tvstatsv1.ViewMode_VIEW_MODE_LIVE))
}

// millis is a time of a request in seconds, where 0 means the default.
func millis(seconds, byDefault int64) viewing.Millis {
	return viewing.Millis(cmp.Or(seconds, byDefault)) * 1000
}

// shown leaves out what has fewer accounts than least, and returns how many that were.
func shown[T any](all []T, least int64, accounts func(T) int64) (rest []T, hidden int64) {
	rest = slices.DeleteFunc(all, func(one T) bool { return accounts(one) < least })
	return rest, int64(len(all) - len(rest))
}
