package jobs

import (
	"testing"

	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// TestLargeResults leaves rankings out of a result that no response could hold.
func TestLargeResults(t *testing.T) {
	sorting := &tvstatsv1.ChannelSorting{SortingId: "id", ClientId: 7}
	for i := range int32(300_000) {
		sorting.Channels = append(sorting.Channels, &tvstatsv1.RankedChannel{Rank: i + 1, ChannelId: 1_000_000_000 + i})
	}
	response := &tvstatsv1.CreateChannelSortingByPopularityResponse{Sortings: []*tvstatsv1.ChannelSorting{sorting, {SortingId: "id2"}}}
	const field = "create_channel_sorting_by_popularity"
	small := &tvstatsv1.CreateChannelSortingByPopularityResponse{Sortings: []*tvstatsv1.ChannelSorting{{Channels: sorting.Channels[:1000]}}}
	if got := jobResult(field, small).GetCreateChannelSortingByPopularity().GetSortings()[0].GetChannels(); len(got) != 1000 {
		t.Errorf("%d channels are left of 1000", len(got))
	}
	want := &tvstatsv1.CreateChannelSortingByPopularityResponse{Sortings: []*tvstatsv1.ChannelSorting{{SortingId: "id", ClientId: 7}, {SortingId: "id2"}}}
	if got := jobResult(field, response).GetCreateChannelSortingByPopularity(); !proto.Equal(got, want) {
		t.Errorf("got %.500v", got)
	}
}
