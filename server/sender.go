package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// sender is a gateway's side of ViewStats.StreamEvents. It keeps every batch until the service has acknowledged it, and
// when the stream breaks it connects again and sends all that it keeps: every event arrives at least once, which by the
// contract is as good as once. One sender is one stream; several may share a connection.
type sender struct {
	client  tvstatsv1.ViewStatsClient
	config  senderConfig
	batches <-chan []*tvstatsv1.ViewEvent // nil once it was closed and is read out
	kept    []batch                       // not acknowledged, oldest first; at most config.InFlight
	lastID  uint64
	tally   tally
}

// senderConfig bounds what a sender holds and how long it tries. Every field but the functions is required.
type senderConfig struct {
	InFlight     int           // batches that are sent ahead of their acknowledgement, and so kept
	FirstRetry   time.Duration // about how long it waits after a stream broke; twice as long each further time …
	LastRetry    time.Duration // … up to this
	GiveUp       time.Duration // an error after so long without any acknowledgement; 0 = it never gives up
	Random       *rand.Rand    // scatters the waiting, so that many senders do not come back at once
	Acknowledged func(events int)
	Broken       func(err error, retryIn time.Duration)
}

// batch is some events under the number by which the service acknowledges them.
type batch struct {
	id     uint64
	events []*tvstatsv1.ViewEvent
}

func newSender(client tvstatsv1.ViewStatsClient, config senderConfig) *sender {
	return &sender{client: client, config: config, tally: newTally()}
}

// Run sends batches until their channel is closed and all are acknowledged. It returns an error when the service refuses
// the stream for good, when it gives up, or when ctx ends; what is not in the tally then may or may not be stored. Batches
// belong to the sender from when it takes them. It can run once.
func (s *sender) Run(ctx context.Context, batches <-chan []*tvstatsv1.ViewEvent) error {
	s.batches = batches
	retry := retries{config: s.config}
	for {
		if err := s.awaitWork(ctx); err != nil || s.finished() {
			return err
		}
		began, acknowledged := time.Now(), s.tally.Batches
		err := s.stream(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case s.finished():
			return nil
		case !passes(err):
			return fmt.Errorf("the service refused the stream: %w", err)
		case s.tally.Batches > acknowledged:
			retry = retries{config: s.config}
		}
		if err := retry.wait(ctx, began, err); err != nil {
			return err
		}
	}
}

// Tally is what has become of the events so far. It may be read while the sender does not run, or in its functions.
func (s *sender) Tally() tally { return s.tally }

func (s *sender) finished() bool { return s.batches == nil && len(s.kept) == 0 }

// awaitWork returns when there is something to send, or nothing will ever be: services end streams that stay silent.
func (s *sender) awaitWork(ctx context.Context) error {
	if s.batches == nil || len(s.kept) > 0 {
		return nil
	}
	select {
	case events, more := <-s.batches:
		s.keep(events, more)
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// keep puts events among what is to be acknowledged, or notes that there will be no more.
func (s *sender) keep(events []*tvstatsv1.ViewEvent, more bool) {
	if !more {
		s.batches = nil
		return
	}
	s.lastID++
	s.kept = append(s.kept, batch{s.lastID, events})
}

// stream sends what is kept, then new batches, over one stream until that ends. Its error is io.EOF when the service
// ended the stream without a fault.
func (s *sender) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := s.client.StreamEvents(ctx)
	if err != nil {
		cancel()
		return err
	}
	answers, wait := s.receive(ctx, stream)
	defer wait()
	defer cancel()

	for _, b := range s.kept {
		if !send(stream, b) {
			return s.acknowledgeAll(answers)
		}
	}
	return s.exchange(stream, answers)
}

type sendStream = tvstatsv1.ViewStats_StreamEventsClient

// exchange sends new batches and takes acknowledgements until the stream ends.
func (s *sender) exchange(stream sendStream, answers <-chan answer) error {
	if s.batches == nil {
		_ = stream.CloseSend() // it never fails
	}
	for {
		batches := s.batches
		if len(s.kept) >= s.config.InFlight {
			batches = nil
		}
		select {
		case events, more := <-batches:
			s.keep(events, more)
			if !more {
				_ = stream.CloseSend()
			} else if !send(stream, s.kept[len(s.kept)-1]) {
				return s.acknowledgeAll(answers)
			}
		case a, open := <-answers:
			if !open {
				return io.EOF
			}
			if err := s.acknowledge(a); err != nil {
				return err
			}
		}
	}
}

// send is false when the stream has ended; why, its answers tell.
func send(stream sendStream, b batch) bool {
	return stream.Send(&tvstatsv1.StreamEventsRequest{BatchId: b.id, Events: b.events}) == nil
}

// answer is what was received: an acknowledgement, or why there will be no more.
type answer struct {
	*tvstatsv1.StreamEventsResponse
	err error
}

// receive reads answers while batches are sent. There is room for all that can be under way: else a service that waits to
// answer, and so takes no more in, and a sender that waits to send would wait for each other. wait returns when reading
// has ended, as it does when the stream or ctx ends.
func (s *sender) receive(ctx context.Context, stream sendStream) (answers <-chan answer, wait func()) {
	received := make(chan answer, s.config.InFlight+1)
	var receiver sync.WaitGroup
	receiver.Go(func() {
		defer close(received)
		for {
			response, err := stream.Recv()
			select {
			case received <- answer{response, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	})
	return received, receiver.Wait
}

// acknowledgeAll takes the answers that are still to come on a stream that has ended.
func (s *sender) acknowledgeAll(answers <-chan answer) error {
	for a := range answers {
		if err := s.acknowledge(a); err != nil {
			return err
		}
	}
	return io.EOF
}

// errProtocol: the service does not keep to the contract.
var errProtocol = errors.New("the service broke the protocol")

// acknowledge lets go of the oldest batch.
func (s *sender) acknowledge(a answer) error {
	if a.err != nil {
		return a.err
	}
	if len(s.kept) == 0 {
		return fmt.Errorf("%w: it acknowledged batch %d, which was not sent", errProtocol, a.BatchId)
	}
	oldest := s.kept[0]
	if a.BatchId != oldest.id {
		return fmt.Errorf("%w: it acknowledged batch %d where %d was next", errProtocol, a.BatchId, oldest.id)
	}
	if err := s.tally.add(oldest, a.StreamEventsResponse); err != nil {
		return fmt.Errorf("%w: %w", errProtocol, err)
	}
	s.kept = append(s.kept[:0], s.kept[1:]...)
	if s.config.Acknowledged != nil {
		s.config.Acknowledged(len(oldest.events))
	}
	return nil
}

// passes tells whether a stream that ended so may do better the next time. Statuses that say something of the request or
// of the caller never pass.
func passes(err error) bool {
	if errors.Is(err, errProtocol) {
		return false
	}
	if errors.Is(err, io.EOF) {
		return true
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Aborted, codes.Canceled, codes.Internal, codes.Unknown:
		return true
	default:
		return false
	}
}
