package e2e

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestRatingsEqualBruteForce requests random guides.
func TestRatingsEqualBruteForce(t *testing.T) {
	t.Parallel()
	audienceWorlds(t, func(t *testing.T, w *audienceWorld) {
		for i := range 6 {
			q := &tvstatsv1.GetProgrammeRatingsRequest{
				ClientId: w.clientID, Filter: w.filter(), ReachSeconds: []int64{0, 60, 3600}[i%3], PageSize: []int32{0, 60}[i%2],
				OrderBy: []tvstatsv1.Metric{tvstatsv1.Metric_METRIC_UNSPECIFIED, tvstatsv1.Metric_METRIC_RATING, tvstatsv1.Metric_METRIC_SEVEN_DAY_SECONDS}[w.IntN(3)],
			}
			q.From, q.To = w.span()
			want := w.ratings(q, w.zone)
			count := 0
			for {
				page, err := w.GetProgrammeRatings(rpctest.Context(t), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, got := range page.Programmes {
					if !sameRating(got, want[got.ProgrammeId]) {
						t.Fatalf("%v:\n got %v\nwant %v", q, got, want[got.ProgrammeId])
					}
					delete(want, got.ProgrammeId)
					count++
				}
				if q.PageToken = page.NextPageToken; q.PageToken == "" {
					break
				}
			}
			if len(want) > 0 {
				t.Fatalf("%v: %d programmes came, these did not: %v", q, count, want)
			}
		}
	})
}

func sameRating(a, b *tvstatsv1.ProgrammeRating) bool {
	if b == nil {
		return false
	}
	a, b = proto.CloneOf(a), proto.CloneOf(b)
	for _, pair := range [][2]*float64{
		{&a.AverageAudience, &b.AverageAudience}, {&a.LiveAverageAudience, &b.LiveAverageAudience}, {&a.Share, &b.Share}, {&a.Rating, &b.Rating},
	} {
		if !near(*pair[0], *pair[1]) {
			return false
		}
		*pair[0] = *pair[1]
	}
	return proto.Equal(a, b)
}

// TestCurvesAndFlowsEqualBruteForce requests random ones; what comes to a channel also leaves it.
func TestCurvesAndFlowsEqualBruteForce(t *testing.T) {
	t.Parallel()
	audienceWorlds(t, func(t *testing.T, w *audienceWorld) {
		for i := range 6 {
			curve := &tvstatsv1.GetAudienceCurveRequest{
				ClientId: w.clientID, ChannelId: int32(1 + w.IntN(12)), Filter: w.filter(), StepSeconds: []int64{0, 900, 86_400, 7}[i%4],
			}
			curve.From, curve.To = w.span()
			if curve.StepSeconds == 7 {
				curve.To = timestamppb.New(curve.From.AsTime().Add(3*time.Hour + time.Millisecond))
			}
			points, err := w.GetAudienceCurve(rpctest.Context(t), curve)
			if err != nil {
				t.Fatal(err)
			}
			if want := w.curve(curve); !slices.EqualFunc(points.Points, want, samePoint) {
				t.Fatalf("%v:\n got %v\nwant %v", curve, points.Points, want)
			}
			flow := &tvstatsv1.GetAudienceFlowRequest{
				ClientId: w.clientID, ChannelId: int32(w.IntN(3)), Filter: w.filter(), GapSeconds: []int64{0, 3600, 86_400}[i%3],
			}
			flow.From, flow.To = w.span()
			flows, err := w.GetAudienceFlow(rpctest.Context(t), flow)
			if err != nil {
				t.Fatal(err)
			}
			if want := w.flows(flow); !slices.EqualFunc(flows.Flows, want, func(a, b *tvstatsv1.AudienceFlow) bool { return proto.Equal(a, b) }) {
				t.Fatalf("%v:\n got %v\nwant %v", flow, flows.Flows, want)
			}
			balance := map[int32]int64{}
			for _, f := range flows.Flows {
				balance[f.ToChannelId] += f.Switches
				balance[f.FromChannelId] -= f.Switches
			}
			for channel, more := range balance {
				if more != 0 && (flow.ChannelId == 0 || flow.ChannelId == channel) {
					t.Errorf("%v: %d more came to channel %d than left it", flow, more, channel)
				}
			}
		}
	})
}

func samePoint(a, b *tvstatsv1.AudienceCurvePoint) bool {
	return near(a.AverageAudience, b.AverageAudience) && proto.Equal(a.Start, b.Start) && a.MaxAudience == b.MaxAudience && a.Joined == b.Joined && a.Left == b.Left
}

// TestCurveOfAProgramme is that of its channel while it is on.
func TestCurveOfAProgramme(t *testing.T) {
	t.Parallel()
	audienceWorlds(t, func(t *testing.T, w *audienceWorld) {
		p := w.programmes[slices.IndexFunc(w.programmes, func(p *tvstatsv1.Programme) bool {
			return !p.Deleted && p.Start.AsTime().After(w.start)
		})]
		got, err := w.GetAudienceCurve(rpctest.Context(t), &tvstatsv1.GetAudienceCurveRequest{ClientId: w.clientID, ProgrammeId: p.ProgrammeId, StepSeconds: 60})
		if err != nil {
			t.Fatal(err)
		}
		want, err := w.GetAudienceCurve(rpctest.Context(t), &tvstatsv1.GetAudienceCurveRequest{
			ClientId: w.clientID, ChannelId: p.ChannelId, From: p.Start, To: p.End, StepSeconds: 60,
		})
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(got, want) {
			t.Errorf("%v: got %v, want %v", p, got, want)
		}
		_, err = w.GetAudienceCurve(rpctest.Context(t), &tvstatsv1.GetAudienceCurveRequest{ClientId: w.clientID, ProgrammeId: 1 << 40})
		wantCode(t, "a programme that does not exist", err, codes.NotFound)
	})
}
