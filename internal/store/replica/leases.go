package replica

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// leases records which leases are over. Clocks of replicas may differ by more than a lease is long: one that another replica gave or
// renewed is over when it was seen unchanged for that long by the clock of who looks, whatever time stands in it.
type leases struct {
	mu    sync.Mutex
	own   map[string]store.Held    // given or renewed by way of this replica, by job
	first map[store.Held]time.Time // when one of another replica was first seen
}

func newLeases() *leases {
	return &leases{own: map[string]store.Held{}, first: map[store.Held]time.Time{}}
}

// note remembers a lease whose time is that of this replica's clock.
func (l *leases) note(held store.Held) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.own[held.JobID] = held
}

// over returns those of the leases, which are all that there are, that have run out at now; a lease is so long.
func (l *leases) over(held []store.Held, now viewing.Millis, length time.Duration) (over []store.Held) {
	l.mu.Lock()
	defer l.mu.Unlock()
	own, first := map[string]store.Held{}, map[store.Held]time.Time{}
	for _, h := range held {
		if l.own[h.JobID] == h {
			own[h.JobID] = h
			if h.Until <= now {
				over = append(over, h)
			}
			continue
		}
		seen, before := l.first[h]
		if !before {
			seen = time.Now()
		}
		first[h] = seen
		if time.Since(seen) >= length {
			over = append(over, h)
		}
	}
	l.own, l.first = own, first // what is held no longer is forgotten
	return over
}

// LeaseJob begins an attempt; see store.JobStore. A replica that finds no job to run in its own store, which follows the log,
// appends nothing.
func (s *Store) LeaseJob(ctx context.Context, now viewing.Millis, lease store.Lease) (store.Job, error) {
	held, err := foretell(s, func(l Local) ([]store.Held, error) { return l.Held(ctx) })
	if err != nil {
		return store.Job{}, err
	}
	over := s.leases.over(held, now, time.Duration(lease.Until-now)*time.Millisecond)
	if len(over) == 0 {
		due, err := foretell(s, func(l Local) (bool, error) { return l.MayLease(ctx, now) })
		if err != nil {
			return store.Job{}, err
		}
		if !due {
			return store.Job{}, fmt.Errorf("a job that may run: %w", store.ErrNotFound)
		}
	}
	job, err := takeLease.call(ctx, s, taking{Now: now, Lease: lease, Over: over})
	if err == nil {
		s.leases.note(store.Held{JobID: job.ID, Owner: lease.Owner, Until: lease.Until})
	}
	return job, err
}

// RenewLease prolongs a lease; see store.JobStore.
func (s *Store) RenewLease(ctx context.Context, id string, lease store.Lease, progress float64) (bool, error) {
	cancelling, err := renewLease.call(ctx, s, renewing{ID: id, Lease: lease, Progress: progress})
	if err == nil {
		s.leases.note(store.Held{JobID: id, Owner: lease.Owner, Until: lease.Until})
	}
	return cancelling, err
}
