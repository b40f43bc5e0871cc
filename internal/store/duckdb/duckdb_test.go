package duckdb_test

import (
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) func() store.Store {
		dir := t.TempDir()
		return func() store.Store {
			t.Helper()
			s, err := duckdb.Open(t.Context(), duckdb.Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}
