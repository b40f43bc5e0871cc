// Package storetest is the conformance suite of internal/store. Every engine runs all of it; what an engine returns is compared
// with a plain computation in Go (twin.go), on random data, on hand-made corner cases and on real viewing.
//
// It tests the roles of internal/store and nothing above them. What computes from several roles has a suite of its own, which
// takes its data and its twin from here: internal/dynamics/dynamicstest and internal/jobs/jobstest.
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

// Tests are named tests that one factory serves.
type Tests map[string]func(t *testing.T, factory Factory)

// Run runs the tests in parallel.
func (tests Tests) Run(t *testing.T, factory Factory) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, factory)
		})
	}
}

// groups are the tests by the role that they are of.
var groups = map[string]Tests{
	"viewing":       viewingTests,
	"aggregate":     aggregateTests,
	"audience":      audienceTests,
	"policy":        policyTests,
	"convergence":   convergenceTests,
	"late":          lateTests,
	"concurrency":   concurrencyTests,
	"catalog":       catalogTests,
	"guide":         guideTests,
	"session list":  sessionListTests,
	"accounts":      accountTests,
	"subscriptions": subscriptionTests,
	"results":       resultTests,
	"jobs":          jobTests,
	"versions":      versionTests,
	"dynamics":      dynamicsTests,
	"privacy":       privacyTests,
	"export":        exportTests,
	"edges":         edgeTests,
	"brighttv":      brightTVTests,
}

// Run holds the engine to the whole of internal/store, or to those of the groups that are named.
func Run(t *testing.T, factory Factory, names ...string) {
	t.Helper()
	for _, name := range names {
		if groups[name] == nil {
			t.Errorf("there is no group %q", name)
		}
	}
	for name, tests := range groups {
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tests.Run(t, factory)
		})
	}
}

// Subject is a store under test, and the twin that is given the same data.
type Subject struct {
	T     *testing.T
	Store store.Store
	Twin  *Twin
	Now   viewing.Millis // the time of queries that have none of their own
	open  func() store.Store
}

// NewSubject opens an empty store, which is closed when the test ends.
func NewSubject(t *testing.T, factory Factory) *Subject {
	t.Helper()
	s := &Subject{T: t, open: factory(t), Twin: newTwin(), Now: EndOfTime}
	s.Store = s.open()
	t.Cleanup(func() {
		if err := s.Store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// EndOfTime is later than every state: the latest one is current.
const EndOfTime = year9999

// At sets the time of the questions to come.
func (s *Subject) At(now viewing.Millis) { s.Now, s.Twin.now, s.Twin.known = now, now, now }

// Reopen closes the store and opens it on the same data.
func (s *Subject) Reopen() {
	s.T.Helper()
	s.Must(s.Store.Close())
	s.Store = s.open()
}

// arrive appends the reports in random order and in batches, lets the store fold now and then, and calls then after each batch.
func (s *Subject) arrive(w *World, reports []viewing.Report, then func()) {
	s.T.Helper()
	Shuffle(w, reports)
	for _, batch := range Batches(w, reports) {
		s.Append(batch...)
		if w.Chance(30) {
			s.Must(s.Store.Maintain(s.T.Context(), w.Instant()))
		}
		then()
	}
}

// Must ends the test on an error.
func (s *Subject) Must(err error) {
	s.T.Helper()
	if err != nil {
		s.T.Fatal(err)
	}
}
