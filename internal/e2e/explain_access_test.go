package e2e

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestSmallPlacesAreNotExplained: what --min-cell leaves out of rankings for readers they do not get from explanations either, nor
// what was on earlier days.
func TestSmallPlacesAreNotExplained(t *testing.T) {
	t.Parallel()
	const least = 4
	g := startGuarded(t, func(cfg *app.Config) { cfg.MinCell = least })
	backend, reader := g.as(t, auth.Backend), g.as(t, auth.Reader)
	accounts := map[int32]int{1: 6, 2: 3, 3: 4, 4: 5} // of the channel that is in this place
	now := time.Now()
	batch := &tvstatsv1.StreamEventsRequest{}
	for channel, watching := range accounts {
		for account := range watching {
			started := now.Add(-3 * time.Hour)
			if channel == 1 && account > 0 { // the day before only one watched
				started = now.Add(-time.Hour)
			} else if channel == 1 {
				started = now.Add(-30 * time.Hour)
			}
			watched := int64(5-channel) * 3000 / int64(watching)
			batch.Events = append(batch.Events, &tvstatsv1.ViewEvent{
				ClientId: 1, AccountId: int64(account + 1), DeviceUid: fmt.Sprint("box", channel, "-", account), Device: "mag250", ChannelId: channel,
				StartedAt: timestamppb.New(started), At: timestamppb.New(started.Add(time.Hour)), WatchedSeconds: &watched,
			})
		}
	}
	if _, err := oneRequest(g.StreamEvents(backend))(batch); err != nil {
		t.Fatal(err)
	}
	sorting := &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{1}, DaysNumber: 3, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME, AsOf: timestamppb.New(now),
	}
	for channel, watching := range accounts {
		request := query{request: sorting}.explainRequest(bruteSpot{channel: channel})
		whole, err := g.ExplainRank(backend, request)
		if err != nil || whole.Rank != channel || (whole.Before == nil) != (channel == 1) || (whole.After == nil) != (channel == 4) {
			t.Fatalf("channel %d: got %v, %v", channel, whole, err)
		}
		some, err := g.ExplainRank(reader, request)
		if watching < least {
			rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
			continue
		}
		shown := func(beside int32) bool { return accounts[channel+beside] >= least }
		if err != nil || some.Rank != channel || (some.Before != nil) != shown(-1) || (some.After != nil) != shown(1) {
			t.Errorf("channel %d: a reader received %v, %v", channel, some, err)
		}
		if channel == 1 && (whole.Days[5].Rank == 0 || some.Days[5].Rank != 0 || some.Days[6].Rank != 1) {
			t.Errorf("a reader received the days %v of %v", some.Days, whole.Days)
		}
	}
}
