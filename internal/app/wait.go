package app

import (
	"context"
	"time"
)

// WaitUntil waits until the time has come, by the clock, and returns false where ctx ended before.
func WaitUntil(ctx context.Context, now func() time.Time, due time.Time) bool {
	timer := time.NewTimer(due.Sub(now()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
