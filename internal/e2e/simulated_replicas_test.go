package e2e

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/simulate"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestReplicasUnderSimulatedLoad runs two replicas as processes of their own on one MongoDB. Gateways share what simulated
// boxes report, half of them with either replica, one of which is killed and started again and again. At the end rankings,
// greatest numbers online, days and dashboards are what brute force says.
func TestReplicasUnderSimulatedLoad(t *testing.T) {
	t.Parallel()
	const seed, kills, streams = 51, 4, 3
	now := time.Now().UTC()
	simulated := (&commands.SimulateCommand{ClientID: 1, Boxes: 5, Days: 2, Seed: seed}).World(now)
	s, reports, refused := simulatedSubscribers(simulated)
	uri, mortal := mongotest.URI(t), freeAddress(t)
	runMigrate(t, &commands.MigrateCommand{MongoDB: app.MongoDB{MongodbURI: app.Secret(uri)}})
	clock := now.Format(time.RFC3339Nano)
	end, steady := startReplicaAt(t, clock, uri)
	defer end()
	kill, _ := startReplicaAt(t, clock, uri, "--listen="+mortal)
	if _, err := commands.PushCatalog(t.Context(), tvstatsv1.NewCatalogClient(rpctest.Connect(t, steady)), simulated); err != nil {
		t.Fatal(err)
	}

	var rejected atomic.Int64
	count := func(_ []*tvstatsv1.ViewEvent, some []*tvstatsv1.RejectedEvent) { rejected.Add(int64(len(some))) }
	batches, due := inParts(reports, kills+1)
	running, ctx := errgroup.WithContext(t.Context())
	streamBatches(ctx, t, running, steady, streams, batches, count)
	streamBatches(ctx, t, running, mortal, streams, batches, count)
	for range kills {
		<-due
		kill()
		kill, _ = startReplicaAt(t, clock, uri, "--listen="+mortal)
	}
	defer kill()
	if err := running.Wait(); err != nil {
		t.Fatalf("seed %d: a gateway ended with %v", seed, err)
	}
	if rejected.Load() != refused {
		t.Errorf("seed %d: %d reports were rejected, want %d", seed, rejected.Load(), refused)
	}
	checkRankings(t, s.world, seed, steady, mortal)
	runCommands(t, &testServer{SubscriberDynamicsClient: tvstatsv1.NewSubscriberDynamicsClient(rpctest.Connect(t, steady))}, now)
	checkReads(t, &testServer{SubscriberDynamicsClient: tvstatsv1.NewSubscriberDynamicsClient(rpctest.Connect(t, mortal))}, s, now)
}

// inParts gives the reports to whoever takes them, in batches, and signals when so many parts of them were accepted, one after the
// other.
func inParts(reports []*tvstatsv1.ViewEvent, parts int) (batches chan []*tvstatsv1.ViewEvent, taken chan struct{}) {
	batches, taken = make(chan []*tvstatsv1.ViewEvent), make(chan struct{}, parts)
	go func() {
		defer close(batches)
		for part := range slices.Chunk(reports, len(reports)/parts+1) {
			for batch := range slices.Chunk(part, 10) {
				batches <- batch
			}
			taken <- struct{}{}
		}
	}()
	return batches, taken
}

// simulatedSubscribers are the reports of simulated boxes, and what brute force must know of them: of the reports those that
// are right, with the tariffs of their accounts, and how many are not.
func simulatedSubscribers(simulated *simulate.World) (s *subscribers, reports []*tvstatsv1.ViewEvent, refused int64) {
	span, known := simulated.Span(), simulated.Catalog()
	states := convert.All(known.Accounts, convert.Account)
	s = &subscribers{states: states, zone: time.UTC, now: span.To.Time(), world: &world{
		clientID: known.ClientID, start: span.From.Time(), days: int((span.To - span.From) / viewing.DayLength),
		channels: convert.All(known.Channels, convert.Channel), accounts: states,
		programmes: convert.All(slices.Collect(simulated.Guide()), convert.Programme),
	}}
	tariffs := map[int64][]int32{} // no household changes them
	for _, state := range states {
		tariffs[state.AccountId] = state.Tariffs
	}
	for arrival := range simulated.Arrivals() {
		reports = append(reports, commands.ArrivalProto(arrival))
		if _, err := arrival.Event.Report(viewing.Rules{MaxSession: 24 * time.Hour, MaxAhead: 5 * time.Minute}, span.To); err != nil {
			refused++
			continue
		}
		event := commands.ArrivalProto(arrival)
		event.Tariffs = tariffs[event.AccountId]
		s.events = append(s.events, event)
	}
	return s, reports, refused
}
