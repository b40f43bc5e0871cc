package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// startWatched starts the service with a client that has two channels, one of them watched, and a programme.
func startWatched(t *testing.T) *testServer {
	t.Helper()
	s := start(t)
	now := time.Now()
	pushAll(t, s, &tvstatsv1.SyncRequest{
		ClientId: 1, Channels: []*tvstatsv1.Channel{{ChannelId: 3, Name: "Three"}, {ChannelId: 4, Name: "Four"}},
		Programmes: []*tvstatsv1.Programme{{
			ProgrammeId: 9, ChannelId: 3, Title: "Now", Start: timestamppb.New(now.Add(-time.Hour)), End: timestamppb.New(now.Add(time.Hour)),
		}},
	})
	stream, err := s.StreamEvents(rpctest.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(oneEvent()); err != nil {
		t.Fatal(err)
	}
	if response, err := stream.Recv(); err != nil || response.GetAccepted() != 1 {
		t.Fatalf("got %v, %v", response, err)
	}
	return s
}

func TestSortingsAreBuiltReadAndDeleted(t *testing.T) {
	s, ctx := startWatched(t), rpctest.Context(t)
	before := time.Now().Truncate(time.Millisecond)
	built, err := s.CreateChannelSortingByPopularity(ctx, &rpctest.SortingRequest{
		ClientIds: []int32{1}, DaysNumber: 2, Criterion: tvstatsv1.Criterion_CRITERION_AVERAGE_WATCH_TIME,
	})
	if err != nil || len(built.GetSortings()) != 1 {
		t.Fatalf("got %v, %v", built, err)
	}
	sorting := built.GetSortings()[0]
	end := sorting.GetWindowEnd().AsTime()
	if end.Before(before) || end.After(time.Now()) || !sorting.GetCreatedAt().AsTime().Equal(end) || end.Sub(sorting.GetWindowStart().AsTime()) != 48*time.Hour {
		t.Errorf("got a window of %v to %v, built at %v", sorting.GetWindowStart(), sorting.GetWindowEnd(), sorting.GetCreatedAt())
	}
	wantAll(t, nil, []*tvstatsv1.ChannelSorting{sorting}, []*tvstatsv1.ChannelSorting{{
		SortingId: sorting.GetSortingId(), ClientId: 1, Criterion: tvstatsv1.Criterion_CRITERION_AVERAGE_WATCH_TIME,
		WindowStart: sorting.GetWindowStart(), WindowEnd: sorting.GetWindowEnd(), CreatedAt: sorting.GetCreatedAt(),
		Channels: []*tvstatsv1.RankedChannel{
			{
				Rank: 1, ChannelId: 3, Score: 60, WatchSeconds: 60, WatchSessions: 1, AverageWatchSeconds: 60, MedianWatchSeconds: 60, HasStatistics: true,
				Accounts: 1, AverageAudience: 60. / (48 * 3600), Share: 100, TopAccountShare: 100,
			},
			{Rank: 2, ChannelId: 4},
		},
		Coverage: tvstatsv1.Coverage_COVERAGE_PROVISIONAL, ProvisionalUntil: timestamppb.New(end.Add(24 * time.Hour)),
		Policy: &tvstatsv1.MeasurementPolicy{},
	}})

	got, err := s.GetChannelSorting(ctx, &tvstatsv1.GetChannelSortingRequest{SortingId: sorting.GetSortingId()})
	wantAll(t, err, []*tvstatsv1.ChannelSorting{got.GetSorting()}, built.GetSortings())
	listed, err := s.ListChannelSortings(ctx, &tvstatsv1.ListChannelSortingsRequest{ClientId: 1})
	wantAll(t, err, listed.GetSortings(), built.GetSortings())
	_, err = s.GetSelection(ctx, &tvstatsv1.GetSelectionRequest{SelectionId: sorting.GetSortingId()})
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")

	if _, err := s.DeleteChannelSorting(ctx, &tvstatsv1.DeleteChannelSortingRequest{SortingId: sorting.GetSortingId()}); err != nil {
		t.Fatal(err)
	}
	_, err = s.DeleteChannelSorting(ctx, &tvstatsv1.DeleteChannelSortingRequest{SortingId: sorting.GetSortingId()})
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
	_, err = s.GetChannelSorting(ctx, &tvstatsv1.GetChannelSortingRequest{SortingId: sorting.GetSortingId()})
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

func TestSelectionsAreBuiltListedAndDeleted(t *testing.T) {
	s, ctx := startWatched(t), rpctest.Context(t)
	var newest []*tvstatsv1.Selection
	keep := func(selection *tvstatsv1.Selection, err error) {
		if err != nil {
			t.Fatal(err)
		}
		newest = append([]*tvstatsv1.Selection{selection}, newest...)
	}
	channels, err := s.CreateChannelSelectionByPopularity(ctx, &rpctest.SelectionRequest{
		ClientId: 1, DaysNumber: 30, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME, SelectionSize: 1,
	})
	keep(channels.GetSelection(), err)
	for _, name := range []string{"", "Children's cognitive"} {
		programmes, err := s.CreateEpgSelectionByPopularity(ctx, &rpctest.EpgRequest{ClientId: 1, DaysNumber: 7, SelectionName: name})
		keep(programmes.GetSelection(), err)
	}
	for i, want := range []struct {
		name string
		kind tvstatsv1.SelectionKind
	}{
		{"Children's cognitive", tvstatsv1.SelectionKind_SELECTION_KIND_PROGRAMMES},
		{"7 (17)", tvstatsv1.SelectionKind_SELECTION_KIND_PROGRAMMES},
		{"30 (1)", tvstatsv1.SelectionKind_SELECTION_KIND_CHANNELS},
	} {
		if got := newest[i]; got.GetName() != want.name || got.GetKind() != want.kind || len(got.GetChannels())+len(got.GetProgrammes()) != 1 {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	programme := &tvstatsv1.RankedProgramme{
		Rank: 1, ProgrammeId: 9, ChannelId: 3, Title: "Now", Score: 60, WatchSeconds: 60, WatchSessions: 1, HasStatistics: true,
		Accounts: 1, AverageAudience: 60. / 7200, Share: 100, TopAccountShare: 100,
	}
	wantAll(t, nil, newest[0].GetProgrammes(), []*tvstatsv1.RankedProgramme{programme})

	for kind, want := range map[tvstatsv1.SelectionKind][]*tvstatsv1.Selection{
		tvstatsv1.SelectionKind_SELECTION_KIND_UNSPECIFIED: newest,
		tvstatsv1.SelectionKind_SELECTION_KIND_PROGRAMMES:  newest[:2],
		tvstatsv1.SelectionKind_SELECTION_KIND_CHANNELS:    newest[2:],
	} {
		var got []*tvstatsv1.Selection
		pages(t, 1, func(ctx context.Context, token string) (int, string, error) {
			page, err := s.ListSelections(ctx, &tvstatsv1.ListSelectionsRequest{ClientId: 1, Kind: kind, PageSize: 1, PageToken: token})
			got = append(got, page.GetSelections()...)
			return len(page.GetSelections()), page.GetNextPageToken(), err
		})
		wantSameSelections(t, got, want)
	}

	id := newest[2].GetSelectionId()
	got, err := s.GetSelection(ctx, &tvstatsv1.GetSelectionRequest{SelectionId: id})
	wantAll(t, err, []*tvstatsv1.Selection{got.GetSelection()}, newest[2:])
	if _, err := s.DeleteSelection(ctx, &tvstatsv1.DeleteSelectionRequest{SelectionId: id}); err != nil {
		t.Fatal(err)
	}
	_, err = s.GetSelection(ctx, &tvstatsv1.GetSelectionRequest{SelectionId: id})
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

// wantSameSelections compares lists whose order is not given where two were built in the same millisecond.
func wantSameSelections(t *testing.T, got, want []*tvstatsv1.Selection) {
	t.Helper()
	found := 0
	for i := range got {
		if i > 0 && got[i].GetCreatedAt().AsTime().After(got[i-1].GetCreatedAt().AsTime()) {
			t.Errorf("%v is listed after an older one", got[i])
		}
		for _, w := range want {
			if proto.Equal(got[i], w) {
				found++
			}
		}
	}
	if found != len(want) || len(got) != len(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestManyResults goes through more results than are read at once, in pages of any size.
func TestManyResults(t *testing.T) {
	s := startWatched(t)
	const count = 130
	var newest []string
	for range count {
		built, err := s.CreateChannelSortingByPopularity(rpctest.Context(t), rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds = []int32{1} }))
		if err != nil {
			t.Fatal(err)
		}
		newest = append([]string{built.GetSortings()[0].GetSortingId()}, newest...)
	}
	for _, size := range []int32{1, 63, 64, 65, 128, 129, count, 1 << 30} {
		var got []string
		pages(t, size, func(ctx context.Context, token string) (int, string, error) {
			page, err := s.ListChannelSortings(ctx, &tvstatsv1.ListChannelSortingsRequest{ClientId: 1, PageSize: size, PageToken: token})
			for _, sorting := range page.GetSortings() {
				got = append(got, sorting.GetSortingId())
			}
			return len(page.GetSortings()), page.GetNextPageToken(), err
		})
		if !slices.Equal(got, newest) {
			t.Errorf("in pages of %d: got %v, want %v", size, got, newest)
		}
	}
}

// TestLongIDs: an id is the caller's and may be of any length; the response that there is no such result must still arrive.
func TestLongIDs(t *testing.T) {
	s, id := start(t), strings.Repeat("я", 100_000)
	_, err := s.GetSelection(rpctest.Context(t), &tvstatsv1.GetSelectionRequest{SelectionId: id})
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
	_, err = s.DeleteChannelSorting(rpctest.Context(t), &tvstatsv1.DeleteChannelSortingRequest{SortingId: id})
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
	if len(err.Error()) > 2000 {
		t.Errorf("got a status of %d bytes", len(err.Error()))
	}
}

func TestForeignPageTokens(t *testing.T) {
	s, ctx := startWatched(t), rpctest.Context(t)
	pushAll(t, s, &tvstatsv1.SyncRequest{ClientId: 2})
	first, err := s.ListChannels(ctx, &tvstatsv1.ListChannelsRequest{ClientId: 1, PageSize: 1})
	if err != nil || first.GetNextPageToken() == "" {
		t.Fatalf("got %v, %v", first, err)
	}
	token := first.GetNextPageToken()
	_, err = s.ListChannels(ctx, &tvstatsv1.ListChannelsRequest{ClientId: 2, PageToken: token})
	rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")
	_, err = s.ListTariffs(ctx, &tvstatsv1.ListTariffsRequest{ClientId: 1, PageToken: token})
	rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")
	_, err = s.ListProgrammes(ctx, &tvstatsv1.ListProgrammesRequest{ClientId: 1, PageToken: "forged"})
	rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")
	_, err = s.ListSelections(ctx, &tvstatsv1.ListSelectionsRequest{ClientId: 1, PageToken: token})
	rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")
	_, err = s.ListClients(ctx, &tvstatsv1.ListClientsRequest{PageToken: token})
	rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")
}

func TestBuildingForUnknownClients(t *testing.T) {
	s, ctx := startWatched(t), rpctest.Context(t)
	_, err := s.CreateChannelSortingByPopularity(ctx, rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds = []int32{1, 77} }))
	wantUnknownClient(t, err)
	_, err = s.CreateChannelSelectionByPopularity(ctx, rpctest.Changed(rpctest.ValidChannelSelection(), func(r *rpctest.SelectionRequest) { r.ClientId = 77 }))
	wantUnknownClient(t, err)
	_, err = s.CreateEpgSelectionByPopularity(ctx, rpctest.Changed(rpctest.ValidEpgSelection(), func(r *rpctest.EpgRequest) { r.ClientId = 77 }))
	wantUnknownClient(t, err)
	listed, err := s.ListChannelSortings(ctx, &tvstatsv1.ListChannelSortingsRequest{ClientId: 1})
	wantAll(t, err, listed.GetSortings(), nil) // all or none
}

func wantUnknownClient(t *testing.T, err error) {
	t.Helper()
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
	if err != nil && !strings.Contains(err.Error(), "client 77: ") {
		t.Errorf("%v does not name the client", err)
	}
}
