package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// nextPort is the next port that freeAddress tries. It lies below those that the system assigns,
// so that nothing takes the port before it is used; processes that test at once begin at different places.
var nextPort atomic.Int32

func init() { nextPort.Store(int32(15000 + os.Getpid()%150*100)) } //nolint:gosec // below 30000

// freeAddress is an address on which nothing listens, each time another one.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", nextPort.Add(1)))
		if err != nil {
			continue // somebody has it
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		return listener.Addr().String()
	}
	t.Fatal("no port is free")
	return ""
}

// through lets the service use the database by what listens there, and notice soon that it is away.
func through(address string, direct func(*app.Config)) func(*app.Config) {
	return func(cfg *app.Config) {
		direct(cfg)
		_, database, _ := strings.Cut(strings.TrimPrefix(string(cfg.MongodbURI), "mongodb://"), "/")
		cfg.MongodbURI = app.Secret(fmt.Sprintf("mongodb://%s/%s?serverSelectionTimeoutMS=200", address, database))
	}
}

// TestOutage serves while the database is away, at first and later again: calls and probes say so, what is streamed
// meanwhile is acknowledged once the database is back, and only then.
func TestOutage(t *testing.T) {
	t.Parallel()
	between, direct := mongoProxy(t)
	s := start(t, through(between.listen, direct))
	probe := fmt.Sprintf("http://%v/readyz", s.log.Find(t, "serving")[0]["http"])
	stream, err := s.StreamEvents(rpctest.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	for outage := range uint64(2) {
		_, err := s.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{})
		rpctest.WantStatus(t, err, codes.Unavailable, "STORE_UNAVAILABLE")
		if code, text := rpctest.Get(t, probe); code != 503 || !strings.Contains(text, "see that MongoDB runs") {
			t.Errorf("outage %d: the probe returns %d %s", outage, code, text)
		}
		batch := oneEvent()
		batch.BatchId = outage
		batch.Events[0].AccountId = int64(outage) + 1
		if err := stream.Send(batch); err != nil {
			t.Fatal(err)
		}
		between.start()
		if response, err := stream.Recv(); err != nil || response.GetBatchId() != outage || response.GetAccepted() != 1 {
			t.Fatalf("outage %d: got %v, %v", outage, response, err)
		}
		rpctest.WantAnswer(t, probe, 200, "ready\n")
		between.stop()
	}
	between.start()
}

// TestBrokenConnections lets gateways stream through a proxy that delays what it passes on, and cuts, resets and
// half-closes a part of all connections for as long as they stream. Every report is there once.
func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	const seed = 31
	r := rand.New(rand.NewPCG(seed, 13))
	w := randomWorld(r, 1, time.Now())
	between, direct := mongoProxy(t)
	between.start()
	shaken, calm := start(t, through(between.listen, direct)), start(t, direct)
	pushWorld(t, calm.address, w)
	for _, toxic := range []string{
		`{"type": "latency", "stream": "downstream", "toxicity": 0.5, "attributes": {"latency": 2, "jitter": 2}}`,
		`{"type": "limit_data", "stream": "upstream", "toxicity": 0.3, "attributes": {"bytes": 30000}}`,
		`{"type": "limit_data", "stream": "downstream", "toxicity": 0.3, "attributes": {"bytes": 5000}}`,
		`{"type": "reset_peer", "stream": "downstream", "toxicity": 0.2, "attributes": {"timeout": 100}}`,
		`{"type": "timeout", "stream": "downstream", "toxicity": 0.2, "attributes": {"timeout": 100}}`,
	} {
		between.harm(toxic)
	}
	var sending sync.WaitGroup
	for range 3 {
		g := newGateway(r, w.events)
		sending.Go(func() { g.sendAnyhow(t, shaken.address) })
	}
	sending.Wait()
	checkRankings(t, w, seed, calm.address)
}

// sendAnyhow sends all, on a new stream whenever one breaks.
func (g *gateway) sendAnyhow(t *testing.T, address string) {
	acknowledged := make(chan struct{})
	defer close(acknowledged)
	go drain(acknowledged)
	for g.next < len(g.batches) {
		if err := g.send(t, address, acknowledged); err != nil && t.Context().Err() != nil {
			t.Error(err)
			return
		}
	}
}
