package intercept

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"

	"github.com/tvstats/tvstats/internal/ingest"
)

// errStreamIdle: the caller kept a stream open and sent nothing.
var errStreamIdle = errors.New("nothing was received for too long")

// errStreamStalled: the caller kept a stream open and did not read what it was sent.
var errStreamStalled = errors.New("nothing that was sent was read for too long")

// endStreams makes every stream end that its caller would keep open: when draining is closed, when nothing comes for as
// long as idle, or when nothing is read for as long as stalled. Handlers get it as an error of Recv, and may respond to what they have received
// before they return it; those that only send see it in their context.
func endStreams(draining <-chan struct{}, idle, stalled time.Duration) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		stream = &sendingStream{stream, stalled}
		if info.IsClientStream {
			return handler(srv, &endingStream{ServerStream: stream, draining: draining, idle: idle})
		}
		ctx, cancel := context.WithCancelCause(stream.Context())
		defer cancel(nil)
		go func() {
			select {
			case <-draining:
				cancel(ingest.ErrClosed)
			case <-ctx.Done():
			}
		}()
		err := handler(srv, &watchStream{ServerStream: stream, ctx: ctx})
		if errors.Is(context.Cause(ctx), ingest.ErrClosed) {
			return ingest.ErrClosed
		}
		return err
	}
}

// watchStream is a stream whose context ends at shutdown.
type watchStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context is the stream's context.
func (s *watchStream) Context() context.Context { return s.ctx }

// sendingStream is a stream that stops waiting for its caller to read.
type sendingStream struct {
	grpc.ServerStream
	stalled time.Duration
}

// SendMsg sends a message, at the latest when stalled has passed, or soon after the stream was ended. After that m must not be changed: it may
// still be read, until the handler returns.
func (s *sendingStream) SendMsg(m any) error {
	sent := make(chan error, 1)
	go func() { sent <- Recovered(func() error { return s.ServerStream.SendMsg(m) }) }()
	stalled := time.NewTimer(s.stalled)
	defer stalled.Stop()
	select {
	case err := <-sent:
		return err
	case <-stalled.C:
		return errStreamStalled
	case <-s.Context().Done():
	}
	grace := time.NewTimer(revokeGrace)
	defer grace.Stop()
	select {
	case err := <-sent:
		return err
	case <-grace.C:
		return context.Cause(s.Context())
	}
}

// endingStream is a stream that stops waiting for its caller.
type endingStream struct {
	grpc.ServerStream
	draining <-chan struct{}
	idle     time.Duration
}

// RecvMsg waits for the next message, for shutdown, for the end of the stream's context or for idle to pass. After one of the latter m must not
// be used: the message may still arrive, until the handler returns.
func (s *endingStream) RecvMsg(m any) error {
	received := make(chan error, 1)
	go func() { received <- Recovered(func() error { return s.ServerStream.RecvMsg(m) }) }()
	idle := time.NewTimer(s.idle)
	defer idle.Stop()
	select {
	case err := <-received:
		return err
	case <-s.draining:
		return ingest.ErrClosed
	case <-s.Context().Done(): // its token was revoked, or the caller is gone
		return context.Cause(s.Context())
	case <-idle.C:
		return errStreamIdle
	}
}

// Recovered makes a panic an error: no interceptor guards a goroutine that a handler starts.
func Recovered(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &recovery.PanicError{Panic: p, Stack: debug.Stack()}
		}
	}()
	return do()
}
