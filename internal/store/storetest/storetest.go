// Package storetest is the conformance suite of internal/store. Every engine runs all of it; what an engine answers is held
// against a plain computation in Go (twin.go), on random data, on hand-made corner cases and on real viewing.
package storetest

import (
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Factory makes room for data and answers a function that opens a store on it: empty at first, and with all that was
// stored when it is opened again after Close. What it makes is gone when the test ends; the suite closes what it opens.
type Factory func(t *testing.T) (open func() store.Store)

// Run holds the engine to the whole of internal/store, or to those of its roles that are named.
func Run(t *testing.T, factory Factory, roles ...string) {
	t.Helper()
	for _, role := range []struct {
		name  string
		tests []test
	}{
		{"viewing", viewingTests},
		{"aggregate", aggregateTests},
		{"audience", audienceTests},
		{"policy", policyTests},
		{"convergence", convergenceTests},
		{"late", lateTests},
		{"concurrency", concurrencyTests},
		{"catalog", catalogTests},
		{"guide", guideTests},
		{"session list", sessionListTests},
		{"accounts", accountTests},
		{"subscriptions", subscriptionTests},
		{"results", resultTests},
		{"jobs", jobTests},
		{"runners", runnerTests},
		{"versions", versionTests},
		{"dynamics", dynamicsTests},
		{"commands", commandTests},
		{"privacy", privacyTests},
		{"removals", removalTests},
		{"export", exportTests},
		{"edges", edgeTests},
		{"brighttv", brightTVTests},
	} {
		if len(roles) > 0 && !slices.Contains(roles, role.name) {
			continue
		}
		t.Run(role.name, func(t *testing.T) {
			t.Parallel()
			for _, test := range role.tests {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					test.run(t, factory)
				})
			}
		})
	}
}

type test struct {
	name string
	run  func(t *testing.T, factory Factory)
}

// subject is a store under test and the twin that is told the same.
type subject struct {
	t     *testing.T
	open  func() store.Store
	store store.Store
	twin  *twin
	now   viewing.Millis // the time of questions that do not tell one
}

func newSubject(t *testing.T, factory Factory) *subject {
	t.Helper()
	s := &subject{t: t, open: factory(t), twin: newTwin(), now: endOfTime}
	s.store = s.open()
	t.Cleanup(func() {
		if err := s.store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// endOfTime is later than every state: the latest one is current.
const endOfTime = year9999

// at sets the time of the questions to come.
func (s *subject) at(now viewing.Millis) { s.now, s.twin.now = now, now }

// reopen closes the store and opens it on the same data.
func (s *subject) reopen() {
	s.t.Helper()
	s.must(s.store.Close())
	s.store = s.open()
}

func (s *subject) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}
