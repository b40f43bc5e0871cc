package sender

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// peer is a service that sends break off on: it notes what each stream brought, and does with the stream what the test
// says.
type peer struct {
	tvstatsv1.UnimplementedViewStatsServer
	handle func(number int, stream *peerStream) error

	mu      sync.Mutex
	streams []*peerStream
}

// peerStream is one stream to a peer.
type peerStream struct {
	grpc.BidiStreamingServer[tvstatsv1.StreamEventsRequest, tvstatsv1.StreamEventsResponse]
	received, acknowledged []uint64 // batch ids
	accounts               []int64  // of all events received
}

func (p *peer) StreamEvents(stream grpc.BidiStreamingServer[tvstatsv1.StreamEventsRequest, tvstatsv1.StreamEventsResponse]) error {
	s := &peerStream{BidiStreamingServer: stream}
	p.mu.Lock()
	p.streams = append(p.streams, s)
	number := len(p.streams)
	p.mu.Unlock()
	return p.handle(number, s)
}

// take receives a batch.
func (s *peerStream) take() (*tvstatsv1.StreamEventsRequest, error) {
	request, err := s.Recv()
	if err == nil {
		s.received = append(s.received, request.BatchId)
		for _, event := range request.Events {
			s.accounts = append(s.accounts, event.AccountId)
		}
	}
	return request, err
}

// accept receives a batch and acknowledges it.
func (s *peerStream) accept() error {
	request, err := s.take()
	if err != nil {
		return err
	}
	s.acknowledged = append(s.acknowledged, request.BatchId)
	return s.Send(&tvstatsv1.StreamEventsResponse{BatchId: request.BatchId, Accepted: uint32(len(request.Events))})
}

// acceptAll accepts batches until the sender has no more.
func (s *peerStream) acceptAll() error {
	for {
		if err := s.accept(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// startPeer serves on an address, "" for a free one.
func startPeer(t *testing.T, p *peer, address string) (*grpc.Server, string) {
	t.Helper()
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	tvstatsv1.RegisterViewStatsServer(server, p)
	go server.Serve(listener) //nolint:errcheck // it ends with Stop
	t.Cleanup(server.Stop)
	return server, listener.Addr().String()
}

// StartAccepting serves whatever comes, for the example.
func StartAccepting() (address string, stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // an example has no context of a test
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer()
	tvstatsv1.RegisterViewStatsServer(server, &peer{handle: func(_ int, s *peerStream) error { return s.acceptAll() }})
	go server.Serve(listener) //nolint:errcheck // it ends with Stop
	return listener.Addr().String(), server.Stop
}
