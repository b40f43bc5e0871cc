package e2e

import (
	"encoding/json"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
)

// What the first versions stored, which kept neither what was requested nor how it was covered.
const (
	oldSorting = `{"criterion":4,"window":{"From":1000,"To":2000},"channels":[
		{"rank":1,"channel_id":3,"score":60,"watch_seconds":60,"watch_sessions":1,"average_watch_seconds":60,"median_watch_seconds":60,"has_statistics":true},
		{"rank":2,"channel_id":4,"score":0,"watch_seconds":0,"watch_sessions":0,"average_watch_seconds":0,"median_watch_seconds":0,"has_statistics":false}]}`
	oldSelection = `{"name":"7 (1)","window":{"From":1000,"To":2000},"programmes":[
		{"rank":1,"programme_id":9,"channel_id":3,"title":"News","score":60,"watch_seconds":60,"watch_sessions":1,"has_statistics":true}]}`
)

// TestOldResults: what older versions stored is read as it was, can be compared with, and has no explanation.
func TestOldResults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := duckdb.Open(t.Context(), duckdb.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	err = db.SaveResults(t.Context(), []store.Result{
		{ID: "old", ClientID: 1, Kind: store.ChannelSorting, CreatedAt: 5000, Body: json.RawMessage(oldSorting)},
		{ID: "older", ClientID: 1, Kind: store.ProgrammeSelection, CreatedAt: 4000, Body: json.RawMessage(oldSelection)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := start(t, func(cfg *app.Config) { cfg.DataDir = dir })
	from, to := &timestamppb.Timestamp{Seconds: 1}, &timestamppb.Timestamp{Seconds: 2}

	sorting, err := s.GetChannelSorting(rpctest.Context(t), &tvstatsv1.GetChannelSortingRequest{SortingId: "old"})
	wantAll(t, err, []*tvstatsv1.ChannelSorting{sorting.GetSorting()}, []*tvstatsv1.ChannelSorting{{
		SortingId: "old", ClientId: 1, Criterion: tvstatsv1.Criterion_CRITERION_MEDIAN_WATCH_TIME, WindowStart: from, WindowEnd: to,
		CreatedAt: &timestamppb.Timestamp{Seconds: 5}, Channels: []*tvstatsv1.RankedChannel{
			{Rank: 1, ChannelId: 3, Score: 60, WatchSeconds: 60, WatchSessions: 1, AverageWatchSeconds: 60, MedianWatchSeconds: 60, HasStatistics: true},
			{Rank: 2, ChannelId: 4},
		}, Policy: &tvstatsv1.MeasurementPolicy{},
	}})
	selection, err := s.GetSelection(rpctest.Context(t), &tvstatsv1.GetSelectionRequest{SelectionId: "older"})
	wantAll(t, err, []*tvstatsv1.Selection{selection.GetSelection()}, []*tvstatsv1.Selection{{
		SelectionId: "older", ClientId: 1, Kind: tvstatsv1.SelectionKind_SELECTION_KIND_PROGRAMMES, Name: "7 (1)", WindowStart: from, WindowEnd: to,
		CreatedAt: &timestamppb.Timestamp{Seconds: 4}, Programmes: []*tvstatsv1.RankedProgramme{
			{Rank: 1, ProgrammeId: 9, ChannelId: 3, Title: "News", Score: 60, WatchSeconds: 60, WatchSessions: 1, HasStatistics: true},
		}, Policy: &tvstatsv1.MeasurementPolicy{},
	}})
	pushRequest(t, s.address, &tvstatsv1.SyncRequest{ClientId: 1, Channels: []*tvstatsv1.Channel{{ChannelId: 4, Name: "Four"}}})
	later, err := s.CreateChannelSortingByPopularity(rpctest.Context(t), &rpctest.SortingRequest{
		ClientIds: []int32{1}, DaysNumber: 1, Criterion: tvstatsv1.Criterion_CRITERION_REACH, CompareTo: "old",
	})
	if err != nil || later.Sortings[0].Channels[0].PreviousRank != 2 {
		t.Errorf("got %v, %v", later, err)
	}
	_, err = s.ExplainRank(rpctest.Context(t), &tvstatsv1.ExplainRankRequest{ResultId: "old", ChannelId: 3})
	wantField(t, err, "result_id")
}
