package e2e

import (
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

func TestShutdownAcknowledgesWhatWasReceived(t *testing.T) {
	s := start(t)
	ctx := rpctest.Context(t)
	events, err := s.StreamEvents(ctx)
	if err != nil {
		t.Fatal(err)
	}
	push, err := s.Sync(ctx)
	if err != nil {
		t.Fatal(err)
	}
	watch, err := healthv1.NewHealthClient(s.conn).Watch(ctx, &healthv1.HealthCheckRequest{Service: "tvstats.v1.ViewStats"})
	if err != nil {
		t.Fatal(err)
	}
	if health, err := watch.Recv(); err != nil || health.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Errorf("health is %v, %v", health, err)
	}
	if err := errors.Join(events.Send(oneEvent()), push.Send(&tvstatsv1.SyncRequest{BatchId: 5, ClientId: 1})); err != nil {
		t.Fatal(err)
	}
	if response, err := events.Recv(); err != nil || response.GetAccepted() != 1 {
		t.Fatalf("got %v, %v", response, err)
	}
	if response, err := push.Recv(); err != nil || response.GetBatchId() != 5 {
		t.Fatalf("got %v, %v", response, err)
	}

	if err := s.stop(); err != nil {
		t.Errorf("serve: %v", err)
	}
	_, err = events.Recv()
	rpctest.WantStatus(t, err, codes.Unavailable, "SHUTTING_DOWN")
	_, err = push.Recv()
	rpctest.WantStatus(t, err, codes.Unavailable, "SHUTTING_DOWN")
	for err = nil; err == nil; { // the end may overtake the news that leads to it
		var health *healthv1.HealthCheckResponse
		if health, err = watch.Recv(); err == nil && health.GetStatus() != healthv1.HealthCheckResponse_NOT_SERVING {
			t.Errorf("health is %v at shutdown", health)
		}
	}
	rpctest.WantStatus(t, err, codes.Unavailable, "SHUTTING_DOWN")

	again := start(t, func(cfg *app.Config) { cfg.DataDir = s.dir })
	clients, err := again.ListClients(ctx, &tvstatsv1.ListClientsRequest{})
	if err != nil || len(clients.GetClients()) != 1 {
		t.Errorf("after a restart: %v, %v", clients, err)
	}
}

func oneEvent() *tvstatsv1.StreamEventsRequest {
	now := time.Now()
	return &tvstatsv1.StreamEventsRequest{BatchId: 1, Events: []*tvstatsv1.ViewEvent{{
		ClientId: 1, AccountId: 2, DeviceUid: "00:1a:79:00:00:01", Device: "mag250", ChannelId: 3,
		StartedAt: timestamppb.New(now.Add(-time.Minute)), At: timestamppb.New(now),
	}}}
}

func TestStalledStreamsEnd(t *testing.T) {
	s := start(t, func(cfg *app.Config) { cfg.StreamIdleTimeout = 50 * time.Millisecond })
	events, err := s.StreamEvents(rpctest.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = events.Recv()
	rpctest.WantStatus(t, err, codes.DeadlineExceeded, "STREAM_IDLE")
	push, err := s.Sync(rpctest.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = push.Recv()
	rpctest.WantStatus(t, err, codes.DeadlineExceeded, "STREAM_IDLE")
}

func TestStreamsThatTheirCallerEndsAreNoError(t *testing.T) {
	push, err := start(t).Sync(rpctest.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := push.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := push.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want the end of the stream", err)
	}
}

// Messages that are there when the drain begins may be accepted or not, but whatever was accepted gets its response.
func TestShutdownUnderLoad(t *testing.T) {
	s := start(t)
	var streams sync.WaitGroup
	first := make(chan struct{}, 8)
	for range cap(first) {
		events, err := s.StreamEvents(rpctest.Context(t))
		if err != nil {
			t.Fatal(err)
		}
		streams.Go(func() {
			for err := error(nil); err == nil; { // until the server ends the stream
				err = events.Send(oneEvent())
			}
		})
		streams.Go(func() {
			for i := 0; ; i++ {
				response, err := events.Recv()
				if err != nil {
					rpctest.WantStatus(t, err, codes.Unavailable, "SHUTTING_DOWN")
					return
				}
				if response.GetAccepted() != 1 {
					t.Errorf("got %v", response)
				}
				if i == 0 {
					first <- struct{}{}
				}
			}
		})
	}
	for range cap(first) {
		<-first
	}
	if err := s.stop(); err != nil {
		t.Errorf("serve: %v", err)
	}
	streams.Wait()
	if lines := s.log.Find(t, "calls did not end in time and are cut off"); len(lines) != 0 {
		t.Errorf("streams were cut off: %v", lines)
	}
}
