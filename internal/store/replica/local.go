package replica

import (
	"context"
	"io"

	"github.com/tvstats/tvstats/internal/store"
)

// Local is a store that a log can be applied to.
type Local interface {
	store.Store
	store.Applier
	store.Snapshotter
	store.Foreteller
	store.LeaseTaker
}

// Disk is where the local store is kept. What it holds can be made again from the log.
type Disk interface {
	// Open opens what is there, or an empty store. It is made again after an error, but for those that say nothing of it:
	// store.ErrInUse, store.ErrNewerSchema, and store.ErrUnavailable, which is of the machine.
	Open(ctx context.Context) (Local, error)
	// Check refuses what Load could not load whatever the parts hold, before what is there is removed for it.
	Check(manifest store.Manifest) error
	// Load puts the state of a manifest where nothing is, whole or not at all; see store.Loader.
	Load(ctx context.Context, manifest store.Manifest, open func(store.Part) (io.ReadCloser, error)) error
	// Remove removes what is there. It is closed.
	Remove() error
}
