package replica_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/tvstats/tvstats/internal/dynamics/dynamicstest"
	"github.com/tvstats/tvstats/internal/jobs/jobstest"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/replica"
	"github.com/tvstats/tvstats/internal/store/replica/memlog"
	"github.com/tvstats/tvstats/internal/store/storetest"
)

// followed is one of several replicas; the others are closed with it.
type followed struct {
	*replica.Store
	others []*replica.Store
}

// Close fails where a replica found that it differs from another one.
func (f followed) Close() error {
	var err error
	for _, s := range append(f.others, f.Store) {
		if n := s.Status().Differing; n != 0 {
			err = errors.Join(err, fmt.Errorf("%d days differ from those of a checkpoint", n))
		}
		err = errors.Join(err, s.Close())
	}
	return err
}

// few are the roles that show what a log could do to a store: order, repetition, what is decided where it is applied, erasure, jobs.
// The figures of the others come from the local store, which passes the whole suite by itself.
var few = []string{
	"convergence", "concurrency", "catalog", "accounts", "subscriptions", "results", "jobs", "versions", "privacy",
}

// TestStore holds three replicas of one log to internal/store and to package jobs; where all worlds are gone through, to all roles and
// to package dynamics, too. Each opening is of another replica, with two more that follow.
func TestStore(t *testing.T) {
	t.Parallel()
	roles := few
	if storetest.Whole() {
		roles = nil
	}
	factory := func(t *testing.T) func() store.Store {
		t.Helper()
		server, dir, openings := memlog.NewServer("log"), t.TempDir(), 0
		return func() store.Store {
			openings++
			var all [3]*replica.Store
			for i := range all {
				all[i] = open(t, server, filepath.Join(dir, fmt.Sprint((openings+i)%3)))
			}
			return followed{all[0], all[1:]}
		}
	}
	storetest.Run(t, factory, roles...)
	t.Run("runners", func(t *testing.T) { jobstest.Run(t, factory) })
	if storetest.Whole() {
		t.Run("figures", func(t *testing.T) { dynamicstest.Run(t, factory) })
	}
}
