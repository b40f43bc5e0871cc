package duckdb_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
)

// TestApplyNotesNothingOfWhatFailed: an operation that this machine could not apply is neither in nor passed, so that it is
// applied again; one that had nothing to change is.
func TestApplyNotesNothingOfWhatFailed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, err := duckdb.Open(ctx, duckdb.Options{Dir: t.TempDir(), Replica: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the test has ended
	to := store.Applied{LogID: "a", Position: 1, EntryID: "b", Operation: -1}
	for _, step := range []struct {
		err     error
		applied bool
	}{{fmt.Errorf("%w: out of memory", store.ErrUnavailable), false}, {context.DeadlineExceeded, false}, {nil, true}} {
		if err := s.Apply(ctx, "operation", to, func(context.Context) error { return step.err }); (err == nil) != step.applied {
			t.Errorf("apply, where the operation returns %v: %v", step.err, err)
		}
		at, err := s.Applied(ctx)
		if err != nil {
			t.Fatal(err)
		}
		has, err := s.HasApplied(ctx, "operation")
		if err != nil {
			t.Fatal(err)
		}
		if has != step.applied || (at == to) != step.applied {
			t.Errorf("after %v: at %+v, in: %t, want in: %t", step.err, at, has, step.applied)
		}
	}
}
