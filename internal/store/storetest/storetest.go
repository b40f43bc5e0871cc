// Package storetest is the conformance suite of internal/store. Every engine runs all of it; what an engine answers is held
// against a plain computation in Go (twin.go), on random data, on hand-made corner cases and on real viewing.
package storetest

import (
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Factory makes room for data and returns a function that opens a store on it: empty at first, and with all that was
// stored when it is opened again after Close. What it makes is gone when the test ends; the suite closes what it opens.
type Factory func(t *testing.T) (open func() store.Store)

// groups are the tests by what they are of: a role of internal/store, or a package that computes from several roles. The latter
// stand here since they need the twin, and run on DuckDB beside the package that they are of.
var groups = []struct {
	name  string
	of    string // the package; empty = the store
	tests []test
}{
	{"viewing", "", viewingTests},
	{"aggregate", "", aggregateTests},
	{"audience", "", audienceTests},
	{"policy", "", policyTests},
	{"convergence", "", convergenceTests},
	{"late", "", lateTests},
	{"concurrency", "", concurrencyTests},
	{"catalog", "", catalogTests},
	{"guide", "", guideTests},
	{"session list", "", sessionListTests},
	{"accounts", "", accountTests},
	{"subscriptions", "", subscriptionTests},
	{"results", "", resultTests},
	{"jobs", "", jobTests},
	{"runners", "jobs", runnerTests},
	{"versions", "", versionTests},
	{"dynamics", "", dynamicsTests},
	{"commands", "dynamics", commandTests},
	{"privacy", "", privacyTests},
	{"removals", "dynamics", removalTests},
	{"export", "", exportTests},
	{"edges", "", edgeTests},
	{"brighttv", "", brightTVTests},
}

// Of are the names of the groups that are of a package, "jobs" or "dynamics"; where it is empty, of the store itself.
func Of(pkg string) []string {
	var names []string
	for _, group := range groups {
		if group.of == pkg {
			names = append(names, group.name)
		}
	}
	return names
}

// Run holds the engine to the whole of internal/store and what computes from it, or to those of the groups that are named.
func Run(t *testing.T, factory Factory, names ...string) {
	t.Helper()
	for _, group := range groups {
		if len(names) > 0 && !slices.Contains(names, group.name) {
			continue
		}
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, test := range group.tests {
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
func (s *subject) at(now viewing.Millis) { s.now, s.twin.now, s.twin.known = now, now, now }

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
