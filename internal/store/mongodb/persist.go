package mongodb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/tvstats/tvstats/internal/store"
)

// attemptTimeout bounds one attempt at what intake needs: a connection that died without a word would never end it.
// patience is how long intake is tried again and again while the server cannot be reached. Streams are slowed down
// meanwhile; afterwards they are told, so that gateways can try another replica of the service.
const (
	attemptTimeout = 10 * time.Second
	patience       = 20 * time.Second
)

// persist does what may be done any number of times until it succeeds, fails for good or patience ends.
func persist[T any](ctx context.Context, do func(context.Context) (T, error)) (T, error) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 50*time.Millisecond, time.Second
	return backoff.Retry(ctx, func() (T, error) {
		attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
		defer cancel()
		done, err := do(attempt)
		switch {
		case err == nil || errors.Is(err, store.ErrUnavailable):
			return done, err
		case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded): // of the attempt
			return done, fmt.Errorf("%w: %w after %s", store.ErrUnavailable, err, attemptTimeout)
		default:
			return done, backoff.Permanent(err)
		}
	}, backoff.WithBackOff(pause), backoff.WithMaxElapsedTime(patience))
}
