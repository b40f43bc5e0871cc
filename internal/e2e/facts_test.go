package e2e

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestMovedGuide pushes an evening twice, the second time with a final that begins later, and a range with each. The time of
// the channel falls to one final.
func TestMovedGuide(t *testing.T) {
	t.Parallel()
	s := start(t)
	evening := time.Now().Add(-48 * time.Hour).Truncate(24 * time.Hour)
	at := func(minutes int) *timestamppb.Timestamp {
		return timestamppb.New(evening.Add(time.Duration(minutes) * time.Minute))
	}
	push := func(ids int64, begins int) {
		t.Helper()
		got := pushAll(t, s, &tvstatsv1.SyncRequest{
			ClientId: 1,
			Programmes: []*tvstatsv1.Programme{
				{ProgrammeId: ids, ChannelId: 1, Title: "Studio", Start: at(begins - 5), End: at(begins)},
				{ProgrammeId: ids + 1, ChannelId: 1, Title: "Final", Start: at(begins), End: at(begins + 120)},
				{ProgrammeId: 900, ChannelId: 1, Title: "of 1970", Start: &timestamppb.Timestamp{Seconds: 60}, End: at(0)},
			},
			GuideRanges: []*tvstatsv1.GuideRange{
				{ChannelId: 1, From: at(0), To: at(600)}, {ChannelId: 1, From: at(1), To: at(1)}, {From: at(0), To: at(1)}, {ChannelId: 1, To: at(1)},
			},
		})[0]
		if got.Applied != 3 || len(got.Rejected) != 4 || got.Rejected[0].Entity != "programmes" || got.Rejected[1].Entity != "guide_ranges" {
			t.Fatalf("got %v, want 3 applied, and the programme of 1970 and three bad ranges rejected", got)
		}
	}
	push(10, 120)
	push(20, 125)
	stream(t, s.address, []*tvstatsv1.ViewEvent{{
		ClientId: 1, AccountId: 1, DeviceUid: "box", Device: "mag250", ChannelId: 1, StartedAt: at(120), At: at(245), LastActivityAt: at(121),
	}}, 1)
	got, err := s.CreateEpgSelectionByPopularity(rpctest.Context(t), &tvstatsv1.CreateEpgSelectionByPopularityRequest{ClientId: 1, DaysNumber: 7})
	if err != nil {
		t.Fatal(err)
	}
	p := got.Selection.Programmes
	if len(p) != 2 || p[0].Title != "Final" || p[0].WatchSeconds != 7200 || p[1].Title != "Studio" || p[1].WatchSeconds != 300 {
		t.Errorf("got %v, want one final of 7200 s and one studio of 300 s", p)
	}
}
