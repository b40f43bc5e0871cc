package ingest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/tvstats/tvstats/internal/viewing"
)

// batch is what one Submit brought.
type batch struct {
	reports []viewing.Report
	queued  time.Time
	outcome chan error // takes one value without a reader
}

// queue holds batches until they are committed, bounded by the number of their reports. Those who wait for room are
// served in order, so that a large batch is not overtaken for ever.
type queue struct {
	capacity int64
	room     *semaphore.Weighted
	pending  atomic.Int64 // reports taken in and not yet released
	mu       sync.RWMutex // shared by those who send; close takes it alone
	closed   bool
	batches  chan batch
}

func newQueue(capacity int) *queue {
	return &queue{
		capacity: int64(capacity),
		room:     semaphore.NewWeighted(int64(capacity)),
		batches:  make(chan batch, 1024),
	}
}

// weight is the room that a batch takes; one larger than the whole queue takes all of it.
func (q *queue) weight(b batch) int64 { return min(int64(len(b.reports)), q.capacity) }

// push waits for room and queues the batch.
func (q *queue) push(ctx context.Context, b batch) error {
	if err := q.room.Acquire(ctx, q.weight(b)); err != nil {
		return err
	}
	b.queued = time.Now() //nolint:forbidigo // how long a batch waits, by the clock that timers go by
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.closed {
		q.room.Release(q.weight(b))
		return ErrClosed
	}
	q.pending.Add(int64(len(b.reports)))
	q.batches <- b // the committer reads on until the queue is closed, and closing waits for this
	return nil
}

// take returns the batches of the next group: once they hold size reports, or the first has waited for delay. It returns
// nil when the queue is closed and empty.
func (q *queue) take(size int, delay time.Duration) []batch {
	first, ok := <-q.batches
	if !ok {
		return nil
	}
	group, reports := []batch{first}, len(first.reports)
	due := time.NewTimer(delay - time.Since(first.queued)) //nolint:forbidigo // likewise
	defer due.Stop()
	for reports < size {
		b, more := q.next(due.C)
		if !more {
			break
		}
		group, reports = append(group, b), reports+len(b.reports)
	}
	return group
}

// next prefers what is there already over the timer, so that whatever queued up behind a slow commit goes with the next.
func (q *queue) next(due <-chan time.Time) (batch, bool) {
	select {
	case b, ok := <-q.batches:
		return b, ok
	default:
	}
	select {
	case b, ok := <-q.batches:
		return b, ok
	case <-due:
		return batch{}, false
	}
}

// release gives the room of a committed group back.
func (q *queue) release(group []batch) {
	for _, b := range group {
		q.pending.Add(-int64(len(b.reports)))
		q.room.Release(q.weight(b))
	}
}

// close makes push fail and take end once the queue is empty.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.batches)
	}
}
