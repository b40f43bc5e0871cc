package sender

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// sendTo is a sender to an address with the retries of a test: quick.
func sendTo(t *testing.T, address string, change func(*Config)) *Sender {
	t.Helper()
	leaked := goleak.IgnoreCurrent()
	connection, err := grpc.NewClient(address, append(DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := connection.Close(); err != nil {
			t.Error(err)
		}
		goleak.VerifyNone(t, leaked, goleak.IgnoreAnyFunction("google.golang.org/grpc.(*Server).serveStreams"),
			goleak.IgnoreAnyFunction("google.golang.org/grpc.(*Server).Serve"))
	})
	config := Config{
		InFlight: 4, FirstRetry: time.Millisecond, LastRetry: 8 * time.Millisecond,
	}
	if change != nil {
		change(&config)
	}
	return New(tvstatsv1.NewViewStatsClient(connection), config)
}

// numbered are batches of three events each, whose accounts are numbered from 1 on.
func numbered(count int) <-chan []*tvstatsv1.ViewEvent {
	batches := make(chan []*tvstatsv1.ViewEvent, count)
	for i := range count {
		first := int64(i*3 + 1)
		batches <- []*tvstatsv1.ViewEvent{{AccountId: first}, {AccountId: first + 1}, {AccountId: first + 2}}
	}
	close(batches)
	return batches
}

func TestSenderSendsInOrderOnce(t *testing.T) {
	p := &peer{handle: func(_ int, s *peerStream) error { return s.acceptAll() }}
	_, address := startPeer(t, p, "")
	progress := 0
	s := sendTo(t, address, func(c *Config) {
		c.Acknowledged = func(events []*tvstatsv1.ViewEvent, _ []*tvstatsv1.RejectedEvent) { progress += len(events) }
	})
	if err := s.Run(t.Context(), numbered(50)); err != nil {
		t.Fatal(err)
	}
	if len(p.streams) != 1 {
		t.Fatalf("%d streams were opened", len(p.streams))
	}
	for i, account := range p.streams[0].accounts {
		if account != int64(i+1) {
			t.Fatalf("event %d is of account %d", i, account)
		}
	}
	if got := s.Tally(); got.Accepted != 150 || got.Events() != 150 || got.Batches != 50 || progress != 150 {
		t.Errorf("tally %+v, progress %d", got, progress)
	}
}

// TestSenderResendsWhatIsNotAcknowledged breaks streams in all ways and at random places, and holds the sender to this:
// every stream begins with the first batch that is not acknowledged, goes on without gaps, and in the end each event has
// been acknowledged once.
func TestSenderResendsWhatIsNotAcknowledged(t *testing.T) {
	const batches = 200
	for seed := range uint64(5) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			p := &peer{}
			p.handle = func(number int, s *peerStream) error {
				if number > 40 {
					return s.acceptAll()
				}
				for range r.IntN(10) {
					if err := s.accept(); errors.Is(err, io.EOF) {
						return nil
					} else if err != nil {
						return err
					}
				}
				for range r.IntN(3) { // these are lost
					if _, err := s.take(); errors.Is(err, io.EOF) {
						return nil
					} else if err != nil {
						return err
					}
				}
				return []error{nil, status.Error(codes.Unavailable, "shutting down"), status.Error(codes.Internal, "bug")}[r.IntN(3)]
			}
			_, address := startPeer(t, p, "")
			broken := 0
			s := sendTo(t, address, func(c *Config) { c.Broken = func(error, time.Duration) { broken++ } })
			if err := s.Run(t.Context(), numbered(batches)); err != nil {
				t.Fatal(err)
			}
			next := uint64(1)
			for _, stream := range p.streams {
				for i, id := range stream.received {
					if id != next+uint64(i) {
						t.Fatalf("batch %d is not acknowledged, but a stream brought %v", next, stream.received)
					}
				}
				next += uint64(len(stream.acknowledged))
			}
			if got := s.Tally(); next != batches+1 || got.Accepted != 3*batches || broken < 10 {
				t.Errorf("%d batches acknowledged, tally %+v, %d streams broken", next-1, got, broken)
			}
		})
	}
}

// TestSenderOutlivesTheService stops the whole service under the sender and starts another one at its address.
func TestSenderOutlivesTheService(t *testing.T) {
	var first *grpc.Server
	var address string
	second := &peer{handle: func(_ int, s *peerStream) error { return s.acceptAll() }}
	restarted := make(chan struct{})
	dying := &peer{handle: func(_ int, s *peerStream) error {
		for range 10 {
			if err := s.accept(); err != nil {
				return err
			}
		}
		go func() {
			first.Stop()
			startPeer(t, second, address)
			close(restarted)
		}()
		return s.acceptAll()
	}}
	first, address = startPeer(t, dying, "")
	s := sendTo(t, address, nil)
	batches := make(chan []*tvstatsv1.ViewEvent)
	go func() {
		defer close(batches)
		sent := 0
		for b := range numbered(100) {
			if sent == 50 {
				<-restarted // what follows is for the second service
			}
			batches <- b
			sent++
		}
	}()
	if err := s.Run(t.Context(), batches); err != nil {
		t.Fatal(err)
	}
	<-restarted
	var seen []int64
	for _, p := range []*peer{dying, second} {
		for _, stream := range p.streams {
			seen = append(seen, stream.accounts...)
		}
	}
	slices.Sort(seen)
	if got := s.Tally(); len(slices.Compact(seen)) != 300 || got.Accepted != 300 || len(second.streams) == 0 {
		t.Errorf("%d events have arrived, tally %+v, %d streams to the second service", len(seen), got, len(second.streams))
	}
}

// TestSenderWaitsAsLongAsItIsAsked is limited by the service once.
func TestSenderWaitsAsLongAsItIsAsked(t *testing.T) {
	const asks = 50 * time.Millisecond
	p := &peer{handle: func(number int, s *peerStream) error {
		if number > 1 {
			return s.acceptAll()
		}
		limited, err := status.New(codes.ResourceExhausted, "too many streams").WithDetails(
			&errdetails.RetryInfo{RetryDelay: durationpb.New(asks)})
		if err != nil {
			return err
		}
		return limited.Err()
	}}
	_, address := startPeer(t, p, "")
	var waited []time.Duration
	s := sendTo(t, address, func(c *Config) { c.Broken = func(_ error, retryIn time.Duration) { waited = append(waited, retryIn) } })
	if err := s.Run(t.Context(), numbered(3)); err != nil {
		t.Fatal(err)
	}
	if got := s.Tally(); !slices.Equal(waited, []time.Duration{asks}) || got.Accepted != 9 {
		t.Errorf("it waited for %v, tally %+v", waited, got)
	}
}

func TestSenderDistrustsFalseAcknowledgements(t *testing.T) {
	for name, response := range map[string]*tvstatsv1.StreamEventsResponse{
		"of another batch":     {BatchId: 2, Accepted: 3},
		"of too few events":    {BatchId: 1, Accepted: 2},
		"of too many events":   {BatchId: 1, Accepted: 3, Rejected: []*tvstatsv1.RejectedEvent{{Index: 0}}},
		"of an event too many": {BatchId: 1, Accepted: 2, Rejected: []*tvstatsv1.RejectedEvent{{Index: 3}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := &peer{handle: func(_ int, s *peerStream) error {
				if _, err := s.take(); err != nil {
					return err
				}
				return s.Send(response)
			}}
			_, address := startPeer(t, p, "")
			s := sendTo(t, address, nil)
			if err := s.Run(t.Context(), numbered(1)); !errors.Is(err, ErrProtocol) {
				t.Errorf("the error is %v", err)
			}
			if got := s.Tally(); got.Accepted != 0 {
				t.Errorf("tally %+v", got)
			}
		})
	}
}

func TestSenderCountsRejections(t *testing.T) {
	p := &peer{handle: func(_ int, s *peerStream) error {
		for {
			request, err := s.take()
			if errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			response := &tvstatsv1.StreamEventsResponse{BatchId: request.BatchId, Accepted: 1, Rejected: []*tvstatsv1.RejectedEvent{
				{Index: 0, Reason: "INVALID_EVENT", Message: "at is missing"},
				{Index: 2, Reason: "COLLECTION_DISABLED", Message: "switched off"},
			}}
			if err := s.Send(response); err != nil {
				return err
			}
		}
	}}
	_, address := startPeer(t, p, "")
	var texts []string
	s := sendTo(t, address, func(c *Config) {
		c.Acknowledged = func(events []*tvstatsv1.ViewEvent, rejected []*tvstatsv1.RejectedEvent) {
			for _, r := range rejected {
				texts = append(texts, fmt.Sprintf("account %d: %s", events[r.Index].AccountId, r.Message))
			}
		}
	})
	if err := s.Run(t.Context(), numbered(5)); err != nil {
		t.Fatal(err)
	}
	if len(texts) != 10 || texts[2] != "account 4: at is missing" || texts[3] != "account 6: switched off" {
		t.Errorf("rejected were %q", texts)
	}
	got := s.Tally()
	if got.Accepted != 5 || got.Events() != 15 || len(got.Rejected) != 2 {
		t.Errorf("tally %+v", got)
	}
	want := "account 4, channel 0, started 1970-01-01T00:00:00Z: at is missing"
	if invalid := got.Rejected["INVALID_EVENT"]; invalid.Count != 5 || len(invalid.Samples) != maxSamples || invalid.Samples[1] != want {
		t.Errorf("invalid events %+v", invalid)
	}
}

// TestSenderKeepsNoMoreThanItMay has a peer that acknowledges a batch only when three more have come.
func TestSenderKeepsNoMoreThanItMay(t *testing.T) {
	p := &peer{handle: func(_ int, s *peerStream) error {
		ended := false
		for done := 0; !ended || done < len(s.received); {
			if _, err := s.take(); err != nil {
				ended = true
			}
			if !ended && len(s.received)-done < 4 {
				continue
			}
			done++
			if err := s.Send(&tvstatsv1.StreamEventsResponse{BatchId: s.received[done-1], Accepted: 3}); err != nil {
				return err
			}
		}
		return nil
	}}
	_, address := startPeer(t, p, "")
	var acknowledged atomic.Int64
	s := sendTo(t, address, func(c *Config) { // of at most four batches
		c.Acknowledged = func(events []*tvstatsv1.ViewEvent, _ []*tvstatsv1.RejectedEvent) {
			acknowledged.Add(int64(len(events)))
		}
	})
	batches, done := make(chan []*tvstatsv1.ViewEvent), make(chan error, 1)
	go func() { done <- s.Run(t.Context(), batches) }()
	given := int64(0)
	for b := range numbered(200) {
		batches <- b // returns when the sender has it
		given += 3
		if kept := given - acknowledged.Load(); kept > 4*3 {
			t.Fatalf("the sender keeps %d events", kept)
		}
	}
	close(batches)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestRetriesDoubleAndScatter(t *testing.T) {
	config := Config{FirstRetry: 100 * time.Millisecond, LastRetry: 5 * time.Second}
	r := retries{config: config}
	for _, millis := range []int{100, 200, 400, 800, 1600, 3200, 5000, 5000} {
		full := time.Duration(millis) * time.Millisecond
		if d := r.delay(); d < full/2 || d > full {
			t.Errorf("delay %d is %v, not %v to %v", r.count, d, full/2, full)
		}
		r.count++
	}
	r.count = 1000 // far beyond what can be shifted
	if d := r.delay(); d < config.LastRetry/2 || d > config.LastRetry {
		t.Errorf("delay %d is %v", r.count, d)
	}
}

// TestPoisonedEventsAreRejectedAlone has events that cannot be encoded among others, of which the service refuses one.
func TestPoisonedEventsAreRejectedAlone(t *testing.T) {
	p := &peer{handle: func(_ int, s *peerStream) error {
		for {
			request, err := s.take()
			if errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			response := &tvstatsv1.StreamEventsResponse{BatchId: request.BatchId, Accepted: uint32(len(request.Events))}
			if len(request.Events) == 2 { // of the second batch account 13 is left and refused
				response.Accepted = 1
				response.Rejected = []*tvstatsv1.RejectedEvent{{Index: 0, Reason: "INVALID_EVENT", Message: "too old"}}
			}
			if err := s.Send(response); err != nil {
				return err
			}
		}
	}}
	_, address := startPeer(t, p, "")
	batches := make(chan []*tvstatsv1.ViewEvent, 3)
	batches <- []*tvstatsv1.ViewEvent{{AccountId: 1}, {AccountId: 2}, {AccountId: 3}}
	batches <- []*tvstatsv1.ViewEvent{{AccountId: 11, DeviceUid: "\xff\xfe"}, {AccountId: 12, Device: "\xc3"}, {AccountId: 13}, {AccountId: 14}}
	batches <- []*tvstatsv1.ViewEvent{{AccountId: 21, DeviceUid: "\xff"}}
	close(batches)
	var answers []string
	s := sendTo(t, address, func(c *Config) {
		c.Acknowledged = func(events []*tvstatsv1.ViewEvent, rejected []*tvstatsv1.RejectedEvent) {
			for _, r := range rejected {
				answers = append(answers, fmt.Sprintf("%d %d %s", events[r.Index].AccountId, r.Index, r.Reason))
			}
		}
		c.Broken = func(err error, _ time.Duration) { t.Errorf("the stream was reported as broken: %v", err) }
	})
	if err := s.Run(t.Context(), batches); err != nil {
		t.Fatal(err)
	}
	want := []string{"11 0 INVALID_EVENT", "12 1 INVALID_EVENT", "13 2 INVALID_EVENT", "21 0 INVALID_EVENT"}
	if tally := s.Tally(); !slices.Equal(answers, want) || tally.Accepted != 4 || tally.Batches != 3 || tally.Rejected["INVALID_EVENT"].Count != 4 {
		t.Errorf("rejected %q, want %q; tally %+v", answers, want, tally)
	}
}
