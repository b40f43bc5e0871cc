package e2e

import (
	"testing"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestPageTokensOutliveTheService: they are of the store, so that they are good after a restart and at other replicas.
func TestPageTokensOutliveTheService(t *testing.T) {
	t.Parallel()
	s := start(t)
	pushAll(t, s, &tvstatsv1.SyncRequest{ClientId: 1, Channels: []*tvstatsv1.Channel{{ChannelId: 1, Name: "A"}, {ChannelId: 2, Name: "B"}}})
	first, err := s.ListChannels(rpctest.Context(t), &tvstatsv1.ListChannelsRequest{ClientId: 1, PageSize: 1})
	if err != nil || first.GetNextPageToken() == "" {
		t.Fatalf("got %v, %v", first, err)
	}
	s = restart(t, s)
	wantSecondChannel(t, s, first.GetNextPageToken())
	if kept, err := s.ListSelections(rpctest.Context(t), &tvstatsv1.ListSelectionsRequest{ClientId: 1}); err != nil || len(kept.GetSelections()) > 0 {
		t.Errorf("the key is listed: %v, %v", kept, err)
	}
}

func TestReplicasTakePageTokensOfEachOther(t *testing.T) {
	t.Parallel()
	mongo := onMongoDB(t)
	one, other := start(t, mongo), start(t, mongo)
	pushAll(t, one, &tvstatsv1.SyncRequest{ClientId: 1, Channels: []*tvstatsv1.Channel{{ChannelId: 1, Name: "A"}, {ChannelId: 2, Name: "B"}}})
	for _, pair := range [][2]*testServer{{one, other}, {other, one}} {
		first, err := pair[0].ListChannels(rpctest.Context(t), &tvstatsv1.ListChannelsRequest{ClientId: 1, PageSize: 1})
		if err != nil || first.GetNextPageToken() == "" {
			t.Fatalf("got %v, %v", first, err)
		}
		wantSecondChannel(t, pair[1], first.GetNextPageToken())
	}
}

func wantSecondChannel(t *testing.T, s *testServer, token string) {
	t.Helper()
	page, err := s.ListChannels(rpctest.Context(t), &tvstatsv1.ListChannelsRequest{ClientId: 1, PageSize: 1, PageToken: token})
	if err != nil || len(page.GetChannels()) != 1 || page.GetChannels()[0].GetName() != "B" || page.GetNextPageToken() != "" {
		t.Errorf("got %v, %v", page, err)
	}
}
