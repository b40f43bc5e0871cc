package sender

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

func TestSenderStopsWithItsContext(t *testing.T) {
	cause := errors.New("enough")
	t.Run("while it waits for an acknowledgement", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		p := &peer{handle: func(_ int, s *peerStream) error {
			if _, err := s.take(); err != nil {
				return err
			}
			cancel(cause)
			<-s.Context().Done()
			return nil
		}}
		_, address := startPeer(t, p, "")
		if err := sendTo(t, address, nil).Run(ctx, numbered(1)); !errors.Is(err, cause) {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("while it waits for batches", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		p := &peer{handle: func(_ int, s *peerStream) error { return s.acceptAll() }}
		_, address := startPeer(t, p, "")
		s := sendTo(t, address, func(c *Config) {
			c.Acknowledged = func([]*tvstatsv1.ViewEvent, []*tvstatsv1.RejectedEvent) { cancel(cause) }
		})
		batches := make(chan []*tvstatsv1.ViewEvent, 1)
		batches <- []*tvstatsv1.ViewEvent{{}}
		if err := s.Run(ctx, batches); !errors.Is(err, cause) {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("while it waits to try again", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		p := &peer{handle: func(int, *peerStream) error { return status.Error(codes.Unavailable, "no") }}
		_, address := startPeer(t, p, "")
		s := sendTo(t, address, func(c *Config) {
			c.FirstRetry, c.LastRetry = time.Hour, time.Hour
			c.Broken = func(error, time.Duration) { cancel(cause) }
		})
		if err := s.Run(ctx, numbered(1)); !errors.Is(err, cause) {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestSenderGivesUp(t *testing.T) {
	p := &peer{handle: func(int, *peerStream) error { return status.Error(codes.Unavailable, "not now") }}
	_, address := startPeer(t, p, "")
	s := sendTo(t, address, func(c *Config) { c.GiveUp = 50 * time.Millisecond })
	err := s.Run(t.Context(), numbered(1))
	if status.Code(err) != codes.Unavailable || len(p.streams) < 2 {
		t.Errorf("after %d streams the error is %v", len(p.streams), err)
	}
}

// TestSenderGivesUpOnlyWithoutAcknowledgements: that a stream with acknowledgements was open for long is no reason when it breaks.
func TestSenderGivesUpOnlyWithoutAcknowledgements(t *testing.T) {
	const giveUp = 100 * time.Millisecond
	p := &peer{handle: func(number int, s *peerStream) error {
		if number > 1 {
			return s.acceptAll()
		}
		if err := s.accept(); err != nil {
			return err
		}
		<-time.After(giveUp + giveUp/2)
		return status.Error(codes.Unavailable, "restarted")
	}}
	_, address := startPeer(t, p, "")
	s := sendTo(t, address, func(c *Config) { c.GiveUp = giveUp })
	if err := s.Run(t.Context(), numbered(2)); err != nil || len(p.streams) != 2 || s.Tally().Batches != 2 {
		t.Errorf("after %d streams the error is %v, tally %+v", len(p.streams), err, s.Tally())
	}
}

func TestSenderEndsWhenRefused(t *testing.T) {
	for _, code := range []codes.Code{
		codes.InvalidArgument, codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented, codes.ResourceExhausted,
		codes.FailedPrecondition, codes.NotFound, codes.OutOfRange,
	} {
		t.Run(code.String(), func(t *testing.T) {
			p := &peer{handle: func(_ int, s *peerStream) error {
				if err := s.accept(); err != nil {
					return err
				}
				return status.Error(code, "because")
			}}
			_, address := startPeer(t, p, "")
			s := sendTo(t, address, nil)
			if err := s.Run(t.Context(), numbered(10)); status.Code(err) != code {
				t.Errorf("the error is %v", err)
			}
			if got := s.Tally(); len(p.streams) != 1 || got.Accepted != 3 {
				t.Errorf("%d streams, tally %+v", len(p.streams), got)
			}
		})
	}
}
