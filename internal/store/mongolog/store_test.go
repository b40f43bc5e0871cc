package mongolog_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/dynamics/dynamicstest"
	"github.com/tvstats/tvstats/internal/jobs/jobstest"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/store/mongolog"
	"github.com/tvstats/tvstats/internal/store/replica"
	"github.com/tvstats/tvstats/internal/store/storetest"
)

// whole has TestStore run the suite to its end; `make conformance` and `make second-opinion` do.
var whole = flag.Bool("whole", false, "hold the store to all of internal/store and what computes from it, not only to what writes and reads at once")

// few are the roles that show most of what differs between one log and another in a short time: order, and writers at once.
var few = []string{"late", "concurrency", "results"}

// disk keeps a local store in a directory.
type disk struct{ options duckdb.Options }

func (d disk) Open(ctx context.Context) (replica.Local, error) {
	local, err := duckdb.Open(ctx, d.options)
	if err != nil {
		return nil, err
	}
	return local, nil
}

func (disk) Check(m store.Manifest) error { return duckdb.CheckManifest(m) }

func (d disk) Load(ctx context.Context, m store.Manifest, open func(store.Part) (io.ReadCloser, error)) error {
	return duckdb.Load(ctx, d.options, m, open)
}

func (d disk) Remove() error { return duckdb.Remove(d.options) }

func openReplica(tb testing.TB, uri, dir string) *replica.Store {
	tb.Helper()
	return openReplicaWith(tb, uri, dir, replica.Options{Follow: 50 * time.Millisecond, ApplyTimeout: time.Hour, CheckpointEntries: 100})
}

func openReplicaWith(tb testing.TB, uri, dir string, options replica.Options) *replica.Store {
	tb.Helper()
	log, err := mongolog.Open(tb.Context(), mongolog.Options{URI: uri})
	if err != nil {
		tb.Fatal(err)
	}
	local := disk{duckdb.Options{Dir: dir, File: "replica.duckdb", Replica: true, Threads: 1, MemoryLimit: "512MB"}}
	s, err := replica.Open(context.WithoutCancel(tb.Context()), log, local, options)
	if err != nil {
		tb.Fatal(errors.Join(err, log.Close()))
	}
	return s
}

// followed is one of two replicas; the other one is closed with it.
type followed struct {
	*replica.Store
	other *replica.Store
}

func (f followed) Close() error { return errors.Join(f.Store.Close(), f.other.Close()) }

// TestStore holds replicas of a log in MongoDB to internal/store: each opening is of another one, with a second that follows and
// makes checkpoints, too.
func TestStore(t *testing.T) {
	t.Parallel()
	var roles []string
	if !*whole {
		roles = few
	}
	factory := func(t *testing.T) func() store.Store {
		t.Helper()
		uri, dir, openings := migrated(t), t.TempDir(), 0
		return func() store.Store {
			openings++
			one, other := filepath.Join(dir, fmt.Sprint(openings%2)), filepath.Join(dir, fmt.Sprint((openings+1)%2))
			return followed{openReplica(t, uri, one), openReplica(t, uri, other)}
		}
	}
	storetest.Run(t, factory, roles...)
	if *whole {
		t.Run("figures", func(t *testing.T) { dynamicstest.Run(t, factory) })
		t.Run("runners", func(t *testing.T) { jobstest.Run(t, factory) })
	}
}
