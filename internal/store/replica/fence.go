package replica

import (
	"context"
	"errors"
	"sync"

	"github.com/tvstats/tvstats/internal/store"
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

// read asks the local store once it is fresh, and again where it was found damaged and therefore made again.
func read[T any](ctx context.Context, s *Store, ask func(Local) (T, error)) (answer T, err error) {
	for range 2 {
		if err := s.fresh(ctx); err != nil {
			return answer, err
		}
		if answer, err = foretell(s, ask); !errors.Is(err, store.ErrDamaged) {
			return answer, err
		}
		s.noteDamage(err)
	}
	return answer, err
}

// noteDamage has the local store made again where the error says that a block of it is damaged: the log has everything.
func (s *Store) noteDamage(err error) {
	if errors.Is(err, store.ErrDamaged) {
		s.damaged.Store(true)
	}
}
