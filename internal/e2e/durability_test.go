package e2e

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/faultydisk"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/sender"
)

// faultRounds is how long TestDurability takes; `make durability` gives it more.
var faultRounds = flag.Int("faults", 7, "faults that TestDurability makes, one after the other")

// The load of TestDurability.
const (
	faultStreams  = 6
	faultBatch    = 20  // events
	faultSessions = 300 // new ones in each round
)

// durability is a run of TestDurability: gateways stream to a program that has one fault after the other.
type durability struct {
	t            *testing.T
	r            *rand.Rand
	program      *faultyProgram
	world        *world // all that was handed to gateways
	batches      chan []*tvstatsv1.ViewEvent
	sent         int64 // events, those that were sent again included
	acknowledged atomic.Int64
	news         chan struct{} // holds one when more was acknowledged
	done         map[string]int
}

// TestDurability streams viewing, much of it twice, while the program is killed, stopped, loses its disk's space and speed,
// and has its clock moved. After each fault everything must come to be acknowledged. At the end every session is there once,
// and all figures equal brute force.
func TestDurability(t *testing.T) {
	t.Parallel()
	const seed = 11
	d := &durability{
		t: t, r: rand.New(rand.NewPCG(seed, 5)), program: newFaultyProgram(t), batches: make(chan []*tvstatsv1.ViewEvent),
		news: make(chan struct{}, 1), done: map[string]int{},
	}
	d.world = randomWorld(d.r, 1, time.Now().Add(-4*24*time.Hour)) // over, whatever the clock says
	d.program.start(0)
	pushWorld(t, d.program.address, d.world)
	gateways := d.gateways()
	d.world.events = nil
	for round := range *faultRounds {
		begun := len(d.world.events)
		for range faultSessions {
			d.world.randomSession(d.r)
		}
		d.round(d.world.events[begun:], faults[round%len(faults)])
	}
	close(d.batches)
	if err := gateways.Wait(); err != nil {
		t.Errorf("seed %d: a gateway ended with %v: %s", seed, err, d.program.log)
	}
	d.restart(syscall.SIGTERM)
	d.report(seed)
	d.program.end(syscall.SIGTERM)
}

// gateways are streams to the program that share the batches.
func (d *durability) gateways() *errgroup.Group {
	running, ctx := errgroup.WithContext(d.t.Context())
	streamBatches(ctx, d.t, running, d.program.address, faultStreams, d.batches, d.count)
	return running
}

// streamBatches opens streams that share the batches, and send again what was not acknowledged.
func streamBatches(
	ctx context.Context, t *testing.T, running *errgroup.Group, address string, streams int, batches <-chan []*tvstatsv1.ViewEvent,
	acknowledged func(events []*tvstatsv1.ViewEvent, rejected []*tvstatsv1.RejectedEvent),
) {
	t.Helper()
	conn, err := grpc.NewClient(address, append(sender.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	for range streams {
		gateway := sender.New(tvstatsv1.NewViewStatsClient(conn), sender.Config{
			FirstRetry: 20 * time.Millisecond, LastRetry: 200 * time.Millisecond, GiveUp: 10 * time.Minute, Acknowledged: acknowledged,
		})
		running.Go(func() error { return gateway.Run(ctx, batches) })
	}
}

func (d *durability) count(events []*tvstatsv1.ViewEvent, rejected []*tvstatsv1.RejectedEvent) {
	for _, r := range rejected {
		d.t.Errorf("rejected: %v of %v", r, events[r.GetIndex()])
	}
	d.acknowledged.Add(int64(len(events)))
	select {
	case d.news <- struct{}{}:
	default: // it holds one
	}
}

// await waits until so many events are acknowledged.
func (d *durability) await(events int64) {
	d.t.Helper()
	late := time.After(3 * time.Minute)
	for d.acknowledged.Load() < events {
		select {
		case <-d.news:
		case <-late:
			d.t.Fatalf("%d events are not acknowledged, after %v: %s", events-d.acknowledged.Load(), d.done, d.program.log)
		}
	}
}

// round sends the events, some of them twice, has the fault at a random moment, and waits until all are acknowledged.
func (d *durability) round(fresh []*tvstatsv1.ViewEvent, fault fault) {
	events := slices.Concat(fresh, fresh[:d.r.IntN(len(fresh))])
	d.r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	before := d.sent
	d.sent += int64(len(events))
	go func() {
		for batch := range slices.Chunk(events, faultBatch) {
			d.batches <- batch
		}
	}()
	d.await(before + d.r.Int64N(int64(len(events)/2)))
	d.done[fault.name]++
	fault.make(d)
	d.await(d.sent)
	d.program.disk(faultydisk.Normal)
}

// fault is something that happens to the program.
type fault struct {
	name string
	make func(d *durability)
}

var faults = []fault{
	{"kills", func(d *durability) { d.restart(syscall.SIGKILL) }},
	{"disk full", func(d *durability) {
		d.fillDisk()
		d.program.disk(faultydisk.Normal) // and it goes on by itself
	}},
	{"stops", func(d *durability) { d.restart(syscall.SIGTERM) }},
	{"slow writes", func(d *durability) { d.program.disk(faultydisk.Slow) }},
	{"kills on a full disk", func(d *durability) {
		d.fillDisk()
		d.program.end(syscall.SIGKILL)
		d.program.disk(faultydisk.Normal)
		d.start()
	}},
	{"stops on a full disk", func(d *durability) {
		d.fillDisk()
		d.program.end(syscall.SIGTERM)
		d.program.disk(faultydisk.Normal)
		d.start()
	}},
	{"kills while writes are slow", func(d *durability) {
		d.program.disk(faultydisk.Slow)
		d.await(d.acknowledged.Load() + 1)
		d.restart(syscall.SIGKILL)
	}},
}

// restart ends the process and starts it again.
func (d *durability) restart(signal os.Signal) {
	d.program.end(signal)
	d.start()
}

// start starts the process, mostly with another clock than before.
func (d *durability) start() {
	by := []time.Duration{0, -time.Hour, 30 * time.Minute, 26 * time.Hour}[d.r.IntN(4)]
	if by != 0 {
		d.done["clock moved"]++
	}
	d.program.start(by)
}

// fillDisk returns when the program has felt that there is no space, and has said so.
func (d *durability) fillDisk() {
	d.program.log.Forget()
	d.program.disk(faultydisk.Full)
	d.program.log.Await(rpctest.Context(d.t), d.t, "No space left on device")
}

// report compares what is stored with what was sent, and logs the numbers.
func (d *durability) report(seed int) {
	d.t.Helper()
	sessions := d.world.sessions()
	lost, doubled := d.compare(sessions)
	d.t.Logf("seed %d: %d reports sent, %d acknowledged; %v; %d sessions: lost %d, doubled %d",
		seed, d.sent, d.acknowledged.Load(), d.done, len(sessions), lost, doubled)
	if lost+doubled > 0 || d.sent != d.acknowledged.Load() {
		d.t.Errorf("seed %d: not everything is there once", seed)
	}
	for i := range 25 {
		q := randomQuery(d.r, d.world)
		if got, want := q.ask(d.t, d.program.address), q.expect(d.world); !proto.Equal(got, want) {
			d.t.Errorf("seed %d, query %d %+v:\ngot  %v\nwant %v", seed, i, q, protojson.Format(got), protojson.Format(want))
		}
	}
}

// compare counts by channel how many sessions are missing, and how many there are too many.
func (d *durability) compare(sessions []*bruteSession) (lost, doubled int64) {
	d.t.Helper()
	return compareSessions(d.t, d.program.address, d.world, sessions)
}

func compareSessions(t *testing.T, address string, w *world, sessions []*bruteSession) (lost, doubled int64) {
	t.Helper()
	pushRequest(t, address, &tvstatsv1.SyncRequest{ClientId: 1, Channels: enabled(w.channels)})
	response, err := tvstatsv1.NewViewStatsClient(rpctest.Connect(t, address)).CreateChannelSortingByPopularity(t.Context(),
		&tvstatsv1.CreateChannelSortingByPopularityRequest{
			ClientIds: []int32{1}, DaysNumber: 30, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_SESSIONS, AsOf: timestamppb.Now(),
		})
	if err != nil {
		t.Fatal(err)
	}
	missing := map[int32]int64{}
	for _, s := range sessions {
		missing[s.ChannelId]++
	}
	for _, c := range response.GetSortings()[0].GetChannels() {
		missing[c.ChannelId] -= c.WatchSessions
	}
	for _, count := range missing {
		lost += max(count, 0)
		doubled += max(-count, 0)
	}
	pushRequest(t, address, &tvstatsv1.SyncRequest{ClientId: 1, Channels: w.channels})
	return lost, doubled
}

// enabled is the channels, all of which are ranked.
func enabled(channels []*tvstatsv1.Channel) []*tvstatsv1.Channel {
	all := make([]*tvstatsv1.Channel, len(channels))
	for i, c := range channels {
		all[i] = &tvstatsv1.Channel{ChannelId: c.ChannelId}
	}
	return all
}
