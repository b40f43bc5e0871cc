package replica_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/replica"
	"github.com/tvstats/tvstats/internal/store/replica/memlog"
)

// TestSeed loads a state into an empty log, with each kind of call failing once, before it was done or after: the log is then
// empty still, or holds everything, and the same again completes it. A replica that follows all the while comes to the state.
func TestSeed(t *testing.T) {
	t.Parallel()
	const seed, reported = 14, 30
	r := rand.New(rand.NewPCG(seed, 0))
	source := replicas(t, memlog.NewServer("source"), 1)[0]
	if err := source.AppendReports(t.Context(), reports(r, reported)); err != nil {
		t.Fatal(err)
	}
	state, err := source.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close() //nolint:errcheck // it was only read
	for _, call := range []string{"Append", "PutPart", "HasPart", "MoveBase", "Trim", "Parts", "RemoveParts"} {
		for _, after := range []bool{false, true} {
			server := memlog.NewServer("target")
			follower := replicas(t, server, 1)[0]
			log, broken := server.Log(), false
			server.SetFault(func(called string, done bool) error {
				if called != call || done != after || broken {
					return nil
				}
				broken = true
				return errors.New("the test says so")
			})
			load := func() error {
				return replica.Seed(t.Context(), log, func(use func(store.Part, io.Reader) error) (store.Manifest, error) {
					return state.WriteParts(t.Context(), use)
				})
			}
			if err := load(); err == nil {
				t.Errorf("%s failed (done: %v), and nothing was said", call, after)
			}
			if err := load(); err != nil && !errors.Is(err, store.ErrNotEmpty) {
				t.Errorf("repeated after %s failed (done: %v): %v", call, after, err)
			}
			if n := count(t, follower); n != reported {
				t.Errorf("after %s failed (done: %v) the log holds %d reports, want %d", call, after, n, reported)
			}
			appendOne(t, follower, r)
		}
	}
}

// TestSeedKeepsWhatIsThere: a log with an entry is refused, and goes on.
func TestSeedKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(15, 0))
	server := memlog.NewServer("log")
	s := replicas(t, server, 1)[0]
	appendOne(t, s, r)
	err := replica.Seed(t.Context(), server.Log(), func(func(store.Part, io.Reader) error) (store.Manifest, error) {
		t.Error("parts were asked for")
		return store.Manifest{}, nil
	})
	if !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("got %v", err)
	}
	appendOne(t, s, r)
	if n := count(t, s); n != 2 {
		t.Errorf("%d reports are there, want 2", n)
	}
}
