package intercept

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"

	"github.com/tvstats/tvstats/internal/auth"
)

// A token that is withdrawn ends the streams that it opened, idle ones too, within a second: revokeInterval until the change of
// the file is seen, and revokeGrace for a message that is on its way to a caller.
const (
	revokeInterval = 250 * time.Millisecond
	revokeGrace    = 500 * time.Millisecond
)

// openStreams are those that were admitted and have not ended.
type openStreams struct {
	mu  sync.Mutex
	all map[*openStream]struct{}
}

// openStream is one of them.
type openStream struct {
	ctx    context.Context
	end    context.CancelCauseFunc
	method string
	sends  bool            // the caller sends messages, each of which is admitted anew
	began  *auth.Principal // who began it; nil where no token is needed
}

// follow runs the handler of a stream that was admitted, until it ends or its token is no longer valid for it.
func (a *Admission) follow(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx, end := context.WithCancelCause(stream.Context())
	defer end(nil)
	opened := &openStream{ctx: ctx, end: end, method: info.FullMethod, sends: info.IsClientStream, began: CallerOf(ctx).Principal()}
	a.streams.add(opened)
	defer a.streams.remove(opened)
	inner := &middleware.WrappedServerStream{ServerStream: stream, WrappedContext: ctx}
	err := handler(srv, &admittedStream{inner, a, info.FullMethod})
	if cause := context.Cause(ctx); err != nil && isRevoked(cause) {
		return cause
	}
	return err
}

func isRevoked(err error) bool {
	return errors.Is(err, auth.ErrUnauthenticated) || errors.Is(err, auth.ErrDenied)
}

func (s *openStreams) add(stream *openStream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[*openStream]struct{}{}
	}
	s.all[stream] = struct{}{}
}

func (s *openStreams) remove(stream *openStream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, stream)
}

// EndRevoked looks at the file of tokens again and again, and ends the streams whose token is revoked, until ctx ends.
func (a *Admission) EndRevoked(ctx context.Context) {
	if a.tokens == nil {
		return
	}
	ticker := time.NewTicker(revokeInterval)
	defer ticker.Stop()
	for seen := a.tokens.Get(); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if now := a.tokens.Get(); now != seen {
			seen = now
			a.endRevoked()
		}
	}
}

// endRevoked ends the streams that would not be admitted now.
func (a *Admission) endRevoked() {
	a.streams.mu.Lock()
	defer a.streams.mu.Unlock()
	for stream := range a.streams.all {
		if err := a.remains(stream); err != nil {
			stream.end(err)
		}
	}
}

// remains is nil where the stream may go on. One that only receives may not where its token covers less than when it began:
// nobody looks again at what it is about.
func (a *Admission) remains(stream *openStream) error {
	if err := a.admit(stream.ctx, stream.method); err != nil || stream.sends || stream.began == nil {
		return err
	}
	now := CallerOf(stream.ctx).Principal()
	if stream.began.CoversAll() && !now.CoversAll() || !stream.began.CoversAll() && !coversEach(now, stream.began.Clients) {
		return fmt.Errorf("%w: the token covers fewer clients than when the stream began; begin it again", auth.ErrDenied)
	}
	return nil
}
