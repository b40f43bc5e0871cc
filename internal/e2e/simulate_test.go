package e2e

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/simulate"
	"github.com/tvstats/tvstats/internal/viewing"
)

// nowhere is where tests show progress.
func nowhere(t *testing.T) *os.File {
	t.Helper()
	file, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// watched is what a test counts of a channel or of all.
type watched struct{ seconds, sessions int64 }

// watchedBy sums up a sorting by channel.
func watchedBy(t *testing.T, server tvstatsv1.ViewStatsClient, client, days int32, asOf *timestamppb.Timestamp) map[int32]watched {
	t.Helper()
	response, err := server.CreateChannelSortingByPopularity(t.Context(), &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{client}, DaysNumber: days, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME, AsOf: asOf,
	})
	if err != nil {
		t.Fatal(err)
	}
	channels := map[int32]watched{}
	for _, c := range response.Sortings[0].Channels {
		channels[c.ChannelId] = watched{c.WatchSeconds, c.WatchSessions}
	}
	return channels
}

// TestSimulateStreamsTheWorld holds what the service makes of a simulation to what its reports say, merged here.
func TestSimulateStreamsTheWorld(t *testing.T) {
	server := start(t)
	c := &commands.SimulateCommand{
		Streaming: cli.Streaming{Streams: 3, Batch: 500, RetryFor: time.Minute}, ClientID: 4, Boxes: 30, Days: 3, Seed: 11,
	}
	world := c.World(time.Now())
	want, reports, refused := map[int32]watched{}, 0, 0
	merged := map[viewing.Identity]viewing.State{}
	for arrival := range world.Arrivals() {
		reports++
		report, err := arrival.Event.Report(viewing.Rules{MaxSession: 24 * time.Hour, MaxAhead: 5 * time.Minute}, world.Span().To)
		if err != nil {
			refused++
		} else if report.StartedAt >= world.Span().From && report.StartedAt < world.Span().To {
			merged[report.Identity] = viewing.Merge(merged[report.Identity], report.State)
		}
	}
	for id, state := range merged {
		sum := want[id.ChannelID]
		want[id.ChannelID] = watched{sum.seconds + int64(state.WatchedSeconds), sum.sessions + 1}
	}
	for range 2 { // the second time changes nothing
		var out bytes.Buffer
		if err := c.Simulate(t.Context(), server.conn, world, &out, nowhere(t)); err != nil {
			t.Fatal(err)
		}
		if accepted := "  accepted " + cli.Count(int64(reports-refused)) + "\n"; !strings.Contains(out.String(), accepted) {
			t.Errorf("the summary lacks %q:\n%s", accepted, out.String())
		}
		got := watchedBy(t, server, 4, 3, convert.Time(world.Span().To))
		for _, channel := range world.Catalog().Channels {
			if got[channel.ID] != want[channel.ID] {
				t.Errorf("channel %d: %+v, want %+v", channel.ID, got[channel.ID], want[channel.ID])
			}
		}
	}
}

// TestSimulateGoesOn waits for what boxes report after the days that are streamed at once, and interrupts it.
func TestSimulateGoesOn(t *testing.T) {
	t.Parallel()
	server := start(t)
	reported, ctx := make(chan *tvstatsv1.ViewEvent, 1), t.Context()
	c := &commands.SimulateCommand{Streaming: cli.Streaming{Streams: 1, Batch: 1000}, ClientID: 4, Boxes: 500, Days: 1, Seed: 11, Live: true}
	began := time.Now()
	world := c.World(began)
	if err := c.Simulate(ctx, server.conn, world, &bytes.Buffer{}, nowhere(t)); err != nil {
		t.Fatal(err)
	}
	c.Answered = func(events []*tvstatsv1.ViewEvent, _ []*tvstatsv1.RejectedEvent) {
		select {
		case reported <- events[0]:
		default: // one is enough
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- c.GoOn(ctx, server.conn, world) }()
	if event := <-reported; event.At.AsTime().Before(began.Add(-time.Hour)) || event.At.AsTime().After(time.Now().Add(time.Hour)) {
		t.Errorf("at %v came %v", time.Now(), event)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestPushCatalogPushesAllOfIt(t *testing.T) {
	server := start(t)
	now := viewing.At(time.Now())
	world := simulate.New(simulate.Config{Seed: 1, ClientID: 9, Boxes: 8000, Span: viewing.DaysBefore(now, 1)}) // several requests
	pushed, err := commands.PushCatalog(t.Context(), server, world)
	if err != nil {
		t.Fatal(err)
	}
	known := world.Catalog()
	want, last := 1+len(known.Categories)+len(known.Tariffs)+len(known.Channels)+len(known.Accounts), int64(0)
	for programme := range world.Guide() {
		want, last = want+1, programme.ID
	}
	if pushed != int64(want) {
		t.Errorf("%d entities were applied, the catalog has %d", pushed, want)
	}
	page, err := server.ListProgrammes(t.Context(), &tvstatsv1.ListProgrammesRequest{
		ClientId: 9, StartFrom: convert.Time((now.Day() + 1).Start()), PageSize: 1000, Channels: []int32{known.Channels[len(known.Channels)-1].ID},
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(page.Programmes); n == 0 || page.Programmes[n-1].ProgrammeId != last {
		t.Errorf("the guide ends with %v, not with %d", page.Programmes[n-1:], last)
	}
	account := known.Accounts[len(known.Accounts)-1]
	answer, err := server.GetAccount(t.Context(), &tvstatsv1.GetAccountRequest{ClientId: 9, AccountId: account.ID})
	if err != nil || answer.Account.Active != account.Active {
		t.Errorf("the last account is %v, %v; want %+v", answer, err, account)
	}
}

func TestSimulateSaysThatThereIsNoServer(t *testing.T) {
	server := start(t)
	if err := server.stop(); err != nil {
		t.Fatal(err)
	}
	output, err := programCommand(t.Context(), "simulate", "--server", server.address).CombinedOutput()
	if err == nil || !strings.Contains(string(output), "push the catalog to "+server.address) ||
		!strings.Contains(string(output), "is a server running there?") {
		t.Errorf("%v: %s", err, output)
	}
}
