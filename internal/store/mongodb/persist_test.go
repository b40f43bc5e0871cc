package mongodb

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/store"
)

// TestPersist: what fails for a reason that passes is tried until it succeeds or patience ends, an attempt that gets no
// answer included; what fails for another reason, or is not wanted any more, is tried no further.
func TestPersist(t *testing.T) {
	wrong := errors.New("wrong")
	for name, test := range map[string]struct {
		do       func(ctx context.Context, attempt int) error
		deadline time.Duration // of the caller
		want     error
		between  [2]time.Duration // it ends
	}{
		"succeeds late": {
			do: func(_ context.Context, attempt int) error {
				if attempt < 5 {
					return store.ErrUnavailable
				}
				return nil
			},
			deadline: time.Hour, between: [2]time.Duration{0, patience},
		},
		"a server that was started anew": {
			do: func(ctx context.Context, attempt int) error {
				if codes := []int32{43, 134}; attempt <= len(codes) {
					return fault(ctx, "read", mongo.CommandError{Code: codes[attempt-1]})
				}
				return nil
			},
			deadline: time.Hour, between: [2]time.Duration{0, patience},
		},
		"never succeeds": {
			do:       func(context.Context, int) error { return store.ErrUnavailable },
			deadline: time.Hour, want: store.ErrUnavailable, between: [2]time.Duration{patience - 2*time.Second, patience},
		},
		"no answer": {
			do:       silent,
			deadline: time.Hour, want: store.ErrUnavailable, between: [2]time.Duration{patience, patience + attemptTimeout},
		},
		"no answer in the caller's time": {
			do:       silent,
			deadline: time.Second, want: context.DeadlineExceeded, between: [2]time.Duration{time.Second, time.Second},
		},
		"fails for good": {
			do:       func(context.Context, int) error { return wrong },
			deadline: time.Hour, want: wrong,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.deadline)
				defer cancel()
				began, attempts := time.Now(), 0
				_, err := persist(ctx, func(ctx context.Context) (struct{}, error) {
					attempts++
					return struct{}{}, test.do(ctx, attempts)
				})
				if took := time.Since(began); !errors.Is(err, test.want) || took < test.between[0] || took > test.between[1] {
					t.Errorf("after %v and %d attempts: %v", took, attempts, err)
				}
			})
		})
	}
}

// silent is a server that does not answer.
func silent(ctx context.Context, _ int) error {
	<-ctx.Done()
	return ctx.Err()
}
