package e2e

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

// replicaProcess is a replica that is killed and started again at the same address.
type replicaProcess struct {
	address, uri string
	dir          string // of its copy
	kill         func()
}

// start starts the process, every third time with a copy that it must make anew.
func (p *replicaProcess) start(t *testing.T, r *rand.Rand) {
	t.Helper()
	if p.dir == "" || r.IntN(3) == 0 {
		p.dir = t.TempDir()
	}
	server, _ := startProgram(t, p.dir, "--listen="+p.address, "--mongodb-uri="+p.uri)
	p.kill = func() {
		server.Process.Kill() //nolint:errcheck // then it has ended already, and Wait says so
		server.Wait()         //nolint:errcheck // it was killed
	}
}

// TestDurabilityOfReplicas streams viewing, much of it twice, to three replicas on one database, while one after the other is killed and
// started again, and now and then all at once. At the end every session is there once at each of them, and all figures equal brute force.
func TestDurabilityOfReplicas(t *testing.T) {
	t.Parallel()
	const seed, replicas, sessions = 13, 3, 60
	r := rand.New(rand.NewPCG(seed, 5))
	w := randomWorld(r, 1, time.Now().Add(-4*24*time.Hour))
	uri := mongotest.URI(t)
	runMigrate(t, &commands.MigrateCommand{MongoDB: app.MongoDB{MongodbURI: app.Secret(uri)}})
	all := make([]*replicaProcess, replicas)
	for i := range all {
		all[i] = &replicaProcess{address: freeAddress(t), uri: uri}
		all[i].start(t, r)
		t.Cleanup(all[i].kill)
	}
	pushWorld(t, all[0].address, w)
	w.events = nil

	batches, news := make(chan []*tvstatsv1.ViewEvent), make(chan struct{}, 1)
	var acknowledged atomic.Int64
	running, ctx := errgroup.WithContext(t.Context())
	for _, p := range all {
		streamBatches(ctx, t, running, p.address, 2, batches, func(events []*tvstatsv1.ViewEvent, rejected []*tvstatsv1.RejectedEvent) {
			if len(rejected) > 0 {
				t.Errorf("rejected: %v", rejected)
			}
			acknowledged.Add(int64(len(events)))
			select {
			case news <- struct{}{}:
			default: // it holds one
			}
		})
	}
	await := func(events int64) {
		late := time.After(5 * time.Minute)
		for acknowledged.Load() < events {
			select {
			case <-news:
			case <-late:
				t.Fatalf("seed %d: %d events are not acknowledged", seed, events-acknowledged.Load())
			}
		}
	}
	sent, kills := int64(0), 0
	for round := range max(4, *faultRounds) {
		begun := len(w.events)
		for range sessions {
			w.randomSession(r)
		}
		fresh := w.events[begun:]
		events := slices.Concat(fresh, fresh[:r.IntN(len(fresh))])
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		before := sent
		sent += int64(len(events))
		go func() {
			for batch := range slices.Chunk(events, faultBatch) {
				batches <- batch
			}
		}()
		await(before + r.Int64N(int64(len(events)/2)))
		killed := all[round%replicas : round%replicas+1]
		if round%4 == 3 {
			killed = all
		}
		for _, p := range killed {
			p.kill()
			kills++
		}
		for _, p := range killed {
			p.start(t, r)
		}
		await(sent)
	}
	close(batches)
	if err := running.Wait(); err != nil {
		t.Errorf("seed %d: a gateway ended with %v", seed, err)
	}
	for _, p := range all {
		lost, doubled := compareSessions(t, p.address, w, w.sessions())
		t.Logf("seed %d: %d reports sent, %d kills; %d sessions: lost %d, doubled %d", seed, sent, kills, len(w.sessions()), lost, doubled)
		if lost+doubled > 0 {
			t.Errorf("seed %d: not everything is there once", seed)
		}
	}
	for i := range 20 {
		q := randomQuery(r, w)
		if got, want := q.ask(t, all[i%replicas].address), q.expect(w); !proto.Equal(got, want) {
			t.Errorf("seed %d, query %d %+v:\ngot  %v\nwant %v", seed, i, q, protojson.Format(got), protojson.Format(want))
		}
	}
}
