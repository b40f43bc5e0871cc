package mongolog_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/tvstats/tvstats/internal/store/mongolog"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
	"github.com/tvstats/tvstats/internal/store/replica"
)

// TestMain runs the tests and looks for goroutines that outlive the logs they were started for.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// migrated is the URI of an empty log.
func migrated(tb testing.TB) string {
	tb.Helper()
	uri := mongotest.URI(tb)
	if err := open(tb, uri).Migrate(tb.Context(), false, func(string) {}); err != nil {
		tb.Fatal(err)
	}
	return uri
}

func open(tb testing.TB, uri string) *mongolog.Log {
	tb.Helper()
	return openWith(tb, mongolog.Options{URI: uri})
}

func openWith(tb testing.TB, o mongolog.Options) *mongolog.Log {
	tb.Helper()
	l, err := mongolog.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := l.Close(); err != nil {
			tb.Error(err)
		}
	})
	return l
}

// read reads once, as of a session of its own.
func read(tb testing.TB, l *mongolog.Log, from uint64) ([]replica.Entry, replica.Base) {
	tb.Helper()
	v, err := l.Fence(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	defer v.Close()
	entries, base, err := v.Read(tb.Context(), from)
	if err != nil {
		tb.Fatal(err)
	}
	return entries, base
}
