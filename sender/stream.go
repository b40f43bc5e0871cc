package sender

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// stream sends what is kept, then new batches, over one stream until that ends. Its error is io.EOF when the service
// ended the stream without a fault.
func (s *Sender) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := s.client.StreamEvents(ctx)
	if err != nil {
		cancel()
		return err
	}
	answers, wait := s.receive(ctx, stream)
	defer wait()
	defer cancel()

	for i := range s.kept {
		if err := send(stream, &s.kept[i]); err != nil {
			return s.ended(err, answers)
		}
	}
	return s.exchange(stream, answers)
}

type sendStream = tvstatsv1.ViewStats_StreamEventsClient

// exchange sends new batches and takes acknowledgements until the stream ends.
func (s *Sender) exchange(stream sendStream, answers <-chan answer) error {
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
			} else if err := send(stream, &s.kept[len(s.kept)-1]); err != nil {
				return s.ended(err, answers)
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

// send returns io.EOF when the stream has ended; the responses have the reason. Any other error is of the batch itself: errPoisoned
// when it is rid of what cannot be encoded and is to be sent again.
func send(stream sendStream, b *batch) error {
	err := stream.Send(&tvstatsv1.StreamEventsRequest{BatchId: b.id, Events: b.sendable()})
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	if b.isolate() {
		return errPoisoned
	}
	if status.Code(err) != codes.Internal {
		return err // it was given up meanwhile
	}
	return fmt.Errorf("%w: batch %d: %w", errUnsendable, b.id, err)
}

// ended returns why a stream ended on which something could not be sent.
func (s *Sender) ended(err error, answers <-chan answer) error {
	if errors.Is(err, errPoisoned) || errors.Is(err, errUnsendable) {
		return err
	}
	return s.acknowledgeAll(answers)
}

// answer is what was received: an acknowledgement, or why there will be no more.
type answer struct {
	*tvstatsv1.StreamEventsResponse
	err error
}

// receive reads responses while batches are sent. There is room for all that can be under way: else a service that waits to
// answer, and so takes no more in, and a sender that waits to send would wait for each other. wait returns when reading
// has ended, as it does when the stream or ctx ends.
func (s *Sender) receive(ctx context.Context, stream sendStream) (answers <-chan answer, wait func()) {
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

// acknowledgeAll reads the responses that are still to come on a stream that has ended.
func (s *Sender) acknowledgeAll(answers <-chan answer) error {
	for a := range answers {
		if err := s.acknowledge(a); err != nil {
			return err
		}
	}
	return io.EOF
}

// ErrProtocol means that the service does not keep to the contract: to go on could lose events.
var ErrProtocol = errors.New("the service broke the protocol")

// acknowledge lets go of the oldest batch.
func (s *Sender) acknowledge(a answer) error {
	if a.err != nil {
		return a.err
	}
	if len(s.kept) == 0 {
		return fmt.Errorf("%w: it acknowledged batch %d, which was not sent", ErrProtocol, a.BatchId)
	}
	oldest := s.kept[0]
	if a.BatchId != oldest.id {
		return fmt.Errorf("%w: it acknowledged batch %d where %d was next", ErrProtocol, a.BatchId, oldest.id)
	}
	response, err := oldest.whole(a.StreamEventsResponse)
	if err == nil {
		err = s.tally.add(oldest, response)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	s.kept = append(s.kept[:0], s.kept[1:]...)
	s.config.Acknowledged(oldest.events, response.Rejected)
	return nil
}

// passes reports whether a stream that ended so may do better the next time. Statuses that say something of the request or
// of the caller never pass.
func passes(err error) bool {
	if errors.Is(err, ErrProtocol) || errors.Is(err, errUnsendable) {
		return false
	}
	if errors.Is(err, io.EOF) {
		return true
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Aborted, codes.Canceled, codes.Internal, codes.Unknown:
		return true
	case codes.ResourceExhausted:
		return asked(err) > 0 // else the message is too large
	default:
		return false
	}
}

// asked is how long the service asks to be left alone, 0 where it does not.
func asked(err error) time.Duration {
	for _, detail := range status.Convert(err).Details() {
		if info, is := detail.(*errdetails.RetryInfo); is {
			return info.RetryDelay.AsDuration()
		}
	}
	return 0
}
