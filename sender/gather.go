package sender

import (
	"context"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// Gather makes batches of single events: of size events, or of fewer once the first of them has waited for delay. Size is
// positive, and at most what the service takes in one batch (10,000). The answered channel has no room of its own, so that
// senders which are held up hold up events too. It is closed when events is and all are handed over, or when ctx ends.
func Gather(
	ctx context.Context, events <-chan *tvstatsv1.ViewEvent, size int, delay time.Duration,
) <-chan []*tvstatsv1.ViewEvent {
	batches := make(chan []*tvstatsv1.ViewEvent)
	go func() {
		defer close(batches)
		for more := true; more; {
			var gathered []*tvstatsv1.ViewEvent
			if gathered, more = gather(ctx, events, size, delay); len(gathered) == 0 {
				continue
			}
			select {
			case batches <- gathered:
			case <-ctx.Done():
				return
			}
		}
	}()
	return batches
}

// gather makes one batch, and reports whether there may be more.
func gather(
	ctx context.Context, events <-chan *tvstatsv1.ViewEvent, size int, delay time.Duration,
) (batch []*tvstatsv1.ViewEvent, more bool) {
	var late <-chan time.Time // never, while there is no event
	for len(batch) < size {
		select {
		case event, open := <-events:
			if !open {
				return batch, false
			}
			if batch = append(batch, event); len(batch) == 1 {
				late = time.After(delay)
			}
		case <-late:
			return batch, true
		case <-ctx.Done():
			return nil, false
		}
	}
	return batch, true
}
