package sender

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// retries is what a sender knows of the streams that broke since the service last acknowledged anything.
type retries struct {
	config Config
	count  int
	since  time.Time // when the first of them was opened, or broke where it had acknowledged something
}

// wait lets time pass before the next stream. It returns an error when ctx ends, or when it is time to give up.
func (r *retries) wait(ctx context.Context, since time.Time, broken error) error {
	if r.count == 0 {
		r.since = since
	}
	delay := max(r.delay(), asked(broken))
	r.count++
	if r.config.GiveUp > 0 {
		lasted := time.Since(r.since)
		if lasted >= r.config.GiveUp {
			return fmt.Errorf("gave up after %s without an acknowledgement: %w", lasted.Round(time.Second/10), broken)
		}
		delay = min(delay, r.config.GiveUp-lasted) // for a last try at the last moment
	}
	r.config.Broken(broken, delay)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// delay doubles with each stream that broke, and is scattered over its upper half.
func (r *retries) delay() time.Duration {
	full := r.config.LastRetry
	if doubled := r.config.FirstRetry << r.count; doubled > 0 && doubled>>r.count == r.config.FirstRetry {
		full = min(doubled, full)
	}
	return full/2 + time.Duration(rand.Int64N(int64(full/2)+1)) //nolint:gosec // scatters retries, no secret
}
