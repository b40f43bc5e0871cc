// Package dynamicstest is the suite of package dynamics on a store: what is kept and what is read is compared with a twin that
// computes it plainly, before and after data comes late or is removed. It runs on DuckDB beside that package, and where stores
// are tested on what is made of them.
package dynamicstest

import (
	"testing"

	"github.com/tvstats/tvstats/internal/store/storetest"
)

// Run holds package dynamics, on the stores that the factory makes, to the suite.
func Run(t *testing.T, factory storetest.Factory) {
	t.Helper()
	for name, tests := range map[string]storetest.Tests{"commands": commandTests, "removals": removalTests, "policy": policyTests} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tests.Run(t, factory)
		})
	}
}

// subject is a store under test, its twin, and what package dynamics computes from the store.
type subject struct{ *storetest.Subject }

func newSubject(t *testing.T, factory storetest.Factory) *subject {
	t.Helper()
	return &subject{storetest.NewSubject(t, factory)}
}
