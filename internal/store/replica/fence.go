package replica

import (
	"context"
	"sync"
)

// fences lets reads that begin while one is under way share the next.
type fences struct {
	mu   sync.Mutex
	next *fence
	wake chan struct{} // holds one value while next waits to be served
}

type fence struct {
	done chan struct{} // closed when err is set
	err  error
}

// fresh returns once the local store has all that anybody was acknowledged before the call.
func (s *Store) fresh(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.fences.mu.Lock()
	f := s.fences.next
	if f == nil {
		f = &fence{done: make(chan struct{})}
		s.fences.next = f
		s.fences.wake <- struct{}{}
	}
	s.fences.mu.Unlock()
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.work.Done():
		return errClosed
	}
}

// serveFences serves one fence after the other. Reads that come after one has begun take the next: it might miss what was
// acknowledged before they began.
func (s *Store) serveFences() {
	for {
		select {
		case <-s.fences.wake:
		case <-s.work.Done():
			return
		}
		s.fences.mu.Lock()
		f := s.fences.next
		s.fences.next = nil
		s.fences.mu.Unlock()
		f.err = s.behindFence()
		s.noteTrouble(f.err)
		close(f.done)
	}
}

// read asks the local store once it is fresh.
func read[T any](ctx context.Context, s *Store, ask func(Local) (T, error)) (T, error) {
	if err := s.fresh(ctx); err != nil {
		var none T
		return none, err
	}
	s.replacing.RLock()
	defer s.replacing.RUnlock()
	return ask(s.local)
}
