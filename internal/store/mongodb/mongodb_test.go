package mongodb_test

import (
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/mongodb"
	"github.com/tvstats/tvstats/internal/store/mongodb/mongotest"
	"github.com/tvstats/tvstats/internal/store/storetest"
)

// TestStore runs the conformance suite, and sees that an index leads to whatever the store looks for.
func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) func() store.Store {
		uri := mongotest.URI(t)
		migrate(t, uri)
		return func() store.Store {
			t.Helper()
			return mongodb.OpenIndexed(t, uri)
		}
	})
}

func open(tb testing.TB, uri string) *mongodb.Store {
	tb.Helper()
	s, err := mongodb.Open(tb.Context(), mongodb.Options{URI: uri})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func migrate(tb testing.TB, uri string) {
	tb.Helper()
	s := open(tb, uri)
	defer s.Close() //nolint:errcheck // what matters is what it did
	if err := s.Migrate(tb.Context(), false, func(string) {}); err != nil {
		tb.Fatal(err)
	}
}
