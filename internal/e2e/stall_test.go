package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// held leaves every connection open; what the server sends arrives when the toxic is removed.
const held = `{"type": "latency", "stream": "downstream", "attributes": {"latency": 3600000}}`

// stalled is a service whose database stops responding while gateways stream, with more of them than connections to it.
type stalled struct {
	*testServer
	t       *testing.T
	proxy   *proxy
	probe   string
	streams []eventSender
	sent    uint64 // batches, of one event of an account of its own
	began   *timestamppb.Timestamp
}

// newStalled starts the service with two connections to the database.
func newStalled(t *testing.T) *stalled {
	t.Helper()
	between, direct := mongoProxy(t)
	between.start()
	s := &stalled{t: t, proxy: between, began: timestamppb.Now()}
	s.testServer = start(t, through(between.listen, direct), func(cfg *app.Config) {
		cfg.MongodbURI += "&maxPoolSize=2&connectTimeoutMS=1000&heartbeatFrequencyMS=500"
	})
	s.probe = fmt.Sprintf("http://%v/readyz", s.log.Find(t, "serving")[0]["http"])
	s.open()
	s.send()
	s.wantAcknowledged()
	return s
}

// open opens the streams of six gateways.
func (s *stalled) open() {
	s.t.Helper()
	s.streams = nil
	for range 6 {
		stream, err := s.StreamEvents(rpctest.Context(s.t))
		if err != nil {
			s.t.Fatal(err)
		}
		s.streams = append(s.streams, stream)
	}
}

// send sends a batch on every stream.
func (s *stalled) send() {
	s.t.Helper()
	for _, stream := range s.streams {
		s.sent++
		batch := oneEvent()
		batch.BatchId, batch.Events[0].AccountId = s.sent, int64(s.sent)
		batch.Events[0].StartedAt, batch.Events[0].At = s.began, s.began // sent again it is the same
		if err := stream.Send(batch); err != nil {
			s.t.Fatal(err)
		}
	}
}

// wantAcknowledged waits until the last batch of every stream is acknowledged.
func (s *stalled) wantAcknowledged() {
	s.t.Helper()
	for i, stream := range s.streams {
		want := s.sent - uint64(len(s.streams)-1-i)
		if response, err := stream.Recv(); err != nil || response.GetBatchId() != want || response.GetAccepted() != 1 {
			s.t.Errorf("stream %d: got %v, %v; want %d", i, response, err, want)
		}
	}
}

// stall has the database not respond until the returned function is called.
func (s *stalled) stall() (end func()) {
	s.t.Helper()
	return s.proxy.harm(held)
}

// call makes more calls at once than there are connections, with deadlines that lie far away, and returns a function that
// waits until each has ended because the database does not respond.
func (s *stalled) call() (wantUnavailable func()) {
	ctx := rpctest.Context(s.t)
	var calling sync.WaitGroup
	for range 8 {
		calling.Go(func() {
			_, err := s.ListClients(ctx, &tvstatsv1.ListClientsRequest{})
			rpctest.WantStatus(s.t, err, codes.Unavailable, "STORE_UNAVAILABLE")
		})
	}
	return calling.Wait
}

// wantAllOnce counts the sessions.
func (s *stalled) wantAllOnce() {
	s.t.Helper()
	if got := watchedBy(s.t, s, 1, 1, timestamppb.Now())[3]; got.sessions != int64(s.sent) {
		s.t.Errorf("there are %d sessions, and %d were acknowledged", got.sessions, s.sent)
	}
}

// TestDatabaseStalls has the database execute commands and not respond: calls and probes end with the reason, streams wait
// and go on when it responds again, what it did meanwhile counts once, and nothing is left that still waits.
func TestDatabaseStalls(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	s := newStalled(t)
	end := s.stall()
	s.send()
	wantUnavailable := s.call()
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.ListClients(short, &tvstatsv1.ListClientsRequest{}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	if code, text := rpctest.Get(t, s.probe); code != 503 || !strings.Contains(text, "does not respond") {
		t.Errorf("the probe returns %d %s", code, text)
	}
	wantUnavailable()
	end()
	s.wantAcknowledged()
	rpctest.WantAnswer(t, s.probe, 200, "ready\n")
	s.wantAllOnce()
	http.DefaultClient.CloseIdleConnections()
	if err := errors.Join(s.stop(), s.conn.Close()); err != nil {
		t.Fatal(err)
	}
	s.proxy.stop()
	goleak.VerifyNone(t, ignore, goleak.IgnoreTopFunction("os/exec.(*Cmd).watchCtx")) // the proxy is a process
}

// TestDatabaseStallsForLong lasts longer than streams are let wait: they end, and what their gateways send again counts
// once.
func TestDatabaseStallsForLong(t *testing.T) {
	t.Parallel()
	s := newStalled(t)
	end := s.stall()
	s.send()
	for _, stream := range s.streams {
		_, err := stream.Recv()
		rpctest.WantStatus(t, err, codes.Unavailable, "STORE_UNAVAILABLE")
	}
	end()
	s.open()
	s.sent -= uint64(len(s.streams))
	s.send()
	s.wantAcknowledged()
	s.wantAllOnce()
}
