package intercept

import (
	"math"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

var (
	spanFrom = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	spanTo   = timestamppb.New(spanFrom.Add(24 * time.Hour))
)

func cells(change func(*tvstatsv1.GetAudienceRequest)) proto.Message {
	r := &tvstatsv1.GetAudienceRequest{ClientId: 1, From: timestamppb.New(spanFrom), To: spanTo}
	change(r)
	return r
}

func curve(change func(*tvstatsv1.GetAudienceCurveRequest)) proto.Message {
	r := &tvstatsv1.GetAudienceCurveRequest{ClientId: 1, ChannelId: 1, From: timestamppb.New(spanFrom), To: spanTo}
	change(r)
	return r
}

// TestQuestionsAboutAudiences: each wrong field is named with what is allowed.
func TestQuestionsAboutAudiences(t *testing.T) {
	const hour, hourOfDay, dayOfWeek = tvstatsv1.Dimension_DIMENSION_HOUR, tvstatsv1.Dimension_DIMENSION_HOUR_OF_DAY, tvstatsv1.Dimension_DIMENSION_DAY_OF_WEEK
	const channel, device, mode = tvstatsv1.Dimension_DIMENSION_CHANNEL, tvstatsv1.Dimension_DIMENSION_DEVICE, tvstatsv1.Dimension_DIMENSION_MODE
	for _, test := range []struct {
		name    string
		request proto.Message
		want    []string
	}{
		{"right", cells(func(*tvstatsv1.GetAudienceRequest) {}), nil},
		{"366 days", cells(func(r *tvstatsv1.GetAudienceRequest) { r.To = timestamppb.New(spanFrom.AddDate(0, 0, 366)) }), nil},
		{"367 days", cells(func(r *tvstatsv1.GetAudienceRequest) { r.To = timestamppb.New(spanFrom.AddDate(0, 0, 367)) }), []string{"to: it is more than 366 days after from"}},
		{"no time", cells(func(r *tvstatsv1.GetAudienceRequest) { r.From, r.To = nil, nil }), []string{"from: it is missing", "to: it is missing"}},
		{"year 1", cells(func(r *tvstatsv1.GetAudienceRequest) {
			r.From, r.To = timestamppb.New(time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)), timestamppb.New(time.Date(1, 1, 3, 0, 0, 0, 0, time.UTC))
		}), []string{"from: 0001-01-02T00:00:00Z is not allowed; it must not be before 0001-02-01"}},
		{"calendar", cells(func(r *tvstatsv1.GetAudienceRequest) { r.Calendar = 9 }), []string{"calendar: 9 is not allowed; it must be CALENDAR_UTC"}},
		{"hours of weekdays", cells(func(r *tvstatsv1.GetAudienceRequest) {
			r.GroupBy = []tvstatsv1.Dimension{hourOfDay, channel, dayOfWeek}
		}), nil},
		{"four dimensions", cells(func(r *tvstatsv1.GetAudienceRequest) { r.GroupBy = []tvstatsv1.Dimension{channel, device, mode, hour} }), []string{"group_by: 4 dimensions are not allowed; at most 3"}},
		{"two of time", cells(func(r *tvstatsv1.GetAudienceRequest) { r.GroupBy = []tvstatsv1.Dimension{hour, dayOfWeek} }), []string{"group_by: "}},
		{"unknown dimension", cells(func(r *tvstatsv1.GetAudienceRequest) { r.GroupBy = []tvstatsv1.Dimension{99} }), []string{"group_by: 99, at index 0, is not allowed"}},
		{"unknown metric", cells(func(r *tvstatsv1.GetAudienceRequest) { r.OrderBy = 99 }), []string{"order_by: 99 is not allowed; it must be unspecified, METRIC_WATCH_SECONDS"}},
		{"a metric of programmes", cells(func(r *tvstatsv1.GetAudienceRequest) { r.OrderBy = tvstatsv1.Metric_METRIC_LIVE_SECONDS }), []string{"order_by: METRIC_LIVE_SECONDS is not allowed"}},
		{"filter", cells(func(r *tvstatsv1.GetAudienceRequest) {
			r.Filter = &tvstatsv1.ViewingFilter{Devices: []string{"MAG"}, Channels: []int32{0}, MinWatchSeconds: -1}
		}), []string{"filter.devices: ", "filter.min_watch_seconds: -1", "filter.channels: 0, at index 0"}},
		{"10,000 points", curve(func(r *tvstatsv1.GetAudienceCurveRequest) {
			r.To, r.StepSeconds = timestamppb.New(spanFrom.Add(10_000*time.Second)), 1
		}), nil},
		{"10,001 points", curve(func(r *tvstatsv1.GetAudienceCurveRequest) {
			r.To, r.StepSeconds = timestamppb.New(spanFrom.Add(10_001*time.Second)), 1
		}), []string{"step_seconds: 10001 points are not allowed; at most 10000"}},
		{"long step", curve(func(r *tvstatsv1.GetAudienceCurveRequest) { r.StepSeconds = 86_401 }), []string{"step_seconds: 86401 is not allowed; it must be 0 to 86400"}},
		{"a step that overflows", curve(func(r *tvstatsv1.GetAudienceCurveRequest) { r.StepSeconds = 1 << 55 }), []string{"step_seconds: 36028797018963968 is not allowed"}},
		{"longest step", curve(func(r *tvstatsv1.GetAudienceCurveRequest) { r.StepSeconds = math.MaxInt64 }), []string{"step_seconds: 9223372036854775807 is not allowed"}},
		{"channel and programme", curve(func(r *tvstatsv1.GetAudienceCurveRequest) { r.ProgrammeId = 1 }), []string{"channel_id: set either it"}},
		{"gap", &tvstatsv1.GetAudienceFlowRequest{ClientId: 1, From: timestamppb.New(spanFrom), To: spanTo, GapSeconds: -1}, []string{"gap_seconds: -1 is not allowed; it must be 0 to 86400"}},
		{"no client", &tvstatsv1.GetProgrammeRatingsRequest{From: timestamppb.New(spanFrom), To: spanTo}, []string{"client_id: 0 is not allowed"}},
	} {
		t.Run(test.name, func(t *testing.T) { rpctest.CheckViolations(t, validate(test.request, spanFrom), test.want) })
	}
}

// TestTimesWithoutTimestamps: a request whose response would have a time before the year 1 or after 9999 is refused.
func TestTimesWithoutTimestamps(t *testing.T) {
	late := timestamppb.New(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))
	early := timestamppb.New(time.Date(1, 1, 3, 0, 0, 0, 0, time.UTC))
	sorting := func(asOf *timestamppb.Timestamp) *rpctest.SortingRequest {
		return rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds, r.DaysNumber, r.AsOf = []int32{1}, 1, asOf })
	}
	for _, test := range []struct {
		name    string
		request proto.Message
		want    []string
	}{
		{"late", sorting(late), []string{"as_of: 9999-12-31T23:59:59Z is not allowed; it must be before the year 9999"}},
		{"early", sorting(early), nil},
		{"explained", &tvstatsv1.ExplainRankRequest{
			ChannelId: 1, Request: &tvstatsv1.ExplainRankRequest_CreateChannelSortingByPopularity{CreateChannelSortingByPopularity: sorting(early)},
		}, []string{"as_of: 0001-01-03T00:00:00Z is not allowed"}},
		{"series", &tvstatsv1.GetCustomersDynamicRequest{
			ClientId: 1, From: early, To: timestamppb.New(early.AsTime().Add(time.Hour)),
			Granularity: tvstatsv1.Granularity_GRANULARITY_HOUR, Calendar: tvstatsv1.Calendar_CALENDAR_CLIENT,
		}, []string{"from: 0001-01-03T00:00:00Z is not allowed"}},
	} {
		t.Run(test.name, func(t *testing.T) { rpctest.CheckViolations(t, validate(test.request, spanFrom), test.want) })
	}
}
