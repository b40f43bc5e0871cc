package replica_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/replica/memlog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestLeasesEndByTheClockOfWhoLooks: replicas whose clocks are two hours apart, either way, take a job over once its lease was not renewed
// for its length, and not before.
func TestLeasesEndByTheClockOfWhoLooks(t *testing.T) {
	t.Parallel()
	const length = 300 * time.Millisecond
	for name, apart := range map[string]time.Duration{"ahead": 2 * time.Hour, "behind": -2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := replicas(t, memlog.NewServer("log"), 2)
			holder, other := all[0], all[1]
			now := func() viewing.Millis { return viewing.At(time.Now()) }
			lease := func(owner string, from viewing.Millis) store.Lease {
				return store.Lease{Owner: owner, Until: from.Add(length)}
			}
			ask := func() error {
				if _, err := other.Clients(t.Context()); err != nil { // it looks into its own store, which may be behind
					t.Fatal(err)
				}
				at := now().Add(apart)
				_, err := other.LeaseJob(t.Context(), at, lease("other", at))
				return err
			}
			if err := holder.CreateJob(t.Context(), store.Job{ID: "job", CreatedAt: 1}); err != nil {
				t.Fatal(err)
			}
			if _, err := holder.LeaseJob(t.Context(), now(), lease("holder", now())); err != nil {
				t.Fatal(err)
			}
			for began := time.Now(); time.Since(began) < 3*length; { // as long as it is renewed nobody else gets it
				if _, err := holder.RenewLease(t.Context(), "job", lease("holder", now()), 0.5); err != nil {
					t.Fatal(err)
				}
				if err := ask(); !errors.Is(err, store.ErrNotFound) {
					t.Fatalf("it was taken from who renews it: %v", err)
				}
			}
			silent := time.Now()
			for ask() != nil {
				if time.Since(silent) > time.Minute {
					t.Fatal("nobody took it over")
				}
			}
			if waited := time.Since(silent); waited < length-50*time.Millisecond {
				t.Errorf("it was taken over after %v", waited)
			}
			if _, err := holder.RenewLease(t.Context(), "job", lease("holder", now()), 0.6); !errors.Is(err, store.ErrLeaseLost) {
				t.Errorf("renewed by who lost it: %v", err)
			}
		})
	}
}
