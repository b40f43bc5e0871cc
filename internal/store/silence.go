package store

import (
	"context"

	"github.com/tvstats/tvstats/internal/viewing"
)

// SilenceFinder finds devices from which nothing is heard any more.
type SilenceFinder interface {
	// SilentDevices counts the devices (of an account) of the sessions that pass the filter which have, of all their sessions that
	// started before the end of the filter's window, none that was reported on at since or later.
	SilentDevices(ctx context.Context, filter viewing.Filter, since viewing.Millis) (int64, error)
}
