package e2e

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

// TestReplicas runs two replicas as processes of their own on one MongoDB. Four gateways send the same viewing, each in an
// order of its own, two to either replica, while one replica is killed and started again and again, which lets it roll up
// days that the other one writes to. At the end both return what brute force computes.
func TestReplicas(t *testing.T) {
	t.Parallel()
	const seed, kills = 21, 6
	r := rand.New(rand.NewPCG(seed, 12))
	w := randomWorld(r, 1, time.Now())
	uri := mongotest.URI(t)
	runMigrate(t, &commands.MigrateCommand{MongoDB: app.MongoDB{MongodbURI: app.Secret(uri)}})
	kill, steady := startReplica(t, uri)
	defer kill()
	pushWorld(t, steady, w)

	gateways := make([]*gateway, 4)
	for i := range gateways {
		gateways[i] = newGateway(r, w.events)
	}
	var faithful sync.WaitGroup
	for _, g := range gateways[2:] {
		faithful.Go(func() { g.mustSend(t, steady) })
	}
	for range kills {
		kill, address := startReplica(t, uri)
		acknowledged := make(chan struct{}, 1)
		var unlucky sync.WaitGroup
		for _, g := range gateways[:2] {
			unlucky.Go(func() { _ = g.send(t, address, acknowledged) }) // how it breaks off does not matter
		}
		for range 1 + r.IntN(10) {
			<-acknowledged
		}
		kill()
		go drain(acknowledged)
		unlucky.Wait()
		close(acknowledged)
	}
	kill, restarted := startReplica(t, uri)
	defer kill()
	for _, g := range gateways[:2] {
		if g.next == len(g.batches) {
			t.Errorf("seed %d: all was acknowledged before the last kill", seed)
		}
		g.mustSend(t, restarted)
	}
	faithful.Wait()
	checkRankings(t, w, seed, steady, restarted)
}

// startReplica starts a process on the database.
func startReplica(t *testing.T, uri string, flags ...string) (kill func(), address string) {
	t.Helper()
	return startReplicaAt(t, "", uri, flags...)
}

func startReplicaAt(t *testing.T, clock, uri string, flags ...string) (kill func(), address string) {
	t.Helper()
	server, address := startProgramAt(t, clock, t.TempDir(), append(flags, "--mongodb-uri="+uri)...)
	return func() {
		server.Process.Kill() //nolint:errcheck // then it has ended already, and Wait says so
		server.Wait()         //nolint:errcheck // it was killed
	}, address
}

// gateway sends batches, each until it is acknowledged.
type gateway struct {
	batches [][]*tvstatsv1.ViewEvent
	next    int // the first one that is not acknowledged
}

// newGateway sends the events in an order of its own.
func newGateway(r *rand.Rand, events []*tvstatsv1.ViewEvent) *gateway {
	shuffled := slices.Clone(events)
	r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	return &gateway{batches: slices.Collect(slices.Chunk(shuffled, 10))}
}

// send sends what is left until all is acknowledged or the stream breaks.
func (g *gateway) send(t *testing.T, address string, acknowledged chan<- struct{}) error {
	return withStream(t.Context(), address, func(stream eventSender) error {
		for ; g.next < len(g.batches); g.next++ {
			if err := stream.Send(&tvstatsv1.StreamEventsRequest{Events: g.batches[g.next]}); err != nil {
				return err
			}
			response, err := stream.Recv()
			if err != nil {
				return err
			}
			if len(response.GetRejected()) > 0 {
				t.Errorf("rejected: %v", response.GetRejected())
			}
			acknowledged <- struct{}{}
		}
		return nil
	})
}

// mustSend sends what is left.
func (g *gateway) mustSend(t *testing.T, address string) {
	acknowledged := make(chan struct{})
	defer close(acknowledged)
	go drain(acknowledged)
	if err := g.send(t, address, acknowledged); err != nil {
		t.Error(fmt.Errorf("a gateway of a replica that lives: %w", err))
	}
}
