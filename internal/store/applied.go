package store

import (
	"context"

	"github.com/tvstats/tvstats/internal/viewing"
)

// Applied is how far a log was applied.
type Applied struct {
	LogID     string
	Position  uint64 // of the last entry that is in whole, or of which some operations are
	EntryID   string // of that entry
	Operation int    // how many operations of it are in
}

// Applier is a store that a log is applied to.
type Applier interface {
	// Applied returns how far that is; the zero value for a store that no log was applied to.
	Applied(ctx context.Context) (Applied, error)
	// Apply has do change the store by a method of it, with the context that it is given, and notes in the same transaction
	// that the operation with the id is in and how far that is. Where the id is in already nothing but the latter is noted.
	// One call at a time. An error of do means that the operation could not be applied here: it is returned as it is, and
	// nothing is noted, so that the operation is applied again; do returns nil where the store refused for reasons of the
	// domain, as every replica does. An error of the store itself wraps ErrUnavailable. After either, whether the change is
	// in is read from Applied.
	Apply(ctx context.Context, id string, to Applied, do func(ctx context.Context) error) error
	// HasApplied returns whether the operation with the id is in. Ids are remembered for at least AppliedIDs entries.
	HasApplied(ctx context.Context, id string) (bool, error)
	// StartAt notes how far the state is that was loaded into the store.
	StartAt(ctx context.Context, at Applied) error
}

// AppliedIDs is for how many entries of a log the ids of operations are remembered at least.
const AppliedIDs = 200_000

// Held is the lease that a running job has.
type Held struct {
	JobID string
	Owner string
	Until viewing.Millis // by the clock of who gave it, or renewed it last
}

// LeaseTaker is a JobStore for those who know better than by the time in a lease whether it is over.
type LeaseTaker interface {
	// TakeLease is LeaseJob, but that running jobs may be taken over whose leases are still the same as one of over, and no
	// other ones.
	TakeLease(ctx context.Context, now viewing.Millis, lease Lease, over []Held) (Job, error)
}

// Foreteller finds without changing anything whether a change would have something to do, so that replicas with nothing to do
// append nothing to their log.
type Foreteller interface {
	// MayLease returns whether a queued job is due.
	MayLease(ctx context.Context, now viewing.Millis) (bool, error)
	// Held returns the leases of all running jobs.
	Held(ctx context.Context) ([]Held, error)
	// MayDeleteJobs returns whether DeleteJobs would find one.
	MayDeleteJobs(ctx context.Context, endedBefore viewing.Millis) (bool, error)
}
